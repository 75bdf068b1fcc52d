//! What a marketplace is asked for.

use super::credentials::Secret;
use docket_domain::Time;

/// One question to a marketplace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// One page of the orders of a window.
    Orders(OrdersCall),
    /// Orders by their numbers, as many as [`Capabilities::numbers_at_once`](super::Capabilities::numbers_at_once) says.
    OrdersByNumber(Vec<String>),
    /// One order with what its list leaves out, package numbers above all.
    OrderDetail {
        /// Its number.
        order: String,
    },
    /// Packages that have a label and are not confirmed as shipped.
    UnshippedPackages {
        /// Of these orders; of all if there are none.
        orders: Vec<String>,
        /// Which page.
        page: Page,
    },
    /// Packages of a line that are confirmed as shipped.
    Shipments {
        /// The order's number.
        order: String,
        /// The line's number.
        line: String,
    },
    /// What the buyer paid for an order. Most apps may not ask.
    Amounts {
        /// The order's number.
        order: String,
    },
    /// One page of the products of a shop.
    Products(ProductsCall),
    /// One page of what buyers want back after it was sent.
    Aftersales(AftersalesCall),
    /// The goods of such wishes, by the numbers of these.
    AftersaleGoods {
        /// The numbers, as many as [`Capabilities::numbers_at_once`](super::Capabilities::numbers_at_once) says.
        numbers: Vec<String>,
        /// Which page.
        page: Page,
    },
    /// One page of what buyers want cancelled before it is sent, the newest first. This list has no times.
    Cancels {
        /// Of these orders; of all if there are none.
        orders: Vec<String>,
        /// Which page.
        page: Page,
        /// How many a page has.
        size: u16,
    },
    /// Has the marketplace send the events that it can push of a shop.
    PermitPushes,
    /// Whose the token is, how long it holds and what it allows.
    TokenInfo,
    /// Gives a token for the next one, where tokens are [refreshed](super::TokenModel::Refreshed). It is good once.
    RefreshToken {
        /// What came with the token that ends.
        refresh_token: Secret,
    },
    /// Gives the code of an authorisation for a token; a code is good once.
    ExchangeCode {
        /// The code.
        code: Secret,
    },
}

impl Call {
    /// Its word in logs and figures.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Orders(_) => "orders",
            Self::OrdersByNumber(_) => "orders_by_number",
            Self::OrderDetail { .. } => "order_detail",
            Self::UnshippedPackages { .. } => "unshipped_packages",
            Self::Shipments { .. } => "shipments",
            Self::Amounts { .. } => "amounts",
            Self::Products(_) => "products",
            Self::Aftersales(_) => "aftersales",
            Self::AftersaleGoods { .. } => "aftersale_goods",
            Self::Cancels { .. } => "cancels",
            Self::PermitPushes => "permit_pushes",
            Self::TokenInfo => "token_info",
            Self::RefreshToken { .. } => "refresh_token",
            Self::ExchangeCode { .. } => "exchange_code",
        }
    }
}

/// Which page of which orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrdersCall {
    /// The window.
    pub window: Window,
    /// Which page of it.
    pub page: Page,
    /// How many orders a page has, from 1 to [`Pull::page_size_max`](super::Pull::page_size_max).
    pub size: u16,
}

/// Which page of which products.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductsCall {
    /// One of [`Capabilities::product_buckets`](super::Capabilities::product_buckets): lists that have no product in
    /// common and all products together.
    pub bucket: String,
    /// Only those that were made in this window, or whose status changed in it. Edits of prices and texts are no changes
    /// of status: to see them, all products have to be read.
    pub window: Option<Window>,
    /// Which page.
    pub page: Page,
    /// How many products a page has.
    pub size: u16,
}

/// Which page of which aftersales.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AftersalesCall {
    /// The window.
    pub window: Window,
    /// Which page of it.
    pub page: Page,
    /// How many a page has.
    pub size: u16,
}

/// A stretch of time with both its ends, in whole seconds (the time of a marketplace is no finer).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    /// Which time of an order has to lie in it.
    pub by: TimeField,
    /// The first moment of it.
    pub from: Time,
    /// The last moment of it.
    pub to: Time,
}

/// By which time a list is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimeField {
    /// When the order was made; never changes, so the members of a window stay.
    Created,
    /// When its status changed last.
    Updated,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// The first.
    First,
    /// By its number, from 1.
    Number(u32),
    /// By what the page before said.
    Token(String),
}

impl Page {
    /// Its number where pages have numbers.
    pub const fn number(&self) -> Option<u32> {
        match self {
            Self::First => Some(1),
            Self::Number(number) => Some(*number),
            Self::Token(_) => None,
        }
    }
}

/// Why no request can be made of a call. A mistake of ours, never of the marketplace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unbuildable {
    /// This marketplace cannot be asked that.
    #[error("{channel} cannot be asked for {call}")]
    Unsupported {
        /// The marketplace.
        channel: &'static str,
        /// The word of the call.
        call: &'static str,
    },
    /// More numbers, or rows a page, than it takes; or none.
    #[error("{asked} {of} were asked for at once, and from 1 to {most} are possible")]
    OutOfBounds {
        /// Of what.
        of: &'static str,
        /// How many were asked for.
        asked: usize,
        /// How many are possible.
        most: usize,
    },
    /// The window ends before it begins, or has a time before 1970.
    #[error("the window ends before it begins")]
    InvertedWindow,
    /// Pages of this list have numbers from 1, or have none.
    #[error("a page of this list is named in another way")]
    WrongPage,
    /// Products are not listed under this word.
    #[error("there is no list of products called {0}")]
    UnknownBucket(String),
    /// Key, secret or token of the shop are empty.
    #[error("the shop has no {0}")]
    MissingCredential(&'static str),
}
