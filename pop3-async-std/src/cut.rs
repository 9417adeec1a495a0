//! The end of a session that somebody else wants.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

/// Is ready from when the session is to be cut.
pub(crate) struct Cut {
    /// `None` once it has come.
    when: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Cut {
    /// Cuts when that is done.
    pub(crate) fn when(done: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { when: Some(Box::pin(done)) }
    }

    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Some(when) = &mut self.when {
            ready!(when.as_mut().poll(context));
            self.when = None;
        }
        Poll::Ready(())
    }

    /// What comes of something, unless the session is cut before.
    pub(crate) async fn unless<T>(&mut self, something: impl Future<Output = T>) -> Option<T> {
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
        f.debug_struct("Cut").field("done", &self.when.is_none()).finish()
    }
}
