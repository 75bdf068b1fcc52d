//! The shop orders of a recorded tree, with their lines, parcels and steps of delivery.

use super::guessed::Guessed;
use super::{Facts, Named, Said, ignore_derived, objects, refund};
use crate::document::Node;
use crate::kinds;
use crate::placement::{self, ShopRead};
use crate::reader::{Fields, Reader};
use docket_domain::placement::{LINES_MAX, PlacedItem, SHOPS_MAX};
use docket_domain::record::{ReportedLine, ReportedShipment, ReportedShop};
use docket_domain::tree::{ChannelStatus, DeliveryStep, Rate, Received};
use docket_domain::words::{Fulfilment, OrderType, ReceiveType, Settlement, Status};
use docket_domain::{Quantity, Time};
use std::fmt::Write as _;

/// What the tree of a shop order says.
pub(super) struct Around<'a> {
    /// Words and times that count where the shop order says nothing itself.
    pub said: Said,
    pub facts: Facts,
    pub guessed: &'a Guessed<'a>,
    /// None where they could not be read; that is told already.
    pub payments: Option<&'a [Named]>,
}

/// Reads the shop orders that were not dropped.
pub(super) fn shops(
    fields: &mut Fields<'_, '_>,
    order_type: OrderType,
    around: &Around<'_>,
) -> Option<Vec<(ShopRead, ReportedShop)>> {
    let given = fields.has("shops");
    let shops = fields.optional("shops", |reader, node| {
        reader.list(node, SHOPS_MAX, |reader, node| {
            reader.object(node, |fields| shop(fields, order_type, around))
        })
    });
    if given && shops.is_none() {
        return None;
    }
    let kept = shops.into_iter().flatten().filter(|shop| !shop.dropped);
    let kept: Vec<_> = kept.map(|shop| (shop.read, shop.reported)).collect();
    if kept.is_empty() {
        return fields.wrong("shops", "no_lines", no_lines(around.payments.unwrap_or_default()));
    }
    Some(kept)
}

/// The sentence for an order without lines, with its payments: money must not get lost with the row.
fn no_lines(payments: &[Named]) -> String {
    let mut sentence = "has no line; an order has at least one".to_owned();
    for (index, Named { tender, reference, amount, currency, .. }) in payments.iter().enumerate() {
        let lead = if index == 0 { "; it names payments: " } else { ", " };
        let currency = currency.map(|currency| format!(" {currency}")).unwrap_or_default();
        write!(sentence, "{lead}{tender} {reference} {amount}{currency}")
            .expect("a String takes every write");
    }
    sentence
}

/// A shop order as it was read.
struct Shop {
    /// It was dropped from the order, or every line of it was.
    dropped: bool,
    read: ShopRead,
    reported: ReportedShop,
}

fn shop(fields: &mut Fields<'_, '_>, order_type: OrderType, around: &Around<'_>) -> Option<Shop> {
    let number = fields.optional("order_id", kinds::identifier);
    let said = Said::read(fields);
    let receive_type = fields.optional("receive_type", kinds::word);
    let settlement = fields.optional("settlement", kinds::word);
    let reported = fields.optional("reported", reported);
    let dropped_at = fields.optional("dropped_at", kinds::time);
    let extended_by = fields.optional("extended_by", days).unwrap_or_default();
    let seller_comment = fields.optional("seller_comment", kinds::words);
    let channel_status = fields.optional("channel_status", channel_status);
    let by_then = fields.optional("received_by_then", kinds::yes_or_no).unwrap_or_default();
    ignore_derived(fields);
    fields.ignore(&["till_status", "delivery_status", "refund_status", "cancel_kind"]);
    fields.ignore(&["reverse_status", "freight_shares", "tax", "created_at", "paid_at"]);
    let lines = lines(fields, around.payments.unwrap_or_default());
    let shipments = objects(fields, "shipments", |fields| {
        Some(shipment(fields, lines.as_deref(), around.guessed))
    });
    let refunds = refund::refunds(fields, lines.as_deref(), around);
    let delivery = objects(fields, "delivery", step);
    let (items, told) =
        lines.map(|lines| lines.into_iter().map(|l| (l.item, l.told)).unzip()).unzip();
    let (mut shop, ship_to) = placement::shop(fields, order_type, items)?;
    let ship_to = ship_to.filter(|ship_to| !ship_to.looks_masked());
    shop.has_ship_to = ship_to.is_some();
    let shipments = shipments.unwrap_or_default();
    let is_guess = around.guessed.names(number.as_deref());
    let by_words = match around.facts {
        Facts::All => of_facts(said, reported, receive_type, settlement, is_guess),
        Facts::Some => of_words(said.or(around.said), receive_type, shop.fulfilment),
    };
    let reported = ReportedShop {
        shipped_at: by_words.shipped_at.filter(|_| shipments.is_empty()),
        shipments,
        delivery: delivery.unwrap_or_default(),
        extended_by,
        refunds,
        seller_comment,
        channel_status,
        received: by_words.received.map(|received| Received { by_then, ..received }),
        lines: told.unwrap_or_default(),
        ..by_words
    };
    let dropped = dropped_at.is_some() || shop.items.is_empty();
    Some(Shop { dropped, read: (shop, ship_to), reported })
}

