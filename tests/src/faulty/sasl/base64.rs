//! Base64, strictly and not so strictly.

use base64ct::{Base64, Encoding};

pub(super) fn encode(octets: &[u8]) -> String {
    Base64::encode_string(octets)
}

/// What the text stands for; none when it is not as RFC 4648, section 4 has it.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    Base64::decode_vec(std::str::from_utf8(text).ok()?).ok()
}

/// As [`decode`], of the characters that are Base64 alone.
pub(super) fn decode_skipping(text: &[u8]) -> Option<Vec<u8>> {
    let is_base64 = |octet: &u8| octet.is_ascii_alphanumeric() || b"+/=".contains(octet);
    decode(&text.iter().copied().filter(is_base64).collect::<Vec<_>>())
}

/// As [`decode`], of what stands before the first `=`, with as many `=` as it then needs.
pub(super) fn decode_to_padding(text: &[u8]) -> Option<Vec<u8>> {
    let mut text: Vec<_> = text.iter().copied().take_while(|octet| *octet != b'=').collect();
    while !text.len().is_multiple_of(4) {
        text.push(b'=');
    }
    decode(&text)
}
