//! Raw octets in, octets out, with a scripted host between.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use bytes::Buf;

use super::*;
use crate::auth::{Channel, Credentials, SaslResponse};
use crate::multiline::Counter;
use crate::reply::Reply;
use crate::text::Text;
use crate::types::{MessageInfo, MessageNumber, UniqueId};

mod back_pressure;
mod capabilities;
mod commands;
mod endings;
mod international;
mod lines;
mod login;
mod maildrop;
mod messages;
mod sasl;
mod stls;
mod tickets;
mod utf8_headers;
mod xclient;

/// A connection and a host that lets `mark` in with `swordfish`.
struct Session {
    connection: Connection,
    letters: Vec<Vec<u8>>,
    /// The unique-ids, where they are not simply made up.
    unique_ids: Vec<&'static str>,
    /// What opening the maildrop is answered by, when it is refused.
    locked: Option<Refusal>,
    /// After how many octets reading a message fails.
    broken_after: Option<usize>,
    /// How many of the messages to be removed are removed.
    removable: usize,
    /// Whether the host leaves every action unanswered, in `asked`.
    idle_host: bool,
    asked: Vec<Action>,
    waits: Vec<Duration>,
    committed: Option<Vec<u32>>,
    tls_wanted: bool,
    relayed: Option<crate::command::Xclient>,
    ending: Option<Ending>,
}

impl Session {
    /// Right behind the greeting.
    fn with(config: Config, letters: &[&str]) -> Self {
        let mut session = Self::ungreeted(Connection::new(config, None), letters);
        session.run();
        session
    }

    fn ungreeted(connection: Connection, letters: &[&str]) -> Self {
        Self {
            connection,
            letters: letters.iter().map(|letter| letter.as_bytes().to_vec()).collect(),
            unique_ids: Vec::new(),
            locked: None,
            broken_after: None,
            removable: usize::MAX,
            idle_host: false,
            asked: Vec::new(),
            waits: Vec::new(),
            committed: None,
            tls_wanted: false,
            relayed: None,
            ending: None,
        }
    }

    fn new() -> Self {
        Self::with(Config::default(), &[])
    }

    /// In TRANSACTION, with these letters.
    fn logged_in(letters: &[&str]) -> Self {
        let mut session = Self::with(Config::default(), letters);
        session.log_in();
        session
    }

    fn log_in(&mut self) {
        self.asks("USER mark");
        assert!(self.asks("PASS swordfish").starts_with("+OK"));
    }

    /// Sends a command line and returns what is answered.
    fn asks(&mut self, line: &str) -> String {
        self.says(alloc::format!("{line}\r\n"))
    }

    /// As [`asks`](Self::asks), and it must be refused in one line.
    #[track_caller]
    fn is_refused(&mut self, line: &str) {
        let answer = self.asks(line);
        assert!(answer.starts_with("-ERR ") && answer.lines().count() == 1, "{line}: {answer}");
    }

    /// Sends octets and returns what is answered.
    fn says(&mut self, octets: impl AsRef<[u8]>) -> String {
        let mut rest = octets.as_ref();
        let mut answer = String::new();
        loop {
            let taken = self.connection.receive(rest);
            rest = &rest[taken..];
            answer.push_str(&self.run());
            if rest.is_empty() || !self.connection.wants_read() {
                return answer;
            }
        }
    }

    /// Lets the host and the transport do all they can.
    fn run(&mut self) -> String {
        let mut wire = Vec::new();
        loop {
            self.flush(&mut wire);
            match self.connection.poll() {
                Some(action) if self.idle_host && !matches!(action, Action::Close(_)) => {
                    self.asked.push(action);
                }
                Some(action) => self.act(action, &mut wire),
                None if !self.connection.wants_write() => break,
                None => {}
            }
        }
        String::from_utf8_lossy(&wire).into_owned()
    }

    fn flush(&mut self, wire: &mut Vec<u8>) {
        let mut transmit = self.connection.transmit();
        wire.extend_from_slice(transmit.chunk());
        transmit.advance(transmit.remaining());
    }

