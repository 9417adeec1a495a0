//! Where an input is cut.
//!
//! The first line of an input says so, and what is cut stands behind it. Each character of that
//! line is the length of a piece, over and over: `1` is one octet, `a` is 49, what stands before
//! `0` in ASCII is more than 200. An empty line cuts nothing. So seeds can be written by hand, and
//! a dictionary fits them.
//!
//! An `s` in front of them, which is no length, makes a connection forgive nothing.

pub(crate) struct Cuts<'a>(&'a [u8]);

impl<'a> Cuts<'a> {
    /// No cuts at all: one piece.
    pub(crate) const NONE: Self = Self(b"");
    /// As many cuts as there can be.
    pub(crate) const EVERYWHERE: Self = Self(b"1");

    /// The pieces, none of them empty.
    pub(crate) fn pieces(&self, mut octets: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let mut lengths = self.0.iter().map(|length| length.wrapping_sub(b'0').max(1)).cycle();
        std::iter::from_fn(move || {
            let length = lengths.next().map_or(usize::MAX, usize::from).min(octets.len());
            let (piece, rest) = octets.split_at(length);
            octets = rest;
            (!piece.is_empty()).then_some(piece)
        })
    }
}

/// How an input is to be played.
pub(crate) struct Input<'a> {
    pub(crate) strict: bool,
    pub(crate) cuts: Cuts<'a>,
    pub(crate) octets: &'a [u8],
}

impl<'a> Input<'a> {
    pub(crate) fn of(input: &'a [u8]) -> Self {
        let (line, octets) = first_line(input);
        let strict = line.starts_with(b"s");
        Self { strict, cuts: Cuts(&line[usize::from(strict)..]), octets }
    }
}

/// The first line without its LF, and the rest.
pub(crate) fn first_line(input: &[u8]) -> (&[u8], &[u8]) {
    match input.iter().position(|octet| *octet == b'\n') {
        Some(end) => (&input[..end], &input[end + 1..]),
        None => (&[], input),
    }
}
