//! One command, one answer.

use alloc::vec::Vec;
use core::fmt;
use core::task::{Poll, ready};

use bytes::{Bytes, BytesMut};

use super::{Exchange, next_event};
use crate::capability::Capabilities;
use crate::client::{CommandId, Connection, Error, Event, Item};
use crate::command::{Command, Extension, LanguageRange, LanguageTag};
use crate::error::Rule;
use crate::reply::{DropListing, LanguageListing, Reply, ScanListing, UniqueIdListing};
use crate::text::Text;
use crate::types::{MessageNumber, UniqueId};

/// A command and what its answer is turned into. Made by the functions of this module.
pub struct Ask<T> {
    command: Command,
    id: Option<CommandId>,
    answer: Answer,
    typed: fn(Answer) -> Option<T>,
}

/// Everything that came in answer to a command.
#[derive(Default)]
struct Answer {
    reply: Option<Reply>,
    items: Vec<Item>,
    content: BytesMut,
}

impl<T> Ask<T> {
    fn new(command: Command, typed: fn(Answer) -> Option<T>) -> Self {
        Self { command, id: None, answer: Answer::default(), typed }
    }
}

impl<T> Exchange for Ask<T> {
    type Output = T;

    fn poll(&mut self, connection: &mut Connection) -> Poll<Result<T, Error>> {
        let own = match self.id {
            Some(id) => id,
            None => *self.id.insert(connection.send(self.command.clone())?),
        };
        loop {
            match ready!(next_event(connection))? {
                // The own one comes last.
                Event::Reply { reply, .. } => self.answer.reply = Some(reply),
                Event::Item { id, item } if id == own => self.answer.items.push(item),
                Event::Body { id, chunk } if id == own => {
                    let content = &mut self.answer.content;
                    if content.len().saturating_add(chunk.len()) > connection.config.answer.get() {
                        connection.violated(Rule::AnswerLength, &chunk);
                    } else {
                        content.extend_from_slice(&chunk);
                    }
                }
                Event::Done { id } if id == own => break,
                _ => {}
            }
        }
        let command = self.command.name();
        match core::mem::take(&mut self.answer) {
            Answer { reply: Some(reply), .. } if !reply.is_ok() => {
                Poll::Ready(Err(Error::Refused { command, reply }))
            }
            answer => {
                let reply = answer.reply.clone().unwrap_or_else(|| Reply::ok(Text::EMPTY));
                Poll::Ready((self.typed)(answer).ok_or(Error::Malformed { command, reply }))
            }
        }
    }
}

impl<T> fmt::Debug for Ask<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ask").field("command", &self.command).finish_non_exhaustive()
    }
}

/// CAPA: what the server can do (RFC 2449, section 5).
#[must_use]
pub fn capabilities() -> Ask<Capabilities> {
    Ask::new(Command::Capa, |answer| {
        let capability = |item| match item {
            Item::Capability(capability) => Some(capability),
            _ => None,
        };
        Some(answer.items.into_iter().filter_map(capability).collect())
    })
}

/// STAT: how many messages, how many octets (RFC 1939, section 5).
#[must_use]
pub fn stat() -> Ask<DropListing> {
    Ask::new(Command::Stat, |answer| {
        answer.items.into_iter().find_map(|item| match item {
            Item::Drop(listing) => Some(listing),
            _ => None,
        })
    })
}

/// LIST: the size of every message, in whatever order the server chose (RFC 1939, section 5).
#[must_use]
pub fn list() -> Ask<Vec<ScanListing>> {
    Ask::new(Command::List(None), |answer| Some(answer.scan_listings().collect()))
}

/// LIST n: the size of one message (RFC 1939, section 5).
#[must_use]
pub fn list_one(number: MessageNumber) -> Ask<ScanListing> {
    Ask::new(Command::List(Some(number)), |answer| answer.scan_listings().next())
}

