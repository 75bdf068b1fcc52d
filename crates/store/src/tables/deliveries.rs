//! What receivers of webhooks said: one row a delivery that was tried, of its last try.

use crate::sql::statement::Statement;
use crate::sql::value::{Kind, Row, Value};
use crate::{Store, StoreError};
use docket_domain::words::TaskState;
use docket_domain::{Id, Time};

/// A delivery that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    /// To whom.
    pub webhook: Id,
    /// The task that delivers it.
    pub task: Id,
    /// Of which order; 0 for a test.
    pub tree: Id,
    /// Which row of its log.
    pub seq: u32,
    /// The word of the event.
    pub event: String,
    /// When it was last tried.
    pub at: Time,
    /// How often it was.
    pub tries: u32,
    /// What the receiver answered, where it did.
    pub status: Option<u16>,
    /// The beginning of what it said, or why there was no answer.
    pub answer: String,
}

/// A delivery with how far its task is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// What was last tried.
    pub row: DeliveryRow,
    /// The state of the task; a task that is there no more was done.
    pub state: TaskState,
    /// When it is tried again, where it is.
    pub next_try_at: Option<Time>,
}

const KINDS: [Kind; 11] = [
    Kind::Int,
    Kind::Int,
    Kind::Int,
    Kind::Int,
    Kind::Text,
    Kind::Int,
    Kind::Int,
    Kind::Int,
    Kind::Text,
    Kind::Int,
    Kind::Int,
];

impl DeliveryRow {
    /// Puts it in the place of what was tried before.
    pub fn put(self) -> Statement {
        // In the words of both databases.
        let sql = "REPLACE INTO webhook_delivery \
                   (webhook, task, tree, seq, event, at, tries, status, answer) \
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let values: Vec<Value> = vec![
            self.webhook.into(),
            self.task.into(),
            self.tree.into(),
            self.seq.into(),
            self.event.into(),
            self.at.into(),
            self.tries.into(),
            self.status.map(i64::from).into(),
            self.answer.into(),
        ];
        Statement::any(sql, values)
    }

    /// Forgets those of `webhook` up to the task `last`.
    pub fn forget(webhook: Id, last: Id) -> Statement {
        let sql = "DELETE FROM webhook_delivery WHERE webhook = ? AND task <= ?";
        Statement::any(sql, vec![webhook.into(), last.into()])
    }
}

impl Delivered {
    fn of(mut row: Row) -> Result<Self, StoreError> {
        let delivery = DeliveryRow {
            webhook: row.id()?,
            task: row.id()?,
            tree: row.id()?,
            seq: row.int()? as u32,
            event: row.text()?,
            at: row.time()?,
            tries: row.int()? as u32,
            status: row.int_or_null()?.map(|status| status as u16),
            answer: row.text()?,
        };
        let (state, due_at) = (row.int_or_null()?, row.time_or_null()?);
        let state = match state {
            None => TaskState::Done,
            Some(code) => TaskState::from_code(code).ok_or_else(|| row.corrupt("no such state"))?,
        };
        let next_try_at = due_at.filter(|_| state == TaskState::Pending);
        Ok(Self { row: delivery, state, next_try_at })
    }
}

impl Store {
    /// One page of the deliveries to `webhook` that were tried, newest first, from just before the task `before`.
    pub async fn deliveries(
        &self,
        webhook: Id,
        before: Option<Id>,
        limit: usize,
    ) -> Result<Vec<Delivered>, StoreError> {
        let sql = format!(
            "SELECT d.webhook, d.task, d.tree, d.seq, d.event, d.at, d.tries, d.status, d.answer, \
             t.state, t.due_at FROM webhook_delivery d LEFT JOIN task t ON t.id = d.task \
             WHERE d.webhook = ? AND d.task < ? ORDER BY d.task DESC LIMIT {limit}"
        );
        let values = vec![webhook.into(), before.unwrap_or(Id(i64::MAX)).into()];
        let rows = self.rows("webhook_delivery", sql, &KINDS, values).await?;
        rows.into_iter().map(Delivered::of).collect()
    }

    /// Of the deliveries to `webhook` up to the task `until` the `step`th, or the last where there are fewer.
    pub async fn delivery_to_forget(
        &self,
        webhook: Id,
        until: Id,
        step: usize,
    ) -> Result<Option<Id>, StoreError> {
        let sql = format!(
            "SELECT task FROM webhook_delivery WHERE webhook = ? AND task <= ? ORDER BY task LIMIT {step}"
        );
        let values = vec![webhook.into(), until.into()];
        let rows = self.rows("webhook_delivery", sql, &[Kind::Int], values).await?;
        rows.into_iter().next_back().map(|mut row| row.id()).transpose()
    }
}
