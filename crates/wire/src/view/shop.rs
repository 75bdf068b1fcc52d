//! The shop order (L2): one shop's part, with its shipments, refunds and ship-to.

use super::{
    DeadlineView, Face, HowMuch, ItemView, LineView, Look, Number, ReceiveBy, RefundView, TimesView,
};
use crate::described::ShopLevel;
use crate::moment::Moment;
use crate::person::ShipTo;
use crate::word::{
    CancelWord, DeliveryWord, FulfilmentWord, LevelWord, ParcelWord, ReceiveWord, RefundAxisWord,
    SettlementWord, Shown, StatusWord, StoreWord, TillWord,
};
use docket_domain::status::ShopStanding;
use docket_domain::tree::{ChannelStatus, DeliveryStep, FreightShares, Reported, Shipment};
use docket_domain::words::Level;
use docket_domain::{Json, Quantity, ShopOrder};
use serde::Serialize;
use std::borrow::Cow;
use utoipa::ToSchema;

/// One shop's part of the order: the unit of fulfilment.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ShopOrder)]
pub struct ShopView<'a> {
    /// Its number; left out of quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub order_id: Option<Number>,
    /// `shop`.
    #[schema(value_type = ShopLevel)]
    pub level: LevelWord,
    /// The shop.
    pub shop_id: &'a str,
    /// The place its stock stands at.
    pub place: &'a str,
    /// The main status of the shop order.
    pub status: StatusWord,
    /// The status a store reads.
    pub store_status: StoreWord,
    /// The status a till shows; null while nothing was paid.
    pub till_status: Option<TillWord>,
    /// How it reaches the buyer.
    pub fulfilment: FulfilmentWord,
    /// The delivery axis, takeaway only.
    pub delivery_status: Option<DeliveryWord>,
    /// The refund axis.
    pub refund_status: RefundAxisWord,
    /// The settlement axis.
    pub settlement: SettlementWord,
    /// Who brought it to its end, and how.
    pub cancel_kind: CancelWord,
    /// 0 no refund, 1 one is open, 2 the last one is done and more are possible, 3 closed for good without a
    /// successful one, 4 with one.
    pub reverse_status: u8,
    /// What the source of a recorded order says of it where no fact does; left out otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reported: Option<ReportedView>,
    /// The marketplace's own word for where it is; left out where no marketplace tells of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub channel_status: Option<ChannelStatusView<'a>>,
    /// Whether `received_at` is only the moment by which it had been received; left out where it is not.
    #[serde(skip_serializing_if = "is_not")]
    pub received_by_then: bool,
    /// Who said that it was received.
    pub receive_type: Option<ReceiveWord>,
    /// What its lines cost less the shop discount; null where unknown.
    pub price: Option<i64>,
    /// Freight.
    pub freight: Option<i64>,
    /// The tax of the freight; null where unknown.
    pub freight_tax: Option<i64>,
    /// The tax of its lines and of its freight.
    pub tax: Option<i64>,
    /// The shop's discount.
    pub shop_discount: Option<i64>,
    /// What coins and third party take off the freight.
    pub freight_shares: FreightSharesView,
    /// What lines and freight cost in money after every share, with their tax where that comes on top.
    pub to_pay: Option<i64>,
    /// Money given back.
    pub refunded: i64,
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub times: TimesView,
    /// The one deadline of this node.
    pub deadline: Option<DeadlineView>,
    /// When it was dropped from the order; left out where it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub dropped_at: Option<Moment>,
    /// Where it goes, masked unless revealed; null where nothing is shipped or nobody may know any more.
    pub ship_to: Option<Cow<'a, ShipTo>>,
    /// The buyer's words.
    pub buyer_comment: Option<&'a str>,
    /// The seller's words.
    pub seller_comment: Option<&'a str>,
    /// Promotions, as the caller told them.
    #[schema(value_type = serde_json::Value)]
    pub promotions: Option<&'a Json>,
    /// Labels.
    pub tags: &'a [String],
    /// Steps of the delivery axis, takeaway only; left out where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub delivery: Vec<DeliveryStepView<'a>>,
    /// Refunds.
    pub refunds: Vec<RefundView<'a>>,
    /// Parcels.
    pub shipments: Vec<ShipmentView<'a>>,
    /// The lines, in request order.
    pub items: Vec<ItemView<'a>>,
}

