//! One session of a [`Service`](crate::Service): the protocol's questions, answered by the stores.

use std::error::Error;
use std::io::{self, Read};
use std::time::Duration;

use pop3_proto::server::{
    Action, AnswerError, Connection, Ending, FetchTicket, Refusal, Removal, WaitTicket,
};
use pop3_proto::{MessageNumber, Reply, Text, UserName};
use tracing::{debug, info, warn};

use crate::service::Office;
use crate::{LetterError, LoginRefused, Maildrop, OpenError};

/// A session that needs nothing but its transport: bytes in, bytes out, time.
///
/// An adapter calls [`advance`](Self::advance) and does what it says, until it says
/// [`Next::Close`]. Storage is read and written within `advance`, which therefore may block on a
/// disk (and on a password's hash).
///
/// ```
/// use pop3_proto::bytes::Buf;
/// use pop3_maildrop::{Next, Service, memory::MemoryMaildrops};
/// # use std::sync::Arc;
/// # let office = Arc::new(MemoryMaildrops::new());
/// let mut session = Service::new(office.clone(), office).session();
/// session.connection().receive(b"QUIT\r\n");
/// let mut wire = Vec::new();
/// while let Next::Transport = session.advance() {
///     // Write what is to be written; if that is nothing, read.
///     let mut transmit = session.connection().transmit();
///     wire.extend_from_slice(transmit.chunk());
///     transmit.advance(transmit.remaining());
/// }
/// assert_eq!(wire, b"+OK POP3 server ready\r\n+OK goodbye\r\n");
/// ```
pub struct Session {
    connection: Connection,
    office: Office,
    maildrop: Option<Box<dyn Maildrop>>,
    letter: Option<Letter>,
    wait: Option<WaitTicket>,
    /// Letters pass through here; kept between them.
    buffer: Vec<u8>,
    user: Option<UserName>,
}

/// A letter on its way to the client.
struct Letter {
    number: MessageNumber,
    ticket: FetchTicket,
    reader: Box<dyn Read + Send>,
    /// What of the buffer was read and not yet taken.
    waiting: std::ops::Range<usize>,
}

/// What a session needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Next {
    /// Its transport: write what [`Connection::transmit`] holds, or, if that is nothing, read.
    Transport,
    /// Let this time pass, then call [`Session::waited`]. What is to be sent may be sent meanwhile.
    Wait(Duration),
    /// Close the transport: the session is over. The maildrop has been released.
    Close(Ending),
}

/// How much of a letter is read at a time, in octets.
const PIECE: usize = 32 * 1024;

