//! What a channel tells of one of its orders. Lines are named by the channel's child number, never by position, and
//! each group of what is told carries how new it is.

use super::cut::{Cut, Cuts};
use crate::tree::{Stamp, Tax, When};
use crate::words::{PaymentStatus, Platform, RefundKind, RefundStatus, Status};
use crate::{ActorKind, Amount, Currency, Json, Quantity, Time};

/// What one reply of a channel tells of one order.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelReport {
    /// The channel shop: the home of the order.
    pub shop_id: String,
    /// Who vouches for it.
    pub issuer: String,
    /// The channel, such as `temu`.
    pub channel: String,
    /// The number of the order there.
    pub external_id: String,
    /// The place whose stock it takes; counts for an order that is new here.
    pub place: String,
    /// Market number; counts for an order that is new here.
    pub market: u16,
    /// Where it was placed; counts for an order that is new here.
    pub platform: Platform,
    /// The currency that region and site let guess; amounts tell it for certain.
    pub currency: Currency,
    /// When it was placed.
    pub created_at: Option<Time>,
    /// Statuses, lines and labels.
    pub order: Option<OrderHeard>,
    /// Packages.
    pub packages: Option<PackagesHeard>,
    /// Amounts.
    pub amounts: Option<AmountsHeard>,
    /// Refunds and cancels of its lists of after-sales.
    pub refunds: Vec<RefundHeard>,
}

/// What is told of the order itself.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderHeard {
    /// How new it is.
    pub stamp: Stamp,
    /// The marketplace's own word or code.
    pub channel_status: String,
    /// What that is here; none where nobody knows it. `cancelled` ends the whole order.
    pub status: Option<Status>,
    /// What that says of its payment.
    pub payment_status: Option<PaymentStatus>,
    /// When it left, where that is told of the order.
    pub shipped: Option<When>,
    /// When it was received.
    pub received: Option<When>,
    /// When it was cancelled.
    pub cancelled_at: Option<Time>,
    /// Labels.
    pub tags: Vec<String>,
    /// What else is kept of it, such as its dates.
    pub extra: Option<Json>,
    /// Its lines; one that is left out stays as it is.
    pub lines: Vec<LineHeard>,
}

/// What is told of a line.
#[derive(Debug, Clone, PartialEq)]
pub struct LineHeard {
    /// The child number.
    pub external_id: String,
    /// The SKU.
    pub sku_id: String,
    /// The article.
    pub item_id: Option<String>,
    /// What the buyer saw. Article, title, picture and attributes are taken together, where this is told.
    pub title: Option<String>,
    /// Its picture.
    pub image: Option<String>,
    /// Its attributes.
    pub attributes: Option<Json>,
    /// What else is kept of it.
    pub extra: Option<Json>,
    /// How much was ordered, what was cancelled included.
    pub ordered: Quantity,
    /// How much of that was cancelled before it was shipped.
    pub cancelled: Quantity,
    /// What its own status is here; that of the order where it has none.
    pub status: Option<Status>,
    /// When it left, where that is told of the line.
    pub shipped: Option<When>,
}

/// What a reading of packages tells: of the lines that it is about all packages there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackagesHeard {
    /// When they were read, by the marketplace's clock.
    pub read_at: Time,
    /// The child numbers of the lines it is about, those without a package too.
    pub lines: Vec<String>,
    /// The packages.
    pub parcels: Vec<ParcelHeard>,
}

/// One package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParcelHeard {
    /// The marketplace's number for it.
    pub package: Option<String>,
    /// The carrier's name or code.
    pub carrier: Option<String>,
    /// The carrier's number.
    pub tracking: Option<String>,
    /// The child numbers in it, and how much of each where that is told.
    pub lines: Vec<(String, Option<Quantity>)>,
}

/// What a reading of amounts tells.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // the amounts are those of a placement
pub struct AmountsHeard {
    /// When they were read, by the marketplace's clock.
    pub read_at: Time,
    /// Their currency, for certain.
    pub currency: Currency,
    pub platform_discount: Amount,
    pub shop_discount: Amount,
    pub freight: Amount,
    pub freight_tax: Amount,
    /// Whether prices and freight have their tax inside; none where that is not told.
    pub tax: Option<Tax>,
    /// What was given back in all, by all refunds that are done.
    pub refunded: Option<i64>,
    pub lines: Vec<LineAmounts>,
}

/// The amounts of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct LineAmounts {
    /// The child number.
    pub external_id: String,
    pub list_price: Amount,
    pub item_discount: Amount,
    pub tax: Amount,
}

/// One refund or cancel with a number of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundHeard {
    /// Its number there.
    pub external_id: String,
    /// How new this is.
    pub stamp: Stamp,
    /// `cancel` of what was not shipped, `refund` of what was.
    pub kind: RefundKind,
    /// Who asked for it.
    pub by: ActorKind,
    /// How far it is.
    pub status: RefundStatus,
    /// Its money, where that is told.
    pub amount: Option<i64>,
    /// The child numbers, and how much of each.
    pub lines: Vec<(String, Quantity)>,
    /// In the asker's words.
    pub reason: Option<String>,
    /// When it was asked for.
    pub created_at: Option<Time>,
    /// When it ended.
    pub ended_at: Option<Time>,
}

/// A report whose texts and quantities are of a size that is kept: too long ones are cut, none is refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    pub(super) report: ChannelReport,
    /// What was cut.
    pub(super) cuts: Vec<Cut>,
}

impl Fitted {
    /// Cuts what is too long. It is done once, before the report waits for its turn.
    pub fn of(mut report: ChannelReport) -> Self {
        let mut cuts = Cuts::default();
        cuts.report(&mut report);
        Self { report, cuts: cuts.into_vec() }
    }

    /// What was told.
    pub const fn report(&self) -> &ChannelReport {
        &self.report
    }
}
