//! What may leave now. Each look walks an index whose entries go when their rows go, so what was archived long
//! ago costs nothing; only what is old and stays, because it is open, is passed over again.

use super::{KeptRow, SegmentKind};
use crate::sql::ask::{Ask, Query};
use crate::sql::table::Table;
use crate::sql::text::holes;
use crate::sql::value::{Kind, Value};
use crate::tables::snapshots::ORDER_SNAPSHOT;
use crate::tables::{orders, rows};
use crate::{Store, StoreError};
use docket_domain::words::Status;
use docket_domain::{Id, Time, Tree};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// One look at what may leave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Archivable {
    /// Trees, in the order in which they are to leave, each once.
    pub trees: Vec<DueTree>,
    /// Where the next look goes on; nothing at the end.
    pub next: Option<Position>,
    /// What was looked at last, whether it may leave or not.
    pub last: Option<Position>,
}

/// A place in the index by which something is found to be old: from the oldest on, and of one moment by trees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// When it was written.
    pub at: Time,
    /// Of which tree.
    pub tree: Id,
    /// Of a log: of which site.
    pub site: i64,
    /// Of a log: which row.
    pub seq: i64,
}

/// A tree of which something may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueTree {
    /// The payment order's number.
    pub tree: Id,
    /// How many of its rows were met; of anything but a log, one stands for all of them.
    pub met: u64,
    /// Whether the newest of its log was among them. Every log has one, so that who counts these counts each tree
    /// once, on whichever look it meets them.
    pub newest: bool,
}

/// Trees whose rows are read at once.
const AT_ONCE: usize = 50;
/// Words of orders that are read at once.
const TERMS: usize = 60;

/// The statuses of a finished order: nothing more is expected to happen to it.
const FINISHED: [Status; 4] =
    [Status::Cancelled, Status::Closed, Status::Received, Status::Completed];

/// How far numbers may run ahead of the clock.
const AHEAD_MS: i64 = 60_000;

