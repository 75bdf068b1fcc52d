//! What looking for the due and reading them costs: each look as much as the one before, however much is there.

use super::due::{history_rows, kept, look};
use super::{Archivable, KeptRow, SegmentKind};
use crate::schema::counting::{Counting, as_ask, open};
use crate::sql::ask::Ask;
use crate::sql::table::Table;
use crate::sql::value::Value;
use crate::tables::orders;
use crate::tables::rows::{log_row, tree_rows};
use crate::tables::snapshots::ORDER_SNAPSHOT;
use docket_domain::change::Happening;
use docket_domain::placement::{PlacedItem, PlacedShop, Placement};
use docket_domain::tree::{Revoke, Tax};
use docket_domain::words::{Fulfilment, OrderType, Platform, Status};
use docket_domain::{
    Actor, ActorKind, Amount, Currency, Id, LogEntry, OperationKind, Quantity, Remark, Seat, Time,
    Tree, price,
};
use docket_testkit::Database;
use std::collections::BTreeSet;

const ORDERS: i64 = 1_500;
/// Entries of one look.
const LIMIT: usize = 40;
const UNTIL: Time = Time(1_800_000_000_000);

/// An order that was revoked, with words to be found by.
fn order(number: i64) -> Tree {
    let item = PlacedItem {
        sku_id: "sku".into(),
        item_id: None,
        title: None,
        image: None,
        attributes: None,
        deliver_area_id: None,
        deliver_code: None,
        extra: None,
        quantity: Quantity::ONE,
        list_price: Amount::of(100),
        item_discount: Amount::ZERO,
        tax: Amount::ZERO,
        weighed: false,
    };
    let shop = PlacedShop {
        shop_id: "11".into(),
        place: "annex".into(),
        fulfilment: Fulfilment::Parcel,
        shop_discount: Amount::ZERO,
        freight: Amount::ZERO,
        freight_tax: Amount::ZERO,
        has_ship_to: false,
        buyer_comment: None,
        promotions: None,
        tags: vec!["gift".into()],
        items: vec![item],
    };
    let placement = Placement {
        buyer_id: None,
        currency: Currency::in_use("CNY").unwrap(),
        order_type: OrderType::Goods,
        market: 0,
        platform: Platform::All,
        channel: Some("temu".into()),
        external_id: Some(format!("PO-{number}")),
        client_token: None,
        source: None,
        extra: None,
        tags: Vec::new(),
        expected_total: None,
        platform_discount: Amount::ZERO,
        coins: Amount::ZERO,
        third_party_discount: Amount::ZERO,
        tax: Tax::Included,
        shops: vec![shop],
        coupons: Vec::new(),
    };
    // Some happen at one moment.
    let at = Time(1_750_000_000_000 + number / 7 * 1000);
    let mut tree = price::assemble(&placement, "web", at).unwrap();
    let mut next = Id::newest_at(at).0 + number * 100;
    price::number(&mut tree, &mut || {
        next += 1;
        Id(next)
    });
    tree.payment.revoke = Revoke::Revoked { by: ActorKind::Buyer, at, reason: None };
    tree.payment.version = 3;
    tree
}

/// Three rows of its log, two of them at one moment.
fn log(tree: &Tree) -> Vec<LogEntry> {
    let row = |seq: u32| {
        let happening = Happening {
            kind: OperationKind::Note,
            node: tree.id(),
            actor: Actor::of(ActorKind::Buyer),
            from_status: None,
            to_status: Status::Cancelled,
            parameters: serde_json::Map::new(),
            remark: Remark::default(),
            at: tree.payment.created_at.plus(-i64::from(seq / 2)),
            happened_at: None,
        };
        LogEntry { seq, ..LogEntry::between(None, tree, happening, &Seat::Center) }
    };
    (1..=3).map(row).collect()
}

fn filled(database: &mut dyn Counting, orders: &[Tree]) {
    let mut insert = |table: &'static Table, rows: Vec<Vec<Value>>| {
        crate::schema::counting::insert(database, table.name, &table.column_list(), rows);
    };
    let rows: Vec<_> = orders.iter().map(|tree| tree_rows(tree, &Seat::Center)).collect();
    insert(&orders::PAYMENT_ORDER, rows.iter().map(|rows| rows.payment.clone()).collect());
    insert(&orders::SHOP_ORDER, rows.iter().flat_map(|rows| rows.shops.clone()).collect());
    insert(&orders::ITEM_ORDER, rows.iter().flat_map(|rows| rows.items.clone()).collect());
    insert(&orders::ORDER_TERM, rows.iter().flat_map(|rows| rows.terms.clone()).collect());
    let rows = orders.iter().flat_map(log).map(|entry| log_row(&entry));
    insert(&orders::ORDER_OPERATION, rows.collect());
    let agreed = orders.iter().map(|tree| {
        let (id, at) = (tree.id(), tree.payment.created_at);
        vec![id.into(), 1_u32.into(), at.into(), [7; 32].into(), vec![1_u8].into(), Value::Null]
    });
    insert(&ORDER_SNAPSHOT, agreed.collect());
}