impl Session {
    pub(crate) fn new(connection: Connection, office: Office) -> Self {
        Self {
            connection,
            office,
            maildrop: None,
            letter: None,
            wait: None,
            buffer: Vec::new(),
            user: None,
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

    /// Does everything that can be done without the transport. May block on storage.
    pub fn advance(&mut self) -> Next {
        loop {
            self.hand_over();
            let Some(action) = self.connection.poll() else { break };
            let done = match action {
                Action::Wait { duration, ticket } => {
                    self.wait = Some(ticket);
                    return Next::Wait(duration);
                }
                Action::Close(ending) => {
                    self.letter = None;
                    self.maildrop = None;
                    return Next::Close(ending);
                }
                action => self.perform(action),
            };
            if let Err(error) = done {
                debug!(%error, "an answer came too late");
            }
        }
        Next::Transport
    }

    /// Says that the time of [`Next::Wait`] has passed.
    pub fn waited(&mut self) {
        if let Some(ticket) = self.wait.take()
            && let Err(error) = self.connection.waited(ticket)
        {
            debug!(%error, "the wait was for nothing");
        }
    }

    fn perform(&mut self, action: Action) -> Result<(), AnswerError> {
        match action {
            Action::Authenticate { credentials, ticket } => {
                let verdict =
                    self.office.authenticator.authenticate(&credentials).map_err(|refused| {
                        let user = credentials.user();
                        warn!(%user, error = chain(&refused), "login refused");
                        login_refusal(&refused)
                    });
                self.connection.authenticated(ticket, verdict)
            }
            Action::Open { user, ticket } => match self.office.maildrops.open(&user) {
                Ok(maildrop) => {
                    let messages = maildrop.messages().to_vec();
                    info!(%user, messages = messages.len(), "logged in");
                    self.maildrop = Some(maildrop);
                    self.user = Some(user);
                    self.connection.opened(ticket, Ok(messages)).inspect_err(|_| {
                        self.maildrop = None;
                    })
                }
                Err(error) => {
                    warn!(%user, error = chain(&error), "the maildrop was not opened");
                    self.connection.opened(ticket, Err(open_refusal(&error)))
                }
            },
            Action::Fetch { number, ticket, .. } => self.fetch(number, ticket),
            Action::Commit { removals, ticket } => {
                let outcomes = self.commit(&removals);
                self.connection.committed(ticket, &outcomes)
            }
            Action::Extension { command, ticket } => {
                let (reply, content) = match &self.office.extensions {
                    Some(answers) => answers.answer(&command, self.user.as_ref()),
                    None => (Reply::err(Text::literal("nobody answers this command")), None),
                };
                self.connection.extension_answered(ticket, reply, content)
            }
            other => {
                warn!(action = ?other, "nobody here can do this");
                self.connection.hung_up();
                Ok(())
            }
        }
    }

    fn fetch(&mut self, number: MessageNumber, ticket: FetchTicket) -> Result<(), AnswerError> {
        let letter = match &self.maildrop {
            Some(maildrop) => maildrop.letter(number),
            None => Err(LetterError::NoSuchNumber),
        };
        match letter {
            Ok(reader) => {
                self.letter = Some(Letter { number, ticket, reader, waiting: 0..0 });
                Ok(())
            }
            Err(error) => {
                warn!(%number, error = chain(&error), "a letter cannot be opened");
                let why = match error {
                    LetterError::Gone => {
                        Refusal::Other(Text::literal("the message was removed by somebody else"))
                    }
                    _ => Refusal::Temporary(Text::literal("the message cannot be read now")),
                };
                self.connection.message_failed(ticket, why)
            }
        }
    }

    /// Hands the current letter over, as far as the connection takes it.
    fn hand_over(&mut self) {
        while self.connection.wants_message()
            && let Some(mut letter) = self.letter.take()
        {
            match self.next_piece(&mut letter) {
                Ok(true) => self.letter = Some(letter),
                Ok(false) => self.end(letter, Ok(())),
                Err(error) => self.end(letter, Err(error)),
            }
        }
    }

    /// Reads and hands over one piece; `false` when no more of the letter is needed.
    fn next_piece(&mut self, letter: &mut Letter) -> io::Result<bool> {
        if letter.waiting.is_empty() {
            self.buffer.resize(PIECE, 0);
            let read = loop {
                match letter.reader.read(&mut self.buffer) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => break read?,
                }
            };
            if read == 0 {
                return Ok(false);
            }
            letter.waiting = 0..read;
        }
        let piece = &self.buffer[letter.waiting.clone()];
        let taken = self.connection.message(&letter.ticket, piece).map_err(io::Error::other)?;
        letter.waiting.start += taken.octets;
        Ok(!taken.enough)
    }

    fn end(&mut self, letter: Letter, result: io::Result<()>) {
        let answered = match result {
            Ok(()) => self.connection.message_complete(letter.ticket),
            Err(error) => {
                warn!(number = %letter.number, %error, "a letter cannot be read to its end");
                let why = Refusal::Temporary(Text::literal("the message cannot be read now"));
                self.connection.message_failed(letter.ticket, why)
            }
        };
        if let Err(error) = answered {
            debug!(%error, "a letter came too late");
        }
    }

    /// Removes what is marked, and releases the maildrop in any case.
    fn commit(&mut self, removals: &[MessageNumber]) -> Vec<Removal> {
        let Some(mut maildrop) = self.maildrop.take() else { return Vec::new() };
        if removals.is_empty() {
            return Vec::new();
        }
        let outcomes = maildrop.remove(removals);
        for (number, error) in
            removals.iter().zip(&outcomes).filter_map(|(n, o)| Some((n, o.as_ref().err()?)))
        {
            warn!(%number, error = chain(error), "a letter was not removed");
        }
        let removed = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        info!(removed, of = removals.len(), "removed what was marked");
        let outcome =
            |outcome: &crate::Removal| if outcome.is_ok() { Removal::Gone } else { Removal::Left };
        outcomes.iter().map(outcome).collect()
    }
}

/// What a client is told; the cause is for the log alone.
fn login_refusal(refused: &LoginRefused) -> Refusal {
    match refused {
        LoginRefused::Credentials => Refusal::Credentials,
        LoginRefused::Temporary(_) => {
            Refusal::Temporary(Text::literal("logins cannot be checked now"))
        }
        LoginRefused::Permanent(_) => Refusal::Permanent(Text::literal("logins cannot be checked")),
    }
}

fn open_refusal(error: &OpenError) -> Refusal {
    match error {
        OpenError::InUse => Refusal::InUse,
        OpenError::Temporary(_) => {
            Refusal::Temporary(Text::literal("the maildrop cannot be opened now"))
        }
        OpenError::Permanent(_) => {
            Refusal::Permanent(Text::literal("the maildrop cannot be opened"))
        }
    }
}

/// An error with its causes, in one line.
fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("connection", &self.connection)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use pop3_proto::bytes::Buf;
    use pop3_proto::{MessageInfo, Octets, Secret, UniqueId};

