//! The 32 hexadecimal digits in which APOP and CRAM-MD5 write a digest.

/// Reads 32 hexadecimal digits, in either case.
pub(super) fn decode(hex: &[u8]) -> Option<[u8; 16]> {
    let mut digest = [0; 16];
    if hex.len() != 2 * digest.len() {
        return None;
    }
    for (octet, pair) in digest.iter_mut().zip(hex.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *octet = (high * 16 + low) as u8;
    }
    Some(digest)
}

/// The 32 lower-case hexadecimal digits that go over the wire.
pub(super) fn encode(digest: [u8; 16]) -> [u8; 32] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut hex = [0; 32];
    for (pair, octet) in hex.chunks_exact_mut(2).zip(digest) {
        pair[0] = DIGITS[usize::from(octet >> 4)];
        pair[1] = DIGITS[usize::from(octet & 15)];
    }
    hex
}
