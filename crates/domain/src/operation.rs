//! Every operation of an order: its name, and what is asked for with it. Who may ask for it, and where it acts,
//! stands in the table of `rules`.

mod rules;

pub use rules::{Class, Group, RULES, Rule, Target};

use crate::change::Remark;
use crate::words::words;
use crate::{Actor, Id, Json, Quantity, Time};

words! {
    /// The name of an operation, as it stands in requests and in the log.
    pub enum OperationKind {
        /// Placed.
        Place = 1 "place",
        /// Recorded: an import, a channel, a branch or the other site reported it.
        Record = 2 "record",
        /// An attempt to pay is opened.
        StartPayment = 10 "start_payment",
        /// Money came in.
        PaymentSucceeded = 11 "payment_succeeded",
        /// An attempt failed.
        PaymentFailed = 12 "payment_failed",
        /// An attempt was closed without money.
        AttemptClosed = 13 "attempt_closed",
        /// An attempt could not be closed.
        AttemptStuck = 14 "attempt_stuck",
        /// End the order before it is paid.
        Revoke = 15 "revoke",
        /// Take lines, a shop or discounts out of an unpaid order.
        Drop = 20 "drop",
        /// Set shop discount or freight of an unpaid order.
        AdjustPrice = 21 "adjust_price",
        /// Take a takeaway order.
        Accept = 30 "accept",
        /// Do not take a takeaway order.
        Reject = 31 "reject",
        /// The kitchen began.
        StartPreparing = 32 "start_preparing",
        /// The kitchen is done.
        Prepare = 33 "prepare",
        /// A courier was called.
        CallCourier = 34 "call_courier",
        /// The courier has it.
        PickUp = 35 "pick_up",
        /// The buyer has it.
        Deliver = 36 "deliver",
        /// Goods left.
        Ship = 37 "ship",
        /// Goods are with the buyer.
        Receive = 38 "receive",
        /// More time to receive.
        ExtendReceipt = 39 "extend_receipt",
        /// Ask to cancel a paid order.
        RequestCancel = 40 "request_cancel",
        /// Agree to that.
        AgreeCancel = 41 "agree_cancel",
        /// Refuse that.
        RefuseCancel = 42 "refuse_cancel",
        /// Take that back.
        WithdrawCancel = 43 "withdraw_cancel",
        /// Ask for a refund.
        RequestRefund = 44 "request_refund",
        /// Agree to that.
        AgreeRefund = 45 "agree_refund",
        /// Refuse that.
        RejectRefund = 46 "reject_refund",
        /// Take that back.
        WithdrawRefund = 47 "withdraw_refund",
        /// Give money back without being asked.
        RefundByStore = 48 "refund_by_store",
        /// Money went back.
        RefundSucceeded = 49 "refund_succeeded",
        /// Money did not go back.
        RefundFailed = 50 "refund_failed",
        /// Goods came back.
        ReceiveReturn = 51 "receive_return",
        /// What the scales say.
        Weigh = 52 "weigh",
        /// Another ship-to.
        ChangeAddress = 60 "change_address",
        /// Settled between the parties.
        Settle = 61 "settle",
        /// A rating.
        Rate = 62 "rate",
        /// A remark.
        Note = 63 "note",
        /// Labels put on or taken off.
        Tag = 64 "tag",
        /// Hidden by the buyer.
        Hide = 65 "hide",
        /// Deleted by the buyer for good.
        Delete = 66 "delete",
        /// Shown again.
        Restore = 67 "restore",
    }
}

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
    AdjustPrice {
        shop_discount: Option<i64>,
        freight: Option<i64>,
        expected_terms_version: Option<u32>,
    },
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
    /// Lines and quantities; all that is left if left out.
    pub lines: Option<Vec<Asked>>,
    /// Whether the freight goes back too; left out: only where the refund empties an unshipped shop order.
    pub freight: bool,
    /// Whether shipped goods come back before money flows.
    pub goods_back: bool,
    /// In the asker's words.
    pub reason: Option<String>,
}

/// One request to change an order, complete.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// What is asked.
    pub operation: Operation,
    /// The number it was asked of: any node of the tree.
    pub node: Id,
    /// The version the caller saw, if it must still hold.
    pub expected_version: Option<u32>,
    /// Words to keep with it, in both languages.
    pub remark: Remark,
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
            Self::AdjustPrice { .. } => K::AdjustPrice,
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

/// An actor and what it asks, as `decide` takes them.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// Who asks.
    pub actor: &'a Actor,
    /// Whose key carries it: the issuer that cash references are unique under.
    pub issuer: &'a str,
    /// Whether the key may refund after settlement (scope `refunds`).
    pub may_refund_settled: bool,
}

/// The parameters a story sentence is filled with.
pub type Parameters = serde_json::Map<String, Json>;
