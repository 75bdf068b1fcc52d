//! How often a marketplace is asked, and whose turn it is. Two parts that know nothing of each other: a [`Pace`] gives
//! the moments, [`Turns`] says for whom. Where several processes share a limit, the moments come from where they all ask;
//! the turns stay with each process.
//!
//! State machines over times that are given; whoever waits does so elsewhere.

use super::capabilities::Limit;
use docket_domain::Time;
use docket_domain::time::Millis;
use std::collections::{BTreeMap, VecDeque};

/// By how much longer than needed the pause between two calls is, in hundredths: what is sent evenly does not arrive so,
/// and a call that took 40 ms less than the one before it must not be one too many.
const SLACK: Millis = 3;

/// Moments at which calls may be sent: evenly spaced and without any burst, so that no stretch of the length of the limit,
/// wherever it begins, has more calls than it allows.
///
/// A bucket of tokens would not do: one that is full lets a burst through on top of what flows in, and the stretch around
/// it has nearly twice as many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    limit: Limit,
    /// How many processes share the limit without speaking to each other.
    processes: u32,
    free_at: Time,
}

impl Pace {
    /// The pace of a limit that one process has for itself.
    pub const fn new(limit: Limit) -> Self {
        Self { limit, processes: 1, free_at: Time(i64::MIN) }
    }

    /// From now on so many processes each take their part.
    pub fn share_among(&mut self, processes: u32) {
        self.processes = processes.max(1);
    }

    /// The pause from one call to the next, in milliseconds. A part is a whole number of calls, since nobody knows when
    /// the others send theirs; where there are more processes than calls, it is the best that can be done apart.
    pub fn pause(&self) -> Millis {
        let (calls, processes) = (self.limit.calls.max(1), self.processes);
        let (part, turns) = ((calls / processes).max(1), processes.div_ceil(calls));
        let hundredths = 100 * i64::from(part);
        // Rounded up: so many pauses and the slack are longer than the stretch.
        let pause = (self.limit.per * (100 + SLACK) + hundredths - 1) / hundredths;
        pause * i64::from(turns)
    }

    /// The pause where one process has the limit for itself, or all of them ask one place for moments.
    pub fn alone(&self) -> Millis {
        Self { processes: 1, ..self.clone() }.pause()
    }

    /// Until when there is no moment, where that is told.
    pub const fn held(&self) -> Option<Time> {
        if self.free_at.0 == i64::MIN { None } else { Some(self.free_at) }
    }

    /// Takes a moment at `now`, by a clock that never goes back; or says when there will be one.
    pub fn take(&mut self, now: Time) -> Result<(), Time> {
        if now < self.free_at {
            return Err(self.free_at);
        }
        self.free_at = now.plus(self.pause());
        Ok(())
    }

    /// No call before this: the marketplace asked for time.
    pub fn hold(&mut self, until: Time) {
        self.free_at = self.free_at.max(until);
    }
}

/// What a call is for. What is fresh goes first, but none waits for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Lists of what changed, and what a push told of: people wait for it.
    Fresh,
    /// Package numbers and amounts of orders that are known.
    Enrich,
    /// Full passes, which have the whole night.
    Full,
}

impl Purpose {
    const ALL: [Self; 3] = [Self::Fresh, Self::Enrich, Self::Full];

    /// How far a turn carries it on: where all wait, six of ten turns are for what is fresh, three for packages and one
    /// for full passes.
    const fn stride(self) -> u64 {
        match self {
            Self::Fresh => 10,
            Self::Enrich => 20,
            Self::Full => 60,
        }
    }
}

/// Who waits for a moment, by purpose and shop: purposes by their weight, shops of a purpose in turns, each shop's calls as
/// they came.
#[derive(Debug)]
pub struct Turns<S, T> {
    queues: [Queue<S, T>; 3],
    /// How far the purpose is that had the last turn; one that comes back from idling begins here, not behind all others.
    reached: u64,
}

#[derive(Debug)]
struct Queue<S, T> {
    /// How far it is.
    at: u64,
    /// Shops that wait, the next one first.
    shops: VecDeque<S>,
    waiting: BTreeMap<S, VecDeque<T>>,
}

impl<S: Ord + Clone, T> Turns<S, T> {
    /// Nobody waits.
    pub fn new() -> Self {
        Self { queues: Purpose::ALL.map(|_| Queue::new()), reached: 0 }
    }

    /// Somebody waits.
    pub fn wait(&mut self, purpose: Purpose, shop: S, call: T) {
        let queue = &mut self.queues[purpose as usize];
        if queue.shops.is_empty() {
            queue.at = queue.at.max(self.reached);
        }
        let calls = queue.waiting.entry(shop.clone()).or_default();
        if calls.is_empty() {
            queue.shops.push_back(shop);
        }
        calls.push_back(call);
    }

    /// Whose turn it is, and which call.
    pub fn turn(&mut self) -> Option<(Purpose, S, T)> {
        let waiting = |purpose: &Purpose| !self.queues[*purpose as usize].shops.is_empty();
        let purpose = Purpose::ALL
            .into_iter()
            .filter(waiting)
            .min_by_key(|purpose| (self.queues[*purpose as usize].at, *purpose))?;
        let queue = &mut self.queues[purpose as usize];
        self.reached = queue.at;
        queue.at += purpose.stride();
        let (shop, call) = queue.next()?;
        Some((purpose, shop, call))
    }

    /// How many calls wait.
    pub fn len(&self) -> usize {
        let calls = |queue: &Queue<S, T>| queue.waiting.values().map(VecDeque::len).sum::<usize>();
        self.queues.iter().map(calls).sum()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.queues.iter().all(|queue| queue.shops.is_empty())
    }
}

impl<S: Ord + Clone, T> Default for Turns<S, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Ord + Clone, T> Queue<S, T> {
    const fn new() -> Self {
        Self { at: 0, shops: VecDeque::new(), waiting: BTreeMap::new() }
    }

    fn next(&mut self) -> Option<(S, T)> {
        let shop = self.shops.pop_front()?;
        let calls = self.waiting.get_mut(&shop)?;
        let call = calls.pop_front()?;
        if calls.is_empty() {
            self.waiting.remove(&shop);
        } else {
            self.shops.push_back(shop.clone());
        }
        Some((shop, call))
    }
}
