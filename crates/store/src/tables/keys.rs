//! Keys of programs: who may do what. The secret is stored as its SHA-256 alone.

use crate::sql::dialect;
use crate::sql::statement::Statement;
use crate::sql::table::Table;
use crate::sql::value::Kind::{Blob, Int, Text};
use crate::sql::value::Row;
use crate::{Store, StoreError};
use docket_domain::{Id, Time};

/// Keys of programs.
pub static ACCESS_KEY: Table = Table {
    name: "access_key",
    columns: &[
        ("id", Int),
        ("name", Text),
        ("hash", Blob),
        ("body", Text),
        ("created_at", Int),
        ("revoked_at", Int),
        ("expires_at", Int),
        ("last_used_at", Int),
    ],
    key: 1,
};

/// One access key; `body` is what `app` makes of scopes, actors and limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// What the key is listed and revoked by; not the secret.
    pub id: Id,
    /// What people call it.
    pub name: String,
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    /// Scopes, actor kinds, limits and issuer, JSON.
    pub body: String,
    /// Since when.
    pub created_at: Time,
    /// When it was ended.
    pub revoked_at: Option<Time>,
    /// Until when it opens, if not for ever.
    pub expires_at: Option<Time>,
    /// When it last opened, to within a minute.
    pub last_used_at: Option<Time>,
}

impl KeyRow {
    /// Adds this key.
    pub fn add(self) -> Statement {
        let values = vec![
            self.id.into(),
            self.name.into(),
            self.hash.into(),
            self.body.into(),
            self.created_at.into(),
            self.revoked_at.into(),
            self.expires_at.into(),
            self.last_used_at.into(),
        ];
        Statement { sql: dialect::insert(&ACCESS_KEY, 1), values, must_match: None }
    }

    /// Ends the key `id`.
    pub fn revoke(id: Id, at: Time) -> Statement {
        Statement {
            sql: "UPDATE access_key SET revoked_at = ? WHERE id = ?",
            values: vec![at.into(), id.into()],
            must_match: None,
        }
    }

    /// Notes that the key `id` was used at `at`; another process may have seen it later.
    pub fn used(id: Id, at: Time) -> Statement {
        Statement {
            sql: "UPDATE access_key SET last_used_at = ? \
                  WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)",
            values: vec![at.into(), id.into(), at.into()],
            must_match: None,
        }
    }

    pub(crate) fn of(mut row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id()?,
            name: row.text()?,
            hash: row.hash()?,
            body: row.text()?,
            created_at: row.time()?,
            revoked_at: row.time_or_null()?,
            expires_at: row.time_or_null()?,
            last_used_at: row.time_or_null()?,
        })
    }
}

impl Store {
    /// Every access key, oldest first.
    pub async fn keys(&self) -> Result<Vec<KeyRow>, StoreError> {
        let rows = self.of_table(&ACCESS_KEY, "ORDER BY id", vec![]).await?;
        rows.into_iter().map(KeyRow::of).collect()
    }

    /// The access key of a secret's hash.
    pub async fn key(&self, hash: [u8; 32]) -> Result<Option<KeyRow>, StoreError> {
        self.one(&ACCESS_KEY, "WHERE hash = ?", hash.into(), KeyRow::of).await
    }
}
