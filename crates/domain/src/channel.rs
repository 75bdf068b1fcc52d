//! The words of marketplace shops: what is pulled, how, how far a pull is, and how a window of time stands; and when
//! parcels are looked for.

use crate::Time;
use crate::time::{DAY, HOUR, MINUTE, Millis, SECOND};
use crate::words::words;

words! {
    /// What is pulled of a shop.
    pub enum Stream {
        /// Its orders.
        Orders = 1 "orders",
        /// Its products.
        Products = 2 "products",
    }
}

words! {
    /// How much of a stream one run reads.
    pub enum RunMode {
        /// What has changed since the last run.
        Incremental = 1 "incremental",
        /// All there is of so many days.
        Full = 2 "full",
    }
}

words! {
    /// How far a run is.
    pub enum RunState {
        /// It waits for a worker.
        Queued = 0 "queued",
        /// A worker has it.
        Running = 1 "running",
        /// Everything it was to read is here, but for gaps that are shown.
        Done = 2 "done",
        /// It ended early.
        Failed = 3 "failed",
        /// A person ended it.
        Stopped = 4 "stopped",
    }
}

words! {
    /// By which time of orders windows are cut: each is a set of windows of its own.
    pub enum Series {
        /// By the time of the last change.
        Updated = 1 "updated",
        /// By the time of creation, which never changes.
        Created = 2 "created",
    }
}

words! {
    /// Whether everything of a window is here.
    pub enum WindowState {
        /// All its rows are committed.
        Finished = 1 "finished",
        /// A part of it could not be read; it is tried again.
        Gap = 2 "gap",
    }
}

words! {
    /// How the parcels of an order stand.
    pub enum PackageState {
        /// Nothing is shipped: there are none to know.
        NotYet = 0 "not_yet",
        /// They are looked for at the next time.
        Waiting = 1 "waiting",
        /// Every line that was shipped has one.
        Known = 2 "known",
        /// They were looked for long enough: there are none.
        Never = 3 "never",
        /// Every look failed.
        Failed = 4 "failed",
    }
}

impl RunState {
    /// Whether a run in this state has ended.
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Stopped)
    }
}

/// How long after the first look the next ones are: at once, then these, then every day.
const LOOKS: [Millis; 4] = [0, HOUR, 6 * HOUR, DAY];
/// After so many days there are none: whatever has no package number by then never gets one.
const LOOK_DAYS: i64 = 14;
/// Pauses after a look that failed; with the last failure it has failed for good.
const PAUSES: [Millis; 4] = [30 * SECOND, 2 * MINUTE, 10 * MINUTE, HOUR];

/// When parcels are looked for next, of which there was nothing yet after `looks` looks, the first of them at `first`.
/// Nothing where it was looked for long enough.
pub fn next_look(looks: u32, first: Time, now: Time) -> Option<Time> {
    let looks = i64::from(looks);
    let days = looks - (LOOKS.len() as i64 - 1);
    let after = LOOKS.get(looks as usize).copied().unwrap_or((days + 1) * DAY);
    let last = first.plus(LOOK_DAYS * DAY);
    let next = first.plus(after);
    if next > now {
        return (next <= last).then_some(next);
    }
    // What was away for days goes on with the present one.
    (now < last).then(|| now.plus(DAY).min(last))
}

/// Looks in a row that may fail; with the last of them it is given up.
pub const LOOKS_THAT_MAY_FAIL: u32 = PAUSES.len() as u32 + 1;

/// How long a look that failed for the `tries`-th time waits; nothing where that was the last time.
pub fn pause_after_failure(tries: u32) -> Option<Millis> {
    PAUSES.get((tries as usize).checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parcels_are_looked_for_after_an_hour_six_a_day_and_then_daily_for_two_weeks() {
        let first = Time(1_000_000);
        let (mut looks, mut now, mut hours) = (0, first, Vec::new());
        loop {
            looks += 1;
            let Some(next) = next_look(looks, first, now) else { break };
            hours.push(next.since(first) / HOUR);
            now = next;
        }
        let daily = (2..=14).map(|day| day * 24);
        assert_eq!(hours, [1, 6, 24].into_iter().chain(daily).collect::<Vec<_>>());
    }

    #[test]
    fn whoever_was_away_goes_on_and_comes_to_an_end() {
        let first = Time(0);
        assert_eq!(next_look(1, first, first.plus(3 * DAY)), Some(first.plus(4 * DAY)));
        assert_eq!(next_look(1, first, first.plus(14 * DAY - 1)), Some(first.plus(14 * DAY)));
        assert_eq!(next_look(1, first, first.plus(14 * DAY)), None);
    }

    #[test]
    fn a_look_fails_five_times_with_longer_and_longer_pauses() {
        let pauses: Vec<_> = (1..=5).map(pause_after_failure).collect();
        assert_eq!(pauses[..4].iter().flatten().count(), 4);
        assert!(pauses[..4].is_sorted(), "{pauses:?}");
        assert_eq!(pauses[4], None);
    }
}
