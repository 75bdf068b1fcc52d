//! Who is connected: how many may be, what each waits for and for how long, and who gives way when more come.
//!
//! A connection that waits for its client (idle, half a head, half a body, an answer that is not taken) ends by a time
//! of its own. Where as many are open as may be, the one that has waited longest gives way to whoever comes; where all
//! are at work, whoever comes is told so at once, and only probes are answered.

use axum::http::Uri;
use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use std::{fmt, io};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
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
/// How long a client may go on sending what nobody reads after its answer, so that it can take the answer.
const LINGER_TIME: Duration = Duration::from_secs(2);
/// The most it may send meanwhile.
const LINGER_MAX: usize = 16 << 20;

/// What a connection is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Phase {
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
enum Standing {
    Seated,
    /// One too many: it has a short answer and no more.
    Spare,
}

impl Seat {
    fn new(start: Instant, standing: Standing, now: Instant) -> Self {
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
    fn at(&self, now: Instant) -> u64 {
        1 + (now - self.start).as_millis() as u64
    }

    fn enter(&self, phase: Phase, now: Instant) {
        self.since.store(self.at(now), Relaxed);
        self.phase.store(phase as u8, Relaxed);
    }

    fn is(&self, phase: Phase) -> bool {
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

    fn heard(&self) {
        if self.is(Phase::Idle) {
            self.enter(Phase::Head, Instant::now());
        }
    }

    fn took(&self, polled: &Poll<io::Result<usize>>) {
        match polled {
            Poll::Pending if self.stuck.load(Relaxed) == 0 => self.is_stuck(Instant::now()),
            Poll::Ready(Ok(1..)) if self.stuck.load(Relaxed) != 0 => self.stuck.store(0, Relaxed),
            _ => {}
        }
    }

    fn is_stuck(&self, now: Instant) {
        self.stuck.store(self.at(now), Relaxed);
    }

    /// Since when it waits for its client; none while we are at work.
    fn waits_since(&self) -> Option<u64> {
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
            seat.give_way.notify_one();
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

/// A stream whose seat knows what it waits for, and which its client may go on sending to for a while after the end.
pub struct Watched<S> {
    stream: S,
    seat: Arc<Seat>,
    thrown_away: Option<usize>,
}

impl<S> Watched<S> {
    /// Watches `stream`.
    pub const fn on(stream: S, seat: Arc<Seat>) -> Self {
        Self { stream, seat, thrown_away: None }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (this, before) = (self.get_mut(), buffer.filled().len());
        let polled = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if polled.is_ready() && buffer.filled().len() > before {
            this.seat.heard();
        }
        polled
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.seat.took(&polled);
        polled
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        this.seat.took(&polled);
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    /// Ends our side. A client that is still sending would lose its answer if the other side ended as well: what it
    /// sends is thrown away for a while.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.thrown_away.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
            this.seat.enter(Phase::Linger, Instant::now());
        }
        let thrown_away = this.thrown_away.get_or_insert(0);
        while this.seat.lingers.load(Relaxed) && *thrown_away < LINGER_MAX {
            let mut room = [0; 8 << 10];
            let mut buffer = ReadBuf::new(&mut room);
            match ready!(Pin::new(&mut this.stream).poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => *thrown_away += buffer.filled().len(),
                _ => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seats(connections: usize) -> Arc<Seats> {
        Seats::of(Limits { connections, ..Limits::default() })
    }

    /// Somebody comes some seconds after the start.
    async fn come(seats: &Arc<Seats>, seconds: u64) -> Seated {
        let socket = seats.socket().await;
        seats.seat(socket, seats.start + Duration::from_secs(seconds))
    }

    async fn gives_way(seated: &Seated) -> bool {
        tokio::time::timeout(Duration::from_millis(1), seated.seat.has_to_give_way()).await.is_ok()
    }

    #[tokio::test]
    async fn the_connection_that_has_waited_longest_gives_way() {
        let seats = seats(3);
        let (first, second, third) =
            (come(&seats, 0).await, come(&seats, 0).await, come(&seats, 0).await);
        first.seat.works();
        third.seat.enter(Phase::Idle, seats.start + Duration::from_secs(2));
        let fourth = come(&seats, 4).await;
        assert!(!fourth.seat.is_spare());
        assert!(gives_way(&second).await);
        assert!(!gives_way(&third).await && !gives_way(&first).await);
    }

    #[tokio::test]
    async fn an_answer_that_is_not_taken_and_half_a_body_give_way_too() {
        let seats = seats(2);
        let (first, second) = (come(&seats, 0).await, come(&seats, 0).await);
        first.seat.works();
        first.seat.is_stuck(seats.start);
        second.seat.works();
        second.seat.enter(Phase::Body, seats.start + Duration::from_secs(1));
        let third = come(&seats, 4).await;
        assert!(gives_way(&first).await && !gives_way(&second).await);
        third.seat.works();
        come(&seats, 4).await;
        assert!(gives_way(&second).await);
    }

    #[tokio::test]
    async fn whoever_has_come_just_now_is_left_in_peace() {
        let seats = seats(1);
        let first = come(&seats, 0).await;
        let second = come(&seats, 0).await;
        assert!(second.seat.is_spare() && !gives_way(&first).await);
    }

    #[tokio::test]
    async fn where_all_are_at_work_one_more_is_told_so_and_may_ask_whether_we_live() {
        let seats = seats(2);
        let busy = [come(&seats, 0).await, come(&seats, 0).await];
        for seated in &busy {
            seated.seat.works();
        }
        let spare = come(&seats, 4).await;
        assert!(spare.seat.turns_away(&Uri::from_static("/api/orders")));
        assert!(!spare.seat.turns_away(&Uri::from_static("/livez")));
        for seated in &busy {
            assert!(!gives_way(seated).await);
        }
    }

    #[tokio::test]
    async fn no_more_sockets_are_open_than_may_be_whatever_comes() {
        let seats = seats(2);
        let mut open = Vec::new();
        for _ in 0..2 + SPARE {
            let seated = come(&seats, 0).await;
            seated.seat.works();
            open.push(seated);
        }
        assert_eq!(seats.sockets.available_permits(), 0);
        assert_eq!(seats.taken().seats.len(), 2 + SPARE);
        open.pop();
        come(&seats, 0).await;
    }

    #[tokio::test]
    async fn a_waiting_connection_gives_way_to_a_socket_where_all_are_taken() {
        let seats = seats(1);
        let mut open = Vec::new();
        for _ in 0..1 + SPARE {
            open.push(come(&seats, 0).await);
        }
        open[3].seat.works();
        let wanted = seats.socket();
        let mut wanted = std::pin::pin!(wanted);
        // Whoever asks makes one go, and has its socket once it has gone.
        assert!(tokio::time::timeout(Duration::from_millis(1), wanted.as_mut()).await.is_err());
        let mut gone = None;
        for (index, seated) in open.iter().enumerate() {
            if gives_way(seated).await {
                assert_eq!(gone.replace(index), None);
            }
        }
        open.remove(gone.expect("one gives way"));
        drop(wanted.await);
    }

    #[tokio::test]
    async fn whatever_a_client_keeps_waiting_ends_by_a_time_of_its_own() {
        let (seats, limits) = (seats(1), Limits::default());
        let seated = come(&seats, 0).await;
        let (seat, start) = (&seated.seat, seats.start);
        let ends = |what: &str| {
            let mut now = start;
            loop {
                match seat.look(&limits, now) {
                    Err(late) => return (late, (now - start).as_secs()),
                    Ok(next) => now = next,
                }
                assert!(now - start < Duration::from_hours(1), "{what} never ends");
            }
        };
        assert_eq!(ends("one that says nothing"), (Late::Head, 10));
        seat.enter(Phase::Idle, start);
        assert_eq!(ends("an idle one"), (Late::Idle, 60));
        seat.heard();
        assert!(seat.is(Phase::Head));
        seat.works();
        seat.is_stuck(start);
        assert_eq!(ends("an answer that is not taken"), (Late::Answer, 30));
        seat.took(&Poll::Ready(Ok(1)));
        seat.enter(Phase::Linger, start);
        assert_eq!(ends("a long goodbye"), (Late::Linger, 2));
        seat.works();
        assert!(seat.look(&limits, start + Duration::from_hours(1)).is_ok(), "we are at work");
    }
}
