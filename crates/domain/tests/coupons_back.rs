//! Coupons that come back: when a use that was paid for is given back by itself, by whom it is given back by
//! hand, and that no end gives it back twice.

mod harness;

use docket_domain::coupon::{self, ComesBack, CountOf, Counted};
use docket_domain::decide::NotGivenBack;
use docket_domain::operation::{Operation, RefundAsked};
use docket_domain::placement::{PlacedCoupon, PlacedShop, Placement};
use docket_domain::time::{DAY, HOUR, MINUTE};
use docket_domain::tree::FreightAsked;
use docket_domain::words::{Fulfilment, OrderType, RefundStatus};
use docket_domain::{ActorKind, Amount};
use harness::{Harness, item, order, shop};

fn of_shop(shop_id: &str, price: i64) -> PlacedShop {
    PlacedShop { shop_id: shop_id.into(), ..shop(600, vec![item(price, 2)]) }
}

/// Two shops, a coupon of 5.00 of the first and one of 8.00 of the platform.
fn placement() -> Placement {
    let mut placement = order(vec![of_shop("11", 10_000), of_shop("12", 5_000)]);
    placement.shops[0].shop_discount = Amount::of(500);
    placement.platform_discount = Amount::of(800);
    placement.coupons = vec![
        PlacedCoupon { code: "S".into(), shop_id: Some("11".into()), amount: Some(500) },
        PlacedCoupon { code: "P".into(), shop_id: None, amount: Some(800) },
    ];
    placement
}

/// A meal of one shop with a coupon of the platform.
fn meal() -> Placement {
    let mut placement = order(vec![of_shop("11", 10_000)]);
    placement.order_type = OrderType::Takeaway;
    placement.shops[0].fulfilment = Fulfilment::Takeaway;
    placement.platform_discount = Amount::of(800);
    placement.coupons = vec![PlacedCoupon { code: "P".into(), shop_id: None, amount: Some(800) }];
    placement
}

/// An order whose coupons were counted like this, paid.
fn paid(placement: &Placement, change: impl Fn(&mut Counted)) -> Harness {
    let mut harness = Harness::place(placement);
    let of_shops = harness.tree.shops.iter_mut().flat_map(|shop| &mut shop.coupons);
    for coupon in of_shops.chain(&mut harness.tree.payment.coupons) {
        change(coupon.counted.as_mut().expect("it counts"));
    }
    harness.pay();
    harness
}

/// How often it is used, and how often of it for good.
fn uses(harness: &Harness, code: &str) -> (i64, i64) {
    harness.counts.get(&CountOf::Total(code.to_owned())).copied().unwrap_or_default()
}

fn whole() -> Operation {
    Operation::RefundByStore(RefundAsked { freight: FreightAsked::All, ..RefundAsked::default() })
}

/// The store gives shop order `n` back, whole.
fn give_back(harness: &mut Harness, n: usize) {
    let node = harness.tree.shops[n].id;
    harness.ask_of(node, ActorKind::Store, whole()).expect("it is paid");
}

fn ship(harness: &mut Harness, n: usize) {
    let node = harness.tree.shops[n].id;
    let ship = Operation::Ship { lines: None, carrier: None, tracking: None };
    harness.ask_of(node, ActorKind::Seller, ship).expect("it is paid");
}

#[test]
fn a_meal_that_the_store_or_the_timer_rejects_gives_its_coupon_back() {
    let mut by_store = paid(&meal(), |_| {});
    assert_eq!(uses(&by_store, "P"), (1, 1));
    by_store.does(ActorKind::Store, Operation::Reject { reason: Some("sold out".into()) });
    assert!(
        by_store.counts.is_empty(),
        "the buyer need not wait for the money: {:?}",
        by_store.counts
    );
    let mut by_timer = paid(&meal(), |_| {});
    by_timer.wait(10 * MINUTE);
    assert!(by_timer.counts.is_empty());
}

