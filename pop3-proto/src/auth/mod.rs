//! Who is this? What a client presents, and how APOP and SASL prove it.

mod apop;
mod channel;
mod cram_md5;
mod hex;
mod response;
#[cfg(feature = "sasl")]
pub mod sasl;

use alloc::vec::Vec;

pub use apop::{ApopDigest, Timestamp};
pub use channel::Channel;
pub use cram_md5::CramMd5Digest;
pub use response::SaslResponse;
pub(crate) use response::sends_secret;

use crate::command::Mechanism;
use crate::secret::Secret;
use crate::text::Text;
use crate::types::UserName;

/// What a client presented to log in, for the host to check.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credentials {
    /// USER and PASS (RFC 1939, section 7), or what SASL's PLAIN and LOGIN carry.
    Password {
        /// The name given to USER, or the authentication identity.
        user: UserName,
        /// The rest of the PASS line, spaces included, or the password in the SASL message.
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
    /// CRAM-MD5 (RFC 2195): proof of knowing the secret without sending it.
    CramMd5 {
        /// The mailbox; means the same as the name given to USER.
        user: UserName,
        /// The challenge that this exchange began with.
        challenge: Timestamp,
        /// What the client computed; check it with `CramMd5Digest::matches` (feature `sasl`).
        digest: CramMd5Digest,
    },
    /// A bearer token of OAuth 2.0: OAUTHBEARER (RFC 7628) or XOAUTH2.
    Token {
        /// The mailbox, if the client named one; else the one that the token belongs to.
        user: Option<UserName>,
        /// The token: to be validated with whoever issues such tokens, never to be logged.
        token: Secret,
        /// Which of the two mechanisms it was.
        mechanism: Mechanism,
    },
    /// EXTERNAL (RFC 4422, appendix A): the certificate that the client showed in the TLS
    /// handshake says who it is.
    External {
        /// The mailbox, if the client named one; else the one that the certificate belongs to.
        user: Option<UserName>,
        /// The client's certificate in DER. The handshake has proven that the client owns its
        /// key; whether the certificate may open a mailbox is to be decided here.
        certificate: Vec<u8>,
    },
    /// ANONYMOUS (RFC 4505): a guest, who proves nothing.
    Anonymous {
        /// What the guest left as a trace, such as a mail address; unverified, and may be empty.
        trace: Text,
    },
}

impl Credentials {
    /// The mailbox that is asked for; none when the client leaves that to the server, as it may
    /// with a token or a certificate, and as a guest does.
    #[must_use]
    pub const fn user(&self) -> Option<&UserName> {
        match self {
            Self::Password { user, .. } | Self::Apop { user, .. } | Self::CramMd5 { user, .. } => {
                Some(user)
            }
            Self::Token { user, .. } | Self::External { user, .. } => user.as_ref(),
            Self::Anonymous { .. } => None,
        }
    }
}
