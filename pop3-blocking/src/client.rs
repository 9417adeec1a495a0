//! The client: before login, and after.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use pop3_proto::adapter::{Endpoint, Error, LoginFailed, Options, account, sign_in};
use pop3_proto::bytes::Bytes;
use pop3_proto::client::exchange::{self, Account, Exchange, Method, Opening};
use pop3_proto::client::{Greeting, Quirk};
use pop3_proto::command::{Extension, LanguageRange, LanguageTag};
use pop3_proto::reply::{DropListing, LanguageListing, ScanListing, UniqueIdListing};
use pop3_proto::{Capabilities, Command, MessageNumber, Reply, Text, UniqueId};

use crate::conversation::Conversation;
use crate::letters::{Letter, Letters};

/// A connection to a server before login (the AUTHORIZATION state).
///
/// The server has greeted and was asked for its capabilities, and TLS has started if it is to.
/// Dropping it ends the session.
#[derive(Debug)]
pub struct Client<S = TcpStream> {
    conversation: Conversation<S>,
    greeting: Greeting,
    /// Whether a secret may go over the stream as it is.
    cleartext: bool,
    /// How to connect once more, where a server closes after a refusal.
    again: Option<Again<S>>,
}

type Again<S> = fn(&Endpoint, &Options) -> Result<Client<S>, Error>;

impl Client {
    /// Connects to a server, as [`Options::default`] has it: in TLS, unless the server is on this
    /// machine and does not offer it.
    ///
    /// # Errors
    /// When no address can be connected to within a minute, there is no TLS, or the server refuses
    /// service.
    pub fn connect<E>(endpoint: E) -> Result<Self, Error>
    where
        E: TryInto<Endpoint>,
        Error: From<E::Error>,
    {
        Self::connect_with(endpoint, &Options::default())
    }

    /// As [`connect`](Self::connect), with options.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn connect_with<E>(endpoint: E, options: &Options) -> Result<Self, Error>
    where
        E: TryInto<Endpoint>,
        Error: From<E::Error>,
    {
        Self::open(&endpoint.try_into()?, options)
    }

    fn open(endpoint: &Endpoint, options: &Options) -> Result<Self, Error> {
        let stream = connect(endpoint, options.connect_limit)?;
        let socket = stream.try_clone()?;
        let loopback = stream.peer_addr()?.ip().to_canonical().is_loopback();
        let conversation =
            Conversation::new(stream, Some(socket), Some(endpoint.clone()), options)?;
        let opening = options.opening(loopback);
        Self::begin(conversation, opening, options.allows_cleartext(loopback), Some(Self::open))
    }
}

impl<S: Read + Write> Client<S> {
    /// Speaks over a stream that is brought along: encrypted already, or in clear text because
    /// whoever brings it wants it so. Its timeouts are its own affair: a read or write that fails
    /// with `WouldBlock` or `TimedOut` counts as a silence of the server.
    ///
    /// # Errors
    /// When the stream fails, or the server refuses service.
    pub fn with_stream(stream: S, options: &Options) -> Result<Self, Error> {
        let conversation = Conversation::new(stream, None, None, options)?;
        Self::begin(conversation, Opening::new(), true, None)
    }

    /// Speaks over a stream that is brought along and leads to that server, and sees to TLS as
    /// [`connect`](Client::connect) does. The socket, if there is one below the stream, is where
    /// timeouts are armed.
    ///
    /// # Errors
    /// When the stream fails, there is no TLS, or the server refuses service.
    pub fn over(
        stream: S,
        socket: Option<TcpStream>,
        endpoint: Endpoint,
        options: &Options,
    ) -> Result<Self, Error> {
        let peer = socket.as_ref().map(TcpStream::peer_addr).transpose()?;
        let loopback = peer.is_some_and(|peer| peer.ip().to_canonical().is_loopback());
        let (opening, cleartext) = (options.opening(loopback), options.allows_cleartext(loopback));
        let conversation = Conversation::new(stream, socket, Some(endpoint), options)?;
        Self::begin(conversation, opening, cleartext, None)
    }

    fn begin(
        mut conversation: Conversation<S>,
        opening: Opening,
        cleartext: bool,
        again: Option<Again<S>>,
    ) -> Result<Self, Error> {
        let greeting = conversation.hold(opening)?;
        Ok(Self { conversation, greeting, cleartext, again })
    }

    /// What the server said first.
    #[must_use]
    pub const fn greeting(&self) -> &Greeting {
        &self.greeting
    }

