//! POP3 on `std::net`: a client and a server, on threads.
//!
//! The protocol is [`pop3_proto`]'s, the stores are [`pop3_maildrop`]'s; this crate reads, writes
//! and watches the time.
//!
//! # A client
//!
//! A [`Client`] has not logged in, a [`Session`] has; what a server would refuse before login does
//! not compile.
//!
//! ```no_run
//! use std::io::Read;
//! use pop3_blocking::Client;
//!
//! let mut session = Client::connect("pop.example.org:110")?.login("mark", "swordfish")?;
//! for message in session.list()? {
//!     let mut letter = Vec::new();
//!     session.retrieve(message.number)?.read_to_end(&mut letter)?;
//!     session.delete(message.number)?;
//! }
//! session.quit()?; // until here, nothing is removed
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A server
//!
//! ```no_run
//! use std::sync::Arc;
//! use pop3_blocking::Server;
//! use pop3_maildrop::{Service, maildir::MaildirMaildrops, memory::MemoryMaildrops};
//! # let authenticator = Arc::new(MemoryMaildrops::new());
//!
//! let service = Service::new(authenticator, Arc::new(MaildirMaildrops::new("/var/mail/dirs")));
//! Server::bind("127.0.0.1:1110", service)?.run()?;
//! # Ok::<(), std::io::Error>(())
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod client;
mod conversation;
mod letters;
mod server;
mod serving;

pub use client::{Client, Session};
pub use letters::{Letter, Letters};
pub use pop3_maildrop as maildrop;
pub use pop3_proto as proto;
pub use pop3_proto::adapter::{Cleartext, Endpoint, Error, LoginFailed, Options, Security};
pub use server::{Server, Stop};
