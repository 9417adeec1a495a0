//! The client: before login, and after.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use pop3_proto::bytes::Bytes;
use pop3_proto::client::exchange::{self, Exchange, Login, Opening};
use pop3_proto::client::{self, Config, Greeting, Quirk};
use pop3_proto::command::Extension;
use pop3_proto::reply::{DropListing, ScanListing, UniqueIdListing};
use pop3_proto::{Capabilities, Command, MessageNumber, Reply, Secret, UniqueId, UserName};

use crate::conversation::Conversation;
use crate::error::Error;
use crate::letters::{Letter, Letters};

/// How long connecting may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(60);

/// A connection to a server before login (the AUTHORIZATION state).
///
/// The server has greeted and was asked for its capabilities. Dropping it ends the session.
#[derive(Debug)]
pub struct Client<S = TcpStream> {
    conversation: Conversation<S>,
    greeting: Greeting,
}

impl Client {
    /// Connects to a server, in clear text, with the default configuration.
    ///
    /// # Errors
    /// When no address can be connected to within a minute, or the server refuses service.
    pub fn connect(address: impl ToSocketAddrs) -> Result<Self, Error> {
        Self::connect_with(address, Config::default())
    }

    /// As [`connect`](Self::connect), with a configuration.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn connect_with(address: impl ToSocketAddrs, config: Config) -> Result<Self, Error> {
        let stream = connect(address)?;
        let socket = stream.try_clone()?;
        Self::over(stream, Some(socket), config)
    }
}

impl<S: Read + Write> Client<S> {
    /// Speaks over a stream that is brought along. Its timeouts are its own affair: a read or write
    /// that fails with `WouldBlock` or `TimedOut` counts as a silence of the server.
    ///
    /// # Errors
    /// When the stream fails, or the server refuses service.
    pub fn with_stream(stream: S, config: Config) -> Result<Self, Error> {
        Self::over(stream, None, config)
    }

    /// As [`with_stream`](Self::with_stream), for a stream over a socket whose timeouts are to be
    /// armed.
    ///
    /// # Errors
    /// As [`with_stream`](Self::with_stream).
    pub fn over(stream: S, socket: Option<TcpStream>, config: Config) -> Result<Self, Error> {
        let mut conversation = Conversation::new(stream, socket, config);
        let greeting = conversation.hold(Opening::new())?;
        Ok(Self { conversation, greeting })
    }

    /// What the server said first.
    #[must_use]
    pub const fn greeting(&self) -> &Greeting {
        &self.greeting
    }

    /// What the server can do; `None` when it does not tell.
    #[must_use]
    pub const fn capabilities(&self) -> Option<&Capabilities> {
        self.conversation.connection.capabilities()
    }

    /// Logs in by name and password ([`Login::password`]). **The password goes over the stream as
    /// it is.**
    ///
    /// # Errors
    /// When the server refuses, or the name or password cannot be sent. The client is given back
    /// if another try is possible.
    pub fn login(
        self,
        user: &str,
        password: impl AsRef<[u8]>,
    ) -> Result<Session<S>, LoginFailed<S>> {
        let login = UserName::new(user)
            .map_err(Error::from)
            .and_then(|user| Ok(Login::password(user, Secret::new(password)?)));
        self.log_in(login)
    }

    /// Logs in by a digest over the greeting's timestamp ([`Login::apop`]): the password does not
    /// go over the stream, but whoever listens can guess it offline.
    ///
    /// # Errors
    /// As [`login`](Self::login), and when the greeting had no timestamp.
    pub fn login_apop(
        self,
        user: &str,
        password: impl AsRef<[u8]>,
    ) -> Result<Session<S>, LoginFailed<S>> {
        let login = self.apop(user, password.as_ref());
        self.log_in(login)
    }

    fn apop(&self, user: &str, password: &[u8]) -> Result<Login, Error> {
        let timestamp = self.greeting.timestamp.as_ref().ok_or(client::Error::NoTimestamp)?;
        Ok(Login::apop(UserName::new(user)?, &Secret::new(password)?, timestamp))
    }

