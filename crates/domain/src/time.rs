//! Time as Docket keeps it: integer milliseconds UTC. Formatting belongs to the edges.

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z; before that negative.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Time(pub i64);

/// A length of time in milliseconds.
pub type Millis = i64;

/// One second.
pub const SECOND: Millis = 1_000;
/// One minute in milliseconds.
pub const MINUTE: Millis = 60 * SECOND;
/// One hour in milliseconds.
pub const HOUR: Millis = 60 * MINUTE;
/// One day in milliseconds; deadlines count days of 24 hours, not of the calendar.
pub const DAY: Millis = 24 * HOUR;

impl Time {
    /// The moment `millis` later, held at the ends of the range.
    #[must_use]
    pub const fn plus(self, millis: Millis) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// How many milliseconds lie between `earlier` and this moment; negative if it is later.
    pub const fn since(self, earlier: Self) -> Millis {
        self.0.saturating_sub(earlier.0)
    }
}
