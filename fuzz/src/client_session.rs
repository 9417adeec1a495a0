//! A client and a host that calls it in any order, lawful or not: no panic, typed errors, bounds,
//! nothing after the end, and no secret in what is shown.
//!
//! The first line of an input holds letters that choose the configuration: `s` forgives nothing,
//! `o` plays the script over and over. Each line behind it is a call, see [`crate::calls`] and
//! `Host::call`.

use std::task::Poll;

use pop3_proto::Command;
use pop3_proto::auth::Channel;
use pop3_proto::bytes::Buf;
use pop3_proto::client::{Config, Connection, Error, Event, Tolerance};

use crate::calls::{calls, number, octets};
use crate::cuts::first_line;
use crate::exchanges::{Doing, Told, begin};
use crate::heap::Meter;
use crate::office::password;
use crate::secrets::shows_password;

/// The limits, so narrow that short inputs meet them.
const BUFFER: usize = 400;
const LISTING_LINES: u32 = 5;
const ANSWER: usize = 800;
const WINDOW: usize = 40;
const LINE: usize = 80;
const COMMANDS: usize = 20;
/// The longest response to a challenge: that of SCRAM to the longest one that fits.
const RESPONSE: usize = 600;

/// What a session needs, however long it lasts: its buffers, which grow by doubling, its queues, and
/// what its exchange has gathered, which is bounded as all else is.
const HEAP: usize = 4 * (BUFFER + ANSWER + WINDOW + LINE + RESPONSE) + 8_000;

/// How often a script is played that is to be played over and over.
const OFTEN: usize = 100;

/// Plays a script.
pub fn check(input: &[u8]) {
    let (head, script) = first_line(input);
    let has = |letter| head.contains(&letter);
    let told = is_told(script);
    let meter = Meter::start();
    let mut host = Host::new(has(b's'), told);
    for _ in 0..if has(b'o') { OFTEN } else { 1 } {
        for (which, with) in calls(script) {
            host.call(which, with);
            host.is_lawful();
        }
    }
    host.ends();
    meter.stayed_below(HEAP + 4 * script.len());
}

/// Whether the server, or the host, says the password, in whatever pieces: who does is repeated.
fn is_told(script: &[u8]) -> bool {
    let lines =
        calls(script).flat_map(|(which, with)| octets(which, with).unwrap_or(with.to_vec()));
    let once: Vec<u8> = lines.collect();
    shows_password(&String::from_utf8_lossy(&[&once[..], &once, script].concat()))
}

struct Host {
    connection: Connection,
    /// What is asked of it, if it is polled for that and not for events.
    doing: Option<Doing>,
    /// What could be asked of it when it was closed.
    last: Option<String>,
    told: bool,
}

impl Host {
    fn new(strict: bool, told: bool) -> Self {
        let mut config = Config::default();
        if strict {
            config.tolerance = Tolerance::STRICT;
        }
        config.read_buffer = BUFFER.try_into().unwrap();
        config.reply_line = 200.try_into().unwrap();
        config.listing_lines = LISTING_LINES.try_into().unwrap();
        config.capability_lines = LISTING_LINES.try_into().unwrap();
        config.answer = ANSWER.try_into().unwrap();
        config.window = WINDOW.try_into().unwrap();
        config.command_line = LINE.try_into().unwrap();
        config.commands = COMMANDS.try_into().unwrap();
        Self { connection: Connection::new(config), doing: None, last: None, told }
    }