/// UIDL: the unique-id of every message, in whatever order the server chose
/// (RFC 1939, section 7). Some servers repeat an id for identical messages.
#[must_use]
pub fn unique_ids() -> Ask<Vec<UniqueIdListing>> {
    Ask::new(Command::Uidl(None), |answer| Some(answer.unique_id_listings().collect()))
}

/// UIDL n: the unique-id of one message (RFC 1939, section 7).
#[must_use]
pub fn unique_id(number: MessageNumber) -> Ask<UniqueId> {
    Ask::new(Command::Uidl(Some(number)), |answer| {
        answer.unique_id_listings().next().map(|listing| listing.unique_id)
    })
}

/// DELE: marks a message; it is removed when [`quit`] is answered (RFC 1939, section 5).
#[must_use]
pub fn delete(number: MessageNumber) -> Ask<Reply> {
    Ask::new(Command::Dele(number), |answer| answer.reply)
}

/// RSET: clears all marks (RFC 1939, section 5).
#[must_use]
pub fn reset() -> Ask<Reply> {
    Ask::new(Command::Rset, |answer| answer.reply)
}

/// NOOP: keeps the session alive (RFC 1939, section 5).
#[must_use]
pub fn no_operation() -> Ask<Reply> {
    Ask::new(Command::Noop, |answer| answer.reply)
}

/// QUIT: ends the session; what is marked is removed if this succeeds (RFC 1939, section 6).
/// After a refusal, as after no answer, some or all of it may still be there.
#[must_use]
pub fn quit() -> Ask<Reply> {
    Ask::new(Command::Quit, |answer| answer.reply)
}

/// UTF8: messages with UTF-8 in their headers come as they are from now on (RFC 6856, section 2).
/// It is lawful before login, and comes after STLS where there is STLS.
#[must_use]
pub fn utf8() -> Ask<Reply> {
    Ask::new(Command::Utf8, |answer| answer.reply)
}

/// LANG: the languages that the server's remarks can have, in no order that means anything
/// (RFC 6856, section 3.2).
#[must_use]
pub fn languages() -> Ask<Vec<LanguageListing>> {
    Ask::new(Command::Lang(None), |answer| Some(answer.language_listings().collect()))
}

/// LANG with a range: the language of the server's remarks from now on, and the first of them.
/// After a refusal it is what it was before (RFC 6856, section 3.2).
#[must_use]
pub fn language(range: LanguageRange) -> Ask<(LanguageTag, Text)> {
    Ask::new(Command::Lang(Some(range)), |answer| {
        let LanguageListing { tag, name } = answer.language_listings().next()?;
        Some((tag, name.unwrap_or_default()))
    })
}

/// A command beyond the RFCs, and its answer: the status line, and the content, lines ending in
/// CRLF, if its shape has any. It is no longer than [`Config::answer`](crate::client::Config::answer).
#[must_use]
pub fn extension(extension: Extension) -> Ask<(Reply, Bytes)> {
    Ask::new(Command::Extension(extension), |mut answer| {
        for item in &answer.items {
            if let Item::Line(line) = item {
                answer.content.extend_from_slice(line);
                answer.content.extend_from_slice(b"\r\n");
            }
        }
        Some((answer.reply?, answer.content.freeze()))
    })
}

impl Answer {
    fn scan_listings(self) -> impl Iterator<Item = ScanListing> {
        self.items.into_iter().filter_map(|item| match item {
            Item::Scan(listing) => Some(listing),
            _ => None,
        })
    }

    fn language_listings(self) -> impl Iterator<Item = LanguageListing> {
        self.items.into_iter().filter_map(|item| match item {
            Item::Language(listing) => Some(listing),
            _ => None,
        })
    }

    fn unique_id_listings(self) -> impl Iterator<Item = UniqueIdListing> {
        self.items.into_iter().filter_map(|item| match item {
            Item::UniqueId(listing) => Some(listing),
            _ => None,
        })
    }
}
