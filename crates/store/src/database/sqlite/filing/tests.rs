//! SKUs are filed later, in the order of their index, and found before and after.

use super::{Filing, LEAST, PACE, TOO_MANY};
use crate::schema::migrate::{self, Upgrade};
use crate::tables::orders::ITEM_ORDER;
use rusqlite::Connection;
use std::collections::BTreeSet;

/// Lines of a run in these tests.
const RUN: usize = 256;
/// SKUs on sale.
const SKUS: i64 = 40;

fn file() -> Connection {
    let file = Connection::open_in_memory().unwrap();
    migrate::sqlite(&file, Upgrade::Yes).unwrap();
    file
}

/// Places an order of three lines, two of one SKU.
fn place(file: &Connection, tree: i64) {
    for (line, sku) in [tree % SKUS, tree * 7 % SKUS, tree % SKUS].into_iter().enumerate() {
        let values = (tree, tree * 10 + line as i64, format!("s{sku}"), tree / 3);
        file.execute(
            "INSERT INTO item_order (tree, id, shop_order, position, sku_id, created_at, body) \
             VALUES (?1, ?2, ?1, 0, ?3, ?4, '{}')",
            values,
        )
        .unwrap();
    }
}

type Found = BTreeSet<(String, i64, i64)>;

fn found(file: &Connection, table: &str) -> Found {
    let sql = format!("SELECT DISTINCT sku_id, created_at, tree FROM {table}");
    let mut rows = file.prepare(&sql).unwrap();
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// Whoever looks at both tables finds every line, and nothing else.
fn is_exact(file: &Connection) {
    let mut both = found(file, "item_sku");
    both.append(&mut found(file, "item_sku_new"));
    assert_eq!(both, found(file, "item_order"));
}

/// A transaction of `orders`, from `first` on.
fn batch(file: &Connection, filing: &mut Filing, first: i64, orders: i64) {
    file.execute_batch("BEGIN").unwrap();
    (first..first + orders).for_each(|tree| place(file, tree));
    filing.heed(&ITEM_ORDER, 3 * orders as usize);
    filing.share(file).unwrap();
    file.execute_batch("COMMIT").unwrap();
    filing.committed();
}

fn waiting(file: &Connection) -> usize {
    found(file, "item_sku_new").len()
}

#[test]
fn every_line_is_found_at_any_moment_and_few_wait() {
    let file = file();
    let mut filing = Filing::begin(&file, &ITEM_ORDER, RUN).unwrap();
    let mut most = 0;
    for n in 0..400 {
        batch(&file, &mut filing, 1 + n * 20, 20);
        is_exact(&file);
        most = most.max(waiting(&file));
    }
    // Two of the three lines of an order are of one SKU: they wait as one.
    assert!(most > RUN / 2, "they wait");
    // While a run is filed and taken out so many more come in, and as many lines as some batches have.
    assert!(most <= RUN + RUN / PACE + RUN / PACE / 2 + 3 * 60, "{most} wait");
    assert!(found(&file, "item_sku").len() > 400 * 20, "they are filed");
}

#[test]
fn what_is_rolled_back_and_whoever_dies_in_the_middle_leave_nothing_undone() {
    let file = file();
    let mut filing = Filing::begin(&file, &ITEM_ORDER, RUN).unwrap();
    for n in 0..200 {
        if n % 3 == 0 {
            file.execute_batch("BEGIN").unwrap();
            place(&file, 1_000_000 + n);
            filing.heed(&ITEM_ORDER, 3);
            filing.share(&file).unwrap();
            file.execute_batch("ROLLBACK").unwrap();
            filing.rolled_back();
        }
        if n % 37 == 0 {
            filing = Filing::begin(&file, &ITEM_ORDER, RUN).unwrap();
        }
        batch(&file, &mut filing, 1 + n * 10, 10);
        is_exact(&file);
    }
    assert!(waiting(&file) < 3 * RUN && !found(&file, "item_sku").is_empty());
}

#[test]
fn a_line_that_goes_or_changes_is_found_no_more_wherever_it_stands() {
    let file = file();
    let mut filing = Filing::begin(&file, &ITEM_ORDER, RUN).unwrap();
    for n in 0..200 {
        batch(&file, &mut filing, 1 + n * 10, 10);
        // One that may be filed, one of the run that is filed now, one that waits.
        for tree in [1 + n, 1 + n * 8, n * 10] {
            file.execute("DELETE FROM item_order WHERE tree = ?", [tree]).unwrap();
        }
        file.execute("UPDATE item_order SET created_at = 7 WHERE tree = ?", [2 + n * 9]).unwrap();
        is_exact(&file);
    }
}

#[test]
fn what_nobody_files_by_and_by_is_filed_when_the_file_is_opened() {
    let file = file();
    file.execute_batch("BEGIN").unwrap();
    (0..=TOO_MANY as i64 * 2 / 3).for_each(|tree| place(&file, tree));
    file.execute_batch("COMMIT").unwrap();
    Filing::begin(&file, &ITEM_ORDER, RUN).unwrap();
    assert_eq!(waiting(&file), 0);
    is_exact(&file);
}

#[test]
fn a_center_where_little_happens_files_as_well() {
    let file = file();
    let mut filing = Filing::begin(&file, &ITEM_ORDER, RUN).unwrap();
    (0..100).for_each(|n| batch(&file, &mut filing, 1 + n, 1));
    let most = waiting(&file);
    for _ in 0..2 * RUN / LEAST {
        batch(&file, &mut filing, 1_000 + most as i64, 0);
    }
    assert!(waiting(&file) <= most);
    is_exact(&file);
}
