//! Lines of bounded length, cut out of the input wherever its segments end.

use bytes::BytesMut;

use crate::wire::Input;

/// Finds line ends. It remembers how far it has looked, so that the work stays linear when the
/// input comes octet by octet, and throws the rest of a line away that is too long.
#[derive(Debug, Default)]
pub(crate) struct LineReader {
    looked_at: usize,
    discarding: bool,
}

/// What stands at the front of the input.
#[derive(Debug)]
pub(crate) enum Line {
    /// A line without its end, and whether that end was CRLF rather than a bare LF.
    Complete { line: BytesMut, crlf: bool },
    /// A line of more octets than allowed; its octets are gone, with all that follow up to its end.
    TooLong,
    /// Part of a line.
    Incomplete,
}

impl LineReader {
    /// Throws away what is there of a line that is too long, so that the next one stands at the front.
    pub(crate) fn catch_up(&mut self, input: &mut Input) {
        if self.discarding {
            let end = memchr::memchr(b'\n', input.octets());
            self.discarding = end.is_none();
            input.skip(end.map_or(input.octets().len(), |at| at + 1));
        }
    }

    /// The next line, of at most `limit` octets with its line end.
    pub(crate) fn next(&mut self, input: &mut Input, limit: usize) -> Line {
        self.catch_up(input);
        let octets = input.octets();
        let found = memchr::memchr(b'\n', &octets[self.looked_at..]);
        let Some(end) = found.map(|at| self.looked_at + at + 1) else {
            self.looked_at = octets.len();
            if octets.len() < limit || self.discarding {
                return Line::Incomplete;
            }
            self.discarding = true;
            self.looked_at = 0;
            self.catch_up(input);
            return Line::TooLong;
        };
        self.looked_at = 0;
        if end > limit {
            input.skip(end);
            return Line::TooLong;
        }
        let mut line = input.take(end);
        line.truncate(end - 1);
        let crlf = line.last() == Some(&b'\r');
        if crlf {
            line.truncate(end - 2);
        }
        Line::Complete { line, crlf }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn lines(pieces: &[&[u8]], limit: usize) -> Vec<String> {
        let (mut input, mut reader) = (Input::new(64), LineReader::default());
        let mut lines = Vec::new();
        for piece in pieces {
            let mut rest = *piece;
            while !rest.is_empty() {
                let taken = input.receive(rest);
                rest = &rest[taken..];
                loop {
                    match reader.next(&mut input, limit) {
                        Line::Complete { line, .. } => {
                            lines.push(String::from_utf8_lossy(&line).into_owned());
                        }
                        Line::TooLong => lines.push("(too long)".into()),
                        Line::Incomplete => break,
                    }
                }
            }
        }
        lines
    }

    #[test]
    fn lines_end_with_crlf_or_lf_wherever_they_are_cut() {
        let whole = b"NOOP\r\n\r\nSTAT\nA\rB\r\npart";
        let expected = ["NOOP", "", "STAT", "A\rB"];
        assert_eq!(lines(&[whole], 20), expected);
        let octets: Vec<&[u8]> = whole.chunks(1).collect();
        assert_eq!(lines(&octets, 20), expected);
    }

    #[test]
    fn the_limit_counts_the_line_end() {
        assert_eq!(lines(&[b"12345678\r\n"], 10), ["12345678"]);
        assert_eq!(lines(&[b"123456789\r\n"], 10), ["(too long)"]);
    }

    #[test]
    fn a_line_that_is_too_long_is_reported_once_and_the_next_is_read() {
        let mut whole = vec![b'x'; 100_000];
        whole.extend_from_slice(b"\r\nNOOP\r\n");
        assert_eq!(lines(&[&whole], 20), ["(too long)", "NOOP"]);
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(
            whole in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b'x')], 0..200),
            size in 1_usize..20,
        ) {
            let pieces: Vec<&[u8]> = whole.chunks(size).collect();
            prop_assert_eq!(lines(&pieces, 12), lines(&[&whole], 12));
        }
    }
}
