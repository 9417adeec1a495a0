//! Hashing takes memory on purpose, so only so many do it at a time.

use std::sync::{Condvar, Mutex, PoisonError};

/// Turns to be taken; whoever comes when all are taken waits.
#[derive(Debug)]
pub(super) struct Turns {
    free: Mutex<usize>,
    returned: Condvar,
}

impl Turns {
    /// As many turns as there are processors: more at a time would not be done any sooner.
    pub(super) fn one_a_processor() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self { free: Mutex::new(processors), returned: Condvar::new() }
    }

    /// Does something when it is its turn.
    pub(super) fn take<T>(&self, work: impl FnOnce() -> T) -> T {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            free = self.returned.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        drop(free);
        let _taken = Taken(self);
        work()
    }
}

/// Gives a turn back, also when the work panics.
struct Taken<'a>(&'a Turns);

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.returned.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn no_more_work_at_a_time_than_there_are_turns() {
        let turns = Turns { free: Mutex::new(2), returned: Condvar::new() };
        let (working, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    turns.take(|| {
                        let now = working.fetch_add(1, Ordering::SeqCst) + 1;
                        most.fetch_max(now, Ordering::SeqCst);
                        std::thread::yield_now();
                        working.fetch_sub(1, Ordering::SeqCst);
                    });
                });
            }
        });
        assert!((1..=2).contains(&most.into_inner()));
        assert_eq!(*turns.free.lock().unwrap(), 2);
    }

    #[test]
    fn a_turn_comes_back_from_a_panic() {
        let turns = Turns { free: Mutex::new(1), returned: Condvar::new() };
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            turns.take(|| panic!("on purpose"));
        }));
        assert!(panicked.is_err());
        assert_eq!(turns.take(|| 1), 1);
    }
}
