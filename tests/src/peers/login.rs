//! How a client comes in: by which method, in which kind of security.

use std::fmt;
use std::sync::LazyLock;

use pop3_proto::client::exchange::Method;

use super::authority::Authority;

/// An OAuth token that is good, for user `mark`.
pub const TOKEN: &str = "ya29.vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg";

/// Another one, as long as those that are given out: it does not fit into a command's line.
#[must_use]
pub fn long_token() -> &'static str {
    static LONG: LazyLock<String> = LazyLock::new(|| TOKEN.repeat(40));
    &LONG
}

/// Whether a token is one of them.
#[must_use]
pub fn is_good(token: &[u8]) -> bool {
    token == TOKEN.as_bytes() || token == long_token().as_bytes()
}

/// When TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Security {
    /// Never.
    Clear,
    /// By STLS.
    Stls,
    /// With the first octet.
    Implicit,
}

impl Security {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Clear, Self::Stls, Self::Implicit];

    /// The kinds in which a method can work: a client shows its certificate in TLS alone.
    pub fn of(method: Method) -> impl Iterator<Item = Self> {
        let needs_tls = method == Method::External;
        Self::ALL.into_iter().filter(move |security| !needs_tls || *security != Self::Clear)
    }
}

impl fmt::Display for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Clear => "in clear text",
            Self::Stls => "by STLS",
            Self::Implicit => "in implicit TLS",
        })
    }
}

/// How a client is to log in as user `mark`.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs)]
pub struct Login<'a> {
    /// By which method; `None` leaves it to the client.
    pub method: Option<Method>,
    /// When TLS begins.
    pub security: Security,
    /// What shows who it is.
    pub secret: &'a str,
    /// Whom to trust, and with which certificate to come.
    pub authority: Option<&'a Authority>,
}

impl<'a> Login<'a> {
    /// As the client does when nothing is said, in clear text.
    pub const USUAL: Self =
        Self { method: None, security: Security::Clear, secret: "swordfish", authority: None };

    /// So and not otherwise, with the right secret.
    #[must_use]
    pub const fn by(method: Method, security: Security, authority: &'a Authority) -> Self {
        Self { method: Some(method), security, secret: secret(method), authority: Some(authority) }
    }

    /// Whom to trust, where there is TLS.
    #[must_use]
    pub fn trusted(&self) -> Option<&'a Authority> {
        self.authority.filter(|_| self.security != Security::Clear)
    }
}

/// What shows who somebody is: a token, a password, or nothing where a certificate does.
#[must_use]
pub const fn secret(method: Method) -> &'static str {
    match method {
        Method::OAuthBearer | Method::XOAuth2 => TOKEN,
        Method::External | Method::Anonymous => "",
        _ => "swordfish",
    }
}
