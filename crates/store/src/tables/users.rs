//! Users of this installation and their sessions.

use crate::sql::dialect;
use crate::sql::statement::Statement;
use crate::sql::table::Table;
use crate::sql::value::Kind::{Blob, Int, Text};
use crate::sql::value::Row;
use crate::{Store, StoreError};
use docket_domain::{Id, Time};

/// Users.
pub static ACCOUNT_USER: Table = Table {
    name: "account_user",
    columns: &[
        ("id", Int),
        ("name", Text),
        ("role", Text),
        ("password", Text),
        ("body", Text),
        ("created_at", Int),
        ("disabled_at", Int),
        ("last_login_at", Int),
    ],
    key: 1,
};

/// Sessions of users.
pub static ACCOUNT_SESSION: Table = Table {
    name: "account_session",
    columns: &[("hash", Blob), ("user_id", Int), ("expires_at", Int)],
    key: 1,
};

/// One user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// What sessions and other rows know the user by.
    pub id: Id,
    /// The login name, unique.
    pub name: String,
    /// `admin`, `operator` or `viewer`.
    pub role: String,
    /// Argon2 hash in PHC form.
    pub password: String,
    /// The shops and places it is limited to, JSON of `app`'s.
    pub body: String,
    /// Since when.
    pub created_at: Time,
    /// When it was disabled.
    pub disabled_at: Option<Time>,
    /// When it last logged in.
    pub last_login_at: Option<Time>,
}

impl UserRow {
    /// Adds this user; a taken name is a conflict.
    pub fn add(self) -> Statement {
        let values = vec![
            self.id.into(),
            self.name.into(),
            self.role.into(),
            self.password.into(),
            self.body.into(),
            self.created_at.into(),
            self.disabled_at.into(),
            self.last_login_at.into(),
        ];
        Statement { sql: dialect::insert(&ACCOUNT_USER, 1), values, must_match: None }
    }

    /// Disables the user `id`.
    pub fn disable(id: Id, at: Time) -> Statement {
        Statement {
            sql: "UPDATE account_user SET disabled_at = ? WHERE id = ?",
            values: vec![at.into(), id.into()],
            must_match: None,
        }
    }

    /// Lets the user `id` log in again.
    pub fn enable(id: Id) -> Statement {
        Statement {
            sql: "UPDATE account_user SET disabled_at = NULL WHERE id = ?",
            values: vec![id.into()],
            must_match: None,
        }
    }

    /// Notes that the user `id` logged in.
    pub fn logged_in(id: Id, at: Time) -> Statement {
        Statement {
            sql: "UPDATE account_user SET last_login_at = ? WHERE id = ?",
            values: vec![at.into(), id.into()],
            must_match: None,
        }
    }

    /// Sets another password.
    pub fn set_password(id: Id, password: &str) -> Statement {
        Statement {
            sql: "UPDATE account_user SET password = ? WHERE id = ?",
            values: vec![password.into(), id.into()],
            must_match: None,
        }
    }

    pub(crate) fn of(mut row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id()?,
            name: row.text()?,
            role: row.text()?,
            password: row.text()?,
            body: row.text()?,
            created_at: row.time()?,
            disabled_at: row.time_or_null()?,
            last_login_at: row.time_or_null()?,
        })
    }
}

/// One session of a user; its token is stored as SHA-256 alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionRow {
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// Whose.
    pub user: Id,
    /// Until when.
    pub expires_at: Time,
}

impl SessionRow {
    /// Adds this session.
    pub fn add(self) -> Statement {
        let values = vec![self.hash.into(), self.user.into(), self.expires_at.into()];
        Statement { sql: dialect::insert(&ACCOUNT_SESSION, 1), values, must_match: None }
    }

    /// Ends every session that ran out before `now`.
    pub fn forget_before(now: Time) -> Statement {
        Statement {
            sql: "DELETE FROM account_session WHERE expires_at < ?",
            values: vec![now.into()],
            must_match: None,
        }
    }

    /// Ends one session.
    pub fn end(hash: [u8; 32]) -> Statement {
        Statement {
            sql: "DELETE FROM account_session WHERE hash = ?",
            values: vec![hash.into()],
            must_match: None,
        }
    }

    /// Ends every session of `user` but the one with this token.
    pub fn end_others(user: Id, hash: [u8; 32]) -> Statement {
        Statement {
            sql: "DELETE FROM account_session WHERE user_id = ? AND hash <> ?",
            values: vec![user.into(), hash.into()],
            must_match: None,
        }
    }

    /// Ends every session of `user`.
    pub fn end_all(user: Id) -> Statement {
        Statement {
            sql: "DELETE FROM account_session WHERE user_id = ?",
            values: vec![user.into()],
            must_match: None,
        }
    }

    pub(crate) fn of(mut row: Row) -> Result<Self, StoreError> {
        Ok(Self { hash: row.hash()?, user: row.id()?, expires_at: row.time()? })
    }
}

impl Store {
    /// Every user, oldest first.
    pub async fn users(&self) -> Result<Vec<UserRow>, StoreError> {
        let rows = self.of_table(&ACCOUNT_USER, "ORDER BY id", vec![]).await?;
        rows.into_iter().map(UserRow::of).collect()
    }

    /// The user of a login name.
    pub async fn user(&self, name: &str) -> Result<Option<UserRow>, StoreError> {
        self.one(&ACCOUNT_USER, "WHERE name = ?", name.into(), UserRow::of).await
    }

    /// The user of a number.
    pub async fn user_of(&self, id: Id) -> Result<Option<UserRow>, StoreError> {
        self.one(&ACCOUNT_USER, "WHERE id = ?", id.into(), UserRow::of).await
    }

    /// The sessions of a user beyond the `newest` ones, at most a hundred.
    pub async fn sessions_beyond(
        &self,
        user: Id,
        newest: usize,
    ) -> Result<Vec<SessionRow>, StoreError> {
        let sql = format!(
            "SELECT {} FROM account_session WHERE user_id = ? \
             ORDER BY expires_at DESC LIMIT 100 OFFSET {newest}",
            ACCOUNT_SESSION.column_list()
        );
        let rows =
            self.rows("account_session", sql, &ACCOUNT_SESSION.kinds(), vec![user.into()]).await?;
        rows.into_iter().map(SessionRow::of).collect()
    }

    /// The session of a token's hash.
    pub async fn session(&self, hash: [u8; 32]) -> Result<Option<SessionRow>, StoreError> {
        self.one(&ACCOUNT_SESSION, "WHERE hash = ?", hash.into(), SessionRow::of).await
    }
}
