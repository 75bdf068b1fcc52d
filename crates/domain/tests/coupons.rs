//! Coupons: what they take off, whatever stands before and after them, and what an order counts in every state.

mod harness;

use docket_domain::coupon::{Class, CountOf, Coupon, Definitions, Limits, WhyNot, Worth};
use docket_domain::operation::{Operation, PriceAsked};
use docket_domain::placement::{PlacedCoupon, PlacedShop, Placement};
use docket_domain::price::{self, sums};
use docket_domain::time::{HOUR, MINUTE};
use docket_domain::{ActorKind, Amount, AppliedCoupon, Currency, Refusal, Time, Tree};
use harness::{Harness, item, order, paid, shop};
use proptest::prelude::*;

const NOW: Time = Time(1_795_168_800_000);

fn coupon(code: &str, shop: Option<&str>, worth: Worth) -> Coupon {
    Coupon {
        code: code.into(),
        version: 1,
        title: None,
        shop_id: shop.map(Into::into),
        worth,
        currency: Currency::in_use("CNY").expect("a currency"),
        min_spend: 0,
        class: Class::FullReduction,
        limits: Limits::default(),
        from: None,
        until: None,
        active: true,
    }
}

const fn face(face: i64) -> Worth {
    Worth::Amount { face }
}

const fn percent(basis_points: i64, cap: Option<i64>) -> Worth {
    Worth::Percent { basis_points, cap }
}

fn asked(code: &str) -> PlacedCoupon {
    PlacedCoupon { code: code.into(), shop_id: None, amount: None }
}

fn priced(placement: &Placement, coupons: &[Coupon]) -> Result<Tree, Refusal> {
    price::assemble_with(placement, "web", Time(0), Definitions { coupons, at: NOW })
}

fn of_shop(shop_id: &str, lines: Vec<(i64, i64)>) -> PlacedShop {
    let items = lines.into_iter().map(|(price, quantity)| item(price, quantity)).collect();
    PlacedShop { shop_id: shop_id.into(), ..shop(600, items) }
}

/// Codes and reasons of a refusal.
fn why(refused: Result<Tree, Refusal>) -> Vec<(String, &'static str)> {
    match refused {
        Err(Refusal::Coupons(all)) => {
            all.into_iter().map(|one| (one.field, one.why.code())).collect()
        }
        other => panic!("coupons should be refused, but: {other:?}"),
    }
}

#[test]
fn a_discount_that_is_too_large_by_itself_is_not_laid_to_a_coupon() {
    let mut dear = of_shop("11", vec![(1, 1)]);
    dear.shop_discount = Amount::of(55);
    let placement = Placement { coupons: vec![asked("TEN")], ..order(vec![dear]) };
    let refused = priced(&placement, &[coupon("TEN", None, face(10))]);
    assert!(matches!(refused, Err(Refusal::DiscountTooLarge(_))), "{refused:?}");
}

#[test]
fn a_limit_is_told_in_words() {
    let said = |limit| WhyNot::LimitReached { limit, most: 2 }.to_string();
    assert_eq!(said("total"), "has been used as often as it may: its limit is 2 in all");
    assert!(said("per_buyer").ends_with("2 by one buyer"), "{}", said("per_buyer"));
    assert!(said("per_buyer_day").ends_with("2 by one buyer on one day"));
}

#[test]
fn a_part_is_rounded_half_up_once_and_capped() {
    assert_eq!(percent(1050, None).of(12_000), 1260);
    assert_eq!(percent(1, None).of(5_000), 1);
    assert_eq!(percent(1, None).of(4_999), 0);
    assert_eq!(percent(5_000, Some(7)).of(100), 7);
    assert_eq!(percent(10_000, None).of(333), 333);
    assert_eq!(face(500).of(499), 499);
}

#[test]
fn a_shops_coupons_are_taken_first_each_from_what_is_left() {
    let mut placement =
        order(vec![of_shop("11", vec![(10_000, 1)]), of_shop("12", vec![(5_000, 1)])]);
    placement.shops[0].shop_discount = Amount::of(1_000);
    placement.coupons = vec![asked("ALL"), asked("HALF"), asked("TEN")];
    let known = [
        coupon("ALL", None, percent(1_000, None)),
        coupon("HALF", Some("11"), percent(5_000, None)),
        coupon("TEN", Some("11"), face(1_000)),
    ];
    let tree = priced(&placement, &known).expect("they fit");
    let amounts =
        |coupons: &[AppliedCoupon]| coupons.iter().map(|coupon| coupon.amount).collect::<Vec<_>>();
    // 100.00 − 10.00 given, half of 90.00, then 10.00; a tenth of 35.00 and the other shop's 50.00.
    assert_eq!(amounts(&tree.shops[0].coupons), [4_500, 1_000]);
    assert_eq!(tree.shops[0].shop_discount, Amount::of(6_500));
    assert_eq!(amounts(&tree.payment.coupons), [850]);
    assert_eq!(sums::payable(&tree), Amount::of(3_500 + 5_000 - 850 + 1_200));
}

