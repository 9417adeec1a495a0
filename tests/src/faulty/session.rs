//! A session: its states, its commands, the words of its replies.

use std::io;
use std::sync::Arc;

use super::mail::{Held, Letter, Maildrop, Owner};
use super::wire::{Line, Wire};
use super::{Fault, Shared};

/// What comes after a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Command,
    Close,
}

/// A session.
pub(super) struct Session {
    pub(super) server: Arc<Shared>,
    pub(super) wire: Wire,
    /// Different in every session.
    pub(super) number: u64,
    /// The timestamp in the greeting, with its angle brackets.
    pub(super) timestamp: String,
    /// What USER said, in the command before.
    pub(super) user: Option<Vec<u8>>,
    pub(super) is_german: bool,
    pub(super) utf8: bool,
    /// Since login.
    pub(super) open: Option<Open>,
    /// That a login was refused, and that one by AUTH was.
    pub(super) is_refused: bool,
    pub(super) is_auth_refused: bool,
    /// What a fault puts behind the `+OK` to AUTH.
    pub(super) data_with_ok: Option<String>,
    /// A lock that a fault took before login.
    pub(super) early_lock: Option<Held>,
}

/// An open maildrop, as it was at login.
pub(super) struct Open {
    pub(super) maildrop: Maildrop,
    pub(super) letters: Vec<Seen>,
    pub(super) lock: Option<Held>,
    /// How often LIST was answered.
    pub(super) listings: usize,
}

/// A letter in an open maildrop.
pub(super) struct Seen {
    pub(super) letter: Letter,
    pub(super) is_marked: bool,
    pub(super) is_retrieved: bool,
}

impl Session {
    pub(super) fn new(server: Arc<Shared>, wire: Wire) -> Self {
        let number = server.count();
        let unique = server.seed;
        let timestamp = if server.is(Fault::ApopStale) {
            "<1896.697170952@localhost>".to_owned()
        } else if server.is(Fault::ApopNoMsgId) {
            format!("<{number}.{unique}>")
        } else {
            format!("<{number}.{unique}@localhost>")
        };
        Self {
            server,
            wire,
            number,
            timestamp,
            user: None,
            is_german: false,
            utf8: false,
            open: None,
            is_refused: false,
            is_auth_refused: false,
            data_with_ok: None,
            early_lock: None,
        }
    }

    pub(super) fn is(&self, fault: Fault) -> bool {
        self.server.is(fault)
    }

    /// From the greeting to the end.
    pub(super) fn run(mut self) -> io::Result<()> {
        let result = self.converse();
        self.hang_up();
        self.wire.close()?;
        result
    }

    fn converse(&mut self) -> io::Result<()> {
        // Two numbers belong to each connection.
        if self.is(Fault::GreetingWaits) && self.number > 6 {
            self.wire.fill()?;
        }
        let mut greeting = format!("+OK POP3 server ready {}\r\n", self.timestamp);
        if self.is(Fault::GreetingOfTwoLines) {
            greeting.push_str("+OK welcome\r\n");
        }
        if self.is(Fault::GreetingLong) {
            greeting = greeting.replace("ready", &"ready ".repeat(100));
        }
        self.wire.send(greeting.as_bytes())?;
        while let Some(line) = self.wire.line()? {
            let next = match line {
                Line::TooLong => self.bad("the line is too long", "die Zeile ist zu lang")?,
                Line::Whole(line) => self.command(&line)?,
            };
            if next == Next::Close {
                break;
            }
        }
        Ok(())
    }

    /// Takes a line apart and does what it says.
    fn command(&mut self, line: &[u8]) -> io::Result<Next> {
        if self.is(Fault::CommandsShort) && line.len() > 100 {
            return self.bad("the line is too long", "die Zeile ist zu lang");
        }
        if line.is_empty() && self.is(Fault::EmptyLineSilent) {
            return Ok(Next::Command);
        }
        if line.iter().any(|octet| matches!(octet, b'\0' | b'\r')) {
            return self.bad("no NUL and no CR, please", "bitte kein NUL und kein CR");
        }
        let user = self.user.take();
        let (keyword, rest) = match line.iter().position(|octet| *octet == b' ') {
            Some(space) => (&line[..space], Some(&line[space + 1..])),
            None => (line, None),
        };
        let Ok(text) = std::str::from_utf8(keyword) else { return self.unknown(line) };
        let capitals = text.to_ascii_uppercase();
        if self.is(Fault::KeywordsInCapitalsOnly) && capitals != text {
            return self.unknown(line);
        }
        match capitals.as_str() {
            "USER" => return self.name(rest),
            "PASS" => return self.password(user, rest),
            _ => {}
        }
        let next = match self.arguments(rest) {
            Some(arguments) => self.dispatch(&capitals, &arguments, line)?,
            None => self.syntax()?,
        };
        if self.is(Fault::PassMuchLater) || (self.is(Fault::StlsKeepsUser) && capitals == "STLS") {
            self.user = user;
        }
        Ok(next)
    }

