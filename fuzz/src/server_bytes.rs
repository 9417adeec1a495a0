//! A server, whatever its client says: the same output however it is cut, bounded, and no letter
//! lost without a QUIT.

use pop3_proto::auth::{Credentials, Timestamp};
use pop3_proto::bytes::Buf;
use pop3_proto::command::{Command, Spaces};
use pop3_proto::multiline::Counter;
use pop3_proto::server::{
    Action, Config, Connection, Ending, ExtensionCommand, Refusal, Removal, Tolerance,
};
use pop3_proto::state::State;
use pop3_proto::{Capability, MessageInfo, Reply, Text, UniqueId};

use crate::cuts::{Cuts, Input};
use crate::{PASSWORD, has_password};

const LETTERS: &[&[u8]] = &[
    b"Subject: dots\n\n.\n..\n.one\nlast, without a line end",
    b"Subject: mixed\r\n\r\n\rbare CR\r\r\n.\r\n\n.\n",
    b"Subject: header alone\n",
    b"",
];

/// So few octets wait to be sent at most, and what one answer adds.
const HIGH_WATER: usize = 80;
const ANSWER: usize = 2 * Reply::MAX;

/// Holds what a client says, behind its cuts, against the laws of a server.
pub fn check(input: &[u8]) {
    let Input { strict, cuts, octets: wire } = Input::of(input);
    let tolerance = if strict { Tolerance::STRICT } else { Tolerance::FORGIVING };
    let whole = Session::of(wire, &Cuts::NONE, tolerance);
    whole.is_lawful(wire);
    assert_eq!(Session::of(wire, &cuts, tolerance), whole);
    assert_eq!(Session::of(wire, &Cuts::EVERYWHERE, tolerance), whole);
}

/// What a session said and did.
#[derive(Debug, Default, PartialEq)]
struct Session {
    said: Vec<u8>,
    removed: Option<Vec<u32>>,
    ending: Option<Ending>,
}

