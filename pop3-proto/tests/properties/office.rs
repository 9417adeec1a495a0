//! A host for a server's connection that answers at once: `mark` with `swordfish`.

use bytes::Buf;
use pop3_proto::auth::Credentials;
use pop3_proto::multiline::Counter;
use pop3_proto::server::{Action, Connection, Ending, Refusal, Removal};
use pop3_proto::{MessageInfo, UniqueId};

pub(crate) struct Office {
    letters: Vec<Vec<u8>>,
    /// How many of the messages to be removed are removed.
    removable: usize,
    /// What became of the session.
    pub(crate) removed: Option<Vec<u32>>,
    pub(crate) ending: Option<Ending>,
}

impl Office {
    pub(crate) fn new(letters: &[Vec<u8>], removable: usize) -> Self {
        Self { letters: letters.to_vec(), removable, removed: None, ending: None }
    }

    pub(crate) fn info(index: usize, letter: &[u8]) -> MessageInfo {
        let mut counter = Counter::new();
        counter.push(letter);
        let unique_id = UniqueId::new(format!("id-{}", index + 1)).unwrap();
        MessageInfo { octets: counter.finish(), unique_id }
    }

    /// Does all that the connection asks for; what it says meanwhile goes into `wire`.
    pub(crate) fn serve(&mut self, connection: &mut Connection, wire: &mut Vec<u8>) {
        loop {
            flush(connection, wire);
            match connection.poll() {
                Some(action) => self.act(action, connection, wire),
                None if !connection.wants_write() => return,
                None => {}
            }
        }
    }

    fn act(&mut self, action: Action, connection: &mut Connection, wire: &mut Vec<u8>) {
        match action {
            Action::Authenticate { credentials, ticket } => {
                let Credentials::Password { user, password } = credentials else { panic!() };
                let right = user.as_str() == "mark" && password.expose() == b"swordfish";
                let verdict = if right { Ok(user) } else { Err(Refusal::Credentials) };
                connection.authenticated(ticket, verdict).unwrap();
            }
            Action::Open { ticket, .. } => {
                let letters = self.letters.iter().enumerate();
                let snapshot = letters.map(|(index, letter)| Self::info(index, letter)).collect();
                connection.opened(ticket, Ok(snapshot)).unwrap();
            }
            Action::Fetch { number, ticket, .. } => {
                let mut rest = &self.letters[number.index()][..];
                while !rest.is_empty() {
                    let taken = connection.message(&ticket, rest).unwrap();
                    rest = if taken.enough { &[] } else { &rest[taken.octets..] };
                    flush(connection, wire);
                }
                connection.message_complete(ticket).unwrap();
            }
            Action::Commit { removals, ticket } => {
                let gone = removals.len().min(self.removable);
                connection.committed(ticket, &vec![Removal::Gone; gone]).unwrap();
                self.removed = Some(removals.iter().map(|number| number.get()).collect());
            }
            Action::Wait { ticket, .. } => connection.waited(ticket).unwrap(),
            Action::Close(ending) => {
                assert_eq!(self.ending.replace(ending), None, "closed twice");
            }
            other => panic!("{other:?}"),
        }
    }
}

fn flush(connection: &mut Connection, wire: &mut Vec<u8>) {
    let mut transmit = connection.transmit();
    while transmit.has_remaining() {
        let chunk = transmit.chunk();
        wire.extend_from_slice(chunk);
        let octets = chunk.len();
        transmit.advance(octets);
    }
}
