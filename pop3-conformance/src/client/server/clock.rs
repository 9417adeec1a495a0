//! When something happened last between client and server.

use std::sync::Mutex;
use std::time::{Duration, Instant};

#[derive(Debug)]
pub(in crate::client) struct Clock(Mutex<Instant>);

impl Clock {
    pub(in crate::client) fn new() -> Self {
        Self(Mutex::new(Instant::now()))
    }

    /// Something happens.
    pub(in crate::client) fn stir(&self) {
        if let Ok(mut last) = self.0.lock() {
            *last = Instant::now();
        }
    }

    /// For how long nothing has.
    pub(in crate::client) fn quiet(&self) -> Duration {
        self.0.lock().map_or(Duration::ZERO, |last| last.elapsed())
    }
}
