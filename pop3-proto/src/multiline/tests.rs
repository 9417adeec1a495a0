use alloc::vec::Vec;

use bytes::BytesMut;
use proptest::prelude::*;

use super::{Counter, LineEnds, Stuffer, TopLimit, Unstuffer};

/// The slow reference: what a message looks like in CRLF form.
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

fn cut<'a>(mut octets: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for cut in cuts {
        let (piece, rest) = octets.split_at((*cut).min(octets.len()));
        pieces.push(piece);
        octets = rest;
    }
    pieces.push(octets);
    pieces
}

fn stuff(pieces: &[&[u8]]) -> (Vec<u8>, u64) {
    let mut out = BytesMut::new();
    let mut stuffer = Stuffer::new();
    for piece in pieces {
        stuffer.push(piece, &mut out);
    }
    let octets = stuffer.finish(&mut out);
    (out.to_vec(), octets.0)
}

/// Pushes the pieces as a connection does: what was not consumed goes in front of the next.
fn unstuff(pieces: &[&[u8]], line_ends: LineEnds) -> (Vec<u8>, Option<Vec<u8>>) {
    let mut unstuffer = Unstuffer::new(line_ends);
    let (mut content, mut pending) = (Vec::new(), Vec::new());
    let mut ended = false;
    for piece in pieces {
        pending.extend_from_slice(piece);
        if !ended {
            let done = unstuffer.push(&mut pending);
            content.extend_from_slice(&pending[..done.content]);
            pending.drain(..done.consumed);
            ended = done.ended;
            assert!(ended || pending.len() <= 2);
        }
    }
    (content, ended.then_some(pending))
}

/// Octets in which line ends and dots are frequent enough to meet each other.
fn tricky() -> impl Strategy<Value = Vec<u8>> {
    let octet = prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), Just(b'a'), any::<u8>()];
    prop_oneof![
        proptest::collection::vec(octet, 0..60),
        proptest::collection::vec(
            prop_oneof![
                Just(&b"\r\n"[..]),
                Just(&b".\r\n"[..]),
                Just(&b"\n.\n"[..]),
                Just(&b".."[..]),
                Just(&b"text"[..]),
                Just(&b"\r"[..])
            ],
            0..30
        )
        .prop_map(|parts| parts.concat()),
    ]
}

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(0_usize..6, 0..40)
}

proptest! {
    #[test]
    fn unstuff_of_stuff_is_the_crlf_form(message in tricky(), one in cuts(), two in cuts()) {
        let (wire, octets) = stuff(&cut(&message, &one));
        let (content, rest) = unstuff(&cut(&wire, &two), LineEnds::Crlf);
        prop_assert_eq!(octets, content.len() as u64);
        prop_assert_eq!(content, crlf(&message));
        prop_assert_eq!(rest, Some(Vec::new()));
    }

    #[test]
    fn counter_and_stuffer_agree(message in tricky(), cuts in cuts()) {
        let mut counter = Counter::new();
        for piece in cut(&message, &cuts) {
            counter.push(piece);
        }
        prop_assert_eq!(counter.finish().0, crlf(&message).len() as u64);
    }

    #[test]
    fn cuts_do_not_matter_to_what_a_server_sent(
        wire in tricky(),
        cuts in cuts(),
        line_ends in prop_oneof![Just(LineEnds::Crlf), Just(LineEnds::Any)],
    ) {
        prop_assert_eq!(unstuff(&cut(&wire, &cuts), line_ends), unstuff(&[&wire], line_ends));
    }

    #[test]
    fn stuffed_output_is_bounded(message in tricky()) {
        prop_assert!(stuff(&[&message]).0.len() <= 2 * message.len() + 5);
    }

    #[test]
    fn top_agrees_with_a_line_by_line_reading(message in tricky(), lines in 0_u64..5, cuts in cuts()) {
        let mut expected = Vec::new();
        let mut left = None;
        for line in message.split_inclusive(|octet| *octet == b'\n') {
            match &mut left {
                Some(0) => break,
                Some(more) => *more -= 1,
                None if line == b"\n" || line == b"\r\n" => left = Some(lines),
                None => {}
            }
            expected.extend_from_slice(line);
        }
        let mut top = TopLimit::new(lines);
        let taken: Vec<u8> =
            cut(&message, &cuts).into_iter().flat_map(|piece| &piece[..top.take(piece)]).copied().collect();
        prop_assert_eq!(taken, expected);
    }
}

