//! Lists of what stands beside orders go along one key each: what a page costs does not grow with what there is.

use crate::reads::list::operations;
use crate::schema::counting::{Counting, as_ask, insert, open};
use crate::sql::keyset;
use crate::sql::table::Table;
use crate::sql::value::Value;
use crate::tables::accounts::ACCOUNT;
use crate::tables::orders::ORDER_OPERATION;
use crate::tables::products::PRODUCT;
use crate::tables::slips::slip_page;
use crate::tables::stock::STOCK;
use crate::tables::tasks::{TASK, TaskFilter, list as tasks};
use crate::{OperationFilter, StoreError};
use docket_domain::ledger::SlipStatus;
use docket_domain::words::TaskState;
use docket_domain::{Id, OperationKind, Time};
use docket_testkit::Database;

const ROWS: i64 = 3_000;
const LIMIT: usize = 50;

/// What a page costs at most: a small part of what there is.
fn most(database: &dyn Counting) -> u64 {
    database.most() / 2
}

/// Asks and sees that it cost little.
fn cheaply<T>(
    database: &mut dyn Counting,
    what: &str,
    ask: impl FnOnce(&mut dyn Counting) -> Result<T, StoreError>,
) -> T {
    let before = database.count();
    let answer = ask(database).unwrap();
    let (cost, most) = (database.count() - before, most(database));
    assert!(cost <= most, "{what} cost {cost} of at most {most}");
    answer
}

/// The rows of `table` that pages of it have, joined, by the two columns of their key.
fn walked(
    database: &mut dyn Counting,
    table: &'static Table,
    [a, b]: [usize; 2],
) -> Vec<[Value; 2]> {
    let text = |at: usize| match table.columns[at].1 {
        crate::sql::value::Kind::Int => Value::Int(i64::MIN),
        _ => Value::from(""),
    };
    let (mut found, mut after) = (Vec::<[Value; 2]>::new(), [text(a), text(b)]);
    loop {
        let asked = keyset::behind(database.dialect(), table, after.clone(), LIMIT);
        let rows = cheaply(database, table.name, |database| database.ask(asked));
        let Some(last) = rows.len().checked_sub(1) else { return found };
        for (n, row) in rows.into_iter().enumerate() {
            let row = row.rest();
            let key = [row[a].clone(), row[b].clone()];
            if n == last {
                after = key.clone();
            }
            found.push(key);
        }
    }
}

/// Half of all rows are of one name, so that a page begins within it.
fn name(n: i64) -> String {
    if n % 2 == 0 { "crowd".to_owned() } else { format!("n{n:05}") }
}

#[test]
fn stock_prices_and_accounts_are_paged_by_their_keys() {
    for kind in Database::ALL {
        let test_database = kind.fresh();
        let mut database = open(kind, &test_database.url());
        let database = &mut *database;
        let all = 0..ROWS;
        let place = |n: i64| Value::Text(format!("p{n:05}"));
        let stock = all.clone().map(|n| vec![place(n), name(n).into(), n.into(), Value::Int(0)]);
        insert(database, "stock", &STOCK.column_list(), stock.collect());
        let price = all.clone().map(|n| {
            vec![name(n).into(), place(n), "CNY".into(), n.into(), Value::Null, Value::Int(1)]
        });
        insert(database, "product", &PRODUCT.column_list(), price.collect());
        let columns = ACCOUNT.column_list();
        let account = all.clone().map(|n| {
            let mut row = vec![Value::Text(format!("b{:05}", n / 2)), Value::Int(3 + n % 2)];
            row.resize(ACCOUNT.columns.len(), Value::Int(1));
            row[2] = Value::Null;
            row
        });
        insert(database, "account", &columns, account.collect());
        for (table, key) in [(&STOCK, [1, 0]), (&PRODUCT, [0, 1]), (&ACCOUNT, [0, 1])] {
            let found = walked(database, table, key);
            assert_eq!(found.len() as i64, ROWS, "{} on {kind}", table.name);
            assert!(found.is_sorted(), "{} on {kind}", table.name);
        }
        assert!(database.wide().is_empty(), "{:#?}", database.wide());
    }
}

