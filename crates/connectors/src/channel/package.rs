//! Packages, wherever a marketplace tells of them.

use super::answer::Unreadable;
use super::call::Page;

/// One page of packages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PackagesPage {
    /// The packages.
    pub packages: Vec<Package>,
    /// Rows that cannot be read.
    pub refused: Vec<Unreadable>,
    /// How many there are in all, where that is told.
    pub total: Option<u64>,
    /// Where the rest is.
    pub next: Option<Page>,
}

/// A parcel: everything one box is known by, and whose goods are in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Package {
    /// Its numbers, none twice: one box may have several, and the first is the one it is mainly known by.
    pub numbers: Vec<String>,
    /// Who carries it.
    pub carrier: Option<String>,
    /// The carrier's number.
    pub tracking: Option<String>,
    /// What is in it, as far as that is told. It counts for an order only if it names the order here; goods that were
    /// cancelled are not in it.
    pub holds: Vec<Held>,
    /// Whether the marketplace regards it as sent.
    pub shipped: bool,
}

impl Package {
    /// What it holds of an order. Nothing if it does not name the order: it is another's then, whatever was asked for.
    pub fn of_order<'a>(&'a self, order: &'a str) -> impl Iterator<Item = &'a Held> {
        self.holds.iter().filter(move |held| held.order == order)
    }
}

/// Goods of one line in a package.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Held {
    /// The order's number.
    pub order: String,
    /// The line's number, where it is named.
    pub line: Option<String>,
    /// How many units, where that is told.
    pub units: Option<u32>,
}
