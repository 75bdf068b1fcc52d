//! Any filters together find exactly what they name, page by page, and no page looks at more rows than it may: what
//! is sought stands at the far end of orders made for that, and the databases count.

mod beside;
mod made;

use super::{Bounds, Cursor, Filter, Page, Sort, page};
use crate::schema::counting::{self, Counting, as_ask, open};
use crate::sql::ask::Query;
use crate::sql::dialect::Dialect;
use docket_domain::Id;
use docket_testkit::{Database, Random};
use made::Made;

/// Small ones: a few thousand orders are a hundred times more than a page may look at.
const SMALL: Bounds = Bounds {
    looked_at: 200,
    tested: 60,
    at_once: 16,
    piece: [8, 64],
    whole: 12,
    neighbours: [20, 60],
};
const ORDERS: u64 = 3_000;

/// Every page of `filter`, and what the dearest of them cost.
fn pages(database: &mut dyn Counting, filter: &Filter, bounds: Bounds) -> (Vec<Id>, u64) {
    let (mut found, mut cursor, mut dearest) = (Vec::new(), filter.cursor, 0);
    for _ in 0..10 * ORDERS {
        let asked = Filter { cursor, ..filter.clone() };
        let dialect = database.dialect();
        let before = database.count();
        let Page { ids, next } = page(&mut as_ask(database), dialect, &asked, bounds).unwrap();
        let cost = database.count() - before;
        assert!(ids.len() <= filter.limit);
        dearest = dearest.max(cost);
        found.extend(ids);
        let Some(next) = next else { return (found, dearest) };
        assert!(cursor.is_none_or(|before| next < before), "a page goes on: {asked:?}");
        cursor = Some(next);
    }
    panic!("the pages have no end: {filter:?}");
}

/// Writes `orders`. Of a file the lines are filed but for those of an order here and there.
fn write(database: &mut dyn Counting, orders: &[Made]) {
    for (table, columns, of) in made::TABLES {
        counting::insert(database, table, columns, orders.iter().flat_map(of).collect());
    }
    if database.dialect() == Dialect::Sqlite {
        let waiting = orders.iter().step_by(151).map(|one| one.id.to_string()).collect::<Vec<_>>();
        let filed = format!("FROM item_sku_new WHERE tree NOT IN ({})", waiting.join(", "));
        let file = format!("INSERT INTO item_sku SELECT sku_id, created_at, tree {filed}");
        for sql in [file, format!("DELETE {filed}")] {
            let asked = Query { table: "item_sku", sql, kinds: Vec::new(), values: Vec::new() };
            database.ask(asked).unwrap();
        }
    }
}

#[test]
fn any_filters_find_what_they_name_and_no_page_looks_at_more_than_it_may() {
    let mut random = Random::new();
    let orders = made::orders(&mut random, ORDERS);
    let filters: Vec<_> = (0..100).map(|_| made::filter(&mut random, &orders)).collect();
    for kind in Database::ALL {
        let test_database = kind.fresh();
        let mut database = open(kind, &test_database.url());
        write(&mut *database, &orders);
        let mut costs = Vec::new();
        for filter in made::known().into_iter().chain(filters.iter().cloned()) {
            let (found, cost) = pages(&mut *database, &filter, SMALL);
            let mut wanted: Vec<_> =
                orders.iter().filter(|one| one.passes(&filter, &orders)).collect();
            wanted.sort_by_key(|one| std::cmp::Reverse(one.position(filter.sort)));
            let wanted: Vec<_> = wanted.into_iter().map(|one| one.id).collect();
            assert_eq!(found, wanted, "on {kind}: {filter:?}");
            costs.push((cost, filter));
        }
        costs.sort_by_key(|(cost, _)| std::cmp::Reverse(*cost));
        let most = database.most();
        println!("on {kind} the dearest page cost {} of {most}", costs[0].0);
        let dear: Vec<_> = costs.iter().take_while(|(cost, _)| *cost > most).take(5).collect();
        assert!(dear.is_empty(), "on {kind} pages cost more than {most}: {dear:#?}");
        assert!(database.wide().is_empty(), "{:#?}", database.wide());
    }
}

#[test]
fn a_page_goes_on_behind_any_order_of_one_moment() {
    let mut random = Random::seeded(7);
    let orders = made::orders(&mut random, 400);
    for kind in Database::ALL {
        let test_database = kind.fresh();
        let mut database = open(kind, &test_database.url());
        write(&mut *database, &orders);
        for sort in [Sort::Created, Sort::Updated] {
            let mut all: Vec<Cursor> = orders.iter().map(|one| one.position(sort)).collect();
            all.sort_unstable_by(|a, b| b.cmp(a));
            for (n, cursor) in all.iter().enumerate().step_by(7) {
                let filter = Filter { sort, limit: 5, cursor: Some(*cursor), ..Filter::default() };
                let dialect = database.dialect();
                let found = page(&mut as_ask(&mut *database), dialect, &filter, SMALL).unwrap();
                let wanted: Vec<_> = all[n + 1..].iter().take(5).map(|one| one.id).collect();
                assert_eq!(found.ids, wanted);
            }
        }
    }
}

#[test]
fn pages_have_an_end_however_little_each_may_look_at() {
    let mut random = Random::seeded(7);
    let orders = made::orders(&mut random, 400);
    let shops = (0..4).map(|n| format!("shop{n}")).collect();
    let of_shops = Filter { limit: 5, only_shops: Some(shops), ..Filter::default() };
    let of_one = Filter { channel: Some("temu".to_owned()), ..of_shops.clone() };
    for kind in Database::ALL {
        let test_database = kind.fresh();
        let mut database = open(kind, &test_database.url());
        write(&mut *database, &orders);
        for filter in [&of_shops, &of_one] {
            let (found, _) = pages(&mut *database, filter, Bounds { looked_at: 1, ..SMALL });
            let mut wanted: Vec<_> =
                orders.iter().filter(|one| one.passes(filter, &orders)).collect();
            wanted.sort_by_key(|one| std::cmp::Reverse(one.position(filter.sort)));
            let wanted: Vec<_> = wanted.into_iter().map(|one| one.id).collect();
            assert_eq!(found, wanted, "on {kind}: {filter:?}");
        }
    }
}
