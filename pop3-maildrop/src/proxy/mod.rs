//! Behind a load balancer: who the client is, as a peer says that may say so.
//!
//! A listener that stands behind one expects the header of the PROXY protocol (version 1 or 2)
//! before anything else, and before a TLS handshake: read it by a [`ProxyReader`], before the
//! session begins. From addresses that are not [`Trusted`] no such header is expected, and one that
//! comes all the same is no POP3.
//!
//! ```
//! use pop3_maildrop::proxy::{Client, ProxyReader, Trusted};
//!
//! let trusted: Trusted = "192.0.2.0/24, 2001:db8::1".parse()?;
//! assert!(trusted.contains([192, 0, 2, 9].into()));
//!
//! let mut reader = ProxyReader::new();
//! let came = b"PROXY TCP4 198.51.100.7 192.0.2.80 49152 110\r\nCAPA\r\n";
//! let (taken, client) = reader.push(came)?;
//! let Some(Client::Remote { source, .. }) = client else { panic!("not all of it") };
//! assert_eq!(source, ([198, 51, 100, 7], 49152).into());
//! assert_eq!(&came[taken..], b"CAPA\r\n"); // for the session
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod reader;
#[cfg(test)]
mod tests;
mod trusted;

pub use reader::{Client, InvalidProxyHeader, ProxyReader};
pub use trusted::{InvalidNetwork, Trusted};
