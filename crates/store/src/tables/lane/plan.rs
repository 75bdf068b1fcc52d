//! From what the pieces of a batch decided to what is written: rows by what is done with them, made without a database.
//!
//! A tree that changed several times in a batch is written once; every change keeps its log row. Rows are written in the
//! order of their keys, and tables in the order of the one list in `lane`, so that two processes seldom deadlock.

use crate::StoreError;
use crate::database::Connection;
use crate::sql::statement::Statement;
use crate::sql::table::Table;
use crate::sql::value::Value;
use crate::tables::lane::Writes;
use crate::tables::tasks::Announced;

/// Rows that pieces write of one table.
pub trait Written {
    /// The table.
    const TABLE: &'static Table;
    /// Takes them out of what one piece writes.
    fn add(writes: &mut Writes, rows: &mut Rows, beside: &mut Beside);
}

/// The rows that a batch writes of one table.
#[derive(Debug, Default)]
pub struct Rows {
    new: Vec<Vec<Value>>,
    missing: Vec<Vec<Value>>,
    over: Vec<Vec<Value>>,
    gone: Vec<Vec<Value>>,
}

impl Rows {
    /// New rows; one whose key is there already is a conflict.
    pub fn insert(&mut self, rows: impl IntoIterator<Item = Vec<Value>>) {
        self.new.extend(rows);
    }

    /// Rows new or over those of their keys; of one key the last one holds.
    pub fn upsert(&mut self, rows: impl IntoIterator<Item = Vec<Value>>) {
        self.over.extend(rows);
    }

    /// New rows where there are none of their keys; the later piece holds against one that takes them out.
    pub fn insert_missing(&mut self, rows: impl IntoIterator<Item = Vec<Value>>) {
        for row in rows {
            self.gone.retain(|gone| gone[..] != row[..gone.len()]);
            self.missing.push(row);
        }
    }

    /// Takes the rows of keys out; the later piece holds against one that puts them in.
    pub fn delete(&mut self, keys: impl IntoIterator<Item = Vec<Value>>) {
        for key in keys {
            self.missing.retain(|row| row[..key.len()] != key[..]);
            self.gone.push(key);
        }
    }

    /// Writes them into `table`, those of one verb in the order of their keys.
    pub fn write(
        &mut self,
        table: &'static Table,
        connection: &mut dyn Connection,
    ) -> Result<(), StoreError> {
        let Self { new, missing, over, gone } = self;
        let by_key = |a: &Vec<Value>, b: &Vec<Value>| a[..table.key].cmp(&b[..table.key]);
        if !new.is_empty() {
            new.sort_unstable_by(by_key);
            connection.insert(table, new)?;
        }
        if !missing.is_empty() {
            // Of one key the first one stays.
            missing.sort_by(by_key);
            missing.dedup();
            connection.insert_missing(table, missing)?;
        }
        if !gone.is_empty() {
            connection.delete(table, gone)?;
        }
        if !over.is_empty() {
            over.reverse();
            over.sort_by(by_key);
            over.dedup_by(|next, kept| next[..table.key] == kept[..table.key]);
            connection.upsert(table, over)?;
        }
        Ok(())
    }
}

/// What a batch brings about beside rows.
#[derive(Debug, Default)]
pub struct Beside {
    /// Statements that tables made themselves, run behind all rows in the order in which pieces brought them.
    pub statements: Vec<Statement>,
    /// For the doorbell, after the commit.
    pub announced: Vec<Announced>,
}

impl Beside {
    /// Runs the statements.
    pub fn write(&self, connection: &mut dyn Connection) -> Result<(), StoreError> {
        self.statements.iter().try_for_each(|statement| connection.execute_exactly(statement))
    }
}
