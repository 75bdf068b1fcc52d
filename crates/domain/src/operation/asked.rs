//! What may be asked for: every operation with its own fields.

use super::OperationKind;
use crate::tree::FreightAsked;
use crate::{Id, Quantity, Time};

/// What is asked for, with its own fields. `lines` left out means all that is left.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)] // the fields are those of the contract, described at the kinds
pub enum Operation {
    StartPayment(PaymentAsked),
    PaymentSucceeded(PaymentReport),
    PaymentFailed {
        attempt_id: Option<Id>,
        reason: Option<String>,
    },
    AttemptClosed {
        attempt_id: Option<Id>,
        reason: Option<String>,
    },
    AttemptStuck {
        attempt_id: Option<Id>,
        reason: Option<String>,
    },
    Revoke {
        reason: Option<String>,
    },
    Drop {
        lines: Option<Vec<Asked>>,
        platform_discount: Option<i64>,
        third_party_discount: Option<i64>,
    },
    AdjustPrice(PriceAsked),
    Accept,
    Reject {
        reason: Option<String>,
    },
    StartPreparing,
    Prepare,
    CallCourier {
        courier: Option<String>,
    },
    PickUp {
        courier: Option<String>,
    },
    Deliver {
        courier: Option<String>,
    },
    Ship {
        lines: Option<Vec<Asked>>,
        carrier: Option<String>,
        tracking: Option<String>,
    },
    Receive,
    ExtendReceipt {
        days: u32,
    },
    RequestCancel {
        reason: Option<String>,
    },
    AgreeCancel {
        refund_id: Option<Id>,
    },
    RefuseCancel {
        refund_id: Option<Id>,
        reason: Option<String>,
    },
    WithdrawCancel {
        refund_id: Option<Id>,
    },
    RequestRefund(RefundAsked),
    AgreeRefund {
        refund_id: Option<Id>,
    },
    RejectRefund {
        refund_id: Option<Id>,
        reason: Option<String>,
    },
    WithdrawRefund {
        refund_id: Option<Id>,
    },
    RefundByStore(RefundAsked),
    RefundSucceeded {
        refund_id: Id,
        payment_id: Option<Id>,
        reference: Option<String>,
    },
    RefundFailed {
        refund_id: Id,
        payment_id: Option<Id>,
        reference: Option<String>,
        reason: Option<String>,
    },
    ReceiveReturn {
        refund_id: Id,
        lines: Option<Vec<Asked>>,
        restock: bool,
    },
    Weigh {
        lines: Vec<Asked>,
    },
    /// The ship-to itself is sealed beside the tree; here only that it changes.
    ChangeAddress {
        freight: Option<i64>,
        freight_tax: Option<i64>,
    },
    Settle,
    Rate {
        score: u8,
        text: Option<String>,
    },
    Note,
    Tag {
        add: Vec<String>,
        remove: Vec<String>,
    },
    Hide,
    Delete,
    Restore,
}

/// So much of one line, as a caller asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The item order.
    pub order_id: Id,
    /// How much; none means all that is left of it.
    pub quantity: Option<Quantity>,
}

/// Amounts of a shop order as they are to be from now on, in minor units. What is left out stays: nobody computes
/// the tax of another price here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriceAsked {
    /// The shop discount.
    pub shop_discount: Option<i64>,
    /// The freight.
    pub freight: Option<i64>,
    /// The tax of the freight.
    pub freight_tax: Option<i64>,
    /// Taxes of lines, each of the whole line.
    pub taxes: Vec<TaxAsked>,
    /// The terms the caller saw, if they must still hold.
    pub expected_terms_version: Option<u32>,
}

/// The tax of one line, as it is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaxAsked {
    /// The item order.
    pub order_id: Id,
    /// Minor units, of the whole line.
    pub tax: i64,
}

/// An attempt to pay, as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PaymentAsked {
    /// How it is to be paid.
    pub tender: String,
    /// Minor units; what is left to pay if left out.
    pub amount: Option<i64>,
    /// The gateway to be asked, if any.
    pub gateway: Option<String>,
    /// The terms the payer saw, if they must still hold.
    pub terms_version: Option<u32>,
}

/// That money came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentReport {
    /// How it was paid.
    pub tender: String,
    /// The payer's or gateway's number.
    pub reference: String,
    /// Minor units, at least 0.
    pub amount: i64,
    /// When the money moved; now if left out.
    pub paid_at: Option<Time>,
    /// The terms it was paid under; the current ones if left out.
    pub terms_version: Option<u32>,
    /// The attempt it ends.
    pub attempt_id: Option<Id>,
}

/// What a refund is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RefundAsked {
    /// Lines and quantities; all that is left if left out, none where money alone goes back.
    pub lines: Option<Vec<Asked>>,
    /// How much of the freight goes back too.
    pub freight: FreightAsked,
    /// Money for no goods, in minor units; with `lines` named and empty.
    pub goodwill: i64,
    /// Whether shipped goods come back before money flows.
    pub goods_back: bool,
    /// In the asker's words.
    pub reason: Option<String>,
}

impl Operation {
    /// Its name.
    pub const fn kind(&self) -> OperationKind {
        use OperationKind as K;
        match self {
            Self::StartPayment(_) => K::StartPayment,
            Self::PaymentSucceeded(_) => K::PaymentSucceeded,
            Self::PaymentFailed { .. } => K::PaymentFailed,
            Self::AttemptClosed { .. } => K::AttemptClosed,
            Self::AttemptStuck { .. } => K::AttemptStuck,
            Self::Revoke { .. } => K::Revoke,
            Self::Drop { .. } => K::Drop,
            Self::AdjustPrice(_) => K::AdjustPrice,
            Self::Accept => K::Accept,
            Self::Reject { .. } => K::Reject,
            Self::StartPreparing => K::StartPreparing,
            Self::Prepare => K::Prepare,
            Self::CallCourier { .. } => K::CallCourier,
            Self::PickUp { .. } => K::PickUp,
            Self::Deliver { .. } => K::Deliver,
            Self::Ship { .. } => K::Ship,
            Self::Receive => K::Receive,
            Self::ExtendReceipt { .. } => K::ExtendReceipt,
            Self::RequestCancel { .. } => K::RequestCancel,
            Self::AgreeCancel { .. } => K::AgreeCancel,
            Self::RefuseCancel { .. } => K::RefuseCancel,
            Self::WithdrawCancel { .. } => K::WithdrawCancel,
            Self::RequestRefund(_) => K::RequestRefund,
            Self::AgreeRefund { .. } => K::AgreeRefund,
            Self::RejectRefund { .. } => K::RejectRefund,
            Self::WithdrawRefund { .. } => K::WithdrawRefund,
            Self::RefundByStore(_) => K::RefundByStore,
            Self::RefundSucceeded { .. } => K::RefundSucceeded,
            Self::RefundFailed { .. } => K::RefundFailed,
            Self::ReceiveReturn { .. } => K::ReceiveReturn,
            Self::Weigh { .. } => K::Weigh,
            Self::ChangeAddress { .. } => K::ChangeAddress,
            Self::Settle => K::Settle,
            Self::Rate { .. } => K::Rate,
            Self::Note => K::Note,
            Self::Tag { .. } => K::Tag,
            Self::Hide => K::Hide,
            Self::Delete => K::Delete,
            Self::Restore => K::Restore,
        }
    }
}
