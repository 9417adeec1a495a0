//! The dot, held against slow references: `unstuff(stuff(m)) == crlf(m)`, however it is cut.

use pop3_proto::bytes::BytesMut;
use pop3_proto::multiline::{Counter, LineEnds, Stuffer, TopLimit, Unstuffer};

use crate::cuts::{Cuts, Input};

/// Takes what stands behind the cuts for a message first, and for a response on the wire then.
pub fn check(input: &[u8]) {
    let Input { cuts, octets, .. } = Input::of(input);
    message(octets, &cuts);
    for line_ends in [LineEnds::Crlf, LineEnds::Any] {
        let whole = unstuff(octets, &Cuts::NONE, line_ends);
        assert_eq!(whole, slow_unstuff(octets, line_ends));
        assert_eq!(unstuff(octets, &cuts, line_ends), whole);
        assert_eq!(unstuff(octets, &Cuts::EVERYWHERE, line_ends), whole);
    }
    for lines in [0, 1, 3, u64::MAX] {
        let expected = slow_top(octets, lines);
        for cuts in [&Cuts::NONE, &cuts, &Cuts::EVERYWHERE] {
            assert_eq!(top(octets, cuts, lines), expected);
        }
    }
}

fn message(message: &[u8], cuts: &Cuts) {
    let (mut stuffer, mut counter, mut wire) = (Stuffer::new(), Counter::new(), BytesMut::new());
    for piece in cuts.pieces(message) {
        stuffer.push(piece, &mut wire);
        counter.push(piece);
    }
    let octets = stuffer.finish(&mut wire);
    let expected = slow_crlf(message);
    assert_eq!(octets.0, expected.len() as u64);
    assert_eq!(counter.finish(), octets);
    assert_eq!(wire, slow_stuff(&expected));
    assert!(wire.len() <= 2 * message.len() + 5, "more than the documentation promises");

    for behind in [&b""[..], b"+OK\r\n"] {
        let wire = [&wire[..], behind].concat();
        let (content, rest) = unstuff(&wire, cuts, LineEnds::Crlf);
        assert_eq!(content, expected);
        assert_eq!(rest.as_deref(), Some(behind));
    }
}

/// The content, and what stands behind the terminator if there is one. What was not consumed goes
/// in front of the next piece.
fn unstuff(wire: &[u8], cuts: &Cuts, line_ends: LineEnds) -> (Vec<u8>, Option<Vec<u8>>) {
    let mut unstuffer = Unstuffer::new(line_ends);
    let (mut content, mut pending) = (Vec::new(), Vec::new());
    let mut ended = false;
    for piece in cuts.pieces(wire) {
        pending.extend_from_slice(piece);
        if !ended {
            let done = unstuffer.push(&mut pending);
            assert!(done.content <= done.consumed && done.consumed <= pending.len());
            content.extend_from_slice(&pending[..done.content]);
            pending.drain(..done.consumed);
            ended = done.ended;
            assert!(ended || pending.len() <= 2, "{} octets are held back", pending.len());
        }
    }
    (content, ended.then_some(pending))
}

/// Line by line, with a lone dot at the end of what has come held back.
fn slow_unstuff(wire: &[u8], line_ends: LineEnds) -> (Vec<u8>, Option<Vec<u8>>) {
    let (mut content, mut rest) = (Vec::new(), wire);
    while !rest.is_empty() {
        let end = line_end(rest, line_ends);
        match (&rest[..end], line_ends) {
            (b".\r\n", _) | (b".\n", LineEnds::Any) => {
                return (content, Some(rest[end..].to_vec()));
            }
            (b"." | b".\r", _) => break,
            ([b'.', line @ ..], _) | (line, _) => content.extend_from_slice(line),
        }
        rest = &rest[end..];
    }
    (content, None)
}

/// Where the first line ends, its line end included.
fn line_end(octets: &[u8], line_ends: LineEnds) -> usize {
    let ends = |at: &usize| match line_ends {
        LineEnds::Crlf => octets[..=*at].ends_with(b"\r\n"),
        LineEnds::Any => octets[*at] == b'\n',
    };
    (0..octets.len()).find(ends).map_or(octets.len(), |at| at + 1)
}

/// What a message looks like in CRLF form.
fn slow_crlf(message: &[u8]) -> Vec<u8> {
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

/// A message in CRLF form as it goes over the wire.
fn slow_stuff(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for line in message.split_inclusive(|octet| *octet == b'\n') {
        if line.starts_with(b".") {
            out.push(b'.');
        }
        out.extend_from_slice(line);
    }
    out.extend_from_slice(b".\r\n");
    out
}

/// How much TOP takes, and whether it wants no more.
fn top(message: &[u8], cuts: &Cuts, lines: u64) -> (usize, bool) {
    let mut top = TopLimit::new(lines);
    let mut taken = 0;
    for piece in cuts.pieces(message) {
        let reached = top.is_reached();
        let octets = top.take(piece);
        assert!(octets == piece.len() || top.is_reached());
        assert!(octets == 0 || !reached);
        taken += octets;
    }
    (taken, top.is_reached())
}

/// The lines up to the blank one, and so many more.
fn slow_top(message: &[u8], lines: u64) -> (usize, bool) {
    let (mut taken, mut left) = (0, None);
    for line in message.split_inclusive(|octet| *octet == b'\n') {
        if left == Some(0) {
            break;
        }
        taken += line.len();
        if line.ends_with(b"\n") {
            match &mut left {
                None if matches!(line, b"\n" | b"\r\n") => left = Some(lines),
                None => {}
                Some(left) => *left -= 1,
            }
        }
    }
    (taken, left == Some(0))
}
