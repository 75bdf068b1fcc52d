//! Anything may be reported, in any order: nothing panics, twice is once, and facts only join.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod reports;

use docket_domain::change::Origin;
use docket_domain::placement::{PlacedItem, PlacedShop, Placement};
use docket_domain::record::{
    Report, ReportedDue, ReportedPart, ReportedPayment, ReportedRefund, ReportedRefundLine,
    ReportedShipment, ReportedShop,
};
use docket_domain::tree::{FreightAsked, Received, Revoke};
use docket_domain::words::{
    DueCause, Fulfilment, ParcelState, PaymentStatus, ReceiveType, RefundKind, RefundStatus, Status,
};
use docket_domain::{ActorKind, Amount, Quantity, Time, Tree, price, status};
use proptest::prelude::*;
use reports::{
    Mode, NOW, again, currency, line, paid, parcel, placement, recorded, shop, take_down, told,
};
use serde_json::json;

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
    let amounts = (any_amount(), any_amount(), any_amount());
    (0_u8..3, any_quantity(), amounts).prop_map(|(sku, quantity, (price, off, tax))| PlacedItem {
        quantity,
        list_price: price,
        item_discount: off,
        tax,
        ..line(["tea", "pot", "cup"][usize::from(sku)])
    })
}

fn any_shop() -> impl Strategy<Value = PlacedShop> {
    let items = prop::collection::vec(any_item(), 0..4);
    let amounts = (any_amount(), any_amount(), any_amount());
    (0_u8..2, items, amounts, any::<bool>()).prop_map(
        |(id, items, (shop_discount, freight, freight_tax), meal)| PlacedShop {
            shop_discount,
            freight,
            freight_tax,
            fulfilment: if meal { Fulfilment::Takeaway } else { Fulfilment::Parcel },
            ..shop(["11", "12"][usize::from(id)], items)
        },
    )
}

fn any_refund() -> impl Strategy<Value = ReportedRefund> {
    let words = (
        prop::sample::select(RefundKind::ALL.to_vec()),
        prop::sample::select(RefundStatus::ALL.to_vec()),
        any::<bool>(),
    );
    let line = (0_usize..4, any_quantity(), prop::option::of(any_quantity()));
    let lines = prop::collection::vec((line, prop::option::of(any::<i64>())), 0..3);
    let parts = prop::collection::vec((0_usize..4, any::<i64>()), 0..3);
    let times = (any_time(), any_time(), any_time());
    (words, lines, parts, prop::option::of(any::<i64>()), times).prop_map(
        |((kind, status, goods_back), lines, parts, amount, times)| ReportedRefund {
            external_id: None,
            money_unknown: false,
            kind,
            by: ActorKind::Buyer,
            status,
            amount,
            coins: amount,
            third_party: None,
            tax: amount.map(|amount| amount / 7),
            freight: amount.unwrap_or(0),
            freight_asked: if goods_back { FreightAsked::All } else { FreightAsked::No },
            goodwill: 0,
            cut: 0,
            beyond: Vec::new(),
            former: Vec::new(),
            lines: lines
                .into_iter()
                .map(|((line, quantity, shipped), amount)| ReportedRefundLine {
                    line,
                    quantity,
                    shipped,
                    amount,
                    coins: None,
                    third_party: amount,
                    tax: amount,
                })
                .collect(),
            parts: parts
                .into_iter()
                .map(|(payment, amount)| ReportedPart { payment, amount, status, reference: None })
                .collect(),
            goods_back,
            returned: vec![(0, Quantity(1000))],
            reason: None,
            created_at: times.0,
            answered_at: times.1,
            ended_at: times.2,
        },
    )
}

