//! The archive, as the database knows it: its objects (segments), which of them hold rows of a tree, and which
//! orders left whole. The objects themselves are the business of `app`; what a row is, is told in `row`.
//!
//! A tree whose rows were never archived has none of these rows, and nobody looks for them: its log begins at 1.

#[cfg(test)]
mod cost;
mod due;
mod moving;
mod replaced;
mod row;

pub use due::{Archivable, DueTree, Position};
pub use moving::{move_away, move_back};
pub use row::KeptRow;

use crate::sql::dialect::{self, sql};
use crate::sql::statement::Statement;
use crate::sql::table::Table;
use crate::sql::value::Kind::{Blob, Int, Text};
use crate::sql::value::{Row, Value};
use crate::{Store, StoreError};
use docket_domain::{Id, Time};

/// Orders that left whole, and by what they are still looked up.
pub static ARCHIVE_ORDER: Table = Table {
    name: "archive_order",
    columns: &[("tree", Int), ("segment", Int), ("buyer_id", Text), ("external_id", Text)],
    key: 1,
};

/// Segments.
pub static ARCHIVE_SEGMENT: Table = Table {
    name: "archive_segment",
    columns: &[
        ("id", Int),
        ("kind", Int),
        ("name", Text),
        ("from_at", Int),
        ("to_at", Int),
        ("trees", Int),
        ("entries", Int),
        ("bytes", Int),
        ("sha256", Blob),
        ("state", Int),
        ("away", Int),
        ("created_at", Int),
    ],
    key: 1,
};

/// What a segment is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SegmentKind {
    /// Rows of logs.
    Log = 1,
    /// Agreed trees.
    Snapshots = 2,
    /// Whole orders, with what was left of their logs and agreed trees.
    Orders = 3,
}

impl SegmentKind {
    /// Every kind, in the order in which they are archived: what leaves whole takes its log along.
    pub const ALL: [Self; 3] = [Self::Orders, Self::Log, Self::Snapshots];

    /// As people and names of objects call it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Snapshots => "snapshots",
            Self::Orders => "orders",
        }
    }

    /// The tables whose rows it takes.
    pub(crate) fn tables(self) -> &'static [&'static Table] {
        match self {
            Self::Log => &row::TABLES[4..5],
            Self::Snapshots => &row::TABLES[5..],
            Self::Orders => &row::TABLES,
        }
    }

    fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as i64 == code)
    }
}

/// How far a segment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SegmentState {
    /// It was announced: its object may be there or not, its rows may have left or not.
    Moving = 0,
    /// Its object was read back, and what it took has left.
    Kept = 1,
}

impl SegmentState {
    /// As people call it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Moving => "moving",
            Self::Kept => "kept",
        }
    }

    fn from_code(code: i64) -> Option<Self> {
        [Self::Moving, Self::Kept].into_iter().find(|state| *state as i64 == code)
    }
}

/// As statements name it.
const MOVING: i64 = SegmentState::Moving as i64;

/// One object of the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The number of the segment; its object is named by it too.
    pub id: Id,
    /// What it is made of.
    pub kind: SegmentKind,
    /// Its name in the archive.
    pub name: String,
    /// When the first of what it says happened.
    pub from: Time,
    /// When the last did.
    pub to: Time,
    /// Trees it has rows of.
    pub trees: u32,
    /// Rows.
    pub rows: u32,
    /// Length of the object, bytes.
    pub bytes: u64,
    /// Of the object.
    pub sha256: [u8; 32],
    /// How far it is.
    pub state: SegmentState,
    /// Trees whose rows left for it and did not come back.
    pub away: u32,
    /// Since when.
    pub created_at: Time,
}

/// An order that left whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchivedOrder {
    /// The payment order's number.
    pub tree: Id,
    /// The segment that holds its nodes.
    pub segment: Id,
}