    /// The arguments of a command: words with one space between them. None when they are not.
    fn arguments<'a>(&self, rest: Option<&'a [u8]>) -> Option<Vec<&'a str>> {
        let Some(rest) = rest else { return Some(Vec::new()) };
        let rest = std::str::from_utf8(rest).ok()?;
        let words: Vec<_> = rest.split(' ').collect();
        words.iter().all(|word| !word.is_empty()).then_some(words)
    }

    fn dispatch(&mut self, keyword: &str, arguments: &[&str], line: &[u8]) -> io::Result<Next> {
        let is_open = self.open.is_some();
        match (keyword, arguments) {
            ("QUIT", []) => self.quit(),
            ("CAPA", []) => self.capabilities(),
            ("CAPA", _) if self.is(Fault::CapaWithArgument) => self.capabilities(),
            ("LANG", [] | [_]) => self.language(arguments.first().copied()),
            ("APOP", _) if !is_open || self.is(Fault::ApopAfterLogin) => self.apop(arguments),
            ("AUTH", [_] | [_, _]) if !is_open || self.is(Fault::AuthAfterLogin) => {
                self.auth(arguments)
            }
            ("STLS", []) => self.stls(),
            ("STLS", _) if self.is(Fault::StlsWithArgument) => self.stls(),
            ("UTF8", []) => self.utf8(),
            ("UTF8", _) if self.is(Fault::Utf8WithArgument) => self.utf8(),
            ("STAT", []) if !is_open && self.is(Fault::StatBeforeLogin) => self.ok("0 0", "0 0"),
            ("NOOP", []) if !is_open && self.is(Fault::NoopBeforeLogin) => self.noop(),
            ("QUIT" | "CAPA" | "LANG" | "STLS" | "UTF8", _) => self.syntax(),
            ("APOP" | "AUTH", _) if is_open => self.out_of_place(),
            ("AUTH", _) => self.syntax(),
            ("STAT" | "LIST" | "RETR" | "DELE" | "NOOP" | "RSET" | "TOP" | "UIDL", _) => {
                if is_open { self.transaction(keyword, arguments) } else { self.out_of_place() }
            }
            _ => self.unknown(line),
        }
    }

    /// The commands of TRANSACTION.
    fn transaction(&mut self, keyword: &str, arguments: &[&str]) -> io::Result<Next> {
        match (keyword, arguments) {
            ("STAT", []) => self.stat(),
            ("STAT", _) if self.is(Fault::StatWithArgument) => self.stat(),
            ("LIST", []) => self.list(),
            ("LIST", [_]) if self.is(Fault::ListIgnoresArgument) => self.list(),
            ("LIST", [number]) => self.list_one(number),
            ("UIDL", []) => self.uidl(),
            ("UIDL", [number]) => self.uidl_one(number),
            ("RETR", [number]) => self.retr(number),
            ("TOP", [number, lines]) => self.top(number, lines),
            ("DELE", [number]) => self.dele(number),
            ("NOOP", []) if self.is(Fault::NoopUnknown) => self.unknown(b"NOOP"),
            ("NOOP", []) => self.noop(),
            ("NOOP", _) if self.is(Fault::NoopWithArguments) => self.noop(),
            ("RSET", []) => self.rset(),
            _ => self.syntax(),
        }
    }

    fn noop(&mut self) -> io::Result<Next> {
        if self.is(Fault::BracketedText) {
            return self.ok("[nothing at all] done", "[rein gar nichts] getan");
        }
        self.ok("nothing done, as you wish", "nichts getan, wie gewünscht")
    }

    /// A number as it must be written; none when it is not.
    pub(super) fn number(&self, text: &str) -> Option<u64> {
        let mut text = text;
        if self.is(Fault::NumberWithPlus) {
            text = text.strip_prefix('+').unwrap_or(text);
        }
        if self.is(Fault::NumberWithRest) {
            let end = text.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(text.len());
            text = &text[..end];
        }
        if text.is_empty() || !text.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        // What has more digits than anything here is no less a number.
        let number = text.parse().unwrap_or(u64::MAX);
        Some(if self.is(Fault::NumbersWrap) { number & u64::from(u32::MAX) } else { number })
    }

    fn unknown(&mut self, line: &[u8]) -> io::Result<Next> {
        if self.is(Fault::UnknownCommandOk) {
            return self.ok("as you wish", "wie gewünscht");
        }
        if self.is(Fault::RepeatsCommand) {
            let reply = [b"-ERR ", line, b"? ", line, b"? ", line, b"?\r\n"].concat();
            return self.send(&reply);
        }
        if self.is(Fault::NoSpaceAfterStatus) {
            return self.send(b"-ERRunknown\r\n");
        }
        if self.is(Fault::ReplyEndsInLf) {
            return self.send(b"-ERR unknown command\n");
        }
        if self.is(Fault::ThirdIndicator) {
            return self.status("+ERR", "", "unknown command", "unbekannter Befehl");
        }
        self.bad("unknown command", "unbekannter Befehl")
    }

    pub(super) fn syntax(&mut self) -> io::Result<Next> {
        self.bad("these are not the arguments", "das sind nicht die Parameter für den Befehl")
    }

    pub(super) fn out_of_place(&mut self) -> io::Result<Next> {
        if self.is(Fault::AuthCodeElsewhere) && self.open.is_none() {
            return self.refuse("AUTH", "log in first", "bitte erst anmelden");
        }
        self.bad("not in this state", "nicht in diesem Zustand möglich")
    }

    /// The reply to a command that is none.
    fn bad(&mut self, english: &str, german: &str) -> io::Result<Next> {
        self.refuse("", english, german)
    }

    /// `+OK` and a text.
    pub(super) fn ok(&mut self, english: &str, german: &str) -> io::Result<Next> {
        self.status("+OK", "", english, german)
    }

    /// `-ERR`, a response code unless it is empty, and a text.
    pub(super) fn refuse(&mut self, code: &str, english: &str, german: &str) -> io::Result<Next> {
        self.status("-ERR", code, english, german)
    }

    pub(super) fn status(
        &mut self,
        indicator: &str,
        code: &str,
        english: &str,
        german: &str,
    ) -> io::Result<Next> {
        let text = if self.is_german { german } else { english };
        let code = if self.is(Fault::LangTranslatesCodes) && self.is_german && code == "AUTH" {
            "ANMELDUNG"
        } else {
            code
        };
        let line = if self.is(Fault::NoText) && code.is_empty() {
            format!("{indicator}\r\n")
        } else if code.is_empty() {
            format!("{indicator} {text}\r\n")
        } else if self.is(Fault::EmptyCodeLevel) {
            format!("{indicator} [{code}/] {text}\r\n")
        } else if self.is(Fault::CodeAtTheEnd) {
            format!("{indicator} {text} [{code}]\r\n")
        } else {
            format!("{indicator} [{code}] {text}\r\n")
        };
        if self.is(Fault::LangLatin1) {
            // Each character of the texts is one of Latin-1.
            let latin: Vec<u8> = line.chars().map(|letter| letter as u8).collect();
            return self.send(&latin);
        }
        self.send(line.as_bytes())
    }

    pub(super) fn send(&mut self, octets: &[u8]) -> io::Result<Next> {
        self.wire.send(octets)?;
        Ok(Next::Command)
    }

    /// `+OK`, a text, the lines, and the dot.
    pub(super) fn many<'a>(
        &mut self,
        first: &str,
        lines: impl IntoIterator<Item = &'a str>,
    ) -> io::Result<Next> {
        let mut reply = format!("+OK {first}\r\n");
        for line in lines {
            reply.push_str(line);
            reply.push_str("\r\n");
        }
        reply.push_str(self.end());
        self.send(reply.as_bytes())
    }

    /// What ends a multi-line reply.
    pub(super) fn end(&self) -> &'static str {
        if self.is(Fault::EndsInDotLf) { ".\n" } else { ".\r\n" }
    }

    pub(super) fn owner(&self, name: &[u8]) -> Option<Owner> {
        let name = std::str::from_utf8(name).ok()?;
        if self.is(Fault::UserUnprepared) {
            return Owner::find(name);
        }
        Owner::find(&stringprep::saslprep(name).ok()?)
    }
}