/// What `work` answers, and how much the database did for it.
fn cost<T>(database: &mut dyn Counting, work: impl FnOnce(&mut dyn Ask) -> T) -> (T, u64) {
    let (before, nothing) = (database.count(), database.count());
    let answer = work(&mut as_ask(database));
    (answer, database.count() - nothing - (nothing - before))
}

/// What one look may cost: a few steps or rows for each entry, and nothing for what lies before or behind it.
fn most(database: Database) -> u64 {
    match database {
        Database::Sqlite => 60 * LIMIT as u64,
        Database::Mariadb => 5 * LIMIT as u64,
    }
}

#[test]
fn a_look_at_what_may_leave_costs_the_same_wherever_it_is() {
    let orders: Vec<Tree> = (0..ORDERS).map(order).collect();
    let all: BTreeSet<Id> = orders.iter().map(Tree::id).collect();
    for database in Database::ALL {
        let fresh = database.fresh();
        let mut counted = open(database, &fresh.url());
        filled(&mut *counted, &orders);
        for kind in SegmentKind::ALL {
            let (mut found, mut newest, mut met) = (Vec::new(), 0, 0);
            let (mut after, mut dearest) = (None, 0);
            loop {
                let (found_here, steps) = cost(&mut *counted, |ask| {
                    look(kind, (UNTIL, UNTIL), after, LIMIT, ask).unwrap()
                });
                let Archivable { trees, next, .. } = found_here;
                dearest = dearest.max(steps);
                newest += trees.iter().filter(|due| due.newest).count();
                met += trees.iter().map(|due| due.met).sum::<u64>();
                found.extend(trees.iter().map(|due| due.tree));
                after = next;
                if after.is_none() {
                    break;
                }
            }
            let word = kind.word();
            println!("on {database}, the dearest look at {word} cost {dearest}");
            assert!(dearest <= most(database), "on {database}, a look at {word} cost {dearest}");
            assert_eq!(found.iter().copied().collect::<BTreeSet<_>>(), all, "{word}");
            if kind == SegmentKind::Log {
                assert_eq!((newest, met), (ORDERS as usize, 3 * ORDERS as u64), "each row once");
            } else {
                assert_eq!(found.len(), all.len(), "each tree once");
            }
        }
    }
}

#[test]
fn to_read_some_orders_whole_costs_what_they_are() {
    let orders: Vec<Tree> = (0..ORDERS).map(order).collect();
    let some: Vec<Id> = orders[700..700 + LIMIT].iter().map(Tree::id).collect();
    for database in Database::ALL {
        let fresh = database.fresh();
        let mut counted = open(database, &fresh.url());
        filled(&mut *counted, &orders);
        let kind = SegmentKind::Orders;
        let (read, steps) = cost(&mut *counted, |ask| kept(kind, &some, ask).unwrap());
        println!("on {database}, {LIMIT} orders whole cost {steps}");
        // Eleven rows each.
        let each = if database == Database::Sqlite { 60 } else { 4 };
        let most = each * 11 * LIMIT as u64;
        assert!(steps <= most, "on {database}, {LIMIT} orders cost {steps} of {most}");
        assert_eq!(read.iter().map(|(tree, _)| *tree).collect::<Vec<_>>(), some);
        for (tree, rows) in &read {
            assert_eq!(rows.len(), 11, "{tree}");
            let tree = orders.iter().find(|order| order.id() == *tree).unwrap();
            assert_eq!(KeptRow::trees(rows.clone()).unwrap(), std::slice::from_ref(tree));
            assert_eq!(KeptRow::nodes_of(tree), 7, "three nodes and four words");
        }
        let (rows, steps) = cost(&mut *counted, |ask| history_rows(kind, &some, ask).unwrap());
        assert_eq!(rows, 4 * LIMIT as u64);
        assert!(steps <= most, "on {database}, counting cost {steps} of {most}");
    }
}
