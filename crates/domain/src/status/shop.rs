//! The axes of a shop order and of its lines: main status, store status, refund, delivery, till, and times.

use super::payment::Axes;
use super::{Goods, ItemStanding, ShopStanding, Times, given, goods, is_open, least_advanced};
use crate::price::sums;
use crate::tree::{Refund, Revoke};
use crate::words::{
    CancelKind, DeliveryStatus, Fulfilment, PaymentStatus, RefundAxis, RefundStatus, RevokeStatus,
    Settlement, Status, StoreStatus, TillStatus,
};
use crate::{ActorKind, ItemOrder, Quantity, ShopOrder, Time, Tree};

/// Derives where `shop` stands in `tree`.
pub(super) fn standing(tree: &Tree, axes: &Axes, shop: &ShopOrder) -> ShopStanding {
    let items: Vec<ItemStanding> =
        shop.items.iter().map(|item| item_standing(tree, axes, shop, item)).collect();
    let status = least_advanced(items.iter().map(|item| item.status));
    let given_back = status == Status::Closed && all_given_back(shop);
    let refund_status = refund_axis(shop, given_back);
    let store_status = store_status(axes, shop, status, refund_status);
    let delivery_status = delivery_status(shop);
    ShopStanding {
        status,
        store_status,
        refund_status,
        delivery_status,
        settlement: if shop.settled_at.is_some() { Settlement::Settled } else { Settlement::Open },
        cancel_kind: cancel_kind(tree, shop, store_status),
        till_status: till_status(shop, status, store_status, delivery_status),
        reverse_status: reverse_status(shop, status),
        price: sums::shop_price(shop),
        tax: sums::shop_tax(shop),
        to_pay: sums::shop_to_pay(shop, tree.payment.tax),
        refunded: shop.refunds.iter().map(given).sum(),
        times: shop_times(tree, axes, shop, status, given_back),
        items,
    }
}

fn reported(shop: &ShopOrder) -> Option<Status> {
    shop.reported.map(|reported| reported.status)
}

/// The refunds that are done.
fn done(shop: &ShopOrder) -> impl Iterator<Item = &Refund> + Clone {
    shop.refunds.iter().filter(|refund| refund.status == RefundStatus::Refunded)
}

/// Those of them that gave goods back, where any did: what ends an order is not the goodwill after it.
fn done_with_goods(shop: &ShopOrder) -> impl Iterator<Item = &Refund> {
    let any = done(shop).any(|refund| !refund.lines.is_empty());
    done(shop).filter(move |refund| !any || !refund.lines.is_empty())
}

/// Whether refunds gave every open line back. A source may report an end without saying so.
pub(crate) fn all_given_back(shop: &ShopOrder) -> bool {
    let mut open = shop.items.iter().filter(|item| item.dropped_at.is_none());
    open.all(|item| goods(shop, item, None).all_given_back())
}

fn item_standing(tree: &Tree, axes: &Axes, shop: &ShopOrder, item: &ItemOrder) -> ItemStanding {
    let units = goods(shop, item, None);
    let status = item_status(axes, shop, item, units);
    let ended = matches!(status, Status::Cancelled | Status::Closed);
    let lines = done(shop).flat_map(|refund| &refund.lines).filter(|line| line.order_id == item.id);
    ItemStanding {
        status,
        price: sums::line_price(item),
        to_pay: sums::line_to_pay(item, tree.payment.tax),
        refunded: lines.map(|line| line.amount).sum(),
        refunded_quantity: units.given_back.min(item.quantity),
        shipped: units.shipped,
        left_to_ship: if ended { Quantity::ZERO } else { units.left_to_ship() },
        left_to_refund: if ended { Quantity::ZERO } else { units.left_to_refund() },
        times: item_times(tree, axes, shop, item, units),
    }
}

/// The most advanced fact of the line, whatever the sums say; an end before all of them.
fn item_status(axes: &Axes, shop: &ShopOrder, item: &ItemOrder, units: Goods) -> Status {
    if item.dropped_at.is_some() {
        return Status::Cancelled;
    }
    if let Some(end @ (Status::Cancelled | Status::Closed)) = reported(shop) {
        return end;
    }
    if axes.revoke == RevokeStatus::Revoked {
        return Status::Cancelled;
    }
    if units.all_given_back() {
        return Status::Closed;
    }
    let by_fact = if shop.settled_at.is_some() {
        Status::Completed
    } else if shop.received.is_some() {
        Status::Received
    } else if units.is_shipped() {
        Status::Shipped
    } else if axes.payment == PaymentStatus::Paid || units.shipped > Quantity::ZERO {
        Status::Paid
    } else {
        Status::Created
    };
    reported(shop).map_or(by_fact, |reported| by_fact.max(reported))
}

/// When a refund ended, if it did.
fn ended_at(refund: &Refund) -> Option<Time> {
    match refund.status {
        RefundStatus::Rejected | RefundStatus::Withdrawn => refund.answered_at,
        RefundStatus::Refunded | RefundStatus::Failed => refund.ended_at,
        RefundStatus::Applied | RefundStatus::Refunding => None,
    }
}

