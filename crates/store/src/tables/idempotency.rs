//! What was answered under an idempotency key: stored only with a success, in its transaction.

use crate::StoreError;
use crate::plan::Statement;
use crate::value::{Row, Value};
use docket_domain::{Id, Time};

/// What an idempotency key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Idempotent {
    /// SHA-256 of method, path and body.
    pub fingerprint: [u8; 32],
    /// The status that was answered.
    pub status: u16,
    /// The tree it was about; where it was about none, another number that was answered.
    pub tree: Id,
    /// When.
    pub at: Time,
}

impl Idempotent {
    pub(crate) fn row(self, hash: [u8; 32]) -> Vec<Value> {
        vec![
            hash.into(),
            self.fingerprint.into(),
            self.status.into(),
            self.tree.into(),
            self.at.into(),
        ]
    }

    pub(crate) fn of(mut row: Row) -> Result<([u8; 32], Self), StoreError> {
        let hash = row.hash()?;
        let fingerprint = row.hash()?;
        let status = row.int()? as u16;
        Ok((hash, Self { fingerprint, status, tree: row.id()?, at: row.time()? }))
    }

    /// Forgets keys given before `until`.
    pub fn forget_before(until: Time) -> Statement {
        Statement {
            sql: "DELETE FROM idempotency WHERE at < ?",
            values: vec![until.into()],
            must_match: None,
        }
    }
}
