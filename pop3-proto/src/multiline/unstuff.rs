//! From the wire to the content.

use memchr::memmem::Finder;

/// Which line ends a server writes; told by the end of its status line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnds {
    /// CRLF, as RFC 1939 demands. A bare LF is content: `LF . LF` inside a message does not end
    /// it, so that a letter cannot forge the end of itself.
    Crlf,
    /// CRLF or a bare LF, for servers that write bare LFs everywhere.
    Any,
}

/// What became of a piece that was pushed into an [`Unstuffer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unstuffed {
    /// How many octets of content now stand at the start of the piece.
    pub content: usize,
    /// How many octets of the piece are dealt with. The others (two at most, unless the response
    /// has ended) are to be pushed again, with what follows them.
    pub consumed: usize,
    /// Whether the terminator was met. What stands behind `consumed` is the next reply.
    pub ended: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    LineStart,
    AfterCr,
    WithinLine,
}

/// Takes a multi-line response apart: drops the stuffed dots and finds the terminator.
///
/// It works in place and hands on whole runs: a piece without stuffed dots is not moved at all.
#[derive(Clone, Debug)]
pub struct Unstuffer {
    at: At,
    line_ends: LineEnds,
    line_then_dot: Finder<'static>,
}

impl Unstuffer {
    /// An unstuffer right behind a status line.
    #[must_use]
    pub fn new(line_ends: LineEnds) -> Self {
        Self { at: At::LineStart, line_ends, line_then_dot: Finder::new(b"\n.") }
    }

    /// Unstuffs the next piece of the response in place.
    pub fn push(&mut self, piece: &mut [u8]) -> Unstuffed {
        let (mut read, mut content) = (0, 0);
        let mut ended = false;
        while read < piece.len() {
            if self.at == At::LineStart {
                match (&piece[read..], self.line_ends) {
                    ([b'.'] | [b'.', b'\r'], _) => break,
                    ([b'.', b'\r', b'\n', ..], _) => {
                        read += 3;
                        ended = true;
                        break;
                    }
                    ([b'.', b'\n', ..], LineEnds::Any) => {
                        read += 2;
                        ended = true;
                        break;
                    }
                    ([b'.', ..], _) => read += 1,
                    _ => {}
                }
            }
            let end = self.run_end(piece, read);
            if content != read {
                piece.copy_within(read..end, content);
            }
            content += end - read;
            read = end;
        }
        Unstuffed { content, consumed: read, ended }
    }

    /// Where the run of content that starts at `from` ends: before the next dot at the start of a
    /// line, or with the piece.
    fn run_end(&mut self, piece: &[u8], from: usize) -> usize {
        let mut search = from;
        while let Some(found) = self.line_then_dot.find(&piece[search..]) {
            let lf = search + found;
            if self.ends_line(piece, from, lf) {
                self.at = At::LineStart;
                return lf + 1;
            }
            search = lf + 1;
        }
        self.at = match piece.last() {
            Some(b'\n') if self.ends_line(piece, from, piece.len() - 1) => At::LineStart,
            Some(b'\r') => At::AfterCr,
            _ => At::WithinLine,
        };
        piece.len()
    }

    /// Whether the LF at `lf` ends a line, in a run that starts at `from`.
    fn ends_line(&self, piece: &[u8], from: usize, lf: usize) -> bool {
        match self.line_ends {
            LineEnds::Any => true,
            LineEnds::Crlf if lf == from => self.at == At::AfterCr,
            LineEnds::Crlf => piece[lf - 1] == b'\r',
        }
    }
}
