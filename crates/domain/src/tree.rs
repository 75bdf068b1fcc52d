//! The order as a tree of facts: payment order (L1) → shop orders (L2) → item orders (L3).
//!
//! Facts only accumulate. No status stands here: [`crate::status`] derives them. Each node serialises
//! without its children; that JSON is what the store keeps, what the log compares, and what is undone to
//! show the tree as it was.

mod home;

pub use home::Home;

use crate::words::{
    AnomalyKind, AttemptStatus, DeadlineKind, DeliveryStatus, DueCause, Fulfilment, OrderType,
    PaymentStatus, Platform, ReceiveType, RefundKind, RefundStatus, Status, Visible,
};
use crate::{ActorKind, Amount, Currency, Id, Json, Quantity, Time};
use serde::{Deserialize, Serialize};

/// One order, whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    /// L1.
    pub payment: PaymentOrder,
    /// L2, in request order; never empty.
    pub shops: Vec<ShopOrder>,
}

/// What the buyer pays at once (L1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaymentOrder {
    /// Its number, and the number of the whole tree.
    pub id: Id,
    /// How many changes the tree has seen; also the sequence number of the newest log row of this site.
    pub version: u32,
    /// How often what was agreed has changed; 1 at placement.
    pub terms_version: u32,
    /// When the current terms were agreed, where that was after placement: an order that became free of
    /// charge by them was paid then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms_at: Option<Time>,
    /// Whose order it is.
    #[serde(default, skip_serializing_if = "is_default")]
    pub home: Home,
    /// What is sold.
    #[serde(rename = "type")]
    pub order_type: OrderType,
    /// Market number; names in config.
    #[serde(default, skip_serializing_if = "is_default")]
    pub market: u16,
    /// Where it was placed.
    pub platform: Platform,
    /// The channel it came through, such as `temu`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Its number there; unique per channel, or per issuer without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Who vouches for tokens and cash references: the issuer of the key that placed it.
    pub issuer: String,
    /// The caller's own token, unique for ever per issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_token: Option<String>,
    /// Where it came from, as the caller said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Json>,
    /// The buyer's account number; none at an anonymous till sale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer_id: Option<String>,
    /// The one currency of the tree.
    pub currency: Currency,
    /// Whether the buyer sees it.
    pub visible: Visible,
    /// Free extension.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<Json>,
    /// Labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Platform discount, over all lines.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub platform_discount: Amount,
    /// Coins, as their value in money, over all lines and freights.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub coins: Amount,
    /// A third party's discount, over all lines and freights.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub third_party_discount: Amount,
    /// Payments: facts, in the order they were learnt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub payments: Vec<Payment>,
    /// Attempts to pay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
    /// Money that goes back to the payment it came with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refunds_due: Vec<RefundDue>,
    /// The revoke axis with its facts.
    #[serde(default, skip_serializing_if = "is_default")]
    pub revoke: Revoke,
    /// Pay-by, or the retry of a failed revoke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Deadline>,
    /// Until when it was to be paid. It stays when the deadline has gone: money that moved before it may
    /// revive an order that only a timer revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pay_by: Option<Time>,
    /// What the source of a recorded tree with unknown amounts says of its payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_payment: Option<PaymentStatus>,
    /// What contradicts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub anomalies: Vec<Anomaly>,
    /// When it was placed.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

/// Money that came in. Unique by (tender, reference), cash by (issuer, reference).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Our number for it.
    pub payment_id: Id,
    /// How it was paid: `cash`, `wechat`, `card`, `voucher`, …
    pub tender: String,
    /// The payer's or gateway's number for it.
    pub reference: String,
    /// Cash only: the issuer its reference is unique under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Minor units, at least 0.
    pub amount: i64,
    /// Its currency.
    pub currency: Currency,
    /// The terms it was paid under.
    pub terms_version: u32,
    /// When the money moved.
    pub paid_at: Time,
}

/// One attempt to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Our number for it.
    pub attempt_id: Id,
    /// The tender chosen.
    pub tender: String,
    /// The gateway asked; none where a till takes the money itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// Minor units asked for.
    pub amount: i64,
    /// The terms it is for.
    pub terms_version: u32,
    /// Where it stands.
    pub status: AttemptStatus,
    /// When it was opened.
    pub created_at: Time,
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
    /// When it became due.
    pub created_at: Time,
}

