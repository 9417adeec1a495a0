//! What a session asks of the stores, as pieces of work that can be done anywhere.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant, SystemTime};
use std::{fmt, io};

use pop3_proto::auth::Credentials;
use pop3_proto::auth::sasl::{ScramHash, ScramKeys};
use pop3_proto::bytes::{Bytes, BytesMut};
use pop3_proto::command::Extension;
use pop3_proto::server::{
    AuthenticateTicket, CommitTicket, ExtensionTicket, FetchTicket, OpenTicket,
};
use pop3_proto::{MessageInfo, MessageNumber, Reply, Text, UserName};

use crate::office::{AnyLetter, AnyMaildrop, Office, Piece};
use crate::rules::LoginDelay;
use crate::{LetterError, LoginRefused, OpenError, Removal, RemoveError};

/// A piece of work on the stores, which may block: it owns all that it needs, so that it can be
/// done on another thread. [`run`](Self::run) it and give what comes of it to
/// [`Session::done`](crate::Session::done).
///
/// ```
/// use pop3_maildrop::{Next, Service, memory::MemoryMaildrops};
/// # use std::sync::Arc;
/// # let office = Arc::new(MemoryMaildrops::new());
/// let mut session = Service::new(office.clone(), office).session();
/// session.connection().receive(b"USER mark\r\nPASS swordfish\r\n");
/// if let Next::Work(work) = session.advance() {
///     let elsewhere = std::thread::spawn(|| work.run());
///     assert!(matches!(session.advance(), Next::Working));
///     session.done(elsewhere.join().unwrap());
/// }
/// ```
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
    ScramKeys {
        user: UserName,
        hash: ScramHash,
        ticket: AuthenticateTicket,
    },
    Open {
        user: UserName,
        delay: Option<LoginDelay>,
        /// What was delivered before this is removed first.
        expire: Option<SystemTime>,
        ticket: OpenTicket,
    },
    /// Opens a letter and reads its first piece, so that a small letter is one piece of work.
    Letter {
        maildrop: AnyMaildrop,
        fetch: Fetch,
        buffer: BytesMut,
    },
    /// Reads the next piece of a letter.
    Read {
        fetch: Fetch,
        letter: AnyLetter,
        buffer: BytesMut,
    },
    /// Removes letters and releases the maildrop.
    Remove {
        maildrop: AnyMaildrop,
        removals: Removals,
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
    pub(crate) whole: bool,
    pub(crate) ticket: FetchTicket,
}

/// The letters that a QUIT removes.
pub(crate) struct Removals {
    pub(crate) numbers: Vec<MessageNumber>,
    /// How many of them, from the first on, the client has marked.
    pub(crate) marked: usize,
}

/// What came of a [`Work`], for [`Session::done`](crate::Session::done).
#[must_use = "until it is told of it, the session stands still"]
pub struct Done(pub(crate) Outcome);

pub(crate) enum Outcome {
    Authenticated {
        asked: Option<UserName>,
        verdict: Result<UserName, LoginRefused>,
        ticket: AuthenticateTicket,
    },
    ScramKeys {
        user: UserName,
        keys: Result<Option<ScramKeys>, LoginRefused>,
        ticket: AuthenticateTicket,
    },
    Opened {
        user: UserName,
        /// How long this user is to wait until the next login, where that differs by user.
        wait: Option<Duration>,
        opened: Result<(AnyMaildrop, Vec<MessageInfo>), OpenError>,
        /// How many letters had had their time.
        expired: Result<usize, RemoveError>,
        ticket: OpenTicket,
    },
    Letter {
        maildrop: AnyMaildrop,
        fetch: Fetch,
        first: Result<Piece, LetterError>,
    },
    Read {
        fetch: Fetch,
        piece: io::Result<Piece>,
    },
    Removed {
        removals: Removals,
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

    /// Whether running it may block the thread: true unless the store that it is for is
    /// [asynchronous](crate::Service::asynchronous). An event loop gives blocking work to threads
    /// that are there for it, and awaits [`run_async`](Self::run_async) of any other.
    #[must_use]
    pub fn is_blocking(&self) -> bool {
        match &self.task {
            Task::Authenticate { .. } | Task::ScramKeys { .. } => {
                self.office.authenticator.is_blocking()
            }
            Task::Open { delay, .. } => {
                let asks = delay.as_ref().is_some_and(|delay| delay.by_user);
                let asks = asks && self.office.authenticator.is_blocking();
                asks || self.office.maildrops.is_blocking()
            }
            Task::Letter { maildrop, .. } | Task::Remove { maildrop, .. } => maildrop.is_blocking(),
            Task::Read { letter, .. } => letter.is_blocking(),
            Task::Answer { .. } => true,
        }
    }

    /// Does it on this thread, which waits for a disk, a password's hash, or whatever else the
    /// store waits for.
    pub fn run(self) -> Done {
        let mut work = pin!(self.run_async());
        // Blocking stores are done with this; the others wake the thread.
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(done) = work.as_mut().poll(&mut context) {
            return done;
        }
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        loop {
            match work.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(done) => return done,
                Poll::Pending => thread::park(),
            }
        }
    }

