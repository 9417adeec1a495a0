//! The secret of all targets, and where it would be seen.

use pop3_proto::auth::sasl::base64;

/// What no one but the peer may repeat.
pub(crate) const PASSWORD: &str = "swordfish";

/// Whether the password stands in octets as it is.
pub(crate) fn has_password(octets: &[u8]) -> bool {
    octets.windows(PASSWORD.len()).any(|word| word == PASSWORD.as_bytes())
}

/// Whether a text that was formatted for people shows the password: as it is, as octets in a list,
/// or in Base64, which begins at any of three places.
pub(crate) fn shows_password(text: &str) -> bool {
    let list: Vec<String> = PASSWORD.bytes().map(|octet| octet.to_string()).collect();
    let in_base64 = |before: usize| {
        let encoded = base64::encode(&[&vec![0; before], PASSWORD.as_bytes()].concat());
        // What depends on the octets before and behind is left out.
        text.contains(&encoded[(before * 4).div_ceil(3)..(before + PASSWORD.len()) / 3 * 4])
    };
    has_password(text.as_bytes()) || text.contains(&list.join(", ")) || (0..3).any(in_base64)
}