fn last_ended(shop: &ShopOrder) -> Option<&Refund> {
    shop.refunds.iter().filter(|refund| !is_open(refund)).max_by_key(|refund| ended_at(refund))
}

fn refund_axis(shop: &ShopOrder, given_back: bool) -> RefundAxis {
    let any = |status| shop.refunds.iter().any(|refund| refund.status == status);
    if any(RefundStatus::Refunding) {
        return RefundAxis::Refunding;
    }
    if any(RefundStatus::Applied) {
        return RefundAxis::Applied;
    }
    if given_back {
        return RefundAxis::Refunded;
    }
    match last_ended(shop).map(|refund| refund.status) {
        Some(RefundStatus::Rejected) => RefundAxis::Rejected,
        Some(RefundStatus::Failed) => RefundAxis::Failed,
        Some(
            RefundStatus::Applied
            | RefundStatus::Refunding
            | RefundStatus::Refunded
            | RefundStatus::Withdrawn,
        )
        | None => RefundAxis::None,
    }
}

fn store_status(axes: &Axes, shop: &ShopOrder, main: Status, refund: RefundAxis) -> StoreStatus {
    match (main, refund) {
        (_, RefundAxis::Applied | RefundAxis::Refunding) => return StoreStatus::Refunding,
        (Status::Closed, _) => return StoreStatus::Refunded,
        (Status::Cancelled, _) => return StoreStatus::Revoked,
        (_, RefundAxis::Rejected | RefundAxis::Failed) if !went_on_since_refund(shop) => {
            return StoreStatus::RefundFailed;
        }
        (Status::Paid | Status::Shipped | Status::Received | Status::Completed, _) => {
            return StoreStatus::Paid;
        }
        (Status::Created, _) => {}
    }
    match (axes.revoke, axes.payment) {
        (RevokeStatus::Revoking, _) => StoreStatus::Revoking,
        (RevokeStatus::RevokeFailed, _) => StoreStatus::RevokeFailed,
        (_, PaymentStatus::Paying) => StoreStatus::Paying,
        (_, PaymentStatus::Failed) => StoreStatus::PayFailed,
        (
            RevokeStatus::None | RevokeStatus::Revoked,
            PaymentStatus::Unpaid | PaymentStatus::Paid,
        ) => StoreStatus::Unpaid,
    }
}

/// Whether fulfilment took a step after the last refund ended. Settlement is none: it moves no goods.
fn went_on_since_refund(shop: &ShopOrder) -> bool {
    let shipments = shop.shipments.iter().filter(|parcel| parcel.has_left());
    let shipments = shipments.map(|parcel| parcel.at);
    let steps = shop.delivery.iter().map(|step| step.at);
    let received = received_at(shop);
    let shipped = reported_as(shop, Status::Shipped);
    let last_step = shipments.chain(steps).chain(received).chain(shipped).max();
    last_step > last_ended(shop).and_then(ended_at)
}

fn delivery_status(shop: &ShopOrder) -> Option<DeliveryStatus> {
    (shop.fulfilment == Fulfilment::Takeaway).then(|| {
        let reached = shop.delivery.iter().map(|step| step.status).max();
        reached.unwrap_or(DeliveryStatus::AwaitingAcceptance)
    })
}

fn cancel_kind(tree: &Tree, shop: &ShopOrder, store: StoreStatus) -> Option<CancelKind> {
    use ActorKind::{Buyer, Courier, Gateway, Seller, Store, System, Till, Timer};
    match store {
        StoreStatus::Revoked => {
            let revoked_by = match &tree.payment.revoke {
                Revoke::Revoked { by, .. } => Some(*by),
                Revoke::None | Revoke::Revoking { .. } | Revoke::Failed { .. } => None,
            };
            // What was dropped before the rest was revoked had its end by who dropped it.
            Some(match shop.dropped_by.or(revoked_by)? {
                Timer | System => CancelKind::SystemRevoke,
                Buyer => CancelKind::CustomerRevoke,
                Seller | Store | Till | Courier | Gateway => CancelKind::StoreRevoke,
            })
        }
        StoreStatus::Refunded => {
            let last = done_with_goods(shop).max_by_key(|refund| refund.ended_at)?;
            Some(match last.by {
                Timer | System => CancelKind::SystemRefund,
                Buyer => CancelKind::CustomerRefund,
                Seller | Store | Till | Courier | Gateway => CancelKind::StoreRefund,
            })
        }
        StoreStatus::Unpaid
        | StoreStatus::Paying
        | StoreStatus::Paid
        | StoreStatus::PayFailed
        | StoreStatus::Revoking
        | StoreStatus::RevokeFailed
        | StoreStatus::Refunding
        | StoreStatus::RefundFailed => None,
    }
}