impl Store {
    /// Trees of which something of `kind` was written at or before `until`, which did not change since, wait
    /// for nothing and were not brought back lately: from just after `after`, of `limit` index entries.
    pub async fn archivable(
        &self,
        kind: SegmentKind,
        until: Time,
        now: Time,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Archivable, StoreError> {
        self.at_one_moment(move |ask| look(kind, (until, now), after, limit, ask)).await
    }

    /// Those of `trees` of which something of `kind` may leave.
    pub async fn quiet(
        &self,
        kind: SegmentKind,
        trees: &[Id],
        until: Time,
        now: Time,
    ) -> Result<BTreeSet<Id>, StoreError> {
        let trees = trees.to_vec();
        let found = self.at_one_moment(move |ask| quiet(kind, &trees, (until, now), ask)).await?;
        Ok(found.into_keys().collect())
    }

    /// How many rows of logs and agreed trees leave with `trees`, as `kind`.
    pub async fn history_rows(&self, kind: SegmentKind, trees: &[Id]) -> Result<u64, StoreError> {
        let trees = trees.to_vec();
        self.at_one_moment(move |ask| history_rows(kind, &trees, ask)).await
    }

    /// The rows of `kind` of one tree, in the order of their tables and keys.
    pub async fn kept_rows(&self, kind: SegmentKind, tree: Id) -> Result<Vec<KeptRow>, StoreError> {
        let mut found = self.kept_rows_of(kind, &[tree]).await?;
        Ok(found.pop().map_or_else(Vec::new, |(_, rows)| rows))
    }

    /// The same of many, in the order of `trees`; those of which there is nothing are left out.
    pub async fn kept_rows_of(
        &self,
        kind: SegmentKind,
        trees: &[Id],
    ) -> Result<Vec<(Id, Vec<KeptRow>)>, StoreError> {
        let trees = trees.to_vec();
        self.at_one_moment(move |ask| kept(kind, &trees, ask)).await
    }
}

/// See [`Store::archivable`]; `until` and `now` are the two moments.
pub(crate) fn look(
    kind: SegmentKind,
    (until, now): (Time, Time),
    after: Option<Position>,
    limit: usize,
    ask: &mut dyn Ask,
) -> Result<Archivable, StoreError> {
    let entries = entries(kind, until, after, limit, ask)?;
    let mut seen = BTreeSet::new();
    let mut trees: Vec<Id> = entries.iter().map(|entry| entry.tree).collect();
    trees.retain(|tree| seen.insert(*tree));
    let quiet = quiet(kind, &trees, (until, now), ask)?;
    let mut met = BTreeMap::<Id, (u64, bool)>::new();
    for entry in &entries {
        let (met, newest) = met.entry(entry.tree).or_default();
        *met += 1;
        *newest |= entry.site == 0 && quiet.get(&entry.tree) == Some(&entry.seq);
    }
    let due = trees.into_iter().filter(|tree| quiet.contains_key(tree)).map(|tree| {
        let (met, newest) = met[&tree];
        DueTree { tree, met, newest }
    });
    let last = entries.last().copied();
    let next = last.filter(|_| entries.len() == limit);
    Ok(Archivable { trees: due.collect(), next, last })
}

/// Entries of the index of what is old enough. First what is left of the moment that was reached, then what is later:
/// each part is a range of the index, so that a look reads what it finds and nothing before it.
fn entries(
    kind: SegmentKind,
    until: Time,
    after: Option<Position>,
    limit: usize,
    ask: &mut dyn Ask,
) -> Result<Vec<Position>, StoreError> {
    let (columns, at, tree, order) = match kind {
        SegmentKind::Log => ("at, tree, site, seq", "at", "tree", "at, tree, site, seq"),
        // Numbers sort by time: those of the oldest placements come first.
        SegmentKind::Snapshots => ("DISTINCT 0, tree, 0, 0", "", "tree", "tree"),
        SegmentKind::Orders => ("updated_at, id, 0, 0", "updated_at", "id", "updated_at, id"),
    };
    let mut parts: Vec<(String, Vec<Value>)> = Vec::new();
    if kind == SegmentKind::Snapshots {
        let newest = Id::newest_at(until.plus(AHEAD_MS));
        let after = after.map_or(Id(0), |after| after.tree);
        parts.push(("tree > ? AND tree <= ?".to_owned(), vec![after.into(), newest.into()]));
    } else if let Some(Position { at: reached, tree: of, site, seq }) = after {
        let own: [Value; 2] = [reached.into(), of.into()];
        if kind == SegmentKind::Log {
            let tree = "at = ? AND tree = ?";
            let (site, seq) = (Value::Int(site), Value::Int(seq));
            let of_site = own.iter().cloned().chain([site.clone(), seq]).collect();
            parts.push((format!("{tree} AND site = ? AND seq > ?"), of_site));
            parts.push((
                format!("{tree} AND site > ?"),
                own.iter().cloned().chain([site]).collect(),
            ));
        }
        parts.push((format!("{at} = ? AND {tree} > ?"), own.to_vec()));
        parts.push((format!("{at} > ? AND {at} <= ?"), vec![reached.into(), until.into()]));
    } else {
        parts.push((format!("{at} <= ?"), vec![until.into()]));
    }
    let table = kind.tables()[0].name;
    let mut found: Vec<Position> = Vec::new();
    for (part, values) in parts {
        let left = limit - found.len();
        if left == 0 {
            break;
        }
        let sql =
            format!("SELECT {columns} FROM {table} WHERE {part} ORDER BY {order} LIMIT {left}");
        let query = Query { table, sql, kinds: vec![Kind::Int; 4], values };
        for mut row in ask.ask(query)? {
            let (at, tree) = (row.time()?, row.id()?);
            found.push(Position { at, tree, site: row.int()?, seq: row.int()? });
        }
    }
    Ok(found)
}

/// Those of `trees` that did not change since the first moment, have no deadline and were not brought back lately, as
/// of the second, each with its version; of whole orders those that are finished.
pub(crate) fn quiet(
    kind: SegmentKind,
    trees: &[Id],
    (until, now): (Time, Time),
    ask: &mut dyn Ask,
) -> Result<BTreeMap<Id, i64>, StoreError> {
    if trees.is_empty() {
        return Ok(BTreeMap::new());
    }
    // The signs keep other indexes from being thought of: these orders are found by their numbers.
    let mut sql = format!(
        "SELECT id, version FROM payment_order WHERE id IN ({}) AND +updated_at <= ? AND +due_at IS NULL \
         AND NOT EXISTS (SELECT 1 FROM archive_hold h WHERE h.tree = payment_order.id AND h.until_at > ?)",
        holes(trees.len())
    );
    let mut values: Vec<Value> = trees.iter().map(|tree| Value::from(*tree)).collect();
    values.extend([until.into(), now.into()]);
    if kind == SegmentKind::Orders {
        let _ = write!(sql, " AND +status IN ({})", holes(FINISHED.len()));
        values.extend(FINISHED.map(|status| Value::from(status.code())));
    }
    let query = Query { table: "payment_order", sql, kinds: vec![Kind::Int; 2], values };
    ask.ask(query)?.into_iter().map(|mut row| Ok((row.id()?, row.int()?))).collect()
}

/// See [`Store::history_rows`].
pub(crate) fn history_rows(
    kind: SegmentKind,
    trees: &[Id],
    ask: &mut dyn Ask,
) -> Result<u64, StoreError> {
    let history = [orders::ORDER_OPERATION.name, ORDER_SNAPSHOT.name];
    let mut found = 0;
    for table in kind.tables().iter().filter(|table| history.contains(&table.name)) {
        for trees in trees.chunks(10 * AT_ONCE) {
            let holes = holes(trees.len());
            let sql = format!("SELECT COUNT(*) FROM {} WHERE tree IN ({holes})", table.name);
            let values = trees.iter().map(|tree| Value::from(*tree)).collect();
            let query = Query { table: table.name, sql, kinds: vec![Kind::Int], values };
            found += ask.ask(query)?.pop().map_or(Ok(0), |mut row| row.int())? as u64;
        }
    }
    Ok(found)
}

/// See [`Store::kept_rows_of`].
pub(crate) fn kept(
    kind: SegmentKind,
    trees: &[Id],
    ask: &mut dyn Ask,
) -> Result<Vec<(Id, Vec<KeptRow>)>, StoreError> {
    let mut found = Vec::with_capacity(trees.len());
    for trees in trees.chunks(AT_ONCE) {
        let mut rows = BTreeMap::<Id, Vec<KeptRow>>::new();
        for table in kind.tables() {
            let read = if table.name == orders::ORDER_TERM.name {
                terms(&rows, ask)?
            } else {
                of_trees(table, trees, ask)?
            };
            for row in read {
                rows.entry(row.tree()).or_default().push(row);
            }
        }
        found.extend(trees.iter().filter_map(|tree| Some((*tree, rows.remove(tree)?))));
    }
    Ok(found)
}

fn of_trees(
    table: &'static Table,
    trees: &[Id],
    ask: &mut dyn Ask,
) -> Result<Vec<KeptRow>, StoreError> {
    let key = if table.name == orders::PAYMENT_ORDER.name { "id" } else { "tree" };
    let order: Vec<_> = table.key_columns().iter().map(|(name, _)| *name).collect();
    let sql = format!(
        "SELECT {} FROM {} WHERE {key} IN ({}) ORDER BY {}",
        table.column_list(),
        table.name,
        holes(trees.len()),
        order.join(", ")
    );
    let values = trees.iter().map(|tree| Value::from(*tree)).collect();
    let query = Query { table: table.name, sql, kinds: table.kinds(), values };
    Ok(ask.ask(query)?.into_iter().map(|row| KeptRow::of(table, row)).collect())
}

/// The words by which orders are found. No index leads from an order to its words: which it has, follows from it.
fn terms(
    nodes: &BTreeMap<Id, Vec<KeptRow>>,
    ask: &mut dyn Ask,
) -> Result<Vec<KeptRow>, StoreError> {
    let trees = KeptRow::trees(nodes.values().flatten().cloned().collect())?;
    let keys: Vec<Vec<Value>> = trees.iter().flat_map(rows::terms_of).collect();
    let mut found = Vec::with_capacity(keys.len());
    let table = &orders::ORDER_TERM;
    for keys in keys.chunks(TERMS) {
        let each = vec!["(term = ? AND created_at = ? AND tree = ?)"; keys.len()].join(" OR ");
        let sql = format!("SELECT {} FROM {} WHERE {each}", table.column_list(), table.name);
        let values = keys.iter().flatten().cloned().collect();
        let query = Query { table: table.name, sql, kinds: table.kinds(), values };
        found.extend(ask.ask(query)?.into_iter().map(|row| KeptRow::of(table, row)));
    }
    found.sort_unstable_by(|a, b| a.values.cmp(&b.values));
    Ok(found)
}

impl KeptRow {
    /// How many rows the nodes of an order are, with the words by which it is found.
    pub fn nodes_of(tree: &Tree) -> u64 {
        (1 + tree.shops.len() + tree.lines().count() + rows::terms_of(tree).len()) as u64
    }
}
