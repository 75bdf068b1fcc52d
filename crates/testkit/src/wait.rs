//! Waiting for a condition instead of for a time.

use std::thread;
use std::time::{Duration, Instant};

/// Long enough for a loaded machine; a test that passes never waits so long.
const PATIENCE: Duration = Duration::from_mins(1);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// Looks until `condition` holds; panics with `what` if it does not within a minute.
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let found = within(PATIENCE, || condition().then_some(()));
    assert!(found.is_some(), "waited {} s in vain: {what}", PATIENCE.as_secs());
}

/// Looks until `look` finds something, and gives up after `limit`.
pub fn within<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if start.elapsed() >= limit {
            return None;
        }
        thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_ends_with_the_first_find() {
        let mut looks = 0;
        let found = within(PATIENCE, || {
            looks += 1;
            (looks == 3).then_some("found")
        });
        assert_eq!((found, looks), (Some("found"), 3));
    }

    #[test]
    fn looking_in_vain_ends_at_the_limit() {
        assert_eq!(within(Duration::ZERO, || None::<()>), None);
    }
}
