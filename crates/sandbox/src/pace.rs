//! Waiting that can be skipped: what is to happen in ten minutes happens at once when ten minutes are skipped.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// The present time: milliseconds UTC since 1970.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// How time passes here.
#[derive(Debug)]
pub struct Pace {
    skipped: watch::Sender<u64>,
    waiting: AtomicUsize,
}

impl Pace {
    /// Nothing is skipped yet.
    pub fn new() -> Self {
        Self { skipped: watch::Sender::new(0), waiting: AtomicUsize::new(0) }
    }

    /// Skips `ms` milliseconds: for all that wait now, and for expiry.
    pub fn skip(&self, ms: u64) {
        self.skipped.send_modify(|skipped| *skipped = skipped.saturating_add(ms));
    }

    /// How many milliseconds were skipped so far.
    pub fn skipped(&self) -> u64 {
        *self.skipped.borrow()
    }

    /// How many things wait for their time.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    /// Waits until `ms` milliseconds have passed or were skipped.
    pub async fn pass(&self, ms: u64) {
        if ms == 0 {
            return;
        }
        let mut skips = self.skipped.subscribe();
        let before = *skips.borrow_and_update();
        let start = Instant::now();
        let _waits = Waits::of(&self.waiting);
        loop {
            let skipped = *skips.borrow_and_update() - before;
            let left = Duration::from_millis(ms.saturating_sub(skipped));
            tokio::select! {
                () = sleep_until(start + left) => return,
                // The sender lives as long as `self`.
                _ = skips.changed() => {}
            }
        }
    }
}

/// Counts one that waits, also when it is dropped while it does.
struct Waits<'a>(&'a AtomicUsize);

impl<'a> Waits<'a> {
    fn of(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_waits_goes_on_when_its_time_is_skipped() {
        let pace = Pace::new();
        let skip = async {
            // Polled second: the other waits by now.
            assert_eq!(pace.waiting(), 1);
            pace.skip(3_000_000);
            pace.skip(600_000);
        };
        tokio::join!(pace.pass(3_600_000), skip);
        assert_eq!((pace.waiting(), pace.skipped()), (0, 3_600_000));
    }
}
