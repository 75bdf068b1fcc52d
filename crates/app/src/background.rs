//! What runs by itself until the center stops.

use std::future::Future;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What runs by itself in this process.
#[derive(Default)]
pub(crate) struct Background {
    stop: CancellationToken,
    running: TaskTracker,
}

impl Background {
    /// Lets `work` run by itself. It ends by [`Background::stopping`]: a stop waits for it.
    pub fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.running.spawn(work)
    }

    /// What is cancelled when the center stops.
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Whether the center stops.
    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Has all of it end, and waits until it has.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.running.close();
        self.running.wait().await;
    }
}
