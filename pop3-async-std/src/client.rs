//! The client before login.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use async_std::future::timeout;
use async_std::net::{TcpStream, ToSocketAddrs};
use futures_io::{AsyncRead, AsyncWrite};
use pop3_proto::adapter::{Conversation, Endpoint, Error, LoginFailed, Options, account, sign_in};
use pop3_proto::client::Greeting;
use pop3_proto::client::exchange::{self, Account, Method, Opening};
use pop3_proto::command::{LanguageRange, LanguageTag};
use pop3_proto::reply::LanguageListing;
use pop3_proto::{Capabilities, Reply, Text};

use crate::Session;
use crate::wire::Wire;

/// A connection to a server before login (the AUTHORIZATION state).
///
/// The server has greeted and was asked for its capabilities, and TLS has started if it is to.
/// Dropping it, or a future that it was moved into, ends the session.
#[derive(Debug)]
pub struct Client<S = TcpStream> {
    conversation: Conversation<Wire<S>>,
    greeting: Greeting,
    /// Whether a secret may go over the stream as it is.
    cleartext: bool,
    /// How to connect once more, where a server closes after a refusal.
    again: Option<Again<S>>,
}

type Again<S> = for<'a> fn(&'a Endpoint, &'a Options) -> Connecting<'a, S>;
type Connecting<'a, S> = Pin<Box<dyn Future<Output = Result<Client<S>, Error>> + Send + 'a>>;

impl Client {
    /// Connects to a server, as [`Options::default`] has it: in TLS, unless the server is on this
    /// machine and does not offer it.
    ///
    /// # Errors
    /// When no address can be connected to within a minute, there is no TLS, or the server refuses
    /// service.
    pub async fn connect<E>(endpoint: E) -> Result<Self, Error>
    where
        E: TryInto<Endpoint>,
        Error: From<E::Error>,
    {
        Self::connect_with(endpoint, &Options::default()).await
    }

    /// As [`connect`](Self::connect), with options.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn connect_with<E>(endpoint: E, options: &Options) -> Result<Self, Error>
    where
        E: TryInto<Endpoint>,
        Error: From<E::Error>,
    {
        Self::open(&endpoint.try_into()?, options).await
    }

    async fn open(endpoint: &Endpoint, options: &Options) -> Result<Self, Error> {
        let stream = connect(endpoint, options.connect_limit).await?;
        let peer = stream.peer_addr()?;
        let mut client = Self::over(stream, Some(peer), endpoint.clone(), options).await?;
        client.again = Some(Self::once_more);
        Ok(client)
    }

    fn once_more<'a>(endpoint: &'a Endpoint, options: &'a Options) -> Connecting<'a, TcpStream> {
        Box::pin(Self::open(endpoint, options))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// Speaks over a stream that is brought along: encrypted already, or in clear text because
    /// whoever brings it wants it so.
    ///
    /// # Errors
    /// When the stream fails, or the server refuses service.
    pub async fn with_stream(stream: S, options: &Options) -> Result<Self, Error> {
        let conversation = Conversation::new(Wire::new(stream), None, options)?;
        Self::begin(conversation, Opening::new(), true).await
    }

    /// Speaks over a stream that is brought along and leads to that server, and sees to TLS as
    /// [`connect`](Client::connect) does. The address at its other end, if it has one, tells whether
    /// the server is on this machine.
    ///
    /// # Errors
    /// When the stream fails, there is no TLS, or the server refuses service.
    pub async fn over(
        stream: S,
        peer: Option<SocketAddr>,
        endpoint: Endpoint,
        options: &Options,
    ) -> Result<Self, Error> {
        let loopback = peer.is_some_and(|peer| peer.ip().to_canonical().is_loopback());
        let (opening, cleartext) = (options.opening(loopback), options.allows_cleartext(loopback));
        let conversation = Conversation::new(Wire::new(stream), Some(endpoint), options)?;
        Self::begin(conversation, opening, cleartext).await
    }

    async fn begin(
        mut conversation: Conversation<Wire<S>>,
        opening: Opening,
        cleartext: bool,
    ) -> Result<Self, Error> {
        let greeting = conversation.hold(opening).await?;
        Ok(Self { conversation, greeting, cleartext, again: None })
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
    pub async fn utf8(&mut self) -> Result<Reply, Error> {
        self.again = None;
        self.conversation.hold(exchange::utf8()).await
    }

    /// The languages that the server's remarks can have ([`exchange::languages`]).
    ///
    /// # Errors
    /// When the server refuses, or the session fails.
    pub async fn languages(&mut self) -> Result<Vec<LanguageListing>, Error> {
        self.conversation.hold(exchange::languages()).await
    }

    /// Chooses the language of the server's remarks, and tells which it is and what it says first
    /// ([`exchange::language`]). It holds for this connection, as [`utf8`](Self::utf8) does.
    ///
    /// # Errors
    /// When the server has none of that kind, or the session fails.
    pub async fn language(&mut self, range: LanguageRange) -> Result<(LanguageTag, Text), Error> {
        self.again = None;
        self.conversation.hold(exchange::language(range)).await
    }

    /// Logs in by name and password, by the strongest way that both sides have ([`exchange::SignIn`]). The
    /// password goes over the stream as it is only in TLS, to a server on this machine, or where
    /// the [options](Options::cleartext) allow it.
    ///
    /// # Errors
    /// When the server refuses, or the name or password cannot be sent. The client is given back
    /// if another try is possible.
    pub async fn login(
        self,
        user: &str,
        password: impl AsRef<[u8]>,
    ) -> Result<Session<S>, LoginFailed<Self>> {
        match account(user, password.as_ref()) {
            Ok(account) => self.login_by(account, Method::ALL).await,
            Err(error) => Err(LoginFailed::before(error, self)),
        }
    }

    /// Logs in as whoever the account is for, by these methods alone, in this order
    /// ([`Method::ALL`] has the strongest first). Where the server closes after a refusal, it is
    /// connected to again for the next one, unless the stream was brought along.
    ///
    /// # Errors
    /// As [`login`](Self::login).
    pub async fn login_by(
        mut self,
        account: Account,
        methods: &[Method],
    ) -> Result<Session<S>, LoginFailed<Self>> {
        let mut sign_in = match sign_in(account, methods, self.cleartext) {
            Ok(sign_in) => sign_in,
            Err(error) => return Err(LoginFailed::before(error, self)),
        };
        loop {
            let error = match self.conversation.hold(&mut sign_in).await {
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
                    self = again(endpoint, options).await.map_err(LoginFailed::from)?;
                }
                _ => return Err(error.into()),
            }
        }
    }

    /// Ends the session without logging in.
    ///
    /// # Errors
    /// When the stream fails.
    pub async fn quit(mut self) -> Result<Reply, Error> {
        self.conversation.hold(exchange::quit()).await
    }
}

async fn connect(endpoint: &Endpoint, limit: Duration) -> io::Result<TcpStream> {
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in (endpoint.host(), endpoint.port()).to_socket_addrs().await? {
        match timeout(limit, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Ok(Err(error)) => failure = error,
            Err(_) => failure = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(failure)
}
