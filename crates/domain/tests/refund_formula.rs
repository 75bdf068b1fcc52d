//! What a refund amounts to, held against the formula of the design itself.

mod harness;

use docket_domain::operation::{Asked, Operation};
use docket_domain::price::sums;
use docket_domain::tree::Refund;
use docket_domain::words::{RefundStatus, Status};
use docket_domain::{ActorKind, Amount, Quantity};
use harness::*;
use proptest::prelude::*;

use ActorKind::{Buyer, Gateway, Store};

/// A line of so many thousandths, paid in money, coins and by a third party; and a second line.
fn one_line(list_price: i64, thousandths: i64, coins: i64, third_party: i64) -> Harness {
    let mut line = item(list_price, 1);
    line.quantity = Quantity(thousandths);
    line.weighed = true;
    let gross = sums::gross(Amount::of(list_price), line.quantity).known().expect("known");
    let mut placement = order(vec![shop(0, vec![line, item(999, 1)])]);
    placement.coins = Amount::of(gross * coins / 100);
    placement.third_party_discount = Amount::of(gross * third_party / 100);
    let mut harness = Harness::place(&placement);
    harness.pay();
    harness
}

fn components(harness: &Harness) -> [i64; 3] {
    let line = &harness.shop().items[0];
    [sums::line_to_pay(line, harness.tree.payment.tax), line.shares.coins, line.shares.third_party]
        .map(|amount| amount.known().expect("known"))
}

fn given(refund: &Refund) -> [i64; 3] {
    let line = &refund.lines[0];
    [line.amount, line.coins, line.third_party]
}

fn ask(harness: &mut Harness, quantity: Quantity) -> docket_domain::Id {
    let order_id = harness.shop().items[0].id;
    let lines = Some(vec![Asked { order_id, quantity: Some(quantity) }]);
    harness.does(Buyer, Operation::RequestRefund(refund_of(lines)));
    harness.shop().refunds.last().expect("just asked for").refund_id
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn while_nothing_is_refused_each_refund_is_the_difference_of_two_floors(
        list_price in 1..5000_i64,
        thousandths in 1..4000_i64,
        coins in 0..=50_i64,
        third_party in 0..=50_i64,
        steps in prop::collection::vec((1..1500_i64, 0..3_u8), 1..8),
    ) {
        let mut harness = one_line(list_price, thousandths, coins, third_party);
        let whole = components(&harness);
        let mut before = 0;
        for (quantity, fate) in steps {
            let quantity = Quantity(quantity).min(Quantity(thousandths - before));
            if quantity == Quantity::ZERO {
                break;
            }
            let refund = ask(&mut harness, quantity);
            let expected = whole.map(|c| c * (before + quantity.0) / thousandths - c * before / thousandths);
            prop_assert_eq!(given(harness.shop().refunds.last().expect("asked")), expected);
            before += quantity.0;
            if fate > 0 {
                harness.does(Store, Operation::AgreeRefund { refund_id: Some(refund) });
            }
            if fate > 1 {
                harness.does(Gateway, money_back(refund));
            }
        }
    }

    #[test]
    fn whatever_was_refused_or_taken_back_in_between_each_component_closes_at_exactly_itself(
        list_price in 1..500_i64,
        thousandths in 1..3000_i64,
        coins in 0..=50_i64,
        third_party in 0..=50_i64,
        steps in prop::collection::vec((1..1500_i64, 0..6_u8), 1..14),
    ) {
        let mut harness = one_line(list_price, thousandths, coins, third_party);
        let whole = components(&harness);
        for (quantity, fate) in steps {
            let left = harness.line_standing(0).left_to_refund;
            let open = harness.shop().refunds.iter().find(|r| r.status == RefundStatus::Applied);
            let open = open.map(|refund| refund.refund_id);
            // The oldest open request is answered late, so that others were counted on top of it.
            match (fate, open) {
                (0, Some(_)) => harness.does(Store, Operation::RejectRefund { refund_id: open, reason: None }),
                (1, Some(_)) => harness.does(Buyer, Operation::WithdrawRefund { refund_id: open }),
                (2, Some(id)) => {
                    harness.does(Store, Operation::AgreeRefund { refund_id: open });
                    harness.does(Gateway, money_not_back(id));
                }
                (3, Some(id)) => {
                    harness.does(Store, Operation::AgreeRefund { refund_id: open });
                    harness.does(Gateway, money_back(id));
                }
                _ if left > Quantity::ZERO => { ask(&mut harness, Quantity(quantity).min(left)); }
                _ => {}
            }
        }
        let left = harness.line_standing(0).left_to_refund;
        if left > Quantity::ZERO {
            ask(&mut harness, left);
        }
        for refund in harness.shop().refunds.clone() {
            if refund.status == RefundStatus::Applied {
                let refund_id = refund.refund_id;
                harness.does(Store, Operation::AgreeRefund { refund_id: Some(refund_id) });
                harness.does(Gateway, money_back(refund_id));
            }
        }
        prop_assert_eq!(harness.line_standing(0).status, Status::Closed);
        let done = harness.shop().refunds.iter().filter(|r| r.status == RefundStatus::Refunded);
        let sums = done.map(given).fold([0; 3], |sum, g| [sum[0] + g[0], sum[1] + g[1], sum[2] + g[2]]);
        prop_assert_eq!(sums, whole);
    }
}

/// A gateway may report money as gone after it had reported it as failed; its amount is then what it is, and what
/// was asked for meanwhile was counted without it. Such a line may give back less than it cost, never more.
#[test]
fn money_that_went_back_after_all_never_makes_a_line_give_back_more_than_it_cost() {
    let mut line = item(100, 3);
    line.item_discount = Amount::of(200);
    let mut harness = Harness::place(&order(vec![shop(0, vec![line, item(999, 1)])]));
    harness.pay();
    let first = ask(&mut harness, Quantity(1000));
    harness.does(Store, Operation::AgreeRefund { refund_id: Some(first) });
    harness.does(Gateway, money_not_back(first));
    let second = ask(&mut harness, Quantity(2000));
    assert_eq!(harness.refund(1).amount, 66, "counted without the failed one");
    harness.does(Gateway, money_back(first));
    harness.does(Store, Operation::AgreeRefund { refund_id: Some(second) });
    harness.does(Gateway, money_back(second));
    assert_eq!(harness.line_standing(0).status, Status::Closed);
    assert_eq!(harness.line_standing(0).refunded, 99);

    let mut harness = one_line(100, 3000, 0, 0);
    let first = ask(&mut harness, Quantity(1000));
    harness.does(Store, Operation::AgreeRefund { refund_id: Some(first) });
    harness.does(Gateway, money_not_back(first));
    ask(&mut harness, Quantity(1000));
    harness.does(Gateway, money_back(first));
    ask(&mut harness, Quantity(1000));
    let asked: i64 = harness.shop().refunds.iter().map(|refund| refund.amount).sum();
    assert_eq!(asked, components(&harness)[0], "whoever is last gives what is missing");
}
