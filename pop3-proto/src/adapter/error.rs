//! How a client's call can fail.

use std::io;

use crate::adapter::InvalidEndpoint;
use crate::client;
use crate::{InvalidSecret, InvalidUserName, Reply};

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
    /// TLS failed; the session never was in clear text instead.
    #[cfg(feature = "tls")]
    #[error(transparent)]
    Tls(#[from] crate::tls::TlsError),
    /// TLS cannot be set up as it was configured.
    #[cfg(feature = "tls")]
    #[error(transparent)]
    TlsConfig(#[from] crate::tls::ConfigError),
    /// TLS is wanted, and cannot be had: it was not built in (feature `tls`), or nobody said who the
    /// server of a stream is that was brought along.
    #[error("TLS is wanted, but not available here")]
    TlsUnavailable,
    /// The server's name or port makes no sense.
    #[error(transparent)]
    Endpoint(#[from] InvalidEndpoint),
    /// The user name cannot be sent.
    #[error(transparent)]
    UserName(#[from] InvalidUserName),
    /// The password cannot be sent.
    #[error(transparent)]
    Password(#[from] InvalidSecret),
}

impl Error {
    /// An error of a session. When TLS has failed, that is the reason for all that followed.
    #[must_use]
    pub fn of<C: crate::Half>(error: client::Error, pipe: &crate::Pipe<C>) -> Self {
        #[cfg(feature = "tls")]
        if let Some(error) = pipe.tls_error() {
            return Self::Tls(error.clone());
        }
        let _ = pipe;
        Self::Pop3(error)
    }

    /// What the server said, when it refused.
    #[must_use]
    pub const fn refusal(&self) -> Option<&Reply> {
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
            #[cfg(feature = "tls")]
            Self::Tls(_) | Self::TlsConfig(_) => false,
            Self::Io(_) | Self::Endpoint(_) | Self::TlsUnavailable => false,
            Self::UserName(_) | Self::Password(_) => true,
        }
    }
}

impl From<core::convert::Infallible> for Error {
    fn from(never: core::convert::Infallible) -> Self {
        match never {}
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Unfinished;
    use crate::{Reply, Text};

    #[test]
    fn readers_are_told_by_kinds_of_errors() {
        let eof = Error::Pop3(client::Error::Eof(Unfinished::Greeting));
        assert_eq!(io::Error::from(eof).kind(), io::ErrorKind::UnexpectedEof);
        let silent = Error::Pop3(client::Error::TimedOut(Unfinished::Greeting));
        assert_eq!(io::Error::from(silent).kind(), io::ErrorKind::TimedOut);
        let broken = Error::Io(io::ErrorKind::ConnectionReset.into());
        assert_eq!(io::Error::from(broken).kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(io::Error::from(Error::TlsUnavailable).kind(), io::ErrorKind::Other);
    }

    #[test]
    fn what_was_refused_leaves_a_session_and_what_has_failed_does_not() {
        let reply = Reply::err(Text::literal("no"));
        let refused = client::Error::Refused { command: "DELE".into(), reply: reply.clone() };
        let refused = Error::Pop3(refused);
        assert!(refused.leaves_session_usable());
        assert_eq!(refused.refusal(), Some(&reply));
        let dismissed = Error::Pop3(client::Error::Dismissed(reply.clone()));
        assert!(!dismissed.leaves_session_usable());
        assert_eq!(dismissed.refusal(), Some(&reply));
        assert!(Error::from(crate::Secret::new("").unwrap_err()).leaves_session_usable());
        assert!(Error::from(crate::UserName::new("").unwrap_err()).leaves_session_usable());
        for failed in [Error::TlsUnavailable, Error::Io(io::ErrorKind::BrokenPipe.into())] {
            assert!(!failed.leaves_session_usable());
            assert_eq!(failed.refusal(), None);
        }
    }
}
