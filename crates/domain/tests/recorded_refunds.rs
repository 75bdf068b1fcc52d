//! Refunds that a source reports: its money counts, what it leaves out is computed, they go on and never back.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod reports;

use docket_domain::record::{
    Report, ReportedBeyond, ReportedDue, ReportedPart, ReportedRefund, ReportedRefundLine,
};
use docket_domain::story::{self, Language};
use docket_domain::tree::{FreightAsked, Revoke};
use docket_domain::words::{
    AnomalyKind, CancelKind, DueCause, RefundAxis, RefundKind, RefundStatus, Status, StoreStatus,
};
use docket_domain::{ActorKind, Quantity, Time, status};
use reports::{again, anomalies, paid, parcel, recorded, told};

/// A refund of so many thousandths of the line, asked for at 3000; its money is not told.
fn refund(status: RefundStatus, quantity: i64) -> ReportedRefund {
    ReportedRefund {
        external_id: None,
        money_unknown: false,
        kind: RefundKind::Refund,
        by: ActorKind::Buyer,
        status,
        amount: None,
        coins: None,
        third_party: None,
        tax: None,
        freight: 0,
        freight_asked: FreightAsked::No,
        goodwill: 0,
        cut: 0,
        beyond: Vec::new(),
        former: Vec::new(),
        lines: vec![ReportedRefundLine {
            line: 0,
            quantity: Quantity(quantity),
            shipped: None,
            amount: None,
            coins: None,
            third_party: None,
            tax: None,
        }],
        parts: Vec::new(),
        goods_back: false,
        returned: Vec::new(),
        reason: None,
        created_at: Some(Time(3000)),
        answered_at: Some(Time(3500)),
        ended_at: Some(Time(4000)),
    }
}

/// Paid whole, with these refunds.
fn with(refunds: Vec<ReportedRefund>) -> Report {
    told(|r| {
        r.payments = vec![paid("a", 12_000, Some(2000))];
        r.shops[0].refunds = refunds;
    })
}

#[test]
fn money_that_is_not_told_is_computed_from_the_lines() {
    let tree = recorded(&with(vec![refund(RefundStatus::Refunded, 1000)])).tree;
    let refund = &tree.shops[0].refunds[0];
    assert_eq!((refund.amount, refund.lines[0].amount), (6000, 6000));
    assert_eq!(status::of(&tree).status, Status::Paid);
    assert_eq!(anomalies(&tree), []);
}

#[test]
fn money_that_is_told_counts_and_what_contradicts_it_is_kept() {
    let mut one = refund(RefundStatus::Refunded, 1000);
    one.amount = Some(5000);
    one.lines[0].amount = Some(4000);
    one.parts = vec![ReportedPart {
        payment: 0,
        amount: 4500,
        status: RefundStatus::Refunded,
        reference: None,
    }];
    let tree = recorded(&with(vec![one.clone()])).tree;
    assert_eq!(tree.shops[0].refunds[0].amount, 5000);
    assert_eq!(status::of(&tree).refunded, 5000);
    assert_eq!(anomalies(&tree), [AnomalyKind::SumMismatch; 2], "neither lines nor parts agree");

    one.amount = Some(4800);
    let changed = again(&tree, &with(vec![one])).unwrap().tree;
    assert_eq!(changed.shops[0].refunds[0].amount, 5000, "what was known stays");
    assert_eq!(anomalies(&changed), [AnomalyKind::SumMismatch; 3]);
}

#[test]
fn more_units_given_back_than_were_sold_are_an_anomaly_and_no_debt() {
    let mut second = refund(RefundStatus::Refunded, 1500);
    second.created_at = Some(Time(3100));
    let tree = recorded(&with(vec![refund(RefundStatus::Refunded, 1000), second])).tree;
    assert_eq!(tree.shops[0].refunds.len(), 2);
    assert_eq!(tree.shops[0].refunds[1].amount, 6000, "what is left of the line");
    assert_eq!(anomalies(&tree), [AnomalyKind::SumMismatch]);
    assert_eq!(status::of(&tree).status, Status::Closed);
}

#[test]
fn a_refund_goes_on_with_each_report_and_never_back() {
    let mut asked = refund(RefundStatus::Applied, 2000);
    (asked.answered_at, asked.ended_at) = (None, None);
    let tree = recorded(&with(vec![asked.clone()])).tree;
    let standing = status::of(&tree);
    assert_eq!(standing.shops[0].refund_status, RefundAxis::Applied);
    assert_eq!(standing.store_status, StoreStatus::Refunding);

    let done = again(&tree, &with(vec![refund(RefundStatus::Refunded, 2000)])).unwrap().tree;
    let standing = &status::of(&done).shops[0];
    assert_eq!((done.shops[0].refunds.len(), standing.status), (1, Status::Closed));
    assert_eq!(standing.cancel_kind, Some(CancelKind::CustomerRefund));
    assert_eq!(standing.times.refunded_at, Some(Time(4000)));
    assert_eq!(again(&done, &with(vec![asked])), None, "an old report says nothing new");
}

