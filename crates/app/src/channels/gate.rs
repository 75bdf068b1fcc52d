//! How often a marketplace is asked: whoever wants to ask waits for a moment and for its turn. Moments are evenly spaced and
//! shared by all processes, through Redis where there is one; else each takes its part of what all may. While some of them
//! may not know yet that Redis went away or came back, who knows of either keeps to both.

use crate::App;
use docket_connectors::channel::{Limit, Pace, Purpose, Turns};
use docket_domain::time::{MINUTE, Millis, SECOND};
use docket_domain::{Id, Time};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// How often it is looked how many processes there are. So long a new one waits: the others know of it then.
const COUNT: Millis = SECOND;
/// How long a Redis is not asked that did not answer.
const AWAY: Millis = 5 * SECOND;
/// After so long without a failure every process has heard again from a Redis that came back.
const APART: Millis = 3 * AWAY;

/// Who shares a limit: an app at an address.
pub(super) type Sharers = (String, String);

/// The gates of all marketplaces.
#[derive(Default)]
pub(super) struct Gates(Mutex<BTreeMap<Sharers, Arc<Gate>>>);

/// The gate of those who share one limit.
pub(super) struct Gate {
    name: String,
    began: Instant,
    state: Mutex<State>,
}

struct State {
    pace: Pace,
    turns: Turns<Id, oneshot::Sender<()>>,
    /// Whether somebody hands out moments.
    is_open: bool,
    /// Until when Redis is not asked: it did not answer.
    redis_away_until: Time,
    /// Until when this process keeps to its part, whatever Redis says.
    apart_until: Time,
    /// When it was last looked how many processes there are.
    counted_at: Option<Time>,
    /// Calls that had to wait, and how long in all, in milliseconds.
    waited: (u64, u64),
}

/// How much was waited at a gate by this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateFigure {
    /// The address that is asked.
    pub address: String,
    /// The app that asks.
    pub app_key: String,
    /// Calls that went through.
    pub calls: u64,
    /// How long they waited in all, in milliseconds.
    pub waited: u64,
    /// Calls that wait now.
    pub waiting: u64,
}

impl Gates {
    /// The gate of `sharers`.
    pub fn of(&self, sharers: Sharers, limit: Limit) -> Arc<Gate> {
        let mut gates = self.0.lock().expect("nothing panics while it holds the gates");
        let name = format!("{} {}", sharers.0, sharers.1);
        let made = || {
            Arc::new(Gate {
                name,
                began: Instant::now(),
                state: Mutex::new(State {
                    pace: Pace::new(limit),
                    turns: Turns::new(),
                    is_open: false,
                    redis_away_until: Time(0),
                    apart_until: Time(0),
                    counted_at: None,
                    waited: (0, 0),
                }),
            })
        };
        Arc::clone(gates.entry(sharers).or_insert_with(made))
    }

    fn figures(&self) -> Vec<GateFigure> {
        let gates = self.0.lock().expect("nothing panics while it holds the gates");
        let figure = |((address, app_key), gate): (&Sharers, &Arc<Gate>)| {
            let state = gate.state();
            let (calls, waited) = state.waited;
            let waiting = state.turns.len() as u64;
            GateFigure {
                address: address.clone(),
                app_key: app_key.clone(),
                calls,
                waited,
                waiting,
            }
        };
        gates.iter().map(figure).collect()
    }
}

impl Gate {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds a gate")
    }

    /// No call for so long, in milliseconds: the marketplace asked for time.
    pub fn hold_for(&self, pause: Millis) {
        self.state().pace.hold(self.now().plus(pause));
    }

    /// For how long no call is sent yet because the marketplace asked for time, in milliseconds; none where it did not.
    pub fn held_for(&self) -> Option<Millis> {
        let state = self.state();
        let left = state.pace.held()?.since(self.now());
        // Calls of one app have a pause between them anyway.
        (left > 2 * state.pace.alone()).then_some(left)
    }

    /// The time since the gate was made: whoever sets the clock holds nobody up.
    fn now(&self) -> Time {
        Time(self.began.elapsed().as_millis() as i64)
    }
}

