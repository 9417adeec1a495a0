//! The client after login.

use async_std::net::TcpStream;
use futures_io::{AsyncRead, AsyncWrite};
use pop3_proto::adapter::{Conversation, Error};
use pop3_proto::bytes::Bytes;
use pop3_proto::client::Quirk;
use pop3_proto::client::exchange::{self, Exchange, Method};
use pop3_proto::command::Extension;
use pop3_proto::reply::{DropListing, ScanListing, UniqueIdListing};
use pop3_proto::{Capabilities, Command, MessageNumber, Reply, UniqueId};

use crate::letters::{Letter, Letters};
use crate::wire::Wire;

/// A session with an open maildrop (the TRANSACTION state).
///
/// Messages that are marked by [`delete`](Self::delete) are removed when [`quit`](Self::quit)
/// succeeds, and by nothing else: dropping a session removes nothing.
#[derive(Debug)]
pub struct Session<S = TcpStream> {
    pub(crate) conversation: Conversation<Wire<S>>,
    pub(crate) login: Reply,
    pub(crate) method: Method,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
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
    pub async fn ask_capabilities(&mut self) -> Result<Capabilities, Error> {
        self.hold(exchange::capabilities()).await
    }

    /// The deviations from the RFCs that were forgiven so far.
    pub fn quirks(&self) -> impl Iterator<Item = Quirk> {
        self.conversation.get_ref().quirks()
    }

    /// How many messages, how many octets ([`exchange::stat`]). Both are hints.
    ///
    /// # Errors
    /// When the server refuses, or the session fails.
    pub async fn stat(&mut self) -> Result<DropListing, Error> {
        self.hold(exchange::stat()).await
    }

    /// The size of every message that is not marked ([`exchange::list`]).
    ///
    /// # Errors
    /// When the server refuses, or the session fails.
    pub async fn list(&mut self) -> Result<Vec<ScanListing>, Error> {
        self.hold(exchange::list()).await
    }

    /// The size of one message ([`exchange::list_one`]).
    ///
    /// # Errors
    /// When the server refuses, or the session fails.
    pub async fn list_one(&mut self, number: MessageNumber) -> Result<ScanListing, Error> {
        self.hold(exchange::list_one(number)).await
    }

    /// The unique-id of every message that is not marked ([`exchange::unique_ids`]). Servers may
    /// lack them.
    ///
    /// # Errors
    /// When the server refuses, or the session fails.
    pub async fn unique_ids(&mut self) -> Result<Vec<UniqueIdListing>, Error> {
        self.hold(exchange::unique_ids()).await
    }

    /// The unique-id of one message ([`exchange::unique_id`]).
    ///
    /// # Errors
    /// When the server refuses, or the session fails.
    pub async fn unique_id(&mut self, number: MessageNumber) -> Result<UniqueId, Error> {
        self.hold(exchange::unique_id(number)).await
    }

    /// A whole message, to be read from what is returned. What is not read is skipped.
    ///
    /// # Errors
    /// When the server refuses, or the session fails.
    pub async fn retrieve(&mut self, number: MessageNumber) -> Result<Letter<'_, S>, Error> {
        Letter::only(&mut self.conversation, Command::Retr(number)).await
    }

    /// The header of a message and so many lines of its body. Servers may lack this.
    ///
    /// # Errors
    /// When the server refuses, or the session fails.
    pub async fn top(&mut self, number: MessageNumber, lines: u64) -> Result<Letter<'_, S>, Error> {
        Letter::only(&mut self.conversation, Command::Top { message: number, lines }).await
    }

    /// Many whole messages. Where the server allows it, requests go ahead of the answers
    /// ([`exchange::Retrieve`]).
    pub fn retrieve_all<I>(&mut self, numbers: I) -> Letters<'_, S>
    where
        I: IntoIterator<Item = MessageNumber>,
        I::IntoIter: Send + 'static,
    {
        Letters::new(&mut self.conversation, numbers.into_iter().map(Command::Retr))
    }

    /// The headers of many messages and so many lines of their bodies, as
    /// [`retrieve_all`](Self::retrieve_all).
    pub fn top_all<I>(&mut self, numbers: I, lines: u64) -> Letters<'_, S>
    where
        I: IntoIterator<Item = MessageNumber>,
        I::IntoIter: Send + 'static,
    {
        let top = move |message| Command::Top { message, lines };
        Letters::new(&mut self.conversation, numbers.into_iter().map(top))
    }

    /// Marks a message for removal ([`exchange::delete`]).
    ///
    /// # Errors
    /// When the server refuses, or the session fails.
    pub async fn delete(&mut self, number: MessageNumber) -> Result<Reply, Error> {
        self.hold(exchange::delete(number)).await
    }

    /// Marks many messages, pipelined where the server allows ([`exchange::DeleteAll`]): an outcome
    /// for each, in order.
    ///
    /// # Errors
    /// When the session fails. A message that is refused does not stop the others.
    pub async fn delete_all(
        &mut self,
        numbers: impl IntoIterator<Item = MessageNumber>,
    ) -> Result<Vec<(MessageNumber, Result<Reply, Error>)>, Error> {
        let outcomes = self.hold(exchange::DeleteAll::new(numbers)).await?;
        let typed = |(number, outcome): (_, Result<_, _>)| (number, outcome.map_err(Error::from));
        Ok(outcomes.into_iter().map(typed).collect())
    }

    /// Clears all marks ([`exchange::reset`]).
    ///
    /// # Errors
    /// When the server refuses, or the session fails.
    pub async fn reset(&mut self) -> Result<Reply, Error> {
        self.hold(exchange::reset()).await
    }

    /// Keeps the session alive ([`exchange::no_operation`]).
    ///
    /// # Errors
    /// When the server refuses, or the session fails.
    pub async fn no_operation(&mut self) -> Result<Reply, Error> {
        self.hold(exchange::no_operation()).await
    }

    /// A command beyond the RFCs: its status line, and its content if its shape has any.
    ///
    /// # Errors
    /// When the server refuses, or the session fails.
    pub async fn extension(&mut self, command: Extension) -> Result<(Reply, Bytes), Error> {
        self.hold(exchange::extension(command)).await
    }

    /// Removes what is marked and ends the session ([`exchange::quit`]). Only `Ok` says that all of
    /// it is gone.
    ///
    /// # Errors
    /// When the server could not remove everything, or the session failed before it said so.
    pub async fn quit(mut self) -> Result<Reply, Error> {
        self.hold(exchange::quit()).await
    }

    async fn hold<E: Exchange>(&mut self, exchange: E) -> Result<E::Output, Error> {
        self.conversation.hold(exchange).await
    }
}