    /// Does it asynchronously, as far as the store does. Work that is
    /// [blocking](Self::is_blocking) blocks all the same.
    pub fn run_async(self) -> impl Future<Output = Done> + Send {
        let Self { office, task } = self;
        async move { Done(perform(&office, task).await) }
    }
}

async fn perform(office: &Office, task: Task) -> Outcome {
    match task {
        Task::Authenticate { credentials, ticket } => {
            let verdict = office.authenticator.authenticate(&credentials).await;
            Outcome::Authenticated { asked: credentials.user().cloned(), verdict, ticket }
        }
        Task::ScramKeys { user, hash, ticket } => {
            let keys = office.authenticator.scram_keys(&user, hash).await;
            Outcome::ScramKeys { user, keys, ticket }
        }
        Task::Open { user, delay, expire, ticket } => {
            let wait = match &delay {
                Some(delay) if delay.by_user => {
                    Some(delay.of(office.authenticator.login_delay(&user).await))
                }
                _ => None,
            };
            let mut opened = match &delay {
                Some(delay) if delay.is_too_soon(&user, wait, Instant::now()) => {
                    Err(OpenError::TooSoon)
                }
                _ => office.maildrops.open(&user).await,
            };
            let expired = match (&mut opened, expire) {
                (Ok(maildrop), Some(before)) => maildrop.expire(before).await,
                _ => Ok(0),
            };
            let opened = opened.map(|maildrop| {
                let messages = maildrop.messages().to_vec();
                (maildrop, messages)
            });
            Outcome::Opened { user, wait, opened, expired, ticket }
        }
        Task::Letter { mut maildrop, fetch, buffer } => {
            let first = match maildrop.letter(fetch.number).await {
                Ok(letter) => letter.read(buffer).await.map_err(LetterError::Io),
                Err(error) => Err(error),
            };
            Outcome::Letter { maildrop, fetch, first }
        }
        Task::Read { fetch, letter, buffer } => {
            Outcome::Read { fetch, piece: letter.read(buffer).await }
        }
        Task::Remove { mut maildrop, removals, ticket } => {
            let outcomes = maildrop.remove(&removals.numbers).await;
            Outcome::Removed { removals, outcomes, ticket }
        }
        Task::Answer { command, user, ticket } => {
            let (reply, content) = match &office.extensions {
                Some(answers) => answers.answer(&command, user.as_ref()),
                None => (Reply::err(Text::literal("nobody answers this command")), None),
            };
            Outcome::Answered { reply, content, ticket }
        }
    }
}

/// Wakes a thread that waits for its work.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl fmt::Debug for Work {
    /// Tells what is to be done, but not with what: that may be a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match &self.task {
            Task::Authenticate { .. } => "authenticate",
            Task::ScramKeys { .. } => "look up keys",
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
            Outcome::ScramKeys { .. } => "looked up keys",
            Outcome::Opened { .. } => "opened the maildrop",
            Outcome::Letter { .. } => "opened a letter",
            Outcome::Read { .. } => "read on",
            Outcome::Removed { .. } => "removed letters",
            Outcome::Answered { .. } => "answered a command",
        };
        write!(f, "Done({what})")
    }
}
