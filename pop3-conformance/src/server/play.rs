//! A script, played as the client.

use std::collections::HashMap;
use std::time::Duration;

use super::bench::{Bench, Halt, breach, expect, skip};
use super::exchange::without_end;
use super::fixture::wire_form;
use super::peer::{Peer, Reply, Trouble};
use super::sasl;
use super::wire::shown;
use crate::report::Breach;
use crate::script::Step;
use crate::script::text::{matches, octets};

/// How long a server is listened to that should say nothing.
const SILENCE: Duration = Duration::from_millis(500);

/// How long a server may take to close a connection that it may close or not.
const SECOND_THOUGHTS: Duration = Duration::from_millis(300);

/// Plays a script to its end.
pub(crate) fn play(bench: &mut Bench<'_>, steps: &[(usize, Step)]) -> Result<(), Halt> {
    let (lines, same) = (Vec::new(), HashMap::new());
    let mut play = Play { bench, lines, current: 0, skipping: false, same };
    for (_, step) in steps {
        play.step(step).map_err(|halt| match halt {
            Halt::Breach(Breach { sent, came, right }) if right.is_empty() => {
                Halt::Breach(Breach::new(sent, came, step.to_string()))
            }
            other => other,
        })?;
    }
    play.flush()
}

struct Play<'p, 'b> {
    bench: &'p mut Bench<'b>,
    lines: Vec<Option<Line>>,
    current: usize,
    skipping: bool,
    same: HashMap<String, Reply>,
}

/// A connection, and what is to be sent on it in the next segment.
struct Line {
    peer: Peer,
    to_send: Vec<u8>,
}

impl Line {
    fn flush(&mut self) -> Result<(), Trouble> {
        let to_send = std::mem::take(&mut self.to_send);
        if to_send.is_empty() { Ok(()) } else { self.peer.send(&to_send) }
    }

    /// A line of the server, after whatever is to be sent.
    fn read(&mut self) -> Result<Vec<u8>, Trouble> {
        self.flush()?;
        self.peer.line()
    }

    fn reply(&mut self) -> Result<Reply, Trouble> {
        self.flush()?;
        self.peer.reply()
    }
}

impl Play<'_, '_> {
    fn step(&mut self, step: &Step) -> Result<(), Halt> {
        match step {
            Step::Client(text) => {
                let said = self.octets(text)?;
                self.line()?.to_send.extend(said);
            }
            Step::ClientOctetwise(text) => {
                let said = self.octets(text)?;
                self.flush()?;
                self.line()?.peer.send_octetwise(&said)?;
            }
            Step::Skip => self.skipping = true,
            Step::Server(_) | Step::ServerForm(_) => self.server(step)?,
            Step::Reply(pattern) => {
                let reply = self.line()?.reply()?;
                expect(self.fits(pattern, &reply.status)?, &reply.status, "")?;
            }
            Step::ReplyOrSkip(pattern) => {
                let reply = self.line()?.reply()?;
                if !self.fits(pattern, &reply.status)? {
                    return skip(format!("the server says {}", shown(&reply.status)));
                }
            }
            Step::Same(name) => self.same(name)?,
            Step::Letter(n) => self.letter(*n, None)?,
            Step::Top(n, lines) => self.letter(*n, Some(*lines))?,
            Step::Nothing => {
                self.flush()?;
                if let Some(said) = self.line()?.peer.says_within(SILENCE)? {
                    return breach(shown(&said), "");
                }
            }
            Step::MayEnd => {
                let line = self.line()?;
                // The end may come before everything is said.
                match line.flush().and_then(|()| line.peer.says_within(SECOND_THOUGHTS)) {
                    Err(Trouble::Closed(_)) => return Err(Halt::Done),
                    other => other.map(|_| ())?,
                }
            }
            Step::Ends => {
                self.flush()?;
                let rest = self.line()?.peer.rest()?;
                expect(rest.is_empty(), &rest, "")?;
            }
            Step::Login => {
                self.flush()?;
                let current = self.current;
                self.open()?;
                if let Some(Some(line)) = self.lines.get_mut(current) {
                    self.bench.login(&mut line.peer)?;
                }
            }
            Step::LoginBy(mechanism) => {
                self.flush()?;
                let current = self.current;
                self.open()?;
                if let Some(Some(line)) = self.lines.get_mut(current) {
                    sasl::login_by(self.bench, &mut line.peer, mechanism)?;
                }
            }
            Step::Tls => {
                self.flush()?;
                let current = self.current;
                if let Some(Some(line)) = self.lines.get_mut(current) {
                    self.bench.start_tls(&mut line.peer)?;
                }
            }
            Step::Line(n) => {
                self.flush()?;
                self.current = n.saturating_sub(1);
            }
            Step::NextSession => {
                self.flush()?;
                self.lines.clear();
                self.current = 0;
            }
            Step::HangUp => {
                self.flush()?;
                if let Some(line) = self.lines.get_mut(self.current) {
                    *line = None;
                }
            }
            Step::HalfClose => {
                self.flush()?;
                self.line()?.peer.half_close()?;
            }
            Step::Wait(seconds) => {
                self.flush()?;
                std::thread::sleep(Duration::from_secs(*seconds));
            }
            Step::Deliver(text) => {
                let letter = self.octets(text)?;
                let delivered = self.bench.fixture()?.deliver(&letter);
                delivered.map_err(|error| Halt::Skip(format!("the fixture: {error}")))?;
            }
            Step::Vanish => {
                self.flush()?;
                let emptied = self.bench.fixture()?.fill(&[]);
                emptied.map_err(|error| Halt::Skip(format!("the fixture: {error}")))?;
            }
            Step::Holds(numbers) => self.holds(numbers)?,
        }
        Ok(())
    }

