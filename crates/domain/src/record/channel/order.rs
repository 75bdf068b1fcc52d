//! What a channel says of the order: its statuses, its labels, what its lines are called, and what has happened.

use super::find;
use super::register::{Turn, stamped};
use super::report::{LineHeard, OrderHeard};
use crate::tree::{ChannelStatus, HeardLine, Received, Stamp, When};
use crate::words::{PaymentStatus, ReceiveType, Status};
use crate::{ItemOrder, Quantity, ShopOrder, Time, Tree};

/// Takes down `told` of the shop order at `at`; its lines and quantities are there already.
pub(super) fn take_down(tree: &mut Tree, at: usize, told: &OrderHeard, created_at: Option<Time>) {
    labels(tree, at, told);
    let shop = &mut tree.shops[at];
    for line in &told.lines {
        let Some(item) = find(shop, &line.external_id) else { continue };
        names(&mut shop.items[item], line, told.stamp);
        happened_to(&mut shop.items[item], line, told);
    }
    happened(shop, told);
    paid(tree, told.payment_status);
    created(tree, at, created_at, told.stamp);
}

/// The moment by which what `stamp` tells had happened.
fn by(stamp: Stamp) -> Time {
    stamp.updated_at.unwrap_or(stamp.read_at)
}

/// The word of the channel and the labels: of the newest report.
fn labels(tree: &mut Tree, at: usize, told: &OrderHeard) {
    let shop = &mut tree.shops[at];
    let mut heard = shop.heard.unwrap_or_default();
    let turn = Turn::of(heard.order, told.stamp);
    let mut word = shop.channel_status.take();
    let known_at = word.as_ref().map(|known| known.at);
    let mut text = word.take().map(|known| known.word).unwrap_or_default();
    let mut changed = turn.settle(&mut text, &told.channel_status);
    changed |= turn.settle(&mut shop.tags, &told.tags);
    changed |= turn.settle_free(&mut tree.payment.extra, told.extra.as_ref());
    let stamp = stamped(heard.order, told.stamp, turn, changed);
    let at = if stamp == heard.order { known_at } else { None };
    shop.channel_status = Some(ChannelStatus { word: text, at: at.unwrap_or(told.stamp.read_at) });
    heard.order = stamp;
    // Whether a reply without an update time is of before or after what is known, nobody can say.
    if told.stamp.updated_at.is_some() {
        heard.furthest = heard.furthest.max(told.stamp.rank);
    }
    shop.heard = Some(heard);
}

/// What a line is called, where that is told.
fn names(item: &mut ItemOrder, told: &LineHeard, stamp: Stamp) {
    let mut heard = item.heard.unwrap_or_default();
    let mut named = heard.named.or(heard.order).filter(|_| item.title.is_some());
    if told.title.is_some() {
        let turn = Turn::of(named, stamp);
        let mut changed = turn.settle(&mut item.sku_id, &told.sku_id);
        changed |= turn.settle(&mut item.item_id, &told.item_id);
        changed |= turn.settle(&mut item.title, &told.title);
        changed |= turn.settle(&mut item.image, &told.image);
        changed |= turn.settle_free(&mut item.attributes, told.attributes.as_ref());
        named = stamped(named, stamp, turn, changed);
    }
    heard.named = named.filter(|_| named != heard.order);
    item.heard = Some(heard);
}

/// What has happened to a line: it stays, whoever tells less of it.
fn happened_to(item: &mut ItemOrder, line: &LineHeard, told: &OrderHeard) {
    let has_left = matches!(
        line.status.or(told.status),
        Some(Status::Shipped | Status::Received | Status::Completed)
    );
    if has_left {
        let when = line.shipped.or(told.shipped).unwrap_or(When::by(by(told.stamp)));
        let heard = item.heard.get_or_insert_with(HeardLine::default);
        heard.sent = When::join_all(heard.sent, Some(when));
    }
}

/// What has happened to the order.
fn happened(shop: &mut ShopOrder, told: &OrderHeard) {
    if matches!(told.status, Some(Status::Received | Status::Completed)) {
        let when = told.received.unwrap_or(When::by(by(told.stamp)));
        let known = shop.received.map(|known| When { at: known.at, by_then: known.by_then });
        let by = shop.received.map_or(ReceiveType::Courier, |known| known.by);
        let When { at, by_then } = When::join_all(known, Some(when)).unwrap_or(when);
        shop.received = Some(Received { at, by_then, by });
    }
    let whole = told.status == Some(Status::Cancelled) || told.cancelled_at.is_some();
    let some = told.lines.iter().any(|line| line.cancelled > Quantity::ZERO);
    if whole || some {
        let heard = shop.heard.get_or_insert_default();
        let at = told.cancelled_at.unwrap_or(by(told.stamp));
        heard.cancelled |= whole;
        heard.cancelled_at = Some(heard.cancelled_at.map_or(at, |known| known.min(at)));
    }
}

/// The furthest that any report says of its payment.
fn paid(tree: &mut Tree, told: Option<PaymentStatus>) {
    let known = tree.payment.reported_payment;
    tree.payment.reported_payment = super::super::facts::further_payment(known, told);
}

/// When it was placed: a moment that is told, else the earliest by which it was there.
fn created(tree: &mut Tree, at: usize, told: Option<Time>, stamp: Stamp) {
    let told = told.map_or(When::by(by(stamp)), When::at);
    let heard = tree.shops[at].heard.get_or_insert_default();
    let known = When { at: tree.payment.created_at, by_then: heard.created_by_then };
    let When { at: moment, by_then } = known.join(told);
    heard.created_by_then = by_then;
    tree.payment.created_at = moment;
    tree.shops.iter_mut().for_each(|shop| shop.created_at = moment);
}
