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
    /// When it was asked for.
    pub created_at: Option<Time>,
    /// When it changed last.
    pub updated_at: Option<Time>,
    /// Which units, as far as that is told.
    pub lines: Vec<AftersaleUnits>,
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

/// Units of a line in an aftersale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AftersaleUnits {
    /// The line's number.
    pub line: String,
    /// How many, where that is told.
    pub units: Option<u32>,
}