impl Segment {
    /// Announces this segment.
    pub fn announce(&self) -> Statement {
        let values = vec![
            self.id.into(),
            Value::Int(self.kind as i64),
            Value::from(&self.name),
            self.from.into(),
            self.to.into(),
            self.trees.into(),
            self.rows.into(),
            Value::Int(self.bytes as i64),
            self.sha256.into(),
            Value::Int(self.state as i64),
            self.away.into(),
            self.created_at.into(),
        ];
        Statement::any(dialect::insert(&ARCHIVE_SEGMENT, 1), values)
    }

    /// Everything of it has left.
    pub fn keep(id: Id) -> Statement {
        let values = vec![Value::Int(SegmentState::Kept as i64), id.into()];
        Statement::any("UPDATE archive_segment SET state = ? WHERE id = ?", values)
    }

    /// Takes an announcement back, if nothing has left for it.
    pub fn take_back(id: Id) -> Statement {
        let sql =
            sql!("DELETE FROM archive_segment WHERE id = ? AND state = {MOVING} AND away = 0");
        Statement::any(sql, vec![id.into()])
    }

    /// The rows of `trees` more trees leave for a segment that is still announced: one that was taken back takes
    /// nothing.
    pub fn fill(id: Id, trees: usize) -> Statement {
        let sql =
            sql!("UPDATE archive_segment SET away = away + ? WHERE id = ? AND state = {MOVING}");
        Statement { sql, values: vec![Value::Int(trees as i64), id.into()], must_match: Some(1) }
    }

    fn of(mut row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id()?,
            kind: row.code(SegmentKind::from_code)?,
            name: row.text()?,
            from: row.time()?,
            to: row.time()?,
            trees: row.int()? as u32,
            rows: row.int()? as u32,
            bytes: row.int()? as u64,
            sha256: row.hash()?,
            state: row.code(SegmentState::from_code)?,
            away: row.int()? as u32,
            created_at: row.time()?,
        })
    }
}

impl Store {
    async fn segments_where(
        &self,
        tail: &str,
        values: Vec<Value>,
    ) -> Result<Vec<Segment>, StoreError> {
        let table = &ARCHIVE_SEGMENT;
        let sql = format!("SELECT {} FROM {} {tail}", table.column_list(), table.name);
        let rows = self.rows(table.name, sql, &table.kinds(), values).await?;
        rows.into_iter().map(Segment::of).collect()
    }

    /// One page of segments, newest first; those from `before` on were on the page before.
    pub async fn segments(
        &self,
        before: Option<Id>,
        limit: usize,
    ) -> Result<Vec<Segment>, StoreError> {
        let tail = format!("WHERE id < ? ORDER BY id DESC LIMIT {limit}");
        self.segments_where(&tail, vec![before.unwrap_or(Id(i64::MAX)).into()]).await
    }

    /// One segment.
    pub async fn segment(&self, id: Id) -> Result<Option<Segment>, StoreError> {
        Ok(self.segments_where("WHERE id = ?", vec![id.into()]).await?.pop())
    }

    /// Segments that were begun and not finished, oldest first.
    pub async fn segments_moving(&self) -> Result<Vec<Segment>, StoreError> {
        self.segments_where(sql!("WHERE state = {MOVING} ORDER BY id"), vec![]).await
    }

    /// The segments that hold rows of `tree` which are not online, oldest first.
    pub async fn segments_of(&self, tree: Id) -> Result<Vec<Segment>, StoreError> {
        let tail = "WHERE id IN (SELECT segment FROM archive_tree WHERE tree = ?) ORDER BY id";
        self.segments_where(tail, vec![tree.into()]).await
    }

    /// Segments that say something of the time from `from` until before `to` and hold rows that are not online,
    /// oldest first.
    pub async fn segments_between(&self, from: Time, to: Time) -> Result<Vec<Segment>, StoreError> {
        let tail = "WHERE to_at >= ? AND from_at < ? AND away > 0 ORDER BY id";
        self.segments_where(tail, vec![from.into(), to.into()]).await
    }

