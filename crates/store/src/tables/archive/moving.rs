//! The statements by which rows leave for a segment and come back. Each names exactly the rows that the object
//! has, and must match as many; so nothing leaves that is not there, and nothing leaves twice.

use super::{KeptRow, SegmentKind};
use crate::sql::dialect;
use crate::sql::statement::Statement;
use crate::sql::value::Value;
use crate::tables::archive::ARCHIVE_ORDER;
use crate::tables::orders::{self, ORDER_OPERATION, PAYMENT_ORDER};
use crate::tables::snapshots::ORDER_SNAPSHOT;
use docket_domain::{Id, Time};
use std::collections::BTreeMap;

/// The rows of one tree leave for `segment`: `rows` are all that the object has of it. Goes with
/// [`Segment::fill`](super::Segment::fill).
pub fn move_away(kind: SegmentKind, segment: Id, tree: Id, rows: &[KeptRow]) -> Vec<Statement> {
    let mut statements = Vec::new();
    // First: of two that archive the same at the same time, one stops here.
    statements.push(Statement::any(
        "INSERT INTO archive_tree (tree, segment) VALUES (?, ?)",
        vec![tree.into(), segment.into()],
    ));
    statements.extend(ranges(rows, "site", "seq").into_iter().map(|(site, seq)| {
        exactly(
            "DELETE FROM order_operation WHERE tree = ? AND site = ? AND seq >= ? AND seq <= ?",
            vec![tree.into(), site.into(), seq.first.into(), seq.last.into()],
            seq.count,
        )
    }));
    statements.extend(ranges(rows, "tree", "terms_version").into_values().map(|terms| {
        exactly(
            "DELETE FROM order_snapshot WHERE tree = ? AND terms_version >= ? AND terms_version <= ?",
            vec![tree.into(), terms.first.into(), terms.last.into()],
            terms.count,
        )
    }));
    if kind == SegmentKind::Orders {
        statements.extend(nodes_away(segment, tree, rows));
    }
    statements
}

/// The nodes of a tree leave, over the version at which they were read.
fn nodes_away(segment: Id, tree: Id, rows: &[KeptRow]) -> Vec<Statement> {
    let root = rows.iter().find(|row| row.is_of(&PAYMENT_ORDER));
    let version = root.and_then(KeptRow::version).unwrap_or_default();
    let buyer = root.and_then(|row| row.value("buyer_id")).cloned().unwrap_or(Value::Null);
    let external = rows.iter().find_map(KeptRow::external_id).map_or(Value::Null, Value::from);
    let count = |of| rows.iter().filter(|row| row.is_of(of)).count() as u64;
    let mut statements = vec![
        exactly(
            "DELETE FROM payment_order WHERE id = ? AND version = ?",
            vec![tree.into(), version.into()],
            1,
        ),
        exactly(
            "DELETE FROM shop_order WHERE tree = ?",
            vec![tree.into()],
            count(&orders::SHOP_ORDER),
        ),
        exactly(
            "DELETE FROM item_order WHERE tree = ?",
            vec![tree.into()],
            count(&orders::ITEM_ORDER),
        ),
        Statement::any(
            dialect::insert(&ARCHIVE_ORDER, 1),
            vec![tree.into(), segment.into(), buyer, external],
        ),
    ];
    for row in rows {
        if row.is_of(&orders::ORDER_TERM) {
            statements.push(exactly(dialect::delete(row.table), row.values.clone(), 1));
        } else if row.is_of(&orders::SHOP_ORDER) || row.is_of(&orders::ITEM_ORDER) {
            let id = row.value("id").cloned().unwrap_or(Value::Null);
            statements.push(Statement::any(
                "INSERT INTO archive_node (id, tree) VALUES (?, ?)",
                vec![id, tree.into()],
            ));
        }
    }
    statements
}

/// The rows that `segment` holds of `tree` come back, and stay at least until `until`.
pub fn move_back(
    kind: SegmentKind,
    segment: Id,
    tree: Id,
    rows: &[KeptRow],
    until: Time,
) -> Vec<Statement> {
    let mut statements = vec![
        exactly(
            "DELETE FROM archive_tree WHERE tree = ? AND segment = ?",
            vec![tree.into(), segment.into()],
            1,
        ),
        exactly("UPDATE archive_segment SET away = away - 1 WHERE id = ?", vec![segment.into()], 1),
        // The object keeps what came back from it.
        Statement::any(
            "DELETE FROM archive_copy WHERE tree = ? AND segment = ?",
            vec![tree.into(), segment.into()],
        ),
        Statement::any(
            "INSERT INTO archive_copy (tree, segment) VALUES (?, ?)",
            vec![tree.into(), segment.into()],
        ),
        Statement::any("DELETE FROM archive_hold WHERE tree = ?", vec![tree.into()]),
        Statement::any(
            "INSERT INTO archive_hold (tree, until_at) VALUES (?, ?)",
            vec![tree.into(), until.into()],
        ),
    ];
    if kind == SegmentKind::Orders {
        let of_tree = || vec![tree.into()];
        statements.push(exactly("DELETE FROM archive_order WHERE tree = ?", of_tree(), 1));
        statements.push(Statement::any("DELETE FROM archive_node WHERE tree = ?", of_tree()));
    }
    let back = |row: &KeptRow| Statement::any(dialect::insert(row.table, 1), row.values.clone());
    statements.extend(rows.iter().map(back));
    statements
}

impl KeptRow {
    /// Ends the time for which trees stay that were brought back long ago.
    pub fn forget_holds(now: Time) -> Statement {
        Statement::any("DELETE FROM archive_hold WHERE until_at <= ?", vec![now.into()])
    }
}

fn exactly(sql: &'static str, values: Vec<Value>, rows: u64) -> Statement {
    Statement { sql, values, must_match: Some(rows) }
}

/// Rows with numbers one after another.
struct Range {
    first: i64,
    last: i64,
    count: u64,
}

/// The rows that have a column `number`, by their column `group`.
fn ranges(rows: &[KeptRow], group: &str, number: &str) -> BTreeMap<i64, Range> {
    let mut found: BTreeMap<i64, Range> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.is_of(&ORDER_OPERATION) || row.is_of(&ORDER_SNAPSHOT)) {
        let (Some(group), Some(number)) = (row.int(group), row.int(number)) else { continue };
        let range = found.entry(group).or_insert(Range { first: number, last: number, count: 0 });
        range.first = range.first.min(number);
        range.last = range.last.max(number);
        range.count += 1;
    }
    found
}
