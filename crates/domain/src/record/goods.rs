//! What a report says of the goods of one shop order: parcels, receipt, settlement, and the bare status word
//! where it names no fact.

use super::times::Untimed;
use super::{Copy, Place, ReportedShipment, ReportedShop, anomalies, facts};
use crate::decide::Context;
use crate::tree::{DeliveryStep, Line, Reported, Shipment};
use crate::words::{AnomalyKind, DeliveryStatus, Fulfilment, ParcelState, RefundStatus, Status};
use crate::{Id, Quantity, ShopOrder, Time, status};
use serde_json::json;

/// Takes down what `told` says of the shop order at `place`.
pub(super) fn take_down(copy: &mut Copy, place: &Place, told: &ReportedShop, cx: &mut Context<'_>) {
    let mut too_much = Vec::new();
    let shop = &mut copy.tree.shops[place.shop];
    let mut goods = Goods { shop, untimed: &mut copy.untimed, taken: Vec::new() };
    for parcel in &told.shipments {
        let lines = goods.lines_of(parcel, place, &mut too_much);
        goods.parcel(parcel, lines, told.shipped_at, cx);
    }
    if let Some(at) = told.shipped_at {
        goods.shipped_at(at, cx);
    }
    for step in &told.delivery {
        goods.step(step.clone());
    }
    if let Some(received) = told.received {
        goods.shop.received.get_or_insert(received);
        goods.step(step(DeliveryStatus::Delivered, received.at));
    }
    if goods.shop.settled_at.is_none() {
        goods.shop.settled_at = told.settled_at;
    }
    goods.word(told);
    goods.rest(told, place);
    for (line, reported) in too_much {
        let detail =
            json!({"field": "shipments", "order_id": line, "reported": reported.to_string()});
        anomalies::note(&mut copy.tree, AnomalyKind::SumMismatch, detail, cx.at);
    }
}

struct Goods<'a> {
    shop: &'a mut ShopOrder,
    untimed: &'a mut Untimed,
    /// Parcels that this report has named already.
    taken: Vec<Id>,
}

