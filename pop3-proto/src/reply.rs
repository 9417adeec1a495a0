//! What a server says: status lines, response codes and listings.
//!
//! ```text
//! reply     = ("+OK" / "-ERR") [SP text] CRLF          RFC 1939 §3
//! text      = [resp-code [SP]] *CHAR                   RFC 2449 §3, §8
//! resp-code = "[" level *("/" level) "]"
//! ```
//!
//! ```
//! use pop3_proto::{Reply, reply::CodeKind};
//! let reply = Reply::parse(b"-ERR [IN-USE] Do you have another POP session running?").unwrap();
//! assert!(!reply.is_ok());
//! assert_eq!(reply.code.unwrap().kind(), CodeKind::InUse);
//! assert_eq!(reply.text.to_string(), "Do you have another POP session running?");
//! ```

use core::fmt;

use bytes::BytesMut;

use crate::text::Text;

mod code;
mod language;
mod listing;
#[cfg(test)]
mod tests;

pub use code::{CodeKind, ResponseCode};
pub use language::LanguageListing;
pub use listing::{DropListing, InvalidListing, ScanListing, UniqueIdListing};

/// The indicator that begins every reply (RFC 1939, section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums)]
pub enum Status {
    /// `+OK`
    Ok,
    /// `-ERR`
    Err,
}

impl Status {
    /// The indicator as it is sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "+OK",
            Self::Err => "-ERR",
        }
    }
}

/// A status line: the indicator, a response code if there is one, and the server's remark.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Reply {
    /// Whether the command succeeded.
    pub status: Status,
    /// What kind of success or failure, for programs (RFC 2449, section 8; RFC 3206).
    pub code: Option<ResponseCode>,
    /// The remark, for people.
    pub text: Text,
}

/// Why a line is no status line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidReply {
    /// It begins neither with `+OK` nor with `-ERR`, or something is glued to it.
    #[error("a reply begins neither with +OK nor with -ERR")]
    Indicator,
    /// It holds CR, LF or NUL.
    #[error("a reply holds NUL or a line end")]
    Text,
}

impl Reply {
    /// The longest status line, CRLF included (RFC 2449, section 4).
    pub const MAX: usize = 512;

    /// A positive reply without a response code.
    #[must_use]
    pub const fn ok(text: Text) -> Self {
        Self { status: Status::Ok, code: None, text }
    }

    /// A negative reply without a response code.
    #[must_use]
    pub const fn err(text: Text) -> Self {
        Self { status: Status::Err, code: None, text }
    }

    /// The same reply with a response code.
    #[must_use]
    pub fn with_code(mut self, code: ResponseCode) -> Self {
        self.code = Some(code);
        self
    }

    /// Whether the status is `+OK`.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.status == Status::Ok
    }

    /// Parses a status line, given without its line end. A bracket at the start of the text is a
    /// response code if it has the form of one, and ordinary text otherwise.
    ///
    /// # Errors
    /// When the line does not begin with an indicator, or holds NUL.
    pub fn parse(line: &[u8]) -> Result<Self, InvalidReply> {
        let (status, text) = status_and_text(line)?;
        let (code, text) = ResponseCode::split(text);
        let text = Text::new(text).map_err(|_| InvalidReply::Text)?;
        Ok(Self { status, code, text })
    }

    /// As [`parse`](Self::parse), for a server that has not promised that a bracket is a response
    /// code: it is text (RFC 2449, section 6.4).
    pub(crate) fn parse_without_code(line: &[u8]) -> Result<Self, InvalidReply> {
        let (status, text) = status_and_text(line)?;
        let text = Text::new(text).map_err(|_| InvalidReply::Text)?;
        Ok(Self { status, code: None, text })
    }

    /// Appends the status line with its CRLF. The text is cut where the line would exceed 512
    /// octets; a text that would look like a response code loses that look
    /// (RFC 2449, sections 3 and 4).
    pub fn encode(&self, out: &mut BytesMut) {
        let start = out.len();
        out.extend_from_slice(self.status.as_str().as_bytes());
        if let Some(code) = &self.code {
            out.extend_from_slice(b" [");
            out.extend_from_slice(code.as_str().as_bytes());
            out.extend_from_slice(b"]");
        }
        if !self.text.is_empty() {
            out.extend_from_slice(b" ");
            match self.text.as_bytes() {
                [b'[', rest @ ..] if self.code.is_none() => {
                    out.extend_from_slice(b"(");
                    out.extend_from_slice(rest);
                }
                text => out.extend_from_slice(text),
            }
        }
        out.truncate(start + Self::MAX - 2);
        out.extend_from_slice(b"\r\n");
    }
}

impl fmt::Display for Reply {
    /// The remark as a person may see it, the response code in front.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.status.as_str())?;
        if let Some(code) = &self.code {
            write!(f, " [{}]", code.as_str())?;
        }
        if self.text.is_empty() { Ok(()) } else { write!(f, " {}", self.text) }
    }
}

/// Parts a line behind its indicator.
fn status_and_text(line: &[u8]) -> Result<(Status, &[u8]), InvalidReply> {
    let indicated = [Status::Ok, Status::Err]
        .into_iter()
        .find_map(|status| Some((status, line.strip_prefix(status.as_str().as_bytes())?)));
    match indicated {
        Some((status, [])) => Ok((status, &[])),
        Some((status, [b' ', text @ ..])) => Ok((status, text)),
        _ => Err(InvalidReply::Indicator),
    }
}
