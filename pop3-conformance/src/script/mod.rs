//! Sessions as readable text: what each side says, a line each.
//!
//! | line | meaning |
//! |---|---|
//! | `C: text` | the client sends this line; lines that follow one another go in one segment |
//! | `C- text` | the client sends this as it is, without a line end |
//! | `C/ text` | the client sends this line, each octet in a segment of its own |
//! | `S: text` | the server says this line; `…` in it stands for any text |
//! | `S~ expression` | the server says a line of this form (a regular expression; the line comes without its CRLF) |
//! | `S*` | the server says any lines, up to one that fits the next `S:` or `S~` |
//! | `S reply text` | the server says a whole reply, of one line or several, whose first line is this |
//! | `S or skip text` | the same; if it says something else the case cannot decide |
//! | `S same name` | the server says a whole reply; all replies of that name in a case are alike |
//! | `S letter n` | the server sends letter n of the fixture, octet for octet |
//! | `S top n m` | the server sends the head of letter n and m lines of its body |
//! | `S nothing` | the server says nothing for half a second |
//! | `S may end` | if the server closes the connection here, the case has ended well |
//! | `S ends` | the server closes the connection without another word |
//! | `login` | the user logs in, by whatever way the server has |
//! | `login by name` | the user logs in by this SASL mechanism; if not let in the case cannot decide |
//! | `tls` | the TLS handshake begins with the next octet |
//! | `line n` | what follows happens on connection n, which is opened if need be |
//! | `---` | the session is over, and another begins on the same maildrop |
//! | `hang up` | the client closes the connection without a word |
//! | `half close` | the client says that it will send no more, and goes on reading |
//! | `wait n` | n seconds pass |
//! | `deliver text` | a letter arrives |
//! | `vanish` | every letter is taken away behind the server's back |
//! | `M: 1 3` | the maildrop now holds letters 1 and 3 of the fixture and nothing else |
//!
//! What the texts may hold is said in [`text`]. A session begins with the greeting: one that
//! nothing is said of must be positive.

pub mod text;

use std::fmt;

use regex::bytes::Regex;

use crate::case::Unreadable;

/// One line of a script.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Step {
    /// `C:` or `C-`: octets of the client.
    Client(String),
    /// `C/`: octets of the client, one at a time.
    ClientOctetwise(String),
    /// `S:`: a line of the server.
    Server(String),
    /// `S~`: a line of the server of this form.
    ServerForm(Regex),
    /// `S*`: lines of the server that do not matter.
    Skip,
    /// `S reply`: a whole reply.
    Reply(String),
    /// `S or skip`: a whole reply without which the case cannot decide.
    ReplyOrSkip(String),
    /// `S same`: a whole reply like the others of that name.
    Same(String),
    /// `S letter`: a letter of the fixture, counted from 1.
    Letter(usize),
    /// `S top`: the head of a letter and so many lines of its body.
    Top(usize, usize),
    /// `S nothing`.
    Nothing,
    /// `S may end`.
    MayEnd,
    /// `S ends`.
    Ends,
    /// `login`.
    Login,
    /// `login by`, with the name of a mechanism.
    LoginBy(String),
    /// `tls`.
    Tls,
    /// `line n`, counted from 1.
    Line(usize),
    /// `---`.
    NextSession,
    /// `hang up`.
    HangUp,
    /// `half close`.
    HalfClose,
    /// `wait`, in seconds.
    Wait(u64),
    /// `deliver`.
    Deliver(String),
    /// `vanish`.
    Vanish,
    /// `M:`: which letters of the fixture the maildrop holds, counted from 1.
    Holds(Vec<usize>),
}

impl Step {
    /// Reads a line.
    ///
    /// # Errors
    /// When it is none of the forms above.
    pub fn parse(line: &str) -> Result<Self, String> {
        let odd = || format!("what is {line:?}?");
        let number = |text: &str| text.trim().parse::<usize>().map_err(|_| odd());
        let (sign, text) = line.split_once(' ').unwrap_or((line, ""));
        Ok(match (sign, text) {
            ("C:", text) => Self::Client(format!("{text}\\r\\n")),
            ("C-", text) => Self::Client(text.to_owned()),
            ("C/", text) => Self::ClientOctetwise(format!("{text}\\r\\n")),
            ("S:", text) => Self::Server(text.to_owned()),
            ("S~", text) => {
                let form = regex::bytes::RegexBuilder::new(text).unicode(false).build();
                Self::ServerForm(form.map_err(|error| error.to_string())?)
            }
            ("S*", "") => Self::Skip,
            ("S", "nothing") => Self::Nothing,
            ("S", "may end") => Self::MayEnd,
            ("S", "ends") => Self::Ends,
            ("S", text) => Self::expectation(text).ok_or_else(odd)?,
            ("login", "") => Self::Login,
            ("login", by) => Self::LoginBy(by.strip_prefix("by ").ok_or_else(odd)?.to_owned()),
            ("tls", "") => Self::Tls,
            ("line", text) => Self::Line(number(text)?),
            ("---", "") => Self::NextSession,
            ("hang", "up") => Self::HangUp,
            ("half", "close") => Self::HalfClose,
            ("wait", text) => Self::Wait(text.parse().map_err(|_| odd())?),
            ("vanish", "") => Self::Vanish,
            ("deliver", text) => Self::Deliver(text.to_owned()),
            ("M:", text) => {
                Self::Holds(text.split_whitespace().map(number).collect::<Result<_, _>>()?)
            }
            _ => return Err(odd()),
        })
    }

