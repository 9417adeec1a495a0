//! The dot, against a slow reference, however the octets are cut.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use pop3_fuzz::Cut;
use pop3_proto::bytes::BytesMut;
use pop3_proto::multiline::{Counter, LineEnds, Stuffer, TopLimit, Unstuffer};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    wire_sizes: Vec<u8>,
    lines: u8,
    message: Cut<'a>,
}

fuzz_target!(|input: Input<'_>| {
    let message = input.message.octets;
    let pieces = input.message.pieces();
    let expected = crlf(message);

    let (mut stuffer, mut counter, mut wire) = (Stuffer::new(), Counter::new(), BytesMut::new());
    for piece in &pieces {
        stuffer.push(piece, &mut wire);
        counter.push(piece);
    }
    let octets = stuffer.finish(&mut wire);
    assert_eq!(octets.0, expected.len() as u64);
    assert_eq!(counter.finish(), octets);
    assert!(wire.len() <= 2 * message.len() + 5);
    let sizes = &input.wire_sizes;
    assert_eq!(unstuff(&wire, sizes, LineEnds::Crlf), (expected, Some(0)));

    // The same octets as if a server had sent them.
    for line_ends in [LineEnds::Crlf, LineEnds::Any] {
        assert_eq!(unstuff(message, sizes, line_ends), unstuff(message, &[], line_ends));
    }

    let mut top = TopLimit::new(input.lines.into());
    let taken: usize = pieces.iter().map(|piece| top.take(piece)).sum();
    assert_eq!(taken, top_of(message, input.lines.into()));
});

fn crlf(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for octet in message {
        if *octet == b'\n' && out.last() != Some(&b'\r') {
            out.push(b'\r');
        }
        out.push(*octet);
    }
    if !out.is_empty() && !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// The content, and how many octets stand behind the terminator if there is one.
fn unstuff(wire: &[u8], sizes: &[u8], line_ends: LineEnds) -> (Vec<u8>, Option<usize>) {
    let mut unstuffer = Unstuffer::new(line_ends);
    let (mut content, mut waiting) = (Vec::new(), Vec::new());
    let mut sizes = sizes.iter().map(|size| usize::from(*size).max(1)).cycle();
    let mut rest = wire;
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(sizes.next().unwrap_or(rest.len()).min(rest.len()));
        rest = behind;
        waiting.extend_from_slice(piece);
        let done = unstuffer.push(&mut waiting);
        content.extend_from_slice(&waiting[..done.content]);
        waiting.drain(..done.consumed);
        if done.ended {
            return (content, Some(waiting.len() + rest.len()));
        }
        assert!(waiting.len() <= 2);
    }
    (content, None)
}

fn top_of(message: &[u8], lines: u64) -> usize {
    let (mut taken, mut left) = (0, None);
    for line in message.split_inclusive(|octet| *octet == b'\n') {
        match &mut left {
            Some(0) => break,
            Some(more) => *more -= 1,
            None if line == b"\n" || line == b"\r\n" => left = Some(lines),
            None => {}
        }
        taken += line.len();
    }
    taken
}
