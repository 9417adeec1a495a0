//! One session of a [`Service`](crate::Service): the protocol's questions, handed to the stores.

mod half;
mod letters;
mod login;
mod refusal;
mod sasl;
#[cfg(test)]
mod tests;
mod update;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use pop3_proto::auth::SaslResponse;
use pop3_proto::auth::sasl::ServerMechanism;
use pop3_proto::bytes::BytesMut;
use pop3_proto::command::Xclient;
use pop3_proto::server::{Action, AnswerError, CommitTicket, Connection, Ending, Part, WaitTicket};
use pop3_proto::{MessageNumber, UserName};
use tracing::{debug, info, warn};

use crate::LetterError;
use crate::office::{AnyMaildrop, Office};
use crate::rules::Rules;
use crate::secrets::Secrets;
use crate::work::{Done, Fetch, Outcome, Task, Work};
use letters::Letter;
use refusal::chain;
use update::removed;

/// A session that touches neither a socket nor a store: bytes in, bytes out, work to be done
/// elsewhere.
///
/// An adapter calls [`advance`](Self::advance), which never blocks, and does what it says, until
/// it says [`Next::Close`]. A thread of its own runs the [`Work`] on the spot:
///
/// ```
/// use pop3_proto::bytes::Buf;
/// use pop3_maildrop::{Next, Service, memory::MemoryMaildrops};
/// # use pop3_proto::{Secret, UserName};
/// # use std::sync::Arc;
/// # let office = Arc::new(MemoryMaildrops::new());
/// # office.add_user(UserName::new("mark")?, Secret::new("swordfish")?);
/// let mut session = Service::new(office.clone(), office).session();
/// session.connection().receive(b"USER mark\r\nPASS swordfish\r\nQUIT\r\n");
/// let mut wire = Vec::new();
/// loop {
///     match session.advance() {
///         Next::Work(work) => session.done(work.run()),
///         Next::Transport => {
///             // Write what is to be written; if that is nothing, read.
///             let mut transmit = session.connection().transmit();
///             wire.extend_from_slice(transmit.chunk());
///             transmit.advance(transmit.remaining());
///         }
///         _ => break,
///     }
/// }
/// assert!(wire.ends_with(b"+OK maildrop has 0 messages (0 octets)\r\n+OK goodbye\r\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// An event loop gives the work to its pool of blocking threads and goes on: while it is
/// [out](Next::Working), what waits may be sent and an end of the connection noticed. The maildrop
/// and the letter travel with the work, and come back or are released. Work that is lost, to a panic
/// say, does not come back: drop the session then.
pub struct Session {
    connection: Connection,
    office: Office,
    rules: Rules,
    secrets: Secrets,
    /// What AUTH has begun and the client has not finished.
    mechanism: Option<ServerMechanism>,
    peer: Option<IpAddr>,
    /// Whether work is out; then the maildrop may be with it.
    working: bool,
    maildrop: Option<AnyMaildrop>,
    letter: Option<Letter>,
    wait: Option<WaitTicket>,
    /// The buffer that letters are read into, kept between those of a burst.
    buffer: BytesMut,
    user: Option<UserName>,
    /// What was retrieved whole, where that is to be removed by QUIT.
    retrieved: BTreeSet<MessageNumber>,
    /// A QUIT that waits until all is sent.
    commit: Option<(Vec<MessageNumber>, CommitTicket)>,
    relayed: Option<Xclient>,
}

/// What a session needs next.
#[derive(Debug)]
#[non_exhaustive]
pub enum Next {
    /// Its transport: write what [`Connection::transmit`] holds, or, if that is nothing, read.
    Transport,
    /// This work on the stores: run it wherever it may block, and tell [`Session::done`].
    Work(Work),
    /// What comes of the work that is out. Meanwhile what waits may be sent, and octets received,
    /// which is how the end of a connection shows; an adapter may as well only wait for the work.
    Working,
    /// Let this time pass, then call [`Session::waited`]. What is to be sent may be sent meanwhile.
    Wait(Duration),
    /// TLS: the client has asked for it by STLS. Give the session's [`Pipe`](pop3_proto::Pipe) a
    /// TLS connection; without one, close.
    StartTls,
    /// Close the transport: the session is over. The maildrop has been released.
    Close(Ending),
}

impl Session {
    pub(crate) fn new(
        connection: Connection,
        office: Office,
        rules: Rules,
        secrets: Secrets,
        peer: Option<IpAddr>,
    ) -> Self {
        Self {
            connection,
            office,
            rules,
            secrets,
            mechanism: None,
            peer,
            working: false,
            maildrop: None,
            letter: None,
            wait: None,
            buffer: BytesMut::new(),
            user: None,
            retrieved: BTreeSet::new(),
            commit: None,
            relayed: None,
        }
    }

    /// The state machine: for what comes in, what goes out, and the limits of time.
    pub fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Who has logged in, once somebody has.
    #[must_use]
    pub fn user(&self) -> Option<&UserName> {
        self.user.as_ref()
    }

    /// Whom the peer speaks for, once it has said so by XCLIENT. Nobody is heard who was not allowed
    /// to by [`Connection::allow_xclient`]; ask [`Trusted`](crate::proxy::Trusted) first.
    #[must_use]
    pub fn relayed(&self) -> Option<&Xclient> {
        self.relayed.as_ref()
    }

