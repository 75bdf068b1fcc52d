//! The tables that the lane reads and writes by key, as data: from a [`Table`] every statement is made.

use crate::value::Kind::{self, Int, Text};

/// One table: its columns in the order rows carry them, the key first.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// As the schema calls it.
    pub name: &'static str,
    /// Columns with their kinds; the first `key` of them are the primary key.
    pub columns: &'static [(&'static str, Kind)],
    /// How many columns the key has.
    pub key: usize,
}

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
impl Table {
    /// The names of all columns, separated by commas.
    pub fn column_list(&self) -> String {
        let names: Vec<_> = self.columns.iter().map(|(name, _)| *name).collect();
        names.join(", ")
    }

    /// The names of the columns of the key, separated by commas.
    pub fn key_list(&self) -> String {
        let names: Vec<_> = self.key_columns().iter().map(|(name, _)| *name).collect();
        names.join(", ")
    }

    /// The kinds of all columns.
    pub fn kinds(&self) -> Vec<Kind> {
        self.columns.iter().map(|(_, kind)| *kind).collect()
    }

    /// The columns of the key.
    pub fn key_columns(&self) -> &'static [(&'static str, Kind)] {
        &self.columns[..self.key]
    }
}
