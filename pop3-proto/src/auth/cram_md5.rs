//! What CRAM-MD5 proves (RFC 2195): a keyed digest over the server's challenge.

use core::fmt;

use super::hex;

/// The digest that CRAM-MD5 sends: HMAC-MD5 over the challenge, keyed with the shared secret.
///
/// Whoever sees challenge and digest can guess passwords offline, so `Debug` does not show it.
#[derive(Clone, Copy)]
pub struct CramMd5Digest([u8; 16]);

impl CramMd5Digest {
    /// Reads 32 hexadecimal digits, in either case.
    #[must_use]
    pub fn from_hex(hex: &[u8]) -> Option<Self> {
        hex::decode(hex).map(Self)
    }

    /// The 32 lower-case hexadecimal digits that go over the wire.
    #[cfg(feature = "sasl")]
    pub(super) fn to_hex(self) -> [u8; 32] {
        hex::encode(self.0)
    }

    /// The digest for a challenge, angle brackets included, and a shared secret.
    ///
    /// ```
    /// use pop3_proto::auth::CramMd5Digest;
    /// let challenge = b"<1896.697170952@postoffice.reston.mci.net>"; // RFC 2195, section 2
    /// let digest = CramMd5Digest::from_hex(b"b913a602c7eda7a495b4e6e7334d3890").unwrap();
    /// assert_eq!(digest, CramMd5Digest::compute(challenge, b"tanstaaftanstaaf"));
    /// ```
    #[cfg(feature = "sasl")]
    #[must_use]
    pub fn compute(challenge: &[u8], secret: &[u8]) -> Self {
        use hmac::{Hmac, KeyInit, Mac};
        let hmac = Hmac::<md5::Md5>::new_from_slice(secret).expect("HMAC takes keys of any length");
        Self(hmac.chain_update(challenge).finalize().into_bytes().into())
    }

    /// Whether this is the digest for a challenge and a shared secret, compared in constant time.
    #[cfg(feature = "sasl")]
    #[must_use]
    pub fn matches(&self, challenge: &[u8], secret: &[u8]) -> bool {
        *self == Self::compute(challenge, secret)
    }
}

impl PartialEq for CramMd5Digest {
    /// Compares in constant time.
    fn eq(&self, other: &Self) -> bool {
        use subtle::ConstantTimeEq;
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for CramMd5Digest {}

impl fmt::Debug for CramMd5Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CramMd5Digest(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let digest = CramMd5Digest::from_hex(&[b'a'; 32]).unwrap();
        assert_eq!(alloc::format!("{digest:?}"), "CramMd5Digest(…)");
    }
}
