//! What a server's connection asks of its host.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use crate::auth::{Credentials, SaslResponse};
use crate::command::{Extension, Mechanism, Xclient};
use crate::types::{MessageNumber, UserName};

/// Something that the host is to do. All but [`Relayed`](Self::Relayed),
/// [`StartTls`](Self::StartTls) and [`Close`](Self::Close) want an answer, by the method that takes
/// the ticket; until it comes, the client waits. One action is open at a time.
#[derive(Debug)]
#[non_exhaustive]
pub enum Action {
    /// Who is this? Answer by [`authenticated`](super::Connection::authenticated).
    Authenticate {
        /// What the client presented.
        credentials: Credentials,
        /// To answer with.
        ticket: AuthenticateTicket,
    },
    /// Go on with a SASL mechanism (RFC 5034, section 4): AUTH was given, or a challenge was
    /// responded to. Answer by [`challenge`](super::Connection::challenge), which leads to another
    /// of these, or by [`authenticated`](super::Connection::authenticated).
    Sasl {
        /// The mechanism; one of those that CAPA lists here and now.
        mechanism: Mechanism,
        /// Whether this is the beginning, rather than the response to a challenge.
        begins: bool,
        /// What the client said; `None` at the beginning when there was no initial response.
        response: Option<SaslResponse>,
        /// To answer with.
        ticket: AuthenticateTicket,
    },
    /// Open and lock this user's maildrop. Answer by [`opened`](super::Connection::opened).
    Open {
        /// The user, as [`authenticated`](super::Connection::authenticated) named it.
        user: UserName,
        /// To answer with.
        ticket: OpenTicket,
    },
    /// Hand over a message: by [`message`](super::Connection::message), piece by piece, then
    /// [`message_complete`](super::Connection::message_complete); or
    /// [`message_failed`](super::Connection::message_failed).
    Fetch {
        /// The message.
        number: MessageNumber,
        /// How much of it will be needed.
        part: Part,
        /// To answer with.
        ticket: FetchTicket,
    },
    /// Remove these messages for good and release the maildrop, in this order. Answer by
    /// [`committed`](super::Connection::committed). Nothing but this ever removes a message.
    Commit {
        /// The messages that are marked, in ascending order; possibly none.
        removals: Vec<MessageNumber>,
        /// To answer with.
        ticket: CommitTicket,
    },
    /// Let this time pass, then call [`waited`](super::Connection::waited).
    Wait {
        /// How long.
        duration: Duration,
        /// To answer with.
        ticket: WaitTicket,
    },
    /// Answer a command beyond the RFCs, by
    /// [`extension_answered`](super::Connection::extension_answered).
    Extension {
        /// The command.
        command: Extension,
        /// To answer with.
        ticket: ExtensionTicket,
    },
    /// A peer that may say so has told on whose behalf it speaks (XCLIENT, see
    /// [`allow_xclient`](super::Connection::allow_xclient)); it has been answered already. The last
    /// one counts.
    Relayed(Xclient),
    /// Do the TLS handshake, then call [`tls_started`](super::Connection::tls_started); all that
    /// was to be sent before it has been sent.
    StartTls,
    /// Release the maildrop if it is open, without removing anything, and close the transport. It
    /// comes exactly once and last.
    Close(Ending),
}

/// How much of a message is asked for. The connection itself cuts what it is given; this tells a
/// host what it need not even read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// All of it (RETR).
    Whole,
    /// The header, the blank line and so many lines of the body (TOP).
    Top(u64),
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// By QUIT; whatever was marked is gone, or the client was told what is left.
    Quit,
    /// The client closed, or the transport failed.
    Hangup,
    /// The client was silent for too long, or took too long to log in.
    TimedOut,
    /// The service was refused in the greeting.
    Refused,
    /// Too many logins failed.
    FailedLogins,
    /// Too many commands in a row were none.
    BadCommands,
    /// A message could not be handed over to its end; a final dot would have been a lie.
    BrokenMessage,
    /// Octets came behind STLS, in clear text, that claimed to belong to the session in TLS.
    BehindStls,
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Quit => "quit",
            Self::Hangup => "hung up",
            Self::TimedOut => "timed out",
            Self::Refused => "refused",
            Self::FailedLogins => "too many failed logins",
            Self::BadCommands => "too many bad commands",
            Self::BrokenMessage => "a message could not be read",
            Self::BehindStls => "octets behind STLS",
        })
    }
}

/// Tells connections apart, without a clock, a counter or chance.
#[derive(Clone, Default)]
pub(super) struct Identity(Arc<()>);

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

macro_rules! tickets {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[must_use = "until the ticket is answered, the client waits"]
        pub struct $name(pub(super) Identity);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )*};
}

tickets! {
    /// Answers [`Action::Authenticate`] and [`Action::Sasl`].
    AuthenticateTicket
    /// Answers [`Action::Open`].
    OpenTicket
    /// Answers [`Action::Fetch`].
    FetchTicket
    /// Answers [`Action::Commit`].
    CommitTicket
    /// Answers [`Action::Wait`].
    WaitTicket
    /// Answers [`Action::Extension`].
    ExtensionTicket
}
