//! Whose fault is it? The peer's ([`ProtocolError`]) or the host's ([`ApiMisuse`]).

use alloc::borrow::Cow;
use core::fmt;

use crate::excerpt::Excerpt;
use crate::state::State;

/// A rule of the protocol that the peer broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// A reply begins with `+OK` or `-ERR`.
    Indicator,
    /// A reply, or a line of a listing, has a bounded length; see
    /// [`Config::reply_line`](crate::client::Config::reply_line).
    ReplyLength,
    /// A reply holds no NUL.
    ReplyText,
    /// A listing has a bounded number of lines; see
    /// [`Config::listing_lines`](crate::client::Config::listing_lines).
    ListingLength,
    /// An answer that is gathered has a bounded length; see
    /// [`Config::answer`](crate::client::Config::answer).
    AnswerLength,
    /// A line of a listing has the form that RFC 1939 gives it.
    Listing,
    /// A line ends with CRLF.
    LineEnd,
    /// The server speaks when it is asked, and not otherwise.
    Unasked,
    /// What a server says before TLS has started is not part of the session in TLS.
    BehindStls,
}

impl Rule {
    /// Where the rule is written.
    #[must_use]
    pub const fn reference(self) -> &'static str {
        match self {
            Self::Indicator | Self::Unasked | Self::LineEnd => "RFC 1939 section 3",
            Self::ReplyLength => "RFC 2449 section 4",
            Self::ReplyText => "RFC 2449 section 3",
            Self::ListingLength | Self::AnswerLength => "a limit of this client",
            Self::Listing => "RFC 1939 sections 5 and 7",
            Self::BehindStls => "RFC 2595 section 4",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Indicator => "a reply begins neither with +OK nor with -ERR",
            Self::ReplyLength => "a reply line is too long",
            Self::ReplyText => "a reply holds NUL",
            Self::ListingLength => "a listing has too many lines",
            Self::AnswerLength => "an answer is too long",
            Self::Listing => "a line of a listing is malformed",
            Self::LineEnd => "a line does not end with CRLF",
            Self::Unasked => "the server spoke unasked",
            Self::BehindStls => "the server sent something between STLS and TLS",
        })
    }
}

/// What the peer did wrong. The session cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{rule} ({reference}), in {state}: \"{seen}\"", reference = .rule.reference())]
#[non_exhaustive]
pub struct ProtocolError {
    /// The rule that was broken.
    pub rule: Rule,
    /// Where the session was.
    pub state: State,
    /// Some of what was seen, escaped and shortened; nothing of it while a login is under way.
    pub seen: Excerpt,
}

/// A call that the host should not have made. The session goes on as if it had not been made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApiMisuse {
    /// The command is not lawful in this state.
    #[error("{command} is not lawful in {state}")]
    WrongState {
        /// The command.
        command: Cow<'static, str>,
        /// Where the session is.
        state: State,
    },
    /// As many commands wait as the configuration allows.
    #[error("the queue of commands is full")]
    QueueFull,
    /// The command line would be longer than allowed.
    #[error("{command} would be a line of {octets} octets")]
    LineTooLong {
        /// The command.
        command: Cow<'static, str>,
        /// Its length with CRLF.
        octets: usize,
    },
    /// The command may hold a secret and STLS has not been answered yet: were it refused, the
    /// secret would go out in clear text.
    #[error("{command} may hold a secret and cannot wait behind STLS")]
    BehindStls {
        /// The command.
        command: Cow<'static, str>,
    },
    /// STLS comes before UTF8 (RFC 6856, section 2.1).
    #[error("STLS cannot be sent behind UTF8")]
    StlsBehindUtf8,
    /// The session is over, or QUIT has been sent.
    #[error("the session is over")]
    Over,
    /// There is no challenge to respond to, or the response is not Base64.
    #[error("no challenge waits for this response")]
    NoChallenge,
    /// The ticket belongs to another connection, or to one that has ended.
    #[error("the ticket is not of this connection, or the connection has ended")]
    ForeignTicket,
}
