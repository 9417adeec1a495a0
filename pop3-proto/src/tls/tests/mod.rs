//! A client and a server, connected in memory.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::Arc;

use bytes::Buf;

use super::*;
use crate::client::{self, Event};
use crate::server::{self, Action, Ending, FetchTicket};
use crate::{Capability, Command, Half, MessageInfo, Pipe, UniqueId, multiline};

mod authority;
mod chunks;
mod faults;
mod injection;
mod sessions;

use authority::{Authority, Pem};

const NAME: &str = "pop.example.org";

/// Both ends of one connection, the host of each, and what goes over the wire between them.
struct Pair {
    client: Pipe<client::Connection>,
    server: Pipe<server::Connection>,
    /// What the client starts TLS with when it comes to that.
    prepared: Option<TlsConnection>,
    /// What the client says, one after the other.
    script: VecDeque<&'static str>,
    letter: Vec<u8>,
    sending: Option<(FetchTicket, usize)>,
    /// How many octets go over the wire at a time, over and over.
    cuts: Vec<usize>,
    turn: usize,
    told: Vec<String>,
    body: Vec<u8>,
    ending: Option<Ending>,
    /// Every octet that went over the wire.
    wire: Vec<u8>,
}

impl Pair {
    fn new(client: Pipe<client::Connection>, server: Pipe<server::Connection>) -> Self {
        Self {
            client,
            server,
            prepared: None,
            script: VecDeque::new(),
            letter: b"Subject: hello\r\n\r\nfirst\r\n".to_vec(),
            sending: None,
            cuts: vec![usize::MAX],
            turn: 0,
            told: Vec::new(),
            body: Vec::new(),
            ending: None,
            wire: Vec::new(),
        }
    }

    fn implicit(client: &ClientTls, server: &ServerTls) -> Self {
        let tls = client.connect(NAME).unwrap();
        let client = Pipe::in_tls(client::Connection::new(client::Config::default()), tls);
        let tls = server.accept().unwrap();
        Self::new(client, Pipe::in_tls(server_connection(), tls))
    }

    fn stls(client: &ClientTls, server: &ServerTls) -> Self {
        let prepared = Some(client.connect(NAME).unwrap());
        let client = Pipe::new(client::Connection::new(client::Config::default()));
        let mut connection = Pipe::new(server_connection());
        connection.start_tls(server.accept().unwrap());
        let mut pair = Self::new(client, connection);
        pair.prepared = prepared;
        pair.script.push_back("STLS");
        pair
    }

    /// As another pair, not begun yet, with such a client.
    fn with_client(mut self, config: client::Config) -> Self {
        *self.client.connection() = client::Connection::new(config);
        self
    }

    /// A whole session, with one message in it.
    fn session(mut self) -> Self {
        self.script.extend(["CAPA", "USER mark", "PASS swordfish", "RETR 1", "QUIT"]);
        self.run();
        self
    }

    /// Until nothing moves any more.
    fn run(&mut self) {
        loop {
            let mut moved = self.client_host();
            moved |= self.server_host();
            moved |= self.carry(true);
            moved |= self.carry(false);
            if !moved {
                return;
            }
        }
    }

    fn client_host(&mut self) -> bool {
        let mut moved = false;
        while let Some(event) = self.client.drive(client::Connection::poll) {
            moved = true;
            let told = match event {
                Event::Body { chunk, .. } => {
                    self.body.extend_from_slice(&chunk);
                    continue;
                }
                Event::StartTls => {
                    if let Some(tls) = self.prepared.take() {
                        self.client.start_tls(tls);
                    }
                    "start tls".to_owned()
                }
                Event::Closed(Ok(())) => "closed".to_owned(),
                Event::Closed(Err(error)) => format!("closed: {error}"),
                Event::Greeting(greeting) => format!("greeting {}", greeting.reply),
                Event::Reply { reply, .. } => reply.to_string(),
                Event::Quirk(quirk) => format!("quirk {quirk:?}"),
                _ => continue,
            };
            self.told.push(told);
        }
        let connection = self.client.connection();
        if !self.told.is_empty()
            && connection.pending() == 0
            && !connection.wants_tls()
            && !connection.is_over()
            && let Some(line) = self.script.pop_front()
        {
            moved = true;
            connection.send(Command::parse(line.as_bytes()).unwrap()).unwrap();
        }
        moved
    }