    /// The trees whose rows have left for a segment, in order.
    pub async fn trees_of_segment(&self, segment: Id) -> Result<Vec<Id>, StoreError> {
        let sql = "SELECT tree FROM archive_tree WHERE segment = ? ORDER BY tree";
        let rows = self.rows("archive_tree", sql, &[Int], vec![segment.into()]).await?;
        rows.into_iter().map(|mut row| row.id()).collect()
    }

    /// The order that left whole and has a node of this number.
    pub async fn archived_order(&self, id: Id) -> Result<Option<ArchivedOrder>, StoreError> {
        let by_root = "SELECT tree, segment FROM archive_order WHERE tree = ?";
        let by_node = "SELECT tree, segment FROM archive_order WHERE tree = \
                       (SELECT tree FROM archive_node WHERE id = ?)";
        for sql in [by_root, by_node] {
            let rows = self.rows("archive_order", sql, &[Int; 2], vec![id.into()]).await?;
            if let Some(mut row) = rows.into_iter().next() {
                return Ok(Some(ArchivedOrder { tree: row.id()?, segment: row.id()? }));
            }
        }
        Ok(None)
    }

    /// How many orders left whole.
    pub async fn archived_orders(&self) -> Result<u64, StoreError> {
        let sql = "SELECT COUNT(*) FROM archive_order";
        let rows = self.rows("archive_order", sql, &[Int], vec![]).await?;
        rows.into_iter().next().map_or(Ok(0), |mut row| Ok(row.int()? as u64))
    }

    /// Orders that left whole, after `after` in the order of their numbers.
    pub async fn archived_orders_after(
        &self,
        after: Id,
        limit: usize,
    ) -> Result<Vec<ArchivedOrder>, StoreError> {
        let sql = format!(
            "SELECT tree, segment FROM archive_order WHERE tree > ? ORDER BY tree LIMIT {limit}"
        );
        let rows = self.rows("archive_order", sql, &[Int; 2], vec![after.into()]).await?;
        let order = |mut row: Row| Ok(ArchivedOrder { tree: row.id()?, segment: row.id()? });
        rows.into_iter().map(order).collect()
    }

    /// Orders that left whole and that their source gave the number `external_id`.
    pub async fn archived_by_number(&self, external_id: &str) -> Result<Vec<Id>, StoreError> {
        let sql = "SELECT tree FROM archive_order WHERE external_id = ? ORDER BY tree";
        let values = vec![external_id.into()];
        let rows = self.rows("archive_order", sql, &[Int], values).await?;
        rows.into_iter().map(|mut row| row.id()).collect()
    }

    /// Every order that its source gave the number `external_id`, whoever told it, archived or not.
    pub async fn by_number(&self, external_id: &str) -> Result<Vec<Id>, StoreError> {
        let sql = "SELECT tree FROM order_term WHERE term = ? ORDER BY tree";
        let values = vec![Value::Text(format!("{}{external_id}", crate::tables::rows::EXTERNAL))];
        let rows = self.rows("order_term", sql, &[Int], values).await?;
        let mut found: Vec<Id> =
            rows.into_iter().map(|mut row| row.id()).collect::<Result<_, _>>()?;
        found.extend(self.archived_by_number(external_id).await?);
        Ok(found)
    }

    /// Orders of `buyer` that left whole, after `after` in the order of their numbers.
    pub async fn archived_orders_of(
        &self,
        buyer: &str,
        after: Id,
        limit: usize,
    ) -> Result<Vec<Id>, StoreError> {
        let sql = format!(
            "SELECT tree FROM archive_order WHERE buyer_id = ? AND tree > ? ORDER BY tree LIMIT {limit}"
        );
        let values = vec![buyer.into(), after.into()];
        let rows = self.rows("archive_order", sql, &[Int], values).await?;
        rows.into_iter().map(|mut row| row.id()).collect()
    }
}
