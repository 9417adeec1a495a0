//! Where letters lie: what a POP3 server needs from the world besides a socket.
//!
//! A server asks three questions, and each is one trait:
//!
//! | question | trait | comes with |
//! |---|---|---|
//! | Who is this? | [`Authenticator`] | `users::UsersFile` (feature `users`), [`memory::MemoryMaildrops`] |
//! | Where is their mail? | [`Maildrops`] | [`maildir::MaildirMaildrops`], [`mbox::MboxMaildrops`], [`memory::MemoryMaildrops`] |
//! | What is in it? | [`Maildrop`] | what those open |
//!
//! Each has an asynchronous twin, [`AsyncAuthenticator`], [`AsyncMaildrops`] and [`AsyncMaildrop`],
//! for stores that do not block. A [`Service`] is made of either kind, its [`Session`]s are driven
//! by any event loop.
//!
//! A [`Maildrop`] is a *snapshot*, taken at login and locked until it is dropped: numbers, sizes and
//! unique-ids do not change while it lives, mail that arrives meanwhile is not seen, and a second
//! session is refused (RFC 1939, section 4). Nothing is ever removed but by [`Maildrop::remove`],
//! which a server calls in the UPDATE state alone, and by [`Maildrop::expire`] where the host has
//! set EXPIRE.
//!
//! ```
//! use std::io::Read;
//! use pop3_maildrop::memory::MemoryMaildrops;
//! use pop3_maildrop::{Maildrops, OpenError};
//! use pop3_proto::{MessageNumber, Octets, Secret, UserName};
//!
//! let mark = UserName::new("mark")?;
//! let office = MemoryMaildrops::new();
//! office.add_user(mark.clone(), Secret::new("swordfish")?);
//! office.deliver(&mark, "Subject: hello\n\nFirst!\n")?;
//!
//! let mut maildrop = office.open(&mark)?;
//! assert_eq!(maildrop.messages()[0].octets, Octets(16 + 2 + 8));
//! assert!(matches!(office.open(&mark), Err(OpenError::InUse)));
//!
//! let mut letter = String::new();
//! maildrop.letter(MessageNumber::FIRST)?.read_to_string(&mut letter)?;
//! assert!(letter.ends_with("First!\n"));
//! assert!(maildrop.remove(&[MessageNumber::FIRST])[0].is_ok());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What every store promises
//!
//! - **Sizes are exact**: what [`Maildrop::messages`] announces is what
//!   [`Counter`](pop3_proto::multiline::Counter) counts over the letter, a supplied final line end
//!   included, so that STAT, LIST and RETR agree.
//! - **Unique-ids are conformant**, distinct, stable, and never given to another letter.
//! - **No letter is lost**: not by a full disk, two sessions at once, or `kill -9` at any moment.
//!   Whatever is written is written beside, synced, and renamed into place.
//! - **Locks die with their owner**: a session's lock is a kernel lock on a file of its own, so that
//!   a crash leaves nothing stale behind. (The dotlock that mbox demands for moments does stay; the
//!   next one to come sees that its owner is dead.)
//!
//! The crate knows nothing of sockets and little of the protocol. It runs on Unix.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod asynchronous;
mod authenticator;
mod cut;
mod files;
mod gate;
mod lock;
pub mod maildir;
pub mod mbox;
pub mod memory;
mod name;
mod notes;
mod office;
pub mod proxy;
mod recent;
mod reception;
mod rules;
mod salts;
mod secrets;
mod service;
mod serving;
mod session;
mod stamp;
mod storage;
#[cfg(feature = "tls")]
pub mod tls;
#[cfg(feature = "users")]
pub mod users;
mod work;

pub use asynchronous::{AsyncAuthenticator, AsyncLetter, AsyncMaildrop, AsyncMaildrops, BoxFuture};
#[cfg(feature = "tls")]
pub use authenticator::Certificates;
pub use authenticator::{Authenticator, Guests, LoginRefused};
pub use cut::Cut;
pub use gate::{Gate, GateLimits, Permit, TurnedAway};
pub use name::UnsafeName;
pub use reception::{Door, Lobby, Reception};
pub use service::{Answers, Service};
pub use serving::{Runtime, attend};
pub use session::{Next, Session};
pub use storage::{BoxError, LetterError, Maildrop, Maildrops, OpenError, Removal, RemoveError};
pub use work::{Done, Work};
