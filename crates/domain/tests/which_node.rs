//! Which node an operation means when a number above its level is named.

mod harness;

use docket_domain::operation::{Operation, PriceAsked, RefundAsked};
use docket_domain::words::{Level, Status};
use docket_domain::{ActorKind, Refusal};
use harness::*;

use ActorKind::{Buyer, Gateway, Seller, Store};

const DROP_ALL: Operation =
    Operation::Drop { lines: None, platform_discount: None, third_party_discount: None };
const RATE: Operation = Operation::Rate { score: 5, text: None };

fn two_shops_of_one_line() -> Harness {
    Harness::place(&order(vec![shop(0, vec![item(100, 1)]), shop(0, vec![item(200, 1)])]))
}

#[test]
fn the_only_shop_order_is_meant_in_every_state_it_may_be_in() {
    let mut harness = parcels();
    let shop = harness.shop().id;
    assert_eq!(state_of(&harness.refuses(Store, ship(None))), "unpaid", "a state, not a level");
    harness.pay();
    harness.does(Store, ship(None));
    assert_eq!(harness.last.entry.node, shop);
    harness.does(Store, Operation::RefundByStore(RefundAsked::default()));
    let refund = harness.refund(0).refund_id;
    harness.does(Gateway, money_back(refund));
    assert_eq!(harness.standing().status, Status::Closed);
    assert_eq!(state_of(&harness.refuses(Store, ship(None))), "refunded");
}

#[test]
fn a_closed_shop_order_still_counts_as_one_of_two() {
    let mut harness = two_shops_of_one_line();
    harness.pay();
    let first = harness.tree.shops[0].id;
    harness.ask_of(first, Store, Operation::RefundByStore(RefundAsked::default())).expect("paid");
    let refund = harness.refund(0).refund_id;
    harness.does(Gateway, money_back(refund));
    assert_eq!(harness.shop_standing().status, Status::Closed);
    let refusal = harness.refuses(Store, ship(None));
    assert!(matches!(refusal, Refusal::WrongLevel { wanted: Level::Shop, .. }), "{refusal:?}");
    assert_eq!(refusal.code(), "wrong_level");
}

#[test]
fn a_dropped_shop_order_and_its_lines_do_not_count() {
    let mut harness = two_shops_of_one_line();
    let (first, second) = (harness.tree.shops[0].id, harness.tree.shops[1].id);
    harness.ask_of(first, Store, DROP_ALL).expect("another line is left");
    harness.pay();
    harness.does(Store, ship(None));
    assert_eq!(harness.last.entry.node, second);
    harness.does(Buyer, Operation::Receive);
    harness.does(Buyer, RATE);
    assert_eq!(harness.last.entry.node, harness.tree.shops[1].items[0].id);
}

#[test]
fn a_dropped_line_does_not_count_and_a_refunded_one_does() {
    let mut harness = Harness::place(&order(vec![shop(0, vec![item(100, 1), item(200, 1)])]));
    let line = harness.units(0, 1);
    let one = Operation::Drop {
        lines: Some(vec![line]),
        platform_discount: None,
        third_party_discount: None,
    };
    harness.does(Store, one);
    harness.pay();
    harness.does(Store, ship(None));
    harness.does(Buyer, Operation::Receive);
    harness.does(Buyer, RATE);

    let mut harness = Harness::place(&order(vec![shop(0, vec![item(100, 1), item(200, 1)])]));
    harness.pay();
    let line = harness.units(0, 1);
    harness.does(Store, Operation::RefundByStore(refund_of(Some(vec![line]))));
    let refund = harness.refund(0).refund_id;
    harness.does(Gateway, money_back(refund));
    harness.does(Store, ship(None));
    harness.does(Buyer, Operation::Receive);
    assert!(matches!(harness.refuses(Buyer, RATE), Refusal::WrongLevel { .. }));
}

#[test]
fn one_line_of_the_tree_is_meant_and_not_one_line_of_a_shop_order() {
    let mut harness = two_shops_of_one_line();
    harness.pay();
    let first = harness.tree.shops[0].id;
    let refusal = harness.ask_of(first, Buyer, RATE).expect_err("the tree has two lines");
    assert!(matches!(refusal, Refusal::WrongLevel { wanted: Level::Item, .. }));
}

#[test]
fn a_number_below_the_level_is_never_taken() {
    let mut harness = parcels();
    let (shop, line) = (harness.shop().id, harness.shop().items[0].id);
    let revoke = Operation::Revoke { reason: None };
    assert!(matches!(harness.ask_of(shop, Buyer, revoke), Err(Refusal::WrongLevel { .. })));
    let asked = PriceAsked { shop_discount: Some(1), ..PriceAsked::default() };
    let adjust = Operation::AdjustPrice(asked);
    assert!(matches!(harness.ask_of(line, Seller, adjust), Err(Refusal::WrongLevel { .. })));
}
