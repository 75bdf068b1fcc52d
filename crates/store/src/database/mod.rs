//! What the writer needs from a database, twice implemented: once for SQLite, once for the MySQL family.

pub mod beside;
pub mod figures;
pub mod files;
pub mod lock;
pub mod mysql;
pub mod reading;
mod relay;
pub mod server;
pub mod sqlite;
pub mod turns;

use crate::StoreError;
use crate::database::figures::Figures;
use crate::database::files::{Files, Overwrite};
use crate::sql::ask::Ask;
use crate::sql::dialect::{Dialect, Lookup};
use crate::sql::statement::Statement;
use crate::sql::table::Table;
use crate::sql::value::{Row, Value};

/// A row that replaces the one of its key if the version of that is still `over`.
#[derive(Debug)]
pub struct GuardedRow {
    /// The version it was read at.
    pub over: i64,
    /// The new row, whole.
    pub row: Vec<Value>,
}

/// The one writing connection of a process. Not async: the writer has an OS thread of its own.
pub trait Connection: Ask + Send {
    /// Whose words it understands.
    fn dialect(&self) -> Dialect;
    /// Begins a transaction that may write.
    fn begin(&mut self) -> Result<(), StoreError>;
    /// Commits it.
    fn commit(&mut self) -> Result<(), StoreError>;
    /// Rolls it back; whatever state it is in, none is open afterwards.
    fn rollback(&mut self);
    /// The rows of many keys.
    fn fetch(
        &mut self,
        lookup: &'static Lookup,
        fixed: Option<&Value>,
        keys: &[Value],
    ) -> Result<Vec<Row>, StoreError>;
    /// New rows; an existing key is a conflict.
    fn insert(&mut self, table: &'static Table, rows: &[Vec<Value>]) -> Result<(), StoreError>;
    /// New rows of tables that are all key; those that exist already stay.
    fn insert_missing(
        &mut self,
        table: &'static Table,
        rows: &[Vec<Value>],
    ) -> Result<(), StoreError>;
    /// Rows new or over those of their keys.
    fn upsert(&mut self, table: &'static Table, rows: &[Vec<Value>]) -> Result<(), StoreError>;
    /// Rows over the versions they were read at, or a conflict.
    fn replace_versions(
        &mut self,
        table: &'static Table,
        rows: &[GuardedRow],
    ) -> Result<(), StoreError>;
    /// Deletes rows by key.
    fn delete(&mut self, table: &'static Table, keys: &[Vec<Value>]) -> Result<(), StoreError>;
    /// Any other statement of this crate.
    fn execute(&mut self, statement: &Statement) -> Result<u64, StoreError>;
    /// The same, which is a conflict where it does not match as many rows as it must.
    fn execute_exactly(&mut self, statement: &Statement) -> Result<(), StoreError> {
        let matched = self.execute(statement)?;
        let as_many = statement.must_match.is_none_or(|must| must == matched);
        if as_many { Ok(()) } else { Err(StoreError::Conflict) }
    }
    /// Between two batches: what the database wants done then.
    fn rest(&mut self, figures: &Figures);
    /// Between two batches: from now on, what is overwritten of rows that are removed.
    fn overwrite(&mut self, what: Overwrite) -> Result<(), StoreError>;
    /// Between two batches: writes files that are ours and have `most` bytes at most anew, without what was removed.
    fn rewrite(&mut self, most: u64) -> Result<Files, StoreError>;
    /// Between two batches: empties a log that is ours; says whether it is empty.
    fn empty_log(&mut self) -> Result<bool, StoreError>;
    /// The last thing before the process lets go of the database.
    fn finish(&mut self);
    /// Whether there is no connection any more: what was under way on it is undone.
    fn is_lost(&self) -> bool;
    /// Makes the connection anew after the database was away.
    fn reconnect(&mut self) -> Result<(), StoreError>;
}