    /// The current connection; a new one is greeted, unless the script reads the greeting itself.
    fn line(&mut self) -> Result<&mut Line, Halt> {
        self.open()?;
        match self.lines.get_mut(self.current) {
            Some(Some(line)) => Ok(line),
            _ => skip("the script goes on behind its end"),
        }
    }

    fn open(&mut self) -> Result<(), Halt> {
        if self.lines.len() <= self.current {
            self.lines.resize_with(self.current + 1, || None);
        }
        if self.lines[self.current].is_none() {
            let peer = self.bench.connect()?;
            self.lines[self.current] = Some(Line { peer, to_send: Vec::new() });
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Halt> {
        match self.lines.get_mut(self.current) {
            Some(Some(line)) => Ok(line.flush()?),
            _ => Ok(()),
        }
    }

    /// What a text of the client stands for. Nothing is said before the greeting.
    fn octets(&mut self, text: &str) -> Result<Vec<u8>, Halt> {
        let line = self.line()?;
        if !line.peer.greeted {
            let greeting = line.read()?;
            expect(greeting.starts_with(b"+OK"), &greeting, "a positive greeting")?;
        }
        let greeting = line.peer.greeted_with.clone();
        octets(text, &self.bench.names(&greeting)).map_err(Halt::Skip)
    }

    fn fits(&self, pattern: &str, line: &[u8]) -> Result<bool, Halt> {
        let Some(content) = line.strip_suffix(b"\r\n") else { return Ok(false) };
        matches(pattern, content, &self.bench.names(b"")).map_err(Halt::Skip)
    }

    /// `S:` and `S~`, after `S*` or not.
    fn server(&mut self, expected: &Step) -> Result<(), Halt> {
        let skipping = std::mem::take(&mut self.skipping);
        loop {
            let line = self.line()?.read()?;
            let fits = match expected {
                Step::ServerForm(form) => {
                    line.ends_with(b"\r\n") && form.is_match(without_end(&line))
                }
                Step::Server(pattern) => self.fits(pattern, &line)?,
                _ => false,
            };
            if fits {
                return Ok(());
            }
            if !skipping {
                return breach(shown(&line), "");
            }
        }
    }

    fn same(&mut self, name: &str) -> Result<(), Halt> {
        let reply = self.line()?.reply()?;
        let Some(before) = self.same.get(name) else {
            self.same.insert(name.to_owned(), reply);
            return Ok(());
        };
        let (first, second) = (whole(before), whole(&reply));
        if first == second {
            return Ok(());
        }
        let at = first.iter().zip(&second).take_while(|(a, b)| a == b).count();
        breach(
            format!("after {at} octets alike: {}", shown(&second[at..])),
            format!("the same as before: {}", shown(&first[at..])),
        )
    }

    /// `S letter`, or with so many lines of its body `S top`.
    fn letter(&mut self, n: usize, lines: Option<usize>) -> Result<(), Halt> {
        let letter = self.bench.letters().get(n.wrapping_sub(1)).cloned();
        let Some(letter) = letter else { return skip(format!("there is no letter {n}")) };
        let wanted = lines.map_or(letter.clone(), |lines| top(&letter, lines));
        let reply = self.line()?.reply()?;
        expect(reply.is_positive(), &reply.status, "")?;
        let sent = reply.unstuffed();
        if sent == wanted {
            return Ok(());
        }
        let at = sent.iter().zip(&wanted).take_while(|(a, b)| a == b).count();
        breach(
            format!("after {at} octets alike: {}", shown(&sent[at..])),
            format!("{}, unstuffed", shown(&wanted[at..])),
        )
    }

    fn holds(&mut self, numbers: &[usize]) -> Result<(), Halt> {
        self.flush()?;
        // A server may need a moment to see that a client has gone.
        std::thread::sleep(SECOND_THOUGHTS);
        let letters = self.bench.letters();
        let mut wanted = Vec::new();
        for n in numbers {
            match letters.get(n.wrapping_sub(1)) {
                Some(letter) => wanted.push(wire_form(letter)),
                None => return skip(format!("there is no letter {n}")),
            }
        }
        wanted.sort();
        let held = self.bench.held()?;
        if held == wanted {
            return Ok(());
        }
        let known = |letter: &Vec<u8>| letters.iter().position(|one| one == letter);
        let held: Vec<_> = held
            .iter()
            .map(|letter| known(letter).map_or("another".to_owned(), |n| (n + 1).to_string()))
            .collect();
        breach(format!("the maildrop holds letters [{}]", held.join(", ")), "")
    }
}

/// A reply as it came.
fn whole(reply: &Reply) -> Vec<u8> {
    let content = reply.content.iter().flatten();
    std::iter::once(&reply.status).chain(content).flatten().copied().collect()
}

/// The head of a letter, the blank line behind it, and so many lines of the body (RFC 1939,
/// section 7).
fn top(letter: &[u8], lines: usize) -> Vec<u8> {
    let mut body_lines = None;
    let mut top = Vec::new();
    for line in letter.split_inclusive(|octet| *octet == b'\n') {
        match &mut body_lines {
            Some(taken) if *taken >= lines => break,
            Some(taken) => *taken += 1,
            None if line == b"\r\n" => body_lines = Some(0),
            None => {}
        }
        top.extend_from_slice(line);
    }
    top
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_a_top_are_those_of_the_body() {
        let letter = b"A: b\r\n c\r\n\r\n1\r\n\r\n3\r\n";
        assert_eq!(top(letter, 0), b"A: b\r\n c\r\n\r\n");
        assert_eq!(top(letter, 2), b"A: b\r\n c\r\n\r\n1\r\n\r\n");
        assert_eq!(top(letter, 99), letter);
        assert_eq!(top(b"A: b\r\n", 3), b"A: b\r\n");
    }
}
