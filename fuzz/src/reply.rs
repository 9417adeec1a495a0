//! A line of a server: what is understood survives being said again.

use std::fmt::Debug;

use pop3_proto::bytes::BytesMut;
use pop3_proto::reply::{
    DropListing, InvalidListing, Reply, ResponseCode, ScanListing, Status, UniqueIdListing,
};
use pop3_proto::{Capability, Text};

/// Holds a line, without its line end, against everything that a server's line can be.
pub fn check(line: &[u8]) {
    if let Ok(reply) = Reply::parse(line) {
        round_trip(&reply);
    }
    built(line);
    listing(line, DropListing::parse, DropListing::encode);
    listing(line, ScanListing::parse, ScanListing::encode);
    listing(line, UniqueIdListing::parse, UniqueIdListing::encode);
    let capability = Capability::parse(line);
    assert_eq!(Capability::parse(capability.to_string().as_bytes()), capability);
}

/// Replies made of the octets: how long the code is, the code if it can be one, the text.
fn built(octets: &[u8]) {
    let Some((length, octets)) = octets.split_first() else { return };
    let (code, text) = octets.split_at(octets.len().min(usize::from(*length)));
    let code = str::from_utf8(code).ok().and_then(ResponseCode::new);
    if let Ok(text) = Text::new(text) {
        for status in [Status::Ok, Status::Err] {
            round_trip(&Reply { status, code: None, text: text.clone() });
            round_trip(&Reply { status, code: code.clone(), text: text.clone() });
        }
    }
}

fn round_trip(reply: &Reply) {
    let mut encoded = BytesMut::from("before");
    reply.encode(&mut encoded);
    let line = encoded.strip_prefix(b"before").expect("what stood there stands there");
    assert!(line.len() <= Reply::MAX, "{} octets", line.len());
    let line = line.strip_suffix(b"\r\n").expect("a reply ends with CRLF");
    assert!(!line.iter().any(|octet| matches!(octet, b'\r' | b'\n' | 0)), "two lines: {line:?}");

    let again = Reply::parse(line).expect("an encoded reply is a reply");
    assert_eq!(again.status, reply.status);
    let mut text = reply.text.as_bytes().to_vec();
    if let (None, Some(first @ b'[')) = (&reply.code, text.first_mut()) {
        // What is no response code must not look like one.
        *first = b'(';
    }
    if line.len() + 2 < Reply::MAX {
        assert_eq!((&again.code, again.text.as_bytes()), (&reply.code, &text[..]));
    } else if again.code.is_some() {
        assert_eq!(again.code, reply.code, "half a response code is none");
        assert!(text.starts_with(again.text.as_bytes()));
    }
}

fn listing<T: Debug + PartialEq>(
    line: &[u8],
    parse: impl Fn(&[u8]) -> Result<T, InvalidListing>,
    encode: impl Fn(&T, &mut BytesMut),
) {
    if let Ok(listing) = parse(line) {
        let mut encoded = BytesMut::new();
        encode(&listing, &mut encoded);
        assert!(!encoded.iter().any(|octet| matches!(octet, b'\r' | b'\n' | 0)));
        assert_eq!(parse(&encoded), Ok(listing));
    }
}
