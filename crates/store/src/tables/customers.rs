//! Customers' data of an order: one sealed value in one table. What is inside, only `app` can open.

use crate::StoreError;
use crate::sql::dialect::{Lookup, Shape, text, tuples};
use crate::sql::statement::Statement;
use crate::sql::table::Table;
use crate::sql::value::Kind::{Blob, Int};
use crate::sql::value::{Row, Value};
use crate::tables::lane::plan::{Beside, Rows, Written};
use crate::tables::lane::view::{Layer, Need, Seen, Source};
use crate::tables::lane::{Key, View, Writes};
use crate::tables::orders::ORDER_OPERATION;
use crate::tables::rows::log_row;
use docket_domain::{Id, LogEntry, Time};
use std::collections::BTreeSet;

/// Sealed customers' data, one row a tree.
pub static ORDER_PERSON: Table = Table {
    name: "order_person",
    columns: &[("tree", Int), ("key_id", Int), ("sealed", Blob)],
    key: 1,
};

/// By what telephones trees are found.
pub static ORDER_PHONE: Table = Table {
    name: "order_phone",
    columns: &[("last4", Int), ("phone", Int), ("tree", Int), ("created_at", Int)],
    key: 3,
};

/// Sealed data of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Which key sealed it.
    pub key_id: u32,
    /// Nonce and ciphertext.
    pub bytes: Vec<u8>,
}

/// A tree found by a telephone: keyed hashes of its last four digits and of the whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Telephone {
    /// The payment order's number.
    pub tree: Id,
    /// When it was placed: what pages are sorted by.
    pub created_at: Time,
    /// Of the last four digits.
    pub last4: i64,
    /// Of the whole number.
    pub number: i64,
}

impl Telephone {
    pub(crate) fn key(self) -> Vec<Value> {
        vec![self.last4.into(), self.number.into(), self.tree.into()]
    }

    pub(crate) fn row(self) -> Vec<Value> {
        vec![self.last4.into(), self.number.into(), self.tree.into(), self.created_at.into()]
    }
}

impl Sealed {
    pub(crate) fn row(self, tree: Id) -> Vec<Value> {
        vec![tree.into(), self.key_id.into(), self.bytes.into()]
    }

    pub(crate) fn of(mut row: Row) -> Result<(Id, Self), StoreError> {
        let tree = row.id()?;
        let key_id = row.int()? as u32;
        Ok((tree, Self { key_id, bytes: row.blob()? }))
    }

    /// Takes the people of `trees` out for good.
    pub fn forget(trees: &[Id]) -> Vec<Statement> {
        Statement::chunked(trees, forget, &[], &[])
    }

    /// The row of `entry` says what it says now: the words of its buyer are taken out.
    pub fn without_words(entry: &LogEntry) -> Statement {
        let sql = "UPDATE order_operation SET actor_name = ?, parameters = ?, before_image = ?, \
                   after_image = ?, remark_en = ?, remark_cn = ? WHERE tree = ? AND site = ? AND seq = ?";
        let row = log_row(entry);
        let of = |name: &str| {
            let at = ORDER_OPERATION.columns.iter().position(|(column, _)| *column == name);
            row[at.expect("it is a column of the log")].clone()
        };
        let values = [
            "actor_name",
            "parameters",
            "before_image",
            "after_image",
            "remark_en",
            "remark_cn",
            "tree",
            "site",
            "seq",
        ];
        Statement { sql, values: values.map(of).to_vec(), must_match: Some(1) }
    }

    /// The record that the people of `orders` orders of `buyer` were taken out by `actor`.
    pub fn forgotten(id: Id, buyer: &str, orders: usize, actor: &str, at: Time) -> Statement {
        Statement {
            sql: "INSERT INTO person_forgotten (id, buyer_id, orders, actor, at) VALUES (?, ?, ?, ?, ?)",
            values: vec![
                id.into(),
                buyer.into(),
                Value::Int(orders as i64),
                actor.into(),
                at.into(),
            ],
            must_match: None,
        }
    }

    /// The record that `reader` read the person of `tree` in full.
    pub fn revealed(id: Id, tree: Id, reader: &str, at: Time) -> Statement {
        Statement {
            sql: "INSERT INTO person_reveal (id, tree, reader, at) VALUES (?, ?, ?, ?)",
            values: vec![id.into(), tree.into(), reader.into(), at.into()],
            must_match: None,
        }
    }
}

/// Takes the people of `n` trees out.
fn forget(n: usize) -> &'static str {
    text(ORDER_PERSON.name, Shape::Own("forget", n), || {
        format!("DELETE FROM order_person WHERE tree IN {}", tuples(1, n))
    })
}

static BY_TREE: Lookup = Lookup { table: &ORDER_PERSON, fixed: None, list: "tree" };

impl Seen for Sealed {
    type Key = Id;
    type Found = Option<Self>;

    fn load(trees: &BTreeSet<Id>, from: &mut Source<'_>) -> Result<Vec<(Id, Self)>, StoreError> {
        from.rows_by(&BY_TREE, trees)?.into_iter().map(Self::of).collect()
    }

    fn apply(customers: &mut Layer<Self>, writes: &Writes) {
        for (tree, sealed) in &writes.customers {
            customers.change(*tree, Some(sealed.clone()));
        }
    }
}

impl Written for Sealed {
    const TABLE: &'static Table = &ORDER_PERSON;

    fn add(writes: &mut Writes, rows: &mut Rows, _: &mut Beside) {
        rows.upsert(writes.customers.drain(..).map(|(tree, sealed)| sealed.row(tree)));
    }
}

impl Written for Telephone {
    const TABLE: &'static Table = &ORDER_PHONE;

    fn add(writes: &mut Writes, rows: &mut Rows, _: &mut Beside) {
        rows.delete(writes.phones_gone.drain(..).map(Self::key));
        rows.insert_missing(writes.phones.drain(..).map(Self::row));
    }
}

impl View {
    /// The sealed person of tree `id`.
    pub fn customer(&self, id: Id) -> Result<Option<&Sealed>, Need> {
        Need::unless(self.customers.get(&id), || Key::Customer(id)).map(Option::as_ref)
    }
}
