//! Messages with UTF-8 in their headers, for readers who do not expect it (RFC 6856, section 2.1).
//!
//! A message is `header, blank line, body`. [`HeaderScan`] tells whether the header is ASCII;
//! [`Downgrader`] turns one that is not into ASCII, in the simple way of RFC 6858. The body, the
//! headers of its parts among it, is left alone.
//!
//! ```
//! use pop3_proto::message::Downgrader;
//! let mut downgrader = Downgrader::new();
//! let mut ascii = Vec::new();
//! downgrader.push_all("Subject: Grüße\r\n\r\nschöne Grüße".as_bytes(), |out| ascii.extend(out));
//! downgrader.finish(|out| ascii.extend(out));
//! let ascii = String::from_utf8(ascii).unwrap();
//! assert_eq!(ascii, "Subject: =?UTF-8?B?R3LDvMOfZQ==?=\r\n\r\nschöne Grüße");
//! ```

mod addresses;
mod downgrade;
mod field;
mod parameters;
mod scan;
#[cfg(test)]
mod tests;
mod words;

pub use downgrade::Downgrader;
pub use scan::{Header, HeaderScan};