#[test]
fn everything_that_speaks_against_coupons_is_told_at_once() {
    let mut placement = order(vec![of_shop("11", vec![(10_000, 1)])]);
    placement.buyer_id = None;
    let with = |code: &str, change: fn(&mut Coupon)| {
        let mut coupon = coupon(code, None, face(1));
        change(&mut coupon);
        coupon
    };
    let known = [
        with("off", |c| c.active = false),
        with("early", |c| c.from = Some(NOW.plus(1))),
        with("late", |c| c.until = Some(NOW)),
        with("usd", |c| c.currency = Currency::in_use("USD").expect("a currency")),
        with("other", |c| c.shop_id = Some("12".into())),
        with("large", |c| c.min_spend = 10_001),
        with("buyer", |c| c.limits.per_buyer = Some(1)),
        with("named", |c| c.shop_id = Some("11".into())),
    ];
    placement.coupons = known.iter().map(|coupon| asked(&coupon.code)).collect();
    placement.coupons[7].shop_id = Some("12".into());
    placement.coupons.push(asked("nobody"));
    let not_applicable = "coupon_not_applicable";
    let codes: Vec<_> = why(priced(&placement, &known)).into_iter().map(|(_, code)| code).collect();
    assert_eq!(
        codes,
        [
            "coupon_not_active",
            "coupon_not_yet",
            "coupon_expired",
            not_applicable,
            not_applicable,
            not_applicable,
            not_applicable,
            not_applicable,
            "coupon_unknown",
        ]
    );
}

#[test]
fn a_coupon_that_finds_nothing_left_is_not_used_up() {
    let mut placement = order(vec![of_shop("11", vec![(100, 1)])]);
    placement.coupons = vec![asked("A"), asked("B")];
    let known = [coupon("A", None, face(100)), coupon("B", None, face(1))];
    assert_eq!(
        why(priced(&placement, &known)),
        [("coupons[1]".to_owned(), "coupon_not_applicable")]
    );
    // A gift takes nothing off and needs nothing left.
    let known = [coupon("A", None, face(100)), coupon("B", None, face(0))];
    assert!(priced(&placement, &known).is_ok());
}

/// Any worth.
fn worth() -> impl Strategy<Value = Worth> {
    prop_oneof![
        (1..200_000i64).prop_map(face),
        (1..=10_000i64, proptest::option::of(1..50_000i64)).prop_map(|(b, cap)| percent(b, cap)),
    ]
}

proptest! {
    /// Whatever coupons meet whatever order: no discount is above what was left, the sums close, and what each
    /// coupon took is part of its node's discount.
    #[test]
    fn the_parts_add_up_whatever_coupons_take(
        shops in prop::collection::vec(prop::collection::vec((0..30_000i64, 1..4i64), 1..4), 1..4),
        worths in prop::collection::vec((worth(), prop::option::of(0..3usize)), 1..6),
        given in 0..500i64,
    ) {
        let shops: Vec<_> = shops
            .into_iter()
            .enumerate()
            .map(|(n, lines)| of_shop(&n.to_string(), lines))
            .collect();
        let count = shops.len();
        let mut placement = order(shops);
        let known: Vec<_> = worths
            .into_iter()
            .enumerate()
            .map(|(n, (worth, shop))| {
                let shop = shop.map(|shop| (shop % count).to_string());
                coupon(&format!("c{n}"), shop.as_deref(), worth)
            })
            .collect();
        let bare = priced(&placement, &[]).expect("it is right");
        if sums::tree_price(&bare).known().is_some_and(|price| price >= given) {
            placement.platform_discount = Amount::of(given);
        }
        placement.coupons = known.iter().map(|coupon| asked(&coupon.code)).collect();
        match priced(&placement, &known) {
            Ok(tree) => {
                prop_assert_eq!(price::check(&tree), Ok(()));
                prop_assert!(sums::payable(&tree).known() >= sums::tree_freight(&tree).known());
                let taken = |coupons: &[AppliedCoupon]| {
                    coupons.iter().map(|coupon| coupon.amount).sum::<i64>()
                };
                let order = &tree.payment;
                let platform = placement.platform_discount.known().unwrap_or(0);
                prop_assert_eq!(order.platform_discount, Amount::of(platform + taken(&order.coupons)));
                for shop in &tree.shops {
                    prop_assert_eq!(shop.shop_discount, Amount::of(taken(&shop.coupons)));
                }
                let used = order.coupons.len()
                    + tree.shops.iter().map(|shop| shop.coupons.len()).sum::<usize>();
                prop_assert_eq!(used, known.len());
            }
            // What is left may be nothing; that is told, and never priced below zero.
            Err(Refusal::Coupons(all)) => prop_assert!(
                all.iter().all(|one| one.why == WhyNot::NothingLeft)
            ),
            Err(Refusal::DiscountTooLarge(all)) => {
                prop_assert!(all.iter().all(|one| one.field == "platform_discount"));
            }
            Err(other) => prop_assert!(false, "{:?}", other),
        }
    }
}

