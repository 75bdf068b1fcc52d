//! What is to be known of an operation, in one place: who may ask, at which level, what it touches, what is asked
//! with it, and what is told of it. The definitions stand in their families beside this file; what an operation does
//! is in [`crate::decide`].

use super::{Field, Given, Operation, OperationKind};
use crate::words::Level;
use crate::{ActorKind, Id, LogEntry, Site, Tree};

/// All that is to be known of one operation but what it does.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// Which operation.
    pub kind: OperationKind,
    /// Where it acts.
    pub target: Target,
    /// Which kinds of actor may ask; state-dependent limits are in `decide`.
    pub who: &'static [ActorKind],
    /// What a key must be allowed: one of these; the first is named where all are missing.
    pub scopes: &'static [Scope],
    /// Its class in merges.
    pub class: Class,
    /// The field groups it may touch, deadlines and bookkeeping aside.
    pub groups: &'static [Group],
    /// The site whose timer decides it, of an order at home at two sites; none where no timer asks for it, or each
    /// does of its own deadlines.
    pub timer_site: Option<Site>,
    /// Whether it may be asked for without end.
    pub repeats: Repeats,
    /// What is asked with it, in the order it is read.
    pub fields: &'static [Field],
    /// Fields of which one at least must be there, where none alone must.
    pub at_least_one: Option<AtLeastOne>,
    /// Makes the operation of what was given; none where something that must be there is not.
    pub read: fn(&mut Given) -> Option<Operation>,
    /// What others are told of it.
    pub event: Event,
    /// What people read of it.
    pub sentence: Sentence,
    /// What people read of it where that does not fit.
    pub unusual: Option<Unusual>,
}

/// A sentence in English and in Chinese; how it is filled is in `story::template`.
pub type Sentence = (&'static str, &'static str);

/// A sentence for some rows of the log alone.
#[derive(Debug, Clone, Copy)]
pub struct Unusual {
    /// Whether a row is one of them.
    pub holds: fn(&LogEntry) -> bool,
    /// What people read of it.
    pub sentence: Sentence,
}

/// Fields of which one at least must be there.
#[derive(Debug, Clone, Copy)]
pub struct AtLeastOne {
    /// Their names.
    pub fields: &'static [&'static str],
    /// What a caller is told who gives none.
    pub message: &'static str,
}

/// The level an operation acts at.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    /// One level; a number above it is taken where the tree has exactly one such node.
    At(Level),
    /// The shop order that holds the refund which the operation names; the shop order that is named, where it names
    /// no refund.
    Refund(fn(&Operation) -> Option<Id>),
    /// The same, or the payment order where the refund is due there.
    RefundOrDue(fn(&Operation) -> Option<Id>),
    /// Whichever node is named.
    Any,
}

impl Target {
    /// The level; none where it is any.
    pub const fn level(self) -> Option<Level> {
        match self {
            Self::At(level) => Some(level),
            Self::Refund(_) | Self::RefundOrDue(_) => Some(Level::Shop),
            Self::Any => None,
        }
    }
}

/// A payment order.
pub(super) const PAYMENT_ORDER: Target = Target::At(Level::Payment);
/// A shop order.
pub(super) const SHOP_ORDER: Target = Target::At(Level::Shop);
/// An item order.
pub(super) const ITEM_ORDER: Target = Target::At(Level::Item);

/// What a key must be allowed that asks for an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// To change orders.
    OrdersWrite,
    /// To report payments.
    Payments,
    /// To report refunds.
    Refunds,
}

/// Most operations.
pub(super) const WRITES: &[Scope] = &[Scope::OrdersWrite];
/// What is heard of money that comes in.
pub(super) const PAYMENTS: &[Scope] = &[Scope::Payments];
/// What is heard of money that goes back.
pub(super) const REFUNDS: &[Scope] = &[Scope::Refunds];

/// Whether an operation may be asked for without end. What an order has been through is kept, so that it grows with
/// everything that is asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// Goods or money wait for it: never refused because it was asked for so often.
    Always,
    /// Neither waits: refused where the order has changed as often as it may.
    WithinLimit,
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

/// The word that webhooks are told an operation by.
#[derive(Debug, Clone, Copy)]
pub enum Event {
    /// One, whatever became of it.
    Is(&'static str),
    /// One of these, or none, as its row of the log and the order right after it say.
    OneOf(&'static [&'static str], fn(&LogEntry, &Tree) -> Option<&'static str>),
}

impl Event {
    /// The word for `entry`, `after` which the tree was this.
    pub fn of(self, entry: &LogEntry, after: &Tree) -> Option<&'static str> {
        match self {
            Self::Is(word) => Some(word),
            Self::OneOf(_, which) => which(entry, after),
        }
    }

    /// Every word it may be.
    pub fn words(&self) -> &[&'static str] {
        match self {
            Self::Is(word) => std::slice::from_ref(word),
            Self::OneOf(words, _) => words,
        }
    }
}

impl Definition {
    /// The sentence for `entry`, a row of this operation.
    pub fn sentence_of(&self, entry: &LogEntry) -> Sentence {
        match self.unusual {
            Some(unusual) if (unusual.holds)(entry) => unusual.sentence,
            Some(_) | None => self.sentence,
        }
    }
}
