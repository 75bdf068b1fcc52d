//! One line of an import: an order as the API shows it with `expand=tree`, read as what has happened.
//!
//! Every field that our own view writes is known here. Facts are taken (lines, amounts, payments, parcels,
//! refunds, times); what is derived from facts is let pass, since it is derived again. Nodes that were dropped
//! from the order count for nothing and are left out. People's data that comes masked is not taken for theirs.
//!
//! A line that shows a number and a level of ours (`order_id` and `level` at the top) comes from a center like
//! this one and shows every fact there is: its statuses and the times that follow from facts are not taken for
//! told. Any other line may tell by words what it has no fact for.

mod guessed;
mod refund;
mod shop;

use crate::document::{self, Node};
use crate::kinds;
use crate::market::Markets;
use crate::person::Person;
use crate::placement;
use crate::reader::{Fields, Reader, Source, Unreadable, read_node};
use docket_domain::record::{Report, ReportedAttempt, ReportedPayment};
use docket_domain::tree::{Anomaly, Home, Revoke};
use docket_domain::words::{AnomalyKind, RevokeStatus, Status};
use docket_domain::{Amount, Currency, Time};
use guessed::Guessed;
use shop::Around;

/// Facts of one kind that an order may have, at most; the length of its line bounds them sooner.
pub(crate) const FACTS_MAX: usize = 10_000;

/// An order that was reported, as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// What the source says of the order.
    pub report: Report,
    /// People's data, to be sealed; empty where it was masked.
    pub person: Person,
}

/// Reads one JSON line; `issuer` vouches for it.
///
/// An order without an `external_id` gets its `order_id` as one: by that the same order of the same file is met
/// again, and whoever knows the old number finds the order. It is unique per channel or issuer like every number
/// of a source, which needs no scope of its own, since a center gives a number once.
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

/// Whether every fact of an order stands in its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Facts {
    /// It comes from a center: what no fact says is not so.
    All,
    /// Words and times count for facts that are not there.
    Some,
}

fn report(fields: &mut Fields<'_, '_>, markets: &Markets, issuer: &str) -> Option<Recorded> {
    let number = fields.optional("order_id", kinds::identifier);
    let is_shown = number.is_some() && fields.has("level");
    let facts = if is_shown { Facts::All } else { Facts::Some };
    let anomalies = objects(fields, "anomalies", anomaly).unwrap_or_default();
    let guessed = Guessed::of(&anomalies);
    let said = Said::read(fields);
    let home = fields.optional("home", home);
    let created = fields.optional("created_at", kinds::time);
    let (created_guess, created_at) =
        if guessed.created() { (created, None) } else { (None, created) };
    let covered_at = fields.optional("paid_at", kinds::time);
    let paid_at = covered_at.filter(|_| facts == Facts::Some);
    let payment_status = fields.optional("payment_status", kinds::word);
    let reported_payment = fields.optional("reported_payment", kinds::word);
    let total = fields.nullable("payable", kinds::amount);
    let no_payments = !fields.has("payments");
    let payments = objects(fields, "payments", payment);
    let payments = payments.or(no_payments.then(Vec::new));
    let attempts = objects(fields, "attempts", attempt).unwrap_or_default();
    let refunds_due = refund::due(fields, payments.as_deref(), &guessed);
    let revoke = revoke(fields);
    let visible = fields.optional("visible", kinds::word);
    ignore_derived(fields);
    fields.ignore(&["call_no", "receipt_no", "paid", "terms_version", "version", "expire_at"]);
    // What could not be read there is not in what it wrote either.
    fields.ignore(&["person_state"]);
    // Those of the shop orders count.
    fields.ignore(&["freight", "tax", "extended_by"]);
    let mut reported = Vec::new();
    let around = Around { said, facts, guessed: &guessed, payments: payments.as_deref() };
    let (mut placement, mut person) = placement::tree(fields, markets, |fields, order_type| {
        let (shops, said) = shop::shops(fields, order_type, &around)?.into_iter().unzip();
        reported = said;
        Some(shops)
    })?;
    if person.buyer.looks_masked() {
        person.buyer = crate::person::Contact::default();
    }
    placement.external_id = placement.external_id.or(number);
    let currency = placement.currency;
    let is_free = total.and_then(Amount::known) == Some(0);
    let total = source_total(&anomalies).or(total).or(placement.expected_total.map(Amount::of));
    let payments =
        payments.into_iter().flatten().map(|payment| payment.of(currency, paid_at, &guessed));
    let report = Report {
        home,
        issuer: issuer.to_owned(),
        created_at,
        created_guess,
        terms_at: covered_at.filter(|at| is_free && created.is_some_and(|created| *at > created)),
        visible,
        payments: payments.collect(),
        attempts,
        refunds_due,
        revoke,
        payment_status: match facts {
            Facts::All => reported_payment,
            Facts::Some => reported_payment.or(payment_status),
        },
        shops: reported,
        total: total.unwrap_or(Amount::UNKNOWN),
        placement,
        anomalies,
    };
    Some(Recorded { report, person })
}

