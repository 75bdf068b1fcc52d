//! Node numbers: the range that an installation gives ids with, and the one that this process holds.

use docket_domain::id;
use docket_domain::seat::{Seat, Site};
use std::fmt;

/// A range of node numbers, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nodes {
    /// The lowest.
    pub first: u16,
    /// The highest.
    pub last: u16,
}

impl Nodes {
    /// Those of a center.
    pub const CENTER: Self = Self { first: 0, last: 255 };

    /// Those of a seat where nobody granted it others; a branch has none before a hub grants it one.
    pub const fn of(seat: &Seat) -> Option<Self> {
        match seat {
            Seat::Center => Some(Self::CENTER),
            Seat::Site(Site::Buyers) => Some(Self { first: 0, last: 127 }),
            Seat::Site(Site::Sellers) => Some(Self { first: 128, last: 255 }),
            Seat::Branch(_) => None,
        }
    }

    /// The range of a text such as `0-127` or `300`.
    pub fn from_word(word: &str) -> Option<Self> {
        let (first, last) = word.split_once('-').unwrap_or((word, word));
        let nodes = Self { first: first.parse().ok()?, last: last.parse().ok()? };
        (nodes.first <= nodes.last && nodes.last <= id::NODE_MAX).then_some(nodes)
    }

    /// Every number, the lowest first.
    pub fn all(self) -> impl Iterator<Item = u16> {
        self.first..=self.last
    }
}

impl fmt::Display for Nodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.first, self.last) {
            (one, other) if one == other => write!(f, "{one}"),
            (first, last) => write!(f, "{first}-{last}"),
        }
    }
}

/// The node number this process holds.
#[derive(Debug, Clone)]
pub struct Node {
    /// From the node range of this installation; part of every id that is given here.
    pub number: u16,
    /// The process, as its lease names it.
    pub holder: String,
    /// The tick up to which its ids may have been given.
    pub mark: i64,
}