impl<'a> ShopView<'a> {
    /// Renders the shop order that is number `index` of its tree.
    pub(super) fn of(
        index: usize,
        shop: &'a ShopOrder,
        standing: &'a ShopStanding,
        face: Face<'a>,
        look: &Look<'a>,
    ) -> Self {
        let receive_by = ReceiveBy::of(shop);
        let refunds = shop.refunds.iter();
        let refunds =
            refunds.map(|refund| RefundView::of(refund, shop.answer_by(refund.refund_id)));
        let items = shop.items.iter().zip(&standing.items);
        Self {
            order_id: Number::unless_left_out(shop.id, look.ids),
            level: Shown::coded(Level::Shop, look.codes),
            shop_id: &shop.shop_id,
            place: &shop.place,
            status: Shown::coded(standing.status, look.codes),
            store_status: Shown::coded(standing.store_status, look.codes),
            till_status: standing.till_status.map(Shown::word),
            fulfilment: Shown::word(shop.fulfilment),
            delivery_status: standing.delivery_status.map(Shown::word),
            refund_status: Shown::word(standing.refund_status),
            settlement: Shown::word(standing.settlement),
            cancel_kind: CancelWord { kind: standing.cancel_kind, codes: look.codes },
            reverse_status: standing.reverse_status,
            reported: shop.reported.map(ReportedView::of),
            channel_status: shop.channel_status.as_ref().map(ChannelStatusView::of),
            received_by_then: shop.received.is_some_and(|received| received.by_then),
            receive_type: shop.received.map(|received| Shown::word(received.by)),
            price: standing.price.known(),
            freight: shop.freight.known(),
            freight_tax: shop.freight_tax.known(),
            tax: standing.tax.known(),
            shop_discount: shop.shop_discount.known(),
            freight_shares: FreightSharesView::of(shop.freight_shares),
            to_pay: standing.to_pay.known(),
            refunded: standing.refunded,
            times: TimesView::of(&standing.times, shop.created_at, shop.updated_at, receive_by),
            deadline: shop.deadline.map(DeadlineView::of),
            dropped_at: shop.dropped_at.map(Moment),
            ship_to: ship_to(face, index),
            buyer_comment: shop.buyer_comment.as_deref(),
            seller_comment: shop.seller_comment.as_deref(),
            promotions: shop.promotions.as_ref(),
            tags: &shop.tags,
            delivery: shop.delivery.iter().map(DeliveryStepView::of).collect(),
            refunds: refunds.collect(),
            shipments: shop.shipments.iter().map(ShipmentView::of).collect(),
            items: items
                .map(|(item, standing)| ItemView::of(item, standing, shop, receive_by, look))
                .collect(),
        }
    }
}

/// What a source says of a shop order where no fact does.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = Reported)]
pub struct ReportedView {
    /// How far it is there.
    pub status: StatusWord,
    /// When; a guess where an anomaly `time_unknown` names the shop order.
    pub at: Moment,
}

impl ReportedView {
    fn of(reported: Reported) -> Self {
        Self { status: Shown::word(reported.status), at: reported.at.into() }
    }
}

/// The marketplace's own word for where an order is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = ChannelStatus)]
pub struct ChannelStatusView<'a> {
    /// The word, as it was told.
    pub word: &'a str,
    /// When it was heard.
    pub at: Moment,
}

impl<'a> ChannelStatusView<'a> {
    fn of(status: &'a ChannelStatus) -> Self {
        Self { word: &status.word, at: status.at.into() }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the shape serde asks for
const fn is_not(flag: &bool) -> bool {
    !*flag
}

fn ship_to(face: Face<'_>, index: usize) -> Option<Cow<'_, ShipTo>> {
    match face {
        Face::None | Face::Closed(_) => None,
        Face::Masked(person) => {
            let ship_to = person.ship_to.get(index)?.as_ref()?;
            Some(Cow::Owned(ship_to.masked()))
        }
        Face::Revealed(person) => person.ship_to.get(index)?.as_ref().map(Cow::Borrowed),
    }
}

/// What coins and third party take off a freight.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = FreightShares)]
pub struct FreightSharesView {
    /// Coins.
    pub coins: Option<i64>,
    /// Third party.
    pub third_party: Option<i64>,
}

impl FreightSharesView {
    const fn of(shares: FreightShares) -> Self {
        Self { coins: shares.coins.known(), third_party: shares.third_party.known() }
    }
}

/// A parcel.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Shipment)]
pub struct ShipmentView<'a> {
    /// Our number for it.
    pub shipment_id: Number,
    /// The marketplace's number for it; left out where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub package: Option<&'a str>,
    /// Whether it has left; left out where it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub state: Option<ParcelWord>,
    /// The carrier's name or code.
    pub carrier: Option<&'a str>,
    /// The carrier's number.
    pub tracking: Option<&'a str>,
    /// When it left; null where it has not.
    pub at: Option<Moment>,
    /// Whether that is only the moment by which it had left; left out where it is not.
    #[serde(skip_serializing_if = "is_not")]
    pub by_then: bool,
    /// What is in it.
    pub lines: Vec<LineView>,
}

impl<'a> ShipmentView<'a> {
    fn of(shipment: &'a Shipment) -> Self {
        let inside = shipment.lines.iter().filter(|line| line.quantity > Quantity::ZERO);
        let lines = inside.map(|line| LineView {
            order_id: Number(line.order_id),
            quantity: HowMuch(line.quantity),
        });
        Self {
            shipment_id: Number(shipment.shipment_id),
            package: shipment.package.as_deref(),
            state: (!shipment.has_left()).then(|| Shown::word(shipment.state)),
            carrier: shipment.carrier.as_deref(),
            tracking: shipment.tracking.as_deref(),
            at: shipment.has_left().then(|| shipment.at.into()),
            by_then: shipment.by_then,
            lines: lines.collect(),
        }
    }
}

/// One step of the delivery axis.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DeliveryStep)]
pub struct DeliveryStepView<'a> {
    /// Reached.
    pub status: DeliveryWord,
    /// When it was reached.
    pub at: Moment,
    /// Who carries it, where known.
    pub courier: Option<&'a str>,
}

impl<'a> DeliveryStepView<'a> {
    fn of(step: &'a DeliveryStep) -> Self {
        Self {
            status: Shown::word(step.status),
            at: step.at.into(),
            courier: step.courier.as_deref(),
        }
    }
}
