//! Over pop3-blocking.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};

use pop3_blocking::{Client, Letter, Session};
use pop3_proto::adapter::{Endpoint, Error};
use pop3_proto::bytes::Bytes;
use pop3_proto::reply::{DropListing, ScanListing, UniqueIdListing};
use pop3_proto::{MessageNumber, Reply};

use super::{Chunks, Mailbox, Outcomes, Part, Stop, Taker};
use crate::args::Account;
use crate::failure::Failure;
use crate::talk::{PATIENCE, Stream};

pub(super) fn log_in(account: &Account) -> Result<Box<dyn Mailbox>, Failure> {
    let (endpoint, options) = (account.endpoint()?, account.options()?);
    let credentials = account.credentials()?;
    let client = Client::connect_with(endpoint, &options)
        .map_err(|error| super::unreachable(account, &error))?;
    super::warn_of_clear_text(account, client.is_in_tls());
    let secret = super::secret(&credentials);
    let session = client
        .login_by(credentials, &account.methods())
        .map_err(|failed| super::refused(account, failed, secret.as_ref()))?;
    super::entered(account, session.method(), session.is_in_tls());
    Ok(Box::new(session))
}

pub(super) fn demo(
    server: SocketAddr,
    user: &str,
    password: &str,
) -> Result<Box<dyn Mailbox>, Error> {
    Ok(Box::new(Client::connect(server)?.login(user, password)?))
}

pub(super) fn stream(endpoint: &Endpoint) -> io::Result<Box<dyn Stream>> {
    let stream = TcpStream::connect((endpoint.host(), endpoint.port()))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(Box::new(stream))
}

impl Stream for TcpStream {
    fn peer(&self) -> io::Result<IpAddr> {
        Ok(self.peer_addr()?.ip())
    }
}

impl Mailbox for Session {
    fn stat(&mut self) -> Result<DropListing, Error> {
        self.stat()
    }

    fn list(&mut self) -> Result<Vec<ScanListing>, Error> {
        self.list()
    }

    fn unique_ids(&mut self) -> Result<Vec<UniqueIdListing>, Error> {
        self.unique_ids()
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
        while let Some((number, letter)) = letters.next_letter()? {
            match letter {
                Ok(mut letter) => take(number, Ok(&mut letter))?,
                Err(error) => take(number, Err(error))?,
            }
        }
        Ok(())
    }

    fn delete(&mut self, numbers: Vec<MessageNumber>) -> Result<Outcomes, Error> {
        self.delete_all(numbers)
    }

    fn quit(self: Box<Self>) -> Result<Reply, Error> {
        (*self).quit()
    }
}

impl Chunks for Letter<'_, TcpStream> {
    fn next_chunk(&mut self) -> Result<Option<Bytes>, Error> {
        self.next_chunk()
    }
}
