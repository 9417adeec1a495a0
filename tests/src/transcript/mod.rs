//! Sessions as readable text.
//!
//! A transcript begins with a head of `name: value` lines; a blank line ends it. Then, a line each:
//!
//! | line | meaning |
//! |---|---|
//! | `C: text` | the client sends this line; lines that follow one another go in one segment |
//! | `C- text` | the client sends this as it is, without a line end |
//! | `S: text` | the server sends this line; `…` in it stands for any text |
//! | `S*` | the server sends any lines, up to one that matches the next `S:` |
//! | `---` | the session is over, and another begins on the same maildrop |
//! | `hang up` | the client closes the connection without a word |
//! | `> call` | our client is asked to do this (`side: client` alone) |
//! | `= text` | which gives this |
//! | `! text` | or fails so |
//!
//! All but the last three are those of [`pop3_conformance::script`], which says what the texts may
//! hold. A session ends with the end of the connection.
//!
//! The head says `side: server` (the script plays the client, our server answers) or
//! `side: client` (the script plays the server, our client calls), and what is in the maildrop:
//! `octets: 120 200` for letters of these sizes, `letter: text` for a letter as it is. See
//! [`Head`] for the rest.

mod against_client;
mod against_server;

use std::fmt;

use pop3_conformance::script;
use pop3_conformance::script::text::{NoNames, octets};

pub use against_client::play_server;
pub use against_server::play_client;

/// A transcript, taken apart.
#[derive(Debug)]
pub struct Transcript {
    /// What stands before the first blank line.
    pub head: Head,
    /// What is said and done, with the number of the line in the file.
    pub steps: Vec<(usize, Step)>,
}

/// What a transcript presupposes.
#[derive(Debug, Default)]
pub struct Head {
    /// `side: client`: our client is under test, not our server.
    pub client_side: bool,
    /// `octets: …` and `letter: …`: what is in the maildrop.
    pub letters: Vec<Vec<u8>>,
    /// `apop: yes`: the user logs in by APOP and by nothing else.
    pub apop: bool,
    /// `greeting: text`: what the server says first.
    pub greeting: Option<String>,
    /// `without: TAG`: a capability that the server does not have.
    pub without: Vec<String>,
    /// `with: LINE`: a capability that the server has by no default.
    pub with: Vec<String>,
    /// `utf8 headers: refuse`: what becomes of UTF-8 in headers for a client without UTF8, unless
    /// they are downgraded.
    pub refuses_utf8_headers: bool,
    /// `trusted: yes`: the client is one that may use XCLIENT.
    pub trusted: bool,
    /// `bad commands: n`: so many in a row end the session.
    pub bad_commands: Option<u32>,
}

/// One line of a transcript.
#[derive(Clone, Debug)]
pub enum Step {
    /// What one side says or does, in the language of the conformance cases.
    Said(script::Step),
    /// `>`: a call.
    Call(String),
    /// `=`: what it gives.
    Gives(String),
    /// `!`: how it fails.
    Fails(String),
}

/// Why a transcript did not go as written.
#[derive(Debug)]
pub struct Departure {
    /// The line of the transcript.
    pub line: usize,
    /// What was different.
    pub what: String,
}

impl fmt::Display for Departure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl Departure {
    fn new(line: usize, what: impl fmt::Display) -> Self {
        Self { line, what: what.to_string() }
    }
}

impl Transcript {
    /// Takes a transcript apart.
    ///
    /// # Errors
    /// When a line is none of the forms above.
    pub fn parse(text: &str) -> Result<Self, Departure> {
        let mut head = Head::default();
        let mut steps = Vec::new();
        let mut in_head = true;
        for (number, line) in (1..).zip(text.lines()) {
            match line {
                _ if line.starts_with('#') => {}
                "" => in_head &= steps.is_empty() && number == 1,
                _ if in_head => head.line(line).map_err(|what| Departure::new(number, what))?,
                _ => {
                    let step = Step::parse(line).map_err(|what| Departure::new(number, what))?;
                    steps.push((number, step));
                }
            }
        }
        if steps.is_empty() {
            return Err(Departure::new(0, "nothing is said"));
        }
        Ok(Self { head, steps })
    }
}

impl Head {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let (name, value) = line.split_once(':').ok_or("no colon in the head")?;
        let value = value.trim();
        match (name, value) {
            ("side", "server") => self.client_side = false,
            ("side", "client") => self.client_side = true,
            ("apop", "yes") => self.apop = true,
            ("greeting", text) => self.greeting = Some(text.to_owned()),
            ("with", line) => self.with.push(line.to_owned()),
            ("utf8 headers", "refuse") => self.refuses_utf8_headers = true,
            ("trusted", "yes") => self.trusted = true,
            ("without", tag) => self.without.push(tag.to_owned()),
            ("bad commands", n) => {
                self.bad_commands = Some(n.parse().map_err(|_| "not a number")?);
            }
            ("letter", content) => self.letters.push(octets(content, &NoNames)?),
            ("octets", sizes) => {
                for size in sizes.split(' ') {
                    let size = size.parse().map_err(|_| "not a size")?;
                    self.letters.push(letter_of(size));
                }
            }
            _ => return Err(format!("nothing is known of {line:?}")),
        }
        Ok(())
    }
}

impl Step {
    fn parse(line: &str) -> Result<Self, String> {
        let (sign, text) = line.split_once(' ').unwrap_or((line, ""));
        Ok(match sign {
            ">" => Self::Call(text.to_owned()),
            "=" => Self::Gives(text.to_owned()),
            "!" => Self::Fails(text.to_owned()),
            _ => Self::Said(script::Step::parse(line)?),
        })
    }
}

/// A letter of exactly so many octets, in lines.
///
/// # Panics
/// When the size is too small for a header and a body.
#[must_use]
pub fn letter_of(size: usize) -> Vec<u8> {
    let mut letter = format!("Subject: {size} octets\r\n\r\n").into_bytes();
    assert!(size >= letter.len() + 3, "{size} octets are too few for a letter");
    while letter.len() < size {
        // What is left over from full lines goes into the last one, never less than "x CRLF".
        let left = size - letter.len();
        let line = if left >= 70 + 3 { 70 } else { left };
        letter.extend(std::iter::repeat_n(b'x', line - 2));
        letter.extend_from_slice(b"\r\n");
    }
    letter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_has_exactly_the_size_that_was_asked_for() {
        for size in [27, 2_718, 3_177, 4_353, 4_354, 4_355] {
            let letter = letter_of(size);
            assert_eq!(letter.len(), size);
            assert!(letter.ends_with(b"x\r\n"));
        }
    }

    #[test]
    fn a_line_of_no_known_form_is_an_error() {
        for text in ["\nX: what\n", "side: left\n\nC: a\n", "# only comments\n"] {
            assert!(Transcript::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn head_and_steps_are_told_apart_by_a_blank_line() {
        let text = "# why\nside: client\napop: yes\n\nS: +OK\n# note\n> quit\n= bye\n";
        let transcript = Transcript::parse(text).unwrap();
        assert!(transcript.head.client_side && transcript.head.apop);
        let lines: Vec<usize> = transcript.steps.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [5, 7, 8]);
    }
}
