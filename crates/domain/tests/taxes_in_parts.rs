//! The laws of taxes on random orders: parts add up with them on every level, inside they change nothing, and any
//! sequence of refunds gives all of them back.

mod harness;

use docket_domain::operation::{Asked, Operation};
use docket_domain::placement::Placement;
use docket_domain::price::{self, sums};
use docket_domain::tree::{FreightAsked, Refund, Tax};
use docket_domain::words::{RefundStatus, Status};
use docket_domain::{ActorKind, Amount, Quantity, Time, Tree};
use harness::*;
use proptest::prelude::*;

use ActorKind::{Buyer, Gateway, Store};

fn known(amount: Amount) -> i64 {
    amount.known().expect("known")
}

/// A random order: prices, quantities, discounts, taxes.
fn any_order() -> impl Strategy<Value = Placement> {
    let line = (1..9999_i64, 1..5000_i64, 0..2000_i64);
    let shop = (prop::collection::vec(line, 1..5), 0..2000_i64, 0..300_i64);
    let shops = prop::collection::vec(shop, 1..4);
    (shops, prop::array::uniform4(0..=100_i64)).prop_map(|(shops, shares)| {
        let shops = shops.into_iter().map(|(lines, freight, freight_tax)| {
            let lines = lines.into_iter().map(|(list_price, thousandths, tax)| {
                let mut line = item(list_price, 1);
                (line.quantity, line.weighed) = (Quantity(thousandths), true);
                line.tax = Amount::of(tax);
                line
            });
            let mut placed = harness::shop(freight, lines.collect());
            placed.freight_tax = Amount::of(freight_tax);
            placed
        });
        let mut placement = order(shops.collect());
        placement.tax = Tax::Included;
        // Each discount is a part of what the steps before it leave.
        let tree = |placement: &Placement| {
            price::assemble(placement, "web", Time(0)).expect("the steps so far fit")
        };
        let part = |of: Amount, share: i64| Amount::of(known(of) * share / 100);
        placement.shops[0].shop_discount =
            part(sums::shop_price(&tree(&placement).shops[0]), shares[0]);
        placement.platform_discount = part(sums::tree_price(&tree(&placement)), shares[1]);
        placement.coins = part(sums::payable(&tree(&placement)), shares[2]);
        placement.third_party_discount = part(sums::payable(&tree(&placement)), shares[3]);
        placement
    })
}

fn without_taxes(placement: &Placement) -> Placement {
    let mut bare = placement.clone();
    for shop in &mut bare.shops {
        shop.freight_tax = Amount::ZERO;
        shop.items.iter_mut().for_each(|item| item.tax = Amount::ZERO);
    }
    bare
}

/// The tree with no tax in it.
fn bare(tree: &Tree) -> Tree {
    let mut bare = tree.clone();
    bare.payment.tax = Tax::Included;
    for shop in &mut bare.shops {
        shop.freight_tax = Amount::ZERO;
        shop.items.iter_mut().for_each(|item| item.tax = Amount::ZERO);
        for refund in &mut shop.refunds {
            refund.tax = Amount::ZERO;
            refund.lines.iter_mut().for_each(|line| line.tax = Amount::ZERO);
        }
    }
    bare
}

/// Asks for refunds of every shop order, step by step, then for all that is left: (shop, line, thousandths, fate).
type Step = (usize, usize, i64, u8);

fn refunded(placement: &Placement, steps: &[Step]) -> Harness {
    let mut harness = Harness::place(placement);
    if harness.standing().status == Status::Created {
        harness.pay();
    }
    for (shop, line, thousandths, fate) in steps {
        harness.at = harness.at.plus(1);
        let at = shop % harness.tree.shops.len();
        let standing = harness.standing();
        let line = line % harness.tree.shops[at].items.len();
        let left = standing.shops[at].items[line].left_to_refund;
        let (node, order_id) = (harness.tree.shops[at].id, harness.tree.shops[at].items[line].id);
        let quantity = Quantity(*thousandths).min(left);
        let asked = match fate {
            0 | 1 => money_alone(FreightAsked::Part(*thousandths / 4 + 1), 0),
            2 => money_alone(FreightAsked::All, 0),
            _ if quantity == Quantity::ZERO => continue,
            _ => refund_of(Some(vec![Asked { order_id, quantity: Some(quantity) }])),
        };
        if harness.ask_of(node, Buyer, Operation::RequestRefund(asked)).is_err() {
            continue;
        }
        let refund_id = harness.tree.shops[at].refunds.last().expect("just asked for").refund_id;
        let of = Some(refund_id);
        let mut does =
            |actor, operation| harness.ask_of(node, actor, operation).map(|_| ()).expect("it may");
        match fate {
            3 => does(Store, Operation::RejectRefund { refund_id: of, reason: None }),
            4 => {}
            5 => {
                does(Store, Operation::AgreeRefund { refund_id: of });
                does(Gateway, money_not_back(refund_id));
            }
            _ => {
                does(Store, Operation::AgreeRefund { refund_id: of });
                does(Gateway, money_back(refund_id));
            }
        }
    }
    for at in 0..harness.tree.shops.len() {
        close(&mut harness, at);
    }
    harness
}

