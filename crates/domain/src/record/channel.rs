//! What a channel reports of its orders, again and again: the road of marketplaces.
//!
//! A report of another source is joined with what is known and forgets nothing. A channel is read every few minutes, by
//! several replies at once, and each tells only some of it: what it says of the order, of packages and of amounts is
//! kept with how new it was, line by line, so that **any order of any reports, any of them twice, gives one tree**. What
//! has happened (it left, it was received, it was cancelled) is joined and never taken back. Parcels, refunds of what
//! was cancelled and contradictions follow from that and are derived anew each time.
//!
//! How often the terms changed here, and when that was noticed, is a count of ours and not of the channel: it is the
//! one thing that differs with the order of reports.

mod adopted;
mod cut;
mod draft;
mod order;
mod parcels;
mod refunds;
mod register;
mod report;
pub mod stock;
mod terms;

pub use draft::Draft;
pub use report::{
    AmountsHeard, ChannelReport, Fitted, LineAmounts, LineHeard, OrderHeard, PackagesHeard,
    ParcelHeard, RefundHeard,
};

use self::stock::Shelves;
use super::times::Untimed;
use super::{Copy, anomalies, refunds as reported_refunds};
use crate::change::{Change, Origin};
use crate::decide::Context;
use crate::tree::Home;
use crate::words::AnomalyKind;
use crate::{Amount, FieldError, ShopOrder, Tree};

/// Why a report is kept aside.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NotRecorded {
    /// The order that is known is at home elsewhere: it is not this channel shop's.
    #[error("other_home: the order is at home at {}", .0.word())]
    OtherHome(Home),
    /// It is of an order that is not known here, and says nothing that an order can be made of.
    #[error("{}: {}", .0.code, .0.message)]
    NoOrder(FieldError),
}

/// Takes down what a channel reports, as a new tree or on top of `known`; what was sold takes of `shelves`. `Ok(None)`
/// where it says nothing new.
///
/// # Errors
/// Where the order is another home's, or a new one has no line.
pub fn record(
    known: Option<&Tree>,
    told: &Fitted,
    shelves: &Shelves,
    cx: &mut Context<'_>,
) -> Result<Option<Change>, NotRecorded> {
    let mut tree = recorded(known, told, cx)?;
    stock::allocate(known, &mut tree, shelves, cx.at);
    if known == Some(&tree) {
        return Ok(None);
    }
    super::stamp(known, &mut tree, cx.at);
    let entry = super::entry(known, &tree, &told.report.issuer, cx);
    Ok(Some(Change { tree, entry, origin: Origin::Recorded }))
}

/// The tree after a report, its version and times of change as they were.
fn recorded(
    known: Option<&Tree>,
    told: &Fitted,
    cx: &mut Context<'_>,
) -> Result<Tree, NotRecorded> {
    let report = &told.report;
    let mut tree = match known {
        None => terms::first(report, cx).map_err(NotRecorded::NoOrder)?,
        Some(tree) => {
            let home = &tree.payment.home;
            if !matches!(home, Home::Channel(shop) if *shop == report.shop_id) {
                return Err(NotRecorded::OtherHome(home.clone()));
            }
            cx.goes_on_from(tree);
            tree.clone()
        }
    };
    for cut in &told.cuts {
        anomalies::note(&mut tree, AnomalyKind::TextCut, cut.detail(), cx.at);
    }
    let at = tree.shops.iter().position(|shop| shop.shop_id == report.shop_id).unwrap_or(0);
    if tree.shops[at].heard.is_none() {
        let is_guess = !terms::is_priced(&tree);
        adopted::adopt(&mut tree.shops[at], is_guess);
    }
    refunds::forget_by_total(&mut tree.shops[at]);
    terms::take_down(&mut tree, at, report, cx).map_err(NotRecorded::NoOrder)?;
    if let Some(order) = &report.order {
        order::take_down(&mut tree, at, order, report.created_at);
    }
    let shop = &mut tree.shops[at];
    if let Some(packages) = &report.packages {
        parcels::take_down(shop, packages, cx);
    }
    parcels::lay_out(shop, cx);
    refunds::take_down(&mut tree, at, &report.refunds, cx);
    refunds::of_cancelled_units(&mut tree, at, cx);
    refunds::by_total(&mut tree.shops[at]);
    // In an order that does not depend on which was heard of first; they end in that of our numbers.
    tree.shops[at].refunds.sort_by(|a, b| a.external_id.cmp(&b.external_id));
    reported_refunds::look_at_units(&mut tree);
    let mut copy =
        Copy { tree, untimed: Untimed::default(), places: Vec::new(), payments: Vec::new() };
    anomalies::contradictions(&mut copy, Amount::UNKNOWN, cx.at);
    let mut tree = copy.tree;
    tree.put_in_order();
    Ok(tree)
}

/// The line of this child number.
fn find(shop: &ShopOrder, external_id: &str) -> Option<usize> {
    shop.items.iter().position(|item| item.external_id.as_deref() == Some(external_id))
}
