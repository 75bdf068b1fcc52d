//! The tables of orders themselves: a payment order, its shop orders and lines, the words it is found by, and its log.

use crate::StoreError;
use crate::sql::ask::{Ask, Query};
use crate::sql::table::Table;
use crate::sql::text::holes;
use crate::sql::value::Kind::{Int, Text};
use crate::sql::value::{Row, Value};
use crate::tables::rows;
use docket_domain::{Id, Tree};

pub static PAYMENT_ORDER: Table = Table {
    name: "payment_order",
    columns: &[
        ("id", Int),
        ("version", Int),
        ("buyer_id", Text),
        ("type", Int),
        ("market", Int),
        ("status", Int),
        ("store_status", Int),
        ("visible", Int),
        ("cart", Int),
        ("created_at", Int),
        ("updated_at", Int),
        ("paid_at", Int),
        ("due_at", Int),
        ("parts", Int),
        ("copy", Int),
        ("body", Text),
    ],
    key: 1,
};
pub static SHOP_ORDER: Table = Table {
    name: "shop_order",
    columns: &[
        ("tree", Int),
        ("id", Int),
        ("position", Int),
        ("shop_id", Text),
        ("place", Text),
        ("status", Int),
        ("store_status", Int),
        ("delivery_status", Int),
        ("refund_status", Int),
        ("created_at", Int),
        ("body", Text),
    ],
    key: 2,
};
pub static ITEM_ORDER: Table = Table {
    name: "item_order",
    columns: &[
        ("tree", Int),
        ("id", Int),
        ("shop_order", Int),
        ("position", Int),
        ("sku_id", Text),
        ("created_at", Int),
        ("status", Int),
        ("body", Text),
    ],
    key: 2,
};
pub static ORDER_TERM: Table = Table {
    name: "order_term",
    columns: &[("term", Text), ("created_at", Int), ("tree", Int)],
    key: 3,
};
pub static ORDER_OPERATION: Table = Table {
    name: "order_operation",
    columns: &[
        ("tree", Int),
        ("site", Int),
        ("seq", Int),
        ("kind", Int),
        ("node", Int),
        ("actor_kind", Int),
        ("actor_id", Text),
        ("actor_name", Text),
        ("operator", Text),
        ("from_status", Int),
        ("to_status", Int),
        ("at", Int),
        ("happened_at", Int),
        ("parameters", Text),
        ("before_image", Text),
        ("after_image", Text),
        ("remark_en", Text),
        ("remark_cn", Text),
        ("version", Int),
        ("hlc", Int),
    ],
    key: 3,
};

/// These trees, in this order; those that are not there are left out. There are few of them.
pub fn trees(ask: &mut dyn Ask, ids: &[Id]) -> Result<Vec<Tree>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let [payments, shops, items] = tree_queries(ids);
    trees_of(ids, [ask.ask(payments)?, ask.ask(shops)?, ask.ask(items)?])
}

/// The queries of the rows of these trees: payment orders, shop orders, lines.
pub fn tree_queries(ids: &[Id]) -> [Query; 3] {
    let listed: Vec<Value> = ids.iter().map(|id| Value::from(*id)).collect();
    let holes = holes(ids.len());
    let (by_id, by_tree) = (format!("WHERE id IN ({holes})"), format!("WHERE tree IN ({holes})"));
    [
        Query::of(&PAYMENT_ORDER, &by_id, listed.clone()),
        Query::of(&SHOP_ORDER, &by_tree, listed.clone()),
        Query::of(&ITEM_ORDER, &by_tree, listed),
    ]
}

/// The trees of rows, in the order of `ids`.
pub fn trees_of(ids: &[Id], rows: [Vec<Row>; 3]) -> Result<Vec<Tree>, StoreError> {
    let [payments, shops, items] = rows;
    let payments: Vec<_> = payments.into_iter().map(rows::payment_of).collect::<Result<_, _>>()?;
    let shops = shops.into_iter().map(rows::shop_of).collect::<Result<_, _>>()?;
    let items = items.into_iter().map(rows::item_of).collect::<Result<_, _>>()?;
    let mut trees = rows::assemble(payments, shops, items)?;
    trees.sort_unstable_by_key(|tree| ids.iter().position(|id| *id == tree.id()));
    Ok(trees)
}
