//! Reports for tests, and how they are taken down.

#![allow(dead_code, clippy::unwrap_used)] // each test file uses what it needs; a test fails by panicking

use docket_domain::change::Change;
use docket_domain::deadline::Policy;
use docket_domain::decide::{Context, Holds};
use docket_domain::placement::{PlacedItem, PlacedShop, Placement};
use docket_domain::record::{Report, ReportedPayment, ReportedShipment, ReportedShop, record};
use docket_domain::tree::{Home, Revoke, Tax};
use docket_domain::words::{AnomalyKind, Fulfilment, OrderType, ParcelState, Platform};
use docket_domain::{Amount, Currency, FieldError, Id, Quantity, Time, Tree};

/// When reports are taken down.
pub const NOW: Time = Time(10_000);

/// The currency of a code.
pub fn currency(text: &str) -> Currency {
    Currency::in_use(text).unwrap()
}

/// A line of two at 60.00.
pub fn line(sku: &str) -> PlacedItem {
    PlacedItem {
        sku_id: sku.into(),
        item_id: None,
        title: None,
        image: None,
        attributes: None,
        deliver_area_id: None,
        deliver_code: None,
        extra: None,
        quantity: Quantity(2000),
        list_price: Amount::of(6000),
        item_discount: Amount::ZERO,
        tax: Amount::ZERO,
        weighed: false,
    }
}

/// A shop order of `items`, sent in parcels.
pub fn shop(id: &str, items: Vec<PlacedItem>) -> PlacedShop {
    PlacedShop {
        shop_id: id.into(),
        place: "main".into(),
        fulfilment: Fulfilment::Parcel,
        shop_discount: Amount::ZERO,
        freight: Amount::ZERO,
        freight_tax: Amount::ZERO,
        has_ship_to: false,
        buyer_comment: None,
        promotions: None,
        tags: Vec::new(),
        items,
    }
}

/// A placement of `shops` that came through temu.
pub fn placement(shops: Vec<PlacedShop>) -> Placement {
    Placement {
        buyer_id: None,
        currency: currency("CNY"),
        order_type: OrderType::Goods,
        market: 0,
        platform: Platform::All,
        channel: Some("temu".into()),
        external_id: Some("PO-1".into()),
        client_token: None,
        source: None,
        extra: None,
        tags: Vec::new(),
        expected_total: None,
        platform_discount: Amount::ZERO,
        coins: Amount::ZERO,
        third_party_discount: Amount::ZERO,
        tax: Tax::Included,
        shops,
        coupons: Vec::new(),
    }
}

/// One shop order of one line, 120.00 in all, placed at 1000; nothing else is told.
pub fn report() -> Report {
    let shops = vec![shop("11", vec![line("tea")])];
    Report {
        placement: placement(shops),
        home: Some(Home::Channel("11".into())),
        issuer: "temu:11".into(),
        created_at: Some(Time(1000)),
        created_guess: None,
        terms_at: None,
        visible: None,
        payments: Vec::new(),
        attempts: Vec::new(),
        refunds_due: Vec::new(),
        revoke: Revoke::None,
        payment_status: None,
        shops: vec![ReportedShop::default()],
        total: Amount::UNKNOWN,
        anomalies: Vec::new(),
    }
}

/// A payment by wechat.
pub fn paid(reference: &str, amount: i64, paid_at: Option<i64>) -> ReportedPayment {
    ReportedPayment {
        tender: "wechat".into(),
        reference: reference.into(),
        amount,
        currency: currency("CNY"),
        paid_at: paid_at.map(Time),
    }
}

/// A parcel of SF.
pub fn parcel(tracking: Option<&str>, at: Option<i64>, lines: &[(usize, i64)]) -> ReportedShipment {
    ReportedShipment {
        package: None,
        carrier: Some("SF".into()),
        tracking: tracking.map(Into::into),
        at: at.map(Time),
        by_then: false,
        state: ParcelState::Left,
        lines: lines.iter().map(|(index, quantity)| (*index, Quantity(*quantity))).collect(),
    }
}

/// `report()` with edits.
pub fn told(edit: impl FnOnce(&mut Report)) -> Report {
    let mut report = report();
    edit(&mut report);
    report
}

/// How an import was asked for.
#[derive(Clone, Copy, PartialEq)]
pub enum Mode {
    /// As it was.
    History,
    /// With deadlines from now on.
    Live,
}

/// Takes `report` down at `now`; ids go on from the version of the tree.
pub fn take_down(
    known: Option<&Tree>,
    report: &Report,
    mode: Mode,
    now: Time,
) -> Result<Option<Change>, FieldError> {
    let mut next = known.map_or(0, |tree| i64::from(tree.payment.version) * 10_000);
    let mut next_id = || {
        next += 1;
        Id(next)
    };
    let policy = Policy::default();
    let can_hold = |_: Holds<'_>| panic!("a record holds nothing");
    let mut cx = Context {
        at: now,
        policy: &policy,
        limits: &docket_domain::Limits::NONE,
        next_id: &mut next_id,
        seat: &docket_domain::Seat::Center,
        can_hold: &can_hold,
    };
    record(known, report, mode == Mode::Live, &mut cx)
}

/// Takes `report` down as history of an order that is new here.
pub fn recorded(report: &Report) -> Change {
    take_down(None, report, Mode::History, NOW).unwrap().unwrap()
}

/// Takes `report` down on `tree`, later.
pub fn again(tree: &Tree, report: &Report) -> Option<Change> {
    take_down(Some(tree), report, Mode::History, Time(NOW.0 + 5000)).unwrap()
}

/// The kinds of contradiction in `tree`.
pub fn anomalies(tree: &Tree) -> Vec<AnomalyKind> {
    tree.payment.anomalies.iter().map(|anomaly| anomaly.kind).collect()
}