impl Session {
    fn of<'a>(wire: &'a [u8], cuts: &Cuts<'a>, tolerance: Tolerance) -> Self {
        let mut session = Self::default();
        let mut connection = Connection::new(small(tolerance), Some(Timestamp::fresh(1, "host")));
        for mut piece in cuts.pieces(wire) {
            while !piece.is_empty() && session.ending.is_none() {
                let taken = connection.receive(piece);
                piece = &piece[taken..];
                session.serve(&mut connection);
                assert!(taken > 0 || session.ending.is_some(), "nothing more is taken");
            }
        }
        connection.closed();
        session.serve(&mut connection);
        assert!(session.ending.is_some(), "not closed");
        assert!(connection.poll().is_none() && !connection.wants_write());
        session
    }

    /// Does all that the connection asks for, and sends only when nothing else is left to do.
    fn serve(&mut self, connection: &mut Connection) {
        loop {
            match connection.poll() {
                Some(action) => self.act(action, connection),
                None if !connection.wants_write() => return,
                None => self.flush(connection),
            }
        }
    }

    fn act(&mut self, action: Action, connection: &mut Connection) {
        let shown = format!("{action:?}");
        assert_eq!(self.ending, None, "something comes behind the end: {shown}");
        match action {
            Action::Authenticate { credentials, ticket } => {
                let user = credentials.user().cloned();
                let told = user.as_ref().is_some_and(|user| has_password(user.as_str().as_bytes()));
                assert!(told || !has_password(shown.as_bytes()));
                let verdict = user.filter(|_| is_right(&credentials)).ok_or(Refusal::Credentials);
                connection.authenticated(ticket, verdict).unwrap();
            }
            Action::Open { user, ticket } => {
                assert_eq!(user.as_str(), "mark");
                let maildrop = LETTERS.iter().enumerate();
                let maildrop = maildrop.map(|(index, letter)| info(index, letter)).collect();
                connection.opened(ticket, Ok(maildrop)).unwrap();
            }
            Action::Fetch { number, ticket, .. } => {
                let mut rest = LETTERS[number.index()];
                while !rest.is_empty() {
                    let taken = connection.message(&ticket, rest).unwrap();
                    rest = if taken.enough { &[] } else { &rest[taken.octets..] };
                    self.flush(connection);
                }
                connection.message_complete(ticket).unwrap();
            }
            Action::Commit { removals, ticket } => {
                connection.committed(ticket, &vec![Removal::Gone; removals.len()]).unwrap();
                let removals = removals.iter().map(|number| number.get()).collect();
                assert_eq!(self.removed.replace(removals), None, "removed twice");
            }
            Action::Wait { ticket, .. } => connection.waited(ticket).unwrap(),
            Action::Extension { command, ticket } => {
                let reply = Reply::ok(Text::new(command.arguments()).unwrap());
                connection.extension_answered(ticket, reply, None).unwrap();
            }
            Action::Close(ending) => self.ending = Some(ending),
            other => panic!("nobody asked for {other:?}"),
        }
    }

    fn flush(&mut self, connection: &mut Connection) {
        let mut transmit = connection.transmit();
        let waiting = transmit.remaining();
        assert!(waiting <= 2 * HIGH_WATER + ANSWER, "{waiting} octets wait");
        self.said.extend_from_slice(transmit.chunk());
        transmit.advance(waiting);
    }

    fn is_lawful(&self, wire: &[u8]) {
        // No line of the letters is long, so no line at all is.
        let lines = self.said.split_inclusive(|octet| *octet == b'\n');
        for line in lines {
            assert!(line.len() <= Reply::MAX, "a line of {} octets", line.len());
            assert!(line.ends_with(b"\r\n"), "a line without CRLF: {}", line.escape_ascii());
        }
        let heard = wire.iter().filter(|octet| **octet == b'\n').count();
        let letters = LETTERS.concat().len();
        let most = (heard + 2) * (ANSWER + 2 * letters);
        assert!(self.said.len() <= most, "{} octets", self.said.len());
        // The host repeats what stands behind XECHO; the server repeats nothing.
        let echoes = wire.to_ascii_uppercase().windows(5).any(|word| word == b"XECHO");
        assert!(echoes || !has_password(&self.said), "a secret is repeated");
        self.nothing_is_lost(wire);
    }

    /// Only a client that said QUIT has letters removed, and only those that it named.
    fn nothing_is_lost(&self, wire: &[u8]) {
        let said: Vec<Command> = wire
            .split(|octet| *octet == b'\n')
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
            .filter_map(|line| Command::parse_with(line, Spaces::Any).ok())
            .collect();
        let deleted = |number: &u32| {
            said.iter().any(|command| matches!(command, Command::Dele(n) if n.get() == *number))
        };
        if let Some(removed) = &self.removed {
            assert!(said.contains(&Command::Quit), "removed without QUIT");
            assert_eq!(self.ending, Some(Ending::Quit));
            assert!(removed.iter().all(deleted), "removed without DELE: {removed:?}");
            assert!(removed.is_sorted_by(|one, next| one < next));
        }
    }
}

fn is_right(credentials: &Credentials) -> bool {
    let right = match credentials {
        Credentials::Password { password, .. } => password.expose() == PASSWORD.as_bytes(),
        Credentials::Apop { timestamp, digest, .. } => {
            digest.matches(timestamp, PASSWORD.as_bytes())
        }
        _ => false,
    };
    right && credentials.user().is_some_and(|user| user.as_str() == "mark")
}

fn info(index: usize, letter: &[u8]) -> MessageInfo {
    let mut counter = Counter::new();
    counter.push(letter);
    let unique_id = UniqueId::new(format!("id-{}", index + 1)).unwrap();
    MessageInfo { octets: counter.finish(), unique_id }
}

/// Limits so narrow that short inputs meet them, and all that can be offered without TLS.
fn small(tolerance: Tolerance) -> Config {
    let mut config = Config::default();
    config.tolerance = tolerance;
    config.capabilities.set(Capability::parse(&b"XLONG ".repeat(100)));
    let states = [State::Authorization, State::Transaction];
    config.extensions.push(ExtensionCommand::new("XECHO", &states));
    config.command_line = 60.try_into().unwrap();
    config.read_buffer = 64.try_into().unwrap();
    config.high_water = HIGH_WATER.try_into().unwrap();
    config.bad_commands = 8.try_into().unwrap();
    config
}
