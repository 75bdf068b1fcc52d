//! The shop order (L2), with what moves its goods: shipments, steps of delivery, receipt.

use super::{ChannelStatus, Deadline, Heard, ItemOrder, Refund, is_default};
use crate::words::{DeliveryStatus, Fulfilment, ParcelState, ReceiveType, Status};
use crate::{ActorKind, Amount, AppliedCoupon, Id, Json, Quantity, Time};
use serde::{Deserialize, Serialize};

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
    /// The shop's coupons, part of its discount.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coupons: Vec<AppliedCoupon>,
    /// Freight.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub freight: Amount,
    /// The tax of the freight, as it was given.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub freight_tax: Amount,
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
    /// Who dropped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped_by: Option<ActorKind>,
    /// Shipments: facts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shipments: Vec<Shipment>,
    /// Steps of the delivery axis: facts, forward only. Takeaway only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delivery: Vec<DeliveryStep>,
    /// Recorded trees: the advance of goods that the source reports without a fact of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported: Option<Reported>,
    /// The marketplace's own word for where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_status: Option<ChannelStatus>,
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
    /// When requests that nobody has answered are answered by the timer, in the order of their numbers.
    #[serde(rename = "answer_by", default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<AnswerBy>,
    /// What was heard of it from its channel, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard: Option<Heard>,
    /// When it was placed.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// L3, in request order; never empty.
    #[serde(skip)]
    pub items: Vec<ItemOrder>,
}

impl ShopOrder {
    /// When the request of `refund` is answered by the timer, if it waits for that.
    pub fn answer_by(&self, refund: Id) -> Option<Time> {
        self.answers.iter().find(|answer| answer.refund_id == refund).map(|answer| answer.at)
    }

    /// Sets when the request of `refund` is answered by the timer; never, where it does not wait any more.
    pub fn set_answer_by(&mut self, refund: Id, at: Option<Time>) {
        self.answers.retain(|answer| answer.refund_id != refund);
        if let Some(at) = at {
            let place = self.answers.partition_point(|answer| answer.refund_id < refund);
            self.answers.insert(place, AnswerBy { refund_id: refund, at });
        }
    }
}

/// When a request is answered by the timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerBy {
    /// The request.
    pub refund_id: Id,
    /// When.
    pub at: Time,
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
    /// The marketplace's number for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// The carrier's name or code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// The carrier's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<String>,
    /// When it left; says nothing of one that has not.
    pub at: Time,
    /// Whether it had left by then, nobody knows when.
    #[serde(default, skip_serializing_if = "is_default")]
    pub by_then: bool,
    /// Whether it has left.
    #[serde(default, skip_serializing_if = "is_default")]
    pub state: ParcelState,
    /// When its channel told carrier and tracking number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard_at: Option<Time>,
    /// What is in it.
    pub lines: Vec<Line>,
}

impl Shipment {
    /// Whether its goods are under way or there: only then it ships something.
    pub fn has_left(&self) -> bool {
        self.state == ParcelState::Left
    }
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
    /// Whether it was received by then, nobody knows when.
    #[serde(default, skip_serializing_if = "is_default")]
    pub by_then: bool,
    /// Who said so.
    pub by: ReceiveType,
}
