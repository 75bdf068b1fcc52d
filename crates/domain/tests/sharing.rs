//! The laws of sharing an amount out, and of giving it back in pieces.

mod harness;

use docket_domain::operation::{Asked, Operation};
use docket_domain::price::{self, share_out, sums};
use docket_domain::tree::{Refund, RefundLine};
use docket_domain::words::{RefundStatus, Status, StoreStatus};
use docket_domain::{ActorKind, Amount, Quantity, Time};
use harness::*;
use proptest::prelude::*;

fn amounts(left: &[i64]) -> Vec<Amount> {
    left.iter().copied().map(Amount::of).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn shares_come_to_the_discount_and_leave_nothing_below_zero(
        left in prop::collection::vec(0..1_000_000_000_000_i64, 1..40),
        part in 0..=1000_i64,
    ) {
        let whole: i128 = left.iter().map(|l| i128::from(*l)).sum();
        let discount = i64::try_from(whole * i128::from(part) / 1000).expect("it fits");
        let shares = share_out(Amount::of(discount), &amounts(&left)).expect("it fits");
        let shares: Vec<i64> = shares.iter().map(|share| share.known().expect("known")).collect();
        prop_assert_eq!(shares.iter().sum::<i64>(), discount);
        for (at, (share, weight)) in shares.iter().zip(&left).enumerate() {
            prop_assert!(*share >= 0 && share <= weight);
            // Largest remainder: each is the exact share rounded down or up, and who was rounded up had no
            // smaller remainder than who was rounded down, and at the same remainder an earlier position.
            let exact = i128::from(discount) * i128::from(*weight);
            let floor = exact.checked_div(whole).unwrap_or(0);
            prop_assert!(i128::from(*share) == floor || i128::from(*share) == floor + 1);
            let up = i128::from(*share) > floor;
            for (other, (share, weight)) in shares.iter().zip(&left).enumerate() {
                let theirs = i128::from(discount) * i128::from(*weight);
                let down = i128::from(*share) == theirs.checked_div(whole).unwrap_or(0);
                if up && down && whole > 0 {
                    let (mine, theirs) = (exact % whole, theirs % whole);
                    prop_assert!(mine > theirs || (mine == theirs && at < other));
                }
            }
        }
    }

    #[test]
    fn an_order_with_any_discounts_adds_up(
        prices in prop::collection::vec((1..9999_i64, 1..5000_i64), 1..12),
        shares in prop::array::uniform4(0..=100_i64),
        freight in 0..2000_i64,
    ) {
        let lines = prices.iter().map(|(list, quantity)| {
            let mut line = item(*list, 1);
            line.quantity = Quantity(*quantity);
            line
        });
        let lines: Vec<_> = lines.collect();
        let half = lines.len() / 2;
        let mut shops = vec![shop(freight, lines[half..].to_vec())];
        if half > 0 {
            shops.push(shop(0, lines[..half].to_vec()));
        }
        let mut placement = order(shops);
        // Each discount is a part of what the steps before it leave.
        let left = |placement: &docket_domain::Placement| {
            let tree = price::assemble(placement, "web", Time(0)).expect("the steps so far fit");
            (sums::shop_price(&tree.shops[0]), sums::tree_price(&tree), sums::payable(&tree))
        };
        let part = |of: Amount, share: i64| Amount::of(of.known().expect("known") * share / 100);
        placement.shops[0].shop_discount = part(left(&placement).0, shares[0]);
        placement.platform_discount = part(left(&placement).1, shares[1]);
        placement.coins = part(left(&placement).2, shares[2]);
        placement.third_party_discount = part(left(&placement).2, shares[3]);
        let tree = price::assemble(&placement, "web", Time(0)).expect("all of them fit");
        prop_assert_eq!(price::check(&tree), Ok(()));
        for (_, item) in tree.lines() {
            prop_assert!(sums::line_to_pay(item, tree.payment.tax).known().expect("known") >= 0);
        }
    }

    #[test]
    fn any_sequence_of_refunds_closes_at_exactly_what_was_paid(
        list_price in 1..5000_i64,
        thousandths in 1..4000_i64,
        coins in 0..=100_i64,
        third_party in 0..=100_i64,
        steps in prop::collection::vec((1..1500_i64, 0..4_u8), 0..12),
    ) {
        let mut line = item(list_price, 1);
        line.quantity = Quantity(thousandths);
        line.weighed = true;
        let mut placement = order(vec![shop(37, vec![line, item(999, 1)])]);
        let whole = sums::payable(&price::assemble(&placement, "web", Time(0)).expect("right"));
        let whole = whole.known().expect("known");
        placement.coins = Amount::of(whole * coins / 200);
        placement.third_party_discount = Amount::of(whole * third_party / 200);
        let mut harness = Harness::place(&placement);
        if harness.standing().payment_status != docket_domain::words::PaymentStatus::Paid {
            harness.pay();
        }
        let order_id = harness.shop().items[0].id;
        for (quantity, fate) in steps {
            harness.at = harness.at.plus(1);
            let left = harness.line_standing(0).left_to_refund;
            let quantity = Quantity(quantity).min(left);
            if quantity == Quantity::ZERO {
                continue;
            }
            let lines = Some(vec![Asked { order_id, quantity: Some(quantity) }]);
            harness.does(ActorKind::Buyer, Operation::RequestRefund(refund_of(lines)));
            let refund = harness.shop().refunds.last().expect("just asked for").refund_id;
            let refund_id = Some(refund);
            match fate {
                0 => harness.does(ActorKind::Store, Operation::RejectRefund { refund_id, reason: None }),
                1 => {}
                2 => {
                    harness.does(ActorKind::Store, Operation::AgreeRefund { refund_id });
                    harness.does(ActorKind::Gateway, money_not_back(refund));
                }
                _ => {
                    harness.does(ActorKind::Store, Operation::AgreeRefund { refund_id });
                    harness.does(ActorKind::Gateway, money_back(refund));
                }
            }
        }
        close_all(&mut harness);
        let (shop, standing) = (harness.shop(), harness.shop_standing());
        prop_assert_eq!(standing.status, Status::Closed);
        prop_assert_eq!(standing.store_status, StoreStatus::Refunded);
        let done = || shop.refunds.iter().filter(|r| r.status == RefundStatus::Refunded);
        let sum = |f: fn(&Refund) -> i64| done().map(f).sum::<i64>();
        prop_assert_eq!(sum(|r| r.amount), standing.to_pay.known().expect("known"), "money");
        prop_assert_eq!(sum(|r| r.coins), harness.tree.payment.coins.known().expect("known"), "coins");
        let third = harness.tree.payment.third_party_discount.known().expect("known");
        prop_assert_eq!(sum(|r| r.third_party), third, "third party");
        for item in &shop.items {
            let of_line = |f: fn(&RefundLine) -> i64| {
                done().flat_map(|r| &r.lines).filter(|l| l.order_id == item.id).map(f).sum::<i64>()
            };
            prop_assert_eq!(of_line(|l| l.amount), sums::line_to_pay(item, harness.tree.payment.tax).known().expect("known"));
            prop_assert_eq!(of_line(|l| l.coins), item.shares.coins.known().expect("known"));
        }
    }
}

