//! mboxrd quoting: a line of a letter that is `From ` behind any number of `>` bears one more in
//! the file, and loses it again.
//!
//! Both directions remember a few octets of context, so it does not matter where the input is cut.

use memchr::{memchr2, memmem};

const FROM: &[u8] = b"From ";

/// From the file to the letter.
#[derive(Debug)]
pub(super) struct Unquoter(Reading);

#[derive(Clone, Copy, Debug)]
enum Reading {
    /// At the start of a line, behind all of its `>` but the last, and some of `From `.
    Start {
        quoted: bool,
        matched: usize,
    },
    Within,
}

impl Reading {
    const LINE_START: Self = Self::Start { quoted: false, matched: 0 };
}

impl Unquoter {
    /// At the start of a letter.
    pub(super) const fn new() -> Self {
        Self(Reading::LINE_START)
    }

    /// Unquotes the next piece and hands the result on in runs.
    pub(super) fn push(&mut self, piece: &[u8], sink: &mut impl FnMut(&[u8])) {
        let mut at = 0;
        while at < piece.len() {
            match self.0 {
                Reading::Within => at = self.within(piece, at, sink),
                Reading::Start { quoted, matched } => match piece[at] {
                    // It does not matter which of many is dropped: the last is held back.
                    b'>' if matched == 0 => {
                        if quoted {
                            sink(b">");
                        }
                        self.0 = Reading::Start { quoted: true, matched };
                        at += 1;
                    }
                    octet if quoted && octet == FROM[matched] => {
                        at += 1;
                        if matched + 1 == FROM.len() {
                            sink(FROM);
                            self.0 = Reading::Within;
                        } else {
                            self.0 = Reading::Start { quoted, matched: matched + 1 };
                        }
                    }
                    _ => self.finish(sink),
                },
            }
        }
    }

    /// Hands on what was held back: nothing follows that would make it a quoted line.
    pub(super) fn finish(&mut self, sink: &mut impl FnMut(&[u8])) {
        if let Reading::Start { quoted: true, matched } = self.0 {
            sink(b">");
            sink(&FROM[..matched]);
        }
        self.0 = Reading::Within;
    }

    /// Hands on all up to the next line that begins with `>`.
    fn within(&mut self, piece: &[u8], at: usize, sink: &mut impl FnMut(&[u8])) -> usize {
        let end = memmem::find(&piece[at..], b"\n>").map_or(piece.len(), |found| at + found + 1);
        sink(&piece[at..end]);
        if piece[end - 1] == b'\n' {
            self.0 = Reading::LINE_START;
        }
        end
    }
}

/// From the letter to the file: quoted, and with LF as line end.
#[derive(Debug)]
pub(super) struct Quoter {
    at: Writing,
    /// A CR that is dropped if an LF follows.
    cr: bool,
}

#[derive(Clone, Copy, Debug)]
enum Writing {
    /// At the start of a line, behind any number of `>`, and some of `From `.
    Start {
        quotes: bool,
        matched: usize,
    },
    Within,
}

impl Writing {
    const LINE_START: Self = Self::Start { quotes: false, matched: 0 };
}

impl Quoter {
    /// At the start of a letter.
    pub(super) const fn new() -> Self {
        Self { at: Writing::LINE_START, cr: false }
    }

