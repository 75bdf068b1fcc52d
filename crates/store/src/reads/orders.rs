//! What is read outside the writer: from SQLite's reading connections or the pool, each answer one moment.

use crate::sql::ask::{Ask, Query};
use crate::sql::table::Table;
use crate::sql::text::{LISTED_MAX, holes};
use crate::sql::value::{Kind, Row, Value};
use crate::tables::customers::{ORDER_PERSON, Sealed};
use crate::tables::gateways::GatewayPayment;
use crate::tables::orders::{self, tree_queries, trees, trees_of};
use crate::tables::rows;
use crate::tables::snapshots::{ORDER_SNAPSHOT, Snapshot};
use crate::{Store, StoreError};
use docket_domain::{Id, LogEntry, OperationKind, Time, Tree};
use std::collections::BTreeMap;

/// Bytes of one page of a log: rows of earlier releases hold whole lists of facts.
const LOG_BYTES: usize = 4 << 20;
/// Rows of a log that are read in one go.
const LOG_AT_ONCE: usize = 32;

/// An order, whole: its tree and its sealed customers' data, both of one moment.
#[derive(Debug, Clone)]
pub struct Whole {
    /// All of its nodes.
    pub tree: Tree,
    /// Its customer's data, sealed; none where there is none or it was forgotten.
    pub customer: Option<Sealed>,
}

/// These orders, whole, in this order; those that are not there are left out.
pub(crate) fn whole(ask: &mut dyn Ask, ids: &[Id]) -> Result<Vec<Whole>, StoreError> {
    let mut found = Vec::with_capacity(ids.len());
    for ids in ids.chunks(LISTED_MAX) {
        let trees = trees(ask, ids)?;
        let customers = ask.ask(customer_query(ids))?.into_iter().map(Sealed::of);
        let mut customers = customers.collect::<Result<BTreeMap<_, _>, _>>()?;
        found.extend(trees.into_iter().map(|tree| {
            let customer = customers.remove(&tree.id());
            Whole { tree, customer }
        }));
    }
    Ok(found)
}

/// The payment order of whatever node `id` numbers.
fn root_of(ask: &mut dyn Ask, id: Id) -> Result<Option<Id>, StoreError> {
    for query in root_queries(id) {
        if let Some(mut row) = ask.ask(query)?.into_iter().next() {
            return row.id().map(Some);
        }
    }
    Ok(None)
}

fn root_queries(id: Id) -> impl Iterator<Item = Query> {
    let levels = [("payment_order", "id"), ("shop_order", "tree"), ("item_order", "tree")];
    levels.into_iter().map(move |(table, column)| Query {
        table,
        sql: format!("SELECT {column} FROM {table} WHERE id = ?"),
        kinds: vec![Kind::Int],
        values: vec![id.into()],
    })
}

pub fn customer_query(ids: &[Id]) -> Query {
    let tail = format!("WHERE tree IN ({})", holes(ids.len()));
    Query::of(&ORDER_PERSON, &tail, ids.iter().map(|id| Value::from(*id)).collect())
}

fn log_query(tree: Id) -> Query {
    Query::of(&orders::ORDER_OPERATION, "WHERE tree = ? ORDER BY site, seq", vec![tree.into()])
}

fn agreed_query(tree: Id) -> Query {
    Query::of(&ORDER_SNAPSHOT, "WHERE tree = ? ORDER BY terms_version", vec![tree.into()])
}

impl Store {
    /// The order that any of its numbers names, whole.
    pub async fn whole(&self, id: Id) -> Result<Option<Whole>, StoreError> {
        self.at_one_moment(move |ask| match root_of(ask, id)? {
            Some(root) => Ok(whole(ask, &[root])?.pop()),
            None => Ok(None),
        })
        .await
    }

    /// The same with what gateways said of its attempts.
    pub async fn whole_with_payments(
        &self,
        id: Id,
    ) -> Result<Option<(Whole, Vec<GatewayPayment>)>, StoreError> {
        self.whole_and(id, |ask, root| {
            ask.ask(GatewayPayment::of_tree(root))?.into_iter().map(GatewayPayment::of).collect()
        })
        .await
    }

