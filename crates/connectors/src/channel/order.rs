//! An order as a marketplace tells of it, in words that all of them share. Their own codes are kept beside our reading.

use super::aftersale::Aftersale;
use super::answer::Unreadable;
use super::call::{Page, TimeField};
use super::goods::Amounts;
use docket_domain::Time;
use std::fmt;

/// One page of orders.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrdersPage {
    /// The orders that can be read, as they came.
    pub orders: Vec<ChannelOrder>,
    /// Numbers without more, where a list has only those ([`Pull::numbers_only`](super::Pull::numbers_only)).
    pub numbers: Vec<String>,
    /// Rows that cannot be read.
    pub refused: Vec<Unreadable>,
    /// How many the whole list has, where that is told.
    pub total: Option<u64>,
    /// Where the next page is; none if this was the last.
    pub next: Option<Page>,
}

/// An order of a marketplace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChannelOrder {
    /// Its number, within its shop.
    pub number: String,
    /// Their code of its status, kept whatever it is.
    pub status: String,
    /// What we read in that code; none if we do not know it.
    pub stage: Option<Stage>,
    /// When it was made.
    pub created_at: Option<Time>,
    /// When its status changed last. A detail may not say it.
    pub updated_at: Option<Time>,
    /// When the buyer may no longer change it.
    pub pending_until: Option<Time>,
    /// When the seller confirmed it.
    pub confirmed_at: Option<Time>,
    /// By when it has to be sent.
    pub ship_by: Option<Time>,
    /// By when it has to arrive: a deadline, not a delivery.
    pub deliver_by: Option<Time>,
    /// When it was sent.
    pub shipped_at: Option<Time>,
    /// Their number of the region.
    pub region: Option<String>,
    /// Their number of the site.
    pub site: Option<String>,
    /// Their word for how it is paid.
    pub payment: Option<String>,
    /// Labels that are set.
    pub labels: Vec<String>,
    /// Warnings of the marketplace on its fulfilment.
    pub warnings: Vec<String>,
    /// Its lines.
    pub lines: Vec<ChannelLine>,
    /// Its money, where orders tell it ([`Capabilities::amounts_apart`](super::Capabilities::amounts_apart)).
    pub amounts: Option<Box<Amounts>>,
    /// What the buyer wants back, where orders tell it.
    pub aftersales: Vec<Aftersale>,
    /// What was odd about it. It is recorded none the less.
    pub flags: Vec<Flag>,
    /// What was told, compact, with fields that we do not know and without personal data.
    pub payload: String,
}

impl ChannelOrder {
    /// The time by which a list has it.
    pub const fn time(&self, by: TimeField) -> Option<Time> {
        match by {
            TimeField::Created => self.created_at,
            TimeField::Updated => self.updated_at,
        }
    }
}

/// A line of an order: a child, where a marketplace calls it that.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChannelLine {
    /// Its number, by which it is met again; never by its position.
    pub number: String,
    /// Their number of what was sold.
    pub sku_id: Option<String>,
    /// Their number of the product.
    pub product_id: Option<String>,
    /// What it is called.
    pub title: Option<String>,
    /// A picture.
    pub image: Option<String>,
    /// Which kind of it: colour, size.
    pub spec: Option<String>,
    /// Units that were ordered at first.
    pub ordered: u32,
    /// Units of those that were cancelled before shipment.
    pub cancelled: u32,
    /// Their code of its status, which may differ from the order's.
    pub status: Option<String>,
    /// What we read in that code.
    pub stage: Option<Stage>,
    /// What has to be sent for one unit.
    pub products: Vec<SoldProduct>,
    /// Packages with a number that can be used; none where this reading tells nothing of packages, and empty where it
    /// tells that there are none.
    pub packages: Option<Vec<PackageRef>>,
    /// How many labels could not be bought: their numbers are no packages.
    pub failed_labels: u32,
    /// Who sends it; none if the marketplace's word is not known.
    pub fulfilment: Option<Fulfilment>,
    /// Labels that are set.
    pub labels: Vec<String>,
    /// When it was made.
    pub created_at: Option<Time>,
    /// When it was sent.
    pub shipped_at: Option<Time>,
    /// The warehouse that its stock is taken from.
    pub warehouse: Option<String>,
}

/// One of the things that make up what was sold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SoldProduct {
    /// The seller's own code of it.
    pub code: Option<String>,
    /// Their number of it.
    pub sku_id: Option<String>,
    /// How many of it one sold unit holds.
    pub factor: u32,
}

/// A package that a line says it is in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PackageRef {
    /// Its number.
    pub number: String,
    /// Their code of how it is sent.
    pub delivery: Option<String>,
    /// Who carries it, where the order says so.
    pub carrier: Option<String>,
    /// The carrier's number, where the order says it.
    pub tracking: Option<String>,
}

/// How far an order or a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The buyer may still change it.
    Pending,
    /// To be sent.
    Unshipped,
    /// Some of it was sent.
    PartlyShipped,
    /// All of it was sent.
    Shipped,
    /// Some of it arrived.
    PartlyReceived,
    /// All of it arrived.
    Received,
    /// It was cancelled.
    Cancelled,
}

impl Stage {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Unshipped => "unshipped",
            Self::PartlyShipped => "partly_shipped",
            Self::Shipped => "shipped",
            Self::PartlyReceived => "partly_received",
            Self::Received => "received",
            Self::Cancelled => "cancelled",
        }
    }

    /// How far along it is, for reports of the same moment: the further one is the later one.
    pub const fn rank(self) -> u8 {
        self as u8
    }
}

/// Who sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fulfilment {
    /// The seller.
    Seller,
    /// A warehouse that works with the marketplace.
    Cooperative,
}

/// Something odd in a row, with the field where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// What is odd.
    pub odd: Odd,
    /// Their name of the field.
    pub field: &'static str,
    /// The number of the line, if it stands in one.
    pub line: Option<String>,
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.odd.word(), self.field)?;
        self.line.as_ref().map_or(Ok(()), |line| write!(f, " of {line}"))
    }
}

/// What can be odd.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Odd {
    /// A status that we do not know.
    UnknownStatus,
    /// A word of a fixed set that we do not know.
    UnknownWord,
    /// Nothing where a value is expected.
    Missing,
    /// A value of the wrong kind, or out of range; left out.
    Unfit,
    /// No unit is left of a line, or none was ordered.
    NoUnits,
    /// Units that do not add up.
    Uneven,
    /// A text that was longer than is kept.
    Cut,
    /// The same number twice in one order.
    Twice,
}

impl Odd {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::UnknownStatus => "unknown_status",
            Self::UnknownWord => "unknown_word",
            Self::Missing => "missing",
            Self::Unfit => "unfit",
            Self::NoUnits => "no_units",
            Self::Uneven => "uneven",
            Self::Cut => "cut",
            Self::Twice => "twice",
        }
    }
}
