//! Webhooks: who is told of events. What they answered is in `deliveries`.

use crate::sql::dialect;
use crate::sql::statement::Statement;
use crate::sql::table::Table;
use crate::sql::value::Kind::{Blob, Int, Text};
use crate::sql::value::{Row, json};
use crate::tables::customers::Sealed;
use crate::tables::orders::ORDER_OPERATION;
use crate::tables::rows;
use crate::{Store, StoreError};
use docket_domain::{Id, LogEntry, Time};

/// Who is told of events.
pub static WEBHOOK: Table = Table {
    name: "webhook",
    columns: &[
        ("id", Int),
        ("url", Text),
        ("events", Text),
        ("key_id", Int),
        ("secret", Blob),
        ("created_at", Int),
        ("disabled_at", Int),
        ("why", Text),
        ("old_key_id", Int),
        ("old_secret", Blob),
        ("old_until", Int),
    ],
    key: 1,
};

/// One webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookRow {
    /// What deliveries and callers know the webhook by.
    pub id: Id,
    /// Where events are sent.
    pub url: String,
    /// The words of the events it wants; all where empty.
    pub events: Vec<String>,
    /// What signs them, sealed.
    pub secret: Sealed,
    /// Since when.
    pub created_at: Time,
    /// Until when.
    pub disabled_at: Option<Time>,
    /// Why it was disabled.
    pub why: Option<String>,
    /// What signed before the secret was changed.
    pub old: Option<OldSecret>,
}

/// A secret that another has replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldSecret {
    /// The secret, sealed.
    pub secret: Sealed,
    /// Until when it signs beside the new one.
    pub until: Time,
}

impl WebhookRow {
    /// Adds this webhook.
    pub fn add(self) -> Statement {
        let (old, until) = self.old.map(|old| (old.secret, old.until)).unzip();
        let (old_key_id, old_secret) = old.map(|old| (old.key_id, old.bytes)).unzip();
        let values = vec![
            self.id.into(),
            self.url.into(),
            json(&self.events),
            self.secret.key_id.into(),
            self.secret.bytes.into(),
            self.created_at.into(),
            self.disabled_at.into(),
            self.why.into(),
            old_key_id.map(i64::from).into(),
            old_secret.into(),
            until.into(),
        ];
        Statement { sql: dialect::insert(&WEBHOOK, 1), values, must_match: None }
    }

    /// Disables the webhook `id`.
    pub fn disable(id: Id, why: &str, at: Time) -> Statement {
        Statement {
            sql: "UPDATE webhook SET disabled_at = ?, why = ? WHERE id = ? AND disabled_at IS NULL",
            values: vec![at.into(), why.into(), id.into()],
            must_match: None,
        }
    }

    /// Removes the webhook `id`, which has ended.
    pub fn forget(id: Id) -> Statement {
        let sql = "DELETE FROM webhook WHERE id = ? AND disabled_at IS NOT NULL";
        Statement::any(sql, vec![id.into()])
    }

    /// Puts `secret` in the place of that of the webhook `id`, which signs beside it until `until`.
    pub fn rotate(id: Id, secret: Sealed, until: Time) -> Statement {
        // What is kept comes first: the MySQL family sets columns one after another.
        let sql = "UPDATE webhook SET old_key_id = key_id, old_secret = secret, old_until = ?, \
                   key_id = ?, secret = ? WHERE id = ? AND disabled_at IS NULL";
        let values = vec![until.into(), secret.key_id.into(), secret.bytes.into(), id.into()];
        Statement::any(sql, values)
    }

    fn of(mut row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id()?,
            url: row.text()?,
            events: row.json()?,
            secret: Sealed { key_id: row.int()? as u32, bytes: row.blob()? },
            created_at: row.time()?,
            disabled_at: row.time_or_null()?,
            why: row.text_or_null()?,
            old: match (row.int_or_null()?, row.blob_or_null()?, row.time_or_null()?) {
                (Some(key_id), Some(bytes), Some(until)) => {
                    let secret = Sealed { key_id: key_id as u32, bytes };
                    Some(OldSecret { secret, until })
                }
                _ => None,
            },
        })
    }
}

impl Store {
    /// Every webhook, oldest first.
    pub async fn webhooks(&self) -> Result<Vec<WebhookRow>, StoreError> {
        let sql = format!("SELECT {} FROM webhook ORDER BY id", WEBHOOK.column_list());
        let rows = self.rows("webhook", sql, &WEBHOOK.kinds(), vec![]).await?;
        rows.into_iter().map(WebhookRow::of).collect()
    }

    /// One webhook.
    pub async fn webhook(&self, id: Id) -> Result<Option<WebhookRow>, StoreError> {
        let sql = format!("SELECT {} FROM webhook WHERE id = ?", WEBHOOK.column_list());
        let rows = self.rows("webhook", sql, &WEBHOOK.kinds(), vec![id.into()]).await?;
        rows.into_iter().next().map(WebhookRow::of).transpose()
    }

    /// The log across orders in the order it was written, from just after `after` and before `to`.
    pub async fn operations_after(
        &self,
        (at, tree, seq): (Time, Id, u32),
        to: Time,
        limit: usize,
    ) -> Result<Vec<LogEntry>, StoreError> {
        let table = &ORDER_OPERATION;
        let sql = format!(
            "SELECT {} FROM {} WHERE at >= ? AND at < ? \
             AND (at > ? OR tree > ? OR (tree = ? AND seq > ?)) ORDER BY at, tree, seq LIMIT {limit}",
            table.column_list(),
            table.name
        );
        let values = vec![at.into(), to.into(), at.into(), tree.into(), tree.into(), seq.into()];
        let rows = self.rows(table.name, sql, &table.kinds(), values).await?;
        rows.into_iter().map(rows::entry_of).collect()
    }
}
