//! POP3 without I/O: both sides of the protocol as state machines, for any event loop.
//!
//! Bytes go in, bytes and events come out. Nothing of the protocol touches a socket, a clock, a
//! thread or a source of randomness, so the same code runs under threads, under any async runtime, inside a
//! fuzzer and on a microcontroller (`no_std` with `alloc`, no unsafe code).
//!
//! # In scope, out of scope
//!
//! In scope is every octet of the protocol: RFC 1939 (POP3), RFC 2449 (CAPA, response codes,
//! pipelining), the command line of RFC 2595 (STLS) and the framing of RFC 5034 (AUTH),
//! RFC 6856 (UTF8, LANG). Out of scope is the world: sockets, time, storage,
//! passwords' hashes. Adapters and stores that bring those live in crates of their own; to write
//! another, drive a [`client::Connection`] or a [`server::Connection`].
//!
//! # Three layers, each of use alone
//!
//! 1. **Codec**: [`Command`], [`Reply`], [`reply`]'s listings, [`Capability`], and
//!    [`multiline`]'s machines for the dot. Pure functions over slices, for proxies, fuzzers and
//!    test suites.
//! 2. **Connection**: [`client::Connection`] turns commands into events, [`server::Connection`]
//!    turns commands into actions for its host.
//! 3. **Exchanges**: [`client::exchange`] has a typed result for everything a client can ask.
//!
//! # A client
//!
//! ```
//! use core::task::Poll;
//! use pop3_proto::bytes::Buf;
//! use pop3_proto::client::exchange::{self, Exchange};
//! use pop3_proto::client::{Config, Connection};
//!
//! let mut connection = Connection::new(Config::default());
//! let mut opening = exchange::Opening::new();
//! connection.receive(b"+OK POP3 server ready\r\n");
//! assert!(opening.poll(&mut connection).is_pending());
//! assert_eq!(connection.transmit().chunk(), b"CAPA\r\n"); // write this to the server …
//! connection.transmit().advance(6);
//! connection.receive(b"+OK\r\nUIDL\r\n.\r\n"); // … and read this from it
//! let Poll::Ready(Ok(greeting)) = opening.poll(&mut connection) else { panic!("not yet") };
//! assert_eq!(greeting.reply.text.to_string(), "POP3 server ready");
//! ```
//!
//! # A server
//!
//! ```
//! use pop3_proto::bytes::Buf;
//! use pop3_proto::server::{Action, Config, Connection};
//!
//! let mut connection = Connection::new(Config::default(), None);
//! connection.receive(b"USER mark\r\nPASS swordfish\r\n");
//! let Some(Action::Authenticate { credentials, ticket }) = connection.poll() else { panic!() };
//! let user = credentials.user().unwrap().clone(); // who is this? The host knows:
//! assert_eq!(user.as_str(), "mark");
//! connection.authenticated(ticket, Ok(user))?;
//! let Some(Action::Open { ticket, .. }) = connection.poll() else { panic!() };
//! connection.opened(ticket, Ok(vec![]))?; // an empty maildrop
//! assert!(connection.transmit().chunk().starts_with(b"+OK POP3 server ready\r\n"));
//! # Ok::<(), pop3_proto::server::AnswerError>(())
//! ```
//!
//! # Where to read on
//!
//! | module | what |
//! |---|---|
//! | [`state`] | the protocol at a glance: one table of states, commands and reply shapes |
//! | [`command`], [`reply`] | what each side says, its grammar and encoding side by side |
//! | [`multiline`] | the dot |
//! | [`message`] | headers in UTF-8, for readers who do not expect it |
//! | [`client`] | commands in, events out; exchanges |
//! | [`server`] | actions out, answered by methods |
//! | [`auth`] | credentials, and how APOP and SASL's mechanisms prove them |
//! | [`Pipe`] | a connection as its transport sees it, in clear text or in TLS |
//!
//! # What holds, whatever the peer does
//!
//! - It does not matter how the input is cut: the same events, the same output.
//! - Nothing grows beyond the limits of [`client::Config`] and [`server::Config`], and the work is
//!   linear in the input.
//! - No sequence of calls panics; [`ApiMisuse`] names the ones that make no sense.
//! - Secrets are in no `Debug`, `Display` or error, and are wiped when dropped.
//! - CR, LF and NUL in an argument are refused before anything is sent.
//!
//! # Features
//!
//! - `apop` (on by default): the MD5 digest of APOP.
//! - `sasl`: the SASL mechanisms, both sides, with their hashes; see [`auth`].
//! - `saslprep`: names and passwords beyond ASCII in them; its tables need `std`.
//! - `tls`: TLS for every adapter at once, by `rustls`; see the module `tls`. It needs `std`, and a
//!   clock, which certificates are checked by.
//! - `std`: what adapters share; see the module `adapter`. Nonces come from the system, and an
//!   asynchronous transport is told by when it is to be woken.
//!
//! Without any the crate depends on `base64ct`, `bytes`, `memchr`, `nom`, `thiserror`, `subtle` and
//! `zeroize`, all of them without `std`.
#![cfg_attr(not(any(test, feature = "std")), no_std)]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;

#[cfg(feature = "std")]
pub mod adapter;
pub mod auth;
mod capability;
pub mod client;
pub mod command;
mod error;
mod excerpt;
mod keyword;
mod line;
pub mod message;
pub mod multiline;
mod pipe;
mod progress;
pub mod reply;
mod secret;
pub mod server;
pub mod state;
mod text;
#[cfg(feature = "tls")]
pub mod tls;
mod types;
mod wire;

/// The types of [`Transmit`] and of message chunks come from here.
pub use bytes;
pub use capability::{Capabilities, Capability};
pub use command::Command;
pub use error::{ApiMisuse, ProtocolError, Rule};
pub use excerpt::Excerpt;
pub use keyword::Keyword;
pub use pipe::{Half, Pipe};
pub use reply::Reply;
pub use secret::{InvalidSecret, Secret};
pub use text::{InvalidText, Text};
pub use types::{
    InvalidUniqueId, InvalidUserName, MessageInfo, MessageNumber, Octets, UniqueId, UserName,
};
pub use wire::Transmit;