#[test]
fn first_line_dot_is_stuffed() {
    assert_eq!(stuff(&[b".\n.x"]).0, b"..\r\n..x\r\n.\r\n");
}

#[test]
fn dots_behind_a_cut_line_end_are_stuffed() {
    assert_eq!(stuff(&[b"a\n", b".b\r", b"\n", b".c"]).0, b"a\r\n..b\r\n..c\r\n.\r\n");
}

#[test]
fn an_empty_message_has_no_lines() {
    assert_eq!(stuff(&[b""]).0, b".\r\n");
    assert_eq!(Counter::new().finish().0, 0);
}

#[test]
fn bare_cr_is_content() {
    assert_eq!(stuff(&[b"a\r.b\r\r\nc\r"]).0, b"a\r.b\r\r\nc\r\r\n.\r\n");
}

#[test]
fn terminator_split_across_reads() {
    let wire = b"x\r\n.\r\n+OK\r\n";
    for one in 0..wire.len() {
        for two in 0..wire.len() - one {
            let (content, rest) = unstuff(&cut(wire, &[one, two]), LineEnds::Crlf);
            assert_eq!((&content[..], rest.as_deref()), (&b"x\r\n"[..], Some(&b"+OK\r\n"[..])));
        }
    }
}

#[test]
fn lf_dot_lf_is_not_the_end() {
    let (content, rest) = unstuff(&[b"a\n.\nb\n.\r\nc\r\n.\r\n"], LineEnds::Crlf);
    assert_eq!(content, b"a\n.\nb\n.\r\nc\r\n");
    assert_eq!(rest.as_deref(), Some(&b""[..]));
}

#[test]
fn a_server_of_bare_lfs_is_understood() {
    let (content, rest) = unstuff(&[b"a\n..b\n.\n+OK\n"], LineEnds::Any);
    assert_eq!(content, b"a\n.b\n");
    assert_eq!(rest.as_deref(), Some(&b"+OK\n"[..]));
}

#[test]
fn a_dot_elsewhere_than_at_the_start_of_a_line_ends_nothing() {
    assert_eq!(unstuff(&[b"abc.\r\n"], LineEnds::Crlf), (b"abc.\r\n".to_vec(), None));
    assert_eq!(unstuff(&[b"abc\r\n", b"."], LineEnds::Crlf), (b"abc\r\n".to_vec(), None));
}

#[test]
fn exactly_one_dot_is_dropped() {
    let (content, _) = unstuff(&[b"..\r\n...\r\n.x\r\n.\r\n"], LineEnds::Crlf);
    assert_eq!(content, b".\r\n..\r\nx\r\n");
}

#[test]
fn top_zero_is_headers_only() {
    for message in [&b"A: 1\r\nB: 2\r\n\r\nbody\r\n"[..], b"A: 1\nB: 2\n\nbody\n"] {
        let mut top = TopLimit::new(0);
        let taken = top.take(message);
        assert_eq!(crlf(&message[..taken]), b"A: 1\r\nB: 2\r\n\r\n");
        assert!(top.is_reached());
    }
}

#[test]
fn top_of_a_message_without_body_is_all_of_it() {
    let mut top = TopLimit::new(0);
    assert_eq!(top.take(b"A: 1\nB: 2\n"), 10);
    assert!(!top.is_reached());
}
