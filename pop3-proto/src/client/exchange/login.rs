//! From AUTHORIZATION to TRANSACTION.

use alloc::borrow::Cow;
use alloc::vec;
use alloc::vec::Vec;
use core::task::{Poll, ready};

use super::{Exchange, next_event};
use crate::client::{CommandId, Connection, Error, Event};
use crate::command::Command;
use crate::reply::Reply;
use crate::secret::Secret;
use crate::types::UserName;

/// Logs in, then asks for the capabilities again, since they differ after login
/// (RFC 2449, section 5).
///
/// The result is the server's reply to the login. After [`Error::Refused`] another login may be
/// tried, unless the server has closed.
#[derive(Debug)]
pub struct Login {
    /// What is still to be said, last first.
    to_say: Vec<Command>,
    said: Option<(CommandId, Cow<'static, str>)>,
    reply: Option<Reply>,
    logged_in: Option<Reply>,
}

impl Login {
    /// USER and PASS (RFC 1939, section 7). The password goes over the wire as it is; it is not
    /// sent when the name is refused.
    #[must_use]
    pub fn password(user: UserName, password: Secret) -> Self {
        Self::say(vec![Command::Pass(password), Command::User(user)])
    }

    /// APOP (RFC 1939, section 7): the password does not go over the wire, but whoever listens can
    /// guess it offline.
    #[cfg(feature = "apop")]
    #[must_use]
    pub fn apop(user: UserName, password: &Secret, timestamp: &crate::auth::Timestamp) -> Self {
        let digest = crate::auth::ApopDigest::compute(timestamp, password.expose());
        Self::say(vec![Command::Apop { user, digest }])
    }

    fn say(to_say: Vec<Command>) -> Self {
        Self { to_say, said: None, reply: None, logged_in: None }
    }
}

impl Exchange for Login {
    type Output = Reply;

    fn poll(&mut self, connection: &mut Connection) -> Poll<Result<Reply, Error>> {
        loop {
            let Some((own, _)) = self.said else {
                let command = self.to_say.pop().unwrap_or(Command::Capa);
                let name = command.name();
                self.said = Some((connection.send(command)?, name));
                continue;
            };
            match ready!(next_event(connection))? {
                Event::Reply { id, reply } if id == own => self.reply = Some(reply),
                Event::Done { id } if id == own => {
                    // Whatever CAPA was answered, the login stands.
                    if let Some(reply) = self.logged_in.take() {
                        return Poll::Ready(Ok(reply));
                    }
                    let Some((reply, (_, command))) = self.reply.take().zip(self.said.take())
                    else {
                        continue;
                    };
                    if !reply.is_ok() {
                        return Poll::Ready(Err(Error::Refused { command, reply }));
                    }
                    if self.to_say.is_empty() {
                        self.logged_in = Some(reply);
                    }
                }
                _ => {}
            }
        }
    }
}
