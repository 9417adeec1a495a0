//! The header of a message, turned into ASCII.

use alloc::vec::Vec;
use core::num::NonZeroUsize;

use super::field;
use super::scan::Line;

/// Turns the header of a message into ASCII, piece by piece, as RFC 6858 says:
///
/// - words of Subject, Comments, Content-Description and of fields that begin with `X-` become
///   encoded words (RFC 2047), and so do names in address fields;
/// - an address that is not ASCII becomes
///   `name-and-address <invalid@internationalized-address.invalid>`, so that nobody answers to it;
/// - parameters of Content-Type and Content-Disposition become extended ones (RFC 2231);
/// - any other field that is not ASCII is left out.
///
/// Fields in ASCII, and the body, pass as they are. So do their line ends. One field is held at a
/// time; in one that is longer than the limit, octets beyond ASCII become question marks. What a
/// field is turned into has at most four times the limit; where it would have more, the field is
/// left out.
///
/// The message changes its size, so that LIST and STAT do not tell the octets of what is sent
/// (RFC 6856, section 2.1, allows that for STAT alone and advises against it for LIST).
#[derive(Clone, Debug)]
pub struct Downgrader {
    limit: usize,
    part: Part,
    line: Line,
    /// The field that has not ended, with its line ends.
    held: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Header,
    /// Within a field that is too long to be held.
    LongField,
    Body,
}

impl Downgrader {
    /// How long a field may be by default, in octets.
    pub const FIELD: NonZeroUsize = NonZeroUsize::new(65_536).unwrap();

    /// A downgrader at the start of a message.
    #[must_use]
    pub const fn new() -> Self {
        Self::with_limit(Self::FIELD)
    }

    /// A downgrader that holds fields of at most so many octets.
    #[must_use]
    pub const fn with_limit(limit: NonZeroUsize) -> Self {
        Self { limit: limit.get(), part: Part::Header, line: Line::Nothing, held: Vec::new() }
    }

    /// Takes the next piece up to the end of a line in the header, or all of it in the body; hands
    /// on what is ready, and says how much it took: something, unless the piece is empty.
    pub fn push(&mut self, piece: &[u8], mut ready: impl FnMut(&[u8])) -> usize {
        if self.part == Part::Body {
            if !piece.is_empty() {
                ready(piece);
            }
            return piece.len();
        }
        let Some(first) = piece.first() else { return 0 };
        if self.line == Line::Nothing && !matches!(first, b' ' | b'\t') {
            // A line that does not go on with a field ends it.
            self.flush(&mut ready);
        }
        let end = memchr::memchr(b'\n', piece);
        let taken = end.map_or(piece.len(), |lf| lf + 1);
        let (line, _) = piece.split_at(taken);
        self.line = self.line.with(&line[..end.unwrap_or(taken)]);
        self.hold(line, &mut ready);
        if end.is_some() {
            if self.line != Line::Something {
                self.flush(&mut ready);
                self.part = Part::Body;
            }
            self.line = Line::Nothing;
        }
        taken
    }

    /// Takes a whole piece.
    pub fn push_all(&mut self, mut piece: &[u8], mut ready: impl FnMut(&[u8])) {
        while !piece.is_empty() {
            let taken = self.push(piece, &mut ready);
            piece = &piece[taken..];
        }
    }

    /// Ends the message: hands on what was held.
    pub fn finish(mut self, mut ready: impl FnMut(&[u8])) {
        self.flush(&mut ready);
    }

    fn hold(&mut self, octets: &[u8], ready: &mut impl FnMut(&[u8])) {
        if self.part == Part::Header && self.held.len() + octets.len() > self.limit {
            self.part = Part::LongField;
            let held = core::mem::take(&mut self.held);
            masked(&held, ready);
        }
        match self.part {
            Part::LongField => masked(octets, ready),
            _ => self.held.extend_from_slice(octets),
        }
    }

    /// A field, or the blank line, has ended.
    fn flush(&mut self, ready: &mut impl FnMut(&[u8])) {
        if self.part == Part::LongField {
            self.part = Part::Header;
        }
        if self.held.is_ascii() {
            if !self.held.is_empty() {
                ready(&self.held);
            }
        } else if let Some(field) = field::downgraded(&self.held)
            && field.len() <= 4 * self.limit
        {
            ready(&field);
        }
        self.held.clear();
    }
}

impl Default for Downgrader {
    fn default() -> Self {
        Self::new()
    }
}

/// Hands on octets with a question mark in place of each that is not ASCII.
fn masked(octets: &[u8], ready: &mut impl FnMut(&[u8])) {
    for run in octets.chunk_by(|a, b| a.is_ascii() == b.is_ascii()) {
        if run.is_ascii() {
            ready(run);
        } else {
            run.iter().for_each(|_| ready(b"?"));
        }
    }
}
