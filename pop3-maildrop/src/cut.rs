//! The end of a session that somebody else wants.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

/// Is ready from when a session is to be cut.
pub struct Cut(When);

enum When {
    Never,
    Later(Pin<Box<dyn Future<Output = ()> + Send>>),
    Now,
}

impl Cut {
    /// Cuts when that is done.
    #[must_use]
    pub fn when(done: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(When::Later(Box::pin(done)))
    }

    /// Lets a session come to its own end.
    #[must_use]
    pub const fn never() -> Self {
        Self(When::Never)
    }

    /// Whether the time has come.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.0 {
            When::Never => Poll::Pending,
            When::Later(done) => {
                ready!(done.as_mut().poll(context));
                self.0 = When::Now;
                Poll::Ready(())
            }
            When::Now => Poll::Ready(()),
        }
    }

    /// What comes of something, unless the session is cut before.
    pub async fn unless<T>(&mut self, something: impl Future<Output = T>) -> Option<T> {
        let mut something = pin!(something);
        poll_fn(|context| match something.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending => self.poll(context).map(|()| None),
        })
        .await
    }
}

impl fmt::Debug for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cut").field("done", &matches!(self.0, When::Now)).finish()
    }
}