#[test]
fn whoever_cancels_an_order_of_which_nothing_was_shipped_gives_its_coupon_back() {
    for (asks, answers) in
        [(ActorKind::Buyer, ActorKind::Seller), (ActorKind::Seller, ActorKind::Buyer)]
    {
        let mut harness = paid(&placement(), |_| {});
        let node = harness.tree.shops[0].id;
        harness.ask_of(node, asks, Operation::RequestCancel { reason: None }).expect("it is paid");
        assert_eq!(uses(&harness, "S"), (1, 1), "it is asked for, and not agreed yet");
        let agree = Operation::AgreeCancel { refund_id: None };
        harness.ask_of(node, answers, agree).expect("it was asked for");
        assert_eq!(uses(&harness, "S"), (0, 0));
        assert_eq!(
            uses(&harness, "P"),
            (1, 1),
            "the other shop order is still one that it is used for"
        );
        give_back(&mut harness, 1);
        assert!(harness.counts.is_empty());
    }
}

#[test]
fn a_part_that_goes_back_or_a_parcel_that_left_gives_nothing_back() {
    let mut harness = paid(&placement(), |_| {});
    let shop = &harness.tree.shops[0];
    let (node, item) = (shop.id, shop.items[0].id);
    let one = Some(vec![docket_domain::operation::Asked {
        order_id: item,
        quantity: Some(docket_domain::Quantity(1000)),
    }]);
    let part = Operation::RefundByStore(RefundAsked { lines: one, ..RefundAsked::default() });
    harness.ask_of(node, ActorKind::Store, part).expect("it is paid");
    assert_eq!(uses(&harness, "S"), (1, 1));
    let mut harness = paid(&placement(), |_| {});
    ship(&mut harness, 0);
    give_back(&mut harness, 0);
    assert_eq!(uses(&harness, "S"), (1, 1), "what was shipped was had");
}

#[test]
fn all_given_back_counts_what_was_shipped_too_and_never_is_never() {
    let mut harness = paid(&placement(), |counted| counted.comes_back = ComesBack::AllGivenBack);
    ship(&mut harness, 0);
    give_back(&mut harness, 0);
    assert_eq!(uses(&harness, "S"), (1, 1), "the money is on its way");
    let refund_id = harness.tree.shops[0].refunds[0].refund_id;
    harness.does(
        ActorKind::Gateway,
        Operation::RefundSucceeded { refund_id, payment_id: None, reference: None },
    );
    assert_eq!(uses(&harness, "S"), (0, 0));
    let mut harness = paid(&placement(), |counted| counted.comes_back = ComesBack::Never);
    give_back(&mut harness, 0);
    give_back(&mut harness, 1);
    assert_eq!((uses(&harness, "S"), uses(&harness, "P")), ((1, 1), (1, 1)));
}

