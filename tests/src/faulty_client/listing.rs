//! CAPA, LIST, UIDL.

use std::collections::HashMap;
use std::io;

use super::Fault;
use super::session::Session;
use super::wire::odd;

/// No listing has more lines.
const MOST_LINES: usize = 100_000;

impl Session<'_> {
    /// Asks for the capabilities, which may be refused.
    pub(super) fn capa(&mut self) -> io::Result<()> {
        self.wire.say("CAPA")?;
        self.take_capa()
    }

    pub(super) fn take_capa(&mut self) -> io::Result<()> {
        if !self.reply()?.is_ok() {
            return match self.is(Fault::NeedsCapa) {
                true => Err(odd("no CAPA")),
                false => Ok(()),
            };
        }
        let list = self.lines()?;
        let known = ["TOP", "USER", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "SASL", "STLS"];
        let is_known = |line: &String| known.contains(&line.split(' ').next().unwrap_or_default());
        if self.is(Fault::KnowsAllCapabilities) && !list.iter().all(is_known) {
            return Err(odd("an unknown capability"));
        }
        self.capabilities = Some(list);
        Ok(())
    }

    pub(super) fn lists(&self, tag: &str) -> bool {
        let in_capitals = self.is(Fault::TagsInCapitals);
        self.capabilities.iter().flatten().any(|line| {
            let listed = line.split(' ').next().unwrap_or_default();
            if in_capitals { listed == tag } else { listed.eq_ignore_ascii_case(tag) }
        })
    }

    pub(super) fn may_pipeline(&self) -> bool {
        let anywhere = self.is(Fault::PipeliningAnywhere)
            && self.capabilities.iter().flatten().any(|line| line.contains("PIPELINING"));
        anywhere || self.lists("PIPELINING") || self.is(Fault::PipelinesUnlisted)
    }

    /// The lines of a listing up to its end.
    pub(super) fn lines(&mut self) -> io::Result<Vec<String>> {
        let mut lines = Vec::new();
        loop {
            let line = self.wire.line()?;
            if line == b"." {
                return Ok(lines);
            }
            let line = line.strip_prefix(b".").unwrap_or(&line);
            lines.push(String::from_utf8_lossy(line).into_owned());
            if lines.len() > MOST_LINES {
                return Err(odd("a listing without an end"));
            }
        }
    }

    /// The letters that there are, with their sizes.
    pub(super) fn list(&mut self) -> io::Result<Vec<(u32, Option<usize>)>> {
        let status = self.reply()?;
        if !status.is_ok() {
            return Err(odd("LIST was refused"));
        }
        if self.is(Fault::EmptyListingHangs) {
            // What ends it is said to come behind a line of it.
            let first = self.wire.line()?;
            if first == b"." {
                self.wire.line()?;
            }
            return self.scan(vec![String::from_utf8_lossy(&first).into_owned()]);
        }
        let mut lines = self.lines()?;
        if self.is(Fault::CountInTheStatus)
            && let Some(count) =
                status.text().split(' ').next().and_then(|it| it.parse::<usize>().ok())
            && lines.len() != count
        {
            return Err(odd("another count"));
        }
        // Blank lines mean nothing.
        lines.retain(|line| !line.is_empty());
        self.scan(lines)
    }

    fn scan(&mut self, lines: Vec<String>) -> io::Result<Vec<(u32, Option<usize>)>> {
        let mut letters: Vec<(u32, Option<usize>)> = Vec::new();
        for line in lines {
            let words: Vec<_> = line.split_whitespace().collect();
            let number = words.first().and_then(|word| word.parse::<u32>().ok());
            let size = words.get(1).and_then(|word| word.parse::<usize>().ok());
            if self.is(Fault::TwoWordsInList) && words.len() != 2 {
                return Err(odd("more than two words"));
            }
            match (number, size) {
                (Some(0), _) => {}
                (_, None) if self.is(Fault::SkipsOddLines) => {}
                (Some(number), size) => {
                    let last = letters.last().map_or(0, |(number, _)| *number);
                    if self.is(Fault::ListInOrder) && number <= last {
                        return Err(odd("out of order"));
                    }
                    if letters.iter().all(|(known, _)| *known != number) {
                        letters.push((number, size));
                    }
                }
                (None, _) => self.is_incomplete = true,
            }
        }
        Ok(letters)
    }

    /// The unique-ids, as far as there are any.
    pub(super) fn unique_ids(&mut self) -> io::Result<HashMap<u32, String>> {
        if !self.ask("UIDL")?.is_ok() {
            return match self.is(Fault::NeedsUidl) {
                true => Err(odd("no UIDL")),
                false => Ok(HashMap::new()),
            };
        }
        let lines = self.lines()?;
        let pair = |line: &String| {
            let (number, id) = line.trim().split_once(' ')?;
            Some((number.parse().ok()?, id.trim().to_owned()))
        };
        Ok(lines.iter().filter_map(pair).collect())
    }
}
