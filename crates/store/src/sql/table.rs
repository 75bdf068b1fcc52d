//! The tables that the lane reads and writes by key, as data: from a [`Table`] every statement is made.

use crate::sql::value::Kind;

/// One table: its columns in the order rows carry them, the key first.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// As the schema calls it.
    pub name: &'static str,
    /// Columns with their kinds; the first `key` of them are the primary key.
    pub columns: &'static [(&'static str, Kind)],
    /// How many columns the key has.
    pub key: usize,
}

impl Table {
    /// The names of all columns, separated by commas.
    pub fn column_list(&self) -> String {
        let names: Vec<_> = self.columns.iter().map(|(name, _)| *name).collect();
        names.join(", ")
    }

    /// The names of the columns of the key, separated by commas.
    pub fn key_list(&self) -> String {
        let names: Vec<_> = self.key_columns().iter().map(|(name, _)| *name).collect();
        names.join(", ")
    }

    /// The kinds of all columns.
    pub fn kinds(&self) -> Vec<Kind> {
        self.columns.iter().map(|(_, kind)| *kind).collect()
    }

    /// The columns of the key.
    pub fn key_columns(&self) -> &'static [(&'static str, Kind)] {
        &self.columns[..self.key]
    }
}
