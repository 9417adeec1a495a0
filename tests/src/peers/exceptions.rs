//! What peers cannot do: the one table.

use std::process::Command;

use super::Peer;
use super::office::quote_from;
use crate::compare::{Expected, LineEnds, stored_form, wire_form};
use crate::letters::Letter;

/// A letter of which a peer makes something else, through no fault of ours.
#[derive(Debug)]
pub struct Exception {
    /// The peer.
    pub peer: &'static str,
    /// The letter.
    pub letter: &'static str,
    /// What arrives instead.
    pub instead: Instead,
    /// Why.
    pub why: &'static str,
}

/// What arrives instead of a letter.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_enums)]
pub enum Instead {
    /// Nothing can: the letter is not put into the maildrop.
    NotCarried,
    /// This, and exactly this, of what should come over the wire.
    Becomes(fn(&[u8]) -> Vec<u8>),
    /// This, and exactly this, of what lies on disk.
    MadeOfFile(fn(&[u8]) -> Vec<u8>),
}

/// Every exception there is.
pub const EXCEPTIONS: &[Exception] = &[
    Exception {
        peer: "curl",
        letter: "an empty letter",
        instead: Instead::Becomes(|_| b"\r\n".to_vec()),
        why: "curl 7.88 takes the line end before the final dot for content when there is no other",
    },
    Exception {
        peer: "fetchmail",
        letter: "100,000 octets a line",
        instead: Instead::NotCarried,
        why: "fetchmail 6.4 cuts lines at 8,191 octets and puts two octets of its stack at each cut",
    },
    Exception {
        peer: "fetchmail",
        letter: "a header without body",
        instead: Instead::Becomes(|letter| [letter, b"\r\n"].concat()),
        why: "fetchmail ends every header with a blank line",
    },
    Exception {
        peer: "fetchmail",
        letter: "an empty letter",
        instead: Instead::Becomes(under_fetchmails_header),
        why: FETCHMAILS_HEADER,
    },
    Exception {
        peer: "fetchmail",
        letter: "only a blank line",
        instead: Instead::Becomes(under_fetchmails_header),
        why: FETCHMAILS_HEADER,
    },
    Exception {
        peer: "fetchmail",
        letter: "no header at all",
        instead: Instead::Becomes(under_fetchmails_header),
        why: FETCHMAILS_HEADER,
    },
    Exception {
        peer: "dovecot",
        letter: "an empty letter",
        instead: Instead::Becomes(|_| b"\r\n".to_vec()),
        why: "dovecot 2.3 supplies the last line end of a letter that has no lines",
    },
    Exception {
        peer: "dovecot",
        letter: "a dot at the very start",
        instead: Instead::Becomes(|letter| letter.strip_prefix(b".").unwrap_or(letter).to_vec()),
        why: "dovecot 2.3 does not double a dot that is the first octet of a letter",
    },
    Exception {
        peer: "courier",
        letter: "an empty letter",
        instead: Instead::Becomes(|_| b"\r\n".to_vec()),
        why: "courier 1.0 supplies the last line end of a letter that has no lines",
    },
    Exception {
        peer: "courier",
        letter: "a dot at the very start",
        instead: Instead::Becomes(|letter| letter.strip_prefix(b".").unwrap_or(letter).to_vec()),
        why: "courier 1.0 does not double a dot that is the first octet of a letter",
    },
    Exception {
        peer: "courier",
        letter: "a lone dot and CRLF at the end",
        instead: Instead::MadeOfFile(with_cr_before_every_lf),
        why: COURIERS_CR,
    },
    Exception {
        peer: "courier",
        letter: "CR CR LF",
        instead: Instead::MadeOfFile(with_cr_before_every_lf),
        why: COURIERS_CR,
    },
    Exception {
        peer: "courier",
        letter: "mixed line ends",
        instead: Instead::MadeOfFile(with_cr_before_every_lf),
        why: COURIERS_CR,
    },
    Exception {
        peer: "mailutils",
        letter: "an empty letter",
        instead: Instead::NotCarried,
        why: MAILUTILS_HEADER,
    },
    Exception {
        peer: "mailutils",
        letter: "a header without body",
        instead: Instead::NotCarried,
        why: MAILUTILS_HEADER,
    },
    Exception {
        peer: "mailutils",
        letter: "From at line starts",
        instead: Instead::Becomes(|letter| {
            String::from_utf8_lossy(letter).replace("\n>From", "\nFrom").into_bytes()
        }),
        why: "an mbox quotes lines that begin with From, and mailutils takes a quote off lines \
              that had one before, too",
    },
    Exception {
        peer: "popa3d",
        letter: "a header without body",
        instead: Instead::Becomes(|letter| [letter, b"\r\n"].concat()),
        why: "an mbox has a blank line between letters, and popa3d takes it for the header's end",
    },
    Exception {
        peer: "popa3d",
        letter: "an empty letter",
        instead: Instead::Becomes(|_| b"\r\n".to_vec()),
        why: "an mbox has a blank line between letters, and popa3d takes it for this one's content",
    },
    Exception {
        peer: "popa3d",
        letter: "From at line starts",
        instead: Instead::Becomes(quote_from),
        why: "an mbox must quote such lines, and popa3d does not take the quotes off",
    },
];

const MAILUTILS_HEADER: &str = "an mbox has a blank line between letters; mailutils 3.15 takes it \
    for the header's end and then the next letter for the body";

const COURIERS_CR: &str = "courier 1.0 puts a CR before every LF of a file, also behind a CR";

fn with_cr_before_every_lf(file: &[u8]) -> Vec<u8> {
    let lines = file.split_inclusive(|octet| *octet == b'\n');
    lines
        .flat_map(|line| [line.strip_suffix(b"\n").unwrap_or(line), b"\r\n"])
        .collect::<Vec<_>>()
        .concat()
}

const FETCHMAILS_HEADER: &str = "fetchmail gives a letter without a header one of its own";

fn under_fetchmails_header(letter: &[u8]) -> Vec<u8> {
    let header = format!(
        "From: FETCHMAIL-DAEMON\r\nTo: {}@{}\r\n\
         Subject: Headerless mail from mark's mailbox on localhost\r\n\r\n",
        said_by("id", "-un").unwrap_or_default(),
        said_by("hostname", "--fqdn").or_else(|| said_by("hostname", "-s")).unwrap_or_default()
    );
    [header.as_bytes(), letter.strip_prefix(b"\r\n").unwrap_or(letter)].concat()
}

/// What a program says about this machine, as fetchmail finds it out for itself.
fn said_by(program: &str, option: &str) -> Option<String> {
    let output = Command::new(program).arg(option).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The letters that a peer is given, and what must arrive of each.
#[must_use]
pub fn expected(
    peer: &Peer,
    line_ends: LineEnds,
    letters: Vec<Letter>,
) -> (Vec<Letter>, Vec<Expected>) {
    let mut carried = Vec::new();
    let mut expected = Vec::new();
    for letter in letters {
        let exception = EXCEPTIONS.iter().find(|e| e.peer == peer.name && e.letter == letter.name);
        let wire = wire_form(&letter.content);
        let wire = match exception.map(|exception| exception.instead) {
            None => wire,
            Some(Instead::Becomes(change)) => change(&wire),
            Some(Instead::MadeOfFile(change)) => change(&letter.content),
            Some(Instead::NotCarried) => continue,
        };
        let content = stored_form(&wire, line_ends);
        expected.push(Expected { name: letter.name.clone(), content });
        carried.push(letter);
    }
    (carried, expected)
}
