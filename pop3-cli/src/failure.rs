//! How a command can fail: one line for people, one number for scripts.

use std::error::Error as StdError;
use std::fmt::Display;
use std::io;
use std::process::ExitCode;

use pop3_proto::adapter::Error;

/// A command that failed. The number of each variant is documented in `pop3 --help`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Something here: a file, a disk, one message among others.
    #[error("{0}")]
    Local(String),
    /// What was asked for cannot be.
    #[error("{0}")]
    Usage(String),
    /// The server cannot be reached, broke the protocol or went away.
    #[error("{0}")]
    Server(String),
    /// The login was refused.
    #[error("{0}")]
    Login(String),
    /// The letter was not delivered, but may be later: what an MTA calls `EX_TEMPFAIL`.
    #[error("{0}")]
    TryAgain(String),
    /// The letter can never be delivered to that user: `EX_NOUSER`.
    #[error("{0}")]
    NoUser(String),
    /// Somebody was judged, and what is mandatory was not found.
    #[error("{0}")]
    Breaches(String),
    /// Nobody could be judged.
    #[error("{0}")]
    NoVerdict(String),
    /// Standard output was closed.
    #[error("standard output: {0}")]
    Output(#[from] io::Error),
}

impl Failure {
    /// A failure here, with what was being done.
    pub(crate) fn local(doing: impl Display, error: impl Display) -> Self {
        Self::Local(format!("{doing}: {error}"))
    }

    /// A failure of a session, with what was being done.
    pub(crate) fn session(doing: impl Display, error: &Error) -> Self {
        Self::Server(format!("{doing}: {error}"))
    }

    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Local(_) | Self::Output(_) | Self::Breaches(_) => 1,
            Self::Usage(_) | Self::NoVerdict(_) => 2,
            Self::Server(_) => 3,
            Self::Login(_) => 4,
            Self::NoUser(_) => 67,
            Self::TryAgain(_) => 75,
        })
    }
}

/// An error and everything behind it, in one line.
pub(crate) fn chain(error: &dyn StdError) -> String {
    std::iter::successors(error.source(), |error| (*error).source())
        .fold(error.to_string(), |line, cause| format!("{line}: {cause}"))
}

/// The last paragraph of `pop3 --help`.
pub(crate) const EXIT_CODES: &str = "\
Exit status:
  0   done
  1   something here failed, or one message among others; the error says what
  2   the command line makes no sense
  3   the server could not be reached, refused, broke the protocol or went away
  4   the login was refused
  67  deliver: no mailbox can have that name
  75  deliver: not now, try again later
Of check: 0 nothing mandatory failed, 1 something did, 2 it could not run";