impl Goods<'_> {
    /// The lines of a parcel, none above what was ordered; empty where the report does not tell them.
    fn lines_of(
        &self,
        parcel: &ReportedShipment,
        place: &Place,
        too_much: &mut Vec<(Id, Quantity)>,
    ) -> Vec<Line> {
        let mut lines = Vec::with_capacity(parcel.lines.len());
        for (index, quantity) in &parcel.lines {
            let item = place.items.get(*index).and_then(|at| self.shop.items.get(*at));
            let Some(item) = item.filter(|_| *quantity > Quantity::ZERO) else { continue };
            if *quantity > item.quantity {
                too_much.push((item.id, *quantity));
            }
            lines.push(Line { order_id: item.id, quantity: (*quantity).min(item.quantity) });
        }
        lines
    }

    /// One parcel: the same again (by the number of its marketplace, else by tracking, else by content), the one so far
    /// only known to have left, or new. In one that is void is nothing.
    fn parcel(
        &mut self,
        told: &ReportedShipment,
        lines: Vec<Line>,
        shipped_at: Option<Time>,
        cx: &mut Context<'_>,
    ) {
        let everything = everything(self.shop);
        let at = told.at.or(shipped_at);
        let is_whole = lines.is_empty() && told.state != ParcelState::Void;
        let content = if is_whole { &everything } else { &lines };
        let same = |parcel: &Shipment| match (&told.package, &told.tracking) {
            (Some(_), _) => parcel.package == told.package,
            (None, Some(_)) => parcel.tracking == told.tracking,
            (None, None) => {
                parcel.tracking.is_none()
                    && parcel.carrier == told.carrier
                    && parcel.lines == *content
            }
        };
        let free = |parcel: &&mut Shipment| !self.taken.contains(&parcel.shipment_id);
        let mut found = self.shop.shipments.iter_mut().filter(free).find(|parcel| same(parcel));
        if found.is_none() && told.state == ParcelState::Left {
            let bare = |parcel: &&mut Shipment| is_bare(parcel, &everything);
            found = self.shop.shipments.iter_mut().filter(free).find(bare);
        }
        let Some(parcel) = found else {
            let shipment_id = (cx.next_id)();
            if at.is_none() && told.state == ParcelState::Left {
                self.untimed.shipment(shipment_id);
            }
            self.taken.push(shipment_id);
            self.shop.shipments.push(Shipment {
                shipment_id,
                package: told.package.clone(),
                carrier: told.carrier.clone(),
                tracking: told.tracking.clone(),
                at: at.unwrap_or(self.shop.created_at),
                by_then: told.by_then,
                state: told.state,
                heard_at: None,
                lines: content.clone(),
            });
            return;
        };
        self.taken.push(parcel.shipment_id);
        if parcel.package.is_none() {
            parcel.package.clone_from(&told.package);
        }
        if parcel.carrier.is_none() {
            parcel.carrier.clone_from(&told.carrier);
        }
        if parcel.tracking.is_none() {
            parcel.tracking.clone_from(&told.tracking);
        }
        if parcel.lines == everything && !lines.is_empty() {
            parcel.lines = lines;
        }
        if let Some(at) = at
            && self.untimed.learn_shipment(parcel.shipment_id)
        {
            parcel.at = at;
        }
    }

    /// The goods left then; in which parcels is told elsewhere or not at all.
    fn shipped_at(&mut self, at: Time, cx: &mut Context<'_>) {
        if self.shop.fulfilment == Fulfilment::Takeaway {
            self.step(step(DeliveryStatus::PickedUp, at));
            return;
        }
        for parcel in &mut self.shop.shipments {
            if self.untimed.learn_shipment(parcel.shipment_id) {
                parcel.at = at;
            }
        }
        if self.shop.shipments.is_empty() {
            let shipment_id = (cx.next_id)();
            let lines = everything(self.shop);
            self.shop.shipments.push(Shipment {
                shipment_id,
                package: None,
                carrier: None,
                tracking: None,
                at,
                by_then: false,
                state: ParcelState::Left,
                heard_at: None,
                lines,
            });
        }
    }

    /// A step of the delivery axis, at its place among those known.
    fn step(&mut self, told: DeliveryStep) {
        let steps = &mut self.shop.delivery;
        if self.shop.fulfilment == Fulfilment::Takeaway
            && steps.iter().all(|step| step.status != told.status)
        {
            let place = steps.partition_point(|step| step.status < told.status);
            steps.insert(place, told);
        }
    }

    /// What moves no goods: days of grace, words, ratings, the scales. What is known stays, more wins over less.
    fn rest(&mut self, told: &ReportedShop, place: &Place) {
        self.shop.extended_by = self.shop.extended_by.max(told.extended_by);
        if self.shop.seller_comment.is_none() {
            self.shop.seller_comment.clone_from(&told.seller_comment);
        }
        if self.shop.channel_status.is_none() {
            self.shop.channel_status.clone_from(&told.channel_status);
        }
        for (told, at) in told.lines.iter().zip(&place.items) {
            let Some(item) = self.shop.items.get_mut(*at) else { continue };
            item.weighed_as = item.weighed_as.or(told.weighed_as);
            if item.external_id.is_none() {
                item.external_id.clone_from(&told.external_id);
            }
            item.cancelled_quantity = item.cancelled_quantity.max(told.cancelled_quantity);
            if told.rates.len() > item.rates.len() {
                item.rates.clone_from(&told.rates);
            }
        }
    }

    /// The status word, joined with the one known: the most advanced wins, and a cancel over all.
    fn word(&mut self, told: &ReportedShop) {
        let cancelled = told.cancelled_at.is_some();
        let (status, at) = match told.status {
            Some(Status::Closed) => (Status::Closed, told.cancelled_at),
            Some(Status::Cancelled) => (Status::Cancelled, told.cancelled_at),
            _ if cancelled => (Status::Cancelled, told.cancelled_at),
            Some(Status::Created) | None => return,
            Some(status) => (status, None),
        };
        let known = self.shop.reported;
        let known_at =
            known.filter(|_| !self.untimed.is_reported(self.shop.id)).map(|known| known.at);
        let furthest = known.map_or(status, |known| further(known.status, status));
        // The time of a cancel holds, whichever of its two words is the truer one; the others have none.
        let at = if is_cancel(furthest) { known_at.or(at) } else { None };
        let guess = at.unwrap_or(self.shop.created_at);
        if at.is_some() {
            self.untimed.learn_reported(self.shop.id);
        } else {
            self.untimed.reported(self.shop.id);
        }
        self.shop.reported = Some(Reported { status: furthest, at: guess });
    }
}

