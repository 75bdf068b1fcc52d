//! Order numbers: 63 bits that sort by time and carry the shard of their buyer.
//!
//! `tick 39 | node 12 | counter 4 | gene 8`. A tick is 1/256 s since 2024-01-01T00:00:00Z; the fine
//! tick keeps rows written together next to each other in every table clustered by id, and an epoch
//! of our own lasts until 2092. The counter counts per (tick, node, gene).

use crate::Time;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// 2024-01-01T00:00:00Z in milliseconds since 1970.
pub const EPOCH_MS: i64 = 1_704_067_200_000;
const NODE_BITS: u32 = 12;
const COUNTER_BITS: u32 = 4;
const GENE_BITS: u32 = 8;
const TICK_SHIFT: u32 = NODE_BITS + COUNTER_BITS + GENE_BITS;
const COUNTERS: u8 = 1 << COUNTER_BITS;
/// The largest node number an id can carry.
pub const NODE_MAX: u16 = (1 << NODE_BITS) - 1;

/// The number of an order at any level, or of a fact inside it. Positive; a string in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub i64);

impl Id {
    /// The shard this id and its buyer lead to.
    pub const fn gene(self) -> Gene {
        Gene((self.0 & 0xff) as u8)
    }

    /// The tick (1/256 s since the epoch) at which it was given, or a little ahead of it.
    pub const fn tick(self) -> i64 {
        self.0 >> TICK_SHIFT
    }

    /// The largest id that is given at `at`, by a clock that numbers do not run ahead of.
    pub fn newest_at(at: Time) -> Self {
        let tick = at.0.saturating_sub(EPOCH_MS).max(0).saturating_mul(256) / 1000;
        Self((tick.min(i64::MAX >> TICK_SHIFT) << TICK_SHIFT) | ((1 << TICK_SHIFT) - 1))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What was given is not the number of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is a positive whole number of at most 19 digits, written as a string")]
pub struct NotAnId;

impl FromStr for Id {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NotAnId);
        }
        text.parse().ok().filter(|&n: &i64| n > 0).map(Self).ok_or(NotAnId)
    }
}

impl Serialize for Id {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// One of 256 shards: a hash of the buyer, or of the external id or client token where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Gene(pub u8);

impl Gene {
    /// The gene of `owner`: FNV-1a folded to eight bits, fixed for ever since it is part of every id.
    pub fn of(owner: &str) -> Self {
        let hash = owner.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let folded = hash ^ (hash >> 32);
        let folded = folded ^ (folded >> 16);
        Self((folded ^ (folded >> 8)) as u8)
    }
}

/// Gives ids for one node. It never waits: where a tick is used up it runs ahead of the clock.
///
/// Whoever owns it stores [`IdSource::mark`] before an id leaves the process and starts the next one
/// from there, so neither a restart nor a clock stepping back repeats an id.
#[derive(Debug, Clone)]
pub struct IdSource {
    node: u16,
    tick: i64,
    used: [u8; 256],
}

impl IdSource {
    /// A source for `node` that gives nothing at or before the tick `mark`.
    pub const fn new(node: u16, mark: i64) -> Self {
        assert!(node <= NODE_MAX, "a node number has 12 bits");
        Self { node, tick: mark + 1, used: [0; 256] }
    }

    /// The next id of `gene` at `now`.
    pub fn next(&mut self, now: Time, gene: Gene) -> Id {
        let clock = (now.0 - EPOCH_MS).max(0) * 256 / 1000;
        if clock > self.tick {
            self.advance(clock);
        }
        if self.used[usize::from(gene.0)] == COUNTERS {
            self.advance(self.tick + 1);
        }
        let counter = &mut self.used[usize::from(gene.0)];
        let id = self.tick << TICK_SHIFT
            | i64::from(self.node) << (COUNTER_BITS + GENE_BITS)
            | i64::from(*counter) << GENE_BITS
            | i64::from(gene.0);
        *counter += 1;
        Id(id)
    }

    /// The last tick from which ids may have been given.
    pub const fn mark(&self) -> i64 {
        self.tick
    }

    fn advance(&mut self, tick: i64) {
        self.tick = tick;
        self.used = [0; 256];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Time = Time(EPOCH_MS + 12 * 3_600_000);

    #[test]
    fn ids_of_one_source_rise_and_never_repeat_even_when_the_clock_steps_back() {
        let mut source = IdSource::new(7, 0);
        let mut last = Id(0);
        for step in 0..2000 {
            let now = Time(NOON.0 + [0, 3, -5000][step % 3]);
            let id = source.next(now, Gene(9));
            assert!(id > last, "{id} after {last}");
            assert_eq!(id.gene(), Gene(9));
            last = id;
        }
    }

    #[test]
    fn a_source_that_starts_from_its_mark_repeats_nothing() {
        let mut first = IdSource::new(7, 0);
        let given = (0..100).map(|_| first.next(NOON, Gene(1))).max().expect("a hundred");
        let mut second = IdSource::new(7, first.mark());
        assert!(second.next(Time(0), Gene(1)) > given);
    }

    #[test]
    fn sources_of_two_nodes_never_meet() {
        let (mut one, mut two) = (IdSource::new(1, 0), IdSource::new(2, 0));
        let ids: std::collections::BTreeSet<Id> =
            (0..50).flat_map(|_| [one.next(NOON, Gene(3)), two.next(NOON, Gene(3))]).collect();
        assert_eq!(ids.len(), 100);
    }

    #[test]
    fn an_id_is_positive_and_a_string_in_json() {
        let id = IdSource::new(NODE_MAX, 0).next(NOON, Gene(255));
        assert!(id.0 > 0);
        let json = serde_json::to_string(&id).expect("it serialises");
        assert_eq!(json, format!("\"{id}\""));
        assert_eq!(serde_json::from_str::<Id>(&json).expect("it reads"), id);
        for wrong in ["", "0", "-1", "1.0", "9223372036854775808", "x"] {
            assert_eq!(wrong.parse::<Id>(), Err(NotAnId), "{wrong}");
        }
    }

    #[test]
    fn a_buyer_always_has_the_same_gene() {
        // Part of every id ever given: these may never change.
        assert_eq!((Gene::of("1001"), Gene::of("")), (Gene(255), Gene(225)));
        let all: std::collections::BTreeSet<u8> =
            (0..5000).map(|buyer| Gene::of(&buyer.to_string()).0).collect();
        assert_eq!(all.len(), 256, "buyers spread over every shard");
    }
}
