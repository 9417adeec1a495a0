//! A client and a server, joined by two wires that hold little, lose what is on them when they are
//! cut, and carry it when the input says.
//!
//! The first line of an input configures both (see `Pair::new`), the second is what the client does,
//! a letter an exchange (see [`crate::exchanges`]), and the rest is what happens when:
//!
//! | octet | what happens |
//! |---|---|
//! | `a` to `z` | so many octets, `a` being one, arrive at the server |
//! | `A` to `Z` | as many arrive at the client |
//! | `>`, `<` | all that is on the way arrives at the server, at the client |
//! | `!` | the wires are cut, and what is on them is lost |
//! | `$` | both are told of the end, once what is on the way has arrived |
//! | `[`, `]` | the client, the server loses patience |
//!
//! Then all arrives, as long as something moves.

use std::collections::{BTreeMap, VecDeque};
use std::task::Poll;

use pop3_proto::Secret;
use pop3_proto::auth::Timestamp;
use pop3_proto::bytes::Buf;
use pop3_proto::server::{self, Ending, Tolerance};
use pop3_proto::{Capability, client};

use crate::cuts::first_line;
use crate::exchanges::{Doing, Told, begin};
use crate::office::{LETTERS, Office, config, info, password};
use crate::secrets::shows_password;

/// What a wire holds.
const WIRE: usize = 48;
/// More exchanges than anybody needs.
const EXCHANGES: usize = 40;

/// Plays a session.
pub fn check(input: &[u8]) {
    let (head, rest) = first_line(input);
    let (program, schedule) = first_line(rest);
    let mut pair = Pair::new(head, program);
    for event in schedule {
        pair.happens(*event);
    }
    pair.goes_on();
    pair.is_lawful();
}

struct Pair {
    client: client::Connection,
    server: server::Connection,
    office: Office,
    to_server: VecDeque<u8>,
    to_client: VecDeque<u8>,
    /// Whether something was cut, or somebody lost patience.
    disturbed: bool,
    /// What the client is to do, the next one first, and what it does.
    program: VecDeque<u8>,
    doing: Option<(u8, Doing)>,
    /// Whether QUIT is part of the program.
    quits: bool,
    password: Secret,
    /// What reached the server.
    heard: Vec<u8>,
    /// How many octets reached either.
    arrived: usize,
    told: Account,
}

/// What the client has reason to believe.
#[derive(Default)]
struct Account {
    logged_in: bool,
    /// By number: whether it is marked, and `None` when no answer came.
    marks: BTreeMap<u32, Option<bool>>,
    removed: bool,
    failed: Option<client::Error>,
    /// An exchange was refused, which is lawful, but ends what the program is about.
    refused: bool,
}

impl Pair {
    /// `w`: the client has a wrong password. `p`: the server does not list PIPELINING, `n`: the
    /// client makes no use of it. `s`: neither forgives.
    fn new(head: &[u8], program: &[u8]) -> Self {
        let has = |letter| head.contains(&letter);
        let mut of_client = client::Config::default();
        of_client.read_buffer = 64.try_into().unwrap();
        of_client.reply_line = 600.try_into().unwrap();
        of_client.window = 40.try_into().unwrap();
        of_client.pipelining = !has(b'n');
        let tolerance = if has(b's') { Tolerance::STRICT } else { Tolerance::FORGIVING };
        let mut of_server = config(tolerance);
        if has(b's') {
            of_client.tolerance = client::Tolerance::STRICT;
        }
        if has(b'p') {
            of_server.capabilities.remove(Capability::Pipelining.tag());
        }
        // The greeting comes once, and a guest is let in without a password.
        let others = program.iter().copied().filter(|letter| match letter {
            b'o' | b'O' => false,
            b'H' => !has(b'w'),
            _ => true,
        });
        let exchanges = std::iter::once(b'o').chain(others);
        let timestamp = Some(Timestamp::fresh(1, "host"));
        let wrong = || Secret::new("swordfish-but-for-one").expect("a secret");
        Self {
            client: client::Connection::new(of_client),
            server: server::Connection::new(of_server, timestamp),
            office: Office::default(),
            to_server: VecDeque::new(),
            to_client: VecDeque::new(),
            disturbed: false,
            program: exchanges.take(EXCHANGES).collect(),
            doing: None,
            quits: program.iter().take(EXCHANGES - 1).any(|letter| *letter == b'q'),
            password: if has(b'w') { wrong() } else { password() },
            heard: Vec::new(),
            arrived: 0,
            told: Account::default(),
        }
    }

