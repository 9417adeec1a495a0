//! Waiting for what is asynchronous.

use std::future::Future;
use std::sync::OnceLock;

/// Waits for a future on tokio.
pub(crate) fn tokio_wait<F: Future>(future: F) -> F::Output {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    RUNTIME
        .get_or_init(|| {
            tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
                .expect("tokio can be started")
        })
        .block_on(future)
}
