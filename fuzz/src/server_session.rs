//! A server and a host that calls it in any order, lawful or not: no panic, typed errors, tickets
//! that fit one connection once, bounds, nothing after the end, nothing removed without QUIT.
//!
//! The first line of an input holds letters that choose the configuration, see `Setting`. Each line
//! behind it is a call, see [`crate::calls`] and `Host::call`. There are two connections, so that
//! answers can be given to the wrong one.

use pop3_proto::auth::{Channel, Timestamp};
use pop3_proto::bytes::Buf;
use pop3_proto::server::{
    Action, AnswerError, Connection, Ending, Refusal, Removal, Tolerance, Utf8Headers,
};
use pop3_proto::{Capability, Reply, Text};

use crate::calls::{calls, number, octets};
use crate::cuts::first_line;
use crate::heap::Meter;
use crate::office::{
    HIGH_WATER, Office, READ_BUFFER, SASL_RESPONSE, config, info, keeps_the_secret, user,
};

/// So many octets wait to be sent at most: one piece of a message beyond the mark, and what one
/// answer adds.
const OUTPUT: usize = 3 * HIGH_WATER + 2_048;
/// The longest line, and what is read ahead.
const INPUT: usize = if READ_BUFFER > SASL_RESPONSE { READ_BUFFER } else { SASL_RESPONSE };
/// What two sessions need, however long they last. Buffers grow by doubling; the rest is their
/// configuration, their maildrops and what the host holds for them.
const HEAP: usize = 2 * 2 * (INPUT + OUTPUT) + 10_000;

/// How often a script is played that is to be played over and over.
const OFTEN: usize = 100;

/// Plays a script.
pub fn check(input: &[u8]) {
    let (head, script) = first_line(input);
    let setting = Setting::of(head);
    let meter = Meter::start();
    let mut host = Host::new(&setting);
    let times = if setting.often { OFTEN } else { 1 };
    for _ in 0..times {
        for (which, with) in calls(script) {
            host.call(which, with);
            host.is_lawful();
        }
    }
    host.ends();
    meter.stayed_below(HEAP + 4 * script.len());
}

/// What the letters of the first line mean.
struct Setting {
    /// `s`: nothing is forgiven.
    strict: bool,
    /// `o`: the script is played over and over.
    often: bool,
    /// `c`: no secret in clear text.
    secure: bool,
    /// `t`: in TLS from the start.
    tls: bool,
    /// `r`, `a`: what becomes of UTF-8 in headers.
    headers: Utf8Headers,
}

impl Setting {
    fn of(head: &[u8]) -> Self {
        let has = |letter| head.contains(&letter);
        let headers = match (has(b'r'), has(b'a')) {
            (true, _) => Utf8Headers::Refuse,
            (_, true) => Utf8Headers::AsIs,
            _ => Utf8Headers::Downgrade,
        };
        Self { strict: has(b's'), often: has(b'o'), secure: has(b'c'), tls: has(b't'), headers }
    }

    fn connection(&self) -> Connection {
        let mut config = config(if self.strict { Tolerance::STRICT } else { Tolerance::FORGIVING });
        config.capabilities.set(Capability::Stls);
        config.capabilities.set(Capability::Utf8 { user: true });
        config.cleartext_logins = !self.secure;
        config.utf8_headers = self.headers;
        let mut connection = Connection::new(config, Some(Timestamp::fresh(1, "host")));
        if self.tls {
            connection.already_in_tls(Channel::default());
        }
        connection
    }
}

/// One connection and what the host knows of it.
struct Half {
    connection: Connection,
    office: Office,
    /// Whether the host has ended the session.
    given_up: bool,
    /// The host has given a ticket to the wrong connection, so that it cannot answer any more.
    ticket_lost: bool,
    /// What could be asked of it when it was closed.
    last: Option<String>,
    heard: Heard,
}

/// Whether words came that lead to a removal, in whatever pieces.
#[derive(Default)]
struct Heard {
    last: [u8; 4],
    quit: bool,
    deletions: usize,
    /// The host has told of octets that never came.
    lied: bool,
}

impl Heard {
    fn hear(&mut self, octets: &[u8]) {
        for octet in octets {
            self.last.rotate_left(1);
            self.last[3] = octet.to_ascii_uppercase();
            self.quit |= self.last == *b"QUIT";
            self.deletions += usize::from(self.last == *b"DELE");
        }
    }
}

struct Host {
    halves: [Half; 2],
    /// Which of the two is called.
    which: usize,
    /// What was asked and is not answered, and by which of the two.
    open: Vec<(usize, Action)>,
}

