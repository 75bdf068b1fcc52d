//! Chance for tests: fixed for ever, so that a saved seed replays.

/// Choices drawn from one number, so that a failing case shrinks by losing whole steps.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        // SplitMix64: small, and fixed for ever, so a saved seed replays.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % sides as u64).expect("below the number of sides")
    }

    pub fn one_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }

    pub fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.roll(choices.len())]
    }

    pub fn amount(&mut self, most: i64) -> i64 {
        self.roll(usize::try_from(most.max(0)).expect("not negative") + 1) as i64
    }
}
