//! A server, whatever its client says: the same output however it is cut, bounded, and no letter
//! lost without a QUIT.

use pop3_proto::Reply;
use pop3_proto::auth::Timestamp;
use pop3_proto::bytes::Buf;
use pop3_proto::command::{Command, Spaces};
use pop3_proto::server::{Connection, Ending, Tolerance};

use crate::cuts::{Cuts, Input};
use crate::has_password;
use crate::office::{HIGH_WATER, LETTERS, Office, config};

/// What one answer adds at most.
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
        let mut office = Office::default();
        let mut connection = Connection::new(config(tolerance), Some(Timestamp::fresh(1, "host")));
        for mut piece in cuts.pieces(wire) {
            while !piece.is_empty() && office.ending.is_none() {
                let taken = connection.receive(piece);
                piece = &piece[taken..];
                session.serve(&mut connection, &mut office);
                assert!(taken > 0 || office.ending.is_some(), "nothing more is taken");
            }
        }
        connection.closed();
        session.serve(&mut connection, &mut office);
        assert!(office.ending.is_some(), "not closed");
        assert!(connection.poll().is_none() && !connection.wants_write());
        Self { removed: office.removed, ending: office.ending, ..session }
    }

    /// Does all that the connection asks for, and sends only when nothing else is left to do.
    fn serve(&mut self, connection: &mut Connection, office: &mut Office) {
        loop {
            match connection.poll() {
                Some(action) => office.act(action, connection, |connection| self.flush(connection)),
                None if !connection.wants_write() => return,
                None => self.flush(connection),
            }
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
            // A challenge is as long as it has to be (RFC 5034, section 4).
            let is_short = line.len() <= Reply::MAX || line.starts_with(b"+ ");
            assert!(is_short, "a line of {} octets", line.len());
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
