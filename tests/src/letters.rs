//! Letters that break programs, made anew each time.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::random::Random;

/// A letter as it is stored, and what is hard about it.
#[derive(Clone, Debug)]
pub struct Letter {
    /// What is hard about it.
    pub name: String,
    /// Its octets, with whatever line ends.
    pub content: Vec<u8>,
}

impl Letter {
    fn new(name: &str, content: impl Into<Vec<u8>>) -> Self {
        Self { name: name.to_owned(), content: content.into() }
    }

    /// A letter with a header, which makes most programs treat it as one.
    fn with_body(name: &str, body: impl AsRef<[u8]>) -> Self {
        let mut content = format!(
            "From: Mary <mary@example.org>\nTo: Mark <mark@example.org>\n\
             Date: Wed, 1 Oct 2025 12:00:00 +0000\nSubject: {name}\n\
             Message-ID: <{}@example.org>\n\n",
            name.replace(' ', ".")
        )
        .into_bytes();
        content.extend_from_slice(body.as_ref());
        Self::new(name, content)
    }
}

/// Which letters a peer is to carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Set {
    /// Every oddity, one a letter.
    Hard,
    /// One letter of 100 MB.
    Large,
    /// 5,000 small letters.
    Many,
}

impl Set {
    /// All sets.
    pub const ALL: [Self; 3] = [Self::Hard, Self::Large, Self::Many];

    /// What is collected, for the name of a test.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hard => "the hard cases",
            Self::Large => "a letter of 100 MB",
            Self::Many => "5,000 letters",
        }
    }

    /// The letters.
    #[must_use]
    pub fn letters(self) -> Vec<Letter> {
        match self {
            Self::Hard => hard(),
            Self::Large => vec![large(100_000_000)],
            Self::Many => many(5_000),
        }
    }
}

/// One letter for each thing that some program got wrong.
fn hard() -> Vec<Letter> {
    let long = |octets: usize| format!("before\n{}\nafter\n", "0123456789".repeat(octets / 10));
    let exactly_998 = format!("{}\n{}\n", "a".repeat(998), "b".repeat(998));
    vec![
        Letter::with_body("plain", "Hello!\n"),
        Letter::with_body("dots at line starts", ".one\n..two\n...three\nfo.ur\n.\tfive\n"),
        Letter::with_body("a lone dot", "before\n.\nafter\n..\nend\n"),
        Letter::with_body("a lone dot at the end", "before\n."),
        Letter::with_body("a lone dot and CRLF at the end", "before\r\n.\r\n"),
        Letter::new("a dot at the very start", ".dot: first\n\n.\n"),
        Letter::with_body("no final line end", "the last line goes on"),
        Letter::with_body("a bare CR", "one\rtwo\r.\rthree\n"),
        Letter::with_body("a bare CR at the end", "one\r"),
        Letter::with_body("CR CR LF", "one\r\r\ntwo\r\r\n.\r\r\nthree\r\n"),
        Letter::with_body("mixed line ends", "lf\ncrlf\r\nlf\n\r\n\n.\r\n.\nend\r\n"),
        Letter::with_body("998 octets a line", exactly_998),
        Letter::with_body("100,000 octets a line", long(100_000)),
        Letter::with_body("8-bit octets", (0x80..=0xff).chain([b'\n']).collect::<Vec<u8>>()),
        Letter::with_body("every octet but NUL", (1..=255).chain([b'\n']).collect::<Vec<u8>>()),
        Letter::with_body("NUL octets", "a\0b\n\0\n.\0\n\0.\n"),
        Letter::new("an empty letter", ""),
        Letter::new("a header without body", "Subject: a header without body\n"),
        Letter::new("a header and a blank line", "Subject: a header and a blank line\n\n"),
        Letter::new("only a blank line", "\n"),
        Letter::new("no header at all", "\nThis is all body.\n"),
        Letter::with_body("From at line starts", "From me to you\n>From him\n From her\n"),
        Letter::with_body("what looks like replies", "+OK\n-ERR no\n+ \nQUIT\n.\nDELE 1\n"),
        Letter::with_body("many blank lines", "\n\n\n\nend\n\n\n\n"),
        Letter::with_body("white space at line ends", "one \ntwo\t\n \n\t\nend  \n"),
        Letter::with_body("a dot at every line", ".\n".repeat(20_000)),
        Letter::with_body("dots across buffers", dots_across_buffers()),
    ]
}