/// Reads a list of objects that may be left out.
fn objects<'a, T>(
    fields: &mut Fields<'_, 'a>,
    name: &'static str,
    mut read: impl FnMut(&mut Fields<'_, 'a>) -> Option<T>,
) -> Option<Vec<T>> {
    fields.optional(name, |reader, node| {
        reader.list(node, FACTS_MAX, |reader, node| reader.object(node, &mut read))
    })
}

fn anomaly(fields: &mut Fields<'_, '_>) -> Option<Anomaly> {
    let kind = fields.required("kind", kinds::word);
    let at = fields.required("at", kinds::time);
    let detail = fields.optional("detail", kinds::free).unwrap_or_default();
    Some(Anomaly { kind: kind?, at: at?, detail })
}

/// The total that the first source of an order had told, where it was another than the order's own.
fn source_total(anomalies: &[Anomaly]) -> Option<Amount> {
    let mismatch = |a: &&Anomaly| a.kind == AnomalyKind::SumMismatch;
    let mut totals = anomalies.iter().filter(mismatch).map(|a| a.detail["total"].as_i64());
    totals.find_map(|total| total.map(Amount::of))
}

/// Reads how far the order is revoked: the axis, and who asked.
fn revoke(fields: &mut Fields<'_, '_>) -> Revoke {
    let status = fields.optional("revoke_status", kinds::word);
    let asked = fields.optional("revoke", |reader, node| {
        reader.object(node, |fields| {
            let by = fields.required("by", kinds::word);
            let at = fields.required("at", kinds::time);
            let reason = fields.optional("reason", kinds::words);
            Some((by?, at?, reason))
        })
    });
    let (Some(status), Some((by, at, reason))) = (status, asked) else { return Revoke::None };
    match status {
        RevokeStatus::None => Revoke::None,
        RevokeStatus::Revoking => Revoke::Revoking { by, at, reason },
        RevokeStatus::Revoked => Revoke::Revoked { by, at, reason },
        RevokeStatus::RevokeFailed => Revoke::Failed { by, at, reason },
    }
}

/// Fields of every node that follow from facts, and our own numbers, which an import gives anew.
fn ignore_derived(fields: &mut Fields<'_, '_>) {
    fields.ignore(&["level", "store_status", "price", "refunded", "to_pay", "deadline"]);
    fields.ignore(&["updated_at", "receive_by", "refunded_at"]);
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
    /// What refunds name it by.
    payment_id: Option<String>,
    tender: String,
    reference: String,
    amount: i64,
    currency: Option<Currency>,
    paid_at: Option<Time>,
}

impl Named {
    fn of(self, currency: Currency, paid_at: Option<Time>, guessed: &Guessed) -> ReportedPayment {
        let is_guessed = guessed.names(self.payment_id.as_deref());
        ReportedPayment {
            tender: self.tender,
            reference: self.reference,
            amount: self.amount,
            currency: self.currency.unwrap_or(currency),
            paid_at: self.paid_at.or(paid_at).filter(|_| !is_guessed),
        }
    }
}

fn payment(fields: &mut Fields<'_, '_>) -> Option<Named> {
    let payment_id = fields.optional("payment_id", kinds::identifier);
    let tender = fields.required("tender", kinds::identifier);
    let reference = fields.required("reference", kinds::identifier);
    let amount = fields.required("amount", kinds::known_amount);
    let currency = fields.optional("currency", kinds::currency);
    let paid_at = fields.optional("paid_at", kinds::time);
    fields.ignore(&["terms_version", "refunded"]);
    let (tender, reference, amount) = (tender?, reference?, amount?);
    Some(Named { payment_id, tender, reference, amount, currency, paid_at })
}

fn attempt(fields: &mut Fields<'_, '_>) -> Option<ReportedAttempt> {
    let tender = fields.required("tender", kinds::identifier);
    let gateway = fields.optional("gateway", kinds::identifier);
    let amount = fields.required("amount", kinds::known_amount);
    let status = fields.required("status", kinds::word);
    let created_at = fields.required("created_at", kinds::time);
    fields.ignore(&["attempt_id", "terms_version"]);
    let (tender, amount) = (tender?, amount?);
    Some(ReportedAttempt { tender, gateway, amount, status: status?, created_at: created_at? })
}
