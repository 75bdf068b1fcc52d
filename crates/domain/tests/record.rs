//! What has happened elsewhere is taken down: joined in any order, never refused, contradictions kept.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use docket_domain::change::Change;
use docket_domain::deadline::Policy;
use docket_domain::decide::Context;
use docket_domain::placement::{PlacedItem, PlacedShop, Placement};
use docket_domain::price;
use docket_domain::record::{Report, ReportedPayment, ReportedShipment, ReportedShop, record};
use docket_domain::status;
use docket_domain::tree::{Home, Received, Reported};
use docket_domain::words::{
    AnomalyKind, DeadlineKind, DeliveryStatus, Fulfilment, OrderType, PaymentStatus, Platform,
    ReceiveType, Status,
};
use docket_domain::{Amount, Currency, FieldError, Id, OperationKind, Quantity, Time, Tree};
use proptest::prelude::*;
use serde_json::json;

const NOW: Time = Time(10_000);

fn currency(text: &str) -> Currency {
    text.parse().unwrap()
}

/// A line of two at 60.00.
fn line(sku: &str) -> PlacedItem {
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
        weighed: false,
    }
}

fn shop(id: &str, items: Vec<PlacedItem>) -> PlacedShop {
    PlacedShop {
        shop_id: id.into(),
        place: "main".into(),
        fulfilment: Fulfilment::Parcel,
        shop_discount: Amount::ZERO,
        freight: Amount::ZERO,
        has_ship_to: false,
        buyer_comment: None,
        promotions: None,
        tags: Vec::new(),
        items,
    }
}

fn placement(shops: Vec<PlacedShop>) -> Placement {
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
        shops,
    }
}

/// One shop order of one line, 120.00 in all, placed at 1000; nothing else is told.
fn report() -> Report {
    let shops = vec![shop("11", vec![line("tea")])];
    Report {
        placement: placement(shops),
        home: Home::Channel("11".into()),
        issuer: "temu:11".into(),
        created_at: Some(Time(1000)),
        payments: Vec::new(),
        payment_status: None,
        shops: vec![ReportedShop::default()],
        total: Amount::UNKNOWN,
    }
}

fn paid(reference: &str, amount: i64, paid_at: Option<i64>) -> ReportedPayment {
    ReportedPayment {
        tender: "wechat".into(),
        reference: reference.into(),
        amount,
        currency: currency("CNY"),
        paid_at: paid_at.map(Time),
    }
}

fn parcel(tracking: Option<&str>, at: Option<i64>, lines: &[(usize, i64)]) -> ReportedShipment {
    ReportedShipment {
        carrier: Some("SF".into()),
        tracking: tracking.map(Into::into),
        at: at.map(Time),
        lines: lines.iter().map(|(index, quantity)| (*index, Quantity(*quantity))).collect(),
    }
}

/// `report()` with edits.
fn told(edit: impl FnOnce(&mut Report)) -> Report {
    let mut report = report();
    edit(&mut report);
    report
}

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    History,
    Live,
}

fn take_down(
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
    let can_hold = |_: &[_]| panic!("a record holds nothing");
    let mut cx = Context { at: now, policy: &policy, next_id: &mut next_id, can_hold: &can_hold };
    record(known, report, mode == Mode::Live, &mut cx)
}

fn recorded(report: &Report) -> Change {
    take_down(None, report, Mode::History, NOW).unwrap().unwrap()
}

fn again(tree: &Tree, report: &Report) -> Option<Change> {
    take_down(Some(tree), report, Mode::History, Time(NOW.0 + 5000)).unwrap()
}

fn anomalies(tree: &Tree) -> Vec<AnomalyKind> {
    tree.payment.anomalies.iter().map(|anomaly| anomaly.kind).collect()
}

