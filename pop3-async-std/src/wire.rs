//! A stream, and the alarm clock beside it.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use async_io::Timer;
use blocking::unblock;
use futures_io::{AsyncRead, AsyncWrite};
use pop3_maildrop::{Done, Runtime, Work};
use pop3_proto::adapter::Transport;
use tracing::Span;

/// A stream with a timer. The timers are those below async-std, which go off whatever runtime polls
/// them.
pub(crate) struct Wire<S> {
    stream: S,
    /// Closes the half that is written to, where [`AsyncWrite::poll_close`] does not.
    half_close: HalfClose<S>,
    /// When the timer goes off; `None` when there is nothing to go off.
    alarm: Option<(Instant, Timer)>,
}

pub(crate) type HalfClose<S> = fn(&S) -> io::Result<()>;

impl<S> Wire<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self::closed_by(stream, |_| Ok(()))
    }

    pub(crate) const fn closed_by(stream: S, half_close: HalfClose<S>) -> Self {
        Self { stream, half_close, alarm: None }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Transport for Wire<S> {
    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }

    fn poll_write(&mut self, context: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, buffer)
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_close(context))?;
        Poll::Ready((self.half_close)(&self.stream))
    }

    fn poll_alarm(&mut self, at: Instant, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let (deadline, timer) = self.alarm.get_or_insert_with(|| (at, Timer::at(at)));
            if at < *deadline {
                *deadline = at;
                timer.set_at(at);
            }
            ready!(Pin::new(timer).poll(context));
            let deadline = *deadline;
            // A timer goes off once.
            self.alarm = None;
            // It may have been put off since it was set; only now does the timer need to know.
            if deadline >= at {
                return Poll::Ready(());
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Runtime for Wire<S> {
    async fn run(work: Work) -> io::Result<Done> {
        let span = Span::current();
        // A panic there ends this session and nothing else; the work is lost in it either way.
        let run = AssertUnwindSafe(move || span.in_scope(|| work.run()));
        unblock(|| catch_unwind(run)).await.map_err(|_| io::Error::other("a store has panicked"))
    }
}

impl<S> fmt::Debug for Wire<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use async_std::future::timeout;

    use super::*;

    const TICK: Duration = Duration::from_millis(50);

    fn wire() -> Wire<async_std::io::Cursor<Vec<u8>>> {
        Wire::new(async_std::io::Cursor::default())
    }

    #[async_std::test]
    async fn an_alarm_that_was_put_off_goes_off_at_the_later_time() {
        let (mut wire, start) = (wire(), Instant::now());
        let early = poll_fn(|context| wire.poll_alarm(start + TICK, context));
        assert!(timeout(TICK / 2, early).await.is_err());
        poll_fn(|context| wire.poll_alarm(start + TICK * 3, context)).await;
        assert!(start.elapsed() >= TICK * 3);
    }

    #[async_std::test]
    async fn an_alarm_that_was_brought_forward_goes_off_early_and_again_when_asked_again() {
        let (mut wire, start) = (wire(), Instant::now());
        let late = poll_fn(|context| wire.poll_alarm(start + TICK * 1_000, context));
        assert!(timeout(TICK, late).await.is_err());
        for _ in 0..2 {
            let at = poll_fn(|context| wire.poll_alarm(start + TICK * 2, context));
            timeout(TICK * 500, at).await.unwrap();
            assert!(start.elapsed() >= TICK * 2);
        }
    }
}
