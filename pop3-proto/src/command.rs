//! What a client says: the commands, their grammar and their encoding.
//!
//! ```text
//! command = keyword *(SP parameter) CRLF          RFC 1939 §3, RFC 2449 §3
//! ```
//!
//! ```
//! use pop3_proto::{Command, MessageNumber};
//! let command = Command::parse(b"top 1 10").unwrap();
//! assert_eq!(command, Command::Top { message: MessageNumber::FIRST, lines: 10 });
//! assert_eq!(command.to_bytes(), "TOP 1 10\r\n");
//! ```

use alloc::borrow::Cow;
use core::fmt;

use bytes::{Bytes, BytesMut};

use crate::auth::ApopDigest;
use crate::keyword::Keyword;
use crate::secret::{InvalidSecret, Secret};
use crate::state::{self, Behind, Shape};
use crate::types::{Decimal, InvalidUserName, MessageNumber, UserName};

pub(crate) mod grammar;
mod parameters;
#[cfg(test)]
mod tests;
mod xclient;

pub use parameters::{
    Extension, InitialResponse, InvalidParameter, LanguageRange, LanguageTag, Mechanism,
};
pub use xclient::{InvalidXclient, Xclient};

/// One command of a client.
///
/// `Debug` shows no secret: passwords, digests, initial responses and the arguments of extensions
/// are withheld.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// `USER name`: the mailbox (RFC 1939, section 7).
    User(UserName),
    /// `PASS password`: the rest of the line, spaces included (RFC 1939, section 7).
    Pass(Secret),
    /// `APOP name digest` (RFC 1939, section 7).
    Apop {
        /// The mailbox.
        user: UserName,
        /// MD5 over the greeting's timestamp and the shared secret.
        digest: ApopDigest,
    },
    /// `AUTH mechanism [initial-response]` (RFC 5034, section 4).
    Auth {
        /// The SASL mechanism.
        mechanism: Mechanism,
        /// The initial response, Base64, or `=` for an empty one.
        initial: Option<InitialResponse>,
    },
    /// `STLS`: start TLS (RFC 2595, section 4).
    Stls,
    /// `UTF8`: go over to UTF-8 (RFC 6856, section 2).
    Utf8,
    /// `LANG [range]`: list the languages of the server's remarks, or choose one (RFC 6856, section 3).
    Lang(Option<LanguageRange>),
    /// `CAPA`: list the capabilities (RFC 2449, section 5).
    Capa,
    /// `STAT`: the drop listing (RFC 1939, section 5).
    Stat,
    /// `LIST [n]`: scan listings (RFC 1939, section 5).
    List(Option<MessageNumber>),
    /// `UIDL [n]`: unique-id listings (RFC 1939, section 7).
    Uidl(Option<MessageNumber>),
    /// `RETR n`: a whole message (RFC 1939, section 5).
    Retr(MessageNumber),
    /// `TOP n k`: the header and the first `k` lines of the body (RFC 1939, section 7).
    Top {
        /// The message.
        message: MessageNumber,
        /// Lines of the body; 0 for the header alone, more than there are for the whole message.
        lines: u64,
    },
    /// `DELE n`: mark a message for removal (RFC 1939, section 5).
    Dele(MessageNumber),
    /// `NOOP`: nothing (RFC 1939, section 5).
    Noop,
    /// `RSET`: clear all marks (RFC 1939, section 5).
    Rset,
    /// `QUIT`: end the session; in TRANSACTION, remove what is marked (RFC 1939, sections 4 and 6).
    Quit,
    /// A command beyond the RFCs.
    Extension(Extension),
}

