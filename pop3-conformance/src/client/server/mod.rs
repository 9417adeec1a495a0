//! A small POP3 server that is lawful wherever its case does not say otherwise.

mod acts;
mod answers;
mod clock;
mod link;
mod login;

use std::collections::BTreeSet;
use std::io;
use std::net::TcpStream;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustls::ServerConfig;

use answers::{Answer, Effect};
pub(super) use clock::Clock;
pub(super) use link::Ending;
use link::Link;
use login::Exchange;
pub(super) use login::{digest, hmac};

use super::Security;
use super::record::{Line, Seen, shown};
use super::scenario::{Rule, Scenario, Trigger};

/// How long a client is watched before it is greeted: it has to wait.
const BEFORE_GREETING: Duration = Duration::from_millis(30);

/// How much of a reply is kept for what it means and for people.
const KEPT: usize = 64 << 10;

/// What all connections of one run have in common.
pub(super) struct Stage<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) security: Security,
    pub(super) user: &'a str,
    pub(super) password: &'a str,
    pub(super) tls: Option<Arc<ServerConfig>>,
    /// How often each rule was applied.
    pub(super) fired: Mutex<Vec<usize>>,
    pub(super) over: Arc<AtomicBool>,
    pub(super) clock: Arc<Clock>,
}

impl Stage<'_> {
    /// The rule for what is to be answered, and that it is applied now.
    fn rule(&self, fits: impl Fn(&Trigger) -> bool) -> Option<&Rule> {
        let mut fired = self.fired.lock().ok()?;
        let rules = self.scenario.rules.iter().zip(fired.iter_mut());
        let mut fitting =
            rules.filter(|(rule, fired)| fits(&rule.trigger) && !(rule.once && **fired > 0));
        let (rule, fired) = fitting.next()?;
        *fired += 1;
        Some(rule)
    }
}

/// Serves one connection to its end.
pub(super) fn serve(stage: &Stage<'_>, tcp: TcpStream) -> Seen {
    let link = match Link::new(tcp, stage.over.clone(), stage.clock.clone()) {
        Ok(link) => link,
        Err(error) => {
            return Seen { wire: vec![format!("(no connection: {error})")], ..Seen::default() };
        }
    };
    let mut session = Session {
        stage,
        link,
        seen: Seen::default(),
        logged_in: false,
        named: None,
        marked: vec![false; stage.scenario.letters.len()],
        exchange: None,
        early: 0,
        early_behind: String::new(),
        shown: None,
        listed: None,
        done: false,
    };
    // The errors are those of a client that went away: what matters of it was seen.
    _ = session.run();
    session.finish()
}

struct Session<'a> {
    stage: &'a Stage<'a>,
    link: Link,
    seen: Seen,
    logged_in: bool,
    /// Who was named by USER.
    named: Option<Vec<u8>>,
    /// Which letters are to be removed.
    marked: Vec<bool>,
    exchange: Option<Exchange>,
    /// So many octets had come before the last reply went out.
    early: usize,
    early_behind: String,
    /// What CAPA was answered.
    shown: Option<Option<Vec<String>>>,
    /// The numbers that a listing had.
    listed: Option<BTreeSet<usize>>,
    done: bool,
}

