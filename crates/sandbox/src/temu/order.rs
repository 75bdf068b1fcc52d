//! An order, its lines, their packages, and what buyers want back.

use serde::{Deserialize, Serialize};

/// When no list has an order, ever.
pub const NEVER: i64 = i64::MAX;

/// A parent order. Times are seconds since 1970, 0 for none.
#[derive(Debug, Clone)]
pub struct Order {
    pub number: Box<str>,
    pub status: i32,
    pub created_at: i64,
    pub updated_at: i64,
    pub confirmed_at: i64,
    pub shipped_at: i64,
    /// From when on lists have it.
    pub listed_at: i64,
    pub oddities: Oddities,
    pub children: Vec<Child>,
}

/// A line of an order.
#[derive(Debug, Clone)]
pub struct Child {
    pub number: Box<str>,
    /// Its place in the shop's products.
    pub product: u32,
    pub ordered: u32,
    /// Units cancelled before shipment.
    pub cancelled: u32,
    pub status: i32,
    /// Whether a co-operating warehouse ships it, and not the seller.
    pub is_co_warehouse: bool,
    pub packages: Vec<Package>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    pub number: Box<str>,
    /// False where the last purchase of a label failed: no number to use.
    pub is_bought: bool,
    /// False while there is a label and nothing was handed over.
    pub is_confirmed: bool,
    /// Other numbers of the same box.
    pub parts: Vec<Box<str>>,
}

/// A way in which an order is told oddly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oddity {
    /// Times and fees that may be null are.
    Nulls,
    /// No labels, as after an internal error.
    Unlabelled,
    /// Values and fields that no document has.
    Novel,
    /// Fields that can be missing are.
    Bare,
    /// Of its lines nothing is told: a row that nobody can record.
    Broken,
}

impl Oddity {
    pub fn of(word: &str) -> Option<Self> {
        Some(match word {
            "nulls" => Self::Nulls,
            "unlabelled" => Self::Unlabelled,
            "novel" => Self::Novel,
            "bare" => Self::Bare,
            "broken" => Self::Broken,
            _ => return None,
        })
    }
}

/// All that is odd in the way an order is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Oddities(u8);

impl Oddities {
    /// Adds one.
    pub const fn add(&mut self, oddity: Oddity) {
        self.0 |= 1 << oddity as u8;
    }

    pub const fn has(self, oddity: Oddity) -> bool {
        self.0 & (1 << oddity as u8) != 0
    }
}

/// What a buyer wants back of a line.
#[derive(Debug, Clone)]
pub struct Aftersale {
    pub number: String,
    pub kind: AftersaleKind,
    /// The places of the order and of its line.
    pub order: u32,
    pub child: u32,
    pub units: u32,
    /// The group of its status: 8 to 11 for cancels, 1 to 7 for what came after delivery.
    pub group: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

impl Aftersale {
    /// The status of its group: groups and statuses count otherwise.
    pub const fn status(&self) -> i64 {
        match self.group {
            8 => 1,
            9 => 5,
            6 | 10 => 7,
            7 | 11 => 6,
            open => open,
        }
    }

    /// Whether it was granted and is done.
    pub const fn is_granted(&self) -> bool {
        self.status() == 5
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AftersaleKind {
    /// Before it was sent.
    Cancel,
    /// After that: the order's status stays.
    Refund,
}
