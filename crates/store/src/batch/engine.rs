//! The loop of the writer's thread.

use super::queue::{Queue, Taken};
use super::{Cause, Context, Piece, Refused};
use crate::database::Connection;
use crate::database::figures::Figures;
use crate::node::Node;
use crate::tables::lane::view::Need;
use crate::tables::lane::{Key, Plan, View};
use crate::tables::tasks::Announced;
use crate::tables::{nodes, settings};
use crate::{StoreError, failpoint};
use docket_domain::{IdSource, Seat, Time};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

/// Rounds of loading after which a piece that still needs more is broken.
const ROUNDS_MAX: usize = 6;
/// Times a piece alone is decided again after a conflict.
const TRIES_MAX: usize = 8;
/// How long the writer waits before it tries a database again that was away.
const PATIENCE: Duration = Duration::from_secs(1);

type Boxed = Box<dyn Piece>;

/// What the writer spends its time on: indexes of [`Figures::nanos`].
#[derive(Clone, Copy)]
enum Phase {
    Idle,
    Load,
    Decide,
    Write,
    Commit,
}

/// What is told of tasks that were committed; nobody listens until it is set.
pub type Bell = RwLock<Option<Box<dyn Fn(&[Announced]) + Send + Sync>>>;

/// The writer.
pub struct Engine {
    pub(crate) connection: Box<dyn Connection>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) figures: Arc<Figures>,
    pub(crate) clock: Arc<dyn Fn() -> Time + Send + Sync>,
    pub(crate) node: Node,
    pub(crate) ids: IdSource,
    pub(crate) bell: Arc<Bell>,
    pub(crate) seat: Seat,
    /// Whether the last try was told to commit.
    pub(crate) committing: bool,
}

/// A piece with what became of it so far.
struct Slot {
    piece: Boxed,
    broken: Option<Refused>,
}

fn broken(message: impl Into<String>) -> Refused {
    Refused { cause: Cause::Broken, message: message.into() }
}

impl Engine {
    /// Works until the queue is closed and empty.
    pub fn run(mut self) {
        loop {
            let well = self.figures.writable.load(Relaxed);
            let began = Instant::now();
            let taken = self.queue.take((!well).then_some(PATIENCE));
            self.spent(Phase::Idle, began);
            match taken {
                Taken::Closed => {
                    self.give_node_back();
                    return self.connection.finish();
                }
                Taken::Nothing => self.recover(),
                Taken::Chore(chore) => chore(&mut *self.connection),
                Taken::Batch(pieces) => {
                    if !well {
                        self.recover();
                    }
                    self.finish(pieces);
                    self.connection.rest(&self.figures);
                }
            }
        }
    }

    fn spent(&self, phase: Phase, began: Instant) {
        let nanos = began.elapsed().as_nanos() as u64;
        self.figures.nanos[phase as usize].fetch_add(nanos, Relaxed);
    }

    /// Gives the node number back at a clean stop; where that fails its lease runs out, and its mark is somewhat ahead.
    fn give_node_back(&mut self) {
        let Node { number, holder, .. } = &self.node;
        let statement = nodes::give_back(*number, holder, self.ids.mark(), (self.clock)());
        let connection = &mut self.connection;
        let given = connection.begin().and_then(|()| connection.execute(&statement));
        if let Err(error) = given.and_then(|_| connection.commit()) {
            connection.rollback();
            tracing::debug!(%error, "the node number is not given back");
        }
    }

    /// Tries whether a database that was away takes writes again.
    fn recover(&mut self) {
        let connection = &mut self.connection;
        let mut probe = || {
            connection.reconnect()?;
            connection.begin()?;
            for statement in settings::probe() {
                connection.execute(&statement)?;
            }
            connection.commit()
        };
        match probe() {
            Ok(()) => {
                tracing::info!("the database takes writes again");
                self.figures.writable.store(true, Relaxed);
            }
            Err(error) => {
                connection.rollback();
                tracing::debug!(%error, "the database still takes no writes");
            }
        }
    }

    /// Commits `pieces`, or as many of them as can be, and answers each.
    fn finish(&mut self, pieces: Vec<Boxed>) {
        if !self.figures.writable.load(Relaxed) {
            let away = Refused {
                cause: Cause::Unavailable,
                message: "the database takes no writes now".to_owned(),
            };
            for piece in pieces {
                piece.settle(Err(away.clone()));
            }
            return;
        }
        let mut slots: Vec<_> =
            pieces.into_iter().map(|piece| Slot { piece, broken: None }).collect();
        for again in 0..TRIES_MAX {
            let error = match self.attempt(&mut slots) {
                Ok(()) => return settle(slots, None),
                Err(error) => error,
            };
            self.connection.rollback();
            self.figures.heed(&error);
            let refused = match error {
                // The connection is to a file that nobody will find again; it must not be made anew.
                error @ StoreError::Moved(_) => {
                    Refused { cause: Cause::Moved, message: error.to_string() }
                }
                StoreError::Conflict => {
                    self.figures.conflicts.fetch_add(1, Relaxed);
                    // Fresh rows heal most conflicts; after that the culprit is looked for.
                    if again == 0 || slots.len() == 1 {
                        continue;
                    }
                    return self.halve(slots);
                }
                // The server is there and took a connection at once: chance, or a statement that costs it.
                StoreError::Unavailable(why) if self.is_only_cut_off() => {
                    tracing::warn!(%why, pieces = slots.len(), "the connection of the writer was lost; it has a new one");
                    if again == 0 {
                        continue;
                    }
                    if slots.len() > 1 {
                        return self.halve(slots);
                    }
                    broken(why.to_string())
                }
                StoreError::Unavailable(why) => {
                    let message = why.to_string();
                    tracing::error!(%message, "the database takes no writes; trying again every second");
                    self.figures.writable.store(false, Relaxed);
                    Refused { cause: Cause::Unavailable, message }
                }
                error if slots.len() > 1 => {
                    tracing::warn!(%error, pieces = slots.len(), "a batch was refused; halving it");
                    return self.halve(slots);
                }
                error if error.is_damage() => {
                    Refused { cause: Cause::Damaged, message: error.to_string() }
                }
                error => broken(error.to_string()),
            };
            return settle(slots, Some(&refused));
        }
        let contended = Refused {
            cause: Cause::Contended,
            message: "others kept changing the same rows".to_owned(),
        };
        settle(slots, Some(&contended));
    }