/// Lines whose lengths walk through every alignment, so that somewhere a buffer ends between CR,
/// LF and each dot, whatever the size of buffers.
fn dots_across_buffers() -> Vec<u8> {
    let mut body = Vec::new();
    for length in (0..400).chain((0..400).rev()) {
        body.extend(std::iter::repeat_n(b'.', length % 7));
        body.extend(std::iter::repeat_n(b'x', length));
        body.push(b'\n');
    }
    body
}

/// A letter of exactly so many octets on disk: text in lines of every usual length, some with dots.
fn large(octets: usize) -> Letter {
    let mut letter = Letter::with_body("large", "");
    let mut random = Random::new(100);
    while letter.content.len() < octets {
        line(&mut letter.content, &mut random);
    }
    letter.content.truncate(octets - 1);
    letter.content.push(b'\n');
    letter
}

fn many(count: usize) -> Vec<Letter> {
    let mut random = Random::new(5_000);
    (0..count)
        .map(|index| {
            let mut letter = Letter::with_body(&format!("letter {index}"), "");
            for _ in 0..1 + random.below(20) {
                line(&mut letter.content, &mut random);
            }
            letter
        })
        .collect()
}

/// One line of up to 76 printable octets, now and then with a dot in front.
fn line(out: &mut Vec<u8>, random: &mut Random) {
    if random.below(10) == 0 {
        out.push(b'.');
    }
    for _ in 0..random.below(76) {
        // Letters and digits alone: nothing that a mail program reads as anything.
        out.push(b"abcdefghijklmnopqrstuvwxyz012345"[random.below(32) as usize]);
    }
    out.push(b'\n');
}

static LAID_OUT: AtomicU64 = AtomicU64::new(0);

/// Lays letters into a Maildir as an MTA would have done long ago, in their order.
///
/// # Errors
/// When the file system fails.
pub fn lay_out(maildir: &Path, letters: &[Letter]) -> io::Result<()> {
    for folder in ["tmp", "new", "cur"] {
        fs::create_dir_all(maildir.join(folder))?;
    }
    for letter in letters {
        // No name is ever used twice, whichever Maildir it is in.
        let index = LAID_OUT.fetch_add(1, Ordering::Relaxed);
        let name = format!("new/{}.M000000P1Q{index}.example", 1_700_000_000 + index);
        fs::File::create_new(maildir.join(name))?.write_all(&letter.content)?;
    }
    Ok(())
}

/// What lies in a Maildir, in the order of the names.
///
/// # Errors
/// When the file system fails.
pub fn collect(maildir: &Path) -> io::Result<Vec<Vec<u8>>> {
    let mut files = Vec::new();
    for folder in ["new", "cur"] {
        match fs::read_dir(maildir.join(folder)) {
            Ok(entries) => {
                for entry in entries {
                    files.push(entry?.path());
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    files.sort_by(|a, b| a.file_name().cmp(&b.file_name()));
    files.iter().map(fs::read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_the_same_in_every_run() {
        for set in [Set::Hard, Set::Many] {
            let contents = |letters: Vec<Letter>| -> Vec<_> {
                letters.into_iter().map(|letter| letter.content).collect()
            };
            assert_eq!(contents(set.letters()), contents(set.letters()));
        }
    }

    #[test]
    fn the_sets_hold_what_they_say() {
        assert_eq!(Set::Many.letters().len(), 5_000);
        assert_eq!(large(100_000).content.len(), 100_000);
        let hard = hard();
        let longest = |line: usize| {
            hard.iter().any(|letter| letter.content.split(|o| *o == b'\n').any(|l| l.len() == line))
        };
        assert!(longest(998) && longest(100_000));
        assert!(hard.iter().any(|letter| letter.content.is_empty()));
        assert!(hard.iter().any(|letter| letter.content.contains(&0)));
    }
}
