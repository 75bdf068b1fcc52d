//! Durable tasks: what must happen outside later, written in the transaction that causes it.
//!
//! `run_rank` is when a worker should look at a task next: when it is due, later by its priority; the end of
//! the lease while it runs; nothing for one that waits for others of its chain, is halted or is done.

mod by_hand;
mod chain;
mod claim;
pub mod list;
mod read;
mod watched;

pub use claim::{Failed, Stamp};
pub use list::{TaskFilter, TaskPage};
pub use read::{Backlog, Behind, Due};

use crate::StoreError;
use crate::sql::table::Table;
use crate::sql::value::Kind::{Int, Text};
use crate::sql::value::{Row, Value};
use crate::tables::lane::Writes;
use crate::tables::lane::plan::{Beside, Rows, Written};
use docket_domain::words::TaskState;
use docket_domain::{Id, Time};
use serde::{Deserialize, Serialize};

/// A task with everything known of it; what is read, and what a new row has nothing in yet.
pub static TASK: Table = Table {
    name: "task",
    columns: &[
        ("id", Int),
        ("kind", Text),
        ("unique_key", Text),
        ("chain_key", Text),
        ("priority", Int),
        ("payload", Text),
        ("state", Int),
        ("claims", Int),
        ("attempts", Int),
        ("max_attempts", Int),
        ("due_at", Int),
        ("run_rank", Int),
        ("created_at", Int),
        ("claimed_by", Text),
        ("lease_until", Int),
        ("errors", Text),
        ("parked_by", Int),
        ("finished_at", Int),
        ("subject", Text),
    ],
    key: 1,
};

/// What one step of priority is worth in waiting: 30 s.
const PRIORITY_MS: i64 = 30_000;
/// Codes of states, as statements name them.
const PENDING: i64 = TaskState::Pending.code();
const RUNNING: i64 = TaskState::Running.code();
const DONE: i64 = TaskState::Done.code();
const DEAD: i64 = TaskState::Dead.code();
const PARKED: i64 = TaskState::Parked.code();
/// Failures that a task remembers.
const ERRORS_MAX: usize = 10;

/// When a task that is due at `due_at` should be looked at.
fn rank(due_at: Time, priority: u8) -> Time {
    due_at.plus(i64::from(priority) * PRIORITY_MS)
}

/// A task to insert. `unique_key` is unique among unfinished tasks: where there is one, nothing is inserted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// Its number; those of one chain run in the order of their numbers.
    pub id: Id,
    /// Which handler runs it.
    pub kind: &'static str,
    /// Not twice at a time.
    pub unique_key: Option<String>,
    /// One after another with those of the same key.
    pub chain_key: Option<String>,
    /// 0 is ordinary; each step more lets it wait 30 s longer behind others.
    pub priority: u8,
    /// For the handler, JSON.
    pub payload: String,
    /// Charged failures until it is dead.
    pub max_attempts: u32,
    /// Not before.
    pub due_at: Time,
    /// When it was caused.
    pub created_at: Time,
    /// What it is about, such as a shop.
    pub subject: Option<String>,
}

/// A failure that a task remembers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskError {
    /// When.
    pub at: Time,
    /// Why, in one sentence.
    pub why: String,
}

/// A task as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRow {
    /// Receivers of effects know it by this; in a chain, lower runs first.
    pub id: Id,
    /// Which handler runs it.
    pub kind: String,
    /// Not twice at a time; nothing once it is done.
    pub unique_key: Option<String>,
    /// One after another with those of the same key.
    pub chain_key: Option<String>,
    /// 0 is ordinary.
    pub priority: u8,
    /// For the handler, JSON.
    pub payload: String,
    /// How far it is.
    pub state: TaskState,
    /// Times it was claimed.
    pub claims: u32,
    /// Charged failures so far.
    pub attempts: u32,
    /// Charged failures until it is dead.
    pub max_attempts: u32,
    /// Not before.
    pub due_at: Time,
    /// When a worker should look at it next.
    pub rank: Option<Time>,
    /// When it was caused.
    pub created_at: Time,
    /// The stamp of the claim that has it, or had it last.
    pub claimed_by: Option<String>,
    /// Until when the claim holds.
    pub lease_until: Option<Time>,
    /// Its last failures, the newest last.
    pub errors: Vec<TaskError>,
    /// The dead task that it waits behind.
    pub parked_by: Option<Id>,
    /// When it was done, dropped or given up.
    pub finished_at: Option<Time>,
    /// What it is about, such as a shop.
    pub subject: Option<String>,
}

/// A task that was just committed, for the doorbell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announced {
    /// Receivers of effects know it by this; in a chain, lower runs first.
    pub id: Id,
    /// Which handler runs it.
    pub kind: &'static str,
    /// 0 is ordinary.
    pub priority: u8,
    /// Not before.
    pub due_at: Time,
}

impl NewTask {
    const fn announced(&self) -> Announced {
        let Self { id, kind, priority, due_at, .. } = *self;
        Announced { id, kind, priority, due_at }
    }

    pub(crate) fn row(self) -> Vec<Value> {
        vec![
            self.id.into(),
            self.kind.into(),
            self.unique_key.into(),
            self.chain_key.into(),
            self.priority.into(),
            self.payload.into(),
            TaskState::Pending.code().into(),
            Value::Int(0),
            Value::Int(0),
            self.max_attempts.into(),
            self.due_at.into(),
            rank(self.due_at, self.priority).into(),
            self.created_at.into(),
            Value::Null,
            Value::Null,
            Value::Null,
            Value::Null,
            Value::Null,
            self.subject.into(),
        ]
    }
}

impl Written for NewTask {
    const TABLE: &'static Table = &TASK;

    fn add(writes: &mut Writes, rows: &mut Rows, beside: &mut Beside) {
        for task in writes.tasks.drain(..) {
            beside.announced.push(task.announced());
            match task.unique_key {
                None => rows.insert([task.row()]),
                Some(_) => rows.insert_missing([task.row()]),
            }
        }
    }
}

impl TaskRow {
    pub(crate) fn of(mut row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id()?,
            kind: row.text()?,
            unique_key: row.text_or_null()?,
            chain_key: row.text_or_null()?,
            priority: row.int()? as u8,
            payload: row.text()?,
            state: row.code(TaskState::from_code)?,
            claims: row.int()? as u32,
            attempts: row.int()? as u32,
            max_attempts: row.int()? as u32,
            due_at: row.time()?,
            rank: row.time_or_null()?,
            created_at: row.time()?,
            claimed_by: row.text_or_null()?,
            lease_until: row.time_or_null()?,
            errors: match row.text_or_null()? {
                None => Vec::new(),
                Some(text) => serde_json::from_str(&text).map_err(|error| row.corrupt(error))?,
            },
            parked_by: row.int_or_null()?.map(Id),
            finished_at: row.time_or_null()?,
            subject: row.text_or_null()?,
        })
    }

    /// Its failures with one more, as they are stored.
    fn errors_and(&self, at: Time, why: &str) -> Value {
        errors_of(self.errors.clone(), at, why)
    }

    /// The same; what is said again and again is kept once, of late.
    fn errors_and_once(&self, at: Time, why: &str) -> Value {
        let mut errors = self.errors.clone();
        errors.pop_if(|last| last.why == why);
        errors_of(errors, at, why)
    }
}

/// These errors and one more, as far as they are kept.
fn errors_of(mut errors: Vec<TaskError>, at: Time, why: &str) -> Value {
    errors.push(TaskError { at, why: why.to_owned() });
    let from = errors.len().saturating_sub(ERRORS_MAX);
    crate::sql::value::json(&errors[from..].to_vec())
}
