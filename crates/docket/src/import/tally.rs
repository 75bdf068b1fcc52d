//! How many of something became what. Each that was read is exactly one of the others.

use crate::output::Output;
use serde::Serialize;

/// What became of a row, with its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// New, and taken.
    Taken,
    /// Here already.
    Known,
    /// Here already, by another issuer or channel.
    KnownElsewhere,
    /// Here already, and something of it was new.
    Updated,
    /// Not taken.
    Refused,
}

/// How many became what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// All of them.
    pub read: u64,
    /// New, and taken.
    pub taken: u64,
    /// Here already, and nothing of them was new.
    pub known: u64,
    /// Those of them that another issuer or channel told.
    pub known_elsewhere: u64,
    /// Here already, and got what was new.
    pub updated: u64,
    /// Not taken.
    pub refused: u64,
}

impl Tally {
    /// Counts some more.
    pub const fn add(&mut self, outcome: Outcome, count: u64) {
        self.read += count;
        match outcome {
            Outcome::Taken => self.taken += count,
            Outcome::Known => self.known += count,
            Outcome::KnownElsewhere => {
                self.known += count;
                self.known_elsewhere += count;
            }
            Outcome::Updated => self.updated += count,
            Outcome::Refused => self.refused += count,
        }
    }

    /// The counts as people call them.
    pub fn named<'a>(&self, dry_run: bool, out: &Output) -> [(&'a str, u64); 5] {
        let taken = if dry_run {
            out.say("would be taken", "可导入")
        } else {
            out.say("taken", "已导入")
        };
        let updated = if dry_run {
            out.say("would be updated", "可更新")
        } else {
            out.say("updated", "已更新")
        };
        [
            (out.say("read", "读取"), self.read),
            (taken, self.taken),
            (out.say("known", "已有"), self.known),
            (updated, self.updated),
            (out.say("refused", "被拒绝"), self.refused),
        ]
    }
}

/// All rows of some.
pub fn sum(rows: &[(usize, u64)]) -> u64 {
    rows.iter().map(|(_, rows)| rows).sum()
}
