//! Products, and the money of orders: what a marketplace tells apart from orders.

use super::answer::Unreadable;
use super::call::Page;
use docket_domain::Time;

/// One page of products.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProductsPage {
    /// The products.
    pub products: Vec<Product>,
    /// Rows that cannot be read.
    pub refused: Vec<Unreadable>,
    /// How many the list has, where that is told.
    pub total: Option<u64>,
    /// Where the rest is.
    pub next: Option<Page>,
}

/// A product of a shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Its number.
    pub number: String,
    /// The list it stands in.
    pub bucket: String,
    /// What it is called.
    pub title: Option<String>,
    /// The seller's own code of it.
    pub code: Option<String>,
    /// Their word for its state.
    pub status: Option<String>,
    /// What it costs.
    pub price: Option<Price>,
    /// How many there are, as the marketplace has it.
    pub stock: Option<i64>,
    /// A picture.
    pub image: Option<String>,
    /// When it was made.
    pub created_at: Option<Time>,
    /// When its status changed last; edits do not show here.
    pub changed_at: Option<Time>,
    /// What is sold of it.
    pub skus: Vec<ProductSku>,
    /// SHA-256 of [`Self::payload`] with its names sorted, so that an edit is seen where no time tells of it.
    pub hash: [u8; 32],
    /// What was told, compact.
    pub payload: String,
}

/// One thing that is sold of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductSku {
    /// Its number.
    pub sku_id: String,
    /// The seller's own code of it.
    pub code: Option<String>,
}

/// An amount and its currency, as a marketplace tells them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// In minor units.
    pub amount: i64,
    /// Three letters, where it says them.
    pub currency: Option<String>,
}

/// The money of an order. What is not told is none, never nought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Amounts {
    /// The order's number.
    pub order: String,
    /// Of the goods, before discounts.
    pub goods: Option<Price>,
    /// For sending them.
    pub freight: Option<Price>,
    /// Tax in all.
    pub tax: Option<Price>,
    /// What the seller gave off.
    pub seller_discount: Option<Price>,
    /// What the marketplace gave off.
    pub channel_discount: Option<Price>,
    /// What was given back.
    pub refunded: Option<Price>,
    /// What the buyer paid.
    pub paid: Option<Price>,
    /// What the seller will get.
    pub revenue: Option<Price>,
    /// By line.
    pub lines: Vec<LineAmounts>,
    /// What was told, compact and without personal data.
    pub payload: String,
}

/// The money of a line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LineAmounts {
    /// The line's number.
    pub number: String,
    /// Of the whole line.
    pub price: Option<Price>,
    /// Of one unit.
    pub unit_price: Option<Price>,
    /// Of how many units.
    pub units: Option<u32>,
}
