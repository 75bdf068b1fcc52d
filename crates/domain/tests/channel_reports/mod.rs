//! Reports of a channel for tests, and how they are taken down.

#![allow(dead_code, clippy::unwrap_used)] // each test file uses what it needs; a test fails by panicking

use docket_domain::change::Change;
use docket_domain::deadline::Policy;
use docket_domain::decide::{Context, Holds};
use docket_domain::record::channel::stock::Shelves;
use docket_domain::record::channel::{
    AmountsHeard, ChannelReport, Fitted, LineAmounts, LineHeard, NotRecorded, OrderHeard,
    PackagesHeard, ParcelHeard, RefundHeard, record,
};
use docket_domain::tree::{Stamp, Tax, When};
use docket_domain::words::{
    AnomalyKind, PaymentStatus, Platform, RefundKind, RefundStatus, Status,
};
use docket_domain::{ActorKind, Amount, Currency, Id, Quantity, Time, Tree, status};

/// When reports are taken down.
pub const NOW: Time = Time(1_000_000);

/// The currency of a code.
pub fn currency(text: &str) -> Currency {
    Currency::in_use(text).unwrap()
}

/// A line of three.
pub fn line(external_id: &str) -> LineHeard {
    LineHeard {
        external_id: external_id.into(),
        sku_id: format!("sku-{external_id}"),
        item_id: None,
        title: Some("tea".into()),
        image: None,
        attributes: None,
        extra: None,
        ordered: Quantity(3000),
        cancelled: Quantity::ZERO,
        status: None,
        shipped: None,
    }
}

/// How new: updated and read at these moments.
pub fn stamp(updated_at: i64, rank: u8, read_at: i64) -> Stamp {
    Stamp { updated_at: Some(Time(updated_at)), rank, read_at: Time(read_at) }
}

/// A paid order of the lines `a` and `b`, placed at 1000, updated at 2000, read at 3000.
pub fn order() -> OrderHeard {
    OrderHeard {
        stamp: stamp(2000, 2, 3000),
        channel_status: "2".into(),
        status: Some(Status::Paid),
        payment_status: Some(PaymentStatus::Paid),
        shipped: None,
        received: None,
        cancelled_at: None,
        tags: Vec::new(),
        extra: None,
        lines: vec![line("a"), line("b")],
    }
}

/// The report of [`order`].
pub fn report() -> ChannelReport {
    ChannelReport {
        shop_id: "temu-1".into(),
        issuer: "temu:temu-1".into(),
        channel: "temu".into(),
        external_id: "PO-1".into(),
        place: "main".into(),
        market: 0,
        platform: Platform::All,
        currency: currency("USD"),
        created_at: Some(Time(1000)),
        order: Some(order()),
        packages: None,
        amounts: None,
        refunds: Vec::new(),
    }
}

/// `report()` with edits of its order.
pub fn told(edit: impl FnOnce(&mut OrderHeard)) -> ChannelReport {
    let mut report = report();
    edit(report.order.as_mut().unwrap());
    report
}

/// A report of packages alone.
pub fn packages(read_at: i64, lines: &[&str], parcels: Vec<ParcelHeard>) -> ChannelReport {
    let lines = lines.iter().map(|line| (*line).to_owned()).collect();
    let packages = PackagesHeard { read_at: Time(read_at), lines, parcels };
    ChannelReport { order: None, packages: Some(packages), ..report() }
}

/// A package of a number, without anything else told of it.
pub fn parcel(package: &str, lines: &[&str]) -> ParcelHeard {
    ParcelHeard {
        package: Some(package.into()),
        carrier: None,
        tracking: None,
        lines: lines.iter().map(|line| ((*line).to_owned(), None)).collect(),
    }
}

/// A report of amounts alone: so much a unit.
pub fn amounts(read_at: i64, code: &str, prices: &[(&str, i64)]) -> ChannelReport {
    let line = |(line, price): &(&str, i64)| LineAmounts {
        external_id: (*line).to_owned(),
        list_price: Amount::of(*price),
        item_discount: Amount::ZERO,
        tax: Amount::ZERO,
    };
    let amounts = AmountsHeard {
        read_at: Time(read_at),
        currency: currency(code),
        platform_discount: Amount::ZERO,
        shop_discount: Amount::ZERO,
        freight: Amount::of(500),
        freight_tax: Amount::ZERO,
        tax: Some(Tax::Included),
        refunded: None,
        lines: prices.iter().map(line).collect(),
    };
    ChannelReport { order: None, amounts: Some(amounts), ..report() }
}

/// A refund after delivery, of so much of a line.
pub fn refund(number: &str, read_at: i64, line: &str, quantity: i64) -> RefundHeard {
    RefundHeard {
        external_id: number.into(),
        stamp: stamp(read_at, 1, read_at),
        kind: RefundKind::Refund,
        by: ActorKind::Buyer,
        status: RefundStatus::Refunded,
        amount: None,
        lines: vec![(line.into(), Quantity(quantity))],
        reason: None,
        created_at: None,
        ended_at: None,
    }
}

/// Takes `report` down; ids go on from the version of the tree.
pub fn take_down(
    known: Option<&Tree>,
    report: &ChannelReport,
) -> Result<Option<Change>, NotRecorded> {
    take_down_from(known, report, &Shelves::NONE)
}

/// The same in a shop that sells from `shelves`.
pub fn take_down_from(
    known: Option<&Tree>,
    report: &ChannelReport,
    shelves: &Shelves,
) -> Result<Option<Change>, NotRecorded> {
    let mut next = known.map_or(0, |tree| i64::from(tree.payment.version) * 10_000);
    let mut next_id = || {
        next += 1;
        Id(next)
    };
    let policy = Policy::default();
    let can_hold = |_: Holds<'_>| panic!("a record holds nothing");
    let mut cx = Context {
        at: NOW,
        policy: &policy,
        limits: &docket_domain::Limits::NONE,
        next_id: &mut next_id,
        seat: &docket_domain::Seat::Center,
        can_hold: &can_hold,
    };
    record(known, &Fitted::of(report.clone()), shelves, &mut cx)
}

/// The tree after these reports, one after the other.
pub fn after<'a>(reports: impl IntoIterator<Item = &'a ChannelReport>) -> Tree {
    let mut tree: Option<Tree> = None;
    for report in reports {
        if let Some(change) = take_down(tree.as_ref(), report).unwrap() {
            tree = Some(change.tree);
        }
    }
    tree.unwrap()
}

/// The kinds of contradiction in `tree`.
pub fn anomalies(tree: &Tree) -> Vec<AnomalyKind> {
    tree.payment.anomalies.iter().map(|anomaly| anomaly.kind).collect()
}

/// The order, shipped at 1500 as a whole.
pub fn shipped(updated_at: i64, read_at: i64) -> ChannelReport {
    told(|order| {
        order.stamp = stamp(updated_at, 4, read_at);
        order.channel_status = "4".into();
        order.status = Some(Status::Shipped);
        order.shipped = Some(When::at(Time(1500)));
    })
}

/// How much of a line was shipped, and how much is left to ship.
pub fn units(tree: &Tree, line: usize) -> (Quantity, Quantity) {
    let item = &status::of(tree).shops[0].items[line];
    (item.shipped, item.left_to_ship)
}
