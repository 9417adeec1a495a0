//! Messages, read as they come in.

use std::fmt;
use std::io::{self, BufRead, Read, Write};

use pop3_proto::adapter::Error;
use pop3_proto::bytes::{Buf, Bytes};
use pop3_proto::client::exchange::Retrieve;
use pop3_proto::{Command, MessageNumber, Reply};

use crate::conversation::Conversation;

type Commands = Box<dyn Iterator<Item = Command>>;

/// Many messages, one after the other.
///
/// ```no_run
/// # let mut session = pop3_blocking::Client::connect("localhost:110")?.login("mark", "swordfish")?;
/// use std::io::Read;
/// let numbers: Vec<_> = session.list()?.into_iter().map(|message| message.number).collect();
/// let mut letters = session.retrieve_all(numbers);
/// while let Some((number, letter)) = letters.next_letter()? {
///     match letter {
///         Ok(mut letter) => println!("{number}: {} octets", letter.read_to_end(&mut Vec::new())?),
///         Err(refused) => println!("{number}: {refused}"),
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Letters<'a, S> {
    conversation: &'a mut Conversation<S>,
    retrieve: Retrieve<Commands>,
}

impl<'a, S: Read + Write> Letters<'a, S> {
    pub(crate) fn new(
        conversation: &'a mut Conversation<S>,
        commands: impl Iterator<Item = Command> + 'static,
    ) -> Self {
        Self { conversation, retrieve: Retrieve::new(Box::new(commands)) }
    }

    /// The next message, or what the server said instead of it; `None` after the last.
    ///
    /// # Errors
    /// When the session fails. A message that is refused does not end the others.
    #[expect(clippy::type_complexity, reason = "each layer of it says something")]
    pub fn next_letter(
        &mut self,
    ) -> Result<Option<(MessageNumber, Result<Letter<'_, S>, Error>)>, Error> {
        let retrieve = &mut self.retrieve;
        let next = self.conversation.until(|connection| retrieve.poll_message(connection))?;
        Ok(next.map(|(number, reply)| {
            let letter = reply.map_err(Error::from).map(|reply| Letter {
                conversation: &mut *self.conversation,
                retrieve: Lent::Borrowed(&mut self.retrieve),
                reply,
                chunk: Bytes::new(),
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
/// memory that does not depend on its size.
///
/// A read that fails means that the message is not complete: the connection broke within it.
/// Dropping it half-way skips the rest.
pub struct Letter<'a, S: Read + Write> {
    conversation: &'a mut Conversation<S>,
    retrieve: Lent<'a>,
    reply: Reply,
    chunk: Bytes,
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

impl<'a, S: Read + Write> Letter<'a, S> {
    /// The answer to a single command.
    pub(crate) fn only(
        conversation: &'a mut Conversation<S>,
        command: Command,
    ) -> Result<Self, Error> {
        let mut retrieve = Retrieve::new(Box::new(std::iter::once(command)) as Commands);
        let first = conversation.until(|connection| retrieve.poll_message(connection))?;
        let reply = match first {
            Some((_, reply)) => reply?,
            None => Reply::ok(pop3_proto::Text::EMPTY),
        };
        Ok(Self { conversation, retrieve: Lent::Owned(retrieve), reply, chunk: Bytes::new() })
    }

    /// What the server said before the message.
    #[must_use]
    pub const fn reply(&self) -> &Reply {
        &self.reply
    }

    /// The next piece of the message without a copy; `None` at its end.
    ///
    /// # Errors
    /// When the session fails, so that the message is not complete.
    pub fn next_chunk(&mut self) -> Result<Option<Bytes>, Error> {
        if !self.chunk.is_empty() {
            return Ok(Some(std::mem::take(&mut self.chunk)));
        }
        let retrieve = self.retrieve.get();
        self.conversation.until(|connection| retrieve.poll_chunk(connection))
    }
}

impl<S: Read + Write> Read for Letter<'_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let chunk = self.fill_buf()?;
        let octets = chunk.len().min(buffer.len());
        buffer[..octets].copy_from_slice(&chunk[..octets]);
        self.consume(octets);
        Ok(octets)
    }
}

impl<S: Read + Write> BufRead for Letter<'_, S> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.chunk.is_empty() {
            self.chunk = self.next_chunk()?.unwrap_or_default();
        }
        Ok(&self.chunk)
    }

    fn consume(&mut self, octets: usize) {
        self.chunk.advance(octets);
    }
}

impl<S: Read + Write> Drop for Letter<'_, S> {
    fn drop(&mut self) {
        self.conversation.connection().abandon_body();
    }
}

impl<S: Read + Write> fmt::Debug for Letter<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter").field("reply", &self.reply).finish_non_exhaustive()
    }
}