    fn happens(&mut self, event: u8) {
        match event {
            b'a'..=b'z' => self.carry_to_server(usize::from(event - b'a') + 1),
            b'A'..=b'Z' => self.carry_to_client(usize::from(event - b'A') + 1),
            b'>' => self.carry_to_server(WIRE),
            b'<' => self.carry_to_client(WIRE),
            b'!' => {
                self.to_server.clear();
                self.to_client.clear();
                self.close();
            }
            b'$' => {
                let mut before = None;
                while before.replace(self.arrived) != Some(self.arrived) {
                    self.carry_to_server(WIRE);
                    self.carry_to_client(WIRE);
                }
                // What nobody takes is lost.
                self.happens(b'!');
            }
            b'[' => {
                self.disturbed = true;
                self.client.timed_out();
            }
            b']' => {
                self.disturbed = true;
                self.server.timed_out();
            }
            _ => {}
        }
        self.both_do_what_they_can();
    }

    /// From now on nothing is carried any more.
    fn close(&mut self) {
        self.disturbed = true;
        self.client.closed();
        self.server.closed();
    }

    fn carry_to_server(&mut self, octets: usize) {
        let octets = octets.min(self.to_server.len());
        let taken = self.server.receive(&self.to_server.make_contiguous()[..octets]);
        self.heard.extend(self.to_server.drain(..taken));
        self.arrived += taken;
    }

    fn carry_to_client(&mut self, octets: usize) {
        let octets = octets.min(self.to_client.len());
        let taken = self.client.receive(&self.to_client.make_contiguous()[..octets]);
        self.to_client.drain(..taken);
        self.arrived += taken;
    }

    fn both_do_what_they_can(&mut self) {
        self.ask();
        put_on(&mut self.to_server, self.client.transmit());
        let to_client = &mut self.to_client;
        // A host that has begun with a letter waits for room on the wire; here the wire is longer
        // for it.
        while self.office.ending.is_none()
            && let Some(action) = self.server.poll()
        {
            self.office.act(action, &mut self.server, |server| {
                let mut transmit = server.transmit();
                to_client.extend(transmit.chunk());
                let octets = transmit.remaining();
                transmit.advance(octets);
            });
            put_on(to_client, self.server.transmit());
        }
        put_on(to_client, self.server.transmit());
        assert!(!shows_password(&format!("{:?} {:?}", self.client, self.server)));
    }

    /// Goes on with the program of the client.
    fn ask(&mut self) {
        while self.told.failed.is_none() && !self.told.removed {
            if self.doing.is_none() {
                let Some(letter) = self.program.pop_front() else { return };
                let begun = begin(letter, &self.password);
                self.doing = begun.map(|doing| (letter, doing));
            }
            let Some((letter, doing)) = &mut self.doing else { continue };
            let letter = *letter;
            let Poll::Ready(result) = doing(&mut self.client) else { return };
            self.doing = None;
            match result {
                Ok(told) => self.believe(letter, told),
                Err(error) => {
                    let shown = format!("{error} {error:?}");
                    assert!(!shows_password(&shown), "{shown}");
                    match error {
                        client::Error::Refused { .. } | client::Error::Misuse(_) => {
                            self.told.refused = true;
                        }
                        // A letter that it does not have, or a way to log in.
                        client::Error::NoMethod { .. } => self.told.refused = true,
                        error => self.told.failed = Some(error),
                    }
                    if self.client.is_over() && self.told.failed.is_none() {
                        self.told.failed = self.client.error().cloned();
                        self.program.clear();
                    }
                }
            }
        }
    }

