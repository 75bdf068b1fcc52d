//! Stock per SKU and place, and the book of counts and adjustments.

use crate::StoreError;
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
