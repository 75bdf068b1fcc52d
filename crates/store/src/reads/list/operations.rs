//! The log across orders: by operator, kind and time, newest first.
//!
//! One index gives it in its order: that of an operator, which tells the kinds too, that of a kind, or that of time.

use super::{BOUNDS, Bounds};
use crate::sql::ask::{Ask, Query};
use crate::sql::dialect::Dialect;
use crate::sql::text::{Sql, along};
use crate::sql::value::{Kind, Value};
use crate::tables::orders::ORDER_OPERATION;
use crate::tables::rows;
use crate::{Store, StoreError};
use docket_domain::{Id, LogEntry, OperationKind, Time};
use std::fmt::Write as _;

/// Rows whose keys one statement looks up.
const FETCHED: usize = 64;

/// Which operations, across orders.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct OperationFilter {
    pub operator: Option<String>,
    pub kind: Option<OperationKind>,
    pub from: Option<Time>,
    pub to: Option<Time>,
    /// The last row of the page before: its time, tree and sequence number.
    pub cursor: Option<Place>,
    pub limit: usize,
}

/// Where a row stands in the log across orders: its time, tree and sequence number.
pub type Place = (Time, Id, u32);

/// One page of the log across orders.
#[derive(Debug, Clone)]
pub struct OperationPage {
    /// Newest first.
    pub entries: Vec<LogEntry>,
    /// Behind which the next page goes on; none at the end. There is one wherever the page looked at as much as it
    /// may.
    pub next: Option<Place>,
}

impl Store {
    /// One page of the log across orders, newest first.
    pub async fn operations_across(
        &self,
        filter: &OperationFilter,
    ) -> Result<OperationPage, StoreError> {
        let (dialect, filter) = (self.dialect(), filter.clone());
        self.at_one_moment(move |ask| page(ask, dialect, &filter, BOUNDS)).await
    }
}

/// See [`Store::operations_across`].
pub fn page(
    ask: &mut dyn Ask,
    dialect: Dialect,
    filter: &OperationFilter,
    bounds: Bounds,
) -> Result<OperationPage, StoreError> {
    if let (Some(_), Some(kind)) = (&filter.operator, filter.kind) {
        return of_both(ask, dialect, filter, kind, bounds);
    }
    let columns = ORDER_OPERATION.column_list();
    let sql = select(dialect, filter, filter.cursor, &columns, filter.limit + 1);
    let asked = Query {
        table: ORDER_OPERATION.name,
        sql: sql.text,
        kinds: ORDER_OPERATION.kinds(),
        values: sql.values,
    };
    let found = ask.ask(asked)?.into_iter().map(rows::entry_of);
    let mut entries = found.collect::<Result<Vec<_>, _>>()?;
    let more = entries.len() > filter.limit;
    entries.truncate(filter.limit);
    let next = entries.last().filter(|_| more).map(|last| (last.at, last.tree, last.seq));
    Ok(OperationPage { entries, next })
}

/// `columns` of the next `limit` rows, along the index that fits.
fn select(
    dialect: Dialect,
    filter: &OperationFilter,
    cursor: Option<Place>,
    columns: &str,
    limit: usize,
) -> Sql {
    let (index, conditions) = match (&filter.operator, filter.kind) {
        (Some(operator), _) => {
            ("order_operation_operator", Some(("operator = ?", Value::from(operator))))
        }
        (None, Some(kind)) => {
            ("order_operation_kind", Some(("kind = ?", Value::from(kind.code()))))
        }
        (None, None) => ("order_operation_at", None),
    };
    let table = along(dialect, ORDER_OPERATION.name, Some(index));
    let mut sql =
        Sql { text: format!("SELECT {columns} FROM {table} WHERE 1 = 1"), values: Vec::new() };
    if let Some((condition, value)) = conditions {
        sql.and(condition, [value]);
    }
    match cursor {
        None => sql.between("at", (filter.from, filter.to)),
        // One upper bound; what is of its moment is what was written in one batch.
        Some((at, tree, seq)) => {
            sql.between("at", (filter.from, None));
            let before = "at <= ? AND (at < ? OR tree < ? OR (tree = ? AND seq < ?))";
            sql.and(before, [at.into(), at.into(), tree.into(), tree.into(), seq.into()]);
        }
    }
    let _ = write!(sql.text, " ORDER BY at DESC, tree DESC, site DESC, seq DESC LIMIT {limit}");
    sql
}

/// What an operator did of one kind: keys and kinds are told by the index of operators, the rows are looked up.
fn of_both(
    ask: &mut dyn Ask,
    dialect: Dialect,
    filter: &OperationFilter,
    kind: OperationKind,
    bounds: Bounds,
) -> Result<OperationPage, StoreError> {
    let (mut keys, mut reached, mut looked_at) = (Vec::new(), filter.cursor, 0);
    let mut ended = false;
    while !ended && keys.len() <= filter.limit && looked_at < bounds.looked_at {
        let piece = bounds.piece[1].min(bounds.looked_at - looked_at);
        let sql = select(dialect, filter, reached, "at, tree, site, seq, kind", piece);
        let kinds = vec![Kind::Int; 5];
        let asked = Query { table: ORDER_OPERATION.name, sql: sql.text, kinds, values: sql.values };
        let found = ask.ask(asked)?;
        looked_at += found.len();
        ended = found.len() < piece;
        for mut row in found {
            let (at, tree, site, seq) = (row.time()?, row.id()?, row.int()?, row.int()?);
            let place = (at, tree, seq as u32);
            reached = Some(place);
            if row.int()? == kind.code() {
                keys.push((place, site));
            }
        }
    }
    let more = keys.len() > filter.limit;
    keys.truncate(filter.limit);
    let mut entries = Vec::with_capacity(keys.len());
    for keys in keys.chunks(FETCHED) {
        entries.append(&mut fetch(ask, dialect, keys)?);
    }
    entries.sort_unstable_by_key(|one: &LogEntry| {
        std::cmp::Reverse((one.at, one.tree, one.site, one.seq))
    });
    let last = keys.last().filter(|_| more).map(|(place, _)| *place);
    Ok(OperationPage { entries, next: last.or(reached.filter(|_| !ended)) })
}

/// The rows of these keys.
fn fetch(
    ask: &mut dyn Ask,
    dialect: Dialect,
    keys: &[(Place, i64)],
) -> Result<Vec<LogEntry>, StoreError> {
    let table = &ORDER_OPERATION;
    let n = keys.len();
    let sql = match dialect {
        Dialect::Sqlite => {
            let columns = table.columns.iter().map(|(name, _)| format!("o.{name}"));
            format!(
                "SELECT {} FROM (VALUES {}) AS v CROSS JOIN order_operation AS o \
                 WHERE o.tree = v.column1 AND o.site = v.column2 AND o.seq = v.column3",
                columns.collect::<Vec<_>>().join(", "),
                vec!["(?, ?, ?)"; n].join(", ")
            )
        }
        Dialect::MySql => format!(
            "SELECT {} FROM {} WHERE {}",
            table.column_list(),
            along(dialect, table.name, None),
            vec!["(tree = ? AND site = ? AND seq = ?)"; n].join(" OR ")
        ),
    };
    let key = |((_, tree, seq), site): &(Place, i64)| {
        [Value::from(*tree), Value::Int(*site), Value::from(*seq)]
    };
    let values = keys.iter().flat_map(key).collect();
    let asked = Query { table: table.name, sql, kinds: table.kinds(), values };
    ask.ask(asked)?.into_iter().map(rows::entry_of).collect()
}
