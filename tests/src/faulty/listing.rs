//! STAT, LIST and UIDL, and what the numbers of messages mean.

use std::io;

use super::Fault;
use super::mail::lines;
use super::session::{Next, Open, Seen, Session};

impl Session {
    fn letters(&self) -> &[Seen] {
        self.open.as_ref().map_or(&[], |open| &open.letters)
    }

    /// Where the message of that number is among the letters, whether marked or not.
    pub(super) fn position(&self, number: u64) -> Option<usize> {
        let number = usize::try_from(number).ok()?;
        if self.is(Fault::CountsFromZero) {
            return (number < self.letters().len()).then_some(number);
        }
        let index = number.checked_sub(1)?;
        if self.is(Fault::Renumbers) {
            let mut rest = self.letters().iter().enumerate().filter(|(_, seen)| !seen.is_marked);
            return rest.nth(index).map(|(index, _)| index);
        }
        (index < self.letters().len()).then_some(index)
    }

    /// The number of the message at that position.
    fn number_of(&self, position: usize) -> usize {
        if self.is(Fault::CountsFromZero) {
            return position;
        }
        if self.is(Fault::Renumbers) {
            let before = self.letters().iter().take(position);
            return before.filter(|seen| !seen.is_marked).count() + 1;
        }
        position + 1
    }

    /// The message that an argument means, which is not marked, unless the fault is that this does
    /// not matter. When there is none the refusal has been sent.
    pub(super) fn message(
        &mut self,
        argument: &str,
        despite_mark: Fault,
    ) -> io::Result<Option<usize>> {
        let Some(number) = self.number(argument) else {
            self.syntax()?;
            return Ok(None);
        };
        let position = self.position(number).filter(|position| {
            let is_marked = self.letters().get(*position).is_some_and(|seen| seen.is_marked);
            !is_marked || self.is(despite_mark)
        });
        if position.is_none() {
            let code = match () {
                () if self.is(Fault::SysOfThirdKind) => "SYS/GONE",
                () if self.is(Fault::SysForMistake) => "SYS/PERM",
                () => "",
            };
            self.refuse(code, "there is no such message", "diese Nachricht gibt es nicht, öh")?;
        }
        Ok(position)
    }

    fn octets(&self, seen: &Seen) -> usize {
        let lines = lines(&seen.letter.content);
        lines
            .map(|line| {
                let end = if self.is(Fault::SizesCountLf) { 1 } else { 2 };
                let is_stuffed = line.starts_with(b".") && self.is(Fault::SizesCountStuffing);
                line.len() + end + usize::from(is_stuffed)
            })
            .sum()
    }

    /// STAT.
    pub(super) fn stat(&mut self) -> io::Result<Next> {
        let counted = self.letters().iter();
        let counted = counted.filter(|seen| !seen.is_marked || self.is(Fault::StatCountsMarked));
        let sizes: Vec<_> = counted.map(|seen| self.octets(seen)).collect();
        let mut count = sizes.len();
        if count == 0 && self.is(Fault::StatEmptyRefused) {
            return self.refuse("", "there are no messages", "keine Nachrichten verfügbar");
        }
        if let Some(Open { maildrop, letters, .. }) = &self.open
            && self.is(Fault::StatCountsNewMail)
        {
            count += maildrop.letters().letters.len().saturating_sub(letters.len());
        }
        let total: usize = match sizes.first() {
            Some(first) if self.is(Fault::StatSumWrong) => *first,
            _ => sizes.iter().sum(),
        };
        let text = match () {
            () if self.is(Fault::StatInWords) => format!("{count} messages ({total} octets)"),
            () if self.is(Fault::StatSaysMore) => format!("{count} {total} 0"),
            () => format!("{count} {total}"),
        };
        if self.is(Fault::StatusInSmallLetters) {
            return self.status("+ok", "", &text, &text);
        }
        self.ok(&text, &text)
    }

