//! Serving over a transport that is written down beforehand.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use pop3_maildrop::{Cut, Done, Door, Runtime, Work, attend};
use pop3_proto::adapter::Transport;
use pop3_proto::server::Ending;

use crate::office::{LOGIN, blocking, is_locked, mark, office};

/// What a client says, read by read, and then its end.
struct Script {
    reads: VecDeque<&'static [u8]>,
    /// Set when the last of it is read.
    at_last: Arc<AtomicBool>,
}

impl Transport for Script {
    fn poll_read(&mut self, _: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let Some(said) = self.reads.pop_front() else { return Poll::Ready(Ok(0)) };
        if self.reads.is_empty() {
            self.at_last.store(true, Ordering::SeqCst);
        }
        buffer[..said.len()].copy_from_slice(said);
        Poll::Ready(Ok(said.len()))
    }

    fn poll_write(&mut self, _: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(buffer.len()))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_alarm(&mut self, _: Instant, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

impl Runtime for Script {
    async fn run(work: Work) -> io::Result<Done> {
        Ok(work.run())
    }
}

/// RFC 1939, section 6: nothing is removed but by a QUIT, and a session that is cut heeds none.
#[test]
fn a_quit_that_is_said_after_the_cut_removes_nothing() {
    for (is_cut, ending, left) in [(true, Ending::Hangup, 1), (false, Ending::Quit, 0)] {
        let office = office(&[b"x"]);
        let service = blocking(&office);
        let at_last = Arc::new(AtomicBool::new(false));
        // Cut when somebody says so in the very moment that QUIT is read.
        let now = at_last.clone();
        let cut = Cut::when(poll_fn(move |_| match is_cut && now.load(Ordering::SeqCst) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }));
        let reads = VecDeque::from([LOGIN, b"DELE 1\r\n", b"QUIT\r\n"]);
        let received = service.receive(None, Door::PLAIN);
        let mut served = pin!(attend(Script { reads, at_last }, received, &service, cut));
        let mut context = Context::from_waker(Waker::noop());
        let served = (0..1_000).find_map(|_| match served.as_mut().poll(&mut context) {
            Poll::Ready(served) => Some(served),
            Poll::Pending => None,
        });
        assert_eq!(served.unwrap().unwrap(), Some(ending));
        assert_eq!(office.letters(&mark()).len(), left);
        assert!(!is_locked(&office));
    }
}