    async fn whole_and<T: Send + 'static>(
        &self,
        id: Id,
        more: fn(&mut dyn Ask, Id) -> Result<T, StoreError>,
    ) -> Result<Option<(Whole, T)>, StoreError> {
        self.at_one_moment(move |ask| {
            let Some(root) = root_of(ask, id)? else { return Ok(None) };
            let Some(found) = whole(ask, &[root])?.pop() else { return Ok(None) };
            Ok(Some((found, more(ask, root)?)))
        })
        .await
    }

    /// Rows of `table` after a WHERE (and what follows it).
    pub(crate) async fn of_table(
        &self,
        table: &'static Table,
        tail: impl AsRef<str>,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        let Query { table, sql, kinds, values } = Query::of(table, tail.as_ref(), values);
        self.rows(table, sql, &kinds, values).await
    }

    pub(crate) async fn one<T>(
        &self,
        table: &'static Table,
        tail: &str,
        value: Value,
        read: impl Fn(Row) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let rows = self.of_table(table, tail, vec![value]).await?;
        rows.into_iter().next().map(read).transpose()
    }

    /// The tree of payment order `id`.
    pub async fn tree(&self, id: Id) -> Result<Option<Tree>, StoreError> {
        Ok(self.trees(&[id]).await?.pop())
    }

    /// The trees of these payment orders, in this order; those that are not there are left out.
    pub async fn trees(&self, ids: &[Id]) -> Result<Vec<Tree>, StoreError> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(LISTED_MAX) {
            found.append(&mut trees_of(ids, self.rows_together(tree_queries(ids)).await?)?);
        }
        Ok(found)
    }

    /// The next trees after `after` by number, at most `limit`, and the last number looked at; none at the end.
    pub async fn trees_after(
        &self,
        after: Id,
        limit: usize,
    ) -> Result<(Vec<Tree>, Option<Id>), StoreError> {
        let sql = format!("SELECT id FROM payment_order WHERE id > ? ORDER BY id LIMIT {limit}");
        let rows = self.rows("payment_order", sql, &[Kind::Int], vec![after.into()]).await?;
        let ids = rows.into_iter().map(|mut row| row.id()).collect::<Result<Vec<_>, _>>()?;
        Ok((self.trees(&ids).await?, ids.last().copied()))
    }

    /// The payment order of whatever node `id` numbers.
    pub async fn root_of(&self, id: Id) -> Result<Option<Id>, StoreError> {
        self.at_one_moment(move |ask| root_of(ask, id)).await
    }

    /// The log of a tree, from its placement on.
    pub async fn operations(&self, tree: Id) -> Result<Vec<LogEntry>, StoreError> {
        let Query { table, sql, kinds, values } = log_query(tree);
        self.rows(table, sql, &kinds, values).await?.into_iter().map(rows::entry_of).collect()
    }

    /// Rows of the log of a tree behind the row `seq` of `site`, in the order of both: at most `limit`, and no more
    /// where they have come to [`LOG_BYTES`].
    pub async fn log_after(
        &self,
        tree: Id,
        (mut site, mut seq): (u8, u32),
        limit: usize,
    ) -> Result<Vec<LogEntry>, StoreError> {
        let (mut found, mut bytes) = (Vec::new(), 0);
        while found.len() < limit && bytes < LOG_BYTES {
            let wanted = LOG_AT_ONCE.min(limit - found.len());
            let mut read = 0;
            // Two ranges of the key: one that asked for both would be read from the beginning of the log.
            let own: [Value; 3] = [tree.into(), site.into(), seq.into()];
            let parts = [("site = ? AND seq > ?", own.to_vec()), ("site > ?", own[..2].to_vec())];
            for (part, values) in parts {
                if read == wanted {
                    break;
                }
                let left = wanted - read;
                let tail = format!("WHERE tree = ? AND {part} ORDER BY site, seq LIMIT {left}");
                for row in self.of_table(&orders::ORDER_OPERATION, tail, values).await? {
                    bytes += row.bytes();
                    found.push(rows::entry_of(row)?);
                    read += 1;
                }
            }
            let Some(last) = found.last().filter(|_| read == wanted) else { break };
            (site, seq) = (last.site, last.seq);
        }
        Ok(found)
    }

    /// Rows that were written here to the log of a tree up to its `version`, newest first: at most `limit`.
    pub async fn log_until(
        &self,
        tree: Id,
        version: u32,
        limit: usize,
    ) -> Result<Vec<LogEntry>, StoreError> {
        // A row's number is at most the version it led to.
        let tail =
            format!("WHERE tree = ? AND site = ? AND seq <= ? ORDER BY seq DESC LIMIT {limit}");
        let values = vec![tree.into(), self.seat().log_site().into(), version.into()];
        let rows = self.of_table(&orders::ORDER_OPERATION, tail, values).await?;
        rows.into_iter().map(rows::entry_of).collect()
    }

    /// What began the log of a tree; none where that row is not online.
    pub async fn first_of_log(&self, tree: Id) -> Result<Option<OperationKind>, StoreError> {
        let sql = "SELECT kind FROM order_operation WHERE tree = ? AND site = 0 AND seq = 1";
        let rows = self.rows("order_operation", sql, &[Kind::Int], vec![tree.into()]).await?;
        rows.into_iter().next().map(|mut row| row.code(OperationKind::from_code)).transpose()
    }

    /// The agreed trees of an order, by terms version.
    pub async fn snapshots(&self, tree: Id) -> Result<Vec<Snapshot>, StoreError> {
        let [rows] = self.rows_together([agreed_query(tree)]).await?;
        rows.into_iter().map(Snapshot::of).collect()
    }

    /// The agreed trees of an order behind a terms version, in their order: at most `limit`.
    pub async fn snapshots_after(
        &self,
        tree: Id,
        terms_version: u32,
        limit: usize,
    ) -> Result<Vec<Snapshot>, StoreError> {
        let tail =
            format!("WHERE tree = ? AND terms_version > ? ORDER BY terms_version LIMIT {limit}");
        let values = vec![tree.into(), terms_version.into()];
        let rows = self.of_table(&ORDER_SNAPSHOT, tail, values).await?;
        rows.into_iter().map(Snapshot::of).collect()
    }

    /// The sealed customers' data of these trees.
    pub async fn customers(&self, trees: &[Id]) -> Result<Vec<(Id, Sealed)>, StoreError> {
        let mut found = Vec::with_capacity(trees.len());
        for trees in trees.chunks(LISTED_MAX) {
            let Query { table, sql, kinds, values } = customer_query(trees);
            for row in self.rows(table, sql, &kinds, values).await? {
                found.push(Sealed::of(row)?);
            }
        }
        Ok(found)
    }

    /// Trees with a deadline at or before `now`, the most overdue first.
    pub async fn due(&self, now: Time, limit: usize) -> Result<Vec<Id>, StoreError> {
        let sql =
            format!("SELECT id FROM payment_order WHERE due_at <= ? ORDER BY due_at LIMIT {limit}");
        let rows = self.rows("payment_order", sql, &[Kind::Int], vec![now.into()]).await?;
        rows.into_iter().map(|mut row| row.id()).collect()
    }

    /// When the next deadline is due.
    pub async fn next_due(&self) -> Result<Option<Time>, StoreError> {
        let sql = "SELECT MIN(due_at) FROM payment_order WHERE due_at IS NOT NULL";
        let rows = self.rows("payment_order", sql, &[Kind::Int], vec![]).await?;
        rows.into_iter().next().map_or(Ok(None), |mut row| row.time_or_null())
    }

    /// How many orders there are, at most `limit`.
    pub async fn orders_up_to(&self, limit: usize) -> Result<i64, StoreError> {
        let sql =
            format!("SELECT COUNT(*) FROM (SELECT id FROM payment_order LIMIT {limit}) AS some");
        let rows = self.rows("payment_order", sql, &[Kind::Int], vec![]).await?;
        rows.into_iter().next().map_or(Ok(0), |mut row| row.int())
    }
}
