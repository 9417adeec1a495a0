//! Messages, one after the other, as fast as the server can send them.

use alloc::borrow::Cow;
use alloc::collections::VecDeque;
use core::task::{Poll, ready};

use bytes::Bytes;

use super::next_event;
use crate::client::{CommandId, Connection, Error, Event};
use crate::command::Command;
use crate::error::ApiMisuse;
use crate::reply::Reply;
use crate::types::MessageNumber;

/// Retrieves messages by RETR or TOP, in the order in which they were asked for. Requests go ahead
/// of the answers as far as the connection allows, so that the server never waits.
///
/// [`poll_message`](Self::poll_message) goes on to the next message,
/// [`poll_chunk`](Self::poll_chunk) hands out its content piece by piece. Messages that were asked
/// for are sent by the server even when nobody wants them any more: the next exchange reads past
/// them, which takes as long as they are large.
#[derive(Debug)]
pub struct Retrieve<I> {
    wanted: I,
    /// Whether `wanted` has come to its end.
    exhausted: bool,
    asked: VecDeque<Asked>,
    /// The message whose content is being handed out.
    current: Option<CommandId>,
}

/// A request that is on its way.
#[derive(Debug)]
struct Asked {
    id: CommandId,
    number: MessageNumber,
    command: Cow<'static, str>,
}

/// How many requests wait in the connection at most. They are made in batches of half as many, so
/// that one segment carries many of them; together they fit the window that pipelining has.
const AHEAD: usize = 128;

impl<I: Iterator<Item = Command>> Retrieve<I> {
    /// Retrieves by these commands, which are RETR and TOP; others end the exchange with an error.
    pub fn new(wanted: I) -> Self {
        Self { wanted, exhausted: false, asked: VecDeque::new(), current: None }
    }

    /// Goes on to the next message: its number, and the server's reply or refusal. `None` after
    /// the last one. What was not taken of the message before is dropped.
    ///
    /// # Errors
    /// When the session is over.
    #[expect(clippy::type_complexity, reason = "each layer of it says something")]
    pub fn poll_message(
        &mut self,
        connection: &mut Connection,
    ) -> Poll<Result<Option<(MessageNumber, Result<Reply, Error>)>, Error>> {
        loop {
            self.ask(connection)?;
            if self.current.is_some() {
                connection.abandon_body();
            } else if self.asked.is_empty() && self.exhausted {
                return Poll::Ready(Ok(None));
            }
            match ready!(next_event(connection))? {
                Event::Reply { id, reply }
                    if self.asked.front().is_some_and(|next| next.id == id) =>
                {
                    let Some(Asked { id, number, command }) = self.asked.pop_front() else {
                        continue;
                    };
                    self.current = Some(id);
                    let reply = match reply.is_ok() {
                        true => Ok(reply),
                        false => Err(Error::Refused { command, reply }),
                    };
                    return Poll::Ready(Ok(Some((number, reply))));
                }
                // Answers come in order, so while there is a current message, it is that one's.
                Event::Done { .. } => self.current = None,
                _ => {}
            }
        }
    }

    /// The next piece of the current message, without stuffed dots; `None` at its end.
    ///
    /// # Errors
    /// When the session is over, so that the message is not complete.
    pub fn poll_chunk(
        &mut self,
        connection: &mut Connection,
    ) -> Poll<Result<Option<Bytes>, Error>> {
        let Some(current) = self.current else { return Poll::Ready(Ok(None)) };
        loop {
            match ready!(next_event(connection))? {
                Event::Body { id, chunk } if id == current => return Poll::Ready(Ok(Some(chunk))),
                Event::Done { id } if id == current => {
                    self.current = None;
                    self.ask(connection)?;
                    return Poll::Ready(Ok(None));
                }
                _ => {}
            }
        }
    }

    /// Keeps requests ahead of the answers.
    fn ask(&mut self, connection: &mut Connection) -> Result<(), Error> {
        if self.asked.len() > AHEAD / 2 {
            return Ok(());
        }
        while !self.exhausted && self.asked.len() < AHEAD && connection.has_queue_room() {
            let Some(command) = self.wanted.next() else {
                self.exhausted = true;
                break;
            };
            let number = match command {
                Command::Retr(number) | Command::Top { message: number, .. } => number,
                other => {
                    let (command, state) = (other.name(), connection.state());
                    return Err(ApiMisuse::WrongState { command, state }.into());
                }
            };
            let name = command.name();
            self.asked.push_back(Asked { id: connection.send(command)?, number, command: name });
        }
        Ok(())
    }
}