    fn server_host(&mut self) -> bool {
        let mut moved = false;
        while let Some(action) = self.server.drive(server::Connection::poll) {
            moved = true;
            let connection = self.server.connection();
            match action {
                Action::Authenticate { credentials, ticket } => {
                    let user = credentials.user().unwrap().clone();
                    connection.authenticated(ticket, Ok(user)).unwrap();
                }
                Action::Open { ticket, .. } => {
                    let mut counter = multiline::Counter::new();
                    counter.push(&self.letter);
                    let unique_id = UniqueId::new("one").unwrap();
                    let octets = counter.finish();
                    connection.opened(ticket, Ok(vec![MessageInfo { octets, unique_id }])).unwrap();
                }
                Action::Fetch { ticket, .. } => self.sending = Some((ticket, 0)),
                Action::Commit { ticket, .. } => connection.committed(ticket, &[]).unwrap(),
                Action::Close(ending) => self.ending = Some(ending),
                _ => {}
            }
        }
        let connection = self.server.connection();
        while connection.wants_message()
            && let Some((ticket, from)) = self.sending.take()
        {
            moved = true;
            let taken = connection.message(&ticket, &self.letter[from..]).unwrap();
            if from + taken.octets == self.letter.len() {
                connection.message_complete(ticket).unwrap();
            } else {
                self.sending = Some((ticket, from + taken.octets));
            }
        }
        moved
    }

    /// Carries some octets over the wire, and the end of it behind the last of them.
    fn carry(&mut self, to_server: bool) -> bool {
        self.turn += 1;
        let cut = self.cuts[self.turn % self.cuts.len()];
        if to_server {
            let over = self.client.connection().is_over();
            carry(&mut self.client, &mut self.server, cut, over, &mut self.wire)
        } else {
            let over = self.ending.is_some();
            carry(&mut self.server, &mut self.client, cut, over, &mut self.wire)
        }
    }
}

fn carry(
    from: &mut Pipe<impl Half>,
    to: &mut Pipe<impl Half>,
    cut: usize,
    over: bool,
    wire: &mut Vec<u8>,
) -> bool {
    if !to.wants_read() {
        return false;
    }
    if !from.wants_write() {
        if over {
            to.closed();
        }
        return over && !to.wants_read();
    }
    let mut transmit = from.transmit();
    let room = to.read_buffer();
    let octets = cut.min(room.len()).min(transmit.chunk().len());
    room[..octets].copy_from_slice(&transmit.chunk()[..octets]);
    wire.extend_from_slice(&room[..octets]);
    transmit.advance(octets);
    to.filled(octets);
    true
}

/// A client with the smallest buffer, so that much waits in TLS.
fn small() -> client::Config {
    let size = NonZeroUsize::new(512).unwrap();
    client::Config { read_buffer: size, reply_line: size, ..Default::default() }
}

fn server_connection() -> server::Connection {
    let mut config = server::Config::default();
    config.capabilities.set(Capability::Stls);
    server::Connection::new(config, None)
}

/// A client and a server that trust one authority.
fn both() -> (ClientTls, ServerTls) {
    let authority = Authority::new();
    (trusting(&authority), serving(&authority.certify(NAME)))
}

fn trusting(authority: &Authority) -> ClientTls {
    ClientTls::with_roots_pem(authority.pem().as_bytes()).unwrap()
}

fn serving(pem: &Pem) -> ServerTls {
    ServerTls::from_pem(pem.certificate.as_bytes(), pem.key.as_bytes()).unwrap()
}

/// A client of that version of TLS alone.
fn trusting_in(
    authority: &Authority,
    version: &'static rustls::SupportedProtocolVersion,
) -> ClientTls {
    let builder = rustls::ClientConfig::builder_with_provider(pem::provider());
    let builder = builder.with_protocol_versions(&[version]).unwrap();
    let config = builder.with_root_certificates(roots(authority)).with_no_client_auth();
    ClientTls::from_config(config.into())
}

fn roots(authority: &Authority) -> Arc<rustls::RootCertStore> {
    pem::roots(vec![authority.der()]).unwrap()
}

/// Whether octets hold others.
fn holds(octets: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(octets, part).is_some()
}
