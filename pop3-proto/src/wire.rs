//! The in/out half that both roles share: a bounded buffer for what came, a queue of what goes.

use bytes::{Buf, BytesMut};
use zeroize::Zeroize;

/// Octets that came from the peer and were not taken yet.
///
/// The buffer is always initialised to its length, so that a host can read straight into it
/// without any unsafe code; `filled` tells how much of it is real.
#[derive(Debug)]
pub(crate) struct Input {
    buffer: BytesMut,
    filled: usize,
    size: usize,
}

impl Input {
    pub(crate) fn new(size: usize) -> Self {
        Self { buffer: BytesMut::new(), filled: 0, size }
    }

    /// Room for more octets; empty when `size` octets wait to be taken.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        let free = self.buffer.len() - self.filled;
        if free < self.size / 4 && self.filled < self.size {
            self.buffer.truncate(self.filled);
            // Takes the old allocation back when no chunk of it is alive any more.
            self.buffer.reserve(self.size - self.filled);
            self.buffer.resize(self.size, 0);
        }
        &mut self.buffer[self.filled..]
    }

    /// Says that this many octets of the room were written.
    pub(crate) fn fill(&mut self, octets: usize) {
        self.filled = self.filled.saturating_add(octets).min(self.buffer.len());
    }

    /// Copies as much as there is room for.
    pub(crate) fn receive(&mut self, octets: &[u8]) -> usize {
        let room = self.room();
        let taken = octets.len().min(room.len());
        room[..taken].copy_from_slice(&octets[..taken]);
        self.fill(taken);
        taken
    }

    pub(crate) fn has_room(&self) -> bool {
        self.filled < self.size
    }

    pub(crate) fn octets(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }

    pub(crate) fn octets_mut(&mut self) -> &mut [u8] {
        &mut self.buffer[..self.filled]
    }

    /// Cuts the first octets off, without a copy.
    pub(crate) fn take(&mut self, octets: usize) -> BytesMut {
        self.filled -= octets;
        self.buffer.split_to(octets)
    }

    pub(crate) fn skip(&mut self, octets: usize) {
        self.filled -= octets;
        self.buffer.advance(octets);
    }

    /// Forgets everything, and wipes it.
    pub(crate) fn clear(&mut self) {
        self.octets_mut().zeroize();
        self.buffer = BytesMut::new();
        self.filled = 0;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.filled == 0
    }
}

/// Octets on their way to the peer.
#[derive(Debug, Default)]
pub(crate) struct Output {
    pub(crate) buffer: BytesMut,
    wipe: bool,
}

impl Output {
    /// An output whose octets are wiped once they are sent, for what may hold secrets.
    pub(crate) fn wiping() -> Self {
        Self { buffer: BytesMut::new(), wipe: true }
    }

    pub(crate) fn len(&self) -> usize {
        self.buffer.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.buffer[..].zeroize();
        self.buffer.clear();
    }
}

/// What a connection wants to send: a [`Buf`] to write from. Advance it by what the transport
/// took; partial writes are normal.
///
/// ```
/// # use pop3_proto::client::{Config, Connection};
/// use bytes::Buf;
/// # let mut connection = Connection::new(Config::default());
/// let mut transmit = connection.transmit();
/// let written = transmit.chunk().len(); // what the transport said
/// transmit.advance(written);
/// ```
#[derive(Debug)]
pub struct Transmit<'a>(pub(crate) &'a mut Output);

impl Buf for Transmit<'_> {
    fn remaining(&self) -> usize {
        self.0.buffer.len()
    }

    fn chunk(&self) -> &[u8] {
        &self.0.buffer
    }

    fn advance(&mut self, octets: usize) {
        if self.0.wipe {
            self.0.buffer[..octets].zeroize();
        }
        if octets == self.0.buffer.len() {
            self.0.buffer.clear();
        } else {
            self.0.buffer.advance(octets);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_is_bounded_and_reused() {
        let mut input = Input::new(8);
        assert_eq!(input.receive(b"0123456789"), 8);
        assert_eq!(input.receive(b"x"), 0);
        assert_eq!(&input.take(6)[..], b"012345");
        assert_eq!(input.receive(b"abcdefgh"), 6);
        assert_eq!(input.octets(), b"67abcdef");
    }

    #[test]
    fn filling_more_than_was_lent_does_no_harm() {
        let mut input = Input::new(4);
        input.room();
        input.fill(usize::MAX / 2);
        assert_eq!(input.octets().len(), 4);
    }
}
