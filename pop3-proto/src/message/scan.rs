//! Is a header ASCII?

/// What is known of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Header {
    /// So far it is ASCII, and it has not ended.
    Undecided,
    /// It is ASCII to its end.
    Ascii,
    /// It is not.
    NonAscii,
}

/// Looks for octets beyond ASCII in the header of a message, piece by piece.
///
/// ```
/// use pop3_proto::message::{Header, HeaderScan};
/// let mut scan = HeaderScan::new();
/// assert_eq!(scan.push(b"Subject: x\r\n"), Header::Undecided);
/// assert_eq!(scan.push("\r\nö".as_bytes()), Header::Ascii);
/// ```
#[derive(Clone, Debug)]
pub struct HeaderScan {
    known: Header,
    line: Line,
}

/// What the current line of the header holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Nothing,
    OnlyCr,
    Something,
}

impl Line {
    /// After these octets, which hold no LF.
    pub(super) fn with(self, octets: &[u8]) -> Self {
        match (self, octets) {
            (line, []) => line,
            (Self::Nothing, b"\r") => Self::OnlyCr,
            _ => Self::Something,
        }
    }
}

impl HeaderScan {
    /// A scan at the start of a message.
    #[must_use]
    pub const fn new() -> Self {
        Self { known: Header::Undecided, line: Line::Nothing }
    }

    /// Looks at the next piece, and tells what is known now. What comes behind the header does not
    /// matter. A message that ends undecided is ASCII.
    pub fn push(&mut self, piece: &[u8]) -> Header {
        let mut rest = piece;
        while self.known == Header::Undecided && !rest.is_empty() {
            let end = memchr::memchr(b'\n', rest);
            let (line, behind) = rest.split_at(end.unwrap_or(rest.len()));
            self.line = self.line.with(line);
            if !line.is_ascii() {
                self.known = Header::NonAscii;
            } else if end.is_some() {
                if self.line != Line::Something {
                    self.known = Header::Ascii;
                }
                self.line = Line::Nothing;
            }
            rest = behind.get(1..).unwrap_or_default();
        }
        self.known
    }
}

impl Default for HeaderScan {
    fn default() -> Self {
        Self::new()
    }
}
