//! TLS for every adapter at once (feature `tls`).
//!
//! TLS is a machine without I/O, too: octets in, octets out. So it stands here, between a
//! connection and its transport, and an adapter moves octets as it does in clear text: all it has
//! to know is [`Pipe`](crate::Pipe). Two ways lead into TLS:
//!
//! - **from the first octet on** (port 995; RFC 8314, section 3.3): [`Pipe::in_tls`];
//! - **by STLS** (port 110; RFC 2595, section 4): [`Pipe::start_tls`], beforehand or when the
//!   connection asks for it. What the peer has said in clear text behind STLS is not of the session
//!   in TLS: a server hangs up, a client drops it or hangs up, by its configuration.
//!
//! [`ClientTls`] and [`ServerTls`] say how to do it. [`TlsError`] says what went wrong in words for
//! a person; the connection itself knows merely that it has ended. Nothing is ever sent in clear
//! text instead.
//!
//! The cryptography is that of [`rustls`] with `ring`; whom a client trusts, if not told otherwise,
//! the operating system says (`rustls-platform-verifier`).
//!
//! [`Pipe::in_tls`]: crate::Pipe::in_tls
//! [`Pipe::start_tls`]: crate::Pipe::start_tls

mod client;
mod connection;
mod end_point;
mod error;
mod layer;
mod pem;
mod roots;
mod server;
#[cfg(test)]
mod tests;

/// For configurations of one's own.
pub use rustls;

pub use client::ClientTls;
pub use connection::TlsConnection;
pub use error::{CertificateFault, TlsError};
pub(crate) use layer::Layer;
pub use pem::{ConfigError, certified_key};
pub use server::ServerTls;

/// POP3's name among the protocols of TLS (RFC 7301, section 6): a peer that wants to speak
/// another one, such as a browser led here, is refused.
const ALPN: &[u8] = b"pop3";
