//! What the server says goes in; what the client says, and what it tells its host, come out.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use bytes::Buf;

use super::*;
use crate::auth::Channel;
use crate::command::Command;

mod bodies;
mod challenges;
mod endings;
mod exchanges;
mod greeting;
mod listings;
mod opening;
mod others;
mod release;
mod replies;
#[cfg(feature = "sasl")]
mod sign_in;
mod stls;

/// A connection, seen from its server and from its host.
struct Scene {
    connection: Connection,
}

impl Scene {
    fn ungreeted(config: Config) -> Self {
        Self { connection: Connection::new(config) }
    }

    /// Right behind a plain greeting.
    fn with(config: Config) -> Self {
        let mut scene = Self::ungreeted(config);
        assert_eq!(scene.says("+OK ready\r\n"), ["greeting +OK ready"]);
        scene
    }

    fn new() -> Self {
        Self::with(Config::default())
    }

    fn strict() -> Self {
        let mut config = Config::default();
        config.tolerance = Tolerance::STRICT;
        Self::with(config)
    }

    /// As another scene, in TRANSACTION.
    fn logged_in(mut self) -> Self {
        for line in ["USER mark", "PASS swordfish"] {
            self.send(line);
            self.said();
            self.says("+OK\r\n");
        }
        self
    }

    /// As another scene, with these capabilities.
    fn offering(mut self, capabilities: &str) -> Self {
        self.send("CAPA");
        let lines: String = capabilities.split(',').map(|line| line.to_string() + "\r\n").collect();
        self.says(alloc::format!("+OK\r\n{lines}.\r\n"));
        self.said();
        self
    }

    /// The host sends a command.
    #[track_caller]
    fn send(&mut self, line: &str) -> CommandId {
        let command = Command::parse(line.as_bytes()).unwrap();
        self.connection.send(command).unwrap()
    }

    /// What the client has said since this was asked last.
    fn said(&mut self) -> String {
        let mut transmit = self.connection.transmit();
        let said = String::from_utf8_lossy(transmit.chunk()).into_owned();
        transmit.advance(transmit.remaining());
        said
    }

    /// The server says something; tells the events that come of it, pieces of a body joined.
    fn says(&mut self, octets: impl AsRef<[u8]>) -> Vec<String> {
        let mut rest = octets.as_ref();
        let mut told = Told::default();
        loop {
            let taken = self.connection.receive(rest);
            rest = &rest[taken..];
            told.listen(&mut self.connection);
            if rest.is_empty() || taken == 0 {
                return told.0;
            }
        }
    }

    /// The server closes; tells the events that come of it.
    fn closes(&mut self) -> Vec<String> {
        self.connection.closed();
        self.says("")
    }
}

/// Events as lines of text.
#[derive(Default)]
struct Told(Vec<String>);

impl Told {
    fn listen(&mut self, connection: &mut Connection) {
        while let Some(event) = connection.poll() {
            let line = brief(&event);
            match (event, self.0.last_mut()) {
                (Event::Body { chunk, .. }, Some(last)) if last.contains(" body ") => {
                    last.push_str(&chunk.escape_ascii().to_string());
                }
                _ => self.0.push(line),
            }
        }
    }
}

fn brief(event: &Event) -> String {
    match event {
        Event::Greeting(Greeting { reply, .. }) => alloc::format!("greeting {reply}"),
        Event::Reply { id, reply } => alloc::format!("{} {reply}", id.0),
        Event::Item { id, item } => alloc::format!("{} {}", id.0, brief_item(item)),
        Event::Body { id, chunk } => alloc::format!("{} body {}", id.0, chunk.escape_ascii()),
        Event::Challenge { id, challenge } => {
            alloc::format!("{} challenge {}", id.0, challenge.escape_ascii())
        }
        Event::Done { id } => alloc::format!("{} done", id.0),
        Event::StartTls => "start tls".into(),
        Event::Quirk(quirk) => alloc::format!("quirk {quirk:?}"),
        Event::Closed(Ok(())) => "closed".into(),
        Event::Closed(Err(error)) => alloc::format!("closed: {error}"),
    }
}

fn brief_item(item: &Item) -> String {
    match item {
        Item::Drop(listing) => alloc::format!("{} messages {}", listing.messages, listing.octets),
        Item::Scan(listing) => alloc::format!("{} octets {}", listing.number, listing.octets),
        Item::UniqueId(listing) => alloc::format!("{} id {}", listing.number, listing.unique_id),
        Item::Capability(capability) => alloc::format!("can {capability}"),
        Item::Language(listing) => alloc::format!("speaks {}", listing.tag),
        Item::Line(line) => alloc::format!("line {}", line.escape_ascii()),
    }
}
