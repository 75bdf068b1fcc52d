//! Hybrid logical time: when a row of a log was written, in an order that all copies of the order agree on.
//!
//! 48 bits of milliseconds and 16 of a counter. The milliseconds are those of a clock that never falls inside one
//! order; the counter tells apart what one order saw within one of them.

use crate::Time;
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970 in the upper 48 bits, a counter in the lower 16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hlc(pub i64);

const COUNTER_BITS: u32 = 16;
const COUNTER: i64 = (1 << COUNTER_BITS) - 1;

impl Hlc {
    /// The time of what was written at `at` as the change `count` of its order.
    pub const fn of(at: Time, count: u32) -> Self {
        Self((at.0 << COUNTER_BITS) | (count as i64 & COUNTER))
    }

    /// Its milliseconds.
    pub const fn at(self) -> Time {
        Time(self.0 >> COUNTER_BITS)
    }

    /// Its counter.
    pub const fn counter(self) -> u16 {
        (self.0 & COUNTER) as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_changes_of_one_order_are_later_also_within_one_millisecond() {
        let noon = Time(1_800_000_000_000);
        let times = [Hlc::of(noon, 7), Hlc::of(noon, 8), Hlc::of(noon.plus(1), 2)];
        assert!(times.is_sorted());
        for (time, (at, count)) in times.into_iter().zip([(noon, 7), (noon, 8), (noon.plus(1), 2)])
        {
            assert_eq!((time.at(), time.counter()), (at, count));
        }
        assert!(Hlc::of(Time(-1), 0).at() == Time(-1) && Hlc::of(Time(1 << 46), 0).0 > 0);
    }
}
