//! What a source reports of one order: lines and prices as a placement has them, and facts. Everything but the
//! lines may be left out; an index names a payment or a line of the same report.

use crate::placement::Placement;
use crate::tree::{
    Anomaly, ChannelStatus, DeliveryStep, FreightAsked, Home, Rate, Received, Revoke,
};
use crate::words::{
    AttemptStatus, DueCause, ParcelState, PaymentStatus, RefundKind, RefundStatus, Status, Visible,
};
use crate::{ActorKind, Amount, Currency, Quantity, Time};

/// What a source reports of one order, complete as far as it knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Lines, prices, discounts and origin; amounts may be unknown.
    pub placement: Placement,
    /// Whose order it is; ours, where nobody says. Counts for a tree that is new here.
    pub home: Option<Home>,
    /// Who vouches for it.
    pub issuer: String,
    /// When it was placed.
    pub created_at: Option<Time>,
    /// What the source takes for that moment where nobody told it; it stays a guess.
    pub created_guess: Option<Time>,
    /// When the terms in force were agreed, where that was after placement and they left nothing to pay: that
    /// paid the order. Counts for a tree that is new here.
    pub terms_at: Option<Time>,
    /// Whether the buyer sees it; counts for a tree that is new here.
    pub visible: Option<Visible>,
    /// Payments it names.
    pub payments: Vec<ReportedPayment>,
    /// Attempts to pay it names.
    pub attempts: Vec<ReportedAttempt>,
    /// Payments that go back whence they came.
    pub refunds_due: Vec<ReportedDue>,
    /// Whether it is revoked or being revoked.
    pub revoke: Revoke,
    /// What it says of the payment, where amounts are unknown.
    pub payment_status: Option<PaymentStatus>,
    /// Per shop order, in the order of `placement.shops`.
    pub shops: Vec<ReportedShop>,
    /// A total it names, to be compared with ours.
    pub total: Amount,
    /// What the source found to contradict. What contradicts between facts is looked for anew.
    pub anomalies: Vec<Anomaly>,
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

/// One attempt to pay a source names.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct ReportedAttempt {
    pub tender: String,
    pub gateway: Option<String>,
    pub amount: i64,
    pub status: AttemptStatus,
    pub created_at: Time,
}

/// Money that a source says goes back to the payment it came with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct ReportedDue {
    /// Index of the payment in the report.
    pub payment: usize,
    pub amount: i64,
    pub cause: DueCause,
    pub status: RefundStatus,
    pub reference: Option<String>,
    /// Ends that did not last.
    pub former: Vec<ReportedPart>,
    /// Money that went back once more.
    pub again: Vec<ReportedPart>,
    pub created_at: Option<Time>,
}

/// What a source says of one shop order.
#[derive(Debug, Clone, PartialEq, Default)]
#[allow(missing_docs)]
pub struct ReportedShop {
    /// The status word, if it gives one.
    pub status: Option<Status>,
    pub shipments: Vec<ReportedShipment>,
    /// Steps of the delivery axis, takeaway only.
    pub delivery: Vec<DeliveryStep>,
    /// Shipped, without parcels told.
    pub shipped_at: Option<Time>,
    pub received: Option<Received>,
    /// By how many days its receive-by was put off.
    pub extended_by: u32,
    pub cancelled_at: Option<Time>,
    pub settled_at: Option<Time>,
    pub refunds: Vec<ReportedRefund>,
    /// The seller's words.
    pub seller_comment: Option<String>,
    /// The marketplace's own word for where it is.
    pub channel_status: Option<ChannelStatus>,
    /// What is told of its lines, in their order; may be shorter than they are.
    pub lines: Vec<ReportedLine>,
}