    /// What the server can do; `None` when it does not tell.
    #[must_use]
    pub const fn capabilities(&self) -> Option<&Capabilities> {
        self.conversation.get_ref().capabilities()
    }

    /// Whether the session is in TLS.
    #[must_use]
    pub const fn is_in_tls(&self) -> bool {
        self.conversation.get_ref().is_in_tls()
    }

    /// Asks for messages and headers in UTF-8 as they are, and lets names and passwords be UTF-8
    /// ([`exchange::utf8`]). It holds for this connection: a login that is refused and hung up on
    /// is not tried again on another one then.
    ///
    /// # Errors
    /// When the server refuses, or the session fails.
    pub fn utf8(&mut self) -> Result<Reply, Error> {
        self.again = None;
        self.conversation.hold(exchange::utf8())
    }

    /// The languages that the server's remarks can have ([`exchange::languages`]).
    ///
    /// # Errors
    /// When the server refuses, or the session fails.
    pub fn languages(&mut self) -> Result<Vec<LanguageListing>, Error> {
        self.conversation.hold(exchange::languages())
    }

    /// Chooses the language of the server's remarks, and tells which it is and what it says first
    /// ([`exchange::language`]). It holds for this connection, as [`utf8`](Self::utf8) does.
    ///
    /// # Errors
    /// When the server has none of that kind, or the session fails.
    pub fn language(&mut self, range: LanguageRange) -> Result<(LanguageTag, Text), Error> {
        self.again = None;
        self.conversation.hold(exchange::language(range))
    }

    /// Logs in by name and password, by the strongest way that both sides have ([`exchange::SignIn`]). The
    /// password goes over the stream as it is only in TLS, to a server on this machine, or where
    /// the [options](Options::cleartext) allow it.
    ///
    /// # Errors
    /// When the server refuses, or the name or password cannot be sent. The client is given back
    /// if another try is possible.
    pub fn login(
        self,
        user: &str,
        password: impl AsRef<[u8]>,
    ) -> Result<Session<S>, LoginFailed<Self>> {
        match account(user, password.as_ref()) {
            Ok(account) => self.login_by(account, Method::ALL),
            Err(error) => Err(LoginFailed::before(error, self)),
        }
    }

    /// Logs in as whoever the account is for, by these methods alone, in this order
    /// ([`Method::ALL`] has the strongest first). Where the server closes after a refusal, it is
    /// connected to again for the next one, unless the stream was brought along.
    ///
    /// # Errors
    /// As [`login`](Self::login).
    pub fn login_by(
        mut self,
        account: Account,
        methods: &[Method],
    ) -> Result<Session<S>, LoginFailed<Self>> {
        let mut sign_in = match sign_in(account, methods, self.cleartext) {
            Ok(sign_in) => sign_in,
            Err(error) => return Err(LoginFailed::before(error, self)),
        };
        loop {
            let error = match self.conversation.hold(&mut sign_in) {
                Ok((method, login)) => {
                    return Ok(Session { conversation: self.conversation, login, method });
                }
                Err(error) if error.leaves_session_usable() => {
                    return Err(LoginFailed::before(error, self));
                }
                Err(error) => error,
            };
            match (self.again, self.conversation.place()) {
                (Some(again), Some((endpoint, options))) if sign_in.wants_to_go_on() => {
                    self = again(endpoint, options).map_err(LoginFailed::from)?;
                }
                _ => return Err(error.into()),
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

fn connect(endpoint: &Endpoint, limit: Duration) -> io::Result<TcpStream> {
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in (endpoint.host(), endpoint.port()).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, limit) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// A session with an open maildrop (the TRANSACTION state).
///
/// Messages that are marked by [`delete`](Self::delete) are removed when [`quit`](Self::quit)
/// succeeds, and by nothing else: dropping a session removes nothing.
#[derive(Debug)]
pub struct Session<S = TcpStream> {
    conversation: Conversation<S>,
    login: Reply,
    method: Method,
}

impl<S: Read + Write> Session<S> {
    /// What the server said to the login.
    #[must_use]
    pub const fn login_reply(&self) -> &Reply {
        &self.login
    }

    /// How the login was done.
    #[must_use]
    pub const fn method(&self) -> Method {
        self.method
    }

    /// Whether the session is in TLS.
    #[must_use]
    pub const fn is_in_tls(&self) -> bool {
        self.conversation.get_ref().is_in_tls()
    }

    /// What the server can do after login; `None` when it does not tell.
    #[must_use]
    pub const fn capabilities(&self) -> Option<&Capabilities> {
        self.conversation.get_ref().capabilities()
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
        self.conversation.get_ref().quirks()
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
