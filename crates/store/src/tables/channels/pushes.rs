//! What marketplaces told by themselves: each once, by the key that its marketplace gives it.

use crate::sql::statement::Statement;
use crate::sql::table::Table;
use crate::sql::text::along;
use crate::sql::value::Kind::{Int, Text};
use crate::sql::value::{Row, Value};
use crate::tables::lane::Writes;
use crate::tables::lane::plan::{Beside, Rows, Written};
use crate::{Store, StoreError};
use docket_domain::{Id, Time};

/// What was pushed.
pub static CHANNEL_PUSH: Table = Table {
    name: "channel_push",
    columns: &[
        ("id", Int),
        ("channel", Text),
        ("push_key", Text),
        ("shop", Int),
        ("number", Text),
        ("kind", Text),
        ("came_at", Int),
        ("done_at", Int),
        ("payload", Text),
    ],
    key: 1,
};

/// One thing that a marketplace told by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushRow {
    /// Our number for it.
    pub id: Id,
    /// The marketplace.
    pub channel: String,
    /// The same for the same event, however often it comes.
    pub key: String,
    /// Of which shop.
    pub shop: Id,
    /// Of which order, by its number there.
    pub number: Option<String>,
    /// What happened, in a word.
    pub kind: String,
    /// When it came.
    pub came_at: Time,
    /// When what it is about was read back.
    pub done_at: Option<Time>,
    /// As it was told, without personal data.
    pub payload: String,
}

impl PushRow {
    fn row(self) -> Vec<Value> {
        vec![
            self.id.into(),
            self.channel.into(),
            self.key.into(),
            self.shop.into(),
            self.number.into(),
            self.kind.into(),
            self.came_at.into(),
            self.done_at.into(),
            self.payload.into(),
        ]
    }

    fn of(mut row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id()?,
            channel: row.text()?,
            key: row.text()?,
            shop: row.id()?,
            number: row.text_or_null()?,
            kind: row.text()?,
            came_at: row.time()?,
            done_at: row.time_or_null()?,
            payload: row.text()?,
        })
    }

    /// What it is about was read back.
    pub fn done(id: Id, at: Time) -> Statement {
        let sql = "UPDATE channel_push SET done_at = ? WHERE id = ?";
        Statement::any(sql, vec![at.into(), id.into()])
    }

    /// Forgets what was read back before a moment, by the number that is given from then on.
    pub fn forget(before: Id) -> Statement {
        let sql = "DELETE FROM channel_push WHERE id < ? AND done_at IS NOT NULL";
        Statement::any(sql, vec![before.into()])
    }
}

impl Written for PushRow {
    const TABLE: &'static Table = &CHANNEL_PUSH;

    fn add(writes: &mut Writes, rows: &mut Rows, _: &mut Beside) {
        rows.insert_missing(writes.channel_pushes.drain(..).map(Self::row));
    }
}

impl Store {
    /// What was pushed of a shop and not read back yet, the oldest first.
    pub async fn waiting_pushes(&self, shop: Id, limit: usize) -> Result<Vec<PushRow>, StoreError> {
        let table = along(self.dialect(), "channel_push", Some("channel_push_waiting"));
        let sql = format!(
            "SELECT {} FROM {table} WHERE shop = ? AND done_at IS NULL ORDER BY id LIMIT {limit}",
            CHANNEL_PUSH.column_list()
        );
        let rows = self.rows("channel_push", sql, &CHANNEL_PUSH.kinds(), vec![shop.into()]).await?;
        rows.into_iter().map(PushRow::of).collect()
    }
}