impl Host {
    fn new(setting: &Setting) -> Self {
        let half = |_| Half {
            connection: setting.connection(),
            office: Office::default(),
            given_up: false,
            ticket_lost: false,
            last: None,
            heard: Heard::default(),
        };
        Self { halves: [0, 1].map(half), which: 0, open: Vec::new() }
    }

    fn call(&mut self, which: u8, with: &[u8]) {
        let half = &mut self.halves[self.which];
        let connection = &mut half.connection;
        match which {
            b'<' | b'~' | b'=' => {
                let octets = octets(which, with).unwrap_or_default();
                let taken = connection.receive(&octets);
                half.heard.hear(&octets[..taken]);
            }
            // What was read, said to be as much as the first character says.
            b'f' => {
                let room = connection.read_buffer();
                let (claimed, octets) = with.split_at(with.len().min(1));
                let fits = room.len().min(octets.len());
                room[..fits].copy_from_slice(&octets[..fits]);
                half.heard.hear(&octets[..fits]);
                half.heard.lied |= number(claimed) != fits;
                connection.filled(number(claimed));
            }
            b'>' => {
                let mut transmit = connection.transmit();
                let octets = number(with).min(transmit.remaining());
                transmit.advance(octets);
            }
            b'?' => self.poll(),
            // All that a lawful host does.
            b'.' => self.serve(),
            b'!' => self.answer(with),
            b'c' => connection.closed(),
            b'h' => {
                connection.hung_up();
                half.given_up = true;
            }
            b't' => {
                connection.timed_out();
                half.given_up = true;
            }
            b's' => connection.tls_started(Channel::default()),
            b'i' => connection.already_in_tls(Channel::default()),
            b'b' => connection.release_buffers(),
            b'l' => connection.allow_xclient(),
            b'+' => connection.capabilities_mut().set(Capability::parse(with)),
            b'-' => {
                connection.capabilities_mut().remove(Capability::parse(with).tag());
            }
            b'x' => self.which = 1 - self.which,
            _ => {}
        }
    }

    fn poll(&mut self) {
        let half = &mut self.halves[self.which];
        let Some(action) = half.connection.poll() else { return };
        keeps_the_secret(&action);
        assert_eq!(half.last, None, "something comes behind the end: {action:?}");
        match action {
            Action::Close(ending) => half.close(ending),
            // Nobody answers it, and there may be many.
            Action::Relayed(_) => {}
            action => {
                if let Action::Commit { removals, .. } = &action {
                    half.may_remove(removals.len());
                }
                self.open.push((self.which, action));
            }
        }
    }

    /// Answers all that this connection asks for, and sends all that it says.
    fn serve(&mut self) {
        let half = &mut self.halves[self.which];
        let connection = &mut half.connection;
        // What was asked by `?` is not asked again.
        if half.last.is_some() || self.open.iter().any(|(asked, _)| *asked == self.which) {
            return;
        }
        loop {
            match connection.poll() {
                Some(Action::Close(ending)) => return half.close(ending),
                Some(Action::StartTls) => connection.tls_started(Channel::default()),
                Some(Action::Relayed(_)) => {}
                Some(action) => half.office.act(action, connection, flush),
                None if !connection.wants_write() => break,
                None => flush(connection),
            }
        }
        if let Some(removed) = half.office.removed.take() {
            half.may_remove(removed.len());
        }
    }

    /// Answers what was asked, whoever asked it, in the way that the characters say.
    fn answer(&mut self, with: &[u8]) {
        let (head, piece) = with.split_at(with.len().min(2));
        if self.open.is_empty() {
            return;
        }
        let (asked, action) = self.open.swap_remove(number(head) % self.open.len());
        let way = head.get(1).copied().unwrap_or(b'0');
        let half = &mut self.halves[self.which];
        let fits = asked == self.which && !half.given_up && half.last.is_none();
        let is_said = matches!(action, Action::StartTls);
        let (result, again) = answer(&mut half.connection, action, way, piece);
        match result {
            Ok(()) => assert!(fits || is_said, "a ticket of another session fits"),
            Err(AnswerError::OddMaildrop) => assert!(fits),
            Err(error) => assert!(!fits, "a ticket does not fit: {error}"),
        }
        let is_wrong = asked != self.which && again.is_none() && !is_said;
        self.halves[asked].ticket_lost |= is_wrong;
        self.open.extend(again.map(|action| (asked, action)));
    }