/// The revoke axis.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Revoke {
    /// Nobody asked.
    #[default]
    None,
    /// Attempts are being closed.
    Revoking {
        /// Who asked.
        by: ActorKind,
        /// When.
        at: Time,
        /// In their words.
        reason: Option<String>,
    },
    /// Done.
    Revoked {
        /// Who asked.
        by: ActorKind,
        /// When it was done.
        at: Time,
        /// In their words.
        reason: Option<String>,
    },
    /// An attempt could not be closed.
    Failed {
        /// Who asked.
        by: ActorKind,
        /// When it failed.
        at: Time,
        /// In their words.
        reason: Option<String>,
    },
}

/// The one deadline of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// What happens then.
    pub kind: DeadlineKind,
    /// When; for a stopped deadline when it would have been.
    pub at: Time,
    /// Set while an open refund stops it: what was left then, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_with: Option<i64>,
}

/// One contradiction, kept for people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Anomaly {
    /// Which.
    pub kind: AnomalyKind,
    /// When it was noticed.
    pub at: Time,
    /// What was seen, as parameters of its sentence.
    #[serde(default, skip_serializing_if = "Json::is_null")]
    pub detail: Json,
}

/// One shop's part (L2): the unit of fulfilment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShopOrder {
    /// Its number.
    pub id: Id,
    /// The shop.
    pub shop_id: String,
    /// The place its stock stands at.
    pub place: String,
    /// How it reaches the buyer.
    pub fulfilment: Fulfilment,
    /// Shop discount, over the shop's lines.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub shop_discount: Amount,
    /// Freight.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub freight: Amount,
    /// What coins and third-party discount take off the freight.
    #[serde(default, skip_serializing_if = "is_default")]
    pub freight_shares: FreightShares,
    /// Whether a ship-to stands in the sealed person.
    #[serde(default, skip_serializing_if = "is_default")]
    pub has_ship_to: bool,
    /// The buyer's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer_comment: Option<String>,
    /// The seller's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seller_comment: Option<String>,
    /// Promotions, as the caller told them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promotions: Option<Json>,
    /// Labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// When it was dropped from the order; its amounts are then zero and it counts for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped_at: Option<Time>,
    /// Shipments: facts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shipments: Vec<Shipment>,
    /// Steps of the delivery axis: facts, forward only. Takeaway only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delivery: Vec<DeliveryStep>,
    /// Recorded trees: the advance of goods that the source reports without a fact of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported: Option<Reported>,
    /// When and by whom it was received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<Received>,
    /// Refunds: facts with a status each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refunds: Vec<Refund>,
    /// Until when it was to be received; it stays when the deadline has gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receive_by: Option<Time>,
    /// By how many days that was put off.
    #[serde(default, skip_serializing_if = "is_default")]
    pub extended_by: u32,
    /// When it was settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<Time>,
    /// Accept-by, receive-by or settle-at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Deadline>,
    /// When it was placed.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// L3, in request order; never empty.
    #[serde(skip)]
    pub items: Vec<ItemOrder>,
}

/// What coins and third-party discount take off a freight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FreightShares {
    /// Coins.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub coins: Amount,
    /// Third party.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub third_party: Amount,
}

/// What a source reports of a shop order where no fact of ours says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reported {
    /// `paid`, `shipped`, `received`, `completed`, `cancelled` or `closed`.
    pub status: Status,
    /// When, as far as it is known.
    pub at: Time,
}

/// Goods that left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipment {
    /// Our number for it.
    pub shipment_id: Id,
    /// The carrier's name or code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// The carrier's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<String>,
    /// When it left.
    pub at: Time,
    /// What is in it.
    pub lines: Vec<Line>,
}

/// So much of one item order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The item order.
    pub order_id: Id,
    /// How much of it.
    pub quantity: Quantity,
}

/// One step of the delivery axis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryStep {
    /// Reached.
    pub status: DeliveryStatus,
    /// When; a step that was skipped takes the time of the one that skipped it.
    pub at: Time,
    /// Who carries it, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub courier: Option<String>,
}

/// That a shop order was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// When.
    pub at: Time,
    /// Who said so.
    pub by: ReceiveType,
}

