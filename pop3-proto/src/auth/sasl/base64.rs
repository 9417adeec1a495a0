//! Base64 by the letter (RFC 4648, section 4), in constant time.
//!
//! No white space, no foreign letters, padding where it belongs and nowhere else, and no stray bits
//! in the last letter: there is one text for every sequence of octets (RFC 5034, section 4).

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

/// Octets as Base64.
///
/// ```
/// use pop3_proto::auth::sasl::base64;
/// assert_eq!(base64::encode(b"\x01").as_str(), "AQ==");
/// assert_eq!(base64::encode(b"").as_str(), "");
/// ```
#[must_use]
pub fn encode(octets: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(Base64::encode_string(octets))
}

/// The octets that a Base64 text stands for; `None` when it is not Base64.
///
/// ```
/// use pop3_proto::auth::sasl::base64;
/// assert_eq!(base64::decode(b"AQ==").unwrap().as_slice(), b"\x01");
/// for no in ["AQ=", "AQ", "AR==", "A Q==", "AQ==AQ==", "-_==", "=", "===="] {
///     assert!(base64::decode(no.as_bytes()).is_none(), "{no}");
/// }
/// ```
#[must_use]
pub fn decode(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut octets = Zeroizing::new(vec![0; text.len() / 4 * 3]);
    let length = Base64::decode(text, &mut octets).ok()?.len();
    octets.truncate(length);
    Some(octets)
}
