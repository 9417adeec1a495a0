//! A maildrop as RFC 1939 describes it, slow and obvious.

use std::collections::BTreeSet;

/// What a client is told about one command: refused, or its items and its body.
pub(crate) type Told = Option<(Vec<String>, Vec<u8>)>;

pub(crate) struct Model {
    /// The messages with CRLF ends.
    letters: Vec<Vec<u8>>,
    pub(crate) marked: BTreeSet<u32>,
}

impl Model {
    pub(crate) fn new(letters: &[Vec<u8>]) -> Self {
        Self {
            letters: letters.iter().map(|letter| crlf(letter)).collect(),
            marked: BTreeSet::new(),
        }
    }

    /// What a command is answered by, given as words.
    pub(crate) fn answer(&mut self, line: &str) -> Told {
        let mut words = line.split(' ');
        let keyword = words.next().unwrap();
        let mut number = || words.next().map(|word| word.parse::<u32>().unwrap());
        let (first, second) = (number(), number());
        if let Some(first) = first
            && !self.numbers().any(|(number, _)| number == first)
        {
            return None;
        }
        let items = |items: Vec<String>| Some((items, Vec::new()));
        match (keyword, first) {
            ("STAT", _) => {
                let octets: usize = self.numbers().map(|(_, letter)| letter.len()).sum();
                items(vec![format!("{} {octets}", self.numbers().count())])
            }
            ("LIST", None) => {
                items(self.numbers().map(|(n, letter)| format!("{n} {}", letter.len())).collect())
            }
            ("LIST", Some(n)) => items(vec![format!("{n} {}", self.letter(n).len())]),
            ("UIDL", None) => items(self.numbers().map(|(n, _)| format!("{n} id-{n}")).collect()),
            ("UIDL", Some(n)) => items(vec![format!("{n} id-{n}")]),
            ("RETR", Some(n)) => Some((Vec::new(), self.letter(n).to_vec())),
            ("TOP", Some(n)) => Some((Vec::new(), top(self.letter(n), second.unwrap()))),
            ("DELE", Some(n)) => {
                self.marked.insert(n);
                items(Vec::new())
            }
            ("RSET", _) => {
                self.marked.clear();
                items(Vec::new())
            }
            ("NOOP", _) => items(Vec::new()),
            _ => None,
        }
    }

    fn letter(&self, number: u32) -> &[u8] {
        &self.letters[number as usize - 1]
    }

    /// The messages that are not marked, with their numbers.
    fn numbers(&self) -> impl Iterator<Item = (u32, &[u8])> {
        let all = (1..).zip(self.letters.iter().map(Vec::as_slice));
        all.filter(|(number, _)| !self.marked.contains(number))
    }
}

fn crlf(letter: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for octet in letter {
        if *octet == b'\n' && out.last() != Some(&b'\r') {
            out.push(b'\r');
        }
        out.push(*octet);
    }
    if !out.is_empty() && !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// The header, the blank line, and so many lines.
fn top(letter: &[u8], lines: u32) -> Vec<u8> {
    let all: Vec<&[u8]> = letter.split_inclusive(|octet| *octet == b'\n').collect();
    let header = all.iter().position(|line| *line == b"\r\n").map_or(all.len(), |blank| blank + 1);
    let shown = all.len().min(header + lines as usize);
    all[..shown].concat()
}
