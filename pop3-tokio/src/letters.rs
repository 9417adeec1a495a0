//! Messages, read as they come in.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use pop3_proto::adapter::{Conversation, Error};
use pop3_proto::bytes::{Buf, Bytes};
use pop3_proto::client::exchange::Retrieve;
use pop3_proto::{Command, MessageNumber, Reply};
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};

use crate::wire::Wire;

type Commands = Box<dyn Iterator<Item = Command> + Send>;

/// Many messages, one after the other.
///
/// ```no_run
/// use pop3_tokio::Client;
/// use tokio::io::AsyncReadExt;
///
/// # async fn collect() -> Result<(), Box<dyn std::error::Error>> {
/// let mut session = Client::connect("localhost:110").await?.login("mark", "swordfish").await?;
/// let listed = session.list().await?;
/// let mut letters = session.retrieve_all(listed.into_iter().map(|message| message.number));
/// while let Some((number, letter)) = letters.next_letter().await? {
///     let mut text = Vec::new();
///     match letter {
///         Ok(mut letter) => println!("{number}: {} octets", letter.read_to_end(&mut text).await?),
///         Err(refused) => println!("{number}: {refused}"),
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct Letters<'a, S> {
    conversation: &'a mut Conversation<Wire<S>>,
    retrieve: Retrieve<Commands>,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Letters<'a, S> {
    pub(crate) fn new(
        conversation: &'a mut Conversation<Wire<S>>,
        commands: impl Iterator<Item = Command> + Send + 'static,
    ) -> Self {
        Self { conversation, retrieve: Retrieve::new(Box::new(commands)) }
    }

    /// The next message, or what the server said instead of it; `None` after the last.
    ///
    /// Cancel-safe: a future that is dropped loses no message.
    ///
    /// # Errors
    /// When the session fails. A message that is refused does not end the others.
    pub async fn next_letter(
        &mut self,
    ) -> Result<Option<(MessageNumber, Result<Letter<'_, S>, Error>)>, Error> {
        let retrieve = &mut self.retrieve;
        let next = self.conversation.until(|connection| retrieve.poll_message(connection)).await?;
        Ok(next.map(|(number, reply)| {
            let letter = reply.map_err(Error::from).map(|reply| Letter {
                conversation: &mut *self.conversation,
                retrieve: Lent::Borrowed(&mut self.retrieve),
                reply,
                chunk: Bytes::new(),
                failed: false,
            });
            (number, letter)
        }))
    }
}

impl<S> fmt::Debug for Letters<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Letters")
    }
}

/// A message on its way: reads as it comes in, with CRLF line ends and without stuffed dots, in
/// memory that does not depend on its size. It is an [`AsyncRead`], an [`AsyncBufRead`] and a
/// [`Stream`] of its pieces; all go on where the other has stopped.
///
/// A read that fails means that the message is not complete: the connection broke within it.
/// Dropping it half-way skips the rest.
pub struct Letter<'a, S: AsyncRead + AsyncWrite + Unpin> {
    conversation: &'a mut Conversation<Wire<S>>,
    retrieve: Lent<'a>,
    reply: Reply,
    chunk: Bytes,
    /// Whether the stream of pieces has ended with an error.
    failed: bool,
}

enum Lent<'a> {
    Owned(Retrieve<Commands>),
    Borrowed(&'a mut Retrieve<Commands>),
}

impl Lent<'_> {
    fn get(&mut self) -> &mut Retrieve<Commands> {
        match self {
            Self::Owned(retrieve) => retrieve,
            Self::Borrowed(retrieve) => retrieve,
        }
    }
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Letter<'a, S> {
    /// The answer to a single command.
    pub(crate) async fn only(
        conversation: &'a mut Conversation<Wire<S>>,
        command: Command,
    ) -> Result<Self, Error> {
        let mut retrieve = Retrieve::new(Box::new(std::iter::once(command)) as Commands);
        let first = conversation.until(|connection| retrieve.poll_message(connection)).await?;
        let reply = match first {
            Some((_, reply)) => reply?,
            None => Reply::ok(pop3_proto::Text::EMPTY),
        };
        let (retrieve, chunk) = (Lent::Owned(retrieve), Bytes::new());
        Ok(Self { conversation, retrieve, reply, chunk, failed: false })
    }

    /// What the server said before the message.
    #[must_use]
    pub const fn reply(&self) -> &Reply {
        &self.reply
    }

    /// The next piece of the message without a copy; `None` at its end.
    ///
    /// Cancel-safe: a future that is dropped loses no octet.
    ///
    /// # Errors
    /// When the session fails, so that the message is not complete.
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>, Error> {
        poll_fn(|context| self.poll_chunk(context)).await
    }

    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        if !self.chunk.is_empty() {
            return Poll::Ready(Ok(Some(std::mem::take(&mut self.chunk))));
        }
        let retrieve = self.retrieve.get();
        self.conversation.poll_until(context, |connection| retrieve.poll_chunk(connection))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for Letter<'_, S> {
    type Item = Result<Bytes, Error>;

    /// Ends after an error, too.
    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Error>>> {
        if self.failed {
            return Poll::Ready(None);
        }
        let chunk = ready!(self.poll_chunk(context));
        self.failed = chunk.is_err();
        Poll::Ready(chunk.transpose())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Letter<'_, S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let chunk = ready!(self.as_mut().poll_fill_buf(context))?;
        let octets = chunk.len().min(buffer.remaining());
        buffer.put_slice(&chunk[..octets]);
        self.consume(octets);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncBufRead for Letter<'_, S> {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let letter = self.get_mut();
        if letter.chunk.is_empty() {
            letter.chunk = ready!(letter.poll_chunk(context))?.unwrap_or_default();
        }
        Poll::Ready(Ok(&letter.chunk))
    }

    fn consume(mut self: Pin<&mut Self>, octets: usize) {
        self.chunk.advance(octets);
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Drop for Letter<'_, S> {
    fn drop(&mut self) {
        self.conversation.connection().abandon_body();
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> fmt::Debug for Letter<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter").field("reply", &self.reply).finish_non_exhaustive()
    }
}
