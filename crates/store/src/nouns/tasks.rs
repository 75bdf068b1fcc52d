//! Durable tasks: what must happen outside later, written in the transaction that causes it.

use crate::value::Value;
use docket_domain::{Id, Time};

/// What one step of priority is worth in waiting: 30 s.
const PRIORITY_MS: i64 = 30_000;

/// A task to insert. `unique_key` is unique among unfinished tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// Its number.
    pub id: Id,
    /// Which handler runs it.
    pub kind: &'static str,
    /// Not twice at a time.
    pub unique_key: Option<String>,
    /// One after another with those of the same key.
    pub chain_key: Option<String>,
    /// 0 is ordinary; each step more waits 30 s longer.
    pub priority: i64,
    /// For the handler, JSON.
    pub payload: String,
    /// Charged failures until it is dead.
    pub max_attempts: u32,
    /// Not before.
    pub due_at: Time,
    /// When it was caused.
    pub created_at: Time,
}

impl NewTask {
    pub(crate) fn row(self) -> Vec<Value> {
        let rank = self.due_at.plus(self.priority * PRIORITY_MS);
        vec![
            self.id.into(),
            self.kind.into(),
            self.unique_key.into(),
            self.chain_key.into(),
            rank.into(),
            self.payload.into(),
            Value::Int(0),
            Value::Int(0),
            Value::Int(0),
            self.max_attempts.into(),
            self.due_at.into(),
            self.created_at.into(),
        ]
    }
}
