//! What the name of a letter tells.

use pop3_proto::UniqueId;
use sha2::{Digest, Sha256};

use crate::notes::hex;

/// The part of a file's name that stays the same when flags change: all before the first colon.
pub(super) fn unique(file_name: &[u8]) -> &[u8] {
    file_name.split(|octet| *octet == b':').next().unwrap_or(file_name)
}

/// The unique-id of the letter with that unique name: the name itself, when it is conformant, else
/// the SHA-256 of it in lower-case hexadecimal digits.
///
/// A name that looks like such a hash is hashed too, so that nobody can deliver a letter with the
/// unique-id of another.
pub(super) fn unique_id(unique: &[u8]) -> UniqueId {
    let is_hexadecimal = |octet: &u8| matches!(octet, b'0'..=b'9' | b'a'..=b'f');
    let looks_hashed = unique.len() == 64 && unique.iter().all(is_hexadecimal);
    UniqueId::new(unique)
        .ok()
        .filter(|_| !looks_hashed)
        .unwrap_or_else(|| UniqueId::new(hex(&Sha256::digest(unique))).expect("64 digits"))
}

/// When the letter arrived, as far as its unique name tells: seconds, then microseconds. Names that
/// do not begin with a time come last.
pub(super) fn arrival(unique: &[u8]) -> (u64, u64) {
    let mut parts = unique.splitn(3, |octet| *octet == b'.');
    let seconds = parts.next().and_then(number).unwrap_or(u64::MAX);
    let delivery = parts.next().unwrap_or_default();
    let microseconds = delivery
        .iter()
        .position(|octet| *octet == b'M')
        .map(|at| &delivery[at + 1..])
        .and_then(|rest| number(&rest[..digits(rest)]))
        .unwrap_or(0);
    (seconds, microseconds)
}

/// The size with CRLF line ends that the delivering program wrote into the name (`,W=`), which
/// leaves out a final line end that the letter does not have.
pub(super) fn crlf_size(unique: &[u8]) -> Option<u64> {
    unique
        .split(|octet| *octet == b',')
        .skip(1)
        .find_map(|field| number(field.strip_prefix(b"W=")?))
}

fn digits(octets: &[u8]) -> usize {
    octets.iter().take_while(|octet| octet.is_ascii_digit()).count()
}

/// Digits and nothing else.
fn number(octets: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(octets).ok()?;
    (digits(octets) == octets.len()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_do_not_belong_to_the_unique_name() {
        for name in ["1.M2P3.host", "1.M2P3.host:2,", "1.M2P3.host:2,S:x"] {
            assert_eq!(unique(name.as_bytes()), b"1.M2P3.host");
        }
        assert_eq!(unique(b":2,S"), b"");
    }

    #[test]
    fn a_conformant_name_is_the_unique_id_and_any_other_is_hashed() {
        let plain = b"1700000000.M1P2Q3.host,S=10,W=12";
        assert_eq!(unique_id(plain).as_bytes(), plain);
        let hashed = [
            &b""[..],
            b"two words",
            b"\xff\xfe",
            &[b'x'; 71],
            b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ];
        for name in hashed {
            let id = unique_id(name);
            assert!(id.is_conformant() && id.as_bytes() != name);
        }
        assert_eq!(unique_id(b"").as_bytes(), hashed[4]);
        assert_ne!(unique_id(b""), unique_id(hashed[4]));
    }

    #[test]
    fn arrival_is_read_as_numbers() {
        assert_eq!(arrival(b"1700000000.M20046P2137.host,S=1"), (1_700_000_000, 20_046));
        assert_eq!(arrival(b"1700000000.V801I2M5P2.host"), (1_700_000_000, 5));
        assert_eq!(arrival(b"1700000000.2137_1.Mhost"), (1_700_000_000, 0));
        assert_eq!(arrival(b"17"), (17, 0));
        for odd in ["", "x.M1", "99999999999999999999.x", "1x.y"] {
            assert_eq!(arrival(odd.as_bytes()).0, u64::MAX, "{odd}");
        }
        assert!(arrival(b"999999999.P1.h") < arrival(b"1000000000.P1.h"));
    }

    #[test]
    fn the_crlf_size_is_a_field_of_the_name() {
        assert_eq!(crlf_size(b"1.M2P3.host,S=10,W=12"), Some(12));
        assert_eq!(crlf_size(b"1.host,W=12,S=10"), Some(12));
        for none in ["1.host", "W=12", "1.host,W=", "1.host,W=-1", "1.host,W=1x", "1.host,XW=1"] {
            assert_eq!(crlf_size(none.as_bytes()), None, "{none}");
        }
    }
}
