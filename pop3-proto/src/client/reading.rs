//! How a client reads what the server sends.

use crate::auth::Timestamp;
use crate::capability::{Capabilities, Capability};
use crate::client::connection::Connection;
use crate::client::error::Error;
use crate::client::event::{CommandId, Event, Greeting, Item, Quirk};
use crate::error::{ProtocolError, Rule};
use crate::excerpt::Excerpt;
use crate::keyword::Keyword;
use crate::line::Line;
use crate::multiline::{LineEnds, Unstuffer};
use crate::reply::{
    CodeKind, DropListing, InvalidReply, LanguageListing, Reply, ScanListing, UniqueIdListing,
};
use crate::state::{self, Shape};

/// What the next octets are.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one a connection; a box would cost one a message")]
pub(super) enum Reading {
    Greeting,
    Status,
    Listing {
        line_ends: LineEnds,
        lines: u32,
        octets: usize,
        capabilities: Option<Capabilities>,
    },
    Message(Unstuffer),
    /// None of the session's: TLS is being started.
    Handshake,
}

impl Connection {
    /// Takes one line or one run of content from the input; `false` when more is needed.
    pub(super) fn read_on(&mut self) -> bool {
        match &mut self.reading {
            Reading::Handshake => false,
            Reading::Message(unstuffer) => {
                let done = unstuffer.push(self.input.octets_mut());
                if done.content > 0 {
                    let chunk = self.input.take(done.content).freeze();
                    if let (Some(awaited), false) = (self.awaited.front(), self.abandoned) {
                        self.events.push_back(Event::Body { id: awaited.id, chunk });
                    }
                }
                self.input.skip(done.consumed - done.content);
                if done.ended {
                    self.done(Reading::Status);
                }
                done.consumed > 0
            }
            Reading::Greeting | Reading::Status | Reading::Listing { .. } => {
                match self.lines.next(&mut self.input, self.config.reply_line.get()) {
                    Line::Incomplete => false,
                    Line::TooLong => {
                        self.violated(Rule::ReplyLength, &[]);
                        true
                    }
                    Line::Complete { line, crlf } => {
                        self.line(&line, crlf);
                        true
                    }
                }
            }
        }
    }

    fn line(&mut self, line: &[u8], crlf: bool) {
        if !crlf {
            if !self.config.tolerance.bare_lf {
                return self.violated(Rule::LineEnd, line);
            }
            self.note(Quirk::BareLf);
        }
        let line_ends = if crlf { LineEnds::Crlf } else { LineEnds::Any };
        match &mut self.reading {
            Reading::Greeting => self.greeting(line),
            Reading::Status => self.status(line, line_ends),
            // Where lines end with CRLF, LF . LF is content: the same rule as within messages.
            Reading::Listing { line_ends: allowed, .. }
                if line == b"." && (crlf || *allowed == LineEnds::Any) =>
            {
                self.listing_ended();
            }
            Reading::Listing { .. } => self.listing_line(line),
            Reading::Message(_) | Reading::Handshake => {}
        }
    }

    fn greeting(&mut self, line: &[u8]) {
        let Some(reply) = self.reply(line) else { return };
        let timestamp = Timestamp::find(line).filter(|_| reply.is_ok());
        let refusal = (!reply.is_ok()).then(|| reply.clone());
        self.timestamp.clone_from(&timestamp);
        self.events.push_back(Event::Greeting(Greeting { reply, timestamp }));
        self.reading = Reading::Status;
        self.progress.step();
        match refusal {
            Some(reply) => self.finish(Err(Error::Dismissed(reply))),
            None => self.release(),
        }
    }

    fn status(&mut self, line: &[u8], line_ends: LineEnds) {
        let Some(awaited) = self.awaited.front() else {
            // Servers say goodbye like this when their patience ends.
            return match Reply::parse(line) {
                Ok(reply) if !reply.is_ok() => self.finish(Err(Error::Dismissed(reply))),
                _ => self.violated(Rule::Unasked, line),
            };
        };
        let (id, keyword, shape) = (awaited.id, awaited.keyword, awaited.shape);
        self.progress.step();
        if shape == Shape::Exchange && line.starts_with(b"+") && !line.starts_with(b"+OK") {
            let text = 1 + usize::from(line.get(1) == Some(&b' '));
            return self.challenge(id, line[text..].into());
        }
        let Some(reply) = self.reply(line) else { return };
        let ok = reply.is_ok();
        let text = reply.text.clone();
        self.events.push_back(Event::Reply { id, reply: reply.clone() });
        match (ok, shape) {
            (true, Shape::Listing) => {
                let capabilities = (keyword == Some(Keyword::Capa)).then(Capabilities::default);
                self.reading = Reading::Listing { line_ends, lines: 0, octets: 0, capabilities };
            }
            (true, Shape::Message) => self.reading = Reading::Message(Unstuffer::new(line_ends)),
            _ => {
                if ok && keyword.is_some_and(tells_an_item) {
                    self.item(id, keyword, text.as_bytes());
                    if self.is_over() {
                        return;
                    }
                }
                let tls = ok && keyword == Some(Keyword::Stls);
                self.done(if tls { Reading::Handshake } else { Reading::Status });
                self.answered(keyword, reply);
            }
        }
    }

