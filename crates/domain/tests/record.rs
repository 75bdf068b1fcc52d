//! What has happened elsewhere is taken down: joined, never refused, contradictions kept.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod reports;

use docket_domain::change::{self, Change, Origin};
use docket_domain::deadline::Policy;
use docket_domain::record::{Report, ReportedPayment, ReportedShop};
use docket_domain::tree::{Home, Received, Reported};
use docket_domain::words::{
    AnomalyKind, DeadlineKind, DeliveryStatus, Fulfilment, PaymentStatus, ReceiveType, Status,
};
use docket_domain::{Amount, OperationKind, Quantity, Time, Tree, price, status};
use reports::{
    Mode, NOW, again, anomalies, currency, line, paid, parcel, recorded, shop, take_down, told,
};
use serde_json::json;

fn new_terms(before: &Change, after: &Change) -> bool {
    change::new_terms(Some(&before.tree), &after.tree)
}

#[test]
fn a_report_becomes_a_tree_of_facts_with_its_own_times() {
    let report = told(|r| {
        r.payments = vec![paid("wx-1", 12_000, Some(2000))];
        r.shops[0].shipments = vec![parcel(Some("SF1"), Some(3000), &[])];
        r.shops[0].received =
            Some(Received { at: Time(4000), by_then: false, by: ReceiveType::Buyer });
    });
    let change = recorded(&report);
    let standing = status::of(&change.tree);
    assert_eq!((standing.status, standing.payment_status), (Status::Received, PaymentStatus::Paid));
    assert_eq!(standing.payable, Amount::of(12_000));
    assert_eq!(change.tree.payment.created_at, Time(1000));
    assert_eq!(change.tree.payment.payments[0].paid_at, Time(2000));
    assert_eq!(change.tree.shops[0].shipments[0].at, Time(3000));
    assert_eq!(change.tree.payment.home, Home::Channel("11".into()));
    assert_eq!(anomalies(&change.tree), []);
    assert_eq!(change.tree.due_at(), None);
    assert!(change::new_terms(None, &change.tree));
    assert_eq!(change.origin, Origin::Recorded);
    assert_eq!(change::claims(None, &change.tree).len(), 1);
    let entry = &change.entry;
    assert_eq!((entry.kind, entry.seq), (OperationKind::Record, 1));
    assert_eq!((entry.at, entry.happened_at), (NOW, Some(Time(1000))));
    assert_eq!(entry.parameters["payable"], 12_000);
}

#[test]
fn a_report_without_lines_is_no_order() {
    let without_shops = told(|r| r.placement.shops.clear());
    let without_items = told(|r| r.placement.shops[0].items.clear());
    let without_quantity = told(|r| r.placement.shops[0].items[0].quantity = Quantity::ZERO);
    for report in [without_shops, without_items, without_quantity] {
        let refused = take_down(None, &report, Mode::History, NOW).unwrap_err();
        assert_eq!(refused.code, "no_lines");
    }
}

#[test]
fn the_same_report_again_says_nothing_new() {
    let report = told(|r| {
        r.payments = vec![paid("wx-1", 11_000, None), paid("wx-1", 11_000, None)];
        r.placement.shops[0].shop_discount = Amount::of(99_999);
        r.total = Amount::of(5);
        r.shops[0].status = Some(Status::Completed);
        r.created_at = None;
    });
    let tree = recorded(&report).tree;
    assert_eq!(again(&tree, &report), None);
}

/// (the report, main status, anomalies)
type Case = (&'static str, Box<dyn FnOnce(&mut Report)>, Status, &'static [AnomalyKind]);

fn check(cases: Vec<Case>) {
    for (what, edit, status, kinds) in cases {
        let tree = recorded(&told(edit)).tree;
        assert_eq!(status::of(&tree).status, status, "{what}");
        assert_eq!(anomalies(&tree), kinds, "{what}");
    }
}

fn cancelled(report: &mut Report) {
    report.shops[0].cancelled_at = Some(Time(5000));
}

fn all_paid(report: &mut Report) {
    report.payments = vec![paid("a", 12_000, Some(2000))];
}

