//! The in/out half that both roles share: a bounded buffer for what came, a queue of what goes.
//!
//! Either may hold a password, so what leaves them is wiped, and they never grow by a copy that
//! leaves the old octets behind.

use core::fmt;

use bytes::{Buf, BytesMut};
use zeroize::{Zeroize, Zeroizing};

use crate::progress::Progress;

/// Octets that came from the peer and were not taken yet.
///
/// The buffer is always initialised to its length, so that a host can read straight into it
/// without any unsafe code; `filled` tells how much of it is real.
pub(crate) struct Input {
    buffer: BytesMut,
    filled: usize,
    size: usize,
}

impl Input {
    pub(crate) fn new(size: usize) -> Self {
        Self { buffer: BytesMut::new(), filled: 0, size }
    }

    /// From now on, so many octets may wait to be taken.
    pub(crate) const fn resize(&mut self, size: usize) {
        self.size = size;
    }

    /// Room for more octets; empty when `size` octets wait to be taken.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        let free = self.buffer.len() - self.filled;
        if free <= self.size / 4 && self.buffer.len() < self.size {
            if self.buffer.capacity() < self.size {
                self.move_to_front();
            }
            self.buffer.resize(self.size, 0);
        }
        &mut self.buffer[self.filled..]
    }

    /// Starts again at the front of the allocation, or of a new one while a chunk of the old one
    /// is alive. The half in excess is what makes this rare: `size / 2` octets have to be taken
    /// before it happens again, so that the work stays linear.
    fn move_to_front(&mut self) {
        let kept = Zeroizing::new(self.octets().to_vec());
        self.octets_mut().zeroize();
        self.buffer.clear();
        self.buffer.reserve(self.size + self.size / 2);
        self.buffer.extend_from_slice(&kept);
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

    /// Drops the first octets, and wipes them.
    pub(crate) fn skip(&mut self, octets: usize) {
        self.buffer[..octets].zeroize();
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

    /// Gives the memory back if nothing is in it. All that was has been taken, or wiped.
    pub(crate) fn release(&mut self) {
        if self.is_empty() {
            self.buffer = BytesMut::new();
        }
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        self.octets_mut().zeroize();
    }
}

/// Octets on their way to the peer.
#[derive(Default)]
pub(crate) struct Output {
    pub(crate) buffer: BytesMut,
    wipe: bool,
    /// How the transport gets on with it.
    pub(crate) progress: Progress,
}

impl Output {
    /// An output whose octets are wiped once they are sent, for what may hold secrets.
    pub(crate) fn wiping() -> Self {
        Self { buffer: BytesMut::new(), wipe: true, progress: Progress::default() }
    }

    /// Makes room, so that appending so many octets copies nothing that stands here already.
    pub(crate) fn reserve(&mut self, octets: usize) {
        if self.buffer.capacity() - self.buffer.len() < octets {
            let mut old = core::mem::take(&mut self.buffer);
            self.buffer.reserve(old.len() + octets);
            self.buffer.extend_from_slice(&old);
            if self.wipe {
                old[..].zeroize();
            }
        }
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

    /// Gives the memory back if nothing is in it.
    pub(crate) fn release(&mut self) {
        if self.is_empty() {
            self.buffer = BytesMut::new();
        }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if self.wipe {
            self.clear();
        }
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
pub struct Transmit<'a>(pub(crate) &'a mut Output);

impl fmt::Debug for Transmit<'_> {
    /// Tells how much waits, but not what: it may be a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transmit").field("remaining", &self.remaining()).finish_non_exhaustive()
    }
}

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
            self.0.progress.step();
        } else {
            self.0.buffer.advance(octets);
            self.0.progress.octets(octets);
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
    fn the_smallest_input_has_room() {
        for size in 1..6 {
            let mut input = Input::new(size);
            for _ in 0..20 {
                assert_eq!(input.receive(b"x"), 1, "{size}");
                input.skip(1);
            }
        }
    }

    #[test]
    fn a_full_input_is_moved_only_after_much_was_taken() {
        let mut input = Input::new(100);
        input.receive(&[b'x'; 100]);
        let (mut moves, mut front) = (0, input.octets().as_ptr());
        for _ in 0..10_000 {
            input.skip(1);
            assert_eq!(input.receive(b"xx"), 1);
            moves += usize::from(input.octets().as_ptr() != front.wrapping_add(1));
            front = input.octets().as_ptr();
        }
        assert!(moves <= 10_000 / 50, "{moves}");
    }

    /// Else reads would be of a few octets each, or copies would be left behind where nobody wipes.
    #[test]
    fn room_is_a_quarter_or_all_there_is_and_made_by_no_hidden_copy() {
        let mut input = Input::new(100);
        assert_eq!(input.room().len(), 100);
        assert_eq!(input.buffer.capacity(), 150, "half as much again");
        for octets in (0..5_000).map(|n| n * 37 % 90 + 1) {
            let taken = input.receive(&alloc::vec![b'x'; octets]);
            input.skip(taken.max(input.octets().len() / 2));
            let (held, room) = (input.octets().len(), input.room().len());
            assert!(room > 25 || held + room == 100, "{room}");
            assert!(input.buffer.capacity() <= 150);
        }
    }

    #[test]
    fn what_is_reserved_is_there_and_nothing_is_copied_before_it_is_used_up() {
        let mut output = Output::wiping();
        assert!(output.wipe);
        for octets in [1, 50, 3, 1_000] {
            output.reserve(octets);
            let front = output.buffer.as_ptr();
            assert!(output.buffer.capacity() - output.len() >= octets);
            output.reserve(octets);
            assert_eq!(output.buffer.as_ptr(), front, "there was room");
            output.buffer.resize(output.len() + octets, b'x');
            assert_eq!(output.buffer.as_ptr(), front);
        }
        assert!(output.buffer.capacity() < 2 * output.len());
        assert_eq!(
            alloc::format!("{:?}", Transmit(&mut output)),
            "Transmit { remaining: 1054, .. }"
        );
    }

    #[test]
    fn what_is_sent_in_parts_stays_in_order_while_it_grows() {
        let mut output = Output::wiping();
        let mut sent = Vec::new();
        for piece in 0..100_u8 {
            output.reserve(3);
            output.buffer.extend_from_slice(&[piece; 3]);
            let mut transmit = Transmit(&mut output);
            sent.extend_from_slice(&transmit.chunk()[..2]);
            transmit.advance(2);
        }
        sent.extend_from_slice(&output.buffer);
        let expected: Vec<u8> = (0..100).flat_map(|piece| [piece; 3]).collect();
        assert_eq!(sent, expected);
    }

    #[test]
    fn memory_is_given_back_when_nothing_is_in_it() {
        let (mut input, mut output) = (Input::new(8), Output::default());
        input.receive(b"12");
        output.buffer.extend_from_slice(b"12");
        for left in [2, 1, 0] {
            assert_eq!((input.octets().len(), output.len()), (left, left));
            input.release();
            output.release();
            assert_eq!((input.octets().len(), output.len()), (left, left));
            if left > 0 {
                input.skip(1);
                Transmit(&mut output).advance(1);
            }
        }
        assert_eq!((input.buffer.capacity(), output.buffer.capacity()), (0, 0));
        assert_eq!(input.receive(b"345"), 3);
    }

    #[test]
    fn filling_more_than_was_lent_does_no_harm() {
        let mut input = Input::new(4);
        input.room();
        input.fill(usize::MAX / 2);
        assert_eq!(input.octets().len(), 4);
    }
}