/// Of a line that shows every fact: what is not received or settled by a fact is so by a word, or not at all.
fn of_facts(
    said: Said,
    reported: Option<(Status, Time)>,
    receive_type: Option<ReceiveType>,
    settlement: Option<Settlement>,
    is_guess: bool,
) -> ReportedShop {
    let received =
        said.received_at.zip(receive_type).map(|(at, by)| Received { at, by_then: false, by });
    let cancelled = reported
        .filter(|(status, _)| matches!(status, Status::Cancelled | Status::Closed) && !is_guess);
    ReportedShop {
        status: reported.map(|(status, _)| status),
        received,
        cancelled_at: cancelled.map(|(_, at)| at),
        settled_at: said.settled_at.filter(|_| settlement == Some(Settlement::Settled)),
        ..ReportedShop::default()
    }
}

/// Of a line that tells some facts: its words and times count for those it does not show.
fn of_words(said: Said, receive_type: Option<ReceiveType>, fulfilment: Fulfilment) -> ReportedShop {
    let by = receive_type.unwrap_or(match fulfilment {
        Fulfilment::Counter => ReceiveType::Store,
        Fulfilment::Parcel | Fulfilment::Takeaway | Fulfilment::Code => ReceiveType::Buyer,
    });
    ReportedShop {
        status: said.status,
        shipped_at: said.shipped_at,
        received: said.received_at.map(|at| Received { at, by_then: false, by }),
        cancelled_at: said.cancelled_at,
        settled_at: said.settled_at,
        ..ReportedShop::default()
    }
}

fn reported(reader: &mut Reader, node: Node<'_>) -> Option<(Status, Time)> {
    reader.object(node, |fields| {
        let status = fields.required("status", kinds::word);
        let at = fields.required("at", kinds::time);
        Some((status?, at?))
    })
}

fn channel_status(reader: &mut Reader, node: Node<'_>) -> Option<ChannelStatus> {
    reader.object(node, |fields| {
        let word = fields.required("word", kinds::identifier);
        let at = fields.required("at", kinds::time);
        Some(ChannelStatus { word: word?, at: at? })
    })
}

fn days(reader: &mut Reader, node: Node<'_>) -> Option<u32> {
    kinds::integer(reader, node, 0, i64::from(u16::MAX)).map(|days| days as u32)
}

fn step(fields: &mut Fields<'_, '_>) -> Option<DeliveryStep> {
    let status = fields.required("status", kinds::word);
    let at = fields.required("at", kinds::time);
    let courier = fields.optional("courier", kinds::title);
    Some(DeliveryStep { status: status?, at: at?, courier })
}

