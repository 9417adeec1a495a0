//! Whatever a client sends, however it is cut: the same output, and nothing removed without QUIT.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use pop3_fuzz::{Cut, server};
use pop3_proto::Reply;
use pop3_proto::server::{Config, Tolerance};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    strict: bool,
    client: Cut<'a>,
}

fuzz_target!(|input: Input<'_>| {
    let mut config = Config::default();
    if input.strict {
        config.tolerance = Tolerance::STRICT;
    }
    let cut = server::play(config.clone(), &input.client.pieces());
    assert_eq!(cut, server::play(config, &[input.client.octets]));

    let quit = input.client.octets.to_ascii_uppercase().windows(4).any(|word| word == b"QUIT");
    assert!(quit || cut.removed == 0, "removed without a QUIT");
    assert!(!cut.sent.windows(9).any(|word| word == b"swordfish"));
    for line in cut.sent.split_inclusive(|octet| *octet == b'\n') {
        if line.starts_with(b"+OK") || line.starts_with(b"-ERR") {
            assert!(line.len() <= Reply::MAX);
        }
    }
});
