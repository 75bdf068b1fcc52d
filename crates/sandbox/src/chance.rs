//! Chance that can be replayed: every number is a function of the seed and of what it is for, so that it does not
//! depend on the order in which requests come.

/// The number of `what` and `which` under `seed`. Not for anything that must not be guessed.
pub fn number(seed: u64, what: &str, which: &str) -> u64 {
    // FNV-1a, with a sign between the parts that neither has, then the mixing of SplitMix64.
    let bytes = what.bytes().chain([0xff]).chain(which.bytes());
    let start = 0xcbf2_9ce4_8422_2325_u64 ^ mixed(seed);
    mixed(bytes.fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
}

/// Numbers one after the other, for what takes many: the same start gives the same row.
#[derive(Debug, Clone)]
pub struct Draws(u64);

impl Draws {
    /// The row that belongs to `which` under `seed`.
    pub const fn of(seed: u64, which: u64) -> Self {
        Self(mixed(seed ^ mixed(which)))
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    /// The next number below `bound`, which is above 0.
    pub const fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// Whether what happens `percent` times in a hundred happens now.
    pub const fn happens(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

const fn mixed(number: u64) -> u64 {
    let mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn a_number_depends_on_seed_and_purpose_alone() {
        assert_eq!(number(1, "a", "b"), number(1, "a", "b"));
        let others = [number(2, "a", "b"), number(1, "ab", ""), number(1, "a", "c")];
        assert!(others.iter().all(|other| *other != number(1, "a", "b")), "{others:?}");
    }
}
