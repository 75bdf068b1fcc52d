//! Turns at the reading connections of a process: so many at a time, the others wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How the reading connections of a process are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    /// Connections that are open.
    pub size: usize,
    /// Those of them that nobody reads with.
    pub idle: usize,
    /// Connections that may be open.
    pub max: usize,
    /// Reads that wait for one.
    pub waiting: usize,
}

/// The turns.
#[derive(Debug)]
pub struct Turns {
    free: Arc<Semaphore>,
    most: usize,
    waiting: AtomicUsize,
}

/// One who waits, counted until it has its turn or leaves.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl Turns {
    /// So many at a time.
    pub fn of(most: usize) -> Self {
        let free = Arc::new(Semaphore::new(most));
        Self { free, most, waiting: AtomicUsize::new(0) }
    }

    /// Waits for a turn, which lasts until it is dropped.
    pub async fn take(&self) -> OwnedSemaphorePermit {
        let closed = "the semaphore is never closed";
        if let Ok(turn) = Arc::clone(&self.free).try_acquire_owned() {
            return turn;
        }
        self.waiting.fetch_add(1, Relaxed);
        let _waiting = Waiting(&self.waiting);
        Arc::clone(&self.free).acquire_owned().await.expect(closed)
    }

    /// How many are taken, and how many there may be.
    pub fn taken(&self) -> (usize, usize) {
        (self.most - self.free.available_permits(), self.most)
    }

    /// The same as figures, beside so many idle connections.
    pub fn pool(&self, idle: usize) -> Pool {
        let (taken, max) = self.taken();
        // One is taken a moment before its connection is.
        let size = (taken + idle).min(max);
        Pool { size, idle, max, waiting: self.waiting.load(Relaxed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_waits_is_counted_until_it_has_its_turn_or_leaves() {
        let turns = Arc::new(Turns::of(1));
        let only = turns.take().await;
        let mut others = tokio::task::JoinSet::new();
        for _ in 0..2 {
            let turns = Arc::clone(&turns);
            others.spawn(async move { turns.take().await });
        }
        while turns.pool(0).waiting < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(turns.pool(0), Pool { size: 1, idle: 0, max: 1, waiting: 2 });
        drop(only);
        let second = others.join_next().await.unwrap().unwrap();
        assert_eq!(turns.pool(0).waiting, 1);
        others.shutdown().await;
        assert_eq!((turns.pool(0).waiting, turns.taken()), (0, (1, 1)));
        drop(second);
        assert_eq!(turns.taken(), (0, 1));
    }
}
