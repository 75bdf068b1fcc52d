//! Lists of what stands beside orders, in the order of a key of two: each page begins behind the last row looked at,
//! by one look at the key. Whoever asks passes over what the caller may not see.

use crate::sql::ask::Query;
use crate::sql::dialect::Dialect;
use crate::sql::table::Table;
use crate::sql::text::{Sql, along};
use crate::sql::value::Value;
use std::fmt::Write as _;

/// At most `limit` rows of `table` behind `after`, the values of its key, which are two.
pub fn behind(dialect: Dialect, table: &'static Table, after: [Value; 2], limit: usize) -> Query {
    behind_where(dialect, table, after, limit, "")
}

/// The same of the rows that pass one more test.
pub fn behind_where(
    dialect: Dialect,
    table: &'static Table,
    after: [Value; 2],
    limit: usize,
    test: &str,
) -> Query {
    // Not every table has them in front.
    let [a, b] = match table.name {
        "stock" => ["sku_id", "place"],
        _ => [table.columns[0].0, table.columns[1].0],
    };
    let text = format!(
        "SELECT {} FROM {} WHERE 1 = 1",
        table.column_list(),
        along(dialect, table.name, None)
    );
    let mut sql = Sql { text, values: Vec::new() };
    let [first, second] = after;
    match dialect {
        // It seeks by a pair, and the MySQL family by an OR.
        Dialect::Sqlite => sql.and(&format!("({a}, {b}) > (?, ?)"), [first, second]),
        Dialect::MySql => {
            let newer = format!("({a} > ? OR ({a} = ? AND {b} > ?))");
            sql.and(&newer, [first.clone(), first, second]);
        }
    }
    let _ = write!(sql.text, "{test} ORDER BY {a}, {b} LIMIT {limit}");
    Query { table: table.name, sql: sql.text, kinds: table.kinds(), values: sql.values }
}