    fn is_lawful(&mut self) {
        for half in &mut self.halves {
            let waiting = half.connection.transmit().remaining();
            assert!(waiting <= OUTPUT, "{waiting} octets wait");
            let room = half.connection.read_buffer().len();
            assert!(room <= INPUT, "room for {room} octets");
            if let Some(last) = &half.last {
                assert_eq!(&half.answers(), last, "something has changed behind the end");
                assert!(room == 0 && waiting == 0);
            }
        }
    }

    /// Whatever happened before: once the client has gone and the host answers, it ends.
    fn ends(&mut self) {
        for which in [0, 1] {
            self.which = which;
            self.halves[which].connection.closed();
            while let Some(at) = self.open.iter().position(|(asked, _)| *asked == which) {
                let index = b'0'.wrapping_add(u8::try_from(at).unwrap_or_default());
                self.answer(&[index, b'0']);
            }
            self.serve();
            if self.halves[which].ticket_lost {
                self.halves[which].connection.hung_up();
                self.serve();
            }
            assert!(self.halves[which].last.is_some(), "not closed");
        }
    }
}

impl Half {
    fn close(&mut self, ending: Ending) {
        assert!(self.heard.quit || self.heard.lied || ending != Ending::Quit);
        self.office.ending = None;
        self.last = Some(self.answers());
    }

    fn may_remove(&self, removals: usize) {
        let Heard { quit, deletions, lied, .. } = self.heard;
        assert!(lied || quit && removals <= deletions, "nobody wanted that removed");
    }

    /// What can be asked of a connection, in one value.
    fn answers(&self) -> String {
        let connection = &self.connection;
        format!(
            "{connection:?} {} {} {} {:?} {:?} {:?} {} {}",
            connection.wants_read(),
            connection.wants_write(),
            connection.wants_message(),
            connection.idle_limit(),
            connection.login_limit(),
            connection.state(),
            connection.is_over(),
            connection.wants_tls(),
        )
    }
}

fn flush(connection: &mut Connection) {
    let mut transmit = connection.transmit();
    let waiting = transmit.remaining();
    transmit.advance(waiting);
}

/// Answers an action with the means of a connection that need not be its own. An action that is
/// not over yet comes back.
fn answer(
    connection: &mut Connection,
    action: Action,
    way: u8,
    piece: &[u8],
) -> (Result<(), AnswerError>, Option<Action>) {
    let refusal = || match way {
        b'c' => Refusal::Credentials,
        b'u' => Refusal::InUse,
        b'd' => Refusal::TooSoon,
        _ => Refusal::Temporary(Text::new(piece).unwrap_or_default()),
    };
    let refuses = way.is_ascii_alphabetic();
    let verdict = || if refuses { Err(refusal()) } else { Ok(user()) };
    let result = match action {
        Action::Authenticate { ticket, .. } => connection.authenticated(ticket, verdict()),
        Action::Sasl { ticket, .. } => match way {
            b'1' => connection.challenge(ticket, &piece[..piece.len().min(SASL_RESPONSE)]),
            b'2' => connection.refused_because(ticket, b"no"),
            _ => connection.authenticated(ticket, verdict()),
        },
        Action::Open { ticket, .. } => {
            // With `9`, two letters have one unique-id.
            let many = number(&[way]) % 20;
            let messages = (0..many).map(|index| info(index - usize::from(index == 8), piece));
            connection.opened(ticket, if refuses { Err(refusal()) } else { Ok(messages.collect()) })
        }
        Action::Fetch { number, part, ticket } => match way {
            b'0' => connection.message_complete(ticket),
            _ if refuses => connection.message_failed(ticket, refusal()),
            _ => {
                let taken = connection.message(&ticket, piece);
                let result = taken.map(|taken| assert!(taken.octets <= piece.len()));
                return (result, Some(Action::Fetch { number, part, ticket }));
            }
        },
        Action::Commit { removals, ticket } => {
            let gone = if refuses { 0 } else { removals.len() };
            connection.committed(ticket, &vec![Removal::Gone; gone])
        }
        Action::Wait { ticket, .. } => connection.waited(ticket),
        Action::Extension { ticket, .. } => {
            let text = Text::new(piece).unwrap_or_default();
            let reply = if refuses { Reply::err(text) } else { Reply::ok(text) };
            let content = (way == b'1').then(|| piece[..piece.len().min(500)].to_vec().into());
            connection.extension_answered(ticket, reply, content)
        }
        _ => Ok(()),
    };
    (result, None)
}