/// One parcel a source names; no lines means everything.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct ReportedShipment {
    /// The marketplace's number for it.
    pub package: Option<String>,
    pub carrier: Option<String>,
    pub tracking: Option<String>,
    pub at: Option<Time>,
    /// Whether it had left by then, nobody knows when.
    pub by_then: bool,
    /// Whether it has left.
    pub state: ParcelState,
    /// Index of the line in its shop, and how much of it.
    pub lines: Vec<(usize, Quantity)>,
}

/// One refund of a shop order a source names. Its money is taken as it is told; what is not told is computed
/// from its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct ReportedRefund {
    /// The number its channel gives it.
    pub external_id: Option<String>,
    /// Whether nobody has told its money.
    pub money_unknown: bool,
    pub kind: RefundKind,
    /// Who asked for it.
    pub by: ActorKind,
    pub status: RefundStatus,
    /// Money to the buyer, its freight included.
    pub amount: Option<i64>,
    pub coins: Option<i64>,
    pub third_party: Option<i64>,
    /// The tax of what is given back.
    pub tax: Option<i64>,
    /// How much of `amount` is freight.
    pub freight: i64,
    pub freight_asked: FreightAsked,
    /// How much of it is for no goods.
    pub goodwill: i64,
    /// What it was cut by.
    pub cut: i64,
    pub lines: Vec<ReportedRefundLine>,
    /// What came back and was not bought.
    pub beyond: Vec<ReportedBeyond>,
    pub parts: Vec<ReportedPart>,
    /// Ends of parts that did not last.
    pub former: Vec<ReportedPart>,
    pub goods_back: bool,
    /// What came back: index of the line in its shop, and how much of it.
    pub returned: Vec<(usize, Quantity)>,
    pub reason: Option<String>,
    pub created_at: Option<Time>,
    pub answered_at: Option<Time>,
    pub ended_at: Option<Time>,
}

/// So much of one line, given back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct ReportedRefundLine {
    /// Index of the line in its shop.
    pub line: usize,
    pub quantity: Quantity,
    /// How much of that had been shipped.
    pub shipped: Option<Quantity>,
    pub amount: Option<i64>,
    pub coins: Option<i64>,
    pub third_party: Option<i64>,
    pub tax: Option<i64>,
}

/// Units of a SKU that came back beyond those that were bought. Their money went back for no goods of the order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct ReportedBeyond {
    pub sku_id: String,
    /// All that came back of it.
    pub returned: Quantity,
    /// All that was bought of it.
    pub bought: Quantity,
    /// The money of what is beyond.
    pub amount: Option<i64>,
}

/// What one payment gives back of a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct ReportedPart {
    /// Index of the payment in the report.
    pub payment: usize,
    pub amount: i64,
    pub status: RefundStatus,
    pub reference: Option<String>,
}

/// What is told of one line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct ReportedLine {
    /// The number its channel gives the line.
    pub external_id: Option<String>,
    /// How much of it was cancelled before it was shipped.
    pub cancelled_quantity: Quantity,
    /// What the scales said.
    pub weighed_as: Option<Quantity>,
    pub rates: Vec<Rate>,
}

impl ReportedShop {
    /// Follows lines that were left out: `new_index` says where each line is now.
    pub(super) fn renumber(&mut self, new_index: &[Option<usize>]) {
        let now = |index: usize| new_index.get(index).copied().flatten();
        let move_all = |lines: &mut Vec<(usize, Quantity)>| {
            let told = std::mem::take(lines).into_iter();
            lines.extend(told.filter_map(|(index, quantity)| Some((now(index)?, quantity))));
        };
        self.shipments.iter_mut().for_each(|parcel| move_all(&mut parcel.lines));
        for refund in &mut self.refunds {
            move_all(&mut refund.returned);
            let told = std::mem::take(&mut refund.lines).into_iter();
            refund.lines.extend(
                told.filter_map(|told| Some(ReportedRefundLine { line: now(told.line)?, ..told })),
            );
        }
        let mut index = 0;
        self.lines.retain(|_| {
            index += 1;
            now(index - 1).is_some()
        });
    }
}