#[test]
fn an_order_of_the_release_before_keeps_the_rule_of_its_time() {
    let old: Counted =
        serde_json::from_str(r#"{"class":"gift","day":"2026-11-20"}"#).expect("as it was stored");
    assert_eq!(old.comes_back, ComesBack::Never);
    let mut new = old;
    new.comes_back = ComesBack::NothingShipped;
    let stored = serde_json::to_string(&new).expect("plain JSON");
    assert!(stored.contains(r#""comes_back":"nothing_shipped""#), "{stored}");
}

#[test]
fn a_coupon_comes_back_only_while_it_is_in_time() {
    let until = |millis| Some(harness::MORNING.plus(millis));
    let mut in_time = paid(&placement(), |counted| counted.until = until(HOUR));
    give_back(&mut in_time, 0);
    assert_eq!(uses(&in_time, "S"), (0, 0));
    // What has come back does not go again because time passes.
    in_time.wait(DAY);
    assert_eq!(uses(&in_time, "S"), (0, 0));
    let mut over = paid(&placement(), |counted| counted.until = until(HOUR));
    over.wait(HOUR);
    give_back(&mut over, 0);
    assert_eq!(uses(&over, "S"), (1, 1));
}

#[test]
fn a_refund_that_fails_takes_the_coupon_again_whatever_its_limit_and_another_gives_it_back() {
    let mut harness = paid(&placement(), |_| {});
    give_back(&mut harness, 0);
    assert_eq!(uses(&harness, "S"), (0, 0));
    let refund_id = harness.tree.shops[0].refunds[0].refund_id;
    let failed = Operation::RefundFailed {
        refund_id,
        payment_id: None,
        reference: None,
        reason: Some("account closed".into()),
    };
    // A failed part is tried again before the refund has failed.
    while harness.tree.shops[0].refunds[0].status == RefundStatus::Refunding {
        harness.does(ActorKind::Gateway, failed.clone());
    }
    assert_eq!(uses(&harness, "S"), (1, 1), "the order goes on");
    let moves = coupon::moves(harness.was.as_ref(), &harness.tree);
    let taken = moves.iter().filter(|moved| moved.used > 0);
    assert!(taken.clone().count() > 0 && taken.clone().all(|moved| !moved.guarded), "a fact");
    give_back(&mut harness, 0);
    assert_eq!(uses(&harness, "S"), (0, 0));
}

/// Reports of the gateway on the first refund of the first shop order.
fn hears(harness: &mut Harness, succeeded: bool) {
    let refund_id = harness.tree.shops[0].refunds[0].refund_id;
    let (payment_id, reference) = (None, None);
    harness.does(
        ActorKind::Gateway,
        if succeeded {
            Operation::RefundSucceeded { refund_id, payment_id, reference }
        } else {
            Operation::RefundFailed { refund_id, payment_id, reference, reason: None }
        },
    );
}

#[test]
fn money_that_bounces_takes_the_coupon_again_until_it_goes_back_once_more() {
    let mut harness = paid(&placement(), |_| {});
    give_back(&mut harness, 0);
    hears(&mut harness, true);
    assert_eq!(uses(&harness, "S"), (0, 0));
    hears(&mut harness, false);
    assert_eq!(harness.tree.shops[0].refunds[0].status, RefundStatus::Failed);
    assert_eq!(uses(&harness, "S"), (1, 1));
    hears(&mut harness, true);
    assert_eq!(uses(&harness, "S"), (0, 0));
}

#[test]
fn money_alone_that_goes_back_later_is_no_later_end() {
    let until = Some(harness::MORNING.plus(HOUR));
    let change = move |counted: &mut Counted| {
        (counted.comes_back, counted.until) = (ComesBack::AllGivenBack, until);
    };
    let mut harness = paid(&placement(), change);
    ship(&mut harness, 0);
    let node = harness.tree.shops[0].id;
    let goods = RefundAsked { freight: FreightAsked::No, ..RefundAsked::default() };
    harness.ask_of(node, ActorKind::Store, Operation::RefundByStore(goods)).expect("it is paid");
    hears(&mut harness, true);
    assert_eq!(uses(&harness, "S"), (0, 0));
    harness.wait(2 * HOUR);
    let freight = Operation::RefundByStore(harness::money_alone(FreightAsked::All, 0));
    harness.ask_of(node, ActorKind::Store, freight).expect("it was paid for");
    assert_eq!(uses(&harness, "S"), (0, 0));
}

#[test]
fn a_person_gives_one_use_back_once_and_its_order_keeps_the_discount() {
    let mut harness = Harness::place(&placement());
    assert_eq!(harness.give_coupon_back("S"), Err(NotGivenBack::Held));
    harness.pay();
    ship(&mut harness, 0);
    assert_eq!(harness.give_coupon_back("X"), Err(NotGivenBack::NotUsed));
    harness.give_coupon_back("S").expect("it is used");
    assert_eq!((uses(&harness, "S"), uses(&harness, "P")), ((0, 0), (1, 1)));
    assert_eq!(harness.tree.shops[0].shop_discount, Amount::of(500));
    assert_eq!(harness.give_coupon_back("S"), Err(NotGivenBack::Already));
    // Its end gives nothing back a second time.
    give_back(&mut harness, 0);
    assert_eq!(uses(&harness, "S"), (0, 0));
    give_back(&mut harness, 1);
    assert_eq!(uses(&harness, "P"), (1, 1), "a parcel of the first shop left");
}
