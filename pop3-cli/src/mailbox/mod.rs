//! A mailbox on a server, whichever adapter leads to it.

mod async_std;
mod blocking;
mod over;
mod tokio;

use std::fmt::Display;
use std::io;
use std::net::{IpAddr, SocketAddr};

use pop3_proto::adapter::{Endpoint, Error, LoginFailed};
use pop3_proto::bytes::Bytes;
use pop3_proto::client::exchange::{Account as Credentials, Method};
use pop3_proto::client::{Error as ProtocolError, Quirk};
use pop3_proto::reply::{DropListing, ScanListing, UniqueIdListing};
use pop3_proto::{MessageNumber, Reply, Secret};
use tracing::info;

use crate::args::{Account, Runtime, TlsMode};
use crate::failure::Failure;
use crate::output::complain;
use crate::place::Place;
use crate::talk::Stream;

/// A session with an open maildrop, as the program needs it.
pub(crate) trait Mailbox {
    fn stat(&mut self) -> Result<DropListing, Error>;
    fn list(&mut self) -> Result<Vec<ScanListing>, Error>;
    fn unique_ids(&mut self) -> Result<Vec<UniqueIdListing>, Error>;
    /// Reads messages one after the other, of each the whole or the header alone. What the taker
    /// does not read is skipped; when it fails, so does this.
    fn read(
        &mut self,
        part: Part,
        numbers: Vec<MessageNumber>,
        take: Taker<'_>,
    ) -> Result<(), Stop>;
    fn delete(&mut self, numbers: Vec<MessageNumber>) -> Result<Outcomes, Error>;
    fn quit(self: Box<Self>) -> Result<Reply, Error>;
    /// Whether the server departed from the RFCs in this way so far.
    fn met(&self, quirk: Quirk) -> bool;
}

/// How much of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    Whole,
    Header,
}

/// What became of each message.
pub(crate) type Outcomes = Vec<(MessageNumber, Result<Reply, Error>)>;

/// Takes a message, or the news that there is none.
pub(crate) type Taker<'a> =
    &'a mut dyn FnMut(MessageNumber, Result<&mut dyn Chunks, Error>) -> Result<(), Stop>;

/// A message on its way.
pub(crate) trait Chunks {
    /// The next piece, `None` at the end.
    fn next_chunk(&mut self) -> Result<Option<Bytes>, Error>;
}

/// Why reading stopped.
pub(crate) enum Stop {
    Session(Error),
    Taker(Failure),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Session(error)
    }
}

impl Stop {
    /// The failure, with what was being done.
    pub(crate) fn failure(self, doing: impl Display) -> Failure {
        match self {
            Self::Session(error) => Failure::session(doing, &error),
            Self::Taker(failure) => failure,
        }
    }
}

/// Logs in.
pub(crate) fn log_in(account: &Account) -> Result<Box<dyn Mailbox>, Failure> {
    match account.runtime {
        Runtime::Tokio => tokio::log_in(account),
        Runtime::AsyncStd => async_std::log_in(account),
        Runtime::Blocking => blocking::log_in(account),
    }
}

/// Logs in to a server on this machine.
pub(crate) fn demo(
    runtime: Runtime,
    server: SocketAddr,
    user: &str,
    password: &str,
) -> Result<Box<dyn Mailbox>, Error> {
    match runtime {
        Runtime::Tokio => tokio::demo(server, user, password),
        Runtime::AsyncStd => async_std::demo(server, user, password),
        Runtime::Blocking => blocking::demo(server, user, password),
    }
}

/// A stream to a server, without a word.
pub(crate) fn stream(runtime: Runtime, endpoint: &Endpoint) -> io::Result<Box<dyn Stream>> {
    match runtime {
        Runtime::Tokio => tokio::stream(endpoint),
        Runtime::AsyncStd => async_std::stream(endpoint),
        Runtime::Blocking => blocking::stream(endpoint),
    }
}

/// Tells how the login was done.
fn entered(place: &Place, method: Method, in_tls: bool) {
    let transport = if in_tls { "in TLS" } else { "in clear text" };
    info!(server = %place, %method, transport, "logged in");
}

/// A login that failed. Some servers repeat what they refuse, so the secret is blotted out.
fn refused<C>(place: &Place, failed: LoginFailed<C>, secret: Option<&Secret>) -> Failure {
    match failed.error {
        Error::Pop3(ProtocolError::Refused { reply, .. }) => {
            let mut reply = reply.to_string();
            if let Some(secret) = secret {
                reply = reply.replace(&*String::from_utf8_lossy(secret.expose()), "********");
            }
            Failure::Login(format!("{place}: the login was refused: {reply}"))
        }
        Error::Pop3(error @ ProtocolError::SecretInClearText) => {
            Failure::Login(format!("{place}: {error}; --allow-cleartext permits it"))
        }
        Error::Pop3(error @ (ProtocolError::NoMethod { .. } | ProtocolError::Mechanism { .. })) => {
            Failure::Login(format!("{place}: {error}"))
        }
        error => place.unreachable(&error),
    }
}

/// What nobody shall see of an account.
fn secret(account: &Credentials) -> Option<Secret> {
    match account {
        Credentials::Password { password: secret, .. }
        | Credentials::Token { token: secret, .. } => Some(secret.clone()),
        _ => None,
    }
}

/// Warns when others can read along. By default only what stays on this machine is in clear text.
fn warn_of_clear_text(account: &Account, in_tls: bool) {
    let host = &account.url.host;
    let here = host.parse::<IpAddr>().map_or(host == "localhost", |address| address.is_loopback());
    if !in_tls && !here && account.tls.tls == Some(TlsMode::None) {
        complain(format_args!("warning: everything goes to {} in clear text", account.url));
    }
}