impl Session<'_> {
    fn run(&mut self) -> io::Result<()> {
        if self.stage.security == Security::Implicit && !self.begin_tls() {
            return Ok(());
        }
        self.listen(BEFORE_GREETING, "the greeting");
        self.seen.before_greeting = self.link.inbox.clone();
        let greeting = Answer::new("+OK POP3 server ready", Effect::Greeted);
        self.answer(greeting, |trigger| *trigger == Trigger::Greeting)?;
        while !self.done {
            let Some((octets, ending)) = self.link.line() else { break };
            self.hear(octets, ending)?;
        }
        Ok(())
    }

    fn finish(mut self) -> Seen {
        self.seen.unfinished = std::mem::take(&mut self.link.inbox);
        if !self.seen.unfinished.is_empty() {
            self.seen.wire.push(format!("(not read: {})", shown(&self.seen.unfinished)));
        }
        self.seen.said_goodbye = self.link.said_goodbye;
        if let Some(error) = &self.link.tls_error {
            self.seen.wire.push(format!("(TLS: {error})"));
        }
        self.seen.left = !self.done;
        if !self.done {
            self.seen.wire.push("(the client closed the connection)".to_owned());
        }
        self.seen
    }

    fn begin_tls(&mut self) -> bool {
        let Some(config) = self.stage.tls.clone() else { return false };
        self.early = 0;
        let began = self.link.handshake(config);
        self.seen.wire.push(match &began {
            Ok(()) => "(TLS)".to_owned(),
            Err(error) => format!("(no TLS: {error})"),
        });
        let is_good = began.is_ok();
        self.seen.handshake = Some(began);
        self.seen.has_modern_tls = self.link.protocol().is_some();
        self.done |= !is_good;
        is_good
    }

    /// Takes note of what comes while nothing is said.
    fn listen(&mut self, time: Duration, behind: &str) {
        let until = Instant::now() + time;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            self.link.fill(left);
            if left.is_zero() || self.link.ended {
                break;
            }
            self.stage.clock.stir();
        }
        self.early = self.link.inbox.len();
        behind.clone_into(&mut self.early_behind);
    }

    fn hear(&mut self, octets: Vec<u8>, ending: Ending) -> io::Result<()> {
        let length = octets.len() + if ending == Ending::Crlf { 2 } else { 1 };
        let is_early = self.early > 0;
        self.early = self.early.saturating_sub(length);
        let mut line = Line {
            octets,
            ending,
            in_tls: self.link.is_tls(),
            logged_in: self.logged_in,
            within_auth: self.exchange.as_ref().map(|exchange| exchange.mechanism.clone()),
            capabilities: self.shown.clone(),
            behind: is_early.then(|| self.early_behind.clone()),
            about_nothing: false,
            challenge: self.exchange.as_ref().map(|it| it.challenge.clone()).unwrap_or_default(),
            reply: Vec::new(),
            answered: false,
        };
        let keyword = line.keyword();
        line.about_nothing = self.is_about_nothing(&keyword, line.arguments());
        self.seen.wire.push(format!("C: {}", line.shown()));
        self.seen.lines.push(line.clone());

        let arguments = line.arguments();
        let answer = match self.exchange.take() {
            Some(exchange) => self.respond(exchange, &line.octets),
            None => self.command(&keyword, arguments),
        };
        let is_login = answer.effect == Effect::Login;
        let user = self.stage.user;
        let scenario = self.stage.scenario;
        self.answer(answer, |trigger| match trigger {
            Trigger::Greeting => false,
            Trigger::Login => is_login,
            Trigger::Command(word, pattern) => {
                // With a number these two are other commands, with replies of one line.
                let of_all = arguments.is_empty() || !matches!(word.as_str(), "LIST" | "UIDL");
                *word == keyword
                    && pattern
                        .as_ref()
                        .map_or(of_all, |pattern| scenario.matches(pattern, arguments, user))
            }
        })
    }

    fn is_about_nothing(&self, keyword: &str, arguments: &[u8]) -> bool {
        let first = arguments.split(|octet| *octet == b' ').next().unwrap_or_default();
        let number = str::from_utf8(first).ok().and_then(|text| text.parse::<usize>().ok());
        matches!(keyword, "RETR" | "TOP" | "DELE" | "LIST" | "UIDL")
            && number.zip(self.listed.as_ref()).is_some_and(|(it, listed)| !listed.contains(&it))
    }

    /// Says what is lawful, or what a rule has in its place; then it is so, if it was positive.
    fn answer(&mut self, answer: Answer, fits: impl Fn(&Trigger) -> bool) -> io::Result<()> {
        let behind = self.seen.lines.last().map(Line::keyword).unwrap_or_default();
        self.listen(Duration::ZERO, &behind);
        if answer.effect == Effect::Stls {
            self.seen.behind_stls = Some(self.link.inbox.clone());
        }
        let mut said = Vec::new();
        let stage = self.stage;
        let outcome = match stage.rule(fits) {
            None => self.say(&answer.octets, &mut said),
            Some(rule) => self.follow(rule, &answer, &mut said),
        };
        self.log(&said);
        let end = memchr::memchr(b'\n', &said).unwrap_or(said.len());
        if let Some(line) = self.seen.lines.last_mut() {
            line.reply = said[..end].trim_ascii_end().to_vec();
            line.answered = said.ends_with(b"\n");
            if line.keyword() == "RETR" && line.is_ok() {
                line.answered = [&b"\n.\r\n"[..], b"\n.\n"].iter().any(|end| said.ends_with(end));
            }
        }
        outcome?;
        self.come_about(answer.effect, &said);
        Ok(())
    }

    fn log(&mut self, said: &[u8]) {
        const LINES: usize = 6;
        let lines: Vec<_> = said.split_inclusive(|octet| *octet == b'\n').collect();
        for (at, line) in lines.iter().enumerate() {
            let is_shown = at < LINES || at + 2 >= lines.len();
            if is_shown {
                self.seen.wire.push(match line.strip_suffix(b"\r\n") {
                    Some(line) => format!("S: {}", shown(line)),
                    None => format!("S- {}", shown(line)),
                });
            } else if at == LINES {
                self.seen.wire.push(format!("S: … ({} lines)", lines.len() - LINES - 2));
            }
        }
        if self.done {
            self.seen.wire.push("(the server ended the connection)".to_owned());
        }
    }

    /// What a reply that was said brings about.
    fn come_about(&mut self, effect: Effect, said: &[u8]) {
        let is_ok = said.starts_with(b"+OK");
        match effect {
            Effect::Quit => {
                self.seen.ended_by_quit = !self.done;
                if !self.done {
                    self.link.close();
                }
                self.done = true;
            }
            Effect::Challenge(exchange) if said.starts_with(b"+") && !is_ok => {
                let line = said.split(|octet| *octet == b'\r').next().unwrap_or_default();
                let challenge = line.get(2..).unwrap_or_default().to_vec();
                self.exchange = Some(exchange.with(challenge));
            }
            _ if !is_ok || self.done => {}
            Effect::Greeted => {
                let line = said.split(|octet| *octet == b'\n').next().unwrap_or_default();
                let open = memchr::memchr(b'<', line);
                let close = memchr::memrchr(b'>', line);
                if let (Some(open), Some(close)) = (open, close)
                    && open < close
                {
                    self.seen.timestamp = Some(line[open..=close].to_vec());
                }
            }
            Effect::Login | Effect::Challenge(_) => self.logged_in = true,
            Effect::Named(name) => self.named = Some(name),
            Effect::Stls => {
                if self.begin_tls() {
                    (self.shown, self.named) = (None, None);
                }
            }
            Effect::Marked(number) => {
                if let Some(marked) = self.marked.get_mut(number - 1) {
                    *marked = true;
                }
            }
            Effect::Unmarked => self.marked.fill(false),
            Effect::Listed => self.listed.get_or_insert_default().extend(numbers(said)),
            Effect::Counted => {
                let count = said.split(|octet| *octet == b' ').nth(1).unwrap_or_default();
                let count = str::from_utf8(count).ok().and_then(|count| count.parse().ok());
                let count: usize = count.unwrap_or(0).min(KEPT);
                self.listed.get_or_insert_default().extend(1..=count);
            }
            Effect::Capabilities => self.shown = Some(Some(lines(said))),
            Effect::None => {}
        }
        if said.starts_with(b"-ERR")
            && self.seen.lines.last().is_some_and(|line| line.keyword() == "CAPA")
        {
            self.shown = Some(None);
        }
    }
}

/// The lines of a listing, without its first and its end.
fn lines(said: &[u8]) -> Vec<String> {
    let said = String::from_utf8_lossy(said);
    said.lines().skip(1).take_while(|line| *line != ".").map(str::to_owned).collect()
}

/// The numbers with which the lines of a listing begin.
fn numbers(said: &[u8]) -> BTreeSet<usize> {
    let number = |line: &String| line.split_whitespace().next()?.parse().ok();
    lines(said).iter().filter_map(number).collect()
}
