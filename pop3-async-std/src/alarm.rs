//! Time: a timer that costs little where it is put off more often than it goes off, and limits.
//!
//! The timers are those below async-std, which go off whatever runtime polls them.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use async_io::Timer;

/// Goes off at a time that may be another one each time it is asked.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    /// When the timer goes off; `None` when there is nothing to go off.
    set: Option<(Instant, Timer)>,
}

impl Alarm {
    /// Whether that time has come; if not, the task is woken by then.
    pub(crate) fn poll(&mut self, at: Instant, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let (deadline, timer) = self.set.get_or_insert_with(|| (at, Timer::at(at)));
            if at < *deadline {
                *deadline = at;
                timer.set_at(at);
            }
            ready!(Pin::new(timer).poll(context));
            let deadline = *deadline;
            // A timer goes off once.
            self.set = None;
            // It may have been put off since it was set; only now does the timer need to know.
            if deadline >= at {
                return Poll::Ready(());
            }
        }
    }
}

/// What comes of something within a time.
pub(crate) async fn timeout<T>(
    limit: Duration,
    something: impl Future<Output = T>,
) -> io::Result<T> {
    let (mut something, mut timer) = (pin!(something), Timer::after(limit));
    poll_fn(|context| match something.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Ok(done)),
        Poll::Pending => {
            Pin::new(&mut timer).poll(context).map(|_| Err(io::ErrorKind::TimedOut.into()))
        }
    })
    .await
}