/// Forgets status words that facts say as well: without a time of their own they add nothing. A cancel stays. An
/// order that was revoked, or a shop order of which all was given back, has come to its end: no word adds to it, but
/// that it was cancelled before anybody paid.
pub(super) fn forget_what_facts_say(copy: &mut Copy) {
    let standing = status::of(&copy.tree);
    let is_covered = standing.payable.known().is_some_and(|payable| standing.paid >= payable);
    let (is_revoked, has_money) = (facts::is_revoked(&copy.tree), facts::has_money(&copy.tree));
    for shop in &mut copy.tree.shops {
        let at_least = |reached: Status| match reached {
            Status::Completed => shop.settled_at.is_some(),
            Status::Received => shop.received.is_some(),
            Status::Shipped => is_all_shipped(shop),
            _ => is_covered,
        };
        let further = [Status::Paid, Status::Shipped, Status::Received, Status::Completed];
        let all_given_back = status::all_given_back(shop);
        let said = shop.reported.is_some_and(|Reported { status: word, .. }| {
            let is_cancelled_unpaid = word == Status::Cancelled && !has_money;
            is_revoked
                || (all_given_back && !is_cancelled_unpaid)
                || (!is_cancel(word)
                    && further.into_iter().any(|status| status >= word && at_least(status)))
        });
        if said {
            shop.reported = None;
            copy.untimed.learn_reported(shop.id);
        }
    }
}

/// Whether every unit left, but those that were given back before they did.
fn is_all_shipped(shop: &ShopOrder) -> bool {
    let sent = |item: Id| -> Quantity {
        let parcels = shop.shipments.iter().filter(|parcel| parcel.has_left());
        let lines = parcels.flat_map(|parcel| &parcel.lines);
        lines.filter(|line| line.order_id == item).map(|line| line.quantity).sum()
    };
    let kept = |item: Id| -> Quantity {
        let done = shop.refunds.iter().filter(|refund| refund.status == RefundStatus::Refunded);
        let lines = done.flat_map(|refund| &refund.lines).filter(|line| line.order_id == item);
        lines.map(|line| line.quantity - line.shipped).sum()
    };
    let picked_up = |step: &DeliveryStep| step.status >= DeliveryStatus::PickedUp;
    shop.delivery.iter().any(picked_up)
        || everything(shop)
            .iter()
            .all(|line| sent(line.order_id) + kept(line.order_id) >= line.quantity)
}

fn step(status: DeliveryStatus, at: Time) -> DeliveryStep {
    DeliveryStep { status, at, courier: None }
}

/// Everything that was ordered: the content of a parcel that nobody described.
fn everything(shop: &ShopOrder) -> Vec<Line> {
    let kept = shop.items.iter().filter(|item| item.dropped_at.is_none());
    kept.map(|item| Line { order_id: item.id, quantity: item.quantity }).collect()
}

/// A parcel of which only is known that everything left.
fn is_bare(parcel: &Shipment, everything: &[Line]) -> bool {
    parcel.carrier.is_none() && parcel.tracking.is_none() && parcel.lines == everything
}

/// Whether a status word means that the order ended before its goods did.
pub(super) const fn is_cancel(status: Status) -> bool {
    matches!(status, Status::Cancelled | Status::Closed)
}

const fn further(a: Status, b: Status) -> Status {
    if rank(a) >= rank(b) { a } else { b }
}

/// How far a reported status word is: a cancel wins over the goods, and money that went back over none.
const fn rank(status: Status) -> u8 {
    match status {
        Status::Created => 0,
        Status::Paid => 1,
        Status::Shipped => 2,
        Status::Received => 3,
        Status::Completed => 4,
        Status::Cancelled => 5,
        Status::Closed => 6,
    }
}
