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
