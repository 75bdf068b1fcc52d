//! What a shop sells.

use serde::Deserialize;

/// What is sold.
#[derive(Debug, Clone)]
pub struct Product {
    pub goods_id: u64,
    pub sku_id: u64,
    pub name: String,
    /// The seller's own number of it; empty where the seller gave none.
    pub code: String,
    /// In minor units.
    pub price: i64,
    pub quantity: u32,
    pub shelf: Shelf,
    /// Seconds since 1970.
    pub created_at: i64,
    /// When it came onto its shelf.
    pub shelved_at: i64,
}

/// Where a product is. The lists of these have no product in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shelf {
    /// On the shelf, or off it for a while.
    Listed,
    Unpublished,
    Draft,
    Deleted,
    /// In no list any more.
    Gone,
}

impl Shelf {
    /// As callers ask for it.
    pub const fn search_type(self) -> i64 {
        match self {
            Self::Listed => 1,
            Self::Unpublished => 4,
            Self::Draft => 5,
            Self::Deleted => 6,
            // Nobody can ask for it.
            Self::Gone => 0,
        }
    }

    pub fn of(search_type: i64) -> Option<Self> {
        let all = [Self::Listed, Self::Unpublished, Self::Draft, Self::Deleted];
        all.into_iter().find(|shelf| shelf.search_type() == search_type)
    }
}