    /// Does everything that needs neither the transport nor the stores. Never blocks.
    ///
    /// While work is out this is [`Next::Working`], whatever else happens: a connection that has
    /// ended meanwhile is closed when the work has come back, so that nothing is left locked.
    pub fn advance(&mut self) -> Next {
        loop {
            if self.working {
                return Next::Working;
            }
            if let Some(task) = self.hand_over() {
                return self.work(task);
            }
            let Some(action) = self.connection.poll() else {
                // Not before the poll: a connection that has ended commits nothing more.
                if !self.may_commit() {
                    break;
                }
                if let Some(task) = self.commit() {
                    return self.work(task);
                }
                continue;
            };
            match action {
                Action::Wait { duration, ticket } => {
                    self.wait = Some(ticket);
                    return Next::Wait(duration);
                }
                Action::StartTls => return Next::StartTls,
                Action::Close(ending) => {
                    self.letter = None;
                    self.commit = None;
                    self.maildrop = None;
                    self.buffer = BytesMut::new();
                    return Next::Close(ending);
                }
                action => {
                    if let Some(task) = self.task_of(action) {
                        return self.work(task);
                    }
                }
            }
        }
        if self.letter.is_none() && !self.connection.wants_write() {
            // The client's turn, which can take minutes.
            self.buffer = BytesMut::new();
            self.connection.release_buffers();
        }
        Next::Transport
    }

    /// Takes what came of the work of [`Next::Work`]. What the connection has no use for any more,
    /// since it has ended meanwhile, is released.
    pub fn done(&mut self, done: Done) {
        self.working = false;
        let taken = match done.0 {
            Outcome::Authenticated { asked, verdict, ticket } => {
                let verdict = self.judge(asked.as_ref(), verdict);
                self.checked(verdict, ticket);
                Ok(())
            }
            Outcome::ScramKeys { user, keys, ticket } => {
                self.scram_keys(&user, keys, ticket);
                Ok(())
            }
            Outcome::Opened { user, wait, opened: Ok((maildrop, messages)), expired, ticket } => {
                match expired {
                    Ok(0) => {}
                    Ok(letters) => info!(%user, letters, "removed what had had its time"),
                    Err(error) => warn!(%user, error = chain(&error), "old letters stay"),
                }
                let count = messages.len();
                self.connection.opened(ticket, Ok(messages)).map(|()| {
                    info!(%user, messages = count, "logged in");
                    self.logged_in(&user, wait);
                    self.maildrop = Some(maildrop);
                    self.user = Some(user);
                })
            }
            Outcome::Opened { user, opened: Err(error), ticket, .. } => {
                warn!(%user, error = chain(&error), "the maildrop was not opened");
                self.connection.opened(ticket, Err(refusal::of_opening(&error)))
            }
            Outcome::Letter { maildrop, fetch, first } => {
                self.take_piece(fetch, first).map(|()| self.maildrop = Some(maildrop))
            }
            Outcome::Read { fetch, piece } => {
                self.take_piece(fetch, piece.map_err(LetterError::Io))
            }
            Outcome::Removed { removals, outcomes, ticket } => {
                self.connection.committed(ticket, &removed(&removals, &outcomes))
            }
            Outcome::Answered { reply, content, ticket } => {
                self.connection.extension_answered(ticket, reply, content)
            }
        };
        self.note(taken);
    }

    /// Says that the time of [`Next::Wait`] has passed.
    pub fn waited(&mut self) {
        if let Some(ticket) = self.wait.take() {
            let taken = self.connection.waited(ticket);
            self.note(taken);
        }
    }

    fn work(&mut self, task: Task) -> Next {
        self.working = true;
        Next::Work(Work::new(self.office.clone(), task))
    }

    /// What an action needs of the stores, if anything.
    fn task_of(&mut self, action: Action) -> Option<Task> {
        match action {
            Action::Authenticate { credentials, ticket } => {
                if let Some(why) = self.barred() {
                    let taken = self.connection.authenticated(ticket, Err(why));
                    self.note(taken);
                    return None;
                }
                Some(Task::Authenticate { credentials, ticket })
            }
            Action::Sasl { mechanism, begins, response, ticket } => {
                if begins && let Err(why) = self.begin_mechanism(&mechanism) {
                    let taken = self.connection.authenticated(ticket, Err(why));
                    self.note(taken);
                    return None;
                }
                self.step(response.as_ref().map(SaslResponse::expose), ticket)
            }
            Action::Open { user, ticket } => {
                let expire = self.rules.expire.before(SystemTime::now());
                let delay = self.rules.login_delay.clone();
                Some(Task::Open { user, delay, expire, ticket })
            }
            Action::Fetch { number, part, ticket } => {
                let fetch = Fetch { number, whole: part == Part::Whole, ticket };
                let Some(maildrop) = self.maildrop.take() else {
                    let taken = self.take_piece(fetch, Err(LetterError::NoSuchNumber));
                    self.note(taken);
                    return None;
                };
                let buffer = std::mem::take(&mut self.buffer);
                Some(Task::Letter { maildrop, fetch, buffer })
            }
            Action::Commit { removals, ticket } => {
                self.commit = Some((removals, ticket));
                None
            }
            Action::Extension { command, ticket } => {
                Some(Task::Answer { command, user: self.user.clone(), ticket })
            }
            Action::Relayed(client) => {
                info!(?client, "speaks for another");
                // Failed logins are the client's, and not the proxy's.
                self.peer = client.address.or(self.peer);
                self.relayed = Some(client);
                None
            }
            // The pipe to the transport sees by itself that it is time.
            other => {
                warn!(action = ?other, "nobody here can do this");
                self.connection.hung_up();
                None
            }
        }
    }

    fn note(&self, taken: Result<(), AnswerError>) {
        if let Err(error) = taken {
            debug!(%error, "an answer came too late");
        }
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("connection", &self.connection)
            .field("user", &self.user)
            .field("working", &self.working)
            .finish_non_exhaustive()
    }
}