#[test]
fn the_most_advanced_fact_wins_and_a_cancel_over_all() {
    use AnomalyKind as A;
    let cases: Vec<Case> = vec![
        ("nothing told", Box::new(|_| ()), Status::Created, &[]),
        ("paid", Box::new(all_paid), Status::Paid, &[]),
        (
            "a part is paid, nothing shipped",
            Box::new(|r| r.payments = vec![paid("a", 5, Some(2000))]),
            Status::Created,
            &[],
        ),
        (
            "paid too much",
            Box::new(|r| r.payments = vec![paid("a", 12_001, Some(2000))]),
            Status::Paid,
            &[A::Overpaid],
        ),
        (
            "shipped although a part is paid",
            Box::new(|r| {
                r.payments = vec![paid("a", 5, Some(2000))];
                r.shops[0].shipped_at = Some(Time(3000));
            }),
            Status::Shipped,
            &[A::Underpaid],
        ),
        (
            "the word paid, no payment listed",
            Box::new(|r| r.shops[0].status = Some(Status::Paid)),
            Status::Paid,
            &[A::TimeUnknown],
        ),
        (
            "a payment of nothing is a fact",
            Box::new(|r| r.payments = vec![paid("a", 0, Some(2000))]),
            Status::Created,
            &[],
        ),
        (
            "the word completed wins over the fact shipped",
            Box::new(|r| {
                all_paid(r);
                r.shops[0].shipped_at = Some(Time(3000));
                r.shops[0].status = Some(Status::Completed);
            }),
            Status::Completed,
            &[A::TimeUnknown],
        ),
        ("cancelled without money", Box::new(cancelled), Status::Cancelled, &[]),
        (
            "cancelled with money",
            Box::new(|r| {
                cancelled(r);
                all_paid(r);
            }),
            Status::Closed,
            &[A::RefundUnknown],
        ),
        (
            "a cancel wins over completed",
            Box::new(|r| {
                all_paid(r);
                cancelled(r);
                r.shops[0].settled_at = Some(Time(4000));
            }),
            Status::Closed,
            &[A::RefundUnknown],
        ),
    ];
    check(cases);
}

#[test]
fn what_contradicts_is_kept_whatever_the_status() {
    use AnomalyKind as A;
    let cases: Vec<Case> = vec![
        (
            "shipped after a cancel",
            Box::new(|r| {
                cancelled(r);
                r.shops[0].shipments = vec![parcel(Some("SF1"), Some(6000), &[])];
            }),
            Status::Cancelled,
            &[A::ShippedAfterCancel],
        ),
        (
            "shipped before paid",
            Box::new(|r| {
                r.payments = vec![paid("a", 12_000, Some(9000))];
                r.shops[0].shipped_at = Some(Time(3000));
            }),
            Status::Shipped,
            &[A::TimesOutOfOrder],
        ),
        (
            "received before shipped, and shipped before placed",
            Box::new(|r| {
                r.payments = vec![paid("a", 12_000, Some(1000))];
                r.shops[0].shipped_at = Some(Time(500));
                r.shops[0].received =
                    Some(Received { at: Time(400), by_then: false, by: ReceiveType::Buyer });
            }),
            Status::Received,
            &[A::TimesOutOfOrder, A::TimesOutOfOrder],
        ),
        (
            "another total than ours",
            Box::new(|r| r.total = Amount::of(11_999)),
            Status::Created,
            &[A::SumMismatch],
        ),
        (
            "a payment in another currency",
            Box::new(|r| {
                r.payments =
                    vec![ReportedPayment { currency: currency("USD"), ..paid("a", 1, Some(2000)) }];
            }),
            Status::Created,
            &[A::CurrencyMismatch],
        ),
        (
            "one reference twice",
            Box::new(|r| {
                r.payments = vec![paid("a", 12_000, Some(2000)), paid("a", 12_000, Some(2000))];
            }),
            Status::Paid,
            &[A::PaymentReferenceTaken],
        ),
    ];
    check(cases);
}

#[test]
fn a_fact_without_a_time_takes_the_latest_known_before_it_until_one_is_told() {
    let vague = told(|r| {
        r.payments = vec![paid("wx-1", 12_000, None)];
        r.shops[0].shipments = vec![parcel(Some("SF1"), None, &[])];
        r.shops[0].received =
            Some(Received { at: Time(4000), by_then: false, by: ReceiveType::Buyer });
    });
    let tree = recorded(&vague).tree;
    assert_eq!(tree.payment.payments[0].paid_at, Time(1000));
    assert_eq!(anomalies(&tree), [AnomalyKind::TimeUnknown, AnomalyKind::TimeUnknown]);

    let exact = told(|r| r.payments = vec![paid("wx-1", 12_000, Some(2000))]);
    let tree = again(&tree, &exact).unwrap().tree;
    assert_eq!(tree.payment.payments[0].paid_at, Time(2000));
    assert_eq!(tree.shops[0].shipments[0].at, Time(2000), "the guess follows what it rests on");
    assert_eq!(anomalies(&tree), [AnomalyKind::TimeUnknown]);
}

