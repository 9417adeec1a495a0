//! What a rule has the server do.

use std::io;
use std::time::{Duration, Instant};

use super::answers::Answer;
use super::{KEPT, Session};
use crate::client::record::Line;
use crate::client::scenario::{Action, Pace, Rule};

/// Between two octets that go one by one.
const BETWEEN_OCTETS: Duration = Duration::from_micros(200);

impl Session<'_> {
    /// Does what a rule says. What is said without a pause goes in one piece.
    pub(super) fn follow(
        &mut self,
        rule: &Rule,
        answer: &Answer,
        said: &mut Vec<u8>,
    ) -> io::Result<()> {
        let mut together = Vec::new();
        for action in &rule.actions {
            match action {
                Action::Say(text) => together.extend(self.octets(text)?),
                Action::Lawful(part) => together.extend_from_slice(part.of(&answer.octets)),
                _ => {
                    self.say(&std::mem::take(&mut together), said)?;
                    self.act(action, said)?;
                }
            }
            if self.done {
                return Ok(());
            }
        }
        self.say(&together, said)
    }

    fn octets(&self, text: &str) -> io::Result<Vec<u8>> {
        self.stage.scenario.octets(text, self.stage.user).map_err(io::Error::other)
    }

    fn act(&mut self, action: &Action, said: &mut Vec<u8>) -> io::Result<()> {
        match action {
            // These two were said together with their neighbours.
            Action::Say(_) | Action::Lawful(_) => {}
            Action::SayOctetwise(text) => {
                for octet in self.octets(text)? {
                    self.say(&[octet], said)?;
                    std::thread::sleep(BETWEEN_OCTETS);
                }
            }
            Action::Wait(time) => {
                let behind = self.seen.lines.last().map(Line::keyword).unwrap_or_default();
                self.listen(*time, &behind);
                if self.seen.lines.is_empty() && said.is_empty() {
                    self.seen.before_greeting = self.link.inbox.clone();
                }
            }
            Action::Endless(mebibytes, text) => {
                let piece = self.octets(text)?;
                let piece = piece.repeat((64 << 10) / piece.len().max(1) + 1);
                for _ in 0..=(mebibytes << 20) / piece.len() {
                    self.say(&piece, said)?;
                }
                self.link.cut();
                self.done = true;
            }
            Action::Cut => {
                self.link.cut();
                self.done = true;
            }
            Action::CutAfter(time) => {
                let until = Instant::now() + *time;
                while self.link.inbox.is_empty() && !self.link.ended && Instant::now() < until {
                    self.link.fill(until.saturating_duration_since(Instant::now()));
                }
                if self.link.inbox.is_empty() {
                    self.link.cut();
                    self.done = true;
                }
            }
            Action::Close => {
                self.link.close();
                self.done = true;
            }
            Action::Silence => {
                while !self.link.ended && self.link.line().is_some() {}
                self.done = true;
            }
        }
        Ok(())
    }

    pub(super) fn say(&mut self, octets: &[u8], said: &mut Vec<u8>) -> io::Result<()> {
        said.extend_from_slice(octets);
        // The end tells how a reply ended, the beginning what it was.
        if said.len() > 4 * KEPT {
            said.drain(KEPT..said.len() - KEPT);
        }
        match self.stage.scenario.pace {
            Pace::Reply => self.link.say(octets),
            Pace::Line => octets.split_inclusive(|it| *it == b'\n').try_for_each(|line| {
                self.link.say(line)?;
                std::thread::sleep(BETWEEN_OCTETS);
                Ok(())
            }),
            Pace::Octet => octets.iter().try_for_each(|octet| {
                self.link.say(&[*octet])?;
                std::thread::sleep(BETWEEN_OCTETS);
                Ok(())
            }),
        }
    }
}
