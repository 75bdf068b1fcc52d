//! The one place that reads the clock.

use docket_domain::Time;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

/// Where time comes from: the machine, or a test's hand.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that stands still until it is set.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that shows `time` until it is moved.
    pub fn fixed(time: Time) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(time.0)))
    }

    /// Now.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn now(&self) -> Time {
        match self {
            Self::Fixed(time) => Time(time.load(Relaxed)),
            Self::System => {
                let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
                Time(since.map_or(0, |since| since.as_millis() as i64))
            }
        }
    }

    /// Moves a fixed clock on; the machine's clock cannot be moved.
    pub fn advance(&self, millis: i64) {
        if let Self::Fixed(time) = self {
            time.fetch_add(millis, Relaxed);
        }
    }
}