    /// Holds what was told against the letters there are.
    fn believe(&mut self, letter: u8, told: Told) {
        let sizes =
            || (1..).zip(LETTERS).map(|(number, letter)| (number, info(0, letter).octets.0));
        match told {
            Told::Letter(number, Some(content)) => {
                assert_eq!(content, crlf(LETTERS[number as usize - 1]), "another letter");
            }
            Told::Letter(..) => {}
            Told::Sizes(list) => {
                assert!(list.iter().all(|one| sizes().any(|size| size == *one)), "{list:?}");
                self.lists(list.iter().map(|(number, _)| *number));
            }
            Told::UniqueIds(list) => {
                assert!(list.iter().all(|(number, id)| *id == format!("id-{number}")), "{list:?}");
                self.lists(list.iter().map(|(number, _)| *number));
            }
            Told::Marked(marked) => {
                for (number, is_marked) in marked {
                    // What was marked before is refused, and still marked.
                    if is_marked {
                        self.told.marks.insert(number, Some(true));
                    }
                }
            }
            Told::NothingMarked => self.told.marks.clear(),
            Told::Removed => self.told.removed = true,
            Told::Nothing => {
                self.told.logged_in |= matches!(letter, b'i' | b'A'..=b'J');
            }
        }
    }

    /// A listing is complete: it has what is not marked, in order.
    fn lists(&self, numbers: impl Iterator<Item = u32>) {
        let all = 1..=u32::try_from(LETTERS.len()).expect("few letters");
        let left = all.filter(|number| self.told.marks.get(number) != Some(&Some(true)));
        assert!(numbers.eq(left), "a listing that is not complete");
    }

    /// Carries all there is, as long as something moves; then the client hangs up.
    fn goes_on(&mut self) {
        for last in [false, true] {
            for round in 0.. {
                assert!(round < 10_000, "it does not end");
                let before = self.arrived;
                self.carry_to_server(WIRE);
                self.both_do_what_they_can();
                self.carry_to_client(WIRE);
                self.both_do_what_they_can();
                let waits = !self.to_server.is_empty() || !self.to_client.is_empty();
                let wants = waits || self.client.wants_write() || self.server.wants_write();
                let left = self.client.is_over() || self.office.ending.is_some();
                if self.arrived == before && (left || !wants) {
                    break;
                }
            }
            if !last {
                self.quietly_close();
            }
        }
    }

    /// The one that is still there hears that the other is not.
    fn quietly_close(&mut self) {
        self.client.closed();
        self.server.closed();
        if self.client.is_over() || self.office.ending.is_some() {
            self.to_client.clear();
            self.server.hung_up();
        }
    }

    fn is_lawful(&mut self) {
        while self.client.poll().is_some() {}
        assert!(self.client.is_over(), "the client waits");
        assert!(self.office.ending.is_some(), "the server waits");
        let told = &self.told;
        if self.password != password() {
            assert!(!told.logged_in, "let in by a wrong password");
            assert_eq!(self.office.removed, None);
        }
        let quit = self.heard.ends_with(b"QUIT\r\n");
        match &self.office.removed {
            Some(removed) => {
                assert!(quit && self.office.ending == Some(Ending::Quit), "removed without QUIT");
                let known = told.marks.iter().filter(|(_, marked)| **marked == Some(true));
                assert!(known.map(|(number, _)| number).eq(removed), "others are removed");
            }
            None => assert!(!told.removed || !told.logged_in, "nothing was removed"),
        }
        if !self.disturbed {
            assert!(told.failed.is_none() || told.refused, "{:?}", told.failed);
            assert!(told.refused || told.removed || !self.quits, "QUIT was not answered");
        }
    }
}

/// Puts what fits onto a wire.
fn put_on(wire: &mut VecDeque<u8>, mut transmit: pop3_proto::Transmit<'_>) {
    let octets = transmit.remaining().min(WIRE.saturating_sub(wire.len()));
    wire.extend(&transmit.chunk()[..octets]);
    transmit.advance(octets);
}

/// What a letter looks like where it arrives.
fn crlf(letter: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for octet in letter {
        if *octet == b'\n' && out.last() != Some(&b'\r') {
            out.push(b'\r');
        }
        out.push(*octet);
    }
    if !out.is_empty() && !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out
}
