//! What a session asks of the stores, as pieces of work that can be done anywhere.

use std::fmt;
use std::io::{self, Read};

use pop3_proto::auth::Credentials;
use pop3_proto::bytes::{Bytes, BytesMut};
use pop3_proto::command::Extension;
use pop3_proto::server::{
    AuthenticateTicket, CommitTicket, ExtensionTicket, FetchTicket, OpenTicket,
};
use pop3_proto::{MessageInfo, MessageNumber, Reply, Text, UserName};

use crate::service::Office;
use crate::{LetterError, LoginRefused, Maildrop, OpenError, Removal};

/// How much of a letter is read at a time, in octets.
pub(crate) const PIECE: usize = 32 * 1024;

/// A piece of work on the stores, which may block: it owns all that it needs, so that it can be
/// done on another thread. [`run`](Self::run) it and give what comes of it to
/// [`Session::done`](crate::Session::done).
///
/// What is dropped on the way is released: dropping a `Work` or a [`Done`] unlocks the maildrop in
/// it and removes nothing. The session that it belonged to stands still then and is to be dropped
/// as well.
#[must_use = "until the work is done, the session stands still"]
pub struct Work {
    office: Office,
    task: Task,
}

/// What there is to do, with the ticket of the connection that asks for it.
pub(crate) enum Task {
    Authenticate {
        credentials: Credentials,
        ticket: AuthenticateTicket,
    },
    Open {
        user: UserName,
        ticket: OpenTicket,
    },
    /// Opens a letter and reads its first piece, so that a small letter is one piece of work.
    Letter {
        maildrop: Box<dyn Maildrop>,
        fetch: Fetch,
        buffer: BytesMut,
    },
    /// Reads the next piece of a letter.
    Read {
        fetch: Fetch,
        letter: Box<dyn Read + Send>,
        buffer: BytesMut,
    },
    /// Removes letters and releases the maildrop.
    Remove {
        maildrop: Box<dyn Maildrop>,
        numbers: Vec<MessageNumber>,
        ticket: CommitTicket,
    },
    Answer {
        command: Extension,
        user: Option<UserName>,
        ticket: ExtensionTicket,
    },
}

/// A letter that a client has asked for.
#[derive(Debug)]
pub(crate) struct Fetch {
    pub(crate) number: MessageNumber,
    pub(crate) ticket: FetchTicket,
}

/// Some octets of a letter, and what can be read of it behind them: none when they are its last.
pub(crate) struct Piece {
    pub(crate) octets: Bytes,
    pub(crate) rest: Option<Box<dyn Read + Send>>,
}

/// What came of a [`Work`], for [`Session::done`](crate::Session::done).
#[must_use = "until it is told of it, the session stands still"]
pub struct Done(pub(crate) Outcome);

pub(crate) enum Outcome {
    Authenticated {
        asked: UserName,
        verdict: Result<UserName, LoginRefused>,
        ticket: AuthenticateTicket,
    },
    Opened {
        user: UserName,
        opened: Result<(Box<dyn Maildrop>, Vec<MessageInfo>), OpenError>,
        ticket: OpenTicket,
    },
    Letter {
        maildrop: Box<dyn Maildrop>,
        fetch: Fetch,
        first: Result<Piece, LetterError>,
    },
    Read {
        fetch: Fetch,
        piece: io::Result<Piece>,
    },
    Removed {
        numbers: Vec<MessageNumber>,
        outcomes: Vec<Removal>,
        ticket: CommitTicket,
    },
    Answered {
        reply: Reply,
        content: Option<Bytes>,
        ticket: ExtensionTicket,
    },
}

impl Work {
    pub(crate) const fn new(office: Office, task: Task) -> Self {
        Self { office, task }
    }

    /// Does it. May block on a disk, a password's hash, or whatever else the stores wait for.
    pub fn run(self) -> Done {
        let Self { office, task } = self;
        Done(match task {
            Task::Authenticate { credentials, ticket } => {
                let verdict = office.authenticator.authenticate(&credentials);
                Outcome::Authenticated { asked: credentials.user().clone(), verdict, ticket }
            }
            Task::Open { user, ticket } => {
                let opened = office.maildrops.open(&user).map(|maildrop| {
                    let messages = maildrop.messages().to_vec();
                    (maildrop, messages)
                });
                Outcome::Opened { user, opened, ticket }
            }
            Task::Letter { maildrop, fetch, buffer } => {
                let first = maildrop
                    .letter(fetch.number)
                    .and_then(|letter| Ok(Piece::read(letter, buffer)?));
                Outcome::Letter { maildrop, fetch, first }
            }
            Task::Read { fetch, letter, buffer } => {
                Outcome::Read { fetch, piece: Piece::read(letter, buffer) }
            }
            Task::Remove { mut maildrop, numbers, ticket } => {
                let outcomes = maildrop.remove(&numbers);
                Outcome::Removed { numbers, outcomes, ticket }
            }
            Task::Answer { command, user, ticket } => {
                let (reply, content) = match &office.extensions {
                    Some(answers) => answers.answer(&command, user.as_ref()),
                    None => (Reply::err(Text::literal("nobody answers this command")), None),
                };
                Outcome::Answered { reply, content, ticket }
            }
        })
    }
}

impl Piece {
    /// Reads on until the buffer is full or the letter ends.
    fn read(mut letter: Box<dyn Read + Send>, mut buffer: BytesMut) -> io::Result<Self> {
        buffer.resize(PIECE, 0);
        let mut filled = 0;
        while filled < buffer.len() {
            match letter.read(&mut buffer[filled..]) {
                Ok(0) => {
                    buffer.truncate(filled);
                    return Ok(Self { octets: buffer.freeze(), rest: None });
                }
                Ok(read) => filled = (filled + read).min(buffer.len()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self { octets: buffer.freeze(), rest: Some(letter) })
    }
}

impl fmt::Debug for Work {
    /// Tells what is to be done, but not with what: that may be a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match &self.task {
            Task::Authenticate { .. } => "authenticate",
            Task::Open { .. } => "open the maildrop",
            Task::Letter { .. } => "open a letter",
            Task::Read { .. } => "read on",
            Task::Remove { .. } => "remove letters",
            Task::Answer { .. } => "answer a command",
        };
        write!(f, "Work({what})")
    }
}

impl fmt::Debug for Done {
    /// Tells what was done, but not what came of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match &self.0 {
            Outcome::Authenticated { .. } => "authenticated",
            Outcome::Opened { .. } => "opened the maildrop",
            Outcome::Letter { .. } => "opened a letter",
            Outcome::Read { .. } => "read on",
            Outcome::Removed { .. } => "removed letters",
            Outcome::Answered { .. } => "answered a command",
        };
        write!(f, "Done({what})")
    }
}
