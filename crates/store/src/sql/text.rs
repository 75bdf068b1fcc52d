//! SQL that is built while it is known what for: text with its values, built side by side, and the words in which the databases differ.

use crate::sql::dialect::Dialect;
use crate::sql::value::Value;
use docket_domain::Time;
use std::fmt::Write as _;

/// How many keys one statement of a read lists.
pub const LISTED_MAX: usize = 200;

/// Conditions with their values; each begins with ` AND `.
#[derive(Debug, Default, Clone)]
pub struct Sql {
    pub text: String,
    pub values: Vec<Value>,
}

impl Sql {
    pub fn and(&mut self, condition: &str, values: impl IntoIterator<Item = Value>) {
        let _ = write!(self.text, " AND {condition}");
        self.values.extend(values);
    }

    pub fn append(&mut self, other: &Self) {
        self.text.push_str(&other.text);
        self.values.extend(other.values.iter().cloned());
    }

    /// The bounds of a time column: from inclusive, to exclusive.
    pub fn between(&mut self, column: &str, (from, to): (Option<Time>, Option<Time>)) {
        if let Some(from) = from {
            self.and(&format!("{column} >= ?"), [from.into()]);
        }
        if let Some(to) = to {
            self.and(&format!("{column} < ?"), [to.into()]);
        }
    }
}

/// `?, ?, …`
pub fn holes(n: usize) -> String {
    vec!["?"; n].join(", ")
}

/// A table with the index that a statement goes along; none is that of its primary key.
pub fn along(dialect: Dialect, table: &str, index: Option<&str>) -> String {
    match (dialect, index) {
        (Dialect::Sqlite, Some(index)) => format!("{table} INDEXED BY {index}"),
        (Dialect::Sqlite, None) => table.to_owned(),
        (Dialect::MySql, index) => {
            format!("{table} FORCE INDEX ({})", index.unwrap_or("PRIMARY"))
        }
    }
}

/// A column that is tested on the rows of a key, and must not lead to them by an index of its own.
pub fn tested(dialect: Dialect, column: &str) -> String {
    match dialect {
        Dialect::Sqlite => format!("+{column}"),
        Dialect::MySql => column.to_owned(),
    }
}
