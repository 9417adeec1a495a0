//! A stream, and the alarm clock beside it.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use pop3_maildrop::{Done, Runtime, Work};
use pop3_proto::adapter::Transport;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::spawn_blocking;
use tokio::time::{Sleep, sleep_until};
use tracing::Span;

/// A stream of tokio with a timer.
pub(crate) struct Wire<S> {
    stream: S,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl<S> Wire<S> {
    pub(crate) const fn new(stream: S) -> Self {
        Self { stream, alarm: None }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Transport for Wire<S> {
    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }

    fn poll_write(&mut self, context: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, buffer)
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    /// The time of the runtime, which can be paused.
    fn now(&self) -> Instant {
        tokio::time::Instant::now().into()
    }

    fn poll_alarm(&mut self, at: Instant, context: &mut Context<'_>) -> Poll<()> {
        let at = at.into();
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if at < alarm.deadline() {
            alarm.as_mut().reset(at);
        }
        loop {
            ready!(alarm.as_mut().poll(context));
            if alarm.deadline() >= at {
                return Poll::Ready(());
            }
            // It was put off since; only now does the timer need to know.
            alarm.as_mut().reset(at);
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Runtime for Wire<S> {
    async fn run(work: Work) -> io::Result<Done> {
        let span = Span::current();
        Ok(spawn_blocking(move || span.in_scope(|| work.run())).await?)
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

    use tokio::io::Empty;

    use super::*;

    async fn rings(wire: &mut Wire<Empty>, at: Instant) {
        poll_fn(|context| wire.poll_alarm(at, context)).await;
    }

    /// Asks once, as a task that then goes on with something else.
    async fn is_asked(wire: &mut Wire<Empty>, at: Instant) {
        let asked = poll_fn(|context| Poll::Ready(wire.poll_alarm(at, context))).await;
        assert!(asked.is_pending());
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_goes_off_at_the_time_that_was_asked_for_last() {
        let mut wire = Wire::new(tokio::io::empty());
        let start = wire.now();
        let after = |seconds| start + Duration::from_secs(seconds);
        is_asked(&mut wire, after(60)).await;
        for seconds in [10, 90, 91] {
            rings(&mut wire, after(seconds)).await;
            assert_eq!((wire.now() - start).as_secs(), seconds);
            is_asked(&mut wire, after(seconds + 30)).await;
        }
        // What has passed has passed.
        rings(&mut wire, start).await;
        assert_eq!((wire.now() - start).as_secs(), 91);
    }
}
