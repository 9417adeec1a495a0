//! A client, whatever its server says: the same events and the same output, however it is cut.
//!
//! The second line of an input chooses the commands, a letter each. STLS is not among them: what
//! stands behind it in the same read is treated otherwise than what comes later, on purpose.

use pop3_proto::auth::sasl::{ClientMechanism, base64};
use pop3_proto::bytes::Buf;
use pop3_proto::client::{CommandId, Config, Connection, Event, Tolerance};
use pop3_proto::command::Extension;
use pop3_proto::state::Shape;
use pop3_proto::{Command, Secret};

use crate::cuts::{Cuts, Input, first_line};
use crate::office::password;
use crate::sasl::client::mechanism;
use crate::sasl::is_affordable;
use crate::{PASSWORD, has_password};

/// What the letters of the second line mean, `a` being the first.
const COMMANDS: &[&str] = &[
    "CAPA",
    "USER mark",
    "PASS swordfish",
    "APOP mark 0123456789abcdef0123456789abcdef",
    "AUTH PLAIN",
    "STAT",
    "LIST",
    "LIST 1",
    "UIDL",
    "UIDL 2",
    "RETR 1",
    "TOP 1 0",
    "DELE 1",
    "NOOP",
    "RSET",
    "LANG",
    "UTF8",
    "XLINE swordfish",
    "XMANY",
    "QUIT",
    "AUTH LOGIN",
    "AUTH CRAM-MD5",
    "AUTH SCRAM-SHA-256",
    "AUTH XOAUTH2",
];

/// The limits, so narrow that short inputs meet them, and challenges of SCRAM fit all the same.
const READ_BUFFER: usize = 150;
const LISTING_LINES: u32 = 5;
const WINDOW: usize = 30;
/// The longest of the commands, APOP, which goes out alone, and the longest response to a challenge,
/// that of SCRAM.
const LONGEST: usize = 44;
const RESPONSE: usize = 300;

/// Holds what a server says, behind its cuts and the commands, against the laws of a client.
pub fn check(input: &[u8]) {
    let Input { strict, cuts, octets } = Input::of(input);
    let (script, wire) = first_line(octets);
    let tolerance = if strict { Tolerance::STRICT } else { Tolerance::FORGIVING };
    let play = |cuts: &Cuts| Session::of(wire, cuts, script, tolerance);
    let whole = play(&Cuts::NONE);
    whole.is_lawful();
    // A server may repeat what it was sent; nobody else does.
    assert!(has_password(wire) || !has_password(format!("{:?}", whole.events).as_bytes()));
    assert_eq!(play(&cuts), whole);
    assert_eq!(play(&Cuts::EVERYWHERE), whole);
}

/// All that a host sees of a session.
#[derive(Debug, Default)]
struct Session {
    events: Vec<Event>,
    /// What went to the server.
    said: Vec<u8>,
    /// The commands that were taken, in order.
    sent: Vec<CommandId>,
    /// What may have gone to the server for them; `None` once a challenge was responded to.
    to_say: Option<Vec<u8>>,
    /// The mechanisms of the AUTHs that were sent, as far as they have come.
    mechanisms: Vec<(CommandId, Box<dyn ClientMechanism>)>,
}

impl PartialEq for Session {
    fn eq(&self, other: &Self) -> bool {
        let all =
            |it: &Self| (it.events.clone(), it.said.clone(), it.sent.clone(), it.to_say.clone());
        all(self) == all(other)
    }
}

