//! What has happened elsewhere: facts taken down, every status derived, contradictions kept as anomalies.
//! Never refused, except that a tree has at least one line.
//!
//! Reports of one order may come in any order and each may know only a part: facts are joined, never replaced.
//! A line, payment or parcel that a later report leaves out stays. What was known wins over what is told anew,
//! except amounts and quantities (new terms) and times that were only guessed. The home of a known tree stays:
//! moving it is not a fact of a report.

mod anomalies;
pub mod channel;
mod deadlines;
mod facts;
mod fit;
mod goods;
mod refunds;
mod report;
mod terms;
mod times;

pub use report::{
    Report, ReportedAttempt, ReportedBeyond, ReportedDue, ReportedLine, ReportedPart,
    ReportedPayment, ReportedRefund, ReportedRefundLine, ReportedShipment, ReportedShop,
};

use crate::change::{Change, Happening, LogEntry, Origin, Remark};
use crate::decide::Context;
use crate::operation::{OperationKind, Parameters};
use crate::placement::{PlacedShop, Placement};
use crate::words::{PaymentStatus, Status};
use crate::{Actor, ActorKind, Amount, FieldError, Id, Json, Quantity, Time, Tree, status};
use serde_json::json;
use times::Untimed;

/// Takes down `report`, as a new tree or on top of `known`. `Ok(None)` where it says nothing new.
///
/// Shop orders without a line are left out; a report without any line is refused (`no_lines`).
pub fn record(
    known: Option<&Tree>,
    report: &Report,
    live: bool,
    cx: &mut Context<'_>,
) -> Result<Option<Change>, FieldError> {
    let heard = Heard::of(report)?;
    if let Some(tree) = known {
        cx.goes_on_from(tree);
    }
    let mut copy = match known {
        None => terms::first(&heard, cx)?,
        Some(tree) => terms::join(tree, &heard, cx)?,
    };
    anomalies::told(&mut copy.tree, &report.anomalies);
    facts::payments(&mut copy, report, cx);
    facts::payment_status(&mut copy.tree, &heard);
    facts::attempts(&mut copy.tree, &report.attempts, cx);
    facts::revoke(&mut copy.tree, &report.revoke);
    refunds::due(&mut copy, &report.refunds_due, cx);
    let places = std::mem::take(&mut copy.places);
    for (reported, place) in heard.shops.iter().zip(&places) {
        goods::take_down(&mut copy, place, reported, cx);
        refunds::take_down(&mut copy, place, &reported.refunds, cx);
    }
    refunds::look_at_units(&mut copy.tree);
    facts::cancels_with_money(&mut copy.tree);
    goods::forget_what_facts_say(&mut copy);
    copy.untimed.settle(&mut copy.tree);
    anomalies::contradictions(&mut copy, report.total, cx.at);
    deadlines::set(&mut copy.tree, live, cx);
    let mut tree = copy.tree;
    tree.put_in_order();
    if known == Some(&tree) {
        return Ok(None);
    }
    stamp(known, &mut tree, cx.at);
    let entry = entry(known, &tree, &report.issuer, cx);
    Ok(Some(Change { tree, entry, origin: Origin::Recorded }))
}

/// A report without the lines that have no quantity and the shop orders that have no line.
struct Heard<'a> {
    report: &'a Report,
    placement: Placement,
    /// In the order of `placement.shops`.
    shops: Vec<ReportedShop>,
    /// Lines that were left out, as details of their anomaly.
    left_out: Vec<Json>,
}

/// A tree while a report is taken down on it.
struct Copy {
    tree: Tree,
    /// Facts whose time is a guess.
    untimed: Untimed,
    /// Where each shop order of the report stands in the tree.
    places: Vec<Place>,
    /// Which payment of the tree each payment of the report is.
    payments: Vec<Id>,
}

/// Where a shop order of a report and its lines stand in the tree: indexes.
#[derive(Debug, Clone)]
struct Place {
    shop: usize,
    items: Vec<usize>,
}

