//! What the clients of one load saw: which orders were answered, and how long each answer took.

use hdrhistogram::Histogram;
use std::time::Duration;

/// An order that was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// Its number in this bench.
    pub number: u64,
    /// Its id in the answer.
    pub id: i64,
    /// Whether paying it was answered as well.
    pub paid: Paid,
}

/// Whether an order was paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paid {
    /// It was.
    Yes,
    /// It was not.
    No,
}

/// The times of one kind of request.
#[derive(Debug, Clone)]
pub struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        // Microseconds up to a minute, to three digits.
        Self(Histogram::new_with_bounds(1, 60_000_000, 3).expect("the bounds are in order"))
    }
}

impl Latencies {
    /// Adds one answer.
    pub fn add(&mut self, took: Duration) {
        self.0.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// Milliseconds within which `share` (0 to 1) of the answers came.
    pub fn ms(&self, share: f64) -> f64 {
        self.0.value_at_quantile(share) as f64 / 1e3
    }

    /// How many answers came.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The longest, in milliseconds.
    pub fn max_ms(&self) -> f64 {
        self.0.max() as f64 / 1e3
    }
}

/// One load, over.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Every order that was answered.
    pub placed: Vec<Placed>,
    /// How long placing took.
    pub placing: Latencies,
    /// How long paying took.
    pub paying: Latencies,
    /// From the first request to the last answer.
    pub took: Duration,
}

impl Tally {
    /// Orders (or pairs of order and payment) a second.
    pub fn per_second(&self) -> f64 {
        self.placed.len() as f64 / self.took.as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_in_milliseconds() {
        let mut latencies = Latencies::default();
        for ms in 1..=100 {
            latencies.add(Duration::from_millis(ms));
        }
        let close = |got: f64, wanted: f64| (got - wanted).abs() < 0.2;
        assert!(close(latencies.ms(0.5), 50.0) && close(latencies.ms(0.99), 99.0));
        assert!(close(latencies.max_ms(), 100.0));
    }

    #[test]
    fn the_rate_is_of_what_was_answered() {
        let placed = vec![Placed { number: 0, id: 1, paid: Paid::No }; 30];
        let tally = Tally { placed, took: Duration::from_secs(3), ..Tally::default() };
        assert!((tally.per_second() - 10.0).abs() < 1e-9);
    }
}
