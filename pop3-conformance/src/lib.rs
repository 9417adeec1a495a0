//! Judges POP3 servers and clients against the RFCs, from outside, octet by octet.
//!
//! What is judged may be written in any language and run anywhere. It is spoken to in octets, and
//! nothing here shares a parser with what it judges. The program `pop3 check` is this crate for hands
//! and shell scripts; here it is for tests.
//!
//! | module | what |
//! |---|---|
//! | [`requirement`] | what the RFCs demand, in our own words, each with the cases that judge it |
//! | [`server`] | judges a server: [`server::Check`] |
//! | [`client`] | judges a client: [`client::Check`] |
//! | [`script`], [`case`] | the language in which cases are written |
//! | [`report`] | what was found: text, JSON, `JUnit`, a page that compares several |
//!
//! # A server
//!
//! ```no_run
//! use std::net::SocketAddr;
//! use std::sync::Arc;
//!
//! use pop3_conformance::server::fixture::Maildir;
//! use pop3_conformance::server::target::{Trust, tls_config};
//! use pop3_conformance::server::{Account, Check, Target};
//!
//! let account = Account::new("test", "a password");
//! let mut target = Target::new("localhost", account, tls_config(Trust::System)?);
//! target.clear = Some("127.0.0.1:1110".parse::<SocketAddr>()?.into());
//! let mut check = Check::new(target);
//! // It fills the mailbox itself, and may take away whatever is in it.
//! check.fixture = Some(Arc::new(Maildir::new("/srv/mail/test")?));
//! check.destructive = true;
//! let report = check.run(&mut |case| println!("{}", case.id))?;
//! assert_eq!(report.summary().failed, 0, "{}", report.summary());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A server that runs in the same process needs no socket: see
//! [`server::transport::Connect`].
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod case;
pub mod client;
pub mod report;
pub mod requirement;
pub mod script;
pub mod server;
