//! Files the SKUs of orders later, many at once.
//!
//! An index over SKUs has a page for every one that is on sale: an order of four lines writes four of them, a third of
//! all it writes. So lines wait in the order they came in (`item_sku_new`), and when many wait they are put under their
//! SKUs in the order of the index (`item_sku`): what lies on one page is written with it. Each commit does a share of
//! that, so that nobody waits for all of it, and whoever looks for a SKU looks at both tables, so that nothing is ever
//! missed. Triggers of the schema put lines in and take them out, whatever road they come and go.

use crate::StoreError;
use crate::sql::table::Table;
use rusqlite::Connection;

/// Lines that wait before they are filed.
const RUN: usize = 16_384;
/// Lines that wait where they did not come one by one, as in a file that was restored: they are filed at once.
const TOO_MANY: usize = 4 * RUN;
/// Lines that are filed by a commit for each that it adds; of those that are filed twice as many are taken out.
const PACE: usize = 3;
/// Lines that a commit files at least.
const LEAST: usize = 64;

/// Files everything that waits; the order is that of its key.
const ALL: &str = "INSERT OR IGNORE INTO item_sku (sku_id, created_at, tree) \
     SELECT sku_id, created_at, tree FROM item_sku_new ORDER BY sku_id, created_at, tree; \
     DELETE FROM item_sku_new;";
/// Files one line, if it still waits.
const ONE: &str = "INSERT OR IGNORE INTO item_sku (sku_id, created_at, tree) \
     SELECT sku_id, created_at, tree FROM item_sku_new WHERE tree = ? AND sku_id = ? AND created_at = ?";
/// Takes one line out that is filed.
const FILED: &str = "DELETE FROM item_sku_new WHERE tree = ? AND sku_id = ? AND created_at = ?";

/// A line: its order, its SKU and when the order was placed.
type Line = (i64, String, i64);

/// What waits to be filed, and how far that is.
#[derive(Debug)]
pub struct Filing {
    /// The table whose rows are the lines.
    table: &'static Table,
    /// Lines that wait before a run begins.
    run: usize,
    /// Lines that wait, about: those of what was rolled back are counted until the next run.
    waiting: usize,
    /// Lines that the open transaction adds.
    added: usize,
    /// The lines of this run: in the order of their SKUs until all are filed, then in that of their orders.
    lines: Vec<Line>,
    /// How many of them are filed and taken out, in what is committed and with the open transaction.
    done: [Done; 2],
}

/// How far a run is.
#[derive(Debug, Clone, Copy, Default)]
struct Done {
    filed: usize,
    taken_out: usize,
}

impl Filing {
    /// Of a file that was opened.
    pub fn of(connection: &Connection, table: &'static Table) -> Result<Self, StoreError> {
        Self::begin(connection, table, RUN)
    }

    fn begin(
        connection: &Connection,
        table: &'static Table,
        run: usize,
    ) -> Result<Self, StoreError> {
        let mut waiting = count(connection)?;
        if waiting > TOO_MANY {
            connection.execute_batch(&format!("BEGIN IMMEDIATE; {ALL} COMMIT;"))?;
            waiting = 0;
        }
        let done = [Done::default(); 2];
        Ok(Self { table, run, waiting, added: 0, lines: Vec::new(), done })
    }

    /// So many rows of `table` came in: lines, if it is theirs.
    pub fn heed(&mut self, table: &Table, rows: usize) {
        if table.name == self.table.name {
            self.added += rows;
            self.waiting += rows;
        }
    }

    /// Does its share, at the end of the open transaction.
    pub fn share(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let share = (self.added * PACE).max(LEAST);
        if self.lines.is_empty() {
            if self.waiting < self.run {
                return Ok(());
            }
            self.waiting = count(connection)?;
            self.lines = oldest(connection, self.run)?;
        }
        let Done { filed, taken_out } = self.done[1];
        let all = self.lines.len();
        if filed < all {
            let until = all.min(filed + share);
            run(connection, ONE, &self.lines[filed..until])?;
            self.done[1].filed = until;
        } else {
            // Nothing is left of the order in which they were filed but that they were.
            if taken_out == 0 {
                self.lines.sort_unstable();
            }
            let until = all.min(taken_out + 2 * share);
            run(connection, FILED, &self.lines[taken_out..until])?;
            self.done[1].taken_out = until;
        }
        Ok(())
    }

    /// The open transaction is committed.
    pub fn committed(&mut self) {
        self.added = 0;
        self.done[0] = self.done[1];
        if !self.lines.is_empty() && self.done[0].taken_out == self.lines.len() {
            self.waiting = self.waiting.saturating_sub(self.lines.len());
            self.lines.clear();
            self.done = [Done::default(); 2];
        }
    }

    /// The open transaction is no more.
    pub const fn rolled_back(&mut self) {
        self.added = 0;
        self.done[1] = self.done[0];
    }
}

fn count(connection: &Connection) -> Result<usize, StoreError> {
    let mut count = connection.prepare_cached("SELECT COUNT(*) FROM item_sku_new")?;
    Ok(count.query_row([], |row| row.get::<_, i64>(0))? as usize)
}

/// The lines of the oldest orders that wait, by SKU.
fn oldest(connection: &Connection, limit: usize) -> Result<Vec<Line>, StoreError> {
    let mut oldest = connection.prepare_cached(
        "SELECT tree, sku_id, created_at FROM \
         (SELECT * FROM item_sku_new ORDER BY tree, sku_id, created_at LIMIT ?) \
         ORDER BY sku_id, created_at, tree",
    )?;
    let rows =
        oldest.query_map([limit as i64], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn run(connection: &Connection, sql: &str, lines: &[Line]) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    for (tree, sku, created_at) in lines {
        statement.execute((tree, sku, created_at))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
