//! Agreed trees: what both sides agreed to, once per terms version, compressed.

use crate::StoreError;
use crate::value::{Row, Value};
use docket_domain::{Id, Time};

/// One agreed tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The tree.
    pub tree: Id,
    /// Which terms.
    pub terms_version: u32,
    /// Since when.
    pub at: Time,
    /// Of the JSON before compression.
    pub sha256: [u8; 32],
    /// The JSON, zstd.
    pub body: Vec<u8>,
}

impl Snapshot {
    pub(crate) fn row(self) -> Vec<Value> {
        vec![
            self.tree.into(),
            self.terms_version.into(),
            self.at.into(),
            self.sha256.into(),
            self.body.into(),
        ]
    }

    pub(crate) fn of(mut row: Row) -> Result<Self, StoreError> {
        let tree = row.id()?;
        let terms_version = row.int()? as u32;
        let at = row.time()?;
        Ok(Self { tree, terms_version, at, sha256: row.hash()?, body: row.blob()? })
    }
}
