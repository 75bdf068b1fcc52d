//! An order as it is asked for: what `place`, `quote` and an import work from. Its limits are checked
//! where it is read; its prices by [`crate::price`].

use crate::tree::Tax;
use crate::words::{Fulfilment, OrderType, Platform};
use crate::{Amount, Currency, Json, Quantity};

/// Shops in one order at most.
pub const SHOPS_MAX: usize = 50;
/// Lines in one order at most.
pub const LINES_MAX: usize = 500;
/// Bytes of an id, token or reference at most.
pub const ID_BYTES_MAX: usize = 64;
/// Characters of a title at most.
pub const TITLE_CHARS_MAX: usize = 128;
/// Characters of a text at most.
pub const TEXT_CHARS_MAX: usize = 1024;
/// Bytes of an `extra` at most.
pub const EXTRA_BYTES_MAX: usize = 6000;

/// What is wrong with a fraction of what is not sold by weight: code and sentence.
pub const NOT_WHOLE: (&str, &str) =
    ("not_whole", "must be whole units; only a line that is `weighed` has fractions");

/// An order to place, without people's data (that travels sealed beside it).
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)] // the fields are those of the tree
pub struct Placement {
    pub buyer_id: Option<String>,
    pub currency: Currency,
    pub order_type: OrderType,
    pub market: u16,
    pub platform: Platform,
    pub channel: Option<String>,
    pub external_id: Option<String>,
    pub client_token: Option<String>,
    pub source: Option<Json>,
    pub extra: Option<Json>,
    pub tags: Vec<String>,
    /// The payable the caller expects.
    pub expected_total: Option<i64>,
    pub platform_discount: Amount,
    pub coins: Amount,
    pub third_party_discount: Amount,
    /// Whether prices and freights have their tax inside.
    pub tax: Tax,
    pub shops: Vec<PlacedShop>,
    pub coupons: Vec<PlacedCoupon>,
}

/// A coupon of a placement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedCoupon {
    /// Which.
    pub code: String,
    /// The shop it is used at, where the caller says so.
    pub shop_id: Option<String>,
    /// What it came to, where that has happened elsewhere; it is part of the discounts then. None where it is
    /// to be computed.
    pub amount: Option<i64>,
}

/// One shop's part of a placement.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct PlacedShop {
    pub shop_id: String,
    pub place: String,
    pub fulfilment: Fulfilment,
    pub shop_discount: Amount,
    pub freight: Amount,
    pub freight_tax: Amount,
    pub has_ship_to: bool,
    pub buyer_comment: Option<String>,
    pub promotions: Option<Json>,
    pub tags: Vec<String>,
    pub items: Vec<PlacedItem>,
}

/// One line of a placement.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct PlacedItem {
    pub sku_id: String,
    pub item_id: Option<String>,
    pub title: Option<String>,
    pub image: Option<String>,
    pub attributes: Option<Json>,
    pub deliver_area_id: Option<String>,
    pub deliver_code: Option<String>,
    pub extra: Option<Json>,
    pub quantity: Quantity,
    pub list_price: Amount,
    pub item_discount: Amount,
    /// Of the whole line.
    pub tax: Amount,
    pub weighed: bool,
}

impl OrderType {
    /// How an order of this type reaches the buyer unless it says otherwise.
    pub const fn default_fulfilment(self) -> Fulfilment {
        match self {
            Self::Goods => Fulfilment::Parcel,
            Self::Takeaway => Fulfilment::Takeaway,
            Self::Membership
            | Self::PhoneCredit
            | Self::MobileData
            | Self::Coins
            | Self::Insurance
            | Self::Flight
            | Self::Hotel
            | Self::Train
            | Self::Bus
            | Self::Ticket => Fulfilment::Code,
        }
    }
}
