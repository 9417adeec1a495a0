//! The client's side: commands in, events out.
//!
//! [`Connection`] is the machine. It queues commands, releases them as the protocol allows, and
//! turns what the server sends into [`Event`]s. [`exchange`] builds on it what every user would
//! write again: typed results for each command, still without I/O.
//!
//! A host does three things in a loop, in whatever way suits its transport:
//!
//! ```
//! use bytes::Buf;
//! use pop3_proto::client::{Config, Connection, Event};
//! use pop3_proto::{Command, MessageNumber};
//!
//! let mut connection = Connection::new(Config::default());
//!
//! // 1. What came in goes in.
//! connection.receive(b"+OK POP3 server ready\r\n");
//! assert!(matches!(connection.poll(), Some(Event::Greeting(_))));
//!
//! // 2. What is to go out comes out.
//! connection.send(Command::Capa).unwrap();
//! assert_eq!(connection.transmit().chunk(), b"CAPA\r\n");
//! connection.transmit().advance(6);
//!
//! // 3. Events tell what happened.
//! connection.receive(b"+OK\r\nPIPELINING\r\n.\r\n");
//! while let Some(event) = connection.poll() {
//!     println!("{event:?}");
//! }
//! assert!(connection.capabilities().unwrap().has("PIPELINING"));
//! ```

mod config;
mod connection;
mod error;
mod event;
pub mod exchange;
mod reading;
#[cfg(test)]
#[expect(clippy::field_reassign_with_default, reason = "the way of those outside the crate")]
mod tests;

pub use config::{Config, Tolerance};
pub use connection::Connection;
pub use error::{Error, Unfinished, Unsent};
pub use event::{CommandId, Event, Greeting, Item, Quirk};