/// One refund of a shop order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Refund {
    /// Our number for it.
    pub refund_id: Id,
    /// What kind.
    pub kind: RefundKind,
    /// Who asked for it.
    pub by: ActorKind,
    /// Where it stands.
    pub status: RefundStatus,
    /// Money to the buyer, its freight included.
    pub amount: i64,
    /// Coins given back, as money.
    #[serde(default)]
    pub coins: i64,
    /// Reported for the third party; not paid to the buyer.
    #[serde(default)]
    pub third_party: i64,
    /// How much of `amount` is freight.
    #[serde(default)]
    pub freight: i64,
    /// What the third party and coins had taken off that freight, given back with it.
    #[serde(default)]
    pub freight_given: bool,
    /// Whether the freight was asked for; otherwise it goes back only while the refund empties an unshipped
    /// shop order, and that is looked at again when money is to flow.
    #[serde(default, skip_serializing_if = "is_default")]
    pub freight_asked: bool,
    /// What is refunded.
    pub lines: Vec<RefundLine>,
    /// From which payments it is paid; empty until money may flow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<RefundPart>,
    /// Whether shipped goods must come back before money flows.
    #[serde(default, skip_serializing_if = "is_default")]
    pub goods_back: bool,
    /// What has come back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub returned: Vec<Line>,
    /// In the asker's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When an unanswered request is answered by the timer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_by: Option<Time>,
    /// When it was asked for.
    pub created_at: Time,
    /// When it was agreed, rejected or withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Time>,
    /// When it was refunded or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Time>,
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

/// One SKU line (L3): the smallest part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemOrder {
    /// Its number.
    pub id: Id,
    /// The SKU.
    pub sku_id: String,
    /// The article the SKU belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_id: Option<String>,
    /// What the buyer saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Its attributes, as the caller told them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Json>,
    /// Where it is delivered from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver_area_id: Option<String>,
    /// By which code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver_code: Option<String>,
    /// Free extension.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<Json>,
    /// Unit price before any discount.
    pub list_price: Amount,
    /// How much was ordered.
    pub quantity: Quantity,
    /// Item discount, for the whole line.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub item_discount: Amount,
    /// Its share of every discount above it, frozen per terms version.
    #[serde(default, skip_serializing_if = "is_default")]
    pub shares: Shares,
    /// Whether it is sold by weight.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weighed: bool,
    /// What the scales said, once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weighed_as: Option<Quantity>,
    /// Whether the line holds stock: fixed at placement.
    #[serde(default, skip_serializing_if = "is_default")]
    pub holds_stock: bool,
    /// When it was dropped from the order; its amounts are then zero and it counts for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped_at: Option<Time>,
    /// Ratings: the first, and one more within 30 days.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rates: Vec<Rate>,
}

/// A line's share of the discounts of the levels above.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Shares {
    /// Of the shop discount.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub shop: Amount,
    /// Of the platform discount.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub platform: Amount,
    /// Of the coins.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub coins: Amount,
    /// Of the third-party discount.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub third_party: Amount,
}

/// One rating.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// 1 to 5.
    pub score: u8,
    /// In the buyer's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// When.
    pub at: Time,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Tree {
    /// The number of the tree.
    pub const fn id(&self) -> Id {
        self.payment.id
    }

    /// Every line with its shop order, in order.
    pub fn lines(&self) -> impl Iterator<Item = (&ShopOrder, &ItemOrder)> {
        self.shops.iter().flat_map(|shop| shop.items.iter().map(move |item| (shop, item)))
    }

    /// Whether one of its nodes has this number.
    pub fn has_node(&self, id: Id) -> bool {
        self.payment.id == id
            || self.shops.iter().any(|s| s.id == id || s.items.iter().any(|i| i.id == id))
    }

    /// The shop order of this number.
    pub fn shop(&self, id: Id) -> Option<&ShopOrder> {
        self.shops.iter().find(|shop| shop.id == id)
    }

    /// The earliest moment at which a timer has something to do, stopped deadlines aside.
    pub fn due_at(&self) -> Option<Time> {
        let running = |deadline: Option<Deadline>| {
            deadline.filter(|d| d.stopped_with.is_none()).map(|deadline| deadline.at)
        };
        let shops = self.shops.iter().flat_map(|shop| {
            let answers = shop.refunds.iter().filter(|r| r.status == RefundStatus::Applied);
            answers.filter_map(|refund| refund.answer_by).chain(running(shop.deadline))
        });
        shops.chain(running(self.payment.deadline)).min()
    }
}