    /// Whether the last try lost its connection and nothing else, before anything of it was to be committed: of a commit
    /// that was sent nobody knows what became of it, and nothing of that may be done again.
    fn is_only_cut_off(&mut self) -> bool {
        !self.committing && self.connection.is_lost() && self.connection.reconnect().is_ok()
    }

    fn halve(&mut self, mut slots: Vec<Slot>) {
        let second = slots.split_off(slots.len() / 2);
        for half in [slots, second] {
            self.finish(half.into_iter().map(|slot| slot.piece).collect());
        }
    }

    /// One try at one transaction for all of `slots`.
    fn attempt(&mut self, slots: &mut [Slot]) -> Result<(), StoreError> {
        let now = (self.clock)();
        let began = Instant::now();
        self.committing = false;
        self.connection.begin().map_err(no_transaction)?;
        let mut view = View::at(&self.seat);
        let known: Vec<Key> = slots.iter().flat_map(|slot| slot.piece.keys()).collect();
        view.load(known, &mut *self.connection)?;
        self.spent(Phase::Load, began);
        let began = Instant::now();
        failpoint::forget_notes();
        let mut plan = self.decide(slots, &mut view, now)?;
        self.spent(Phase::Decide, began);
        let began = Instant::now();
        let raised =
            (self.ids.mark() > self.node.mark).then(|| self.ids.mark() + nodes::MARK_AHEAD);
        if let Some(mark) = raised {
            plan.beside.statements.push(nodes::raise_mark(
                self.node.number,
                &self.node.holder,
                mark,
            ));
        }
        failpoint::reach_noted("write");
        plan.write(&view, &mut *self.connection)?;
        failpoint::reach_noted("commit");
        self.spent(Phase::Write, began);
        let began = Instant::now();
        self.committing = true;
        self.connection.commit()?;
        self.spent(Phase::Commit, began);
        failpoint::reach_noted("committed");
        if !plan.beside.announced.is_empty()
            && let Some(ring) = &*self.bell.read().expect("nobody panics while the bell is hung")
        {
            ring(&plan.beside.announced);
        }
        self.node.mark = raised.unwrap_or(self.node.mark);
        self.figures.batches.fetch_add(1, Relaxed);
        self.figures.pieces.fetch_add(slots.len() as u64, Relaxed);
        Ok(())
    }

    /// Lets every piece decide, loading what they turn out to need.
    fn decide(
        &mut self,
        slots: &mut [Slot],
        view: &mut View,
        now: Time,
    ) -> Result<Plan, StoreError> {
        for round in 0..ROUNDS_MAX {
            view.begin_again();
            let mut plan = Plan::default();
            let mut needed = Vec::new();
            for slot in slots.iter_mut().filter(|slot| slot.broken.is_none()) {
                let mut cx = Context { now, ids: &mut self.ids, seat: &self.seat };
                let piece = &mut slot.piece;
                match catch_unwind(AssertUnwindSafe(|| piece.decide(view, &mut cx))) {
                    Ok(Ok(None)) => {}
                    Ok(Ok(Some(writes))) => {
                        view.apply(&writes);
                        plan.add(writes);
                    }
                    Ok(Err(Need(_))) if round + 1 == ROUNDS_MAX => {
                        slot.broken = Some(broken("a piece of work keeps asking for more rows"));
                    }
                    Ok(Err(Need(keys))) => needed.extend(keys),
                    Err(_) => slot.broken = Some(broken("a piece of work panicked")),
                }
            }
            if needed.is_empty() {
                return Ok(plan);
            }
            view.load(needed, &mut *self.connection)?;
        }
        unreachable!("in the last round no piece's needs are collected")
    }
}

/// Where no transaction begins nothing can be written, whatever the reason: that is no fault of a piece.
fn no_transaction(error: StoreError) -> StoreError {
    match error {
        StoreError::Refused(why) => StoreError::Unavailable(why),
        error => error,
    }
}

/// Answers every piece: with its own failure, with `refused`, or with success.
fn settle(slots: Vec<Slot>, refused: Option<&Refused>) {
    for Slot { piece, broken } in slots {
        let outcome = broken.or_else(|| refused.cloned()).map_or(Ok(()), Err);
        // A listener that panics must not take the writer with it.
        let _ = catch_unwind(AssertUnwindSafe(|| piece.settle(outcome)));
    }
}
