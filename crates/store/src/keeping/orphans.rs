//! Rows that belong to nothing: of an order that is neither here nor in the archive. A page of the order's table
//! that was lost or written over leaves them behind, and no look at orders finds them, for these start at the order.
//!
//! Each table is walked in the order of its key, some hundred rows at a time, all that a step compares being of one
//! moment: an order and its rows come and go in one transaction.

use crate::StoreError;
use crate::sql::ask::{Ask, Query};
use crate::sql::value::{Kind, Value};
use docket_domain::Id;
use std::collections::BTreeSet;

/// Rows, or orders that have rows, of one step.
const STEP: usize = 500;

/// Rows of an order that is nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    /// Their table.
    pub table: &'static str,
    /// The order that they name.
    pub tree: Id,
    /// What is not there: `payment_order`, or of lines their `shop_order`.
    pub lacks: &'static str,
}

/// A table whose rows belong to orders.
#[derive(Debug, Clone, Copy)]
struct Kin {
    table: &'static str,
    /// The key that it is walked by; its first part is the order where rows of one order stand together.
    key: &'static [(&'static str, Kind)],
}

const fn by_tree(table: &'static str) -> Kin {
    Kin { table, key: &[("tree", Kind::Int)] }
}

static KIN: [Kin; 16] = [
    by_tree("shop_order"),
    by_tree("item_order"),
    by_tree("order_operation"),
    by_tree("order_snapshot"),
    by_tree("order_person"),
    by_tree("effect"),
    by_tree("gift"),
    by_tree("archive_tree"),
    by_tree("copy_note"),
    Kin {
        table: "order_term",
        key: &[("term", Kind::Text), ("created_at", Kind::Int), ("tree", Kind::Int)],
    },
    Kin {
        table: "order_phone",
        key: &[("last4", Kind::Int), ("phone", Kind::Int), ("tree", Kind::Int)],
    },
    Kin { table: "weigh_slip", key: &[("shop_order", Kind::Int)] },
    Kin { table: "gateway_payment", key: &[("attempt", Kind::Int)] },
    Kin { table: "gateway_refund", key: &[("refund", Kind::Int), ("payment", Kind::Int)] },
    Kin { table: "archive_node", key: &[("id", Kind::Int)] },
    Kin { table: "channel_order", key: &[("shop", Kind::Int), ("number", Kind::Text)] },
];

/// One row of a step: the order that it names, if it names one, and its key.
type Walked = (Option<Id>, Vec<Value>);

/// How far one table was walked.
#[derive(Debug, Clone)]
pub struct Walk {
    kin: Kin,
    after: Option<Vec<Value>>,
    /// Whether nothing is left.
    pub done: bool,
}

impl Walk {
    /// One for each table whose rows belong to orders.
    pub fn all() -> Vec<Self> {
        KIN.iter().map(|kin| Self { kin: *kin, after: None, done: false }).collect()
    }