    /// Appends the next piece to `out`, quoted.
    pub(super) fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let mut at = 0;
        while at < piece.len() {
            if let Writing::Start { quotes, matched } = self.at {
                let octet = piece[at];
                if octet == b'>' && matched == 0 {
                    out.push(octet);
                    self.at = Writing::Start { quotes: true, matched };
                    at += 1;
                } else if octet == FROM[matched] {
                    at += 1;
                    if matched + 1 == FROM.len() {
                        // Where among the others it stands does not matter.
                        out.push(b'>');
                        out.extend_from_slice(FROM);
                        self.at = Writing::Within;
                    } else {
                        self.at = Writing::Start { quotes, matched: matched + 1 };
                    }
                } else {
                    out.extend_from_slice(&FROM[..matched]);
                    self.at = Writing::Within;
                }
            } else {
                at = self.within(piece, at, out);
            }
        }
    }

    /// Ends the letter: a line end where it is missing, and the empty line.
    pub(super) fn finish(self, out: &mut Vec<u8>) {
        let within_a_line = match self.at {
            Writing::Within => true,
            Writing::Start { quotes, matched } => {
                out.extend_from_slice(&FROM[..matched]);
                quotes || matched > 0
            }
        };
        if self.cr {
            out.push(b'\r');
        }
        out.extend_from_slice(if within_a_line { b"\n\n" } else { b"\n" });
    }

    /// Copies up to the end of the line, or up to a CR that may belong to it.
    fn within(&mut self, piece: &[u8], at: usize, out: &mut Vec<u8>) -> usize {
        if self.cr && piece[at] != b'\n' {
            out.push(b'\r');
        }
        self.cr = false;
        let Some(length) = memchr2(b'\n', b'\r', &piece[at..]) else {
            out.extend_from_slice(&piece[at..]);
            return piece.len();
        };
        let end = at + length;
        out.extend_from_slice(&piece[at..end]);
        if piece[end] == b'\r' {
            self.cr = true;
        } else {
            out.push(b'\n');
            self.at = Writing::LINE_START;
        }
        end + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn quote(pieces: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut quoter = Quoter::new();
        for piece in pieces {
            quoter.push(piece, &mut out);
        }
        quoter.finish(&mut out);
        out
    }

    fn unquote(pieces: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut unquoter = Unquoter::new();
        let mut sink = |run: &[u8]| out.extend_from_slice(run);
        for piece in pieces {
            unquoter.push(piece, &mut sink);
        }
        unquoter.finish(&mut sink);
        out
    }

    #[test]
    fn only_lines_that_look_like_from_lines_are_quoted() {
        let letter = b"From a\n>From b\n>>From c\nFrom:d\n From e\n>Fro\nx From f\n>\nFrom";
        let quoted = b">From a\n>>From b\n>>>From c\nFrom:d\n From e\n>Fro\nx From f\n>\nFrom\n\n";
        assert_eq!(quote(&[letter]), quoted);
        assert_eq!(unquote(&[&quoted[..quoted.len() - 1]]), [&letter[..], b"\n"].concat());
    }

    #[test]
    fn line_ends_become_lf_and_a_bare_cr_stays() {
        assert_eq!(quote(&[b"a\r\n\r\nb\rc\r"]), b"a\n\nb\rc\r\n\n");
        assert_eq!(quote(&[b"\r\nFrom x\r\n"]), b"\n>From x\n\n");
        assert_eq!(quote(&[b""]), b"\n");
    }

    fn tricky() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let part = prop_oneof![
            Just(&b"From "[..]),
            Just(&b">"[..]),
            Just(&b"\n"[..]),
            Just(&b"\r\n"[..]),
            Just(&b"\r"[..]),
            Just(&b"Fro"[..]),
            Just(&b"m "[..]),
            Just(&b"text"[..]),
        ];
        let piece = proptest::collection::vec(part, 0..6).prop_map(|parts| parts.concat());
        proptest::collection::vec(piece, 0..8)
    }

    proptest! {
        #[test]
        fn unquote_of_quote_is_the_letter_with_lf(pieces in tricky(), cut in 1_usize..9) {
            let letter = pieces.concat();
            let mut expected = Vec::new();
            for (at, octet) in letter.iter().enumerate() {
                if *octet != b'\r' || letter.get(at + 1) != Some(&b'\n') {
                    expected.push(*octet);
                }
            }
            if !expected.is_empty() && expected.last() != Some(&b'\n') {
                expected.push(b'\n');
            }
            let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            let quoted = quote(&pieces);
            prop_assert_eq!(&quoted, &quote(&[&letter]), "cuts do not matter");
            let stored = &quoted[..quoted.len() - 1];
            let cut: Vec<&[u8]> = stored.chunks(cut).collect();
            prop_assert_eq!(unquote(&cut), expected);
        }

        #[test]
        fn no_quoted_line_looks_like_a_from_line(pieces in tricky()) {
            let quoted = quote(&[&pieces.concat()]);
            prop_assert!(!quoted.split(|octet| *octet == b'\n').any(|line| line.starts_with(FROM)));
        }
    }
}
