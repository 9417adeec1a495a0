//! The server's side: actions out, answered by methods.
//!
//! [`Connection`] answers by itself all that it can (CAPA, STAT, LIST, UIDL, DELE, RSET, NOOP and
//! every refusal) and asks its host only where the world is needed: who is this, open their
//! maildrop, fetch that message, remove these, wait a little, close. Such an [`Action`] carries a
//! ticket, and the method that answers takes the ticket by value: answering twice, or answering
//! the wrong kind, does not compile.
//!
//! ```
//! use bytes::Buf;
//! use pop3_proto::server::{Action, Config, Connection};
//! use pop3_proto::{MessageInfo, Octets, UniqueId};
//!
//! let letter = b"Subject: hi\n\nhello\n"; // 22 octets with CRLF
//! let mut connection = Connection::new(Config::default(), None);
//! connection.receive(b"USER mark\r\nPASS swordfish\r\nRETR 1\r\nQUIT\r\n");
//! let mut wire = Vec::new();
//! while let Some(action) = connection.poll() {
//!     match action {
//!         Action::Authenticate { credentials, ticket } => {
//!             let user = credentials.user().unwrap().clone();
//!             connection.authenticated(ticket, Ok(user))?;
//!         }
//!         Action::Open { ticket, .. } => {
//!             let unique_id = UniqueId::new("letter-1").unwrap();
//!             connection.opened(ticket, Ok(vec![MessageInfo { octets: Octets(22), unique_id }]))?;
//!         }
//!         Action::Fetch { ticket, .. } => {
//!             let taken = connection.message(&ticket, letter)?;
//!             assert_eq!(taken.octets, letter.len());
//!             connection.message_complete(ticket)?;
//!         }
//!         Action::Commit { ticket, .. } => connection.committed(ticket, &[])?,
//!         _ => {}
//!     }
//!     while connection.transmit().has_remaining() {
//!         let mut transmit = connection.transmit();
//!         wire.extend_from_slice(transmit.chunk());
//!         transmit.advance(transmit.remaining());
//!     }
//! }
//! let wire = String::from_utf8(wire).unwrap();
//! assert!(wire.contains("+OK 22 octets\r\nSubject: hi\r\n\r\nhello\r\n.\r\n+OK"));
//! # Ok::<(), pop3_proto::server::AnswerError>(())
//! ```

mod action;
mod answer;
mod config;
mod connection;
mod dispatch;
mod international;
mod language;
mod remark;
mod sasl;
mod sending;
mod snapshot;
#[cfg(test)]
#[expect(clippy::field_reassign_with_default, reason = "the way of those outside the crate")]
mod tests;
mod xclient;

pub use action::{
    Action, AuthenticateTicket, CommitTicket, Ending, ExtensionTicket, FetchTicket, OpenTicket,
    Part, WaitTicket,
};
pub use answer::{AnswerError, Refusal, Removal, Taken};
pub use config::{Config, ExtensionCommand, Tolerance, Utf8Headers};
pub use connection::Connection;
pub use language::{InvalidLanguage, Language};
pub use remark::{RemarkName, UnknownRemark};
