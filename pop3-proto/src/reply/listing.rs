//! Drop listings, scan listings and unique-id listings (RFC 1939, sections 5 and 7).

use bytes::BytesMut;

use crate::command::grammar::decimal;
use crate::excerpt::Excerpt;
use crate::types::{Decimal, MessageNumber, Octets, UniqueId};

/// Why a line is no listing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidListing {
    /// Not a decimal where a message number or a count must stand.
    #[error("no message number or count in \"{0}\"")]
    Number(Excerpt),
    /// Not a decimal where a size must stand.
    #[error("no size in octets in \"{0}\"")]
    Octets(Excerpt),
    /// No unique-id behind the number.
    #[error("no unique-id in \"{0}\"")]
    UniqueId(Excerpt),
    /// No language tag at the start.
    #[error("no language tag in \"{0}\"")]
    Language(Excerpt),
}

/// The drop listing, the answer to STAT: `count SP octets`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct DropListing {
    /// How many messages are not marked for removal.
    pub messages: u32,
    /// Their octets together. A hint: real servers are not exact.
    pub octets: Octets,
}

/// A scan listing, a line of the answer to LIST: `number SP octets`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct ScanListing {
    /// The message.
    pub number: MessageNumber,
    /// Its size. A hint: real servers are not exact, so it must frame nothing.
    pub octets: Octets,
}

/// A unique-id listing, a line of the answer to UIDL: `number SP unique-id`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct UniqueIdListing {
    /// The message.
    pub number: MessageNumber,
    /// Its unique-id.
    pub unique_id: UniqueId,
}

impl DropListing {
    /// Parses the text behind `+OK`. Runs of spaces count as one and what follows the size is
    /// ignored, as RFC 1939 tells a client.
    ///
    /// # Errors
    /// When there are not two decimals.
    pub fn parse(text: &[u8]) -> Result<Self, InvalidListing> {
        let (messages, octets) = two_words(text);
        let messages = count(messages).ok_or_else(|| InvalidListing::Number(Excerpt::of(text)))?;
        Ok(Self { messages, octets: size(octets, text)? })
    }

    /// Appends `count SP octets`.
    pub fn encode(&self, out: &mut BytesMut) {
        out.extend_from_slice(Decimal::new(self.messages.into()).as_bytes());
        out.extend_from_slice(b" ");
        out.extend_from_slice(Decimal::new(self.octets.0).as_bytes());
    }
}

impl ScanListing {
    /// Parses a line, or the text behind `+OK` of `LIST n`; as tolerant as [`DropListing::parse`].
    ///
    /// # Errors
    /// When there is no message number or no size.
    pub fn parse(line: &[u8]) -> Result<Self, InvalidListing> {
        let (message, octets) = two_words(line);
        Ok(Self { number: number(message, line)?, octets: size(octets, line)? })
    }

    /// Appends `number SP octets`.
    pub fn encode(&self, out: &mut BytesMut) {
        out.extend_from_slice(Decimal::new(self.number.get().into()).as_bytes());
        out.extend_from_slice(b" ");
        out.extend_from_slice(Decimal::new(self.octets.0).as_bytes());
    }
}

impl UniqueIdListing {
    /// Parses a line, or the text behind `+OK` of `UIDL n`. The unique-id is the rest of the line,
    /// conformant or not; see [`UniqueId::is_conformant`].
    ///
    /// # Errors
    /// When there is no message number or no unique-id.
    pub fn parse(line: &[u8]) -> Result<Self, InvalidListing> {
        let text = line.trim_ascii();
        let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
        let (message, rest) = text.split_at(end);
        let unique_id = UniqueId::from_peer(rest.trim_ascii_start())
            .ok_or_else(|| InvalidListing::UniqueId(Excerpt::of(line)))?;
        Ok(Self { number: number(message, line)?, unique_id })
    }

    /// Appends `number SP unique-id`.
    pub fn encode(&self, out: &mut BytesMut) {
        Self::encode_parts(self.number, &self.unique_id, out);
    }

    /// As [`encode`](Self::encode), from parts that need not be owned.
    pub(crate) fn encode_parts(number: MessageNumber, unique_id: &UniqueId, out: &mut BytesMut) {
        out.extend_from_slice(Decimal::new(number.get().into()).as_bytes());
        out.extend_from_slice(b" ");
        out.extend_from_slice(unique_id.as_bytes());
    }
}

fn two_words(line: &[u8]) -> (&[u8], &[u8]) {
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    (words.next().unwrap_or_default(), words.next().unwrap_or_default())
}

fn count(word: &[u8]) -> Option<u32> {
    decimal(word).and_then(|count| u32::try_from(count).ok())
}

fn number(word: &[u8], line: &[u8]) -> Result<MessageNumber, InvalidListing> {
    count(word)
        .and_then(MessageNumber::new)
        .ok_or_else(|| InvalidListing::Number(Excerpt::of(line)))
}

fn size(word: &[u8], line: &[u8]) -> Result<Octets, InvalidListing> {
    decimal(word).map(Octets).ok_or_else(|| InvalidListing::Octets(Excerpt::of(line)))
}