    use super::*;
    use crate::memory::MemoryMaildrops;
    use crate::{Maildrops, Service};

    /// A store whose two letters bear one unique-id, and that tells whether it is open.
    #[derive(Default)]
    struct Odd(Arc<AtomicBool>);

    struct Opened(Arc<AtomicBool>, Vec<MessageInfo>);

    impl Maildrops for Odd {
        fn open(&self, _: &UserName) -> Result<Box<dyn Maildrop>, OpenError> {
            self.0.store(true, Ordering::SeqCst);
            let unique_id = UniqueId::new("same").unwrap();
            let messages = vec![MessageInfo { octets: Octets(1), unique_id }; 2];
            Ok(Box::new(Opened(self.0.clone(), messages)))
        }
    }

    impl Maildrop for Opened {
        fn messages(&self) -> &[MessageInfo] {
            &self.1
        }

        fn letter(&self, _: MessageNumber) -> Result<Box<dyn Read + Send>, LetterError> {
            Err(LetterError::Gone)
        }

        fn remove(&mut self, _: &[MessageNumber]) -> Vec<crate::Removal> {
            Vec::new()
        }
    }

    impl Drop for Opened {
        fn drop(&mut self) {
            self.0.store(false, Ordering::SeqCst);
        }
    }

    #[test]
    fn a_command_that_is_registered_is_answered_even_if_nobody_can() {
        use pop3_proto::server::ExtensionCommand;
        use pop3_proto::state::State;
        let office = Arc::new(MemoryMaildrops::new());
        let mut service = Service::new(office.clone(), office);
        service.config_mut().extensions =
            vec![ExtensionCommand::new("XMOON", &[State::Authorization])];
        let mut silent = service.session();
        let moon = |_: &pop3_proto::command::Extension, _: Option<&UserName>| {
            (Reply::ok(Text::literal("moon")), Some("full\n.\n".into()))
        };
        service.set_extensions(service.clone().config_mut().extensions.clone(), moon);
        let mut told = service.session();
        for (session, answer) in
            [(&mut silent, "-ERR nobody"), (&mut told, "+OK moon\r\nfull\r\n..\r\n.\r\n")]
        {
            session.connection().receive(b"XMOON\r\n");
            assert_eq!(session.advance(), Next::Transport);
            let sent = session.connection().transmit().chunk().to_vec();
            assert!(String::from_utf8(sent).unwrap().contains(answer));
        }
    }

    /// RFC 1939, section 4: the lock is released before the refusal is sent.
    #[test]
    fn a_maildrop_that_is_refused_after_all_is_released_before_anything_is_sent() {
        let users = MemoryMaildrops::new();
        users.add_user(UserName::new("mark").unwrap(), Secret::new("swordfish").unwrap());
        let odd = Arc::new(Odd::default());
        let mut session = Service::new(Arc::new(users), odd.clone()).session();
        session.connection().receive(b"USER mark\r\nPASS swordfish\r\n");
        assert_eq!(session.advance(), Next::Transport);
        assert!(!odd.0.load(Ordering::SeqCst), "still open");
        let sent = session.connection().transmit().chunk().to_vec();
        assert!(String::from_utf8(sent).unwrap().contains("-ERR [SYS/PERM]"));
    }
}
