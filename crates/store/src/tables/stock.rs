//! Stock per SKU and place, and the book of counts and adjustments.

use crate::sql::ask::Query;
use crate::sql::dialect::{Dialect, Lookup};
use crate::sql::keyset;
use crate::sql::statement::Statement;
use crate::sql::table::Table;
use crate::sql::text::along;
use crate::sql::value::Kind::{Int, Text};
use crate::sql::value::{Row, Value};
use crate::tables::lane::counter::{Absent, Counted, Counter, Guard, Move};
use crate::tables::lane::plan::{Beside, Rows, Written};
use crate::tables::lane::view::{Layer, Need, Seen, Source};
use crate::tables::lane::{Key, View, Writes};
use crate::{Store, StoreError};
use docket_domain::{Id, Quantity, Time};
use std::collections::BTreeSet;

/// What stands on hand of each SKU at each place, and what should: what is booked, and what orders moved. It ends open, for
/// a condition.
pub(super) const NUMBERS: &str = "SELECT s.place, s.sku_id, s.on_hand AS stands, \
    s.booked + s.moved AS should FROM stock s WHERE s.booked IS NOT NULL";

/// What stands at places.
pub static STOCK: Table = Table {
    name: "stock",
    columns: &[("place", Text), ("sku_id", Text), ("on_hand", Int), ("held", Int)],
    key: 2,
};

/// The book of counts and adjustments.
pub static STOCK_ADJUSTMENT: Table = Table {
    name: "stock_adjustment",
    columns: &[
        ("id", Int),
        ("sku_id", Text),
        ("place", Text),
        ("kind", Int),
        ("quantity", Int),
        ("on_hand", Int),
        ("reason", Text),
        ("actor", Text),
        ("at", Int),
    ],
    key: 1,
};

/// What stands at one place of one SKU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stock {
    /// What stands there, in thousandths, held or not.
    pub on_hand: Quantity,
    /// What of it is promised.
    pub held: Quantity,
}

impl Stock {
    /// Place and SKU, and what stands there.
    pub(crate) fn of(mut row: Row) -> Result<(String, String, Self), StoreError> {
        let (place, sku) = (row.text()?, row.text()?);
        Ok((place, sku, Self { on_hand: row.quantity()?, held: row.quantity()? }))
    }

    /// What may still be promised; below zero where a count found less than is held.
    pub fn available(self) -> Quantity {
        self.on_hand - self.held
    }
}

/// What one piece moves of one stock row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The place that the stock stands at.
    pub place: String,
    /// The SKU.
    pub sku_id: String,
    /// What was counted, replacing what was there.
    pub count: Option<Quantity>,
    /// Added to what is there.
    pub on_hand: Quantity,
    /// Added to what is held.
    pub held: Quantity,
    /// What of that which is added to what is there an order moved, and no line of the book.
    pub moved: Quantity,
    /// Whether enough must be available: true for a decided hold, false for what has happened.
    pub guarded: bool,
}

/// Only a count makes a row: a move is of one that somebody has looked at.
static COUNTER: Counter = Counter {
    lookup: Lookup { table: &STOCK, fixed: Some("place"), list: "sku_id" },
    numbers: ["on_hand", "held"],
    tally: Some("moved"),
    guard: "on_hand - held >=",
    no_bound: i64::MIN / 2,
    absent: Absent::Conflict,
    unit: None,
};

impl Seen for Stock {
    type Key = (String, String);
    type Found = Option<Self>;

    fn load(
        keys: &BTreeSet<(String, String)>,
        from: &mut Source<'_>,
    ) -> Result<Vec<((String, String), Self)>, StoreError> {
        let rows = from.rows(&COUNTER.lookup, keys.iter().map(Self::columns))?.into_iter();
        let read = |row| Self::of(row).map(|(place, sku, stock)| ((place, sku), stock));
        rows.map(read).collect()
    }

    fn apply(stock: &mut Layer<Self>, writes: &Writes) {
        stock.moved(&writes.stock);
    }
}

impl Counted for Stock {
    type Change = Held;
    const COUNTER: &'static Counter = &COUNTER;

    fn key(change: &Held) -> (String, String) {
        (change.place.clone(), change.sku_id.clone())
    }

    fn columns((place, sku_id): &(String, String)) -> (Option<Value>, Value) {
        (Some(place.into()), sku_id.into())
    }

    fn moved(change: Held) -> Move {
        Move {
            set: change.count.map(|count| count.0),
            add: [change.on_hand.0, change.held.0],
            tally: change.moved.0,
            guard: change.guarded.then_some(Guard::Enough),
            unit: None,
            at: None,
        }
    }

    fn after(row: Option<Self>, change: &Held) -> Self {
        let Self { on_hand, held } = row.unwrap_or_default();
        let on_hand = change.count.unwrap_or(on_hand) + change.on_hand;
        Self { on_hand, held: held + change.held }
    }
}

/// One line of the book: a count, or an adjustment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    /// Higher is later: lines are read newest first by it.
    pub id: Id,
    /// The SKU.
    pub sku_id: String,
    /// The place that the stock stands at.
    pub place: String,
    /// Whether `quantity` is what was counted, or what was added.
    pub counted: bool,
    /// What was counted or added.
    pub quantity: Quantity,
    /// What was there afterwards.
    pub on_hand: Quantity,
    /// What whoever changed it gave as the cause.
    pub reason: String,
    /// The key or user who changed it.
    pub actor: String,
    /// When.
    pub at: Time,
}

