//! A client's connection, driven by octets of a server.

use pop3_proto::bytes::Buf;
use pop3_proto::client::{Config, Connection, Event};
use pop3_proto::{Command, MessageNumber, Secret, UserName};

/// Everything that a client told its host, and everything that it sent.
#[derive(Debug, Default, PartialEq)]
pub struct Story {
    /// The events; chunks of one body are joined.
    pub events: Vec<String>,
    /// The octets that went out.
    pub sent: Vec<u8>,
}

/// The commands of a session as people have them. STLS is not among them: what comes behind its
/// reply is dropped or not depending on when it comes, on purpose.
fn commands() -> Vec<Command> {
    let number = MessageNumber::FIRST;
    vec![
        Command::Capa,
        Command::User(UserName::new("mark").expect("a name")),
        Command::Pass(Secret::new("swordfish").expect("a password")),
        Command::Capa,
        Command::Stat,
        Command::List(None),
        Command::List(Some(number)),
        Command::Uidl(None),
        Command::Uidl(Some(number)),
        Command::Top { message: number, lines: 2 },
        Command::Retr(number),
        Command::Dele(number),
        Command::Noop,
        Command::Retr(number),
        Command::Quit,
    ]
}

/// Plays the pieces, then the end of the stream. Each command is sent as soon as it is lawful.
pub fn play(config: Config, pieces: &[&[u8]]) -> Story {
    let mut connection = Connection::new(config);
    let mut waiting = commands().into_iter().peekable();
    let mut story = Story::default();
    let mut body = Vec::new();
    let mut closed = false;
    let mut go_on = |connection: &mut Connection, story: &mut Story| {
        loop {
            while let Some(command) = waiting.peek() {
                match connection.send(command.clone()) {
                    Ok(_) => drop(waiting.next()),
                    Err(_) => break,
                }
            }
            story.sent.extend_from_slice(&connection.transmit().copy_to_bytes_all());
            let Some(event) = connection.poll() else { break };
            assert!(!closed, "{event:?} came behind the end");
            assert!(!format!("{event:?}").contains("swordfish") || from_server(&event));
            match &event {
                Event::Body { chunk, .. } => {
                    assert!(!chunk.is_empty());
                    body.extend_from_slice(chunk);
                    continue;
                }
                Event::Closed(_) => closed = true,
                _ => {}
            }
            if !body.is_empty() {
                story.events.push(format!("{:?}", std::mem::take(&mut body)));
            }
            story.events.push(format!("{event:?}"));
        }
    };
    for piece in pieces {
        let mut rest = *piece;
        loop {
            let taken = connection.receive(rest);
            rest = &rest[taken..];
            go_on(&mut connection, &mut story);
            if rest.is_empty() || !connection.wants_read() {
                break;
            }
        }
    }
    connection.closed();
    go_on(&mut connection, &mut story);
    assert!(connection.is_over());
    assert!(connection.poll().is_none());
    assert!(connection.read_buffer().is_empty());
    assert_eq!(connection.receive(b"+OK\r\n"), 0);
    story
}

/// Whether an event repeats what the server itself said, which may be anything.
fn from_server(event: &Event) -> bool {
    !matches!(event, Event::StartTls | Event::Quirk(_) | Event::Done { .. })
}

trait CopyAll {
    fn copy_to_bytes_all(&mut self) -> Vec<u8>;
}

impl<B: Buf> CopyAll for B {
    fn copy_to_bytes_all(&mut self) -> Vec<u8> {
        let mut all = vec![0; self.remaining()];
        self.copy_to_slice(&mut all);
        all
    }
}
