//! Cancels before and refunds after a shipment: they have lists of their own, since the status of an order need not
//! move by them.

use super::answer::Unreadable;
use super::call::Page;
use docket_domain::Time;

/// One page of cancels or aftersales.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AftersalePage {
    /// What is asked for.
    pub aftersales: Vec<Aftersale>,
    /// Rows that cannot be read.
    pub refused: Vec<Unreadable>,
    /// How many there are in all, where that is told.
    pub total: Option<u64>,
    /// Where the rest is.
    pub next: Option<Page>,
}

/// One page of goods of aftersales.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AftersaleGoodsPage {
    /// The goods, each with the number of its aftersale.
    pub goods: Vec<(String, AftersaleGoods)>,
    /// Rows that cannot be read.
    pub refused: Vec<Unreadable>,
    /// How many there are in all, where that is told.
    pub total: Option<u64>,
    /// Where the rest is.
    pub next: Option<Page>,
}

/// A buyer's wish to have goods cancelled or money back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aftersale {
    /// Its number.
    pub number: String,
    /// The order's number.
    pub order: String,
    /// What is wished for.
    pub kind: AftersaleKind,
    /// Their word for its state.
    pub status: Option<String>,
    /// What we read in that word; none if we do not know it.
    pub state: Option<AftersaleState>,
    /// When it was asked for.
    pub created_at: Option<Time>,
    /// When it changed last.
    pub updated_at: Option<Time>,
    /// Which goods; none where that has to be asked apart ([`Call::AftersaleGoods`](super::Call::AftersaleGoods)).
    pub goods: Option<Vec<AftersaleGoods>>,
    /// What was told, compact and without personal data.
    pub payload: String,
}

/// What is wished for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AftersaleKind {
    /// Not to be sent.
    Cancel,
    /// Money back after it was sent, with goods or without.
    Refund,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AftersaleState {
    /// Somebody has to decide or to do something.
    Open,
    /// It was granted, and is done.
    Granted,
    /// It was refused.
    Refused,
    /// The buyer wants it no more.
    Withdrawn,
}

/// Goods of an aftersale. A line is named, or what was sold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AftersaleGoods {
    /// The line's number, where it is named.
    pub line: Option<String>,
    /// Their number of what was sold, where it is named.
    pub sku_id: Option<String>,
    /// How many units, where that is told.
    pub units: Option<u32>,
}
