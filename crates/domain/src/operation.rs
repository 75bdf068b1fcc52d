//! Every operation of an order, and the one table that says who may ask for it, at which level, what class
//! it has when two sites merge, and which field groups it touches.

use crate::change::Remark;
use crate::words::{Level, words};
use crate::{Actor, ActorKind, Id, Json, Quantity, Time};

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

/// What an operation is when two sites merge (`docs/design`: the ladder of concurrent pairs).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Goods or money moved; can never be dropped.
    Fact,
    /// A right exercised inside its cut-off.
    Right,
    /// Changes what was agreed.
    Terms,
    /// A step forward.
    Progress,
    /// A deadline passed; weakest.
    Timer,
    /// Words and labels.
    Text,
    /// Belongs to one side alone.
    Own,
}

/// Fields that change, compare and merge together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Identity and origin.
    Origin,
    /// Lines, prices, discounts, freight, shares.
    Terms,
    /// Payments, attempts, refunds due, revoke.
    Money,
    /// Ship-to.
    Address,
    /// Shipments, delivery, receipt.
    Logistics,
    /// Refunds and returns.
    Refunds,
    /// Settlement.
    Settlement,
    /// Deadlines: never travel.
    Deadlines,
    /// Comments and remarks.
    Notes,
    /// Tags.
    Labels,
    /// Ratings.
    Ratings,
    /// Visibility.
    Visibility,
    /// Anomalies, version and times of change: bookkeeping of a copy.
    Bookkeeping,
}

/// The level an operation acts at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// One level; a number above it is taken where the tree has exactly one such node.
    At(Level),
    /// Whichever node is named.
    Any,
}

/// One row of the table of operations.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Which operation.
    pub kind: OperationKind,
    /// Where it acts.
    pub target: Target,
    /// Which kinds of actor may ask; state-dependent limits are in `decide`.
    pub who: &'static [ActorKind],
    /// Its class in merges.
    pub class: Class,
    /// The field groups it may touch, deadlines and bookkeeping aside.
    pub groups: &'static [Group],
}

/// Every operation with its level, actors, class and groups.
pub const RULES: &[Rule] = {
    use ActorKind::{Buyer, Courier, Gateway, Seller, Store, System, Till, Timer};
    use Class::{Fact, Own, Progress, Right, Text};
    use Group as G;
    use OperationKind as K;
    const L1: Target = Target::At(Level::Payment);
    const L2: Target = Target::At(Level::Shop);
    const L3: Target = Target::At(Level::Item);
    const ALL: &[ActorKind] = &[Buyer, Seller, Store, Till, Courier, Gateway, System];
    const MONEY: &[Group] = &[Group::Money];
    const LOGISTICS: &[Group] = &[Group::Logistics];
    const REFUNDS: &[Group] = &[Group::Refunds];
    const fn rule(
        kind: OperationKind,
        target: Target,
        who: &'static [ActorKind],
        class: Class,
        groups: &'static [Group],
    ) -> Rule {
        Rule { kind, target, who, class, groups }
    }
    &[
        rule(K::Place, L1, &[Buyer, Till], Fact, &[G::Origin, G::Terms, G::Address]),
        rule(K::Record, L1, &[System], Fact, &[]),
        rule(K::StartPayment, L1, &[Buyer, Till], Progress, MONEY),
        rule(K::PaymentSucceeded, L1, &[Gateway, Till], Fact, MONEY),
        rule(K::PaymentFailed, L1, &[Gateway, Till], Progress, MONEY),
        rule(K::AttemptClosed, L1, &[Gateway, Till], Progress, MONEY),
        rule(K::AttemptStuck, L1, &[Gateway, Till], Progress, MONEY),
        rule(K::Revoke, L1, &[Buyer, Till, Store, Timer], Right, MONEY),
        rule(K::Drop, L2, &[Store, Buyer], Class::Terms, &[G::Terms]),
        rule(K::AdjustPrice, L2, &[Seller, Store], Class::Terms, &[G::Terms]),
        rule(K::Accept, L2, &[Store], Progress, LOGISTICS),
        rule(K::Reject, L2, &[Store, Timer], Right, &[G::Logistics, G::Refunds]),
        rule(K::StartPreparing, L2, &[Store, Courier], Progress, LOGISTICS),
        rule(K::Prepare, L2, &[Store, Courier], Progress, LOGISTICS),
        rule(K::CallCourier, L2, &[Store, Courier], Progress, LOGISTICS),
        rule(K::PickUp, L2, &[Store, Courier], Fact, LOGISTICS),
        rule(K::Deliver, L2, &[Store, Courier], Fact, LOGISTICS),
        rule(K::Ship, L2, &[Seller, Store], Fact, &[G::Logistics, G::Refunds]),
        rule(K::Receive, L2, &[Buyer, Timer], Fact, LOGISTICS),
        rule(K::ExtendReceipt, L2, &[Seller, Buyer], Right, LOGISTICS),
        rule(K::RequestCancel, L2, &[Buyer, Seller], Right, REFUNDS),
        rule(K::AgreeCancel, L2, &[Buyer, Seller, Timer], Right, REFUNDS),
        rule(K::RefuseCancel, L2, &[Buyer, Seller, Timer], Right, REFUNDS),
        rule(K::WithdrawCancel, L2, &[Buyer, Seller], Right, REFUNDS),
        rule(K::RequestRefund, L2, &[Buyer], Right, REFUNDS),
        rule(K::AgreeRefund, L2, &[Seller, Store, Timer], Right, REFUNDS),
        rule(K::RejectRefund, L2, &[Seller, Store, Timer], Right, REFUNDS),
        rule(K::WithdrawRefund, L2, &[Buyer], Right, REFUNDS),
        rule(K::RefundByStore, L2, &[Store, Seller], Right, REFUNDS),
        rule(K::RefundSucceeded, L2, &[Gateway, Till], Fact, &[G::Refunds, G::Money]),
        rule(K::RefundFailed, L2, &[Gateway, Till], Progress, &[G::Refunds, G::Money]),
        rule(K::ReceiveReturn, L2, &[Store, Seller], Fact, REFUNDS),
        rule(K::Weigh, L2, &[Store], Fact, &[G::Logistics, G::Refunds]),
        rule(K::ChangeAddress, L2, &[Buyer, Seller], Class::Terms, &[G::Address, G::Terms]),
        rule(K::Settle, L2, &[Timer], Class::Timer, &[G::Settlement]),
        rule(K::Rate, L3, &[Buyer], Own, &[G::Ratings]),
        rule(K::Note, Target::Any, ALL, Text, &[G::Notes]),
        rule(K::Tag, Target::Any, ALL, Text, &[G::Labels]),
        rule(K::Hide, L1, &[Buyer], Own, &[G::Visibility]),
        rule(K::Delete, L1, &[Buyer], Own, &[G::Visibility]),
        rule(K::Restore, L1, &[Buyer], Own, &[G::Visibility]),
    ]
};

impl OperationKind {
    /// Its row in the table.
    pub fn rule(self) -> &'static Rule {
        RULES.iter().find(|rule| rule.kind == self).expect("RULES has a row for every kind")
    }
}

/// What is asked for, with its own fields. `lines` left out means all that is left.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)] // the fields are those of the contract, described at the kinds
pub enum Operation {
    StartPayment {
        tender: String,
        amount: Option<i64>,
        gateway: Option<String>,
    },
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
            Self::StartPayment { .. } => K::StartPayment,
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
