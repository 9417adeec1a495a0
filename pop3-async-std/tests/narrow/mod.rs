//! A stream through which a single octet passes at a time, and nothing every other time: where the
//! input is cut does not matter.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};

#[derive(Debug)]
pub(crate) struct Narrow<S> {
    stream: S,
    read: bool,
    written: bool,
}

impl<S> Narrow<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, read: false, written: false }
    }
}

/// Whether it is time for a pause, after which the task is woken.
fn pauses(moved: &mut bool, context: &Context<'_>) -> bool {
    if *moved {
        context.waker().wake_by_ref();
    }
    std::mem::replace(moved, false)
}

impl<S: AsyncRead + Unpin> AsyncRead for Narrow<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if pauses(&mut self.read, context) {
            return Poll::Pending;
        }
        let octet = buffer.len().min(1);
        let read = Pin::new(&mut self.stream).poll_read(context, &mut buffer[..octet]);
        self.read = read.is_ready();
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Narrow<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        if pauses(&mut self.written, context) {
            return Poll::Pending;
        }
        let octet = &buffer[..buffer.len().min(1)];
        let written = Pin::new(&mut self.stream).poll_write(context, octet);
        self.written = written.is_ready();
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(context)
    }
}