#[test]
fn an_order_without_a_moment_takes_the_first_that_is_known() {
    let tree = recorded(&told(|r| {
        r.created_at = None;
        r.payments = vec![paid("wx-1", 12_000, Some(2000))];
    }))
    .tree;
    assert_eq!((tree.payment.created_at, tree.shops[0].created_at), (Time(2000), Time(2000)));
    assert_eq!(tree.payment.anomalies[0].detail, json!({"fact": "created"}));
}

#[test]
fn an_unknown_amount_fills_the_terms_and_another_amount_makes_new_ones() {
    let unknown = told(|r| {
        r.placement.shops[0].items[0].list_price = Amount::UNKNOWN;
        r.placement.platform_discount = Amount::of(500);
    });
    let first = recorded(&unknown);
    assert_eq!(status::of(&first.tree).payable, Amount::UNKNOWN);
    assert_eq!(first.tree.shops[0].items[0].shares.platform, Amount::UNKNOWN);

    let known = told(|r| r.placement.platform_discount = Amount::of(500));
    let filled = again(&first.tree, &known).unwrap();
    assert_eq!(status::of(&filled.tree).payable, Amount::of(11_500));
    assert_eq!(filled.tree.shops[0].items[0].shares.platform, Amount::of(500));
    assert_eq!((filled.tree.payment.terms_version, new_terms(&first, &filled)), (1, false));
    assert_eq!(anomalies(&filled.tree), []);
    assert_eq!(again(&filled.tree, &unknown), None, "to know less is nothing new");

    let other = told(|r| r.placement.platform_discount = Amount::of(600));
    let changed = again(&filled.tree, &other).unwrap();
    assert_eq!(status::of(&changed.tree).payable, Amount::of(11_400));
    assert_eq!((changed.tree.payment.terms_version, new_terms(&filled, &changed)), (2, true));
    assert_eq!(anomalies(&changed.tree), [AnomalyKind::TermsChanged]);
}

#[test]
fn a_discount_above_what_is_left_is_cut_and_kept_as_an_anomaly() {
    let tree = recorded(&told(|r| r.placement.shops[0].shop_discount = Amount::of(20_000))).tree;
    assert_eq!(tree.shops[0].shop_discount, Amount::of(12_000));
    let detail = json!({
        "field": "shops[0].shop_discount", "reported": 20_000, "kept": 12_000, "currency": "CNY",
    });
    assert_eq!(tree.payment.anomalies[0].detail, detail);
    assert_eq!(price::check(&tree), Ok(()));
}

#[test]
fn lines_and_shops_of_a_later_report_are_added_and_none_is_taken_away() {
    let first = told(|r| {
        r.placement.shops[0].items = vec![line("tea"), line("tea")];
    });
    let tree = recorded(&first).tree;
    let second = told(|r| {
        r.placement.shops = vec![shop("12", vec![line("pot")]), shop("11", vec![line("tea")])];
        r.shops = vec![
            ReportedShop::default(),
            ReportedShop { shipped_at: Some(Time(3000)), ..ReportedShop::default() },
        ];
    });
    let change = again(&tree, &second).unwrap();
    let ids = |tree: &Tree| tree.shops.iter().map(|s| s.shop_id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&change.tree), ["11", "12"]);
    assert_eq!(change.tree.shops[0].items.len(), 2);
    assert_eq!(change.tree.shops[0].id, tree.shops[0].id);
    assert_eq!(change.tree.shops[0].shipments.len(), 1, "facts go to the shop they are of");
    assert_eq!(anomalies(&change.tree)[0], AnomalyKind::TermsChanged);
    assert_eq!(again(&change.tree, &first), None);
    assert_eq!(again(&change.tree, &second), None);
    let undone = change::undo(&change.tree, &change.entry);
    assert_eq!(undone, Ok(Some(tree)));
}

#[test]
fn a_parcel_told_later_takes_the_place_of_goods_only_known_to_have_left() {
    let left = recorded(&told(|r| r.shops[0].shipped_at = Some(Time(3000)))).tree;
    let parcels = told(|r| {
        let parcels = vec![
            parcel(Some("SF1"), None, &[(0, 500)]),
            parcel(Some("SF2"), Some(3500), &[(0, 1500)]),
        ];
        r.shops[0].shipments = parcels;
    });
    let tree = again(&left, &parcels).unwrap().tree;
    let shipments = &tree.shops[0].shipments;
    assert_eq!(shipments.len(), 2);
    assert_eq!(shipments[0].shipment_id, left.shops[0].shipments[0].shipment_id);
    assert_eq!((shipments[0].at, shipments[0].lines[0].quantity), (Time(3000), Quantity(500)));
    assert_eq!(status::of(&tree).shops[0].items[0].left_to_ship, Quantity::ZERO);
}