/// Why a line is no command.
///
/// No variant holds anything of the line, which may be a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// The line is empty or does not begin with a keyword.
    #[error("the line has no keyword")]
    NoKeyword,
    /// An argument that the command needs is missing.
    #[error("{0} needs an argument")]
    MissingArgument(Keyword),
    /// There is more on the line than the command takes.
    #[error("{0} has too many arguments")]
    UnexpectedArgument(Keyword),
    /// A message number is not a decimal from 1 to 4294967295.
    #[error("{0} needs a message number")]
    MessageNumber(Keyword),
    /// The line count of TOP is not a decimal.
    #[error("TOP needs a number of lines")]
    LineCount,
    /// The argument of USER or APOP is no user name.
    #[error(transparent)]
    UserName(#[from] InvalidUserName),
    /// The argument of PASS cannot be a password.
    #[error(transparent)]
    Password(#[from] InvalidSecret),
    /// The digest of APOP is not 32 hexadecimal digits.
    #[error("APOP needs a digest of 32 hexadecimal digits")]
    Digest,
    /// A mechanism, an initial response, a language range or an extension is malformed.
    #[error(transparent)]
    Parameter(#[from] InvalidParameter),
}

/// How strictly the spaces of a command line are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Spaces {
    /// One space before each parameter, none at the end (RFC 2449, section 3).
    Single,
    /// Runs of spaces and tabs count as one, and those at the end do not count, as most servers
    /// have it. A password keeps every space behind the first.
    #[default]
    Any,
}

impl Command {
    /// Parses a command line, given without its line end, by the letter of the RFCs.
    ///
    /// # Errors
    /// When it is not a command; an unknown keyword with well-formed parameters is one
    /// ([`Command::Extension`]).
    pub fn parse(line: &[u8]) -> Result<Self, CommandError> {
        Self::parse_with(line, Spaces::Single)
    }

    /// As [`parse`](Self::parse), with a choice about spaces.
    ///
    /// # Errors
    /// When the line is not a command.
    pub fn parse_with(line: &[u8], spaces: Spaces) -> Result<Self, CommandError> {
        grammar::command(line, spaces)
    }

    /// The keyword, unless it is an extension.
    #[must_use]
    pub const fn keyword(&self) -> Option<Keyword> {
        Some(match self {
            Self::User(_) => Keyword::User,
            Self::Pass(_) => Keyword::Pass,
            Self::Apop { .. } => Keyword::Apop,
            Self::Auth { .. } => Keyword::Auth,
            Self::Stls => Keyword::Stls,
            Self::Utf8 => Keyword::Utf8,
            Self::Lang(_) => Keyword::Lang,
            Self::Capa => Keyword::Capa,
            Self::Stat => Keyword::Stat,
            Self::List(_) => Keyword::List,
            Self::Uidl(_) => Keyword::Uidl,
            Self::Retr(_) => Keyword::Retr,
            Self::Top { .. } => Keyword::Top,
            Self::Dele(_) => Keyword::Dele,
            Self::Noop => Keyword::Noop,
            Self::Rset => Keyword::Rset,
            Self::Quit => Keyword::Quit,
            Self::Extension(_) => return None,
        })
    }

    /// The keyword as text, an extension's too.
    #[must_use]
    pub fn name(&self) -> Cow<'static, str> {
        match (self, self.keyword()) {
            (Self::Extension(extension), _) => Cow::Owned(extension.keyword().into()),
            (_, Some(keyword)) => Cow::Borrowed(keyword.as_str()),
            (_, None) => Cow::Borrowed(""),
        }
    }

    /// What a positive reply to this command looks like.
    #[must_use]
    pub fn shape(&self) -> Shape {
        match self {
            Self::Extension(extension) => extension.shape(),
            Self::List(argument) | Self::Uidl(argument) => self.rule_shape(argument.is_some()),
            Self::Lang(argument) => self.rule_shape(argument.is_some()),
            _ => self.rule_shape(true),
        }
    }

    fn rule_shape(&self, has_argument: bool) -> Shape {
        self.keyword().map_or(Shape::Line, |keyword| state::rule(keyword).shape(has_argument))
    }

    /// What may be sent behind this command before its reply has come.
    #[must_use]
    pub fn behind(&self) -> Behind {
        self.keyword().map_or(Behind::Nothing, |keyword| state::rule(keyword).behind)
    }

    /// Whether the command carries something that nobody may see.
    #[must_use]
    pub const fn is_secret(&self) -> bool {
        matches!(self, Self::Pass(_) | Self::Apop { .. } | Self::Auth { .. } | Self::Extension(_))
    }

    /// Appends the command line with its CRLF.
    pub fn encode(&self, out: &mut BytesMut) {
        self.each_part(|part| out.extend_from_slice(part));
    }

    /// How many octets the command line has, CRLF included.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        let mut octets = 0;
        self.each_part(|part| octets += part.len());
        octets
    }

    /// Hands on the command line piece by piece.
    fn each_part(&self, mut part: impl FnMut(&[u8])) {
        part(self.name().as_bytes());
        let mut argument = |octets: &[u8]| {
            part(b" ");
            part(octets);
        };
        match self {
            Self::User(user) => argument(user.as_str().as_bytes()),
            Self::Pass(password) => argument(password.expose()),
            Self::Apop { user, digest } => {
                argument(user.as_str().as_bytes());
                argument(&digest.to_hex());
            }
            Self::Auth { mechanism, initial } => {
                argument(mechanism.as_str().as_bytes());
                if let Some(initial) = initial {
                    argument(initial.expose());
                }
            }
            Self::Lang(Some(range)) => argument(range.as_str().as_bytes()),
            Self::List(Some(number)) | Self::Uidl(Some(number)) => {
                argument(decimal(*number).as_bytes());
            }
            Self::Retr(number) | Self::Dele(number) => argument(decimal(*number).as_bytes()),
            Self::Top { message, lines } => {
                argument(decimal(*message).as_bytes());
                argument(Decimal::new(*lines).as_bytes());
            }
            Self::Extension(extension) if !extension.arguments().is_empty() => {
                argument(extension.arguments());
            }
            Self::Extension(_)
            | Self::List(None)
            | Self::Uidl(None)
            | Self::Lang(None)
            | Self::Stls
            | Self::Utf8
            | Self::Capa
            | Self::Stat
            | Self::Noop
            | Self::Rset
            | Self::Quit => {}
        }
        part(b"\r\n");
    }

    /// The command line with its CRLF.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::new();
        self.encode(&mut out);
        out.freeze()
    }
}

impl fmt::Display for Command {
    /// The command as it may be shown: secrets are replaced by an ellipsis.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())?;
        match self {
            Self::User(user) => write!(f, " {user}"),
            Self::Apop { user, .. } => write!(f, " {user} …"),
            Self::Auth { mechanism, initial } => {
                let hidden = if initial.is_some() { " …" } else { "" };
                write!(f, " {}{hidden}", mechanism.as_str())
            }
            Self::Lang(Some(range)) => write!(f, " {}", range.as_str()),
            Self::List(Some(number)) | Self::Uidl(Some(number)) => write!(f, " {number}"),
            Self::Retr(number) | Self::Dele(number) => write!(f, " {number}"),
            Self::Top { message, lines } => write!(f, " {message} {lines}"),
            Self::Pass(_) => f.write_str(" …"),
            Self::Extension(extension) if !extension.arguments().is_empty() => f.write_str(" …"),
            _ => Ok(()),
        }
    }
}

fn decimal(number: MessageNumber) -> Decimal {
    Decimal::new(number.get().into())
}
