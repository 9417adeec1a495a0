//! A real client and a real server, joined in memory, against the model.

use std::collections::BTreeMap;

use bytes::Buf;
use pop3_proto::client::{self, CommandId, Event, Item};
use pop3_proto::{Capability, Command, server};
use proptest::prelude::*;

use crate::model::{Model, Told};
use crate::office::Office;
use crate::wire::{cuts, letter};

/// Both connections and the octets between them.
struct Pair {
    client: client::Connection,
    server: server::Connection,
    office: Office,
    to_server: Vec<u8>,
    to_client: Vec<u8>,
    told: BTreeMap<CommandId, Told>,
    closed: Option<Result<(), client::Error>>,
}

impl Pair {
    fn new(letters: &[Vec<u8>], removable: usize, pipelining: bool) -> Self {
        let mut of_client = client::Config::default();
        of_client.read_buffer = 64.try_into().unwrap();
        of_client.reply_line = 64.try_into().unwrap();
        of_client.window = 40.try_into().unwrap();
        let mut of_server = server::Config::default();
        of_server.read_buffer = 50.try_into().unwrap();
        of_server.command_line = 50.try_into().unwrap();
        of_server.high_water = 80.try_into().unwrap();
        if !pipelining {
            of_server.capabilities.remove(Capability::Pipelining.tag());
        }
        Self {
            client: client::Connection::new(of_client),
            server: server::Connection::new(of_server, None),
            office: Office::new(letters, removable),
            to_server: Vec::new(),
            to_client: Vec::new(),
            told: BTreeMap::new(),
            closed: None,
        }
    }

    fn send(&mut self, line: &str) -> CommandId {
        self.client.send(Command::parse(line.as_bytes()).unwrap()).unwrap()
    }

    /// Sends a command and waits for its answer.
    fn ask(&mut self, line: &str, cuts: &[usize]) {
        let id = self.send(line);
        self.run(cuts);
        assert!(self.told[&id].is_some(), "{line}");
    }

    /// Carries octets to and fro in pieces until nothing moves any more.
    fn run(&mut self, cuts: &[usize]) {
        for cut in cuts.iter().cycle() {
            let mut transmit = self.client.transmit();
            let octets = (*cut).min(transmit.remaining());
            self.to_server.extend_from_slice(&transmit.chunk()[..octets]);
            transmit.advance(octets);

            let taken = self.server.receive(&self.to_server[..(*cut).min(self.to_server.len())]);
            self.to_server.drain(..taken);
            self.office.serve(&mut self.server, &mut self.to_client);

            let arrived = self.client.receive(&self.to_client[..(*cut).min(self.to_client.len())]);
            self.to_client.drain(..arrived);
            let heard = self.listen();
            if octets + taken + arrived == 0 && !heard && !self.client.wants_write() {
                return;
            }
        }
    }

    fn listen(&mut self) -> bool {
        let mut heard = false;
        while let Some(event) = self.client.poll() {
            heard = true;
            match event {
                Event::Reply { id, reply } => {
                    let told = reply.is_ok().then(Default::default);
                    assert_eq!(self.told.insert(id, told), None, "two replies");
                }
                Event::Item { id, item } => {
                    let (items, _) = self.told.get_mut(&id).unwrap().as_mut().unwrap();
                    items.push(words(&item));
                }
                Event::Body { id, chunk } => {
                    let (_, body) = self.told.get_mut(&id).unwrap().as_mut().unwrap();
                    body.extend_from_slice(&chunk);
                }
                Event::Quirk(quirk) => panic!("our own server is odd: {quirk:?}"),
                Event::Closed(outcome) => self.closed = Some(outcome),
                _ => {}
            }
        }
        heard
    }
}

fn words(item: &Item) -> String {
    match item {
        Item::Drop(listing) => format!("{} {}", listing.messages, listing.octets),
        Item::Scan(listing) => format!("{} {}", listing.number, listing.octets),
        Item::UniqueId(listing) => format!("{} {}", listing.number, listing.unique_id),
        other => format!("{other:?}"),
    }
}

fn command() -> impl Strategy<Value = String> {
    let words = |keyword: &'static str| (1..7_u32).prop_map(move |n| format!("{keyword} {n}"));
    prop_oneof![
        proptest::sample::select(vec!["STAT", "LIST", "UIDL", "NOOP", "RSET", "XFOO"])
            .prop_map(String::from),
        words("LIST"),
        words("UIDL"),
        words("RETR"),
        words("DELE"),
        words("DELE"),
        (1..7_u32, 0..6_u32).prop_map(|(n, lines)| format!("TOP {n} {lines}")),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Goodbye {
    Quit,
    HangUp,
    Silence,
}

proptest! {
    #[test]
    fn client_and_server_agree_with_the_model(
        letters in proptest::collection::vec(letter(), 0..6),
        commands in proptest::collection::vec(command(), 0..25),
        cuts in cuts(),
        pipelining in any::<bool>(),
        removable in prop_oneof![3 => Just(usize::MAX), 1 => 0..2_usize],
        goodbye in prop_oneof![
            3 => Just(Goodbye::Quit), 1 => Just(Goodbye::HangUp), 1 => Just(Goodbye::Silence)
        ],
    ) {
        let mut pair = Pair::new(&letters, removable, pipelining);
        pair.run(&cuts);
        for line in ["USER mark", "PASS swordfish", "CAPA"] {
            pair.ask(line, &cuts);
        }

        let mut model = Model::new(&letters);
        let sent: Vec<(CommandId, &String)> =
            commands.iter().map(|line| (pair.send(line), line)).collect();
        pair.run(&cuts);
        for (id, line) in sent {
            let told = pair.told.remove(&id);
            prop_assert_eq!(told, Some(model.answer(line)), "{}", line);
        }

        let marked: Vec<u32> = model.marked.into_iter().collect();
        match goodbye {
            Goodbye::Quit => {
                pair.send("QUIT");
                pair.run(&cuts);
                prop_assert_eq!(pair.office.ending, Some(server::Ending::Quit));
                let all = removable >= marked.len();
                prop_assert_eq!(pair.office.removed, Some(marked));
                prop_assert_eq!(pair.closed.unwrap().is_ok(), all);
            }
            other => {
                match other {
                    Goodbye::HangUp => pair.server.closed(),
                    _ => pair.server.timed_out(),
                }
                pair.run(&cuts);
                prop_assert!(pair.office.ending.is_some());
                prop_assert!(pair.office.removed.is_none(), "removed without QUIT");
                pair.client.closed();
                pair.listen();
                prop_assert!(pair.closed.unwrap().is_err());
            }
        }
    }
}