/// Agrees to what is asked, then gives everything back that is left.
fn close(harness: &mut Harness, at: usize) {
    let node = harness.tree.shops[at].id;
    let open = |harness: &Harness, status| -> Vec<docket_domain::Id> {
        let refunds = harness.tree.shops[at].refunds.iter().filter(|r| r.status == status);
        refunds.map(|refund| refund.refund_id).collect()
    };
    for id in open(harness, RefundStatus::Applied) {
        harness
            .ask_of(node, Store, Operation::AgreeRefund { refund_id: Some(id) })
            .expect("it is open");
    }
    let everything = refund_of(None);
    let everything =
        docket_domain::operation::RefundAsked { freight: FreightAsked::All, ..everything };
    // Nothing may be left, or nothing of the goods.
    if harness.ask_of(node, Store, Operation::RefundByStore(everything)).is_err() {
        let _ = harness.ask_of(
            node,
            Store,
            Operation::RefundByStore(money_alone(FreightAsked::All, 0)),
        );
    }
    for id in open(harness, RefundStatus::Refunding) {
        harness.ask_of(node, Gateway, money_back(id)).expect("it is under way");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_parts_of_an_order_add_up_with_its_taxes_on_every_level(placement in any_order()) {
        for tax in [Tax::Included, Tax::OnTop] {
            let tree = price::assemble(&Placement { tax, ..placement.clone() }, "web", Time(0));
            let tree = tree.expect("discounts that fit without tax fit with it");
            prop_assert_eq!(price::check(&tree), Ok(()));
            let order = &tree.payment;
            let lines: i64 = tree.lines().map(|(_, item)| known(item.tax)).sum();
            let freights: i64 = tree.shops.iter().map(|shop| known(shop.freight_tax)).sum();
            let shops: i64 = tree.shops.iter().map(|shop| known(sums::shop_tax(shop))).sum();
            prop_assert_eq!(known(sums::tree_tax(&tree)), shops);
            prop_assert_eq!(shops, lines + freights);
            let on_top = if tax == Tax::OnTop { shops } else { 0 };
            let payable = known(sums::tree_price(&tree)) + known(sums::tree_freight(&tree)) + on_top
                - known(order.coins) - known(order.third_party_discount);
            prop_assert_eq!(known(sums::payable(&tree)), payable);
            let to_pay: i64 = tree.shops.iter().map(|shop| known(sums::shop_to_pay(shop, tax))).sum();
            prop_assert_eq!(to_pay, payable);
            for shop in &tree.shops {
                let lines: i64 = shop.items.iter().map(|item| known(sums::line_to_pay(item, tax))).sum();
                prop_assert_eq!(known(sums::shop_to_pay(shop, tax)), lines + known(sums::freight_to_pay(shop, tax)));
            }
        }
    }

    #[test]
    fn tax_inside_changes_no_sum_and_no_refund(
        placement in any_order(),
        steps in prop::collection::vec((0..3_usize, 0..5_usize, 1..3000_i64, 0..9_u8), 0..8),
    ) {
        let (with, without) = (refunded(&placement, &steps), refunded(&without_taxes(&placement), &steps));
        prop_assert_eq!(bare(&with.tree), without.tree.clone());
        let strip = |harness: &Harness| {
            let mut standing = harness.standing();
            standing.tax = Amount::ZERO;
            standing.shops.iter_mut().for_each(|shop| shop.tax = Amount::ZERO);
            standing
        };
        prop_assert_eq!(strip(&with), strip(&without));
    }

    #[test]
    fn any_sequence_of_refunds_closes_at_what_was_paid_with_every_tax(
        placement in any_order(),
        tax in prop::sample::select(vec![Tax::Included, Tax::OnTop]),
        steps in prop::collection::vec((0..3_usize, 0..5_usize, 1..3000_i64, 0..9_u8), 0..10),
    ) {
        let harness = refunded(&Placement { tax, ..placement }, &steps);
        let standing = harness.standing();
        prop_assert_eq!(standing.refunded, known(standing.payable), "money, tax on top included");
        for (shop, stands) in harness.tree.shops.iter().zip(&standing.shops) {
            let done = || shop.refunds.iter().filter(|r| r.status == RefundStatus::Refunded);
            let sum = |of: fn(&Refund) -> i64| done().map(of).sum::<i64>();
            prop_assert_eq!(sum(|r| r.amount), known(stands.to_pay));
            prop_assert_eq!(sum(|r| known(r.tax)), known(stands.tax), "every tax of the shop order");
            for item in &shop.items {
                let lines = done().flat_map(|r| &r.lines).filter(|line| line.order_id == item.id);
                prop_assert_eq!(lines.clone().map(|line| known(line.tax)).sum::<i64>(), known(item.tax));
                let money = lines.map(|line| line.amount).sum::<i64>();
                prop_assert_eq!(money, known(sums::line_to_pay(item, tax)));
            }
        }
    }
}
