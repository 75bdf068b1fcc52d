//! One line of an import: an order as the API shows it with `expand=tree`, read as what has happened.
//!
//! Every field that our own view writes is known here. Facts are taken (lines, amounts, payments, parcels,
//! times); what is derived from facts is let pass, since it is derived again. Nodes that were dropped from
//! the order count for nothing and are left out. People's data that comes masked is not taken for theirs.

use crate::document::{self, Node};
use crate::kinds;
use crate::market::Markets;
use crate::person::Person;
use crate::placement::{self, ShopRead};
use crate::reader::{Fields, Reader, Source, Unreadable, read_node};
use docket_domain::placement::{LINES_MAX, PlacedItem, SHOPS_MAX};
use docket_domain::record::{Report, ReportedPayment, ReportedShipment, ReportedShop};
use docket_domain::tree::{Home, Received};
use docket_domain::words::{Fulfilment, OrderType, ReceiveType, Status};
use docket_domain::{Amount, Currency, Quantity, Time};
use std::fmt::Write as _;

/// An order that was reported, as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// What the source says of the order.
    pub report: Report,
    /// People's data, to be sealed; empty where it was masked.
    pub person: Person,
}

/// Reads one JSON line; `issuer` vouches for it.
pub fn read(line: &[u8], markets: &Markets, issuer: &str) -> Result<Recorded, Unreadable> {
    read_tree(document::parse(line).map_err(Unreadable::NotJson)?, markets, issuer)
}

/// Reads a tree that is parsed already, such as one that a mapping made of CSV rows.
pub fn read_tree(node: Node<'_>, markets: &Markets, issuer: &str) -> Result<Recorded, Unreadable> {
    read_node(node, Source::Record, |fields| report(fields, markets, issuer))
}

/// What the tree says where a shop order says nothing itself.
#[derive(Debug, Clone, Copy)]
struct Said {
    status: Option<Status>,
    shipped_at: Option<Time>,
    received_at: Option<Time>,
    cancelled_at: Option<Time>,
    settled_at: Option<Time>,
}

impl Said {
    fn read(fields: &mut Fields<'_, '_>) -> Self {
        Self {
            status: fields.optional("status", kinds::word),
            shipped_at: fields.optional("shipped_at", kinds::time),
            received_at: fields.optional("received_at", kinds::time),
            cancelled_at: fields.optional("cancelled_at", kinds::time),
            settled_at: fields.optional("settled_at", kinds::time),
        }
    }

    /// What a shop order says itself, or else its tree. A shop order with a status says all there is.
    fn or(self, tree: Self) -> Self {
        if self.status.is_some() {
            return self;
        }
        Self {
            status: tree.status,
            shipped_at: self.shipped_at.or(tree.shipped_at),
            received_at: self.received_at.or(tree.received_at),
            cancelled_at: self.cancelled_at.or(tree.cancelled_at),
            settled_at: self.settled_at.or(tree.settled_at),
        }
    }
}

fn report(fields: &mut Fields<'_, '_>, markets: &Markets, issuer: &str) -> Option<Recorded> {
    let said = Said::read(fields);
    let home = fields.optional("home", home);
    let created_at = fields.optional("created_at", kinds::time);
    let paid_at = fields.optional("paid_at", kinds::time);
    let payment_status = fields.optional("payment_status", kinds::word);
    let total = fields.nullable("payable", kinds::amount);
    let payments = fields
        .optional("payments", |reader, node| {
            reader.list(node, LINES_MAX, |reader, node| reader.object(node, payment))
        })
        .unwrap_or_default();
    ignore_derived(fields);
    fields.ignore(&["attempts", "refunds_due", "anomalies", "call_no", "receipt_no"]);
    // The sum of the shop orders' freights.
    fields.ignore(&["freight"]);
    fields.ignore(&["paid", "revoke_status", "terms_version", "version", "visible", "expire_at"]);
    let mut reported = Vec::new();
    let (placement, mut person) = placement::tree(fields, markets, |fields, order_type| {
        let (shops, said) = shops(fields, order_type, said, &payments)?.into_iter().unzip();
        reported = said;
        Some(shops)
    })?;
    if person.buyer.looks_masked() {
        person.buyer = crate::person::Contact::default();
    }
    let currency = placement.currency;
    let payments = payments.into_iter().map(|payment| payment.of(currency, paid_at));
    let report = Report {
        home: home.unwrap_or_default(),
        issuer: issuer.to_owned(),
        created_at,
        payments: payments.collect(),
        payment_status,
        shops: reported,
        total: total.or(placement.expected_total.map(Amount::of)).unwrap_or(Amount::UNKNOWN),
        placement,
    };
    Some(Recorded { report, person })
}

/// Fields of every node that follow from facts, and our own numbers, which an import gives anew.
fn ignore_derived(fields: &mut Fields<'_, '_>) {
    fields.ignore(&[
        "order_id",
        "level",
        "store_status",
        "price",
        "refunded",
        "to_pay",
        "deadline",
    ]);
    fields.ignore(&["updated_at", "receive_by", "extended_by", "refunded_at"]);
}