/// Two shops, a coupon of 5.00 of the first and one of 8.00 of the platform, both counted.
fn with_coupons() -> Harness {
    let mut placement =
        order(vec![of_shop("11", vec![(10_000, 1)]), of_shop("12", vec![(5_000, 1)])]);
    placement.shops[0].shop_discount = Amount::of(500);
    placement.platform_discount = Amount::of(800);
    placement.coupons = vec![
        PlacedCoupon { code: "S".into(), shop_id: Some("11".into()), amount: Some(500) },
        PlacedCoupon { code: "P".into(), shop_id: None, amount: Some(800) },
    ];
    Harness::place(&placement)
}

/// How often S and P are used, and how often of it for good.
fn uses(harness: &Harness) -> [(i64, i64); 2] {
    ["S", "P"].map(|code| {
        let total = CountOf::Total(code.to_owned());
        harness.counts.get(&total).copied().unwrap_or_default()
    })
}

const REVOKE: Operation = Operation::Revoke { reason: None };

// That every count of every order is what the order holds, after each change, is a law of the harness.

#[test]
fn a_coupon_is_held_at_placement_and_given_back_by_whoever_revokes() {
    let mut harness = with_coupons();
    assert_eq!(uses(&harness), [(1, 0), (1, 0)]);
    assert_eq!(harness.counts.len(), 7, "in all, by buyer, by buyer and day, and one telephone");
    harness.does(ActorKind::Buyer, REVOKE);
    assert!(harness.counts.is_empty());
    let mut harness = with_coupons();
    harness.wait(30 * MINUTE);
    assert!(harness.counts.is_empty());
}

#[test]
fn a_dropped_shop_order_takes_its_coupon_and_its_discount_with_it() {
    let mut harness = with_coupons();
    let node = harness.tree.shops[0].id;
    let drop = Operation::Drop { lines: None, platform_discount: None, third_party_discount: None };
    harness.ask_of(node, ActorKind::Store, drop).expect("it is unpaid");
    assert_eq!(uses(&harness), [(0, 0), (1, 0)]);
    assert_eq!(harness.tree.shops[0].shop_discount, Amount::ZERO);
    assert_eq!(sums::payable(&harness.tree), Amount::of(5_000 - 800 + 600));
}

#[test]
fn a_coupon_of_a_discount_that_is_made_smaller_stays_in_use_as_a_smaller_part() {
    let mut harness = with_coupons();
    let node = harness.tree.shops[0].id;
    let asked = PriceAsked { shop_discount: Some(200), ..PriceAsked::default() };
    let adjust = Operation::AdjustPrice(asked);
    harness.ask_of(node, ActorKind::Seller, adjust).expect("it is unpaid");
    assert_eq!(harness.tree.shops[0].coupons[0].amount, 200);
    assert_eq!(uses(&harness), [(1, 0), (1, 0)]);
}

#[test]
fn late_money_takes_the_coupons_again_or_comes_back() {
    let late = |harness: &mut Harness| {
        let payable = sums::payable(&harness.tree).known().expect("known");
        harness.wait(HOUR);
        let Operation::PaymentSucceeded(mut report) = paid("wechat", "w1", payable) else {
            unreachable!("it is a payment")
        };
        report.paid_at = Some(harness::MORNING.plus(MINUTE));
        harness.does(ActorKind::Gateway, Operation::PaymentSucceeded(report));
    };
    let mut revived = with_coupons();
    late(&mut revived);
    assert_eq!(uses(&revived), [(1, 1), (1, 1)]);
    let mut given_to_others = with_coupons();
    given_to_others.stock_is_left = false;
    late(&mut given_to_others);
    assert!(given_to_others.counts.is_empty());
}
