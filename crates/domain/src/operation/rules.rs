//! The one table of operations: who may ask, at which level, the class in merges of two sites, and the field
//! groups that may change.

use super::OperationKind;
use crate::ActorKind;
use crate::words::Level;

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
    const GOODS: &[Group] = &[Group::Logistics, Group::Refunds];
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
        // A sale at the counter is handed over by its payment.
        rule(K::PaymentSucceeded, L1, &[Gateway, Till], Fact, &[G::Money, G::Logistics]),
        rule(K::PaymentFailed, L1, &[Gateway, Till], Progress, MONEY),
        rule(K::AttemptClosed, L1, &[Gateway, Till], Progress, MONEY),
        rule(K::AttemptStuck, L1, &[Gateway, Till], Progress, MONEY),
        rule(K::Revoke, L1, &[Buyer, Till, Store, Timer], Right, MONEY),
        // New terms may leave nothing to pay, and that hands a sale at the counter over.
        rule(K::Drop, L2, &[Store, Buyer], Class::Terms, &[G::Terms, G::Logistics]),
        rule(K::AdjustPrice, L2, &[Seller, Store], Class::Terms, &[G::Terms, G::Logistics]),
        rule(K::Accept, L2, &[Store], Progress, LOGISTICS),
        rule(K::Reject, L2, &[Store, Timer], Right, &[G::Logistics, G::Refunds]),
        rule(K::StartPreparing, L2, &[Store, Courier], Progress, LOGISTICS),
        rule(K::Prepare, L2, &[Store, Courier], Progress, LOGISTICS),
        rule(K::CallCourier, L2, &[Store, Courier], Progress, LOGISTICS),
        // What leaves is not given back by refunds that were asked for before it left.
        rule(K::PickUp, L2, &[Store, Courier], Fact, GOODS),
        rule(K::Deliver, L2, &[Store, Courier], Fact, GOODS),
        rule(K::Ship, L2, &[Seller, Store], Fact, GOODS),
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
        rule(K::RefundFailed, L2, &[Gateway, Till], Fact, &[G::Refunds, G::Money]),
        rule(K::ReceiveReturn, L2, &[Store, Seller], Fact, REFUNDS),
        rule(K::Weigh, L2, &[Store], Fact, GOODS),
        rule(
            K::ChangeAddress,
            L2,
            &[Buyer, Seller],
            Class::Terms,
            &[G::Address, G::Terms, G::Logistics],
        ),
        rule(K::Settle, L2, &[Timer], Class::Timer, &[G::Settlement]),
        rule(K::Rate, L3, &[Buyer], Own, &[G::Ratings]),
        // That a use of a coupon was given back stands in the coupon.
        rule(K::Note, Target::Any, ALL, Text, &[G::Notes, G::Terms]),
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
