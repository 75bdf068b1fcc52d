//! What a reply turned out to say.

use super::aftersale::{AftersaleGoodsPage, AftersalePage};
use super::goods::{Amounts, ProductsPage};
use super::order::{ChannelOrder, OrdersPage};
use super::package::PackagesPage;
use super::token::TokenInfo;

/// The answer to a [`Call`](super::Call).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// To `Orders` and `OrdersByNumber`.
    Orders(OrdersPage),
    /// To `OrderDetail`.
    Order(Box<ChannelOrder>),
    /// To `UnshippedPackages` and `Shipments`.
    Packages(PackagesPage),
    /// To `Amounts`.
    Amounts(Amounts),
    /// To `Products`.
    Products(ProductsPage),
    /// To `Aftersales` and `Cancels`.
    Aftersales(AftersalePage),
    /// To `AftersaleGoods`.
    AftersaleGoods(AftersaleGoodsPage),
    /// To `TokenInfo`, `RefreshToken` and `ExchangeCode`.
    Token(TokenInfo),
    /// To `PermitPushes`.
    Done,
}

/// A row that cannot be read. It is kept as it came and costs no other row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Its number, where at least that can be read.
    pub number: Option<String>,
    /// What is wrong with it: one sentence for people.
    pub reason: String,
    /// What it said, without personal data, cut if it is very long.
    pub raw: String,
}