/// Reads the lines that were not dropped. A shop order that never had one is refused.
fn lines(fields: &mut Fields<'_, '_>, payments: &[Named]) -> Option<Vec<Line>> {
    let given = fields.has("items");
    let lines = fields.optional("items", |reader, node| {
        reader.list(node, LINES_MAX, |reader, node| reader.object(node, item))
    });
    match lines {
        Some(lines) if !lines.is_empty() => {
            Some(lines.into_iter().filter(|line| !line.dropped).collect())
        }
        None if given => None,
        _ => fields.wrong("items", "no_lines", no_lines(payments)),
    }
}

/// A line, and the number its parcels and refunds name it by.
pub(super) struct Line {
    order_id: Option<String>,
    dropped: bool,
    item: PlacedItem,
    told: ReportedLine,
}

fn item(fields: &mut Fields<'_, '_>) -> Option<Line> {
    let order_id = fields.optional("order_id", kinds::identifier);
    let dropped = fields.optional("dropped_at", kinds::time).is_some();
    ignore_derived(fields);
    fields.ignore(&[
        "status",
        "created_at",
        "paid_at",
        "shipped_at",
        "received_at",
        "cancelled_at",
    ]);
    fields.ignore(&["settled_at", "extended_by", "now_price", "shares", "refunded_quantity"]);
    // What was taken of stock elsewhere is taken of none here.
    fields.ignore(&["rate_status", "allocations"]);
    let weighed_as = fields.optional("weighed_as", kinds::quantity);
    let rates = objects(fields, "rates", rate);
    let external_id = fields.optional("external_id", kinds::identifier);
    let cancelled_quantity = fields.optional("cancelled_quantity", kinds::quantity);
    let told = ReportedLine {
        external_id,
        cancelled_quantity: cancelled_quantity.unwrap_or_default(),
        weighed_as,
        rates: rates.unwrap_or_default(),
    };
    Some(Line { order_id, dropped, item: placement::item(fields)?, told })
}

fn rate(fields: &mut Fields<'_, '_>) -> Option<Rate> {
    let score = fields.required("score", |reader, node| kinds::integer(reader, node, 1, 5));
    let text = fields.optional("text", kinds::words);
    let at = fields.required("at", kinds::time);
    Some(Rate { score: score? as u8, text, at: at? })
}

fn shipment(
    fields: &mut Fields<'_, '_>,
    lines: Option<&[Line]>,
    guessed: &Guessed<'_>,
) -> ReportedShipment {
    let number = fields.optional("shipment_id", kinds::identifier);
    let package = fields.optional("package", kinds::identifier);
    let carrier = fields.optional("carrier", kinds::title);
    let tracking = fields.optional("tracking", kinds::identifier);
    let at = fields.optional("at", kinds::time).filter(|_| !guessed.names(number.as_deref()));
    let inside = some_of_lines(fields, "lines", lines);
    ReportedShipment {
        package,
        carrier,
        tracking,
        at,
        by_then: fields.optional("by_then", kinds::yes_or_no).unwrap_or_default(),
        state: fields.optional("state", kinds::word).unwrap_or_default(),
        lines: inside.unwrap_or_default(),
    }
}

/// Reads a list of lines of this shop order, each with how much of it (all, if left out).
pub(super) fn some_of_lines(
    fields: &mut Fields<'_, '_>,
    name: &'static str,
    lines: Option<&[Line]>,
) -> Option<Vec<(usize, Quantity)>> {
    objects(fields, name, |fields| one_of_lines(fields, lines))
}

/// Reads which line of its shop order is meant, and how much of it.
pub(super) fn one_of_lines(
    fields: &mut Fields<'_, '_>,
    lines: Option<&[Line]>,
) -> Option<(usize, Quantity)> {
    let order_id = fields.required("order_id", kinds::identifier);
    let quantity = fields.optional("quantity", kinds::quantity);
    // Lines that could not be read are told already.
    let (order_id, lines) = (order_id?, lines?);
    let Some(index) = lines.iter().position(|line| line.order_id.as_ref() == Some(&order_id))
    else {
        return fields.wrong("order_id", "no_such_part", "names no line of this shop order");
    };
    Some((index, quantity.unwrap_or(lines[index].item.quantity)))
}