    /// What the status line of a command means for the session.
    fn answered(&mut self, keyword: Option<Keyword>, reply: Reply) {
        match (keyword, reply.is_ok()) {
            (Some(keyword @ Keyword::Quit), true) => {
                self.state = state::rule(keyword).next(self.state).unwrap_or(self.state);
                self.finish(Ok(()));
            }
            (Some(Keyword::Quit), false) => {
                let command = Keyword::Quit.as_str().into();
                self.finish(Err(Error::Refused { command, reply }));
            }
            (Some(Keyword::Stls), true) => self.events.push_back(Event::StartTls),
            (Some(Keyword::Utf8), false) => self.utf8 = false,
            (Some(keyword), true) => {
                self.state = state::rule(keyword).next(self.state).unwrap_or(self.state);
            }
            _ => {}
        }
    }

    fn listing_line(&mut self, line: &[u8]) {
        let Some(awaited) = self.awaited.front() else { return };
        let (id, keyword) = (awaited.id, awaited.keyword);
        let limit = match keyword {
            Some(Keyword::List | Keyword::Uidl) => self.config.listing_lines,
            _ => self.config.capability_lines,
        };
        if let Reading::Listing { lines, octets, .. } = &mut self.reading {
            *lines += 1;
            *octets = octets.saturating_add(line.len());
            if *lines > limit.get() {
                return self.violated(Rule::ListingLength, line);
            }
            if *octets > self.config.answer.get() {
                return self.violated(Rule::AnswerLength, line);
            }
        }
        let line = line.strip_prefix(b".").unwrap_or(line);
        if line.is_empty() {
            return self.forgive_listing(Quirk::BlankLine, line);
        }
        self.item(id, keyword, line);
    }

    fn listing_ended(&mut self) {
        if let Reading::Listing { capabilities: Some(list), .. } = &mut self.reading {
            self.capabilities = Some(core::mem::take(list));
        }
        self.done(Reading::Status);
    }

    /// Parses what a line, or the text of a status line, tells.
    fn item(&mut self, id: CommandId, keyword: Option<Keyword>, text: &[u8]) {
        let item = match keyword {
            Some(Keyword::Stat) => DropListing::parse(text).map(Item::Drop),
            Some(Keyword::List) => ScanListing::parse(text).map(Item::Scan),
            Some(Keyword::Uidl) => UniqueIdListing::parse(text).map(Item::UniqueId),
            Some(Keyword::Lang) => LanguageListing::parse(text).map(Item::Language),
            Some(Keyword::Capa) => Ok(Item::Capability(Capability::parse(text))),
            _ => Ok(Item::Line(bytes::Bytes::copy_from_slice(text))),
        };
        let Ok(item) = item else { return self.forgive_listing(Quirk::MalformedListing, text) };
        match &item {
            Item::UniqueId(listing) if !listing.unique_id.is_conformant() => {
                if !self.config.tolerance.odd_unique_ids {
                    return self.violated(Rule::Listing, text);
                }
                self.note(Quirk::OddUniqueId);
            }
            Item::Capability(capability) => {
                if let Reading::Listing { capabilities: Some(list), .. } = &mut self.reading {
                    list.push(capability.clone());
                }
            }
            _ => {}
        }
        self.events.push_back(Event::Item { id, item });
    }

    fn forgive_listing(&mut self, quirk: Quirk, line: &[u8]) {
        if self.config.tolerance.odd_listings {
            self.note(quirk);
        } else {
            self.violated(Rule::Listing, line);
        }
    }

    /// Parses a status line; `None` when it is none, and the session is over.
    fn reply(&mut self, line: &[u8]) -> Option<Reply> {
        let reply = match Reply::parse(line) {
            Ok(reply) => reply,
            Err(InvalidReply::Indicator) => {
                self.violated(Rule::Indicator, line);
                return None;
            }
            Err(InvalidReply::Text) => {
                self.violated(Rule::ReplyText, line);
                return None;
            }
        };
        if line.len() + 2 > Reply::MAX {
            self.note(Quirk::LongReply);
        }
        let promised = self.capabilities.as_ref().map(|list| list.has("RESP-CODES"));
        let Some(code) = reply.code.as_ref().filter(|_| promised != Some(true)) else {
            return Some(reply);
        };
        if self.config.tolerance.unannounced_codes && code.kind() != CodeKind::Unknown {
            // Before CAPA was asked nobody knows whether it would list them.
            if promised.is_some() {
                self.note(Quirk::UnannouncedCode);
            }
            return Some(reply);
        }
        Reply::parse_without_code(line).ok()
    }

    /// The server broke a rule: the session is over.
    pub(super) fn violated(&mut self, rule: Rule, seen: &[u8]) {
        // A server may echo what it was sent, so nothing is shown while a secret is under way.
        let secret = self.awaited.iter().any(|awaited| match awaited.keyword {
            Some(keyword) => {
                matches!(keyword, Keyword::Pass | Keyword::Apop | Keyword::Auth)
            }
            None => true,
        });
        let seen = if secret { Excerpt::withheld() } else { Excerpt::of(seen) };
        let state = self.state;
        self.finish(Err(ProtocolError { rule, state, seen }.into()));
    }
}

/// Whether the text of the status line is data: STAT, and LIST, UIDL and LANG with an argument.
const fn tells_an_item(keyword: Keyword) -> bool {
    matches!(keyword, Keyword::Stat | Keyword::List | Keyword::Uidl | Keyword::Lang)
}
