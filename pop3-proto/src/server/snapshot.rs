//! The maildrop as it was at login, and the marks that the client has set.

use alloc::vec;
use alloc::vec::Vec;

use crate::reply::DropListing;
use crate::server::remark::Remark;
use crate::types::{MessageInfo, MessageNumber, Octets};

/// The messages of a session. Numbers and sizes stay as they are, whatever is marked
/// (RFC 1939, section 4).
#[derive(Debug)]
pub(super) struct Snapshot {
    messages: Vec<MessageInfo>,
    marked: Vec<bool>,
    /// The same marks in the order in which they were set, so that clearing them costs no more
    /// than setting them did.
    marks: Vec<MessageNumber>,
    /// Octets of all messages.
    total: u64,
    /// Octets of the messages that are not marked.
    octets: u64,
}

impl Snapshot {
    /// A snapshot without marks; `None` when unique-ids are malformed or not unique
    /// (RFC 1939, section 7), or when there are more messages than numbers.
    pub(super) fn new(messages: Vec<MessageInfo>) -> Option<Self> {
        let conformant = messages.iter().all(|message| message.unique_id.is_conformant());
        let mut ids: Vec<_> = messages.iter().map(|message| &message.unique_id).collect();
        ids.sort_unstable();
        let unique = ids.windows(2).all(|pair| pair[0] != pair[1]);
        if !conformant || !unique || u32::try_from(messages.len()).is_err() {
            return None;
        }
        let marked = vec![false; messages.len()];
        let octets = messages.iter().map(|message| message.octets).sum::<Octets>().0;
        Some(Self { messages, marked, marks: Vec::new(), total: octets, octets })
    }

    /// The drop listing: what is not marked.
    pub(super) fn drop_listing(&self) -> DropListing {
        DropListing { messages: self.left() as u32, octets: Octets(self.octets) }
    }

    /// How many messages are not marked.
    pub(super) fn left(&self) -> usize {
        self.messages.len() - self.marks.len()
    }

    /// A message by its number, unless it is marked or there is none.
    pub(super) fn get(&self, number: MessageNumber) -> Result<&MessageInfo, Remark<'static>> {
        match (self.messages.get(number.index()), self.marked.get(number.index())) {
            (Some(message), Some(false)) => Ok(message),
            (Some(_), _) => Err(Remark::AlreadyMarked),
            (None, _) => Err(Remark::NoSuchMessage),
        }
    }

    /// The first message that is not marked, from this position on.
    pub(super) fn next_from(&self, index: usize) -> Option<(MessageNumber, &MessageInfo)> {
        let skipped = self.marked.get(index..)?.iter().position(|marked| !marked)?;
        let index = index + skipped;
        Some((MessageNumber::from_index(index)?, self.messages.get(index)?))
    }

    pub(super) fn mark(&mut self, number: MessageNumber) -> Result<(), Remark<'static>> {
        let octets = self.get(number)?.octets.0;
        if let Some(marked) = self.marked.get_mut(number.index()) {
            *marked = true;
            self.marks.push(number);
            self.octets = self.octets.saturating_sub(octets);
        }
        Ok(())
    }

    pub(super) fn clear_marks(&mut self) {
        for number in self.marks.drain(..) {
            if let Some(marked) = self.marked.get_mut(number.index()) {
                *marked = false;
            }
        }
        self.octets = self.total;
    }

    /// The messages that are marked, in ascending order.
    pub(super) fn marked(&self) -> Vec<MessageNumber> {
        let mut marked = self.marks.clone();
        marked.sort_unstable();
        marked
    }
}
