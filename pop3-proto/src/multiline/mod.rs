//! Multi-line responses: the dot (RFC 1939, section 3).
//!
//! A multi-line response is a status line, content lines that each end in CRLF, and a line with a
//! single full stop. A content line that begins with a full stop is sent with one more in front.
//! Both directions are small machines that remember one octet of context, so it does not matter
//! where the input is cut:
//!
//! ```text
//!   a message, any line ends ──► Stuffer ──► CRLF lines, dots doubled, "." CRLF
//!                                               │
//!   the message, CRLF lines  ◄── Unstuffer ◄────┘
//! ```
//!
//! The law that both obey, for every message `m` however it is cut:
//! `unstuff(stuff(m)) == crlf(m)`, where `crlf` turns each bare LF into CRLF, leaves everything
//! else alone (a bare CR is content) and supplies a missing final line end. [`Counter`] counts the
//! octets of `crlf(m)`, so that STAT, LIST and RETR agree by construction.
//!
//! ```
//! use bytes::BytesMut;
//! use pop3_proto::multiline::{LineEnds, Stuffer, Unstuffer};
//!
//! let mut wire = BytesMut::new();
//! let mut stuffer = Stuffer::new();
//! stuffer.push(b"Subject: dots\n\n.one\n", &mut wire);
//! stuffer.finish(&mut wire);
//! assert_eq!(&wire[..], b"Subject: dots\r\n\r\n..one\r\n.\r\n");
//!
//! let unstuffed = Unstuffer::new(LineEnds::Crlf).push(&mut wire);
//! assert!(unstuffed.ended);
//! assert_eq!(&wire[..unstuffed.content], b"Subject: dots\r\n\r\n.one\r\n");
//! ```

mod stuff;
mod top;
mod unstuff;

pub use stuff::{Counter, Stuffer};
pub use top::TopLimit;
pub use unstuff::{LineEnds, Unstuffed, Unstuffer};

#[cfg(test)]
mod tests;
