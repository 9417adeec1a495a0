//! Where TOP stops.

/// Finds where the answer to TOP ends: behind the blank line and as many lines of the body as were
/// asked for (RFC 1939, section 7).
///
/// A message without a blank line is all header and is sent whole.
///
/// ```
/// use pop3_proto::multiline::TopLimit;
/// let message = b"Subject: x\n\none\ntwo\nthree\n";
/// let mut top = TopLimit::new(1);
/// assert_eq!(&message[..top.take(message)], b"Subject: x\n\none\n");
/// assert!(top.is_reached());
/// ```
#[derive(Clone, Debug)]
pub struct TopLimit {
    part: Part,
    lines: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Header(Line),
    Body,
    Beyond,
}

/// How much of the current header line was seen, as far as it matters for "is it blank?".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Nothing,
    OnlyCr,
    Something,
}

impl TopLimit {
    /// The limit for `TOP n lines`; 0 is the header and the blank line.
    #[must_use]
    pub const fn new(lines: u64) -> Self {
        Self { part: Part::Header(Line::Nothing), lines }
    }

    /// How many octets at the start of this next piece of the message belong to the answer.
    pub fn take(&mut self, piece: &[u8]) -> usize {
        let mut taken = 0;
        while taken < piece.len() {
            match self.part {
                Part::Beyond => break,
                Part::Header(line) => taken += self.header(line, &piece[taken..]),
                Part::Body => match memchr::memchr(b'\n', &piece[taken..]) {
                    None => return piece.len(),
                    Some(end) => {
                        taken += end + 1;
                        self.body_line();
                    }
                },
            }
        }
        taken
    }

    /// Whether all that was asked for has been taken.
    #[must_use]
    pub fn is_reached(&self) -> bool {
        self.part == Part::Beyond
    }

    fn header(&mut self, line: Line, rest: &[u8]) -> usize {
        let (end, seen) = match memchr::memchr(b'\n', rest) {
            None => (rest.len(), rest),
            Some(end) => (end + 1, &rest[..end]),
        };
        let line = match (line, seen) {
            (line, []) => line,
            (Line::Nothing, b"\r") => Line::OnlyCr,
            _ => Line::Something,
        };
        let complete = seen.len() < end;
        self.part = match (complete, line) {
            (false, line) => Part::Header(line),
            (true, Line::Something) => Part::Header(Line::Nothing),
            (true, Line::Nothing | Line::OnlyCr) if self.lines == 0 => Part::Beyond,
            (true, Line::Nothing | Line::OnlyCr) => Part::Body,
        };
        end
    }

    fn body_line(&mut self) {
        self.lines -= 1;
        if self.lines == 0 {
            self.part = Part::Beyond;
        }
    }
}
