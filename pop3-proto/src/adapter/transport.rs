//! What an asynchronous runtime has to bring.

use core::task::{Context, Poll};
use std::io;
use std::time::Instant;

/// A stream and an alarm clock of an asynchronous runtime: all that a
/// [`Conversation`](super::Conversation) needs of one.
///
/// The methods for the stream are those that every runtime has, under whatever name. Each wakes
/// the task when it is worth another call.
pub trait Transport {
    /// Reads into the buffer, which is never empty: how much, 0 at the end.
    ///
    /// # Errors
    /// When the stream has failed.
    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>>;

    /// Writes from the buffer, which is never empty: how much.
    ///
    /// # Errors
    /// When the stream has failed.
    fn poll_write(&mut self, context: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>>;

    /// Sees to it that what was written is on its way.
    ///
    /// # Errors
    /// When the stream has failed.
    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Says that nothing more will be written; what the peer has to say can still be read.
    ///
    /// # Errors
    /// When the stream has failed.
    fn poll_shutdown(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// The time, as the alarm has it.
    fn now(&self) -> Instant {
        Instant::now()
    }

    /// Whether that time has come. It may be another time in each call, and usually is a later one:
    /// an alarm is put off much more often than it goes off.
    fn poll_alarm(&mut self, at: Instant, context: &mut Context<'_>) -> Poll<()>;
}