    /// The table.
    pub const fn table(&self) -> &'static str {
        self.kin.table
    }

    /// Goes one step on and answers the rows of it that belong to nothing.
    pub(crate) fn step(&mut self, ask: &mut dyn Ask) -> Result<Vec<Orphan>, StoreError> {
        let mut rows = Vec::new();
        // Key by key from the last part to the first: each is one range of the index on every database.
        let parts = self.after.as_ref().map_or(0, Vec::len);
        for fixed in (0..parts).rev() {
            if rows.len() < STEP {
                rows.extend(self.range(fixed, STEP - rows.len(), ask)?);
            }
        }
        if self.after.is_none() {
            rows = self.range(0, STEP, ask)?;
        }
        self.done = rows.len() < STEP;
        if let Some((_, last)) = rows.last() {
            self.after = Some(last.clone());
        }
        let trees: BTreeSet<Id> = rows.into_iter().filter_map(|(tree, _)| tree).collect();
        let trees: Vec<Id> = trees.into_iter().collect();
        let gone = nowhere(&trees, ask)?;
        let table = self.kin.table;
        let orphan = |lacks| move |tree| Orphan { table, tree, lacks };
        let mut found: Vec<_> = gone.iter().copied().map(orphan("payment_order")).collect();
        if table == "item_order" {
            let there: Vec<Id> = trees.into_iter().filter(|tree| !gone.contains(tree)).collect();
            found.extend(without_shop(&there, ask)?.into_iter().map(orphan("shop_order")));
        }
        Ok(found)
    }

    /// Rows behind the last one that have the first `fixed` parts of its key: the order that each names, if it names one,
    /// and its key.
    fn range(
        &self,
        fixed: usize,
        limit: usize,
        ask: &mut dyn Ask,
    ) -> Result<Vec<Walked>, StoreError> {
        let Kin { table, key } = self.kin;
        let names: Vec<_> = key.iter().map(|(name, _)| *name).collect();
        let mut values = Vec::new();
        let mut conditions = Vec::new();
        if let Some(after) = &self.after {
            conditions.extend(names[..fixed].iter().map(|name| format!("{name} = ?")));
            conditions.push(format!("{} > ?", names[fixed]));
            values.extend_from_slice(&after[..=fixed]);
        }
        let condition = if conditions.is_empty() {
            String::new()
        } else {
            format!("WHERE {}", conditions.join(" AND "))
        };
        let distinct = if names == ["tree"] { "DISTINCT " } else { "" };
        let (columns, order) = (names.join(", "), names.join(", "));
        let sql = format!(
            "SELECT {distinct}tree, {columns} FROM {table} {condition} ORDER BY {order} LIMIT {limit}"
        );
        let kinds = [Kind::Int].into_iter().chain(key.iter().map(|(_, kind)| *kind)).collect();
        let rows = ask.ask(Query { table, sql, kinds, values })?;
        let read = rows.into_iter().map(|mut row| Ok((row.int_or_null()?.map(Id), row.rest())));
        read.collect()
    }
}

fn ids(
    table: &'static str,
    sql: String,
    trees: &[Id],
    ask: &mut dyn Ask,
) -> Result<BTreeSet<Id>, StoreError> {
    let values = trees.iter().map(|tree| Value::from(*tree)).collect();
    let rows = ask.ask(Query { table, sql, kinds: vec![Kind::Int], values })?;
    rows.into_iter().map(|mut row| row.id()).collect()
}

fn holes(trees: &[Id]) -> String {
    vec!["?"; trees.len()].join(", ")
}

/// Those of `trees` that are neither here nor in the archive.
fn nowhere(trees: &[Id], ask: &mut dyn Ask) -> Result<Vec<Id>, StoreError> {
    if trees.is_empty() {
        return Ok(Vec::new());
    }
    let here = format!("SELECT id FROM payment_order WHERE id IN ({})", holes(trees));
    let here = match ids("payment_order", here, trees, ask) {
        Err(error) if error.is_damage() => readable_or_not(trees, ask)?,
        here => here?,
    };
    let missing: Vec<Id> = trees.iter().copied().filter(|tree| !here.contains(tree)).collect();
    if missing.is_empty() {
        return Ok(missing);
    }
    let archived = format!("SELECT tree FROM archive_order WHERE tree IN ({})", holes(&missing));
    let archived = ids("archive_order", archived, &missing, ask)?;
    Ok(missing.into_iter().filter(|tree| !archived.contains(tree)).collect())
}

/// Those of `trees` that are here, where a page of theirs is damaged: what cannot be read is not known to be missing.
fn readable_or_not(trees: &[Id], ask: &mut dyn Ask) -> Result<BTreeSet<Id>, StoreError> {
    let mut here = BTreeSet::new();
    for tree in trees {
        let one = "SELECT id FROM payment_order WHERE id IN (?)".to_owned();
        match ids("payment_order", one, &[*tree], ask) {
            Err(error) if error.is_damage() => drop(here.insert(*tree)),
            found => here.extend(found?),
        }
    }
    Ok(here)
}

/// Those of `trees` that have lines whose shop order is not there.
fn without_shop(trees: &[Id], ask: &mut dyn Ask) -> Result<BTreeSet<Id>, StoreError> {
    if trees.is_empty() {
        return Ok(BTreeSet::new());
    }
    let sql = format!(
        "SELECT DISTINCT i.tree FROM item_order AS i LEFT JOIN shop_order AS s \
         ON s.tree = i.tree AND s.id = i.shop_order WHERE i.tree IN ({}) AND s.id IS NULL",
        holes(trees)
    );
    ids("item_order", sql, trees, ask)
}
