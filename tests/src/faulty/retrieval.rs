//! RETR and TOP.

use std::io;

use super::Fault;
use super::mail::{lines, needs_utf8};
use super::session::{Next, Session};

/// How a letter is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Retr,
    /// With so many lines of the body.
    Top(u64),
}

impl Session {
    /// RETR.
    pub(super) fn retr(&mut self, number: &str) -> io::Result<Next> {
        let is_none = |number| self.position(number).is_none();
        if self.is(Fault::RetrOfNone) && self.number(number).is_some_and(is_none) {
            return self.many("here it is", []);
        }
        if let Some(position) = self.message(number, Fault::RetrOfMarked)? {
            return self.letter(position, How::Retr);
        }
        if self.is(Fault::RefusalEndsSession) {
            return Ok(Next::Close);
        }
        if self.is(Fault::RefusalOfManyLines) {
            return self.send(b".\r\n");
        }
        Ok(Next::Command)
    }

    /// TOP.
    pub(super) fn top(&mut self, number: &str, lines: &str) -> io::Result<Next> {
        if self.is(Fault::TopListedAlone) {
            return self.refuse("", "TOP is not here", "TOP wäre schön, fehlt aber");
        }
        let lines = match self.number(lines) {
            Some(0) if self.is(Fault::TopZeroSendsAll) => u64::MAX,
            Some(lines) => lines.saturating_add(self.is(Fault::TopOneMore).into()),
            None if lines == "-1" && self.is(Fault::TopNegative) => u64::MAX,
            None => return self.syntax(),
        };
        match self.message(number, Fault::TopOfMarked)? {
            Some(position) => self.letter(position, How::Top(lines)),
            None => Ok(Next::Command),
        }
    }

    fn letter(&mut self, position: usize, how: How) -> io::Result<Next> {
        let Some(seen) = self.open.as_mut().and_then(|open| open.letters.get_mut(position)) else {
            return Ok(Next::Command);
        };
        let content = seen.letter.content.clone();
        let is_again = seen.is_retrieved && how == How::Retr;
        seen.is_retrieved |= how == How::Retr;
        if is_again && self.is(Fault::RetrOnce) {
            return self.refuse("", "you have had it", "die Nachricht wurde schon gelesen, tschüs");
        }
        let is_unlocked = self.is(Fault::NoLock) || self.is(Fault::AuthTakesNoLock);
        if is_unlocked && self.is_gone(position) {
            return self.refuse("", "somebody has removed it", "jemand hat sie gelöscht");
        }
        let is_ready = self.utf8 && !self.is(Fault::Utf8NoEffect);
        if needs_utf8(&content) && !is_ready && !self.is(Fault::Utf8ToEverybody) {
            if self.is(Fault::Utf8HangsUp) {
                return Ok(Next::Close);
            }
            let code = if self.is(Fault::NoUtf8Code) { "" } else { "UTF8" };
            return self.refuse(code, "it needs UTF8", "dafür ist UTF8 nötig");
        }
        if let How::Top(wanted) = how
            && self.is(Fault::TopTooManyRefused)
            && wanted > lines(&content).count() as u64
        {
            return self.refuse("", "there are not so many lines", "so viele Zeilen wären zu viel");
        }
        let mut reply = b"+OK here it is\r\n".to_vec();
        self.write_letter(&mut reply, &content, how);
        self.send(&reply)
    }

    /// Whether another session has removed a letter that this one still counts.
    fn is_gone(&self, position: usize) -> bool {
        let Some(open) = &self.open else { return true };
        let held = open.maildrop.letters();
        open.letters
            .get(position)
            .is_none_or(|seen| held.letters.iter().all(|letter| letter.id != seen.letter.id))
    }

    fn write_letter(&self, reply: &mut Vec<u8>, content: &[u8], how: How) {
        if how == How::Retr && self.is(Fault::RetrAddsHeader) {
            reply.extend_from_slice(b"X-Retrieved: yes\r\n");
        }
        if self.utf8 && content.is_ascii() && self.is(Fault::Utf8ChangesAscii) {
            reply.extend_from_slice(b"X-UTF-8: yes\r\n");
        }
        let stored = content.split_inclusive(|octet| *octet == b'\n');
        let chosen = self.chosen(content, how);
        let mut is_behind_crlf = true;
        for ((line, stored), is_chosen) in lines(content).zip(stored).zip(chosen) {
            let is_stuffed = line.starts_with(b".") && self.stuffs(line, is_behind_crlf, how);
            is_behind_crlf = stored.ends_with(b"\r\n");
            if !is_chosen {
                continue;
            }
            if is_stuffed {
                reply.push(b'.');
            }
            self.write_line(reply, line, stored, how);
        }
        let is_glued = how == How::Retr && !content.ends_with(b"\n") && !content.is_empty();
        if is_glued && self.is(Fault::RetrGluesDot) {
            reply.truncate(reply.len() - b"\r\n".len());
        }
        if self.is(Fault::ExtraEmptyLine) {
            reply.extend_from_slice(b"\r\n");
        }
        reply.extend_from_slice(self.end().as_bytes());
        if how == How::Retr && self.is(Fault::FinalDotTwice) {
            reply.extend_from_slice(b".\r\n");
        }
    }

    fn stuffs(&self, line: &[u8], is_behind_crlf: bool, how: How) -> bool {
        if self.is(Fault::StuffsBehindCrlfOnly) {
            return is_behind_crlf;
        }
        if self.is(Fault::TwoDotsUnstuffed) {
            return !line.starts_with(b"..");
        }
        match how {
            How::Retr => !self.is(Fault::RetrUnstuffed),
            How::Top(_) => !self.is(Fault::TopUnstuffed),
        }
    }

    fn write_line(&self, reply: &mut Vec<u8>, line: &[u8], stored: &[u8], how: How) {
        let keeps_end = match how {
            How::Retr => self.is(Fault::RetrBareLf),
            How::Top(_) => self.is(Fault::TopBareLf),
        };
        if self.is(Fault::BreaksLines) && line.len() > 1_000 {
            for part in line.chunks(1_000) {
                reply.extend_from_slice(part);
                reply.extend_from_slice(b"\r\n");
            }
        } else if keeps_end && stored.ends_with(b"\n") {
            reply.extend_from_slice(stored);
        } else {
            reply.extend_from_slice(line);
            reply.extend_from_slice(b"\r\n");
        }
    }

    /// For each line whether it is sent: the header, the empty line, and so many lines.
    fn chosen(&self, content: &[u8], how: How) -> Vec<bool> {
        let wanted = match how {
            How::Retr => u64::MAX,
            How::Top(wanted) => wanted,
        };
        let is_top = how != How::Retr;
        let mut in_header = true;
        let mut count: u64 = 0;
        let mut chosen = Vec::new();
        for line in lines(content) {
            if !in_header || (is_top && self.is(Fault::TopCountsHeader)) {
                count += 1;
                chosen.push(count <= wanted);
            } else if line.is_empty() {
                in_header = false;
                chosen.push(!(is_top && self.is(Fault::TopWithoutEmptyLine)));
            } else {
                let is_folded = matches!(line.first(), Some(b' ' | b'\t'));
                chosen.push(!(is_top && is_folded && self.is(Fault::TopCutsFields)));
            }
        }
        chosen
    }
}