impl Stock {
    /// Behind a count, or where the book begins: what stands there, less what orders moved, is what is booked.
    pub fn counted(place: &str, sku_id: &str) -> Statement {
        let sql = "UPDATE stock SET booked = on_hand - moved WHERE sku_id = ? AND place = ?";
        Statement { sql, values: vec![sku_id.into(), place.into()], must_match: Some(1) }
    }
}

impl Adjustment {
    /// What is booked from then on, behind what a batch did `before`. It is written when all that the batch moves stands in
    /// the number: what is added after a count of the same batch is within what that count finds there.
    fn booked(&self, before: &[Statement]) -> Option<Statement> {
        let counted = Stock::counted(&self.place, &self.sku_id);
        if before.contains(&counted) {
            return None;
        }
        if self.counted {
            return Some(counted);
        }
        let sql = "UPDATE stock SET booked = booked + ? WHERE sku_id = ? AND place = ?";
        let own = [Value::from(&self.sku_id), Value::from(&self.place)];
        let values = [self.quantity.into()].into_iter().chain(own).collect();
        Some(Statement { sql, values, must_match: Some(1) })
    }

    pub(crate) fn row(self) -> Vec<Value> {
        vec![
            self.id.into(),
            self.sku_id.into(),
            self.place.into(),
            Value::Int(self.counted.into()),
            self.quantity.into(),
            self.on_hand.into(),
            self.reason.into(),
            self.actor.into(),
            self.at.into(),
        ]
    }

    pub(crate) fn of(mut row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id()?,
            sku_id: row.text()?,
            place: row.text()?,
            counted: row.int()? == 1,
            quantity: row.quantity()?,
            on_hand: row.quantity()?,
            reason: row.text()?,
            actor: row.text()?,
            at: row.time()?,
        })
    }
}

impl Written for Adjustment {
    const TABLE: &'static Table = &STOCK_ADJUSTMENT;

    fn add(writes: &mut Writes, rows: &mut Rows, beside: &mut Beside) {
        for line in writes.adjustments.drain(..) {
            beside.statements.extend(line.booked(&beside.statements));
            rows.insert([line.row()]);
        }
    }
}

impl View {
    /// The stock row of `sku_id` at `place`; none means not tracked.
    pub fn stock(&self, place: &str, sku_id: &str) -> Result<Option<Stock>, Need> {
        let key = (place.to_owned(), sku_id.to_owned());
        match self.stock.get(&key) {
            Some(stock) => Ok(*stock),
            None => Err(Need(vec![Key::Stock { place: key.0, sku_id: key.1 }])),
        }
    }
}

/// See [`Store::stock_short`]: along an index that has nothing else.
fn short(dialect: Dialect, limit: usize) -> Query {
    let table = along(dialect, "stock", Some("stock_short"));
    let is_short = match dialect {
        Dialect::Sqlite => "on_hand < held",
        Dialect::MySql => "short = 1",
    };
    let tail = format!("FROM {table} WHERE {is_short} ORDER BY sku_id, place LIMIT {limit}");
    let sql = format!("SELECT {} {tail}", STOCK.column_list());
    Query { table: "stock", sql, kinds: STOCK.kinds(), values: Vec::new() }
}

impl Store {
    /// What stands of a SKU, by place.
    pub async fn stock(&self, sku_id: &str) -> Result<Vec<(String, Stock)>, StoreError> {
        let tail = "WHERE sku_id = ? ORDER BY place";
        let rows = self.of_table(&STOCK, tail, vec![sku_id.into()]).await?;
        let read = rows.into_iter().map(Stock::of);
        read.map(|row| row.map(|(place, _, stock)| (place, stock))).collect()
    }

    /// What stands of SKUs at places, behind a SKU and its place, in that order.
    pub async fn stock_list(
        &self,
        (sku_id, place): (&str, &str),
        limit: usize,
    ) -> Result<Vec<(String, String, Stock)>, StoreError> {
        let after = [sku_id.into(), place.into()];
        let asked = keyset::behind(self.dialect(), &STOCK, after, limit);
        let [rows] = self.rows_together([asked]).await?;
        let read = rows.into_iter().map(Stock::of);
        read.map(|row| row.map(|(place, sku, stock)| (sku, place, stock))).collect()
    }

    /// Of what more is promised or sold than there is, the first `limit` in the order of SKU and place.
    pub async fn stock_short(
        &self,
        limit: usize,
    ) -> Result<Vec<(String, String, Stock)>, StoreError> {
        let [rows] = self.rows_together([short(self.dialect(), limit)]).await?;
        let read = rows.into_iter().map(Stock::of);
        read.map(|row| row.map(|(place, sku, stock)| (sku, place, stock))).collect()
    }

    /// The next places and SKUs, behind one of them in the order of SKU and place, of which nothing is booked yet.
    pub async fn stock_unbooked(
        &self,
        (sku_id, place): (&str, &str),
        limit: usize,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let after = [sku_id.into(), place.into()];
        let asked =
            keyset::behind_where(self.dialect(), &STOCK, after, limit, " AND booked IS NULL");
        let [rows] = self.rows_together([asked]).await?;
        rows.into_iter().map(|row| Stock::of(row).map(|(place, sku, _)| (place, sku))).collect()
    }

    /// The book of a SKU, newest first, behind a line of it.
    pub async fn adjustments(
        &self,
        sku_id: &str,
        before: Option<Id>,
        limit: usize,
    ) -> Result<Vec<Adjustment>, StoreError> {
        let tail = format!("WHERE sku_id = ? AND id < ? ORDER BY id DESC LIMIT {limit}");
        let values = vec![sku_id.into(), before.unwrap_or(Id(i64::MAX)).into()];
        let rows = self.of_table(&STOCK_ADJUSTMENT, &tail, values).await?;
        rows.into_iter().map(Adjustment::of).collect()
    }
}
