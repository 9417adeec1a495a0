//! The same calls over each adapter, awaited or not.

/// Implements a mailbox over an adapter: its crate, its stream, and what waits for its calls.
macro_rules! over {
    ($adapter:ident, $stream:ty, $wait:path) => {
        use std::net::SocketAddr;

        use pop3_proto::adapter::Error;
        use pop3_proto::bytes::Bytes;
        use pop3_proto::client::Quirk;
        use pop3_proto::reply::{DropListing, ScanListing, UniqueIdListing};
        use pop3_proto::{MessageNumber, Reply};
        use $adapter::{Client, Letter, Session};

        use super::{Chunks, Mailbox, Outcomes, Part, Stop, Taker};
        use crate::args::Account;
        use crate::failure::Failure;

        pub(super) fn log_in(account: &Account) -> Result<Box<dyn Mailbox>, Failure> {
            let places = account.places()?;
            let mut credentials = account.credentials(&places.first.endpoint)?;
            let (client, place) = places.reach(|place| {
                $wait(Client::connect_with(place.endpoint.clone(), &place.options))
            })?;
            place.address(&mut credentials);
            super::warn_of_clear_text(account, client.is_in_tls());
            let secret = super::secret(&credentials);
            let session = $wait(client.login_by(credentials, &account.methods()))
                .map_err(|failed| super::refused(&place, failed, secret.as_ref()))?;
            super::entered(&place, session.method(), session.is_in_tls());
            Ok(Box::new(session))
        }

        pub(super) fn demo(
            server: SocketAddr,
            user: &str,
            password: &str,
        ) -> Result<Box<dyn Mailbox>, Error> {
            let client = $wait(Client::connect(server))?;
            Ok(Box::new($wait(client.login(user, password))?))
        }

        impl Mailbox for Session {
            fn stat(&mut self) -> Result<DropListing, Error> {
                $wait(self.stat())
            }

            fn list(&mut self) -> Result<Vec<ScanListing>, Error> {
                $wait(self.list())
            }

            fn unique_ids(&mut self) -> Result<Vec<UniqueIdListing>, Error> {
                $wait(self.unique_ids())
            }

            fn read(
                &mut self,
                part: Part,
                numbers: Vec<MessageNumber>,
                take: Taker<'_>,
            ) -> Result<(), Stop> {
                let mut letters = match part {
                    Part::Whole => self.retrieve_all(numbers),
                    Part::Header => self.top_all(numbers, 0),
                };
                while let Some((number, letter)) = $wait(letters.next_letter())? {
                    match letter {
                        Ok(mut letter) => take(number, Ok(&mut letter))?,
                        Err(error) => take(number, Err(error))?,
                    }
                }
                Ok(())
            }

            fn delete(&mut self, numbers: Vec<MessageNumber>) -> Result<Outcomes, Error> {
                $wait(self.delete_all(numbers))
            }

            fn quit(self: Box<Self>) -> Result<Reply, Error> {
                $wait((*self).quit())
            }

            fn met(&self, quirk: Quirk) -> bool {
                self.quirks().any(|met| met == quirk)
            }
        }

        impl Chunks for Letter<'_, $stream> {
            fn next_chunk(&mut self) -> Result<Option<Bytes>, Error> {
                $wait(self.next_chunk())
            }
        }
    };
}
pub(super) use over;
