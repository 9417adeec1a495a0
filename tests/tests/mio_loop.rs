//! pop3-proto in somebody else's event loop: a client and a server, both in one mio loop on one
//! thread, over a real socket. Nothing of the adapters is used.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::task::Poll;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Token};
use pop3_proto::bytes::Buf;
use pop3_proto::client::exchange::{self, Exchange, Login, Opening, Retrieve};
use pop3_proto::server::{Action, AnswerError, Removal};
use pop3_proto::{Command, MessageInfo, MessageNumber, Octets, Secret, UniqueId, UserName};
use pop3_proto::{client, server};

const LETTERS: [&str; 3] = ["Subject: one\r\n\r\n.\r\n", "Subject: two\r\n\r\n", "\r\n..three\r\n"];

/// A socket that never blocks, and what of it is worth a try.
struct Socket(TcpStream);

impl Socket {
    /// Writes what the connection holds; what the socket does not take now waits for the loop.
    fn write(&mut self, mut transmit: pop3_proto::Transmit<'_>) -> io::Result<()> {
        while transmit.has_remaining() {
            match self.0.write(transmit.chunk()) {
                Ok(written) => transmit.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads into the connection's own buffer: how much, `None` when there is nothing now.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        match self.0.read(buffer) {
            Ok(read) => Ok(Some(read)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The server's side: a post office with three letters.
struct Office {
    socket: Socket,
    connection: server::Connection,
    removed: Vec<MessageNumber>,
    over: bool,
}

impl Office {
    fn ready(&mut self) -> io::Result<()> {
        loop {
            while let Some(action) = self.connection.poll() {
                self.act(action).map_err(io::Error::other)?;
                self.socket.write(self.connection.transmit())?;
            }
            self.socket.write(self.connection.transmit())?;
            if self.over || !self.connection.wants_read() {
                return Ok(());
            }
            match self.socket.read(self.connection.read_buffer())? {
                Some(0) => self.connection.closed(),
                Some(read) => self.connection.filled(read),
                None => return Ok(()),
            }
        }
    }

    fn act(&mut self, action: Action) -> Result<(), AnswerError> {
        let connection = &mut self.connection;
        match action {
            Action::Authenticate { ticket, .. } => {
                connection.authenticated(ticket, Ok(UserName::new("mark").unwrap()))
            }
            Action::Open { ticket, .. } => {
                let info = |(index, letter): (usize, &&str)| MessageInfo {
                    octets: Octets(letter.len() as u64),
                    unique_id: UniqueId::new(format!("letter-{index}")).unwrap(),
                };
                connection.opened(ticket, Ok(LETTERS.iter().enumerate().map(info).collect()))
            }
            Action::Fetch { number, ticket, .. } => {
                // Small enough to be taken at once.
                connection.message(&ticket, LETTERS[number.index()].as_bytes())?;
                connection.message_complete(ticket)
            }
            Action::Commit { removals, ticket } => {
                let gone = vec![Removal::Gone; removals.len()];
                self.removed = removals;
                connection.committed(ticket, &gone)
            }
            Action::Close(_) => {
                self.over = true;
                Ok(())
            }
            other => unreachable!("{other:?}"),
        }
    }
}

/// One exchange and what is done with its result.
type Then = Box<dyn FnMut(&mut client::Connection) -> Poll<Result<(), client::Error>>>;

/// The client's side: what is still to be said, one exchange after the other.
struct Collector {
    socket: Socket,
    connection: client::Connection,
    steps: VecDeque<Then>,
}

impl Collector {
    fn step<E: Exchange + 'static>(
        &mut self,
        mut exchange: E,
        mut then: impl FnMut(E::Output) + 'static,
    ) {
        self.steps
            .push_back(Box::new(move |connection| exchange.poll(connection).map_ok(&mut then)));
    }

    fn ready(&mut self) -> io::Result<()> {
        while let Some(step) = self.steps.front_mut() {
            if let Poll::Ready(result) = step(&mut self.connection) {
                result.map_err(io::Error::other)?;
                self.steps.pop_front();
                continue;
            }
            self.socket.write(self.connection.transmit())?;
            match self.socket.read(self.connection.read_buffer())? {
                Some(0) => self.connection.closed(),
                Some(read) => self.connection.filled(read),
                None => return Ok(()),
            }
        }
        Ok(())
    }
}

/// Retrieves all letters, pipelined.
struct Letters(Retrieve<Box<dyn Iterator<Item = Command>>>, Vec<String>);

impl Exchange for Letters {
    type Output = Vec<String>;

    fn poll(
        &mut self,
        connection: &mut client::Connection,
    ) -> Poll<Result<Vec<String>, client::Error>> {
        loop {
            while let Some(chunk) = std::task::ready!(self.0.poll_chunk(connection))? {
                let text = std::str::from_utf8(&chunk).unwrap();
                self.1.last_mut().unwrap().push_str(text);
            }
            match std::task::ready!(self.0.poll_message(connection))? {
                Some(_) => self.1.push(String::new()),
                None => return Poll::Ready(Ok(std::mem::take(&mut self.1))),
            }
        }
    }
}

#[test]
fn a_client_and_a_server_share_one_mio_loop() -> Result<(), Box<dyn std::error::Error>> {
    let mut poll = mio::Poll::new()?;
    let mut listener = TcpListener::bind("127.0.0.1:0".parse()?)?;
    poll.registry().register(&mut listener, Token(0), Interest::READABLE)?;
    let both = Interest::READABLE | Interest::WRITABLE;
    let mut stream = TcpStream::connect(listener.local_addr()?)?;
    poll.registry().register(&mut stream, Token(1), both)?;

    let connection = client::Connection::new(client::Config::default());
    let mut client = Collector { socket: Socket(stream), connection, steps: VecDeque::new() };
    let (told, letters) = std::sync::mpsc::channel();
    client.step(Opening::new(), drop);
    client.step(Login::password(UserName::new("mark")?, Secret::new("swordfish")?), drop);
    let all = (1..=3).filter_map(MessageNumber::new).map(Command::Retr);
    client.step(Letters(Retrieve::new(Box::new(all)), vec![]), move |all| told.send(all).unwrap());
    client.step(exchange::delete(MessageNumber::FIRST), drop);
    client.step(exchange::quit(), drop);

    let mut office: Option<Office> = None;
    let mut events = Events::with_capacity(8);
    while !client.steps.is_empty() {
        poll.poll(&mut events, Some(std::time::Duration::from_secs(10)))?;
        assert!(!events.is_empty(), "the two wait for each other");
        if let (None, Ok((mut stream, _))) = (&office, listener.accept()) {
            poll.registry().register(&mut stream, Token(2), both)?;
            let connection = server::Connection::new(server::Config::default(), None);
            office =
                Some(Office { socket: Socket(stream), connection, removed: vec![], over: false });
        }
        client.ready()?;
        office.as_mut().map_or(Ok(()), Office::ready)?;
    }
    assert_eq!(letters.recv()?, LETTERS);
    assert_eq!(office.unwrap().removed, [MessageNumber::FIRST]);
    Ok(())
}