    /// What follows `S` alone.
    fn expectation(text: &str) -> Option<Self> {
        let (what, rest) = text.split_once(' ')?;
        Some(match what {
            "reply" => Self::Reply(rest.to_owned()),
            "or" => Self::ReplyOrSkip(rest.strip_prefix("skip ")?.to_owned()),
            "same" => Self::Same(rest.to_owned()),
            "letter" => Self::Letter(rest.parse().ok()?),
            "top" => {
                let (letter, lines) = rest.split_once(' ')?;
                Self::Top(letter.parse().ok()?, lines.parse().ok()?)
            }
            _ => return None,
        })
    }
}

/// Reads the lines of a script, each with its number in the file.
///
/// # Errors
/// When a line is none of the forms above.
pub fn parse<'a>(
    lines: impl IntoIterator<Item = (usize, &'a str)>,
) -> Result<Vec<(usize, Step)>, Unreadable> {
    lines
        .into_iter()
        .map(|(number, line)| match Step::parse(line) {
            Ok(step) => Ok((number, step)),
            Err(what) => Err(Unreadable::new(number, what)),
        })
        .collect()
}

impl fmt::Display for Step {
    /// What it asks for, as a reader of a report wants it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(text) | Self::ClientOctetwise(text) => write!(f, "the client says {text}"),
            Self::Server(text) => write!(f, "{text}"),
            Self::ServerForm(form) => write!(f, "a line of the form {form}"),
            Self::Skip => write!(f, "any lines"),
            Self::Reply(text) | Self::ReplyOrSkip(text) => write!(f, "a whole reply: {text}"),
            Self::Same(_) => write!(f, "the same reply as before"),
            Self::Letter(n) => write!(f, "letter {n}, octet for octet"),
            Self::Top(n, lines) => {
                write!(f, "the head of letter {n}, the blank line and {lines} lines of its body")
            }
            Self::Nothing => write!(f, "no word"),
            Self::MayEnd => write!(f, "the end of the connection, or more"),
            Self::Ends => write!(f, "the end of the connection"),
            Self::Login => write!(f, "a login"),
            Self::LoginBy(mechanism) => write!(f, "a login by {mechanism}"),
            Self::Tls => write!(f, "a TLS handshake"),
            Self::Line(n) => write!(f, "connection {n}"),
            Self::NextSession => write!(f, "another session"),
            Self::HangUp | Self::HalfClose => write!(f, "nothing more"),
            Self::Wait(seconds) => write!(f, "patience for {seconds} seconds"),
            Self::Deliver(_) => write!(f, "a letter delivered"),
            Self::Vanish => write!(f, "letters taken away"),
            Self::Holds(letters) => write!(f, "a maildrop with letters {letters:?} alone"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_no_known_form_is_an_error() {
        for line in [
            "X: what",
            "S",
            "S what",
            "S top 1",
            "S letter x",
            "S~ (",
            "login now",
            "wait",
            "line",
            "hang",
            "M: a",
            "S or else",
            "---- ",
        ] {
            assert!(Step::parse(line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn every_known_form_is_read() {
        let text = "C: a\nC- a\nC/ a\nS: +OK…\nS: \nS~ ^\\+OK \\d+$\nS*\nS reply +OK…\nS or skip +OK…\n\
                    S same x\nS letter 1\nS top 1 0\nS nothing\nS may end\nS ends\nlogin\nlogin by PLAIN\ntls\nline 2\n\
                    ---\nhang up\nhalf close\nwait 3\ndeliver x\nvanish\nM: 1 3\nM: \n";
        assert_eq!(parse((1..).zip(text.lines())).unwrap().len(), 27);
    }
}