#[test]
fn the_times_of_a_refund_are_guessed_until_they_are_told() {
    let mut vague = refund(RefundStatus::Refunded, 1000);
    (vague.created_at, vague.answered_at, vague.ended_at) = (None, None, None);
    let tree = recorded(&with(vec![vague])).tree;
    let guess = &tree.shops[0].refunds[0];
    assert_eq!((guess.created_at, guess.ended_at), (Time(2000), Some(Time(2000))));
    assert_eq!(anomalies(&tree), [AnomalyKind::TimeUnknown; 2]);
    let said = story::sentence_of_anomaly(&tree.payment.anomalies[1], Language::En);
    assert_eq!(said, "A fact came without its time: refunded");

    let tree = again(&tree, &with(vec![refund(RefundStatus::Refunded, 1000)])).unwrap().tree;
    let known = &tree.shops[0].refunds[0];
    assert_eq!((known.created_at, known.ended_at), (Time(3000), Some(Time(4000))));
    assert_eq!(anomalies(&tree), []);
}

#[test]
fn units_given_back_before_the_rest_was_sent_leave_nothing_to_ship() {
    let mut report = with(vec![refund(RefundStatus::Refunded, 500)]);
    report.shops[0].shipments = vec![parcel(Some("SF1"), Some(5000), &[(0, 1500)])];
    let tree = recorded(&report).tree;
    assert_eq!(tree.shops[0].refunds[0].lines[0].shipped, Quantity::ZERO);
    assert_eq!(status::of(&tree).status, Status::Shipped);

    report.shops[0].shipments = vec![parcel(Some("SF1"), Some(5000), &[])];
    let tree = recorded(&report).tree;
    assert_eq!(tree.shops[0].refunds[0].lines[0].shipped, Quantity(500), "all of it had left");
    assert_eq!(status::of(&tree).status, Status::Shipped);
}

#[test]
fn a_revoked_order_whose_money_is_due_back_stays_cancelled() {
    let late = told(|r| {
        r.payments = vec![paid("a", 12_000, Some(2000))];
        r.revoke = Revoke::Revoked { by: ActorKind::Buyer, at: Time(1500), reason: None };
        r.refunds_due = vec![ReportedDue {
            payment: 0,
            amount: 12_000,
            cause: DueCause::Late,
            status: RefundStatus::Refunding,
            reference: None,
            former: Vec::new(),
            again: Vec::new(),
            created_at: Some(Time(2000)),
        }];
        r.shops[0].status = Some(Status::Cancelled);
    });
    let tree = recorded(&late).tree;
    let standing = status::of(&tree);
    assert_eq!((standing.status, standing.paid), (Status::Cancelled, 0));
    assert_eq!(standing.shops[0].cancel_kind, Some(CancelKind::CustomerRevoke));
    assert_eq!(tree.payment.refunds_due.len(), 1);
    assert_eq!(anomalies(&tree), []);
    assert_eq!(again(&tree, &late), None);
}

#[test]
fn what_came_back_beyond_what_was_bought_is_no_unit_of_a_line_and_is_told() {
    // Three of a line of two, and one of a SKU that was never bought, with its money.
    let mut more = refund(RefundStatus::Refunded, 3000);
    more.beyond = vec![ReportedBeyond {
        sku_id: "never".into(),
        returned: Quantity(1000),
        bought: Quantity::ZERO,
        amount: Some(500),
    }];
    let report = with(vec![more]);
    let tree = recorded(&report).tree;
    let kept = &tree.shops[0].refunds[0];
    assert_eq!((kept.lines[0].quantity, kept.amount, kept.goodwill), (Quantity(2000), 12_500, 500));
    let details: Vec<_> = tree.payment.anomalies.iter().map(|a| (a.kind, &a.detail)).collect();
    let sku = &*tree.shops[0].items[0].sku_id;
    let of = |sku: &str, returned: &str, bought: &str| serde_json::json!({"field": "refunds.quantity", "sku": sku, "returned": returned, "bought": bought});
    assert_eq!(details[0], (AnomalyKind::SumMismatch, &of(sku, "3", "2")));
    assert_eq!(details[1], (AnomalyKind::SumMismatch, &of("never", "1", "0")));
    assert_eq!(details[2].0, AnomalyKind::RefundedTwice);
    assert_eq!(details.len(), 3);
    let said = |language| story::sentence_of_anomaly(&tree.payment.anomalies[1], language);
    assert_eq!(
        said(Language::En),
        "The parts do not add up: 1 of never came back, and 0 of it were bought"
    );
    assert_eq!(said(Language::Zh), "金额不一致：never 退回 1 件，购买 0 件");
    assert!(again(&tree, &report).is_none(), "the same again is nothing new");
}

#[test]
fn money_that_went_back_and_never_came_is_told_until_it_came() {
    let without = told(|r| r.shops[0].refunds = vec![refund(RefundStatus::Refunded, 1000)]);
    let tree = recorded(&without).tree;
    let found: Vec<_> =
        tree.payment.anomalies.iter().filter(|a| a.detail["field"] == "refunds").collect();
    assert_eq!((&found[0].detail["refunded"], &found[0].detail["paid"]), (&6000.into(), &0.into()));
    assert_eq!(
        story::sentence_of_anomaly(found[0], Language::En),
        "The parts do not add up: 60.00 CNY went back, and 0.00 CNY was paid"
    );
    let paid =
        again(&tree, &with(vec![refund(RefundStatus::Refunded, 1000)])).expect("it is new").tree;
    assert_eq!(anomalies(&paid), []);
}
