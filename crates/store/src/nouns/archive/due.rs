//! What may leave now. Each look walks an index whose entries go when their rows go, so what was archived long
//! ago costs nothing; only what is old and stays, because it is open, is passed over again.

use super::{KeptRow, SegmentKind};
use crate::value::{Kind, Value};
use crate::{Store, StoreError};
use docket_domain::words::Status;
use docket_domain::{Id, Time};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// One look at what may leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archivable {
    /// Trees, in the order in which they are to leave.
    pub trees: Vec<Id>,
    /// Where the next look goes on; nothing at the end.
    pub next: Option<(Time, Id)>,
}

/// The statuses of a finished order: nothing more is expected to happen to it.
const FINISHED: [Status; 4] =
    [Status::Cancelled, Status::Closed, Status::Received, Status::Completed];

/// How far numbers may run ahead of the clock.
const AHEAD_MS: i64 = 60_000;

fn placeholders(n: usize) -> String {
    vec!["?"; n].join(", ")
}

impl Store {
    /// Trees of which something of `kind` was written at or before `until`, which did not change since, wait
    /// for nothing and were not brought back lately: from just after `after`, of `limit` index entries.
    pub async fn archivable(
        &self,
        kind: SegmentKind,
        until: Time,
        now: Time,
        after: Option<(Time, Id)>,
        limit: usize,
    ) -> Result<Archivable, StoreError> {
        let after = after.unwrap_or((Time(i64::MIN), Id(0)));
        let looked = self.looked(kind, until, after, limit).await?;
        let next = looked.last().copied().filter(|_| looked.len() == limit);
        let mut seen = BTreeSet::new();
        let mut trees: Vec<Id> = looked.into_iter().map(|(_, tree)| tree).collect();
        trees.retain(|tree| seen.insert(*tree));
        let quiet = self.quiet(kind, &trees, until, now).await?;
        trees.retain(|tree| quiet.contains(tree));
        Ok(Archivable { trees, next })
    }

    /// Index entries of what is old enough.
    async fn looked(
        &self,
        kind: SegmentKind,
        until: Time,
        (at, tree): (Time, Id),
        limit: usize,
    ) -> Result<Vec<(Time, Id)>, StoreError> {
        let (sql, values) = match kind {
            SegmentKind::Log => (
                "SELECT at, tree FROM order_operation WHERE at >= ? AND at <= ? \
                 AND (at > ? OR tree > ?) ORDER BY at, tree LIMIT ",
                vec![at.into(), until.into(), at.into(), tree.into()],
            ),
            // Numbers sort by time: those of the oldest placements come first.
            SegmentKind::Snapshots => (
                "SELECT DISTINCT 0, tree FROM order_snapshot WHERE tree > ? AND tree <= ? \
                 ORDER BY tree LIMIT ",
                vec![tree.into(), Id::newest_at(until.plus(AHEAD_MS)).into()],
            ),
            SegmentKind::Orders => (
                "SELECT updated_at, id FROM payment_order WHERE updated_at >= ? AND updated_at <= ? \
                 AND (updated_at > ? OR id > ?) ORDER BY updated_at, id LIMIT ",
                vec![at.into(), until.into(), at.into(), tree.into()],
            ),
        };
        let table = kind.tables()[0].name;
        let rows = self.rows(table, format!("{sql}{limit}"), &[Kind::Int; 2], values).await?;
        rows.into_iter().map(|mut row| Ok((row.time()?, row.id()?))).collect()
    }

    /// Those of `trees` that did not change since `until`, have no deadline and were not brought back lately;
    /// of whole orders those that are finished.
    async fn quiet(
        &self,
        kind: SegmentKind,
        trees: &[Id],
        until: Time,
        now: Time,
    ) -> Result<BTreeSet<Id>, StoreError> {
        if trees.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut sql = format!(
            "SELECT id FROM payment_order WHERE id IN ({}) AND updated_at <= ? AND due_at IS NULL \
             AND NOT EXISTS (SELECT 1 FROM archive_hold h WHERE h.tree = payment_order.id AND h.until_at > ?)",
            placeholders(trees.len())
        );
        let mut values: Vec<Value> = trees.iter().map(|tree| Value::from(*tree)).collect();
        values.extend([until.into(), now.into()]);
        if kind == SegmentKind::Orders {
            let _ = write!(sql, " AND status IN ({})", placeholders(FINISHED.len()));
            values.extend(FINISHED.map(|status| Value::from(status.code())));
        }
        let rows = self.rows("payment_order", sql, &[Kind::Int], values).await?;
        rows.into_iter().map(|mut row| row.id()).collect()
    }

    /// The rows of `kind` of one tree, in the order of their tables and keys.
    pub async fn kept_rows(&self, kind: SegmentKind, tree: Id) -> Result<Vec<KeptRow>, StoreError> {
        let mut found = Vec::new();
        for table in kind.tables() {
            let key = if table.name == "payment_order" { "id" } else { "tree" };
            let order: Vec<_> = table.key_columns().iter().map(|(name, _)| *name).collect();
            let sql = format!(
                "SELECT {} FROM {} WHERE {key} = ? ORDER BY {}",
                table.column_list(),
                table.name,
                order.join(", ")
            );
            let rows = self.rows(table.name, sql, &table.kinds(), vec![tree.into()]).await?;
            found.extend(rows.into_iter().map(|row| KeptRow::of(table, row)));
        }
        Ok(found)
    }
}