fn any_reported() -> impl Strategy<Value = ReportedShop> {
    let status = prop::option::of(prop::sample::select(Status::ALL.to_vec()));
    let lines = prop::collection::vec((0_usize..4, any_quantity()), 0..3);
    let parcels = prop::collection::vec((prop::option::of(0_u8..3), any_time(), lines), 0..3);
    let refunds = prop::collection::vec(any_refund(), 0..3);
    (status, parcels, any_time(), any_time(), any_time(), any_time(), refunds).prop_map(
        |(status, parcels, shipped_at, received, cancelled_at, settled_at, refunds)| ReportedShop {
            refunds,
            status,
            shipments: parcels
                .into_iter()
                .map(|(tracking, at, lines)| ReportedShipment {
                    package: None,
                    carrier: None,
                    tracking: tracking.map(|n| n.to_string()),
                    at,
                    by_then: false,
                    state: ParcelState::Left,
                    lines,
                })
                .collect(),
            shipped_at,
            received: received.map(|at| Received { at, by_then: false, by: ReceiveType::Store }),
            cancelled_at,
            settled_at,
            ..ReportedShop::default()
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
        dues in prop::collection::vec((0_usize..4, any::<i64>(), any_time()), 0..3),
        revoked in prop::option::weighted(0.2, any::<i64>()),
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
            r.refunds_due = dues.into_iter().map(|(payment, amount, created_at)| ReportedDue {
                payment,
                amount,
                cause: DueCause::Late,
                status: RefundStatus::Refunding,
                reference: None,
                former: Vec::new(),
                again: Vec::new(),
                created_at,
            }).collect();
            if let Some(at) = revoked {
                r.revoke = Revoke::Revoked { by: ActorKind::Buyer, at: Time(at), reason: None };
            }
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
#[allow(clippy::struct_excessive_bools)] // each is one thing that a view may leave out
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
    /// How far the refund is, where it is seen.
    refund: Option<RefundStatus>,
}

fn any_view() -> impl Strategy<Value = View> {
    let payments = prop::collection::vec((any::<bool>(), any::<bool>()), 3);
    let parcels = prop::collection::vec(any::<bool>(), 2);
    let word = prop::option::of(prop::sample::select(Status::ALL.to_vec()));
    let flags = (any::<[bool; 6]>(), any::<bool>(), any::<bool>());
    let stages = [RefundStatus::Applied, RefundStatus::Refunding, RefundStatus::Refunded];
    let refund = prop::option::of(prop::sample::select(stages.to_vec()));
    (payments, parcels, word, flags, prop::bool::weighted(0.2), refund).prop_map(
        |(payments, parcels, word, (f, amounts, discount), cancelled, refund)| View {
            refund,
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

/// One refund, as far as a view sees it.
fn refund(status: RefundStatus, timed: bool, units: Quantity) -> ReportedRefund {
    let line = ReportedRefundLine {
        line: 0,
        quantity: units,
        shipped: None,
        amount: Some(700),
        coins: None,
        third_party: None,
        tax: None,
    };
    let answered = status != RefundStatus::Applied;
    ReportedRefund {
        external_id: None,
        money_unknown: false,
        kind: RefundKind::Refund,
        by: ActorKind::Buyer,
        status,
        amount: Some(700),
        coins: Some(0),
        third_party: Some(0),
        tax: None,
        freight: 0,
        freight_asked: FreightAsked::No,
        goodwill: 0,
        cut: 0,
        beyond: Vec::new(),
        former: Vec::new(),
        lines: vec![line],
        parts: Vec::new(),
        goods_back: false,
        returned: Vec::new(),
        reason: None,
        created_at: timed.then_some(Time(3500)),
        answered_at: (timed && answered).then_some(Time(3600)),
        ended_at: (timed && status == RefundStatus::Refunded).then_some(Time(3700)),
    }
}

fn seen(view: &View, in_parcels: bool, meal: bool, units: Quantity) -> Report {
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
        shop.received = view.received.then_some(Received {
            at: Time(4000),
            by_then: false,
            by: ReceiveType::Buyer,
        });
        shop.settled_at = view.settled.then_some(Time(5000));
        shop.cancelled_at = view.cancelled.then_some(Time(4500));
        shop.status = view.word;
        shop.refunds =
            view.refund.map(|stage| refund(stage, view.timed, units)).into_iter().collect();
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
    let refunds: Vec<_> = shop
        .refunds
        .iter()
        .map(|r| (r.status, r.amount, r.created_at, r.answered_at, r.ended_at, r.lines[0].shipped))
        .collect();
    let standing = status::of(tree);
    json!({
        "created": tree.payment.created_at, "payments": payments, "parcels": parcels,
        "received": shop.received, "settled": shop.settled_at, "reported": shop.reported,
        "delivery": shop.delivery, "axis": tree.payment.reported_payment,
        "refunds": refunds, "payable": standing.payable, "status": standing.status,
        "price": shop.items[0].list_price, "discount": tree.payment.platform_discount,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn record_takes_anything_and_the_same_again_is_nothing_new(first in any_report(), second in any_report()) {
        let Ok(Some(change)) = take_down(None, &first, Mode::Live, NOW) else { return Ok(()) };
        prop_assert_eq!(price::check(&change.tree), Ok(()));
        prop_assert_eq!(change.origin, Origin::Recorded);
        prop_assert_eq!(again(&change.tree, &first), None);

        if let Ok(Some(next)) = take_down(Some(&change.tree), &second, Mode::History, Time(20_000)) {
            prop_assert_eq!(price::check(&next.tree), Ok(()));
            prop_assert_eq!(next.tree.payment.version, 2);
            let undone = docket_domain::change::undo(&next.tree, &next.entry);
            prop_assert_eq!(undone.as_ref().map(Option::as_ref), Ok(Some(&change.tree)));
            let redone = docket_domain::change::redo(&change.tree, &next.entry);
            prop_assert_eq!(redone.as_ref(), Ok(&next.tree));
            prop_assert_eq!(again(&next.tree, &second), None);
        }
    }

    #[test]
    fn two_reports_end_with_the_same_facts_in_either_order(
        a in any_view(), b in any_view(), in_parcels in any::<bool>(), meal in any::<bool>(), all in any::<bool>(),
    ) {
        let units = Quantity(if all { 2000 } else { 500 });
        let (a, b) = (seen(&a, in_parcels, meal, units), seen(&b, in_parcels, meal, units));
        let both = |first: &Report, second: &Report| {
            let tree = recorded(first).tree;
            take_down(Some(&tree), second, Mode::History, NOW).unwrap().map_or(tree, |c| c.tree)
        };
        prop_assert_eq!(facts(&both(&a, &b)), facts(&both(&b, &a)));
    }
}
