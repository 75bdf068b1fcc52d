//! Agreed trees: what both sides agreed to, once per terms version, compressed.

use crate::StoreError;
use crate::sql::statement::Statement;
use crate::sql::table::Table;
use crate::sql::value::Kind::{Blob, Int};
use crate::sql::value::{Row, Value};
use crate::tables::lane::Writes;
use crate::tables::lane::plan::{Beside, Rows, Written};
use docket_domain::{Id, Time};

/// Agreed trees.
pub static ORDER_SNAPSHOT: Table = Table {
    name: "order_snapshot",
    columns: &[
        ("tree", Int),
        ("terms_version", Int),
        ("at", Int),
        ("sha256", Blob),
        ("body", Blob),
        ("forgotten_at", Int),
    ],
    key: 2,
};

/// One agreed tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The payment order's number.
    pub tree: Id,
    /// From 1; it grows by one with every change of what was agreed.
    pub terms_version: u32,
    /// Since when.
    pub at: Time,
    /// Of the JSON before compression.
    pub sha256: [u8; 32],
    /// The JSON, zstd.
    pub body: Vec<u8>,
    /// When the buyer's words were taken out; its SHA-256 is of what was left.
    pub forgotten_at: Option<Time>,
}

impl Snapshot {
    pub(crate) fn row(self) -> Vec<Value> {
        vec![
            self.tree.into(),
            self.terms_version.into(),
            self.at.into(),
            self.sha256.into(),
            self.body.into(),
            self.forgotten_at.into(),
        ]
    }

    pub(crate) fn of(mut row: Row) -> Result<Self, StoreError> {
        let tree = row.id()?;
        let terms_version = row.int()? as u32;
        let at = row.time()?;
        let (sha256, body) = (row.hash()?, row.blob()?);
        Ok(Self { tree, terms_version, at, sha256, body, forgotten_at: row.time_or_null()? })
    }

    /// This one takes the place of the one with the words of the buyer.
    pub fn without_words(self) -> Statement {
        let sql = "UPDATE order_snapshot SET sha256 = ?, body = ?, forgotten_at = ? \
                   WHERE tree = ? AND terms_version = ?";
        let values = vec![
            self.sha256.into(),
            self.body.into(),
            self.forgotten_at.into(),
            self.tree.into(),
            self.terms_version.into(),
        ];
        Statement { sql, values, must_match: Some(1) }
    }
}

impl Written for Snapshot {
    const TABLE: &'static Table = &ORDER_SNAPSHOT;

    fn add(writes: &mut Writes, rows: &mut Rows, _: &mut Beside) {
        rows.insert(writes.snapshots.drain(..).map(Self::row));
    }
}
