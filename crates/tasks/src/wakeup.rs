//! The doorbell in the process: whoever commits a task rings for its kind; whoever is idle wakes.

use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Notify;

/// One bell a kind. A ring that nobody waits for is kept until somebody does.
#[derive(Debug, Default)]
pub struct Wakeup {
    bells: BTreeMap<&'static str, Arc<Notify>>,
}

impl Wakeup {
    /// Bells for `kinds`.
    pub fn new(kinds: impl Iterator<Item = &'static str>) -> Self {
        Self { bells: kinds.map(|kind| (kind, Arc::default())).collect() }
    }

    /// Wakes who waits for tasks of `kind`; a kind that is not run here wakes nobody.
    pub fn ring(&self, kind: &str) {
        if let Some(bell) = self.bells.get(kind) {
            bell.notify_one();
        }
    }

    /// Waits for a ring.
    pub async fn rung(&self, kind: &str) {
        match self.bells.get(kind) {
            Some(bell) => bell.notified().await,
            None => std::future::pending().await,
        }
    }
}
