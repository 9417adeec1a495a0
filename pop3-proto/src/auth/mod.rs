//! Who is this? What a client presents, and how APOP proves it.

mod apop;
mod channel;
mod response;

pub use apop::{ApopDigest, Timestamp};
pub use channel::Channel;
pub use response::SaslResponse;
pub(crate) use response::sends_secret;

use crate::secret::Secret;
use crate::types::UserName;

/// What a client presented to log in, for the host to check.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credentials {
    /// USER and PASS (RFC 1939, section 7).
    Password {
        /// The name given to USER.
        user: UserName,
        /// The rest of the PASS line, spaces included.
        password: Secret,
    },
    /// APOP (RFC 1939, section 7): proof of knowing the secret without sending it.
    Apop {
        /// The mailbox; means the same as the name given to USER.
        user: UserName,
        /// The timestamp of this session's greeting.
        timestamp: Timestamp,
        /// What the client computed; check it with `ApopDigest::matches` (feature `apop`).
        digest: ApopDigest,
    },
}

impl Credentials {
    /// The mailbox that is asked for.
    #[must_use]
    pub const fn user(&self) -> &UserName {
        match self {
            Self::Password { user, .. } | Self::Apop { user, .. } => user,
        }
    }
}
