//! How many calls an app makes: counted in every second that ends with a call, and refused beyond the limit.

use std::collections::{BTreeMap, VecDeque};

const SECOND_MS: i64 = 1000;

/// The calls of one app.
#[derive(Debug, Default)]
pub struct Limiter {
    /// Calls in any second; 0 for as many as come.
    pub limit: usize,
    /// When the calls of the last second were let through.
    passed: VecDeque<i64>,
    /// When the calls of the last second came, those refused too.
    came: VecDeque<i64>,
    pub measured: Measured,
}

/// What was counted so far.
#[derive(Debug, Default, Clone, serde::Serialize)]
pub struct Measured {
    pub calls: u64,
    /// The most calls that came within one second, wherever it began.
    pub most_in_a_second: usize,
    /// How many the limiter refused.
    pub throttled: u64,
    pub by_type: BTreeMap<String, u64>,
    /// By shop, for how the calls are shared among them.
    pub by_shop: BTreeMap<String, u64>,
}

impl Limiter {
    pub fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Counts a call that came at `now`, in milliseconds.
    pub fn count(&mut self, kind: &str, mall_id: &str, now: i64) {
        slide(&mut self.came, now);
        self.came.push_back(now);
        let measured = &mut self.measured;
        measured.calls += 1;
        measured.most_in_a_second = measured.most_in_a_second.max(self.came.len());
        for (counts, name) in [(&mut measured.by_type, kind), (&mut measured.by_shop, mall_id)] {
            match counts.get_mut(name) {
                Some(count) => *count += 1,
                None => drop(counts.insert(name.to_owned(), 1)),
            }
        }
    }

    /// Whether a call may pass at `now`.
    pub fn lets_pass(&mut self, now: i64) -> bool {
        slide(&mut self.passed, now);
        if self.limit > 0 && self.passed.len() >= self.limit {
            self.measured.throttled += 1;
            return false;
        }
        self.passed.push_back(now);
        true
    }
}

/// Leaves the second that ends at `now`.
fn slide(times: &mut VecDeque<i64>, now: i64) {
    while times.front().is_some_and(|&first| first <= now - SECOND_MS) {
        times.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_second_wherever_it_begins_lets_more_pass_than_the_limit() {
        let mut limiter = Limiter::new(20);
        // 20 at the end of one second, then as many at the beginning of the next.
        let passed =
            (0..40).filter(|n| limiter.lets_pass(if *n < 20 { 990 } else { 1_010 })).count();
        assert_eq!((passed, limiter.measured.throttled), (20, 20));
        assert!(!limiter.lets_pass(1_989));
        assert!(limiter.lets_pass(1_990));
    }

    #[test]
    fn the_measure_counts_refused_calls_too() {
        let mut limiter = Limiter::new(1);
        for now in [0, 500, 999, 1_000, 5_000] {
            limiter.count("a", "1", now);
        }
        assert_eq!((limiter.measured.calls, limiter.measured.most_in_a_second), (5, 3));
        assert_eq!(limiter.measured.by_type["a"], 5);
    }
}
