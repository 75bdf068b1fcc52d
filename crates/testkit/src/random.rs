//! Chance that can be replayed: every generator prints its seed, and `DOCKET_TEST_SEED` sets it.
//! Not for anything that must not be guessed.

use std::env;
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

/// Set to a number, every [`Random::new`] starts from it.
pub const SEED_VARIABLE: &str = "DOCKET_TEST_SEED";

/// A small, fast generator: the same seed gives the same numbers on every machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Random(fastrand::Rng);

impl Random {
    /// Starts from `DOCKET_TEST_SEED`, or from a fresh seed; prints which, so that a failing test shows
    /// how to see it fail again.
    ///
    /// # Panics
    /// When the variable is not a number.
    #[expect(clippy::new_without_default, reason = "it prints and reads the environment")]
    pub fn new() -> Self {
        let seed = if let Ok(text) = env::var(SEED_VARIABLE) {
            let number = text.trim().parse();
            number.unwrap_or_else(|_| panic!("{SEED_VARIABLE} must be a number, not \"{text}\""))
        } else {
            // The standard library seeds its hash maps from the system, which is all we need of it.
            RandomState::new().hash_one(0_u8)
        };
        println!("replay with {SEED_VARIABLE}={seed}");
        Self::seeded(seed)
    }

    /// Starts from `seed`, silently.
    pub fn seeded(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// Any of the 2^64 numbers.
    pub fn number(&mut self) -> u64 {
        self.0.u64(..)
    }

    /// A number of `range`, which must not be empty.
    pub fn within(&mut self, range: Range<u64>) -> u64 {
        self.0.u64(range)
    }

    /// True `times` in `of`.
    pub fn happens(&mut self, times: u64, of: u64) -> bool {
        self.within(0..of) < times
    }

    /// One of `choices`, which must not be empty.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        self.0.choice(choices).expect("there is a choice")
    }

    /// A generator of its own, for a thread or task: what it gives does not depend on what others take.
    #[must_use]
    pub fn fork(&mut self) -> Self {
        Self(self.0.fork())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_on_every_machine() {
        let mut random = Random::seeded(42);
        let numbers = [random.number(), random.number()];
        assert_eq!(numbers, [14_587_678_697_106_979_209, 9_105_053_682_160_394_182]);
    }

    #[test]
    fn a_number_stays_in_its_range_and_reaches_both_ends() {
        let mut random = Random::new();
        let mut seen = [false; 3];
        for _ in 0..1_000 {
            seen[(random.within(7..10) - 7) as usize] = true;
        }
        assert_eq!(seen, [true; 3]);
    }

    #[test]
    fn forks_differ() {
        let mut random = Random::seeded(1);
        assert_ne!(random.fork(), random.fork());
    }
}