#[test]
fn slips_and_tasks_are_paged_by_what_few_of_them_are() {
    for kind in Database::ALL {
        let test_database = kind.fresh();
        let mut database = open(kind, &test_database.url());
        let database = &mut *database;
        let slip = |n: i64| {
            let place = if n < 3 { "far" } else { "main" };
            let mut row: Vec<Value> = vec![n.into(), n.into(), "s".into(), place.into()];
            row.extend([Value::Int(n % 3), "[]".into(), Value::Int(1), Value::Int(1)]);
            row
        };
        let columns =
            "shop_order, tree, shop_id, place, status, slip_lines, created_at, changed_at";
        insert(database, "weigh_slip", columns, (1..=ROWS).rev().map(slip).collect());
        for place in [None, Some("far"), Some("main")] {
            for status in [Some(SlipStatus::ALL[0]), None] {
                if place.is_some() && status.is_none() {
                    continue;
                }
                let asked = slip_page(database.dialect(), (place, status), Id(0), LIMIT);
                cheaply(database, "weigh_slip", |database| database.ask(asked));
            }
        }
        let columns = format!("{}, halted_at", TASK.column_list());
        insert(database, "task", &columns, (1..=ROWS).map(task).collect());
        let filter = |kind: Option<&str>, state, chain: Option<&str>| TaskFilter {
            kind: kind.map(str::to_owned),
            state,
            chain: chain.map(str::to_owned),
            before: None,
            limit: LIMIT,
        };
        for (asked, wanted) in [
            (filter(None, None, None), ROWS),
            (filter(Some("rare"), None, None), 10),
            (filter(Some("rare"), Some(TaskState::Dead), None), 10),
            (filter(None, Some(TaskState::Pending), None), 20),
            (filter(Some("often"), Some(TaskState::Pending), None), 20),
            (filter(None, None, Some("c")), 30),
            (filter(None, Some(TaskState::Dead), Some("c")), 10),
        ] {
            assert_eq!(
                tasks_of(database, asked.clone()).len() as i64,
                wanted,
                "{asked:?} on {kind}"
            );
        }
        assert!(database.wide().is_empty(), "{:#?}", database.wide());
    }
}

/// The oldest ten are dead, rare ones; twenty behind them wait; all others are done.
fn task(n: i64) -> Vec<Value> {
    let (kind, state) = match n {
        ..=10 => ("rare", TaskState::Dead),
        11..=30 => ("often", TaskState::Pending),
        _ => ("often", TaskState::Done),
    };
    let value = |column: &str| match column {
        "id" => n.into(),
        "kind" => kind.into(),
        "state" => state.code().into(),
        "chain_key" if n <= 30 => "c".into(),
        "payload" => "x".into(),
        "run_rank" if state == TaskState::Pending => n.into(),
        "halted_at" if state == TaskState::Dead => n.into(),
        "unique_key" | "chain_key" | "run_rank" | "halted_at" | "claimed_by" | "lease_until"
        | "errors" | "parked_by" | "finished_at" => Value::Null,
        _ => Value::Int(1),
    };
    TASK.columns.iter().map(|(column, _)| *column).chain(["halted_at"]).map(value).collect()
}

fn tasks_of(database: &mut dyn Counting, mut filter: TaskFilter) -> Vec<Id> {
    let bounds = tasks::Bounds { whole: 40, piece: 60, looked_at: 200 };
    let mut found = Vec::new();
    loop {
        let page = cheaply(database, "task", |database| {
            let dialect = database.dialect();
            tasks::page(&mut as_ask(database), dialect, &filter, bounds)
        });
        found.extend(page.tasks.iter().map(|task| task.id));
        filter.before = page.next;
        if page.next.is_none() {
            assert!(found.is_sorted_by(|a, b| a > b));
            return found;
        }
    }
}

#[test]
fn the_log_across_orders_is_paged_whatever_is_asked_of_it() {
    for kind in Database::ALL {
        let test_database = kind.fresh();
        let mut database = open(kind, &test_database.url());
        let database = &mut *database;
        let columns = ORDER_OPERATION.column_list();
        insert(database, "order_operation", &columns, (1..=ROWS).map(entry).collect());
        let rare = Some(OperationKind::Ship);
        let all = OperationFilter { limit: LIMIT, ..OperationFilter::default() };
        let staff = Some("staff".to_owned());
        for (asked, wanted) in [
            (all.clone(), ROWS),
            (OperationFilter { kind: rare, ..all.clone() }, 20),
            (OperationFilter { operator: staff.clone(), ..all.clone() }, ROWS / 2),
            (OperationFilter { operator: staff.clone(), kind: rare, ..all.clone() }, 10),
            (OperationFilter { from: Some(Time(5)), to: Some(Time(9)), ..all }, 40),
        ] {
            let mut filter = asked.clone();
            let mut found = Vec::new();
            loop {
                let page = cheaply(database, "order_operation", |database| {
                    let dialect = database.dialect();
                    operations::page(&mut as_ask(database), dialect, &filter, super::SMALL)
                });
                found.extend(page.entries.iter().map(|entry| (entry.at, entry.tree, entry.seq)));
                filter.cursor = page.next;
                if page.next.is_none() {
                    break;
                }
            }
            assert_eq!(found.len() as i64, wanted, "{asked:?} on {kind}");
            assert!(found.is_sorted_by(|a, b| a > b));
        }
        assert!(database.wide().is_empty(), "{:#?}", database.wide());
    }
}

/// Ten of a moment; the oldest twenty are of a kind that is rare, every other one is of somebody.
fn entry(n: i64) -> Vec<Value> {
    let kind = if n <= 20 { OperationKind::Ship } else { OperationKind::Note };
    let value = |column: &str| match column {
        "tree" => (100 + n % 7).into(),
        "site" => Value::Int(0),
        "seq" => n.into(),
        "kind" => kind.code().into(),
        "at" => (n / 10).into(),
        "operator" if n % 2 == 0 => "staff".into(),
        "parameters" => "{}".into(),
        "node" | "actor_kind" | "to_status" => Value::Int(1),
        _ => Value::Null,
    };
    ORDER_OPERATION.columns.iter().map(|(column, _)| value(column)).collect()
}
