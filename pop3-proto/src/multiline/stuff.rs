//! From a stored message to the wire.

use bytes::{BufMut, BytesMut};

use crate::types::Octets;

/// The one octet of context that sending needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    LineEnd,
    Cr,
    Other,
}

impl Last {
    fn after(self, piece: &[u8]) -> Self {
        match piece.last() {
            None => self,
            Some(b'\n') => Self::LineEnd,
            Some(b'\r') => Self::Cr,
            Some(_) => Self::Other,
        }
    }
}

/// Whether the LF at `lf` in `piece` has no CR before it; `last` is what came before the piece.
fn is_bare(last: Last, piece: &[u8], lf: usize) -> bool {
    if lf == 0 { last != Last::Cr } else { piece[lf - 1] != b'\r' }
}

/// Counts the octets that a message has on the wire, without stuffing and terminator: what LIST
/// and STAT announce (RFC 1939, section 11).
///
/// ```
/// use pop3_proto::{Octets, multiline::Counter};
/// let mut counter = Counter::new();
/// counter.push(b"two\nlines");
/// assert_eq!(counter.finish(), Octets(3 + 2 + 5 + 2));
/// ```
#[derive(Clone, Debug)]
pub struct Counter {
    last: Last,
    octets: u64,
}

impl Counter {
    /// A counter at the start of a message.
    #[must_use]
    pub const fn new() -> Self {
        Self { last: Last::LineEnd, octets: 0 }
    }

    /// Counts the next piece of the message, of any size and with any line ends.
    pub fn push(&mut self, piece: &[u8]) {
        let bare = memchr::memchr_iter(b'\n', piece).filter(|lf| is_bare(self.last, piece, *lf));
        self.octets += (piece.len() + bare.count()) as u64;
        self.last = self.last.after(piece);
    }

    /// The octets of the whole message; a missing final line end counts as supplied.
    #[must_use]
    pub const fn finish(self) -> Octets {
        let supplied = match self.last {
            Last::LineEnd => 0,
            Last::Cr | Last::Other => 2,
        };
        Octets(self.octets + supplied)
    }
}

impl Default for Counter {
    fn default() -> Self {
        Self::new()
    }
}

/// Sends a message: line ends become CRLF, leading dots are doubled, the final line end is
/// supplied when missing, the terminator follows.
///
/// The output is at most twice the input and five octets.
#[derive(Clone, Debug)]
pub struct Stuffer {
    last: Last,
    octets: u64,
}

impl Stuffer {
    /// A stuffer at the start of a message.
    #[must_use]
    pub const fn new() -> Self {
        Self { last: Last::LineEnd, octets: 0 }
    }

    /// Appends the next piece of the message to `out`; pieces have any size and any line ends.
    pub fn push(&mut self, piece: &[u8], out: &mut BytesMut) {
        let Some(first) = piece.first() else { return };
        out.reserve(piece.len() + piece.len() / 16 + 2);
        if self.last == Last::LineEnd && *first == b'.' {
            out.put_u8(b'.');
        }
        // What needs no change goes out in runs as long as possible.
        let mut run = 0;
        let mut bare = 0;
        for lf in memchr::memchr_iter(b'\n', piece) {
            if is_bare(self.last, piece, lf) {
                out.extend_from_slice(&piece[run..lf]);
                out.put_u8(b'\r');
                run = lf;
                bare += 1;
            }
            if piece.get(lf + 1) == Some(&b'.') {
                out.extend_from_slice(&piece[run..=lf]);
                out.put_u8(b'.');
                run = lf + 1;
            }
        }
        out.extend_from_slice(&piece[run..]);
        self.octets += piece.len() as u64 + bare;
        self.last = self.last.after(piece);
    }

    /// Ends the message: a final line end where it is missing, then the terminator. Returns the
    /// octets that were sent, counted as LIST announces them.
    pub fn finish(self, out: &mut BytesMut) -> Octets {
        let mut octets = self.octets;
        if self.last != Last::LineEnd {
            out.extend_from_slice(b"\r\n");
            octets += 2;
        }
        out.extend_from_slice(b".\r\n");
        Octets(octets)
    }
}

impl Default for Stuffer {
    fn default() -> Self {
        Self::new()
    }
}