    fn act(&mut self, action: Action, wire: &mut Vec<u8>) {
        let connection = &mut self.connection;
        match action {
            Action::Authenticate { credentials, ticket } => {
                let verdict = match is_right(&credentials) {
                    true => Ok(credentials.user().unwrap().clone()),
                    false => Err(Refusal::Credentials),
                };
                connection.authenticated(ticket, verdict).unwrap();
            }
            // The whole of PLAIN is one message; one that only begins is led on by a challenge.
            Action::Sasl { response, ticket, .. } => {
                match response.as_ref().map(SaslResponse::expose) {
                    Some(b"\0mark\0swordfish") => {
                        let mark = crate::UserName::new("mark").unwrap();
                        connection.authenticated(ticket, Ok(mark)).unwrap();
                    }
                    Some(b"\0mark\0wrong") => {
                        connection.authenticated(ticket, Err(Refusal::Credentials)).unwrap();
                    }
                    Some(b"a bad token") => {
                        connection.refused_because(ticket, b"it has expired").unwrap();
                    }
                    None => connection.challenge(ticket, b"").unwrap(),
                    Some(other) => connection.challenge(ticket, &other.repeat(2)).unwrap(),
                }
            }
            Action::Open { ticket, .. } => {
                let messages = self.locked.take().map_or_else(|| Ok(self.snapshot()), Err);
                let _ = self.connection.opened(ticket, messages);
            }
            Action::Fetch { number, ticket, .. } => self.hand_over(number, ticket, wire),
            Action::Commit { removals, ticket } => {
                let gone = removals.len().min(self.removable);
                connection.committed(ticket, &alloc::vec![Removal::Gone; gone]).unwrap();
                self.committed = Some(removals.iter().map(|number| number.get()).collect());
            }
            Action::Wait { duration, ticket } => {
                self.waits.push(duration);
                connection.waited(ticket).unwrap();
            }
            Action::Extension { command, ticket } => {
                let text = Text::new(command.arguments()).unwrap();
                let content = (command.keyword() == "XLIST").then(|| ".a\nb".into());
                connection.extension_answered(ticket, Reply::ok(text), content).unwrap();
            }
            Action::Relayed(client) => self.relayed = Some(client),
            Action::StartTls => self.tls_wanted = true,
            Action::Close(ending) => {
                assert_eq!(self.ending.replace(ending), None, "closed twice");
            }
        }
    }

    fn snapshot(&self) -> Vec<MessageInfo> {
        let info = |(index, letter): (usize, &Vec<u8>)| {
            let mut counter = Counter::new();
            counter.push(letter);
            let made_up = alloc::format!("id-{}", index + 1);
            let unique_id = self.unique_ids.get(index).copied().unwrap_or(&made_up);
            let unique_id = UniqueId::from_peer(unique_id.as_bytes()).unwrap();
            MessageInfo { octets: counter.finish(), unique_id }
        };
        self.letters.iter().enumerate().map(info).collect()
    }

    fn hand_over(&mut self, number: MessageNumber, ticket: FetchTicket, wire: &mut Vec<u8>) {
        let letter = self.letters[number.index()].clone();
        let readable = self.broken_after.unwrap_or(letter.len()).min(letter.len());
        let mut rest = &letter[..readable];
        while !rest.is_empty() {
            let taken = self.connection.message(&ticket, rest).unwrap();
            rest = if taken.enough { &[] } else { &rest[taken.octets..] };
            self.flush(wire);
        }
        match self.broken_after {
            None => self.connection.message_complete(ticket).unwrap(),
            Some(_) => {
                let why = Refusal::Temporary(Text::literal("disk on fire"));
                self.connection.message_failed(ticket, why).unwrap();
            }
        }
    }
}

fn is_right(credentials: &Credentials) -> bool {
    credentials.user().is_some_and(|user| user.as_str() == "mark")
        && match credentials {
            Credentials::Password { password, .. } => password.expose() == b"swordfish",
            #[cfg(feature = "apop")]
            Credentials::Apop { timestamp, digest, .. } => digest.matches(timestamp, b"tanstaaf"),
            _ => false,
        }
}
