//! How a client's session can fail.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use core::fmt;

use crate::command::Command;
use crate::error::{ApiMisuse, ProtocolError};
use crate::reply::Reply;

/// Why a session ended before its QUIT was answered, or why an exchange has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server refused a command; the session goes on, unless the command was QUIT.
    #[error("{command} was refused: {reply}")]
    Refused {
        /// The command.
        command: Cow<'static, str>,
        /// What the server said.
        reply: Reply,
    },
    /// The server agreed to a command but did not tell what was asked; the session goes on.
    #[error("the answer to {command} makes no sense: {reply}")]
    Malformed {
        /// The command.
        command: Cow<'static, str>,
        /// What the server said.
        reply: Reply,
    },
    /// TLS is wanted and the server does not offer STLS (RFC 2595, section 4).
    #[error("the server does not offer TLS (STLS)")]
    NoTls,
    /// A SASL mechanism was given up by this side: the server made no sense, or did not prove who
    /// it is. After a login that the server has agreed to, the session must not be trusted.
    #[cfg(feature = "sasl")]
    #[error("{mechanism} failed: {error}")]
    Mechanism {
        /// The mechanism.
        mechanism: Cow<'static, str>,
        /// Why it was given up.
        error: crate::auth::sasl::SaslError,
    },
    /// Both sides have no way to log in in common.
    #[error("the server does not offer {}", .wanted.unwrap_or("a way to log in that this account can use"))]
    NoMethod {
        /// The one method that was wanted, if there was but one.
        wanted: Option<&'static str>,
    },
    /// All ways to log in that both sides have would send a password or a token in clear text.
    #[error("without TLS, a password would go over the wire in clear text")]
    SecretInClearText,
    /// The server refused service in its greeting, or said goodbye unasked.
    #[error("the server refused service: {0}")]
    Dismissed(Reply),
    /// The server broke a rule of the protocol.
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    /// The stream ended too early.
    #[error("the server closed the connection while {0}")]
    Eof(Unfinished),
    /// The server was silent for longer than
    /// [`idle_limit`](crate::client::Connection::idle_limit) allows.
    #[error("the server was silent for too long while {0}")]
    TimedOut(Unfinished),
    /// The host asked for what cannot be done.
    #[error(transparent)]
    Misuse(#[from] ApiMisuse),
}

/// What was unfinished when a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unfinished {
    /// The greeting had not come.
    Greeting,
    /// The reply to a command had not come.
    Reply(Cow<'static, str>),
    /// The content of a multi-line reply had not ended.
    Content(Cow<'static, str>),
    /// STLS was accepted, but TLS had not started.
    Handshake,
    /// Every command was answered, but the session had not been ended by QUIT, so that nothing was
    /// removed.
    Session,
}

impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Greeting => f.write_str("its greeting was due"),
            Self::Reply(command) => write!(f, "the reply to {command} was due"),
            Self::Content(command) => write!(f, "the answer to {command} was unfinished"),
            Self::Handshake => f.write_str("TLS was being started"),
            Self::Session => f.write_str("the session was open"),
        }
    }
}

/// A command that was not sent, given back together with the reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
#[non_exhaustive]
pub struct Unsent {
    /// The command.
    pub command: Box<Command>,
    /// Why it was not sent.
    pub reason: ApiMisuse,
}

impl Error {
    /// Whether the session can go on after this error. After QUIT it is over in any case.
    #[must_use]
    pub const fn leaves_session_usable(&self) -> bool {
        matches!(
            self,
            Self::Refused { .. }
                | Self::Malformed { .. }
                | Self::NoMethod { .. }
                | Self::SecretInClearText
                | Self::Misuse(_)
        )
    }
}

impl From<Unsent> for Error {
    fn from(unsent: Unsent) -> Self {
        Self::Misuse(unsent.reason)
    }
}
