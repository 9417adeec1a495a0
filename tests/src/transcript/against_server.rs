//! A transcript played as the client, against our server on a socket.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use pop3_blocking::{Server, Stop};
use pop3_conformance::script;
use pop3_conformance::script::text::{NoNames, matches, octets};
use pop3_maildrop::Service;
use pop3_maildrop::memory::MemoryMaildrops;
use pop3_proto::auth::{ApopDigest, Timestamp};
use pop3_proto::server::Utf8Headers;
use pop3_proto::{Capability, Command, Secret, Text, UserName};

use super::{Departure, Head, Step, Transcript};

/// How long the server may take to answer. No transcript waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(20);

/// The user of every transcript. The password is `swordfish`, or with APOP `tanstaaf`.
const USER: &str = "mark";

/// Plays a transcript against our server, which must say what is written, and then close without
/// another word.
///
/// # Errors
/// Where it departs from the transcript.
///
/// # Panics
/// When no server can be started.
pub fn play_client(transcript: &Transcript) -> Result<(), Departure> {
    let office = Office::open(&transcript.head);
    let mut sessions =
        transcript.steps.split(|(_, step)| matches!(step, Step::Said(script::Step::NextSession)));
    sessions.try_for_each(|steps| {
        let line = steps.first().map_or(0, |(line, _)| *line);
        let mut session = Line::connect(office.address).map_err(|e| Departure::new(line, e))?;
        session.play(steps)
    })
}

/// Our server, with a maildrop in memory.
struct Office {
    address: SocketAddr,
    stop: Stop,
}

impl Office {
    fn open(head: &Head) -> Self {
        let office = Arc::new(MemoryMaildrops::new());
        let user = UserName::new(USER).unwrap();
        if head.apop {
            office.add_apop_user(user.clone(), Secret::new("tanstaaf").unwrap());
        } else {
            office.add_user(user.clone(), Secret::new("swordfish").unwrap());
        }
        for letter in &head.letters {
            office.deliver(&user, letter).unwrap();
        }
        let mut service = Service::new(office.clone(), office);
        let config = service.config_mut();
        config.failed_login_delay = Duration::ZERO;
        if let Some(greeting) = &head.greeting {
            config.greeting = Text::new(greeting).unwrap();
        }
        if let Some(bad) = head.bad_commands.and_then(NonZeroU32::new) {
            config.bad_commands = bad;
        }
        for line in &head.with {
            config.capabilities.set(Capability::parse(line.as_bytes()));
        }
        if head.refuses_utf8_headers {
            config.utf8_headers = Utf8Headers::Refuse;
        }
        for tag in &head.without {
            config.capabilities.remove(tag);
        }
        if head.trusted {
            service.trust([IpAddr::from([127, 0, 0, 1])].into_iter().collect());
        }
        let server = Server::bind("127.0.0.1:0", service).unwrap();
        let (address, stop) = (server.addresses()[0], server.stop());
        std::thread::spawn(|| server.run());
        Self { address, stop }
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.stop.stop();
        self.stop.cut();
    }
}

/// The client's end of the line.
struct Line {
    stream: BufReader<TcpStream>,
    timestamp: Option<Timestamp>,
    to_send: Vec<u8>,
}

impl Line {
    fn connect(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::new(stream), timestamp: None, to_send: Vec::new() })
    }

    fn play(&mut self, steps: &[(usize, Step)]) -> Result<(), Departure> {
        let mut skipping = false;
        let mut hung_up = false;
        for (number, step) in steps {
            let departure = |what: String| Departure::new(*number, what);
            match step {
                Step::Said(script::Step::Client(said)) => {
                    let said = octets(said, &|name: &str| self.named(name));
                    self.to_send.extend(said.map_err(departure)?);
                }
                Step::Said(script::Step::Skip) => skipping = true,
                Step::Said(script::Step::Server(expected)) => {
                    self.flush().map_err(|error| departure(error.to_string()))?;
                    self.expect(expected, skipping).map_err(departure)?;
                    skipping = false;
                }
                Step::Said(script::Step::HangUp) => hung_up = true,
                other => return Err(departure(format!("{other:?} is for clients"))),
            }
        }
        let last = steps.last().map_or(0, |(line, _)| *line);
        self.flush().map_err(|error| Departure::new(last, error))?;
        if hung_up { Ok(()) } else { self.expect_end().map_err(|what| Departure::new(last, what)) }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let to_send = std::mem::take(&mut self.to_send);
        self.stream.get_mut().write_all(&to_send)
    }

    fn expect(&mut self, expected: &str, skipping: bool) -> Result<(), String> {
        loop {
            let line = self.line()?;
            if self.timestamp.is_none() {
                self.timestamp = Timestamp::find(&line);
            }
            if matches(expected, &line, &NoNames)? {
                return Ok(());
            }
            if !skipping {
                return Err(format!("expected {expected:?}, got \"{}\"", line.escape_ascii()));
            }
        }
    }

    /// A line without its CRLF.
    fn line(&mut self) -> Result<Vec<u8>, String> {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line).map_err(|error| error.to_string())?;
        match line.strip_suffix(b"\r\n") {
            Some(content) => Ok(content.to_vec()),
            None => Err(format!("no whole line, but \"{}\"", line.escape_ascii())),
        }
    }

    fn expect_end(&mut self) -> Result<(), String> {
        let mut more = Vec::new();
        match self.stream.read_to_end(&mut more) {
            Ok(0) => Ok(()),
            Ok(_) => Err(format!("the server goes on: \"{}\"", more.escape_ascii())),
            Err(error) => Err(format!("the server does not close: {error}")),
        }
    }

    /// `{digest}`: the answer to the server's timestamp.
    fn named(&self, name: &str) -> Option<Vec<u8>> {
        let timestamp = self.timestamp.as_ref().filter(|_| name == "digest")?;
        let digest = ApopDigest::compute(timestamp, b"tanstaaf");
        // A digest does not show itself, but the command that carries it does.
        let command = Command::Apop { user: UserName::new(USER).ok()?, digest }.to_bytes();
        let word = command.trim_ascii_end().rsplit(|octet| *octet == b' ').next()?;
        Some(word.to_vec())
    }
}
