//! What has happened elsewhere: facts taken down, every status derived, contradictions kept as anomalies.
//! Never refused, except that a tree has at least one line.

use crate::change::Change;
use crate::decide::Context;
use crate::placement::Placement;
use crate::tree::{Home, Received};
use crate::words::{PaymentStatus, Status};
use crate::{Amount, Currency, FieldError, Quantity, Time, Tree};

/// What a source reports of one order, complete as far as it knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Lines, prices, discounts and origin; amounts may be unknown.
    pub placement: Placement,
    /// Shares the source gives, if it does (our own export): otherwise they are computed.
    pub home: Home,
    /// Who vouches for it.
    pub issuer: String,
    /// When it was placed.
    pub created_at: Option<Time>,
    /// Payments it names.
    pub payments: Vec<ReportedPayment>,
    /// What it says of the payment, where amounts are unknown.
    pub payment_status: Option<PaymentStatus>,
    /// Per shop order, in the order of `placement.shops`.
    pub shops: Vec<ReportedShop>,
    /// A total it names, to be compared with ours.
    pub total: Amount,
}

/// One payment a source names.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct ReportedPayment {
    pub tender: String,
    pub reference: String,
    pub amount: i64,
    pub currency: Currency,
    pub paid_at: Option<Time>,
}

/// What a source says of one shop order.
#[derive(Debug, Clone, PartialEq, Default)]
#[allow(missing_docs)]
pub struct ReportedShop {
    /// The status word, if it gives one.
    pub status: Option<Status>,
    pub shipments: Vec<ReportedShipment>,
    /// Shipped, without parcels told.
    pub shipped_at: Option<Time>,
    pub received: Option<Received>,
    pub cancelled_at: Option<Time>,
    pub settled_at: Option<Time>,
}

/// One parcel a source names; no lines means everything.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct ReportedShipment {
    pub carrier: Option<String>,
    pub tracking: Option<String>,
    pub at: Option<Time>,
    /// Index of the line in its shop, and how much of it.
    pub lines: Vec<(usize, Quantity)>,
}

/// Takes down `report`, as a new tree or on top of `known`. `Ok(None)` where it says nothing new.
pub fn record(
    known: Option<&Tree>,
    report: &Report,
    live: bool,
    cx: &mut Context<'_>,
) -> Result<Option<Change>, FieldError> {
    let _ = (known, report, live, cx);
    todo!()
}

