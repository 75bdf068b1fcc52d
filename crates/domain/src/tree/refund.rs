//! Money that goes back: refunds of a shop order, and payments that go back whence they came.

use super::{Line, Stamp, is_default};
use crate::words::{DueCause, RefundKind, RefundStatus};
use crate::{ActorKind, Amount, Id, Quantity, Time};
use serde::{Deserialize, Serialize};

/// One refund of a shop order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools)] // each is a fact of its own
pub struct Refund {
    /// Our number for it.
    pub refund_id: Id,
    /// The number its channel gives it; by that it is met again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// What kind.
    pub kind: RefundKind,
    /// Who asked for it.
    pub by: ActorKind,
    /// Where it stands.
    pub status: RefundStatus,
    /// Money to the buyer, its freight included; 0 where it is not known.
    pub amount: i64,
    /// Whether nobody has told its money.
    #[serde(default, skip_serializing_if = "is_default")]
    pub money_unknown: bool,
    /// Whether that money is what the total of its order leaves for it: nobody told it of this refund alone.
    #[serde(default, skip_serializing_if = "is_default")]
    pub money_by_total: bool,
    /// Coins given back, as money.
    #[serde(default)]
    pub coins: i64,
    /// Reported for the third party; not paid to the buyer.
    #[serde(default)]
    pub third_party: i64,
    /// How much of `amount` is freight.
    #[serde(default)]
    pub freight: i64,
    /// The tax of what is given back, freight included: inside `amount`, coins and third party together.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub tax: Amount,
    /// What the third party and coins had taken off that freight, given back with it.
    #[serde(default)]
    pub freight_given: bool,
    /// Whether freight was asked for; otherwise it goes back only while the refund empties an unshipped shop
    /// order, and that is looked at again when money is to flow.
    #[serde(default, skip_serializing_if = "is_default")]
    pub freight_asked: FreightAsked,
    /// How much of `amount` is given for no goods, before anything was cut.
    #[serde(default, skip_serializing_if = "is_default")]
    pub goodwill: i64,
    /// What lines, freight and goodwill come to above what was left of the money paid for the shop order.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cut: i64,
    /// What is refunded.
    pub lines: Vec<RefundLine>,
    /// From which payments it is paid; empty until money may flow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<RefundPart>,
    /// Ends of parts that did not last: money that came back, tries that failed before another one. What was
    /// heard once is known by them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former: Vec<RefundPart>,
    /// When it was done, and since when it is not any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub turns: Vec<Turn>,
    /// How often its money was drawn on payments: parts of another round are other parts.
    #[serde(default, skip_serializing_if = "is_default")]
    pub round: u32,
    /// Payments that could not give it since it was last agreed to: its money is not moved to them by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_on: Vec<Id>,
    /// Whether shipped goods must come back before money flows.
    #[serde(default, skip_serializing_if = "is_default")]
    pub goods_back: bool,
    /// What has come back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub returned: Vec<Line>,
    /// What of it is on the shelf again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restocked: Vec<Line>,
    /// In the asker's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was asked for.
    pub created_at: Time,
    /// When it was agreed, rejected or withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Time>,
    /// When it was refunded or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Time>,
    /// How new the report is that told of it so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard: Option<Stamp>,
}

/// Versions of the tree between which a refund was done. Its money may come back, and go again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// The version that made it done; 0 where that was not taken down.
    pub from: u32,
    /// The version that undid it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u32>,
}

impl Turn {
    /// Whether the refund was done just before `version`.
    pub fn covers(self, version: u32) -> bool {
        self.from < version && self.until.is_none_or(|until| until >= version)
    }
}

/// How much of the freight a refund was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "AskedAs", into = "AskedAs")]
pub enum FreightAsked {
    /// None: it goes back only where a refund empties an unshipped shop order.
    #[default]
    No,
    /// All that is left of it.
    All,
    /// So many minor units of it, above 0.
    Part(i64),
}

/// In JSON it is `false`, `true` or the amount.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum AskedAs {
    Whether(bool),
    Amount(i64),
}

impl From<AskedAs> for FreightAsked {
    fn from(asked: AskedAs) -> Self {
        match asked {
            AskedAs::Whether(true) => Self::All,
            AskedAs::Amount(amount) if amount > 0 => Self::Part(amount),
            AskedAs::Whether(false) | AskedAs::Amount(_) => Self::No,
        }
    }
}

impl From<FreightAsked> for AskedAs {
    fn from(asked: FreightAsked) -> Self {
        match asked {
            FreightAsked::No => Self::Whether(false),
            FreightAsked::All => Self::Whether(true),
            FreightAsked::Part(amount) => Self::Amount(amount),
        }
    }
}

/// So much of one item order, given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundLine {
    /// The item order.
    pub order_id: Id,
    /// How much of it.
    pub quantity: Quantity,
    /// How much of that had been shipped when the refund was made.
    #[serde(default)]
    pub shipped: Quantity,
    /// Money.
    pub amount: i64,
    /// Coins, as money.
    #[serde(default)]
    pub coins: i64,
    /// Third party's money.
    #[serde(default)]
    pub third_party: i64,
    /// The tax of these units.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub tax: Amount,
}

/// What one payment gives back of a refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundPart {
    /// The payment.
    pub payment_id: Id,
    /// Minor units.
    pub amount: i64,
    /// `refunding`, `refunded` or `failed`.
    pub status: RefundStatus,
    /// The gateway's number for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// Money that must go back to the very payment it came with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundDue {
    /// Our number for it.
    pub refund_id: Id,
    /// The payment it goes back to.
    pub payment_id: Id,
    /// Minor units.
    pub amount: i64,
    /// Why.
    pub cause: DueCause,
    /// `refunding`, `refunded` or `failed`.
    pub status: RefundStatus,
    /// The gateway's number for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Ends that did not last, as those of a refund.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former: Vec<RefundPart>,
    /// Money that went back once more than was due.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub again: Vec<RefundPart>,
    /// When it became due.
    pub created_at: Time,
}
