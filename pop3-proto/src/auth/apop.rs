//! APOP (RFC 1939, section 7): a digest over a timestamp and a shared secret.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::hex;

/// The timestamp of a greeting: a msg-id in angle brackets, another one in every session.
///
/// A server makes one with [`fresh`](Self::fresh); a client finds one with [`find`](Self::find).
#[derive(Clone, PartialEq, Eq)]
pub struct Timestamp(Box<str>);

impl Timestamp {
    /// The longest timestamp that a client takes, in octets.
    pub const MAX: usize = 255;

    /// A timestamp that has not been used before: `nonce` must differ in every greeting, so draw it
    /// from a random source or count it up together with the time and the process.
    ///
    /// Before and behind the `@` stand letters, digits and dots only, since mpop and others refuse
    /// anything richer; other characters of `host` become dots.
    ///
    /// ```
    /// use pop3_proto::auth::Timestamp;
    /// let timestamp = Timestamp::fresh(0x1896_697170952, "dbc.mtview.ca.us");
    /// assert_eq!(timestamp.as_str(), "<1896697170952@dbc.mtview.ca.us>");
    /// ```
    #[must_use]
    pub fn fresh(nonce: u128, host: &str) -> Self {
        let plain: String = host
            .chars()
            .take(128)
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '.' })
            .collect();
        let host: Vec<&str> = plain.split('.').filter(|label| !label.is_empty()).collect();
        let host = if host.is_empty() { String::from("localhost") } else { host.join(".") };
        Self(alloc::format!("<{nonce:x}@{host}>").into())
    }

    /// The timestamp in the text of a greeting, wherever it stands.
    ///
    /// Only what has the form of a msg-id is one: in angle brackets, printable, with something on
    /// both sides of a single `@`. Taking anything else would let a server choose the hashed text
    /// and so recover the password (CVE-2007-1558); real servers greet with `<host.name>` too.
    ///
    /// ```
    /// use pop3_proto::auth::Timestamp;
    /// let found = Timestamp::find(b"POP3 server ready <1896.697170952@dbc.mtview.ca.us> hello");
    /// assert_eq!(found.unwrap().as_str(), "<1896.697170952@dbc.mtview.ca.us>");
    /// assert!(Timestamp::find(b"welcome to <pop.example.org>").is_none());
    /// ```
    #[must_use]
    pub fn find(text: &[u8]) -> Option<Self> {
        memchr::memchr_iter(b'<', text).find_map(|start| Self::at(&text[start..]))
    }

    /// The timestamp that begins here, if one does.
    fn at(text: &[u8]) -> Option<Self> {
        let within = &text[..text.len().min(Self::MAX)];
        let length = memchr::memchr(b'>', within)? + 1;
        let inner = &within[1..length - 1];
        let printable = inner.iter().all(|octet| octet.is_ascii_graphic() && *octet != b'<');
        let at = memchr::memchr(b'@', inner)?;
        let one_at = memchr::memchr(b'@', &inner[at + 1..]).is_none();
        if !printable || !one_at || at == 0 || at + 1 == inner.len() {
            return None;
        }
        core::str::from_utf8(&within[..length]).ok().map(|bracketed| Self(bracketed.into()))
    }

    /// The timestamp with its angle brackets, as it is hashed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The digest that APOP sends: MD5 over the timestamp followed by the shared secret.
///
/// Whoever sees timestamp and digest can guess passwords offline, so `Debug` does not show it.
#[derive(Clone, Copy)]
pub struct ApopDigest([u8; 16]);

impl ApopDigest {
    /// Reads 32 hexadecimal digits, in either case.
    #[must_use]
    pub fn from_hex(hex: &[u8]) -> Option<Self> {
        hex::decode(hex).map(Self)
    }

    /// The 32 lower-case hexadecimal digits that go over the wire.
    pub(crate) fn to_hex(self) -> [u8; 32] {
        hex::encode(self.0)
    }

    /// The digest for a timestamp and a shared secret.
    #[cfg(feature = "apop")]
    #[must_use]
    pub fn compute(timestamp: &Timestamp, secret: &[u8]) -> Self {
        use md5::Digest;
        let md5 = md5::Md5::new().chain_update(timestamp.as_str()).chain_update(secret);
        Self(md5.finalize().into())
    }

    /// Whether this is the digest for a timestamp and a shared secret, compared in constant time.
    #[cfg(feature = "apop")]
    #[must_use]
    pub fn matches(&self, timestamp: &Timestamp, secret: &[u8]) -> bool {
        *self == Self::compute(timestamp, secret)
    }
}

impl PartialEq for ApopDigest {
    /// Compares in constant time.
    fn eq(&self, other: &Self) -> bool {
        use subtle::ConstantTimeEq;
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for ApopDigest {}

impl fmt::Debug for ApopDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApopDigest(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "apop")]
    #[test]
    fn the_example_of_rfc_1939() {
        let timestamp = Timestamp::find(b"<1896.697170952@dbc.mtview.ca.us>").unwrap();
        let digest = ApopDigest::compute(&timestamp, b"tanstaaf");
        assert_eq!(&digest.to_hex(), b"c4c9334bac560ecc979e58001b3e22fb");
        let upper = ApopDigest::from_hex(b"C4C9334BAC560ECC979E58001B3E22FB").unwrap();
        assert!(upper.matches(&timestamp, b"tanstaaf"));
        assert!(!upper.matches(&timestamp, b"tanstaaf "));
    }

    #[test]
    fn only_a_msg_id_is_a_timestamp() {
        for no in [
            "",
            "<",
            "<>",
            "<@>",
            "<a@>",
            "<@b>",
            "<a.b.c>",
            "<a@b@c>",
            "<a b@c>",
            "<a@b",
            "a@b>",
            "<a@\u{1b}b>",
            "<ä@b>",
        ] {
            assert_eq!(Timestamp::find(no.as_bytes()), None, "{no}");
        }
        let long = alloc::format!("<a@{}>", "b".repeat(255));
        assert_eq!(Timestamp::find(long.as_bytes()), None);
    }

    #[test]
    fn a_timestamp_may_stand_behind_other_brackets() {
        let greeting = b"+OK <pop.example.org> a < b, <1.2@host> <3.4@host>";
        assert_eq!(Timestamp::find(greeting).unwrap().as_str(), "<1.2@host>");
    }

    #[test]
    fn fresh_timestamps_are_plain() {
        assert_eq!(Timestamp::fresh(10, "my-host.example").as_str(), "<a@my.host.example>");
        assert_eq!(Timestamp::fresh(10, "[::]").as_str(), "<a@localhost>");
        let longest = Timestamp::fresh(u128::MAX, &"h".repeat(500));
        assert_eq!(Timestamp::find(longest.as_str().as_bytes()), Some(longest));
        assert_eq!(alloc::format!("{:?}", Timestamp::fresh(10, "host")), r#""<a@host>""#);
    }

    #[test]
    fn digests_have_32_hexadecimal_digits() {
        assert!(ApopDigest::from_hex(&[b'0'; 31]).is_none());
        assert!(ApopDigest::from_hex(&[b'g'; 32]).is_none());
        let digest = ApopDigest::from_hex(&[b'f'; 32]).unwrap();
        assert_eq!(digest.to_hex(), [b'f'; 32]);
        assert_eq!(alloc::format!("{digest:?}"), "ApopDigest(…)");
    }
}