#[test]
fn a_meal_that_left_has_steps_on_its_delivery_axis() {
    let tree = recorded(&told(|r| {
        r.placement.shops[0].fulfilment = Fulfilment::Takeaway;
        r.payments = vec![paid("a", 12_000, Some(2000))];
        r.shops[0].shipped_at = Some(Time(3000));
        r.shops[0].received =
            Some(Received { at: Time(4000), by_then: false, by: ReceiveType::Courier });
    }))
    .tree;
    let steps: Vec<_> = tree.shops[0].delivery.iter().map(|step| (step.status, step.at)).collect();
    let expected =
        [(DeliveryStatus::PickedUp, Time(3000)), (DeliveryStatus::Delivered, Time(4000))];
    assert_eq!(steps, expected);
    assert_eq!(status::of(&tree).status, Status::Received);
}

#[test]
fn the_payment_axis_of_unknown_amounts_is_what_the_source_says() {
    let unknown = |edit: fn(&mut Report)| {
        recorded(&told(|r| {
            r.placement.shops[0].items[0].list_price = Amount::UNKNOWN;
            edit(r);
        }))
        .tree
    };
    let axis = |tree: &Tree| status::of(tree).payment_status;
    assert_eq!(axis(&unknown(|_| ())), PaymentStatus::Unpaid);
    assert_eq!(
        axis(&unknown(|r| r.payment_status = Some(PaymentStatus::Paid))),
        PaymentStatus::Paid
    );
    assert_eq!(axis(&unknown(|r| r.shops[0].shipped_at = Some(Time(2)))), PaymentStatus::Paid);
}

#[test]
fn an_anomaly_that_later_facts_resolve_leaves_the_tree() {
    let shipped = told(|r| {
        r.payments = vec![paid("a", 5000, Some(2000))];
        r.shops[0].shipped_at = Some(Time(3000));
    });
    let tree = recorded(&shipped).tree;
    assert_eq!(anomalies(&tree), [AnomalyKind::Underpaid]);
    let rest = told(|r| r.payments = vec![paid("b", 7000, Some(2500))]);
    let change = again(&tree, &rest).unwrap();
    assert_eq!(anomalies(&change.tree), []);
    assert!(change.entry.before.to_string().contains("underpaid"), "its row keeps it");
}

#[test]
fn only_a_live_import_at_home_here_gets_deadlines_from_now_on() {
    let deadline = |edit: fn(&mut Report), mode| {
        let report = told(|r| {
            r.home = Some(Home::Center);
            edit(r);
        });
        let tree = take_down(None, &report, mode, NOW).unwrap().unwrap().tree;
        tree.shops[0].deadline.or(tree.payment.deadline).map(|d| (d.kind, d.at.since(NOW)))
    };
    let policy = Policy::default();
    let shipped: fn(&mut Report) = |r| r.shops[0].shipped_at = Some(Time(3000));
    assert_eq!(deadline(|_| (), Mode::Live), Some((DeadlineKind::PayBy, policy.pay_by)));
    assert_eq!(deadline(shipped, Mode::Live), Some((DeadlineKind::ReceiveBy, policy.receive_by)));
    assert_eq!(deadline(shipped, Mode::History), None);
    let unpaid = told(|r| r.home = Some(Home::Center));
    let tree = take_down(None, &unpaid, Mode::Live, NOW).unwrap().unwrap().tree;
    assert_eq!(tree.payment.pay_by, Some(NOW.plus(policy.pay_by)));
    let elsewhere: fn(&mut Report) = |r| r.home = Some(Home::Branch("b1".into()));
    assert_eq!(deadline(elsewhere, Mode::Live), None);
}

#[test]
fn a_reported_word_keeps_its_place_beside_facts() {
    let tree = recorded(&told(|r| {
        r.shops[0].status = Some(Status::Received);
        r.shops[0].shipped_at = Some(Time(3000));
    }))
    .tree;
    let expected = Reported { status: Status::Received, at: Time(3000) };
    assert_eq!(tree.shops[0].reported, Some(expected));
    let settled = told(|r| r.shops[0].settled_at = Some(Time(9000)));
    let tree = again(&tree, &settled).unwrap().tree;
    assert_eq!(tree.shops[0].reported, None, "the fact says more than the word");
}
