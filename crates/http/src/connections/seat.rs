//! One connection: what it waits for, since when, and when that has been for too long. Whoever changes it says so as it
//! happens; nothing here looks at a stream.

use super::Limits;
use axum::http::Uri;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::task::Poll;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// How long a client may go on sending what nobody reads after its answer, so that it can take the answer.
const LINGER_TIME: Duration = Duration::from_secs(2);

/// What a connection is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// It waits for a request.
    Idle,
    /// A request has begun to come.
    Head,
    /// The body of a request is waited for.
    Body,
    /// We are at work.
    Work,
    /// All is said; the client still sends.
    Linger,
}

/// One connection, as all others see it. Only its own task changes it.
#[derive(Debug)]
pub struct Seat {
    start: Instant,
    phase: AtomicU8,
    /// Since when, in milliseconds from `start` on.
    since: AtomicU64,
    /// Since when the client takes nothing of what is written to it; 0 while it does.
    stuck: AtomicU64,
    lingers: AtomicBool,
    standing: Standing,
    give_way: Notify,
}

/// Whether a connection is one of those that may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Seated,
    /// One too many: it has a short answer and no more.
    Spare,
}

impl Seat {
    /// A connection that came just now.
    pub fn new(start: Instant, standing: Standing, now: Instant) -> Self {
        let seat = Self {
            start,
            phase: AtomicU8::new(0),
            since: AtomicU64::new(0),
            stuck: AtomicU64::new(0),
            lingers: AtomicBool::new(false),
            standing,
            give_way: Notify::new(),
        };
        // Who connects has something to ask.
        seat.enter(Phase::Head, now);
        seat
    }

    /// Milliseconds from the start of the listener on; never 0.
    pub fn at(&self, now: Instant) -> u64 {
        1 + (now - self.start).as_millis() as u64
    }

    /// It is about `phase` from now on.
    pub fn enter(&self, phase: Phase, now: Instant) {
        self.since.store(self.at(now), Relaxed);
        self.phase.store(phase as u8, Relaxed);
    }

    /// Whether it is about `phase`.
    pub fn is(&self, phase: Phase) -> bool {
        self.phase.load(Relaxed) == phase as u8
    }

    /// A request is there.
    pub fn works(&self) {
        self.phase.store(Phase::Work as u8, Relaxed);
    }

    /// More of the body of a request must come first.
    pub fn waits_for_body(&self) {
        if !self.is(Phase::Body) {
            self.enter(Phase::Body, Instant::now());
        }
    }

    /// The request is answered.
    pub fn rests(&self) {
        self.enter(Phase::Idle, Instant::now());
    }

    /// After this answer the client may still be sending.
    pub fn will_linger(&self) {
        self.lingers.store(true, Relaxed);
    }

    /// Whether this is one connection too many, and `uri` nothing that is answered even so.
    pub fn turns_away(&self, uri: &Uri) -> bool {
        self.is_spare() && uri.path() != "/livez"
    }

    /// Whether this is one connection too many.
    pub fn is_spare(&self) -> bool {
        self.standing == Standing::Spare
    }

    /// Something was read.
    pub fn heard(&self) {
        if self.is(Phase::Idle) {
            self.enter(Phase::Head, Instant::now());
        }
    }

    /// How writing to it went.
    pub fn took(&self, polled: &Poll<io::Result<usize>>) {
        match polled {
            Poll::Pending if self.stuck.load(Relaxed) == 0 => self.is_stuck(Instant::now()),
            Poll::Ready(Ok(1..)) if self.stuck.load(Relaxed) != 0 => self.stuck.store(0, Relaxed),
            _ => {}
        }
    }

    /// Its client takes nothing from now on.
    pub fn is_stuck(&self, now: Instant) {
        self.stuck.store(self.at(now), Relaxed);
    }

    /// Since when it waits for its client; none while we are at work.
    pub fn waits_since(&self) -> Option<u64> {
        match self.stuck.load(Relaxed) {
            0 if self.is(Phase::Work) => None,
            0 => Some(self.since.load(Relaxed)),
            since => Some(since),
        }
    }

    /// When it has waited for its client for too long, and of what.
    fn end(&self, limits: &Limits) -> Option<(Instant, Late)> {
        let at = |since: u64, time| self.start + Duration::from_millis(since - 1) + time;
        let stuck = self.stuck.load(Relaxed);
        if stuck != 0 {
            return Some((at(stuck, limits.answer_time), Late::Answer));
        }
        let since = self.since.load(Relaxed);
        if self.is(Phase::Idle) {
            Some((at(since, limits.idle_time), Late::Idle))
        } else if self.is(Phase::Head) {
            Some((at(since, limits.head_time), Late::Head))
        } else if self.is(Phase::Linger) {
            Some((at(since, LINGER_TIME), Late::Linger))
        } else {
            // A body has a time of its own, which is answered.
            None
        }
    }

    /// Why it is to end now, or when to look again.
    pub fn look(&self, limits: &Limits, now: Instant) -> Result<Instant, Late> {
        // Whatever it begins to wait for after this look has not waited too long before the next.
        let times = [limits.head_time, limits.idle_time, limits.answer_time, LINGER_TIME];
        let next = now + times.into_iter().min().unwrap_or(LINGER_TIME);
        match self.end(limits) {
            Some((end, why)) if end <= now => Err(why),
            Some((end, _)) => Ok(end.min(next)),
            None => Ok(next),
        }
    }

    /// Whether its client may go on sending after the end.
    pub fn lingers(&self) -> bool {
        self.lingers.load(Relaxed)
    }

    /// Asks it to give way.
    pub fn give_way(&self) {
        self.give_way.notify_one();
    }

    /// Waits until it has to give way, and does not while we are at work.
    pub async fn has_to_give_way(&self) {
        loop {
            self.give_way.notified().await;
            if self.waits_since().is_some() {
                return;
            }
        }
    }
}

/// What a client took too long for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// Another request.
    Idle,
    /// The head of a request.
    Head,
    /// Taking an answer.
    Answer,
    /// Ending its side.
    Linger,
}

impl fmt::Display for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Idle => "it was idle",
            Self::Head => "half a request came",
            Self::Answer => "its answer was not taken",
            Self::Linger => "its client did not end it",
        })
    }
}