    fn log_in(mut self, login: Result<Login, Error>) -> Result<Session<S>, LoginFailed<S>> {
        match login.and_then(|login| self.conversation.hold(login)) {
            Ok(reply) => Ok(Session { conversation: self.conversation, login: reply }),
            Err(error) => {
                let client = error.leaves_session_usable().then(|| Box::new(self));
                Err(LoginFailed { error, client })
            }
        }
    }

    /// Ends the session without logging in.
    ///
    /// # Errors
    /// When the stream fails.
    pub fn quit(mut self) -> Result<Reply, Error> {
        self.conversation.hold(exchange::quit())
    }
}

fn connect(address: impl ToSocketAddrs) -> io::Result<TcpStream> {
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT_LIMIT) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// A login that failed, and the client for another try unless the session is over.
#[derive(thiserror::Error)]
#[error("{error}")]
pub struct LoginFailed<S> {
    /// Why it failed.
    #[source]
    pub error: Error,
    /// The client, still in AUTHORIZATION.
    pub client: Option<Box<Client<S>>>,
}

impl<S> fmt::Debug for LoginFailed<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginFailed").field("error", &self.error).finish_non_exhaustive()
    }
}

impl<S> From<LoginFailed<S>> for Error {
    fn from(failed: LoginFailed<S>) -> Self {
        failed.error
    }
}

/// A session with an open maildrop (the TRANSACTION state).
///
/// Messages that are marked by [`delete`](Self::delete) are removed when [`quit`](Self::quit)
/// succeeds, and by nothing else: dropping a session removes nothing.
#[derive(Debug)]
pub struct Session<S = TcpStream> {
    conversation: Conversation<S>,
    login: Reply,
}

impl<S: Read + Write> Session<S> {
    /// What the server said to the login.
    #[must_use]
    pub const fn login_reply(&self) -> &Reply {
        &self.login
    }

    /// What the server can do after login; `None` when it does not tell.
    #[must_use]
    pub const fn capabilities(&self) -> Option<&Capabilities> {
        self.conversation.connection.capabilities()
    }

    /// Asks what the server can do, again ([`exchange::capabilities`]). It was asked after login
    /// already; see [`capabilities`](Self::capabilities).
    ///
    /// # Errors
    /// When the server refuses, or the session fails.
    pub fn ask_capabilities(&mut self) -> Result<Capabilities, Error> {
        self.hold(exchange::capabilities())
    }

    /// The deviations from the RFCs that were forgiven so far.
    pub fn quirks(&self) -> impl Iterator<Item = Quirk> {
        self.conversation.connection.quirks()
    }

    /// How many messages, how many octets ([`exchange::stat`]). Both are hints.
    ///
    /// # Errors
    /// When the server refuses, or the session fails.
    pub fn stat(&mut self) -> Result<DropListing, Error> {
        self.hold(exchange::stat())
    }

    /// The size of every message that is not marked ([`exchange::list`]).
    ///
    /// # Errors
    /// When the server refuses, or the session fails.
    pub fn list(&mut self) -> Result<Vec<ScanListing>, Error> {
        self.hold(exchange::list())
    }

    /// The size of one message ([`exchange::list_one`]).
    ///
    /// # Errors
    /// When the server refuses, or the session fails.
    pub fn list_one(&mut self, number: MessageNumber) -> Result<ScanListing, Error> {
        self.hold(exchange::list_one(number))
    }

    /// The unique-id of every message that is not marked ([`exchange::unique_ids`]). Servers may
    /// lack them.
    ///
    /// # Errors
    /// When the server refuses, or the session fails.
    pub fn unique_ids(&mut self) -> Result<Vec<UniqueIdListing>, Error> {
        self.hold(exchange::unique_ids())
    }

    /// The unique-id of one message ([`exchange::unique_id`]).
    ///
    /// # Errors
    /// When the server refuses, or the session fails.
    pub fn unique_id(&mut self, number: MessageNumber) -> Result<UniqueId, Error> {
        self.hold(exchange::unique_id(number))
    }

