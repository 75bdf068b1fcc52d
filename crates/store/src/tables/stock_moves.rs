//! What orders moved of stock on hand: rows that the number of a stock row is compared with. `booked` of a stock row is
//! what stands there without them, so that `on_hand` is `booked` and the sum of the rows, at every moment; where nothing
//! is booked yet nothing is compared.

use crate::sql::ask::Query;
use crate::sql::dialect::Dialect;
use crate::sql::statement::Statement;
use crate::sql::table::Table;
use crate::sql::text::{Sql, along};
use crate::sql::value::Kind::{Int, Text};
use crate::sql::value::{Row, Value};
use crate::tables::lane::Writes;
use crate::tables::lane::plan::{Beside, Rows, Written};
use crate::{Store, StoreError};
use docket_domain::{Id, Quantity, Time};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What orders moved of stock on hand.
pub static STOCK_MOVE: Table = Table {
    name: "stock_move",
    columns: &[
        ("sku_id", Text),
        ("place", Text),
        ("tree", Int),
        ("version", Int),
        ("quantity", Int),
        ("at", Int),
    ],
    key: 4,
};

/// What stands on hand of each SKU at each place, and what should, where the book has begun. It ends open, for a condition.
pub(super) const NUMBERS: &str = "SELECT s.place, s.sku_id, s.on_hand AS stands, \
    s.booked + COALESCE((SELECT SUM(m.quantity) FROM stock_move m \
    WHERE m.sku_id = s.sku_id AND m.place = s.place), 0) AS should FROM stock s WHERE s.booked IS NOT NULL";

/// What one change of an order moved of one SKU at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockMoved {
    /// The SKU.
    pub sku_id: String,
    /// The place that the stock stands at.
    pub place: String,
    /// The order.
    pub tree: Id,
    /// Its version after the change.
    pub version: u32,
    /// Added to what is on hand.
    pub quantity: Quantity,
    /// When.
    pub at: Time,
}

impl StockMoved {
    fn row(self) -> Vec<Value> {
        vec![
            self.sku_id.into(),
            self.place.into(),
            self.tree.into(),
            self.version.into(),
            self.quantity.into(),
            self.at.into(),
        ]
    }

    fn of(mut row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            sku_id: row.text()?,
            place: row.text()?,
            tree: row.id()?,
            version: row.int()? as u32,
            quantity: row.quantity()?,
            at: row.time()?,
        })
    }

    /// After a count, or where the book begins: what stands there is what the book says, whatever orders moved before.
    pub fn counted(place: &str, sku_id: &str) -> Statement {
        let sql = "UPDATE stock SET booked = on_hand - (SELECT COALESCE(SUM(quantity), 0) \
                   FROM stock_move WHERE sku_id = ? AND place = ?) WHERE sku_id = ? AND place = ?";
        let own = [sku_id.into(), place.into()];
        Statement { sql, values: own.iter().chain(&own).cloned().collect(), must_match: Some(1) }
    }

    /// Adds a line of the book, or rows that are closed, to what the book says.
    pub(super) fn booked(place: &str, sku_id: &str, quantity: Quantity) -> Statement {
        let sql = "UPDATE stock SET booked = booked + ? WHERE sku_id = ? AND place = ?";
        let values = vec![quantity.into(), sku_id.into(), place.into()];
        Statement { sql, values, must_match: Some(1) }
    }

    /// Closes the book over `moves`: what they sum up to is added to it, and they are taken out. Of two who close the same
    /// ones, one finds a row gone and nothing of its piece is written.
    pub fn close(moves: &[Self]) -> Vec<Statement> {
        let mut sums: BTreeMap<(&str, &str), Quantity> = BTreeMap::new();
        for moved in moves {
            *sums.entry((&moved.place, &moved.sku_id)).or_default() += moved.quantity;
        }
        let sums = sums.into_iter().map(|((place, sku), sum)| Self::booked(place, sku, sum));
        let gone = moves.iter().map(|moved| {
            let sql = "DELETE FROM stock_move \
                       WHERE sku_id = ? AND place = ? AND tree = ? AND version = ?";
            let values = moved.clone().row().into_iter().take(STOCK_MOVE.key).collect();
            Statement { sql, values, must_match: Some(1) }
        });
        sums.chain(gone).collect()
    }
}

impl Written for StockMoved {
    const TABLE: &'static Table = &STOCK_MOVE;

    fn add(writes: &mut Writes, rows: &mut Rows, _: &mut Beside) {
        rows.insert(writes.stock_moves.drain(..).map(Self::row));
    }
}

/// The next rows behind one of them, at most `limit`, in the order of their keys.
fn page(dialect: Dialect, after: Option<&StockMoved>, limit: usize) -> Query {
    let table = along(dialect, STOCK_MOVE.name, None);
    let text = format!("SELECT {} FROM {table} WHERE 1 = 1", STOCK_MOVE.column_list());
    let mut sql = Sql { text, values: Vec::new() };
    if let Some(after) = after {
        let mut key = after.clone().row();
        key.truncate(STOCK_MOVE.key);
        match dialect {
            // It seeks by a row, and the MySQL family by an OR.
            Dialect::Sqlite => sql.and("(sku_id, place, tree, version) > (?, ?, ?, ?)", key),
            Dialect::MySql => {
                let newer = "(sku_id > ? OR (sku_id = ? AND (place > ? OR (place = ? AND \
                             (tree > ? OR (tree = ? AND version > ?))))))";
                let twice = key.iter().flat_map(|value| [value, value]).take(7);
                sql.and(newer, twice.cloned());
            }
        }
    }
    let _ = write!(sql.text, " ORDER BY sku_id, place, tree, version LIMIT {limit}");
    let kinds = STOCK_MOVE.kinds();
    Query { table: STOCK_MOVE.name, sql: sql.text, kinds, values: sql.values }
}

impl Store {
    /// The next rows behind one of them, at most `limit`, in the order of their keys.
    pub async fn stock_moves(
        &self,
        after: Option<&StockMoved>,
        limit: usize,
    ) -> Result<Vec<StockMoved>, StoreError> {
        let [rows] = self.rows_together([page(self.dialect(), after, limit)]).await?;
        rows.into_iter().map(StockMoved::of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::counting::{insert, open};
    use docket_testkit::Database;

    /// The book is closed page by page: to go on costs no more than to begin.
    #[test]
    fn a_page_of_movements_looks_at_so_many_rows_wherever_it_begins() {
        for kind in Database::ALL {
            let database = kind.fresh();
            let mut counted = open(kind, &database.url());
            let row = |n: i64| StockMoved {
                sku_id: format!("sku{}", n % 7),
                place: format!("place{}", n % 3),
                tree: Id(n % 50),
                version: n as u32,
                quantity: Quantity(-1000),
                at: Time(n),
            };
            let rows = (0..5_000).map(|n| row(n).row()).collect();
            insert(&mut *counted, "stock_move", &STOCK_MOVE.column_list(), rows);
            let (mut last, mut found) = (None, 0);
            loop {
                let before = counted.count();
                let rows = counted.ask(page(counted.dialect(), last.as_ref(), 200)).unwrap();
                let looked_at = counted.count() - before;
                assert!(looked_at <= counted.most(), "{kind:?} behind {last:?}: {looked_at}");
                found += rows.len();
                let Some(next) = rows.into_iter().next_back() else { break };
                last = Some(StockMoved::of(next).unwrap());
            }
            assert_eq!(found, 5_000);
        }
    }
}