impl<'a> Heard<'a> {
    fn of(report: &'a Report) -> Result<Self, FieldError> {
        let mut told = report.shops.iter();
        let mut placement = report.placement.clone();
        placement.expected_total = None;
        let mut shops = Vec::with_capacity(placement.shops.len());
        let mut left_out = Vec::new();
        for (index, mut shop) in std::mem::take(&mut placement.shops).into_iter().enumerate() {
            let mut reported = told.next().cloned().unwrap_or_default();
            let without = leave_out_empty_lines(&mut shop, &mut reported);
            left_out.extend(without.into_iter().map(|(line, quantity)| {
                let field = format!("shops[{index}].items[{line}].quantity");
                json!({"field": field, "reported": quantity.to_string(), "kept": null})
            }));
            // Paid as a whole is paid in each shop order that is not said to be further, whatever the payments that are
            // listed come to.
            let said = report.payment_status == Some(PaymentStatus::Paid);
            let is_paid = said && !report.payments.is_empty();
            if is_paid && matches!(reported.status, None | Some(Status::Created)) {
                reported.status = Some(Status::Paid);
            }
            if !shop.items.is_empty() {
                placement.shops.push(shop);
                shops.push(reported);
            }
        }
        if shops.is_empty() {
            return Err(FieldError {
                field: "shops".to_owned(),
                code: "no_lines",
                message: "an order has at least one shop order with one line".to_owned(),
            });
        }
        Ok(Self { report, placement, shops, left_out })
    }
}

/// Takes lines without a quantity out of a shop order, and out of the parcels that name them by their index.
fn leave_out_empty_lines(
    shop: &mut PlacedShop,
    reported: &mut ReportedShop,
) -> Vec<(usize, Quantity)> {
    let mut left_out = Vec::new();
    let mut new_index = Vec::with_capacity(shop.items.len());
    for (index, item) in shop.items.iter().enumerate() {
        let kept = item.quantity > Quantity::ZERO;
        new_index.push(kept.then_some(index - left_out.len()));
        if !kept {
            left_out.push((index, item.quantity));
        }
    }
    shop.items.retain(|item| item.quantity > Quantity::ZERO);
    reported.renumber(&new_index);
    left_out
}

/// Raises the version and sets the times of change of what is not as it was.
fn stamp(known: Option<&Tree>, tree: &mut Tree, at: Time) {
    tree.payment.version = known.map_or(1, |known| known.payment.version.saturating_add(1));
    tree.payment.updated_at = at;
    for shop in &mut tree.shops {
        if known.and_then(|known| known.shop(shop.id)) != Some(&*shop) {
            shop.updated_at = at;
        }
    }
}

fn entry(known: Option<&Tree>, tree: &Tree, issuer: &str, cx: &Context<'_>) -> LogEntry {
    let at = cx.at;
    let standing = status::of(tree);
    let happened_at = match known {
        None => Some(tree.payment.created_at),
        Some(known) => Some(times::latest(tree)).filter(|latest| *latest > times::latest(known)),
    };
    let happening = Happening {
        kind: OperationKind::Record,
        node: tree.id(),
        actor: Actor { id: Some(issuer.to_owned()), ..Actor::of(ActorKind::System) },
        from_status: known.map(|known| status::of(known).status),
        to_status: standing.status,
        parameters: parameters(known, tree, standing.payable),
        remark: Remark::default(),
        at,
        happened_at: happened_at.filter(|happened| *happened != at),
    };
    LogEntry::between(known, tree, happening, cx.seat)
}

fn parameters(known: Option<&Tree>, tree: &Tree, payable: Amount) -> Parameters {
    let mut parameters = Parameters::new();
    let mut set = |name: &str, value: Option<Json>| {
        if let Some(value) = value {
            parameters.insert(name.to_owned(), value);
        }
    };
    let text = |text: &Option<String>| text.as_deref().map(Json::from);
    set("channel", text(&tree.payment.channel));
    set("external_id", text(&tree.payment.external_id));
    if known.is_none() {
        set("payable", payable.known().map(Json::from));
    }
    let old = known.map_or(&[][..], |known| &known.payment.anomalies);
    let new = tree.payment.anomalies.iter().filter(|anomaly| !old.contains(anomaly));
    let kinds: std::collections::BTreeSet<_> = new.map(|anomaly| anomaly.kind).collect();
    set("anomalies", (!kinds.is_empty()).then(|| json!(kinds)));
    parameters
}