impl Session {
    fn of<'a>(wire: &'a [u8], cuts: &Cuts<'a>, script: &[u8], tolerance: Tolerance) -> Self {
        let mut session = Self { to_say: Some(Vec::new()), ..Self::default() };
        let mut connection = Connection::new(small(tolerance));
        let mut script = script.iter().filter_map(|letter| command(*letter));
        for mut piece in cuts.pieces(wire) {
            while !piece.is_empty() && !connection.is_over() {
                let taken = connection.receive(piece);
                assert!(taken > 0, "a client that was polled takes nothing more");
                piece = &piece[taken..];
                session.listen(&mut connection, &mut script);
            }
        }
        connection.closed();
        session.listen(&mut connection, &mut script);
        assert!(connection.is_over());
        assert_eq!(connection.receive(b"+OK\r\n"), 0);
        assert_eq!(connection.poll(), None);
        assert!(!connection.wants_write());
        session
    }

    fn listen(&mut self, connection: &mut Connection, script: &mut impl Iterator<Item = Command>) {
        while let Some(event) = connection.poll() {
            match &event {
                Event::Greeting(_) | Event::Done { .. } => {
                    for command in script.by_ref().take(2) {
                        self.send(connection, command);
                    }
                }
                Event::Challenge { id, challenge } => {
                    self.to_say = None;
                    let response = self.respond(*id, challenge);
                    // The session may have ended behind the challenge.
                    let _ = connection.respond(&response);
                }
                _ => {}
            }
            self.note(event);
            let mut transmit = connection.transmit();
            let waiting = transmit.remaining();
            assert!(waiting <= WINDOW.max(LONGEST) + RESPONSE + 2, "{waiting} octets wait");
            self.said.extend_from_slice(transmit.chunk());
            transmit.advance(waiting);
        }
    }

    /// What a mechanism responds in Base64; without one, or an answer of its, it is cancelled.
    fn respond(&mut self, id: CommandId, challenge: &[u8]) -> Vec<u8> {
        let mechanism = self.mechanisms.iter_mut().find(|(auth, _)| *auth == id);
        let said =
            mechanism.zip(base64::decode(challenge)).and_then(|((_, mechanism), challenge)| {
                match mechanism.initial() {
                    Ok(Some(initial)) => Some(initial),
                    _ if is_affordable(&challenge) => mechanism.respond(&challenge).ok(),
                    _ => None,
                }
            });
        let response = said.map_or(b"*".to_vec(), |said| base64::encode(&said).as_bytes().to_vec());
        assert!(response.len() <= RESPONSE, "{} octets respond", response.len());
        response
    }

    /// What is not lawful now is refused; the same, however the input is cut.
    fn send(&mut self, connection: &mut Connection, command: Command) {
        let line = command.to_bytes();
        let mechanism = match &command {
            Command::Auth { mechanism: name, .. } => {
                mechanism(name.as_str().as_bytes(), &password())
            }
            _ => None,
        };
        if let Ok(id) = connection.send(command) {
            self.mechanisms.extend(mechanism.map(|mechanism| (id, mechanism)));
            self.sent.push(id);
            if let Some(to_say) = &mut self.to_say {
                to_say.extend_from_slice(&line);
            }
        }
    }

    /// Joins the pieces of a body, which are cut as the input is.
    fn note(&mut self, event: Event) {
        match (event, self.events.last_mut()) {
            (Event::Body { chunk, .. }, _) if !(1..=READ_BUFFER).contains(&chunk.len()) => {
                panic!("a piece of {} octets", chunk.len())
            }
            (Event::Body { id, chunk }, Some(Event::Body { id: last, chunk: before }))
                if id == *last =>
            {
                *before = [&before[..], &chunk].concat().into();
            }
            (event, _) => self.events.push(event),
        }
    }

    fn is_lawful(&self) {
        let (last, before) = self.events.split_last().expect("at least the end is told");
        assert!(matches!(last, Event::Closed(_)), "the last event is {last:?}");
        let closed = |event: &Event| matches!(event, Event::Closed(_));
        assert!(!before.iter().any(closed), "closed twice");
        self.answers_are_in_order();
        if let Some(to_say) = &self.to_say {
            assert!(to_say.starts_with(&self.said), "said what was not sent, or in another order");
        }
    }

    /// Each command has one reply, one end behind it, and all else of it between or before.
    fn answers_are_in_order(&self) {
        let mut awaited = self.sent.iter();
        let mut current = awaited.next();
        let (mut replied, mut items) = (false, 0);
        for event in &self.events {
            let (id, may_come) = match event {
                Event::Challenge { id, .. } => (id, !replied),
                Event::Reply { id, .. } => (id, !std::mem::replace(&mut replied, true)),
                Event::Item { id, .. } | Event::Body { id, .. } => (id, replied),
                Event::Done { id } => (id, replied),
                _ => continue,
            };
            assert!(may_come && current == Some(id), "out of order: {event:?}");
            items += u32::from(matches!(event, Event::Item { .. }));
            assert!(items <= LISTING_LINES, "a listing of {items} lines");
            if matches!(event, Event::Done { .. }) {
                current = awaited.next();
                (replied, items) = (false, 0);
            }
        }
    }
}

fn small(tolerance: Tolerance) -> Config {
    let mut config = Config::default();
    config.tolerance = tolerance;
    config.reply_line = READ_BUFFER.try_into().unwrap();
    config.read_buffer = READ_BUFFER.try_into().unwrap();
    config.listing_lines = LISTING_LINES.try_into().unwrap();
    config.capability_lines = LISTING_LINES.try_into().unwrap();
    config.window = WINDOW.try_into().unwrap();
    config
}

fn command(letter: u8) -> Option<Command> {
    let line = COMMANDS.get(usize::from(letter.checked_sub(b'a')?))?;
    Some(match line.split_once(' ') {
        Some(("PASS", _)) => Command::Pass(Secret::new(PASSWORD).unwrap()),
        None if line.starts_with("XMANY") => {
            Command::Extension(Extension::new(line, "", Shape::Message).unwrap())
        }
        _ => Command::parse(line.as_bytes()).unwrap(),
    })
}
