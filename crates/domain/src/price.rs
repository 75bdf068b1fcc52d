//! Prices: what every line costs after every share, by largest remainder, exact to the minor unit.
//!
//! [`assemble`] builds the tree of a placement, [`spread`] shares its discounts out, [`sums`] adds a tree up,
//! and [`check()`] holds the law that every component of L1 is the sum of its parts. What may change terms, and
//! when, is decided in [`crate::decide`].

mod assemble;
mod bounds;
mod check;
mod spread;
pub mod sums;

pub(crate) use assemble::item_order;
pub use assemble::{assemble, assemble_with, number, too_large};
pub use bounds::{WHOLE_TOO_LARGE, whole};
pub use check::{BrokenPrice, check};
pub use spread::{Coins, Part, TooLarge, share_out, spread};
