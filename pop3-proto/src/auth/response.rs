//! What a client says within AUTH.

use alloc::vec::Vec;
use core::fmt;

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

/// A client's message within AUTH, decoded (RFC 5034, section 4). It may hold a password: `Debug`
/// withholds it, and it is wiped when dropped.
pub struct SaslResponse(Zeroizing<Vec<u8>>);

impl SaslResponse {
    pub(crate) const fn new(octets: Zeroizing<Vec<u8>>) -> Self {
        Self(octets)
    }

    /// Decodes strict Base64; `None` when it is not.
    pub(crate) fn decode(base64: &[u8]) -> Option<Self> {
        let text = core::str::from_utf8(base64).ok()?;
        Some(Self(Base64::decode_vec(text).ok()?.into()))
    }

    /// The octets themselves: for the mechanism, and nobody else.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SaslResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SaslResponse(…)")
    }
}

/// Whether a mechanism sends a password or a token as it is, so that it needs TLS. One that is not
/// known is taken to.
pub(crate) fn sends_secret(mechanism: &str) -> bool {
    let prefix = |prefix: &str| {
        mechanism.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    let keeps = ["SCRAM-", "CRAM-", "DIGEST-", "EXTERNAL", "ANONYMOUS", "GSS", "GS2-", "NTLM"];
    !keeps.into_iter().any(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_strict() {
        assert_eq!(SaslResponse::decode(b"").unwrap().expose(), b"");
        let response = SaslResponse::decode(b"YQ==").unwrap();
        assert_eq!(response.expose(), b"a");
        assert_eq!(alloc::format!("{response:?}"), "SaslResponse(…)");
        for bad in ["YQ", "YQ=", "Y=Q=", "YQ== ", " YQ==", "Y Q=", "YR==", "Y*==", "=", "YQ==YQ=="]
        {
            assert!(SaslResponse::decode(bad.as_bytes()).is_none(), "{bad}");
        }
    }

    #[test]
    fn passwords_and_tokens_are_secrets() {
        for open in ["PLAIN", "login", "XOAUTH2", "OAUTHBEARER", "X-NEW"] {
            assert!(sends_secret(open), "{open}");
        }
        for closed in ["SCRAM-SHA-256", "scram-sha-1-plus", "CRAM-MD5", "EXTERNAL", "ANONYMOUS"] {
            assert!(!sends_secret(closed), "{closed}");
        }
    }
}
