//! From AUTHORIZATION to TRANSACTION.

use alloc::borrow::Cow;
#[cfg(feature = "sasl")]
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::task::{Poll, ready};

use super::{Exchange, any_event, cancel};
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
    #[cfg(feature = "sasl")]
    mechanism: Option<super::mechanism::Running>,
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

    /// AUTH (RFC 5034, section 4) by a mechanism. An initial response goes along with the command
    /// where the line stays short enough for it; otherwise the server asks for it.
    #[cfg(feature = "sasl")]
    #[must_use]
    pub fn sasl(mechanism: Box<dyn crate::auth::sasl::ClientMechanism>) -> Self {
        let running = super::mechanism::Running::new(mechanism);
        Self { mechanism: Some(running), ..Self::say(Vec::new()) }
    }

    fn say(to_say: Vec<Command>) -> Self {
        Self {
            to_say,
            said: None,
            reply: None,
            logged_in: None,
            #[cfg(feature = "sasl")]
            mechanism: None,
        }
    }

    /// Whether something was said that the server could check, so that its refusal is about who
    /// logs in rather than about how.
    #[cfg(feature = "sasl")]
    pub(super) fn has_shown_proof(&self) -> bool {
        match &self.mechanism {
            Some(mechanism) => mechanism.has_shown_proof(),
            None => self.to_say.is_empty(),
        }
    }

    /// What a refusal means: a mechanism that was given up has a better reason than the server.
    fn refused(&mut self, command: Cow<'static, str>, reply: Reply) -> Error {
        #[cfg(feature = "sasl")]
        if let Some(error) = self.mechanism.as_mut().and_then(super::mechanism::Running::given_up) {
            return error;
        }
        Error::Refused { command, reply }
    }

    /// The next command: what is left to be said, then CAPA.
    fn next(&mut self, connection: &Connection) -> Result<Command, Error> {
        #[cfg(feature = "sasl")]
        if let (Some(mechanism), None) = (&mut self.mechanism, &self.logged_in) {
            return mechanism.command(connection);
        }
        let _ = connection;
        Ok(self.to_say.pop().unwrap_or(Command::Capa))
    }

    /// The server has agreed to a command: whether that completes the login.
    fn agreed(&mut self) -> Result<bool, Error> {
        #[cfg(feature = "sasl")]
        if let Some(mechanism) = &mut self.mechanism {
            mechanism.finish()?;
        }
        Ok(self.to_say.is_empty())
    }
}

impl Exchange for Login {
    type Output = Reply;

    fn poll(&mut self, connection: &mut Connection) -> Poll<Result<Reply, Error>> {
        loop {
            let Some((own, _)) = self.said else {
                let command = self.next(connection)?;
                let name = command.name();
                self.said = Some((connection.send(command)?, name));
                continue;
            };
            match ready!(any_event(connection))? {
                #[cfg(feature = "sasl")]
                Event::Challenge { id, challenge } if id == own => {
                    if let Some(mechanism) = &mut self.mechanism {
                        mechanism.respond(&challenge, connection)?;
                    }
                }
                Event::Challenge { .. } => cancel(connection)?,
                // The own one comes last.
                Event::Reply { reply, .. } => self.reply = Some(reply),
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
                        return Poll::Ready(Err(self.refused(command, reply)));
                    }
                    if self.agreed()? {
                        self.logged_in = Some(reply);
                    }
                }
                _ => {}
            }
        }
    }
}
