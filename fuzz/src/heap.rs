//! What is on the heap, so that a session that grows is found out.

use std::sync::{Mutex, MutexGuard, PoisonError};

use peak_alloc::PeakAlloc;

/// It counts, and otherwise leaves the work to the system's.
#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// Tests run beside one another, and there is one heap.
static TURN: Mutex<()> = Mutex::new(());

/// Measures from when it is made.
pub(crate) struct Meter {
    before: usize,
    _turn: MutexGuard<'static, ()>,
}

impl Meter {
    pub(crate) fn start() -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        HEAP.reset_peak_usage();
        Self { before: HEAP.current_usage(), _turn: turn }
    }

    /// Asserts that never since the start was there more than so many octets on top.
    pub(crate) fn stayed_below(&self, octets: usize) {
        let most = HEAP.peak_usage().saturating_sub(self.before);
        assert!(most <= octets, "{most} octets on the heap, {octets} at most were expected");
    }
}