fn home(reader: &mut Reader, node: Node<'_>) -> Option<Home> {
    let word = kinds::words(reader, node)?;
    let home = Home::from_word(&word);
    home.or_else(|| {
        reader.wrong("not_a_word", "must be one of: center, sites, branch:NAME, channel:SHOP")
    })
}

/// A payment as a source names it; currency and time may follow from its tree.
struct Named {
    tender: String,
    reference: String,
    amount: i64,
    currency: Option<Currency>,
    paid_at: Option<Time>,
}

impl Named {
    fn of(self, currency: Currency, paid_at: Option<Time>) -> ReportedPayment {
        ReportedPayment {
            tender: self.tender,
            reference: self.reference,
            amount: self.amount,
            currency: self.currency.unwrap_or(currency),
            paid_at: self.paid_at.or(paid_at),
        }
    }
}

fn payment(fields: &mut Fields<'_, '_>) -> Option<Named> {
    let tender = fields.required("tender", kinds::identifier);
    let reference = fields.required("reference", kinds::identifier);
    let amount = fields.required("amount", kinds::known_amount);
    let currency = fields.optional("currency", kinds::currency);
    let paid_at = fields.optional("paid_at", kinds::time);
    fields.ignore(&["payment_id", "terms_version", "refunded"]);
    Some(Named { tender: tender?, reference: reference?, amount: amount?, currency, paid_at })
}

/// Reads the shop orders that were not dropped.
fn shops(
    fields: &mut Fields<'_, '_>,
    order_type: OrderType,
    tree: Said,
    payments: &[Named],
) -> Option<Vec<(ShopRead, ReportedShop)>> {
    let given = fields.has("shops");
    let shops = fields.optional("shops", |reader, node| {
        reader.list(node, SHOPS_MAX, |reader, node| {
            reader.object(node, |fields| shop(fields, order_type, tree, payments))
        })
    });
    if given && shops.is_none() {
        return None;
    }
    let kept = shops.into_iter().flatten().filter(|shop| !shop.dropped);
    let kept: Vec<_> = kept.map(|shop| (shop.read, shop.reported)).collect();
    if kept.is_empty() {
        return fields.wrong("shops", "no_lines", no_lines(payments));
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

fn shop(
    fields: &mut Fields<'_, '_>,
    order_type: OrderType,
    tree: Said,
    payments: &[Named],
) -> Option<Shop> {
    let said = Said::read(fields).or(tree);
    let receive_type = fields.optional("receive_type", kinds::word);
    let dropped_at = fields.optional("dropped_at", kinds::time);
    ignore_derived(fields);
    fields.ignore(&["till_status", "delivery_status", "delivery", "refund_status", "settlement"]);
    fields.ignore(&[
        "cancel_kind",
        "reverse_status",
        "freight_shares",
        "seller_comment",
        "refunds",
    ]);
    fields.ignore(&["created_at", "paid_at"]);
    let lines = lines(fields, payments);
    let shipments = fields.optional("shipments", |reader, node| {
        reader.list(node, LINES_MAX, |reader, node| {
            reader.object(node, |fields| Some(shipment(fields, lines.as_deref())))
        })
    });
    let items = lines.map(|lines| lines.into_iter().map(|line| line.item).collect());
    let (mut shop, ship_to) = placement::shop(fields, order_type, items)?;
    let ship_to = ship_to.filter(|ship_to| !ship_to.looks_masked());
    shop.has_ship_to = ship_to.is_some();
    let by = receive_type.unwrap_or(match shop.fulfilment {
        Fulfilment::Counter => ReceiveType::Store,
        _ => ReceiveType::Buyer,
    });
    let shipments = shipments.unwrap_or_default();
    let reported = ReportedShop {
        status: said.status,
        shipped_at: said.shipped_at.filter(|_| shipments.is_empty()),
        shipments,
        received: said.received_at.map(|at| Received { at, by }),
        cancelled_at: said.cancelled_at,
        settled_at: said.settled_at,
    };
    let dropped = dropped_at.is_some() || shop.items.is_empty();
    Some(Shop { dropped, read: (shop, ship_to), reported })
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

/// A line, and the number its parcels name it by.
struct Line {
    order_id: Option<String>,
    dropped: bool,
    item: PlacedItem,
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
    fields.ignore(&["settled_at", "now_price", "shares", "refunded_quantity", "weighed_as"]);
    fields.ignore(&["rate_status", "rates"]);
    Some(Line { order_id, dropped, item: placement::item(fields)? })
}

fn shipment(fields: &mut Fields<'_, '_>, lines: Option<&[Line]>) -> ReportedShipment {
    let carrier = fields.optional("carrier", kinds::title);
    let tracking = fields.optional("tracking", kinds::identifier);
    let at = fields.optional("at", kinds::time);
    fields.ignore(&["shipment_id"]);
    let inside = fields.optional("lines", |reader, node| {
        reader.list(node, LINES_MAX, |reader, node| {
            reader.object(node, |fields| shipped_line(fields, lines))
        })
    });
    ReportedShipment { carrier, tracking, at, lines: inside.unwrap_or_default() }
}

/// Reads one line of a parcel: which line of its shop order, and how much of it (all, if left out).
fn shipped_line(fields: &mut Fields<'_, '_>, lines: Option<&[Line]>) -> Option<(usize, Quantity)> {
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