impl App {
    /// Waits until a call of `shop` may be sent.
    pub(super) async fn pass(&self, gate: &Arc<Gate>, purpose: Purpose, shop: Id) {
        let (turn, comes) = oneshot::channel();
        let began = gate.now();
        {
            let mut state = gate.state();
            state.turns.wait(purpose, shop, turn);
            if !std::mem::replace(&mut state.is_open, true) {
                let (app, gate) = (self.clone(), Arc::clone(gate));
                self.inner.background.spawn(async move { app.hand_out(&gate).await });
            }
        }
        // Whoever hands out turns goes on until nobody waits; where it ends with the center, so does this.
        let _ = comes.await;
        let mut state = gate.state();
        state.waited.0 += 1;
        state.waited.1 += gate.now().since(began).max(0) as u64;
    }

    /// Hands out moments for as long as anybody waits.
    async fn hand_out(&self, gate: &Gate) {
        let stop = self.inner.background.stopping();
        loop {
            self.moment(gate).await;
            loop {
                let mut state = gate.state();
                let Some((_, _, turn)) = state.turns.turn() else {
                    state.is_open = false;
                    return;
                };
                drop(state);
                // Who waits no more does not use the moment up.
                if turn.send(()).is_ok() {
                    break;
                }
            }
            if stop.is_cancelled() {
                // Those who wait are let go: they end with the center.
                let mut state = gate.state();
                while state.turns.turn().is_some() {}
                state.is_open = false;
                return;
            }
        }
    }

    /// Waits for the next moment.
    async fn moment(&self, gate: &Gate) {
        let is_apart = self.redis().is_none() || gate.now() < gate.state().apart_until;
        if is_apart {
            self.own_moment(gate).await;
        }
        match self.reserved(gate, is_apart).await {
            Some(wait) => tokio::time::sleep(wait).await,
            None if is_apart => {}
            None => self.own_moment(gate).await,
        }
    }

    /// Waits for the next moment of the part of this process.
    async fn own_moment(&self, gate: &Gate) {
        self.share(gate).await;
        loop {
            let taken = gate.state().pace.take(gate.now());
            match taken {
                Ok(()) => return,
                Err(until) => {
                    let wait = until.since(gate.now()).clamp(1, MINUTE) as u64;
                    tokio::time::sleep(Duration::from_millis(wait)).await;
                }
            }
        }
    }

    /// How long to wait for the next moment of all processes; nothing where no Redis says so.
    async fn reserved(&self, gate: &Gate, is_apart: bool) -> Option<Duration> {
        let redis = self.redis()?;
        let pause = {
            let state = gate.state();
            (gate.now() >= state.redis_away_until).then(|| state.pace.alone())?
        };
        let reserved = redis.reserve(&gate.name, pause).await;
        let (mut state, now) = (gate.state(), gate.now());
        let Ok(wait) = reserved else {
            if !is_apart {
                // What all of them sent in the second before counts as well.
                state.pace.hold(now.plus(SECOND));
            }
            state.redis_away_until = now.plus(AWAY);
            state.apart_until = now.plus(APART);
            return None;
        };
        if is_apart {
            return Some(wait);
        }
        let held = state.pace.held().map_or(0, |until| until.since(now).clamp(0, MINUTE));
        let wait = wait.max(Duration::from_millis(held as u64));
        // Where Redis goes away, its last moment counts here too.
        state.pace.hold(now.plus(wait.as_millis() as i64 + pause));
        Some(wait)
    }

    /// Looks from time to time how many processes share the limit.
    async fn share(&self, gate: &Gate) {
        let now = gate.now();
        let is_first = {
            let mut state = gate.state();
            if state.counted_at.is_some_and(|at| now.since(at) < COUNT) {
                return;
            }
            state.counted_at.replace(now).is_none()
        };
        if let Ok(processes) = self.store().live_nodes(self.now()).await {
            let mut state = gate.state();
            state.pace.share_among(processes);
            if is_first && processes > 1 {
                state.pace.hold(now.plus(COUNT));
            }
        }
    }

    /// How much was waited at gates of marketplaces by this process.
    pub fn gate_figures(&self) -> Vec<GateFigure> {
        self.inner.channels.gates.figures()
    }
}