    fn call(&mut self, which: u8, with: &[u8]) {
        let connection = &mut self.connection;
        match which {
            b'<' | b'~' | b'=' => {
                connection.receive(&octets(which, with).unwrap_or_default());
            }
            // What was read, said to be as much as the first character says.
            b'f' => {
                let room = connection.read_buffer();
                let (claimed, octets) = with.split_at(with.len().min(1));
                let fits = room.len().min(octets.len());
                room[..fits].copy_from_slice(&octets[..fits]);
                connection.filled(number(claimed));
            }
            b'>' => {
                let mut transmit = connection.transmit();
                let octets = number(with).min(transmit.remaining());
                transmit.advance(octets);
            }
            b'?' => self.poll(),
            // All that a lawful host does.
            b'.' => {
                for _ in 0..100 {
                    self.poll();
                    let mut transmit = self.connection.transmit();
                    let waiting = transmit.remaining();
                    transmit.advance(waiting);
                }
            }
            b'e' if self.doing.is_some() => {}
            // An exchange takes the place of another that may have had no answer.
            b'e' | b'E' => {
                self.doing = with.first().and_then(|letter| begin(*letter, &password()));
            }
            b'!' => self.send(with),
            b'*' => {
                let result = connection.respond(&with[..with.len().min(RESPONSE - 2)]);
                assert!(self.last.is_none() || result.is_err());
            }
            b'a' => connection.abandon_body(),
            b'c' => connection.closed(),
            b't' => connection.timed_out(),
            b's' => connection.tls_started(Channel::default()),
            b'i' => connection.already_in_tls(Channel::default()),
            _ => {}
        }
    }

    fn send(&mut self, line: &[u8]) {
        let Ok(command) = Command::parse(line) else { return };
        let secret = command.is_secret();
        if let Err(unsent) = self.connection.send(command) {
            let shown = format!("{unsent} {unsent:?}");
            assert!(!secret || self.told || !shows_password(&shown), "{shown}");
        } else {
            assert_eq!(self.last, None, "a command behind the end");
        }
    }

    fn poll(&mut self) {
        if let Some(doing) = &mut self.doing {
            if let Poll::Ready(result) = doing(&mut self.connection) {
                self.doing = None;
                self.done(result);
            }
            return;
        }
        let Some(event) = self.connection.poll() else { return };
        assert!(self.told || !shows_password(&format!("{event:?}")), "{event:?}");
        assert_eq!(self.last, None, "something comes behind the end: {event:?}");
        if let Event::Closed(_) = event {
            assert!(self.connection.is_over());
            self.last = Some(self.answers());
        }
    }

    fn done(&mut self, result: Result<Told, Error>) {
        match result {
            Ok(Told::Sizes(list)) => assert!(list.len() <= LISTING_LINES as usize),
            Ok(Told::UniqueIds(list)) => assert!(list.len() <= LISTING_LINES as usize),
            Ok(_) => {}
            Err(error) => {
                let shown = format!("{error} {error:?}");
                assert!(self.told || !shows_password(&shown), "{shown}");
            }
        }
    }

    fn is_lawful(&mut self) {
        let waiting = self.connection.transmit().remaining();
        assert!(waiting <= WINDOW.max(LINE) + RESPONSE, "{waiting} octets wait");
        assert!(self.connection.read_buffer().len() <= BUFFER);
        assert!(self.connection.pending() <= COMMANDS);
        if let Some(last) = &self.last {
            assert_eq!(&self.answers(), last, "something has changed behind the end");
            assert!(self.connection.read_buffer().is_empty() && waiting == 0);
        }
    }

    /// Whatever happened before: once the server has gone, it ends.
    fn ends(&mut self) {
        self.connection.closed();
        if self.doing.is_some() {
            self.poll();
            assert!(self.doing.is_none(), "an exchange waits for a server that has gone");
        }
        while let Some(event) = self.connection.poll() {
            assert_eq!(self.last, None, "something comes behind the end: {event:?}");
            if let Event::Closed(_) = event {
                self.last = Some(self.answers());
            }
        }
        assert!(self.connection.is_over(), "not closed");
        self.is_lawful();
    }

    /// What can be asked of a connection, in one value.
    fn answers(&self) -> String {
        let connection = &self.connection;
        format!(
            "{connection:?} {} {} {:?} {:?} {:?} {} {:?} {} {} {:?} {}",
            connection.wants_read(),
            connection.wants_write(),
            connection.idle_limit(),
            connection.state(),
            connection.capabilities(),
            connection.is_over(),
            connection.error(),
            connection.pending(),
            connection.has_queue_room(),
            connection.quirks().collect::<Vec<_>>(),
            connection.wants_tls(),
        )
    }
}
