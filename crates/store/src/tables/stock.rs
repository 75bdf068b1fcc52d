//! Stock per SKU and place, and the book of counts and adjustments.

use crate::StoreError;
use crate::counter::{Absent, Counted, Counter, Guard, Move};
use crate::table::STOCK;
use crate::value::{Row, Value};
use docket_domain::{Id, Quantity, Time};

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
    /// Whether enough must be available: true for a decided hold, false for what has happened.
    pub guarded: bool,
}

/// Only a count makes a row: a move is of one that somebody has looked at.
static COUNTER: Counter = Counter {
    table: &STOCK,
    shared: Some("place"),
    listed: "sku_id",
    numbers: ["on_hand", "held"],
    guard: "on_hand - held >=",
    no_bound: i64::MIN / 2,
    absent: Absent::Conflict,
    unit: None,
};

impl Counted for Stock {
    type Key = (String, String);
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

impl Adjustment {
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
