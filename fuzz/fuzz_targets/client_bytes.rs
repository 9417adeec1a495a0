//! Whatever a server sends, however it is cut: the same events, the same output, one end.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use pop3_fuzz::{Cut, client};
use pop3_proto::client::{Config, Tolerance};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    strict: bool,
    small: bool,
    server: Cut<'a>,
}

fuzz_target!(|input: Input<'_>| {
    let mut config = Config::default();
    if input.strict {
        config.tolerance = Tolerance::STRICT;
    }
    if input.small {
        config.read_buffer = const { std::num::NonZeroUsize::new(16).unwrap() };
        config.reply_line = const { std::num::NonZeroUsize::new(40).unwrap() };
    }
    let cut = client::play(config.clone(), &input.server.pieces());
    assert_eq!(cut, client::play(config, &[input.server.octets]));
});
