//! How a client's call can fail.

use std::io;

use pop3_proto::{InvalidSecret, InvalidUserName, client};

/// Why a call of a client failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server refused or broke the protocol, or the session is over.
    #[error(transparent)]
    Pop3(#[from] client::Error),
    /// The transport failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The user name cannot be sent.
    #[error(transparent)]
    UserName(#[from] InvalidUserName),
    /// The password cannot be sent.
    #[error(transparent)]
    Password(#[from] InvalidSecret),
}

impl Error {
    /// What the server said, when it refused.
    #[must_use]
    pub const fn refusal(&self) -> Option<&pop3_proto::Reply> {
        match self {
            Self::Pop3(client::Error::Refused { reply, .. } | client::Error::Dismissed(reply)) => {
                Some(reply)
            }
            _ => None,
        }
    }

    /// Whether the session can go on after this error.
    #[must_use]
    pub const fn leaves_session_usable(&self) -> bool {
        match self {
            Self::Pop3(error) => error.leaves_session_usable(),
            Self::Io(_) => false,
            Self::UserName(_) | Self::Password(_) => true,
        }
    }
}

impl From<Error> for io::Error {
    /// For readers: an end of the stream is `UnexpectedEof`, a silence `TimedOut`.
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => error,
            Error::Pop3(error @ client::Error::Eof(_)) => {
                Self::new(io::ErrorKind::UnexpectedEof, error)
            }
            Error::Pop3(error @ client::Error::TimedOut(_)) => {
                Self::new(io::ErrorKind::TimedOut, error)
            }
            error => Self::other(error),
        }
    }
}
