//! Placements that are answered before they are decided: what was asked, sealed, until it is known what became
//! of it.

use crate::sql::statement::Statement;
use crate::sql::value::{Kind, Row};
use crate::tables::customers::Sealed;
use crate::{Store, StoreError};
use docket_domain::{Id, Time};

/// What a row is read as.
const COLUMNS: [Kind; 7] =
    [Kind::Blob, Kind::Blob, Kind::Int, Kind::Blob, Kind::Int, Kind::Text, Kind::Int];

/// A placement that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacementRow {
    /// Hash of credential and key.
    pub hash: [u8; 32],
    /// Of the request.
    pub fingerprint: [u8; 32],
    /// Who asked for what, sealed; none once it is known what became of it.
    pub request: Option<Sealed>,
    /// The order it became.
    pub tree: Option<Id>,
    /// Why it became none, JSON.
    pub reason: Option<String>,
    /// When it was accepted.
    pub at: Time,
}

impl PlacementRow {
    /// Accepts it, unless something is accepted under its key already: who asks reads it back.
    pub fn add(self) -> Statement {
        let (key, bytes) =
            self.request.map_or((0, Vec::new()), |sealed| (sealed.key_id, sealed.bytes));
        let sql = "INSERT INTO placement (hash, fingerprint, key_id, request, at) \
                   SELECT ?, ?, ?, ?, ? FROM (SELECT 1 AS one) AS once \
                   WHERE NOT EXISTS (SELECT 1 FROM placement WHERE hash = ?)";
        let (hash, print) = (self.hash, self.fingerprint);
        let values =
            vec![hash.into(), print.into(), key.into(), bytes.into(), self.at.into(), hash.into()];
        Statement::any(sql, values)
    }

    /// It became an order.
    pub fn placed(hash: [u8; 32], tree: Id) -> Statement {
        let sql = "UPDATE placement SET tree = ?, request = NULL WHERE hash = ?";
        Statement::any(sql, vec![tree.into(), hash.into()])
    }

    /// It became none.
    pub fn rejected(hash: [u8; 32], reason: &str) -> Statement {
        let sql = "UPDATE placement SET reason = ?, request = NULL WHERE hash = ? AND tree IS NULL";
        Statement::any(sql, vec![reason.into(), hash.into()])
    }

    /// Forgets what was accepted before `before`, whatever became of it.
    pub fn forget_before(before: Time) -> Statement {
        Statement::any("DELETE FROM placement WHERE at < ?", vec![before.into()])
    }

    fn of(mut row: Row) -> Result<Self, StoreError> {
        let (hash, fingerprint) = (row.hash()?, row.hash()?);
        let key_id = row.int()? as u32;
        Ok(Self {
            hash,
            fingerprint,
            request: row.blob_or_null()?.map(|bytes| Sealed { key_id, bytes }),
            tree: row.int_or_null()?.map(Id),
            reason: row.text_or_null()?,
            at: row.time()?,
        })
    }
}

impl Store {
    /// Placements that wait to be decided, in the order of their hashes, at most `limit` after `after`.
    pub async fn placements_open(
        &self,
        after: [u8; 32],
        limit: usize,
    ) -> Result<Vec<PlacementRow>, StoreError> {
        let sql = format!(
            "SELECT hash, fingerprint, key_id, request, tree, reason, at FROM placement \
             WHERE hash > ? AND request IS NOT NULL ORDER BY hash LIMIT {limit}"
        );
        let rows = self.rows("placement", sql, &COLUMNS, vec![after.into()]).await?;
        rows.into_iter().map(PlacementRow::of).collect()
    }

    /// A placement that was accepted.
    pub async fn placement(&self, hash: [u8; 32]) -> Result<Option<PlacementRow>, StoreError> {
        let sql = "SELECT hash, fingerprint, key_id, request, tree, reason, at FROM placement WHERE hash = ?";
        let rows = self.rows("placement", sql, &COLUMNS, vec![hash.into()]).await?;
        rows.into_iter().next().map(PlacementRow::of).transpose()
    }
}
