//! Who is connected: how many may be, what each waits for and for how long, and who gives way when more come.
//!
//! A connection that waits for its client (idle, half a head, half a body, an answer that is not taken) ends by a time
//! of its own. Where as many are open as may be, the one that has waited longest gives way to whoever comes; where all
//! are at work, whoever comes is told so at once, and only probes are answered.

mod seat;
#[cfg(test)]
mod tests;
mod watched;

pub use seat::Seat;
pub use watched::Watched;

use seat::Standing;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// What may be set about connections.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How many may be open; [`SPARE`] more are taken, to be told that there are too many.
    pub connections: usize,
    /// How long a client may take over the head of a request, from its first byte on.
    pub head_time: Duration,
    /// How long a connection may be idle between requests.
    pub idle_time: Duration,
    /// How long a client may take nothing of an answer.
    pub answer_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            head_time: Duration::from_secs(10),
            idle_time: Duration::from_mins(1),
            answer_time: Duration::from_secs(30),
        }
    }
}

/// Connections beyond those that may be open, for a short answer each.
pub const SPARE: usize = 64;
/// How long a connection is left in peace before it may have to give way.
const PEACE: Duration = Duration::from_secs(1);
/// How long after one look in vain for who could give way another is worth its cost.
const LOOK_PAUSE: Duration = Duration::from_millis(50);
/// How often it is told that connections give way or are refused.
const TELL_PAUSE: Duration = Duration::from_mins(1);

/// All connections of a listener.
#[derive(Debug)]
pub struct Seats {
    limits: Limits,
    start: Instant,
    /// Connections that are open, those that are about to end among them.
    sockets: Arc<Semaphore>,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    seats: HashMap<u64, Arc<Seat>>,
    next: u64,
    /// Who may have to give way, longest waiting first, and since when each waited.
    waiting: VecDeque<(u64, u64)>,
    looked_in_vain: Option<Instant>,
    told: Option<Instant>,
}

/// A connection in its seat, until it is dropped.
#[derive(Debug)]
pub struct Seated {
    /// The seat.
    pub seat: Arc<Seat>,
    id: u64,
    seats: Arc<Seats>,
    _socket: OwnedSemaphorePermit,
}

impl Drop for Seated {
    fn drop(&mut self) {
        self.seats.taken().seats.remove(&self.id);
    }
}

impl Seats {
    /// None taken yet.
    pub fn of(limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            sockets: Arc::new(Semaphore::new(limits.connections + SPARE)),
            limits,
            start: Instant::now(),
            taken: Mutex::default(),
        })
    }

    /// What is set about them.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until another connection may be open at all.
    pub async fn socket(&self) -> OwnedSemaphorePermit {
        loop {
            if let Ok(socket) = Arc::clone(&self.sockets).try_acquire_owned() {
                return socket;
            }
            self.taken().give_way(Duration::ZERO, Instant::now());
            // Where nobody could give way then, somebody may in a moment.
            let freed = Arc::clone(&self.sockets).acquire_owned();
            if let Ok(freed) = tokio::time::timeout(LOOK_PAUSE, freed).await {
                return freed.expect("nobody closes it");
            }
        }
    }

    /// Seats a connection; where none is free, the one that has waited longest gives way.
    pub fn seat(self: &Arc<Self>, socket: OwnedSemaphorePermit, now: Instant) -> Seated {
        let mut taken = self.taken();
        let mut standing = Standing::Seated;
        if taken.seats.len() >= self.limits.connections {
            let gave_way = taken.give_way(PEACE, now);
            if !gave_way {
                standing = Standing::Spare;
            }
            taken.tell(self.limits.connections, standing, now);
        }
        let seat = Arc::new(Seat::new(self.start, standing, now));
        let id = taken.next;
        taken.next += 1;
        taken.seats.insert(id, Arc::clone(&seat));
        Seated { seat, id, seats: Arc::clone(self), _socket: socket }
    }
}

impl Taken {
    /// Has the connection give way that has waited longest, if one has for so long.
    fn give_way(&mut self, peace: Duration, now: Instant) -> bool {
        let lately = self.looked_in_vain.is_some_and(|at| now - at < LOOK_PAUSE);
        if self.waiting.is_empty() && !(lately && peace > Duration::ZERO) {
            self.look_who_waits(now);
        }
        while let Some((id, since)) = self.waiting.pop_front() {
            let Some(seat) = self.seats.get(&id) else { continue };
            if seat.waits_since() != Some(since) {
                continue;
            }
            if seat.at(now) - since < peace.as_millis() as u64 {
                // All behind it wait for less.
                self.waiting.clear();
                self.looked_in_vain = Some(now);
                return false;
            }
            seat.give_way();
            self.seats.remove(&id);
            return true;
        }
        false
    }

    /// Looks through all of them; what is found is good for as many that come.
    fn look_who_waits(&mut self, now: Instant) {
        let waits = |(id, seat): (&u64, &Arc<Seat>)| Some((*id, seat.waits_since()?));
        let mut waiting: Vec<_> = self.seats.iter().filter_map(waits).collect();
        waiting.sort_unstable_by_key(|(_, since)| *since);
        self.looked_in_vain = waiting.is_empty().then_some(now);
        self.waiting = waiting.into();
    }

    fn tell(&mut self, connections: usize, standing: Standing, now: Instant) {
        if self.told.is_some_and(|at| now - at < TELL_PAUSE) {
            return;
        }
        self.told = Some(now);
        match standing {
            Standing::Seated => tracing::warn!(
                connections,
                "as many connections are open as may be: those that wait longest give way"
            ),
            Standing::Spare => tracing::warn!(
                connections,
                "as many connections are open as may be, all at work: others are answered 503"
            ),
        }
    }
}
