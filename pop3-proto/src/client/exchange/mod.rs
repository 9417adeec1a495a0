//! What every user of a [`Connection`] would write again: one value a command, typed results,
//! still without I/O.
//!
//! An [`Exchange`] sends what it has to send and gathers what comes back. Whoever drives it does
//! not need to know what it is about:
//!
//! ```
//! use core::task::Poll;
//! use bytes::Buf;
//! use pop3_proto::client::{Config, Connection, Error, exchange::{self, Exchange}};
//!
//! fn drive<E: Exchange>(
//!     connection: &mut Connection,
//!     mut exchange: E,
//!     mut server: impl FnMut(&[u8]) -> Vec<u8>,
//! ) -> Result<E::Output, Error> {
//!     loop {
//!         if let Poll::Ready(result) = exchange.poll(connection) {
//!             return result;
//!         }
//!         // Here an adapter writes to its socket and reads from it.
//!         let answer = server(connection.transmit().chunk());
//!         let sent = connection.transmit().remaining();
//!         connection.transmit().advance(sent);
//!         connection.receive(&answer);
//!     }
//! }
//!
//! let mut connection = Connection::new(Config::default());
//! let greeting = drive(&mut connection, exchange::Opening::new(), |said| match said {
//!     b"" => b"+OK ready\r\n".to_vec(),
//!     b"CAPA\r\n" => b"-ERR what?\r\n".to_vec(),
//!     _ => unreachable!(),
//! })?;
//! assert_eq!(greeting.reply.text.to_string(), "ready");
//! # Ok::<(), Error>(())
//! ```

use core::task::{Poll, ready};

use crate::client::{Connection, Error, Event};
use crate::error::ApiMisuse;

#[cfg(feature = "sasl")]
mod account;
mod ask;
mod login;
mod mark;
#[cfg(feature = "sasl")]
mod mechanism;
mod opening;
mod retrieve;
#[cfg(feature = "sasl")]
mod sign_in;

#[cfg(feature = "sasl")]
pub use account::{Account, Method};
pub use ask::{
    Ask, capabilities, delete, extension, language, languages, list, list_one, no_operation, quit,
    reset, stat, unique_id, unique_ids, utf8,
};
pub use login::Login;
pub use mark::DeleteAll;
pub use opening::{Opening, Stls};
pub use retrieve::Retrieve;
#[cfg(feature = "sasl")]
pub use sign_in::SignIn;

/// Something that is said and answered, with a typed result.
///
/// An exchange takes events off the connection until it has its answer, and drops those that are
/// not its own: what is left of an exchange that was given up, and the answers to commands that
/// the host has sent itself. So drive one exchange after the other; what was forgiven can be asked
/// for at any time ([`quirks`](Connection::quirks)). A challenge to a login that was given up is
/// cancelled, since the server waits for a response (RFC 5034, section 4).
pub trait Exchange {
    /// What it is good for.
    type Output;

    /// Goes on as far as possible without I/O. [`Poll::Pending`] means: send what the connection
    /// wants sent, let it receive, and call again.
    ///
    /// # Errors
    /// When the server refuses, breaks the protocol or goes away. After
    /// [`Error::Refused`] the session goes on, after anything else it is over.
    fn poll(&mut self, connection: &mut Connection) -> Poll<Result<Self::Output, Error>>;
}

impl<E: Exchange + ?Sized> Exchange for &mut E {
    type Output = E::Output;

    fn poll(&mut self, connection: &mut Connection) -> Poll<Result<Self::Output, Error>> {
        (**self).poll(connection)
    }
}

/// The next event that is no challenge; see [`any_event`].
fn next_event(connection: &mut Connection) -> Poll<Result<Event, Error>> {
    loop {
        match ready!(any_event(connection))? {
            Event::Challenge { .. } => cancel(connection)?,
            event => return Poll::Ready(Ok(event)),
        }
    }
}

/// Ends a login that was given up.
fn cancel(connection: &mut Connection) -> Result<(), ApiMisuse> {
    connection.respond(b"*")
}

/// The next event; the end of the session is an error to whoever still expects something.
fn any_event(connection: &mut Connection) -> Poll<Result<Event, Error>> {
    match connection.poll() {
        Some(Event::Closed(Err(error))) => Poll::Ready(Err(error)),
        Some(Event::Closed(Ok(()))) => Poll::Ready(Err(ApiMisuse::Over.into())),
        Some(event) => Poll::Ready(Ok(event)),
        None => match connection.error() {
            Some(error) => Poll::Ready(Err(error.clone())),
            None if connection.is_over() => Poll::Ready(Err(ApiMisuse::Over.into())),
            None => Poll::Pending,
        },
    }
}
