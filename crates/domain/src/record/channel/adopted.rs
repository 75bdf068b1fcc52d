//! An order of a channel shop that came by another road, such as an import: what is known of it is what was heard, so
//! that the first report of its channel takes nothing back.

use crate::ShopOrder;
use crate::tree::{Heard, HeardLine, Received, Shipment, When};
use crate::words::{ReceiveType, Status};

/// Takes over what is known of a shop order of which nothing was heard yet.
pub(super) fn adopt(shop: &mut ShopOrder, currency_guessed: bool) {
    let mut heard = Heard { currency_guessed, ..Heard::default() };
    let reported = shop.reported.take();
    match reported.map(|reported| reported.status) {
        Some(Status::Cancelled | Status::Closed) => {
            heard.cancelled = true;
            heard.cancelled_at = reported.map(|reported| reported.at);
        }
        Some(Status::Received | Status::Completed) => {
            let at = reported.map_or(shop.created_at, |reported| reported.at);
            shop.received.get_or_insert(Received { at, by_then: true, by: ReceiveType::Courier });
        }
        Some(Status::Created | Status::Paid | Status::Shipped) | None => {}
    }
    let all_left = reported.filter(|reported| reported.status == Status::Shipped);
    let received = shop.received.map(|received| When::by(received.at));
    let whole = When::join_all(received, all_left.map(|reported| When::by(reported.at)));
    for item in shop.items.iter_mut().filter(|item| item.heard.is_none()) {
        let holds = |parcel: &&Shipment| {
            parcel.has_left() && parcel.lines.iter().any(|line| line.order_id == item.id)
        };
        let parcels = || shop.shipments.iter().filter(holds);
        let sent = parcels().map(|parcel| When { at: parcel.at, by_then: parcel.by_then });
        let sent = sent.reduce(When::join).or(whole);
        // How much is in each parcel is known.
        let shares_told = parcels().next().is_some();
        if sent.is_some() {
            item.heard = Some(HeardLine { sent, shares_told, ..HeardLine::default() });
        }
    }
    shop.heard = Some(heard);
}