    /// A whole message, to be read from what is returned. What is not read is skipped.
    ///
    /// # Errors
    /// When the server refuses, or the session fails.
    pub fn retrieve(&mut self, number: MessageNumber) -> Result<Letter<'_, S>, Error> {
        Letter::only(&mut self.conversation, Command::Retr(number))
    }

    /// The header of a message and so many lines of its body. Servers may lack this.
    ///
    /// # Errors
    /// When the server refuses, or the session fails.
    pub fn top(&mut self, number: MessageNumber, lines: u64) -> Result<Letter<'_, S>, Error> {
        Letter::only(&mut self.conversation, Command::Top { message: number, lines })
    }

    /// Many whole messages. Where the server allows it, requests go ahead of the answers
    /// ([`exchange::Retrieve`]).
    pub fn retrieve_all<I>(&mut self, numbers: I) -> Letters<'_, S>
    where
        I: IntoIterator<Item = MessageNumber>,
        I::IntoIter: 'static,
    {
        Letters::new(&mut self.conversation, numbers.into_iter().map(Command::Retr))
    }

    /// The headers of many messages and so many lines of their bodies, as
    /// [`retrieve_all`](Self::retrieve_all).
    pub fn top_all<I>(&mut self, numbers: I, lines: u64) -> Letters<'_, S>
    where
        I: IntoIterator<Item = MessageNumber>,
        I::IntoIter: 'static,
    {
        let top = move |message| Command::Top { message, lines };
        Letters::new(&mut self.conversation, numbers.into_iter().map(top))
    }

    /// Marks a message for removal ([`exchange::delete`]).
    ///
    /// # Errors
    /// When the server refuses, or the session fails.
    pub fn delete(&mut self, number: MessageNumber) -> Result<Reply, Error> {
        self.hold(exchange::delete(number))
    }

    /// Marks many messages, pipelined where the server allows ([`exchange::DeleteAll`]): an outcome
    /// for each, in order.
    ///
    /// # Errors
    /// When the session fails. A message that is refused does not stop the others.
    #[expect(clippy::type_complexity, reason = "each layer of it says something")]
    pub fn delete_all(
        &mut self,
        numbers: impl IntoIterator<Item = MessageNumber>,
    ) -> Result<Vec<(MessageNumber, Result<Reply, Error>)>, Error> {
        let outcomes = self.hold(exchange::DeleteAll::new(numbers))?;
        let typed = |(number, outcome): (_, Result<_, _>)| (number, outcome.map_err(Error::from));
        Ok(outcomes.into_iter().map(typed).collect())
    }

    /// Clears all marks ([`exchange::reset`]).
    ///
    /// # Errors
    /// When the server refuses, or the session fails.
    pub fn reset(&mut self) -> Result<Reply, Error> {
        self.hold(exchange::reset())
    }

    /// Keeps the session alive ([`exchange::no_operation`]).
    ///
    /// # Errors
    /// When the server refuses, or the session fails.
    pub fn no_operation(&mut self) -> Result<Reply, Error> {
        self.hold(exchange::no_operation())
    }

    /// A command beyond the RFCs: its status line, and its content if its shape has any.
    ///
    /// # Errors
    /// When the server refuses, or the session fails.
    pub fn extension(&mut self, command: Extension) -> Result<(Reply, Bytes), Error> {
        self.hold(exchange::extension(command))
    }

    /// Removes what is marked and ends the session ([`exchange::quit`]). Only `Ok` says that all of
    /// it is gone.
    ///
    /// # Errors
    /// When the server could not remove everything, or the session failed before it said so.
    pub fn quit(mut self) -> Result<Reply, Error> {
        self.hold(exchange::quit())
    }

    fn hold<E: Exchange>(&mut self, exchange: E) -> Result<E::Output, Error> {
        self.conversation.hold(exchange)
    }
}
