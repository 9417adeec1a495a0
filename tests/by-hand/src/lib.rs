//! A POP3 client for a place without an operating system: no std, no sockets, no clock. What
//! stands between it and the server is two queues of octets.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use pop3_proto::bytes::Buf;
use pop3_proto::client::{CommandId, Config, Connection, Error, Event};
use pop3_proto::{Command, MessageNumber, Secret, UserName};

/// A pipe in memory, as the client sees it.
#[derive(Default)]
pub struct Wire {
    /// What the server has said and the client has not read.
    pub to_client: VecDeque<u8>,
    /// What the client has said and the server has not read.
    pub to_server: VecDeque<u8>,
}

/// Collects every message and removes them, without waiting for anything: call
/// [`go_on`](Self::go_on) whenever there is something on the wire.
pub struct Collector {
    connection: Connection,
    /// What is to be said, in order, once everything before has been answered.
    to_say: VecDeque<Command>,
    /// The message that is being retrieved.
    arriving: Option<(CommandId, Vec<u8>)>,
    messages: Vec<Vec<u8>>,
    outcome: Option<Result<(), Error>>,
}

impl Collector {
    /// A client that will log in.
    pub fn new(user: UserName, password: Secret) -> Self {
        Self {
            connection: Connection::new(Config::default()),
            to_say: [Command::User(user), Command::Pass(password), Command::Stat].into(),
            arriving: None,
            messages: Vec::new(),
            outcome: None,
        }
    }

    /// Reads, thinks, writes. The messages, once the server has removed them.
    pub fn go_on(&mut self, wire: &mut Wire) -> Option<Result<Vec<Vec<u8>>, Error>> {
        loop {
            while let Some(event) = self.connection.poll() {
                self.take(event);
            }
            self.say(wire);
            if wire.to_client.is_empty() || self.outcome.is_some() {
                break;
            }
            let room = self.connection.read_buffer();
            let read = room.len().min(wire.to_client.len());
            for (octet, room) in wire.to_client.drain(..read).zip(room) {
                *room = octet;
            }
            self.connection.filled(read);
        }
        let outcome = self.outcome.take()?;
        Some(outcome.map(|()| core::mem::take(&mut self.messages)))
    }

    /// Says the next command when the one before has been answered.
    fn say(&mut self, wire: &mut Wire) {
        if self.connection.pending() == 0
            && let Some(command) = self.to_say.pop_front()
        {
            let retrieves = matches!(command, Command::Retr(_));
            match self.connection.send(command) {
                Ok(id) => self.arriving = retrieves.then(|| (id, Vec::new())),
                Err(unsent) => self.outcome = Some(Err(unsent.into())),
            }
        }
        let mut transmit = self.connection.transmit();
        while transmit.has_remaining() {
            let octets = transmit.chunk().len();
            wire.to_server.extend(transmit.chunk());
            transmit.advance(octets);
        }
    }

    fn take(&mut self, event: Event) {
        use pop3_proto::client::Item;
        match event {
            Event::Item { item: Item::Drop(listing), .. } => {
                let numbers = (1..=listing.messages).filter_map(MessageNumber::new);
                let both = numbers.flat_map(|n| [Command::Retr(n), Command::Dele(n)]);
                self.to_say.extend(both.chain([Command::Quit]));
            }
            Event::Reply { reply, .. } if !reply.is_ok() => {
                let command = "a command".into();
                self.outcome.get_or_insert(Err(Error::Refused { command, reply }));
            }
            Event::Body { id, chunk } => {
                if let Some((_, message)) = self.arriving.as_mut().filter(|(own, _)| *own == id) {
                    message.extend_from_slice(&chunk);
                }
            }
            Event::Done { id } => {
                if let Some((_, message)) = self.arriving.take_if(|(own, _)| *own == id) {
                    self.messages.push(message);
                }
            }
            Event::Closed(outcome) => {
                self.outcome.get_or_insert(outcome);
            }
            _ => {}
        }
    }
}
