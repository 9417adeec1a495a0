//! A header that is not ASCII becomes ASCII, the body stays, and cuts do not matter.

use pop3_proto::message::{Downgrader, Header, HeaderScan};

use crate::cuts::{Cuts, Input};

/// Takes what stands behind the cuts for a message.
pub fn check(input: &[u8]) {
    let Input { cuts, octets: message, .. } = Input::of(input);
    let body = &message[header(message).len()..];
    for limit in [1, 16, 65_536] {
        let whole = downgraded(message, &Cuts::NONE, limit);
        assert!(header(&whole).is_ascii());
        assert_eq!(&whole[header(&whole).len()..], body);
        assert_eq!(downgraded(message, &cuts, limit), whole);
        assert_eq!(downgraded(message, &Cuts::EVERYWHERE, limit), whole);
        if header(message).is_ascii() {
            assert_eq!(whole, message);
        }
    }
    let mut scan = HeaderScan::new();
    let known = cuts.pieces(message).map(|piece| scan.push(piece)).last();
    let non_ascii = known == Some(Header::NonAscii);
    assert_eq!(non_ascii, !header(message).is_ascii());
}

fn downgraded(message: &[u8], cuts: &Cuts, limit: usize) -> Vec<u8> {
    let mut downgrader = Downgrader::with_limit(limit.try_into().unwrap());
    let mut out = Vec::new();
    for piece in cuts.pieces(message) {
        downgrader.push_all(piece, |ready| out.extend_from_slice(ready));
    }
    downgrader.finish(|ready| out.extend_from_slice(ready));
    out
}

/// All up to the blank line, and that.
fn header(message: &[u8]) -> &[u8] {
    let mut at = 0;
    for line in message.split_inclusive(|octet| *octet == b'\n') {
        at += line.len();
        if line == b"\n" || line == b"\r\n" {
            break;
        }
    }
    &message[..at]
}
