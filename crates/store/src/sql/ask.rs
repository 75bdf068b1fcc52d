//! Whatever answers queries without being awaited: the writer's connection, or a reading one at one moment. What
//! is written against it runs in the lane and beside it alike.

use crate::StoreError;
use crate::sql::table::Table;
use crate::sql::value::{Kind, Row, Value};

/// Answers queries.
pub trait Ask {
    /// The rows of `asked`.
    fn ask(&mut self, asked: Query) -> Result<Vec<Row>, StoreError>;
}

/// One query with what it is read as.
#[derive(Debug)]
pub struct Query {
    pub table: &'static str,
    pub sql: String,
    pub kinds: Vec<Kind>,
    pub values: Vec<Value>,
}

impl Query {
    /// Whole rows of `table` after a WHERE and what follows it.
    pub fn of(table: &'static Table, tail: &str, values: Vec<Value>) -> Self {
        let sql = format!("SELECT {} FROM {} {tail}", table.column_list(), table.name);
        Self { table: table.name, sql, kinds: table.kinds(), values }
    }
}
