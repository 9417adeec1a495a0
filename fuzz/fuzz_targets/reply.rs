//! Replies, listings and capabilities: what parses is encoded to what parses to the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pop3_proto::bytes::BytesMut;
use pop3_proto::reply::{DropListing, ScanListing, UniqueIdListing};
use pop3_proto::{Capability, Reply};

fuzz_target!(|line: &[u8]| {
    if let Ok(reply) = Reply::parse(line) {
        let wire = encoded(|out| reply.encode(out));
        assert!(wire.len() <= Reply::MAX);
        let text = wire.strip_suffix(b"\r\n").expect("a line end");
        assert!(!text.iter().any(|octet| matches!(octet, b'\r' | b'\n' | 0)));
        let again = Reply::parse(text).expect("a reply");
        assert_eq!(again.status, reply.status);
        // What was cut, or would have looked like a response code, is not the same any more.
        if line.len() <= Reply::MAX - 2 && !reply.text.as_bytes().starts_with(b"[") {
            assert_eq!(again, reply);
        }
        let _ = format!("{reply} {reply:?}");
    }
    if let Ok(listing) = DropListing::parse(line) {
        assert_eq!(DropListing::parse(&encoded(|out| listing.encode(out))), Ok(listing));
    }
    if let Ok(listing) = ScanListing::parse(line) {
        assert_eq!(ScanListing::parse(&encoded(|out| listing.encode(out))), Ok(listing));
    }
    if let Ok(listing) = UniqueIdListing::parse(line) {
        assert_eq!(UniqueIdListing::parse(&encoded(|out| listing.encode(out))), Ok(listing));
    }
    let capability = Capability::parse(line);
    assert_eq!(Capability::parse(capability.to_string().as_bytes()), capability);
});

fn encoded(encode: impl FnOnce(&mut BytesMut)) -> BytesMut {
    let mut out = BytesMut::new();
    encode(&mut out);
    out
}
