//! How long a read may go on: until its deadline, and not beyond the caller who waits for it.

use crate::StoreError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// One read, as the thread that does it knows it.
#[derive(Debug, Clone)]
pub struct Reading {
    until: Instant,
    gone: Arc<AtomicBool>,
}

/// Whoever waits for the read; dropped with that, however it ends.
#[derive(Debug)]
pub struct Caller(Arc<AtomicBool>);

impl Reading {
    /// A read that begins now.
    pub fn within(limit: Duration) -> (Self, Caller) {
        let gone = Arc::<AtomicBool>::default();
        (Self { until: Instant::now() + limit, gone: Arc::clone(&gone) }, Caller(gone))
    }

    /// Whether it is to end.
    pub fn is_over(&self) -> bool {
        self.gone.load(Relaxed) || Instant::now() >= self.until
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

/// What `read` answers within `limit`.
pub async fn within<T>(
    limit: Duration,
    read: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    tokio::time::timeout(limit, read).await.unwrap_or(Err(StoreError::TooSlow))
}