#[test]
fn a_report_becomes_a_tree_of_facts_with_its_own_times() {
    let report = told(|r| {
        r.payments = vec![paid("wx-1", 12_000, Some(2000))];
        r.shops[0].shipments = vec![parcel(Some("SF1"), Some(3000), &[])];
        r.shops[0].received = Some(Received { at: Time(4000), by: ReceiveType::Buyer });
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
    assert!(change.stock.is_empty() && change.new_terms);
    assert_eq!(change.claims.len(), 1);
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

#[test]
fn statuses_follow_from_facts_and_contradictions_are_kept() {
    use AnomalyKind as A;
    let cancelled = |r: &mut Report| r.shops[0].cancelled_at = Some(Time(5000));
    let all_paid = |r: &mut Report| r.payments = vec![paid("a", 12_000, Some(2000))];
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
            Box::new(move |r| {
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
            Box::new(move |r| {
                cancelled(r);
                all_paid(r);
            }),
            Status::Closed,
            &[A::RefundUnknown],
        ),
        (
            "a cancel wins over completed",
            Box::new(move |r| {
                all_paid(r);
                cancelled(r);
                r.shops[0].settled_at = Some(Time(4000));
            }),
            Status::Closed,
            &[A::RefundUnknown],
        ),
        (
            "shipped after a cancel",
            Box::new(move |r| {
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
            Box::new(move |r| {
                r.payments = vec![paid("a", 12_000, Some(1000))];
                r.shops[0].shipped_at = Some(Time(500));
                r.shops[0].received = Some(Received { at: Time(400), by: ReceiveType::Buyer });
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
    for (what, edit, status, kinds) in cases {
        let tree = recorded(&told(edit)).tree;
        assert_eq!(status::of(&tree).status, status, "{what}");
        assert_eq!(anomalies(&tree), kinds, "{what}");
    }
}

#[test]
fn a_fact_without_a_time_takes_the_latest_known_before_it_until_one_is_told() {
    let vague = told(|r| {
        r.payments = vec![paid("wx-1", 12_000, None)];
        r.shops[0].shipments = vec![parcel(Some("SF1"), None, &[])];
        r.shops[0].received = Some(Received { at: Time(4000), by: ReceiveType::Buyer });
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
    assert_eq!((filled.tree.payment.terms_version, filled.new_terms), (1, false));
    assert_eq!(anomalies(&filled.tree), []);
    assert_eq!(again(&filled.tree, &unknown), None, "to know less is nothing new");

    let other = told(|r| r.placement.platform_discount = Amount::of(600));
    let changed = again(&filled.tree, &other).unwrap();
    assert_eq!(status::of(&changed.tree).payable, Amount::of(11_400));
    assert_eq!((changed.tree.payment.terms_version, changed.new_terms), (2, true));
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
    let undone = docket_domain::change::undo(&change.tree, &change.entry);
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
        r.shops[0].received = Some(Received { at: Time(4000), by: ReceiveType::Courier });
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
            r.home = Home::Center;
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
    let elsewhere: fn(&mut Report) = |r| r.home = Home::Branch("b1".into());
    assert_eq!(deadline(elsewhere, Mode::Live), None);
}

// ---- properties -------------------------------------------------------------------------------------------

fn any_amount() -> impl Strategy<Value = Amount> {
    prop_oneof![
        3 => Just(Amount::ZERO),
        2 => Just(Amount::UNKNOWN),
        4 => (0_i64..20_000).prop_map(Amount::of),
        1 => any::<i64>().prop_map(Amount::of),
        1 => (990_000_000_000_i64..1_000_000_000_001).prop_map(Amount::of),
    ]
}

fn any_quantity() -> impl Strategy<Value = Quantity> {
    prop_oneof![6 => (1_i64..5000).prop_map(Quantity), 1 => any::<i64>().prop_map(Quantity)]
}

fn any_time() -> impl Strategy<Value = Option<Time>> {
    prop_oneof![
        2 => Just(None),
        4 => (0_i64..9000).prop_map(|t| Some(Time(t))),
        1 => any::<i64>().prop_map(|t| Some(Time(t))),
    ]
}

fn any_item() -> impl Strategy<Value = PlacedItem> {
    (0_u8..3, any_quantity(), any_amount(), any_amount()).prop_map(|(sku, quantity, price, off)| {
        PlacedItem {
            quantity,
            list_price: price,
            item_discount: off,
            ..line(["tea", "pot", "cup"][usize::from(sku)])
        }
    })
}

fn any_shop() -> impl Strategy<Value = PlacedShop> {
    let items = prop::collection::vec(any_item(), 0..4);
    (0_u8..2, items, any_amount(), any_amount(), any::<bool>()).prop_map(
        |(id, items, shop_discount, freight, meal)| PlacedShop {
            shop_discount,
            freight,
            fulfilment: if meal { Fulfilment::Takeaway } else { Fulfilment::Parcel },
            ..shop(["11", "12"][usize::from(id)], items)
        },
    )
}

fn any_reported() -> impl Strategy<Value = ReportedShop> {
    let status = prop::option::of(prop::sample::select(Status::ALL.to_vec()));
    let lines = prop::collection::vec((0_usize..4, any_quantity()), 0..3);
    let parcels = prop::collection::vec((prop::option::of(0_u8..3), any_time(), lines), 0..3);
    (status, parcels, any_time(), any_time(), any_time(), any_time()).prop_map(
        |(status, parcels, shipped_at, received, cancelled_at, settled_at)| ReportedShop {
            status,
            shipments: parcels
                .into_iter()
                .map(|(tracking, at, lines)| ReportedShipment {
                    carrier: None,
                    tracking: tracking.map(|n| n.to_string()),
                    at,
                    lines,
                })
                .collect(),
            shipped_at,
            received: received.map(|at| Received { at, by: ReceiveType::Store }),
            cancelled_at,
            settled_at,
        },
    )
}

prop_compose! {
    fn any_report()(
        shops in prop::collection::vec((any_shop(), any_reported()), 0..4),
        payments in prop::collection::vec((0_u8..3, any::<bool>(), prop_oneof![0_i64..30_000, any::<i64>()], any_time()), 0..4),
        discounts in (any_amount(), any_amount(), any_amount(), any_amount()),
        created_at in any_time(),
        payment_status in prop::option::of(prop::sample::select(PaymentStatus::ALL.to_vec())),
        foreign in prop::bool::weighted(0.1),
    ) -> Report {
        let (placed, reported) = shops.into_iter().unzip();
        let (platform_discount, coins, third_party_discount, total) = discounts;
        told(|r| {
            r.placement = Placement { platform_discount, coins, third_party_discount, ..placement(placed) };
            if foreign {
                r.placement.currency = currency("USD");
            }
            r.shops = reported;
            r.created_at = created_at;
            r.payment_status = payment_status;
            r.total = total;
            r.payments = payments.into_iter().map(|(reference, cash, amount, paid_at)| ReportedPayment {
                tender: if cash { "cash".into() } else { "wechat".into() },
                paid_at,
                ..paid(&reference.to_string(), amount, None)
            }).collect();
        })
    }
}

/// Two views of one truth: each may leave out facts, times and amounts, but neither says anything untrue.
#[derive(Debug, Clone)]
struct View {
    created: bool,
    payments: Vec<(bool, bool)>,
    parcels: Vec<bool>,
    timed: bool,
    shipped: bool,
    received: bool,
    settled: bool,
    cancelled: bool,
    word: Option<Status>,
    amounts: bool,
    discount: bool,
}

fn any_view() -> impl Strategy<Value = View> {
    let payments = prop::collection::vec((any::<bool>(), any::<bool>()), 3);
    let parcels = prop::collection::vec(any::<bool>(), 2);
    let word = prop::option::of(prop::sample::select(Status::ALL.to_vec()));
    let flags = (any::<[bool; 6]>(), any::<bool>(), any::<bool>());
    (payments, parcels, word, flags, prop::bool::weighted(0.2)).prop_map(
        |(payments, parcels, word, (f, amounts, discount), cancelled)| View {
            created: f[0],
            payments,
            parcels,
            timed: f[1],
            shipped: f[2],
            received: f[3],
            settled: f[4],
            cancelled,
            word,
            amounts,
            discount: discount || f[5],
        },
    )
}

fn seen(view: &View, in_parcels: bool, meal: bool) -> Report {
    told(|r| {
        r.created_at = view.created.then_some(Time(1000));
        let payments = view.payments.iter().enumerate().filter(|(_, (named, _))| *named);
        r.payments = payments
            .map(|(n, (_, timed))| {
                paid(&n.to_string(), 4000, timed.then_some(2000 + i64::try_from(n).unwrap()))
            })
            .collect();
        let item = &mut r.placement.shops[0].items[0];
        item.list_price = if view.amounts { Amount::of(6000) } else { Amount::UNKNOWN };
        r.placement.platform_discount =
            if view.discount { Amount::of(99_000) } else { Amount::UNKNOWN };
        if meal {
            r.placement.shops[0].fulfilment = Fulfilment::Takeaway;
        }
        let shop = &mut r.shops[0];
        if in_parcels {
            let parcels = view.parcels.iter().enumerate().filter(|(_, named)| **named);
            shop.shipments = parcels
                .map(|(n, _)| {
                    parcel(Some(&n.to_string()), view.timed.then_some(3000), &[(0, 1000)])
                })
                .collect();
        } else {
            shop.shipped_at = view.shipped.then_some(Time(3000));
        }
        shop.received =
            view.received.then_some(Received { at: Time(4000), by: ReceiveType::Buyer });
        shop.settled_at = view.settled.then_some(Time(5000));
        shop.cancelled_at = view.cancelled.then_some(Time(4500));
        shop.status = view.word;
    })
}

/// The facts of a tree without the numbers we gave them and the order in which they were learnt.
fn facts(tree: &Tree) -> serde_json::Value {
    let shop = &tree.shops[0];
    let mut payments: Vec<_> =
        tree.payment.payments.iter().map(|p| (p.reference.clone(), p.amount, p.paid_at)).collect();
    payments.sort();
    let mut parcels: Vec<_> = shop
        .shipments
        .iter()
        .map(|p| (p.tracking.clone(), p.at, p.lines.iter().map(|l| l.quantity).collect::<Vec<_>>()))
        .collect();
    parcels.sort();
    let standing = status::of(tree);
    json!({
        "created": tree.payment.created_at, "payments": payments, "parcels": parcels,
        "received": shop.received, "settled": shop.settled_at, "reported": shop.reported,
        "delivery": shop.delivery, "axis": tree.payment.reported_payment,
        "payable": standing.payable, "status": standing.status,
        "price": shop.items[0].list_price, "discount": tree.payment.platform_discount,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn record_takes_anything_and_the_same_again_is_nothing_new(first in any_report(), second in any_report()) {
        let Ok(Some(change)) = take_down(None, &first, Mode::Live, NOW) else { return Ok(()) };
        prop_assert_eq!(price::check(&change.tree), Ok(()));
        prop_assert!(change.stock.is_empty());
        prop_assert_eq!(again(&change.tree, &first), None);

        if let Ok(Some(next)) = take_down(Some(&change.tree), &second, Mode::History, Time(20_000)) {
            prop_assert_eq!(price::check(&next.tree), Ok(()));
            prop_assert_eq!(next.tree.payment.version, 2);
            let undone = docket_domain::change::undo(&next.tree, &next.entry);
            prop_assert_eq!(undone, Ok(Some(change.tree)));
            prop_assert_eq!(again(&next.tree, &second), None);
        }
    }

    #[test]
    fn two_reports_end_with_the_same_facts_in_either_order(
        a in any_view(), b in any_view(), in_parcels in any::<bool>(), meal in any::<bool>(),
    ) {
        let (a, b) = (seen(&a, in_parcels, meal), seen(&b, in_parcels, meal));
        let both = |first: &Report, second: &Report| {
            let tree = recorded(first).tree;
            take_down(Some(&tree), second, Mode::History, NOW).unwrap().map_or(tree, |c| c.tree)
        };
        prop_assert_eq!(facts(&both(&a, &b)), facts(&both(&b, &a)));
    }
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
