//! Who logs in, and by what.

use alloc::string::String;
use core::fmt;

use crate::auth::sasl::ScramHash;
use crate::auth::sends_secret;
use crate::secret::Secret;
use crate::text::Text;
use crate::types::UserName;

/// Who logs in, and what shows it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Account {
    /// A user with a password: every mechanism with one, APOP, USER and PASS.
    Password {
        /// The user.
        user: UserName,
        /// The password.
        password: Secret,
    },
    /// A user with an OAuth 2.0 access token: OAUTHBEARER (RFC 7628) and XOAUTH2.
    Token {
        /// The user.
        user: UserName,
        /// The access token.
        token: Secret,
        /// The name and the port of the server, as the client knows them.
        server: (String, u16),
    },
    /// Whoever the client's TLS certificate is for: EXTERNAL (RFC 4422, appendix A).
    Certificate {
        /// Whose maildrop; `None` leaves it to the server.
        user: Option<UserName>,
    },
    /// Nobody in particular: ANONYMOUS (RFC 4505).
    Anonymous {
        /// Something for the server's log, such as a mail address.
        trace: Text,
    },
}

/// A way to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// SCRAM with channel binding (RFC 5802, RFC 7677): no password goes over the wire, both sides
    /// prove themselves, and nobody sits between them.
    ScramPlus(ScramHash),
    /// SCRAM (RFC 5802, RFC 7677): no password goes over the wire, both sides prove themselves.
    Scram(ScramHash),
    /// CRAM-MD5 (RFC 2195): no password goes over the wire, but who listens can guess it offline.
    CramMd5,
    /// APOP (RFC 1939, section 7), as weak as CRAM-MD5 and older.
    Apop,
    /// OAUTHBEARER (RFC 7628).
    OAuthBearer,
    /// XOAUTH2, its forerunner.
    XOAuth2,
    /// EXTERNAL (RFC 4422, appendix A).
    External,
    /// ANONYMOUS (RFC 4505).
    Anonymous,
    /// PLAIN (RFC 4616): the password as it is.
    Plain,
    /// LOGIN: the password as it is, in two steps; never standardised, still in use.
    Login,
    /// USER and PASS (RFC 1939, section 7): the password as it is.
    User,
}

impl Method {
    /// Every method, strongest first.
    pub const ALL: &'static [Self] = &[
        Self::ScramPlus(ScramHash::Sha512),
        Self::ScramPlus(ScramHash::Sha256),
        Self::ScramPlus(ScramHash::Sha1),
        Self::Scram(ScramHash::Sha512),
        Self::Scram(ScramHash::Sha256),
        Self::Scram(ScramHash::Sha1),
        Self::CramMd5,
        Self::Apop,
        Self::OAuthBearer,
        Self::XOAuth2,
        Self::External,
        Self::Anonymous,
        Self::Plain,
        Self::Login,
        Self::User,
    ];

    /// The name of the mechanism, or the command that is used.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ScramPlus(hash) => hash.mechanism_plus(),
            Self::Scram(hash) => hash.mechanism(),
            Self::CramMd5 => "CRAM-MD5",
            Self::Apop => "APOP",
            Self::OAuthBearer => "OAUTHBEARER",
            Self::XOAuth2 => "XOAUTH2",
            Self::External => "EXTERNAL",
            Self::Anonymous => "ANONYMOUS",
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::User => "USER",
        }
    }

    /// A method by its [`name`](Self::name), in whatever case; `+APOP` is APOP, too (RFC 2384,
    /// section 3).
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        let name = name.strip_prefix('+').unwrap_or(name);
        Self::ALL.iter().copied().find(|method| method.name().eq_ignore_ascii_case(name))
    }

    /// What is told by a refusal of this method, once the server has seen its proof: methods of one
    /// kind show the same, so there is no use in another one of them.
    pub(super) const fn kind(self) -> Kind {
        match self {
            Self::ScramPlus(_) | Self::Scram(_) => Kind::Keys,
            Self::CramMd5 | Self::Apop => Kind::Digest,
            Self::OAuthBearer | Self::XOAuth2 => Kind::Token,
            Self::External => Kind::Certificate,
            Self::Anonymous => Kind::Nothing,
            Self::Plain | Self::Login | Self::User => Kind::Password,
        }
    }

    /// Whether it sends a password or a token as it is, so that it needs TLS.
    #[must_use]
    pub fn sends_secret(self) -> bool {
        match self {
            Self::Apop => false,
            Self::User => true,
            method => sends_secret(method.name()),
        }
    }
}

/// What a method shows to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Keys,
    Digest,
    Token,
    Certificate,
    Nothing,
    Password,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn methods_have_names_that_lead_back() {
        for method in Method::ALL {
            let name = method.to_string();
            assert_eq!(Method::by_name(&name.to_ascii_lowercase()), Some(*method), "{name}");
        }
        assert_eq!(Method::by_name("+APOP"), Some(Method::Apop));
        assert_eq!(Method::by_name("GSSAPI"), None);
    }
}