    fn listed(&self, position: usize) -> String {
        let Some(open) = &self.open else { return String::new() };
        let Some(seen) = open.letters.get(position) else { return String::new() };
        let mut size = self.octets(seen);
        if self.is(Fault::SizesGrow) {
            size += open.listings;
        }
        let more = if self.is(Fault::ListSaysMore) { " octets" } else { "" };
        format!("{} {size}{more}", self.number_of(position))
    }

    /// LIST.
    pub(super) fn list(&mut self) -> io::Result<Next> {
        if self.letters().is_empty() && self.is(Fault::ListEmptyRefused) {
            return self.refuse("", "there are no messages", "keine Nachrichten verfügbar");
        }
        let shown = self.shown(Fault::ListShowsMarked);
        let lines: Vec<_> = shown.into_iter().map(|position| self.listed(position)).collect();
        if let Some(open) = &mut self.open {
            open.listings += 1;
        }
        self.many("these are the sizes", lines.iter().map(String::as_str))
    }

    /// Which messages a listing shows: those that are not marked, unless there is that fault.
    fn shown(&self, marked_too: Fault) -> Vec<usize> {
        let all = self.letters().iter().enumerate();
        all.filter(|(_, seen)| !seen.is_marked || self.is(marked_too))
            .map(|(position, _)| position)
            .collect()
    }

    /// LIST of one message.
    pub(super) fn list_one(&mut self, number: &str) -> io::Result<Next> {
        let Some(position) = self.message(number, Fault::ListOfMarked)? else {
            return Ok(Next::Command);
        };
        let mut line = self.listed(position);
        if self.is(Fault::ListWithoutNumber) {
            line = line.split(' ').skip(1).collect();
        }
        if self.is(Fault::AnswersTwice) {
            self.ok(&line, &line)?;
        }
        self.ok(&line, &line)
    }

    fn unique_id(&self, position: usize) -> Vec<u8> {
        let Some(open) = &self.open else { return Vec::new() };
        let Some(seen) = open.letters.get(position) else { return Vec::new() };
        let id = match () {
            () if self.is(Fault::UidlSame) => "same".to_owned(),
            () if self.is(Fault::UidlLong) => format!("{:080}", seen.letter.id),
            () if self.is(Fault::UidlOfSession) => format!("{}-{}", seen.letter.id, self.number),
            () if self.is(Fault::UidlChangesAtHangUp) => {
                format!("{}-{}", seen.letter.id, open.maildrop.letters().hang_ups)
            }
            () => format!("{:08x}", seen.letter.id),
        };
        let spaces = if self.is(Fault::UidlTwoSpaces) { "  " } else { " " };
        let mut line = format!("{}{spaces}{id}", self.number_of(position)).into_bytes();
        if self.is(Fault::UidlEightBit) {
            line.push(b'\xe4');
        }
        line
    }

    /// UIDL.
    pub(super) fn uidl(&mut self) -> io::Result<Next> {
        if self.letters().is_empty() && self.is(Fault::UidlEmptyRefused) {
            return self.refuse("", "there are no messages", "keine Nachrichten verfügbar");
        }
        let shown = self.shown(Fault::UidlShowsMarked);
        self.unique_ids(&shown)
    }

    /// UIDL of one message.
    pub(super) fn uidl_one(&mut self, number: &str) -> io::Result<Next> {
        let Some(position) = self.message(number, Fault::UidlOfMarked)? else {
            return Ok(Next::Command);
        };
        if self.is(Fault::UidlOneOfManyLines) {
            return self.unique_ids(&[position]);
        }
        let line = [b"+OK ", &self.unique_id(position)[..], b"\r\n"].concat();
        self.send(&line)
    }

    fn unique_ids(&mut self, positions: &[usize]) -> io::Result<Next> {
        let mut reply = b"+OK these are the unique-ids\r\n".to_vec();
        for position in positions {
            reply.extend_from_slice(&self.unique_id(*position));
            reply.extend_from_slice(b"\r\n");
        }
        reply.extend_from_slice(self.end().as_bytes());
        self.send(&reply)
    }
}
