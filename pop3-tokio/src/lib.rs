//! POP3 on tokio: a client and a server, on tasks.
//!
//! The protocol is [`pop3_proto`]'s, the stores are [`pop3_maildrop`]'s; this crate reads, writes
//! and watches the time. It wants a runtime with I/O and time enabled, of either flavour.
//!
//! # A client
//!
//! A [`Client`] has not logged in, a [`Session`] has; what a server would refuse before login does
//! not compile.
//!
//! ```no_run
//! use pop3_tokio::Client;
//! use tokio::io::AsyncReadExt;
//!
//! # async fn collect() -> Result<(), Box<dyn std::error::Error>> {
//! let mut session = Client::connect("pop.example.org:110").await?.login("mark", "swordfish").await?;
//! for message in session.list().await? {
//!     let mut letter = Vec::new();
//!     session.retrieve(message.number).await?.read_to_end(&mut letter).await?;
//!     session.delete(message.number).await?;
//! }
//! session.quit().await?; // until here, nothing is removed
//! # Ok(())
//! # }
//! ```
//!
//! # Dropping futures
//!
//! What is under way is kept in the session and not in the futures, so that any of them may be
//! dropped at any time, by a timeout or in a `select`. What becomes of the session:
//!
//! | dropped | the session |
//! |---|---|
//! | a method that takes `&mut self` | goes on: what is left of the answer is read past by the next call. Whether the command was carried out is not known; after [`delete`](Session::delete) ask, or [`reset`](Session::reset) |
//! | [`Letter::next_chunk`], [`Letters::next_letter`], reads of a [`Letter`] | goes on, and so does the letter: nothing is lost |
//! | a [`Letter`] or [`Letters`] | goes on: what was asked for already is read past |
//! | [`connect`](Client::connect), [`login`](Client::login), [`Client::quit`] | is over |
//! | [`Session::quit`] | is over, and whether letters were removed is not known |
//! | a [`Session`] | is over; nothing is removed |
//!
//! # A server
//!
//! ```no_run
//! use std::sync::Arc;
//! use pop3_tokio::Server;
//! use pop3_maildrop::{Service, maildir::MaildirMaildrops, memory::MemoryMaildrops};
//!
//! # async fn serve(authenticator: Arc<MemoryMaildrops>) -> std::io::Result<()> {
//! let service = Service::new(authenticator, Arc::new(MaildirMaildrops::new("/var/mail/dirs")));
//! Server::bind("127.0.0.1:1110", service).await?.run().await?;
//! # Ok(())
//! # }
//! ```
//!
//! Stores that block, such as that one, are asked on the runtime's threads for blocking work;
//! [asynchronous](pop3_maildrop::Service::asynchronous) ones on the task of the session.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod client;
mod letters;
mod server;
mod serving;
mod session;
mod wire;

pub use client::Client;
pub use letters::{Letter, Letters};
pub use pop3_maildrop as maildrop;
pub use pop3_proto as proto;
pub use pop3_proto::adapter::{Cleartext, Endpoint, Error, LoginFailed, Options, Security};
pub use server::{Server, Stop};
pub use serving::serve_stream;
pub use session::Session;