/// Agrees to what is asked, and gives back the rest.
fn close_all(harness: &mut Harness) {
    for refund in harness.shop().refunds.clone() {
        let refund_id = refund.refund_id;
        if refund.status == RefundStatus::Applied {
            harness.does(ActorKind::Store, Operation::AgreeRefund { refund_id: Some(refund_id) });
            harness.does(ActorKind::Gateway, money_back(refund_id));
        }
    }
    if harness.shop_standing().status != Status::Closed {
        harness.does(ActorKind::Store, Operation::RefundByStore(refund_of(None)));
        let last = harness.shop().refunds.last().expect("just given").refund_id;
        harness.does(ActorKind::Gateway, money_back(last));
    }
}

#[test]
fn a_rejected_request_in_between_does_not_let_a_line_give_back_more_than_it_cost() {
    // Three units for 100: 33, 33, 34. The first is asked for and rejected after the others were given back.
    let mut line = item(100, 3);
    line.item_discount = Amount::of(200);
    let mut harness = Harness::place(&order(vec![shop(0, vec![line])]));
    harness.pay();
    for _ in 0..3 {
        let one = Some(vec![harness.units(0, 1)]);
        harness.does(ActorKind::Buyer, Operation::RequestRefund(refund_of(one)));
    }
    let amounts: Vec<i64> = harness.shop().refunds.iter().map(|refund| refund.amount).collect();
    assert_eq!(amounts, [33, 33, 34]);
    let ids: Vec<_> = harness.shop().refunds.iter().map(|refund| refund.refund_id).collect();
    let refund_id = Some(ids[0]);
    harness.does(ActorKind::Store, Operation::RejectRefund { refund_id, reason: None });
    harness.does(ActorKind::Buyer, Operation::RequestRefund(refund_of(None)));
    assert_eq!(harness.refund(3).amount, 33, "33 + 34 are asked for already");
}
