//! From the greeting to a session that is ready for a login, in TLS if that is wanted.

use core::task::{Poll, ready};

use super::{Exchange, next_event};
use crate::client::{CommandId, Connection, Error, Event, Greeting};
use crate::command::Command;

/// Waits for the greeting, then asks for the capabilities; a server without CAPA is fine
/// (RFC 2449, section 5). If so wanted, goes over to TLS by STLS, after which everything that was
/// known of the server is forgotten and asked anew (RFC 2595, section 4).
///
/// The handshake is the host's: once [`Connection::wants_tls`] holds, it is to be done, and
/// [`Connection::tls_started`] to be called.
#[derive(Debug, Default)]
pub struct Opening {
    stls: Stls,
    greeting: Option<Greeting>,
    asked: Option<(CommandId, Asked)>,
    /// Whether STLS was accepted.
    accepted: bool,
}

/// Whether to go over to TLS by STLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stls {
    /// It is not tried: TLS is there already, or the session is to be in clear text.
    #[default]
    Never,
    /// It is tried where the server lists it; otherwise the session goes on in clear text, which
    /// whoever sits between the two can bring about.
    IfOffered,
    /// Without it there is no session.
    Required,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Capa,
    Stls,
}

impl Opening {
    /// The opening of a connection that is new and stays as it is: in clear text, or in TLS from
    /// the start.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The opening of a connection in clear text that may go over to TLS.
    #[must_use]
    pub fn with_stls(stls: Stls) -> Self {
        Self { stls, ..Self::default() }
    }

    /// What comes behind the answer to CAPA: STLS, or the end.
    fn next(&self, connection: &Connection) -> Result<Option<Command>, Error> {
        let listed = connection.capabilities().map(|list| list.has("STLS"));
        match (self.stls, listed) {
            _ if connection.is_in_tls() => Ok(None),
            (Stls::Never, _) | (Stls::IfOffered, None | Some(false)) => Ok(None),
            (Stls::Required, Some(false)) => Err(Error::NoTls),
            // A server without CAPA may have STLS all the same.
            (Stls::Required, None) | (_, Some(true)) => Ok(Some(Command::Stls)),
        }
    }
}

impl Exchange for Opening {
    type Output = Greeting;

    fn poll(&mut self, connection: &mut Connection) -> Poll<Result<Greeting, Error>> {
        loop {
            match ready!(next_event(connection))? {
                Event::Greeting(greeting) => {
                    let refused = !greeting.reply.is_ok();
                    self.greeting = Some(greeting);
                    if !refused {
                        self.asked = Some((connection.send(Command::Capa)?, Asked::Capa));
                    }
                }
                Event::Reply { id, reply } if self.asked == Some((id, Asked::Stls)) => {
                    self.accepted = reply.is_ok();
                    if !self.accepted && self.stls == Stls::Required {
                        let command = Command::Stls.name();
                        return Poll::Ready(Err(Error::Refused { command, reply }));
                    }
                }
                Event::Done { id } if self.asked == Some((id, Asked::Stls)) => {
                    if !self.accepted {
                        return Poll::Ready(Ok(self.greeting()));
                    }
                    // It waits in the connection until TLS has started.
                    self.asked = Some((connection.send(Command::Capa)?, Asked::Capa));
                }
                Event::Done { id } if self.asked == Some((id, Asked::Capa)) => {
                    match self.next(connection)? {
                        Some(stls) => self.asked = Some((connection.send(stls)?, Asked::Stls)),
                        None => return Poll::Ready(Ok(self.greeting())),
                    }
                }
                _ => {}
            }
        }
    }
}

impl Opening {
    /// The greeting, at the end.
    fn greeting(&mut self) -> Greeting {
        self.greeting.take().unwrap_or_else(|| Greeting {
            reply: crate::Reply::ok(crate::Text::EMPTY),
            timestamp: None,
        })
    }
}
