//! However the input is cut, the same happens.
//!
//! STLS is left out: what stands behind it in the same read is treated otherwise than what comes
//! later, on purpose.

use bytes::Buf;
use pop3_proto::client::{self, Event};
use pop3_proto::{Command, server};
use proptest::prelude::*;

use crate::office::Office;
use crate::wire::{cuts, from_client, from_server, letter};

/// Cuts octets into pieces of these lengths, over and over.
fn pieces<'a>(mut octets: &'a [u8], cuts: &'a [usize]) -> impl Iterator<Item = &'a [u8]> {
    let mut cuts = cuts.iter().cycle();
    std::iter::from_fn(move || {
        let length = (*cuts.next()?).min(octets.len());
        let (piece, rest) = octets.split_at(length);
        octets = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

/// What a server says, and how its session ends.
fn served(
    wire: &[u8],
    cuts: &[usize],
    letters: &[Vec<u8>],
) -> (Vec<u8>, Option<Vec<u32>>, Option<server::Ending>) {
    let mut config = server::Config::default();
    config.command_line = 40.try_into().unwrap();
    config.read_buffer = 64.try_into().unwrap();
    config.high_water = 50.try_into().unwrap();
    let mut connection = server::Connection::new(config, None);
    let (mut office, mut said) = (Office::new(letters, usize::MAX), Vec::new());
    for mut piece in pieces(wire, cuts) {
        while !piece.is_empty() && office.ending.is_none() {
            let taken = connection.receive(piece);
            piece = &piece[taken..];
            office.serve(&mut connection, &mut said);
        }
    }
    connection.closed();
    office.serve(&mut connection, &mut said);
    (said, office.removed, office.ending)
}

/// What a client's host is told, pieces of a body joined, and what the client says.
fn told(wire: &[u8], cuts: &[usize]) -> (Vec<Event>, Vec<u8>) {
    let mut config = client::Config::default();
    config.reply_line = 60.try_into().unwrap();
    config.read_buffer = 64.try_into().unwrap();
    config.listing_lines = 5.try_into().unwrap();
    config.window = 30.try_into().unwrap();
    let mut host = Host {
        connection: client::Connection::new(config),
        script: [
            "CAPA",
            "AUTH X",
            "USER mark",
            "PASS x",
            "RETR 1",
            "LIST",
            "STAT",
            "TOP 1 0",
            "UIDL 1",
            "NOOP",
            "CAPA",
            "UIDL",
            "RETR 2",
            "QUIT",
        ]
        .iter(),
        events: Vec::new(),
        said: Vec::new(),
    };
    for mut piece in pieces(wire, cuts) {
        while !piece.is_empty() && !host.connection.is_over() {
            let taken = host.connection.receive(piece);
            piece = &piece[taken..];
            host.listen();
        }
    }
    host.connection.closed();
    host.listen();
    (host.events, host.said)
}

/// Sends the next two commands of its script whenever something is done.
struct Host {
    connection: client::Connection,
    script: std::slice::Iter<'static, &'static str>,
    events: Vec<Event>,
    said: Vec<u8>,
}

impl Host {
    fn listen(&mut self) {
        while let Some(event) = self.connection.poll() {
            if matches!(event, Event::Greeting(_) | Event::Done { .. }) {
                for line in self.script.by_ref().take(2) {
                    let _ = self.connection.send(Command::parse(line.as_bytes()).unwrap());
                }
            }
            if matches!(event, Event::Challenge { .. }) {
                self.connection.respond(b"YQ==").unwrap();
            }
            self.note(event);
            let mut transmit = self.connection.transmit();
            self.said.extend_from_slice(transmit.chunk());
            transmit.advance(transmit.remaining());
        }
    }

    fn note(&mut self, event: Event) {
        match (event, self.events.last_mut()) {
            (Event::Body { id, chunk }, Some(Event::Body { id: last, chunk: before }))
                if id == *last =>
            {
                *before = [&before[..], &chunk].concat().into();
            }
            (event, _) => self.events.push(event),
        }
    }
}

proptest! {
    #[test]
    fn cuts_do_not_matter_to_a_server(
        wire in from_client(),
        letters in proptest::collection::vec(letter(), 2),
        cuts in cuts(),
    ) {
        let whole = served(&wire, &[usize::MAX], &letters);
        prop_assert_eq!(&served(&wire, &cuts, &letters), &whole);
        prop_assert_eq!(&served(&wire, &[1], &letters), &whole);
    }

    #[test]
    fn cuts_do_not_matter_to_a_client(wire in from_server(), cuts in cuts()) {
        let whole = told(&wire, &[usize::MAX]);
        prop_assert_eq!(&told(&wire, &cuts), &whole);
        prop_assert_eq!(&told(&wire, &[1]), &whole);
    }
}
