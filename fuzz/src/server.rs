//! A server's connection with a tiny host, driven by octets of a client.

use pop3_proto::bytes::Buf;
use pop3_proto::multiline::Counter;
use pop3_proto::server::{Action, Config, Connection, Refusal, Removal};
use pop3_proto::{MessageInfo, UniqueId};

/// What lies in the maildrop: each hard in its own way.
const LETTERS: [&[u8]; 4] =
    [b"Subject: one\n\n.dot\n.\nno end", b"", b"A: b\r\n\r\nbare\rcr\r\r\n", b"only: a header\n"];

/// Everything that a server did.
#[derive(Debug, Default, PartialEq)]
pub struct Story {
    /// The octets that went out.
    pub sent: Vec<u8>,
    /// How many messages were asked to be removed.
    pub removed: usize,
    /// How the session ended.
    pub ending: Option<String>,
}

/// Plays the pieces, then the end of the stream.
pub fn play(config: Config, pieces: &[&[u8]]) -> Story {
    let bound = config.high_water.get() + 64 * 1024;
    let mut connection = Connection::new(config, None);
    let mut story = Story::default();
    for piece in pieces {
        let mut rest = *piece;
        loop {
            let taken = connection.receive(rest);
            rest = &rest[taken..];
            go_on(&mut connection, &mut story, bound);
            if rest.is_empty() || !connection.wants_read() {
                break;
            }
        }
    }
    connection.closed();
    go_on(&mut connection, &mut story, bound);
    assert!(story.ending.is_some(), "the session must end with its stream");
    assert!(connection.poll().is_none());
    assert_eq!(connection.receive(b"NOOP\r\n"), 0);
    story
}

fn go_on(connection: &mut Connection, story: &mut Story, bound: usize) {
    loop {
        let action = connection.poll();
        let mut transmit = connection.transmit();
        let sent = transmit.remaining();
        assert!(sent <= bound, "{sent} octets wait to be sent");
        let mut octets = vec![0; sent];
        transmit.copy_to_slice(&mut octets);
        story.sent.extend_from_slice(&octets);
        match action {
            Some(action) => perform(connection, story, action),
            // What was sent may have made room for more.
            None if sent == 0 => return,
            None => {}
        }
    }
}

fn perform(connection: &mut Connection, story: &mut Story, action: Action) {
    assert!(story.ending.is_none(), "{action:?} came behind the end");
    let done = match action {
        Action::Authenticate { credentials, ticket } => {
            let known = credentials.user().as_str() == "mark";
            let verdict = if known { Ok(credentials.user().clone()) } else { Err(Refusal::Credentials) };
            connection.authenticated(ticket, verdict)
        }
        Action::Open { ticket, .. } => connection.opened(ticket, Ok(messages())),
        Action::Fetch { number, ticket, .. } => {
            let mut letter = LETTERS[number.index()];
            while !letter.is_empty() {
                let taken = connection.message(&ticket, letter).expect("a ticket that fits");
                letter = &letter[taken.octets..];
                if taken.enough {
                    break;
                }
                assert!(taken.octets > 0, "nothing waits to be sent, yet nothing is taken");
            }
            connection.message_complete(ticket)
        }
        Action::Commit { removals, ticket } => {
            story.removed += removals.len();
            connection.committed(ticket, &vec![Removal::Gone; removals.len()])
        }
        Action::Wait { ticket, .. } => connection.waited(ticket),
        Action::Close(ending) => {
            story.ending = Some(ending.to_string());
            Ok(())
        }
        other => panic!("nobody asked for {other:?}"),
    };
    done.expect("a ticket that fits");
}

fn messages() -> Vec<MessageInfo> {
    let info = |(index, letter): (usize, &&[u8])| {
        let mut counter = Counter::new();
        counter.push(letter);
        let unique_id = UniqueId::new(format!("id-{index}")).expect("a unique-id");
        MessageInfo { octets: counter.finish(), unique_id }
    };
    LETTERS.iter().enumerate().map(info).collect()
}