fn till_status(
    shop: &ShopOrder,
    main: Status,
    store: StoreStatus,
    delivery: Option<DeliveryStatus>,
) -> Option<TillStatus> {
    use DeliveryStatus as D;
    match store {
        StoreStatus::Unpaid
        | StoreStatus::Paying
        | StoreStatus::PayFailed
        | StoreStatus::Revoking
        | StoreStatus::RevokeFailed => return None,
        StoreStatus::Revoked => return Some(TillStatus::Cancelled),
        StoreStatus::Refunding => return Some(TillStatus::Refunding),
        StoreStatus::Refunded => return Some(TillStatus::Returned),
        StoreStatus::Paid | StoreStatus::RefundFailed => {}
    }
    if main == Status::Completed || shop.fulfilment == Fulfilment::Counter {
        return Some(TillStatus::Done);
    }
    Some(match (delivery, main) {
        (Some(D::Prepared), _) => TillStatus::Prepared,
        (Some(D::AwaitingCourier), _) => TillStatus::Waiting,
        (Some(D::PickedUp), _) | (None, Status::Shipped) => TillStatus::Delivering,
        (Some(D::Delivered), _) | (None, Status::Received) => TillStatus::Arrived,
        (Some(D::AwaitingAcceptance | D::Accepted | D::Unprepared), _)
        | (
            None,
            Status::Created | Status::Cancelled | Status::Paid | Status::Closed | Status::Completed,
        ) => TillStatus::Paid,
    })
}

/// 0 none, 1 open, 2 last one done and more possible, 3 closed for good without a successful one, 4 with one.
fn reverse_status(shop: &ShopOrder, main: Status) -> u8 {
    let over = matches!(main, Status::Completed | Status::Closed | Status::Cancelled);
    match () {
        () if shop.refunds.is_empty() => 0,
        () if shop.refunds.iter().any(is_open) => 1,
        () if !over => 2,
        () if done(shop).next().is_some() => 4,
        () => 3,
    }
}

fn cancelled_at(tree: &Tree, shop: &ShopOrder, dropped_at: Option<Time>) -> Option<Time> {
    let revoked_at = match &tree.payment.revoke {
        Revoke::Revoked { at, .. } => Some(*at),
        Revoke::None | Revoke::Revoking { .. } | Revoke::Failed { .. } => None,
    };
    dropped_at.or_else(|| reported_as(shop, Status::Cancelled)).or(revoked_at)
}

fn reported_as(shop: &ShopOrder, status: Status) -> Option<Time> {
    shop.reported.filter(|reported| reported.status == status).map(|reported| reported.at)
}

/// When the last unit of goods left, as far as a fact says it.
fn left_at(shop: &ShopOrder, of_line: impl Fn(&crate::tree::Line) -> bool) -> Option<Time> {
    let parcels = shop.shipments.iter().filter(|parcel| parcel.has_left());
    let parcels = parcels.filter(|parcel| parcel.lines.iter().any(&of_line));
    let picked_up =
        shop.delivery.iter().filter(|s| s.status == DeliveryStatus::PickedUp).map(|step| step.at);
    let by_fact = parcels.map(|parcel| parcel.at).chain(picked_up).max();
    by_fact
        .or_else(|| reported_as(shop, Status::Shipped))
        .or_else(|| shop.received.map(|received| received.at))
}

fn shop_times(
    tree: &Tree,
    axes: &Axes,
    shop: &ShopOrder,
    status: Status,
    given_back: bool,
) -> Times {
    if shop.dropped_at.is_some() {
        return Times { cancelled_at: shop.dropped_at, ..Times::default() };
    }
    let left =
        matches!(status, Status::Shipped | Status::Received | Status::Completed | Status::Closed);
    Times {
        paid_at: axes.paid_at,
        shipped_at: left_at(shop, |_| true).filter(|_| left),
        received_at: received_at(shop),
        cancelled_at: cancelled_at(tree, shop, None),
        refunded_at: done_with_goods(shop)
            .filter_map(|refund| refund.ended_at)
            .max()
            .filter(|_| given_back),
        settled_at: shop.settled_at.or_else(|| reported_as(shop, Status::Completed)),
    }
}

fn received_at(shop: &ShopOrder) -> Option<Time> {
    shop.received.map(|received| received.at).or_else(|| reported_as(shop, Status::Received))
}

fn item_times(tree: &Tree, axes: &Axes, shop: &ShopOrder, item: &ItemOrder, units: Goods) -> Times {
    if item.dropped_at.is_some() {
        return Times { cancelled_at: item.dropped_at, ..Times::default() };
    }
    let went = units.shipped > Quantity::ZERO;
    let refunds =
        done(shop).filter(|refund| refund.lines.iter().any(|line| line.order_id == item.id));
    Times {
        paid_at: axes.paid_at,
        shipped_at: left_at(shop, |line| line.order_id == item.id)
            .filter(|_| went && units.left_to_ship() == Quantity::ZERO),
        received_at: received_at(shop).filter(|_| went),
        cancelled_at: cancelled_at(tree, shop, None),
        refunded_at: refunds
            .filter_map(|refund| refund.ended_at)
            .max()
            .filter(|_| units.all_given_back()),
        settled_at: shop.settled_at.filter(|_| went),
    }
}
