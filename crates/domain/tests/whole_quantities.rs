//! Fractions are of what is sold by weight alone, except that what was recorded with one is brought to its end.

mod harness;
mod reports;

use docket_domain::change::Remark;
use docket_domain::deadline::Policy;
use docket_domain::decide::{Context, Decided, decide};
use docket_domain::operation::{Asked, By, Operation, RefundAsked, Request};
use docket_domain::tree::Home;
use docket_domain::words::{RefundStatus, Status};
use docket_domain::{Actor, ActorKind, Id, Quantity, Refusal, Time, Tree, status};
use harness::*;

use ActorKind::{Buyer, Gateway, Seller, Store};

/// Field and code of everything that is wrong.
#[track_caller]
fn wrong(refusal: &Refusal) -> Vec<(&str, &str)> {
    match refusal {
        Refusal::Invalid(errors) => errors.iter().map(|e| (e.field.as_str(), e.code)).collect(),
        other => panic!("the fields are wrong, but: {other:?}"),
    }
}

fn part(harness: &Harness, line: usize, thousandths: i64) -> Asked {
    Asked { quantity: Some(Quantity(thousandths)), ..harness.units(line, 1) }
}

/// Two pieces of one thing, and 1.5 kg of another.
fn pieces_and_weight() -> Harness {
    let mut rice = item(990, 1);
    (rice.quantity, rice.weighed) = (Quantity(1500), true);
    Harness::place(&order(vec![shop(600, vec![item(5000, 2), rice])]))
}

#[test]
fn an_order_has_no_half_piece() {
    let mut half = item(5000, 1);
    half.quantity = Quantity(500);
    let placement = order(vec![
        shop(0, vec![item(100, 1), half.clone()]),
        shop(0, vec![half.clone(), item(100, 1), half]),
    ]);
    let refusal = Harness::try_place(&placement).err().expect("pieces are whole");
    assert_eq!(
        wrong(&refusal),
        [
            ("shops[0].items[1].quantity", "not_whole"),
            ("shops[1].items[0].quantity", "not_whole"),
            ("shops[1].items[2].quantity", "not_whole"),
        ]
    );
}

#[test]
fn no_part_of_a_piece_is_shipped_given_back_dropped_or_received() {
    let not_whole = [("lines[0].quantity", "not_whole")];
    let mut harness = pieces_and_weight();
    let drop = |harness: &Harness| Operation::Drop {
        lines: Some(vec![part(harness, 0, 500)]),
        platform_discount: None,
        third_party_discount: None,
    };
    let refusal = harness.refuses(Store, drop(&harness.clone()));
    assert_eq!(wrong(&refusal), not_whole);
    harness.pay();
    let asked = |harness: &Harness, thousandths| Some(vec![part(harness, 0, thousandths)]);
    for thousandths in [1, 500, 1500] {
        let ship = ship(asked(&harness, thousandths));
        assert_eq!(wrong(&harness.refuses(Seller, ship)), not_whole);
        let ask = Operation::RequestRefund(refund_of(asked(&harness, thousandths)));
        assert_eq!(wrong(&harness.refuses(Buyer, ask)), not_whole);
        let give = Operation::RefundByStore(refund_of(asked(&harness, thousandths)));
        assert_eq!(wrong(&harness.refuses(Store, give)), not_whole);
    }
    harness.does(Seller, ship(None));
    let back = RefundAsked { goods_back: true, ..refund_of(asked(&harness, 2000)) };
    harness.does(Store, Operation::RefundByStore(back));
    let refund_id = harness.refund(0).refund_id;
    let receive = |harness: &Harness, thousandths| Operation::ReceiveReturn {
        refund_id,
        lines: Some(vec![part(harness, 0, thousandths)]),
        restock: true,
    };
    let refusal = harness.refuses(Store, receive(&harness.clone(), 500));
    assert_eq!(wrong(&refusal), not_whole);
    harness.does(Store, receive(&harness.clone(), 1000));
    harness.does(Store, receive(&harness.clone(), 1000));
}

#[test]
fn what_is_sold_by_weight_has_fractions_everywhere() {
    let mut harness = pieces_and_weight();
    harness.pay();
    let some = |harness: &Harness, thousandths| Some(vec![part(harness, 1, thousandths)]);
    harness.does(Seller, ship(some(&harness.clone(), 700)));
    harness.does(Store, Operation::RefundByStore(refund_of(some(&harness.clone(), 1))));
    let back = RefundAsked { goods_back: true, ..refund_of(some(&harness, 333)) };
    harness.does(Store, Operation::RefundByStore(back));
    let refund_id = harness.refund(1).refund_id;
    let lines = some(&harness, 111);
    harness.does(Store, Operation::ReceiveReturn { refund_id, lines, restock: true });
}

/// Decides what is asked of a recorded tree.
#[track_caller]
fn decided(tree: &Tree, actor: ActorKind, operation: Operation) -> Result<Tree, Refusal> {
    let mut next = i64::from(tree.payment.version) * 10_000_000;
    let mut next_id = || {
        next += 1;
        Id(next)
    };
    let policy = Policy::default();
    let mut cx = Context {
        at: Time(20_000),
        policy: &policy,
        limits: &docket_domain::Limits::NONE,
        next_id: &mut next_id,
        seat: &docket_domain::Seat::Center,
        can_hold: &|_| true,
    };
    let actor = Actor::of(actor);
    let by = By { actor: &actor, issuer: "web", may_refund_settled: false };
    let node = tree.id();
    let request = Request { operation, node, expected_version: None, remark: Remark::default() };
    match decide(tree, &request, by, &mut cx)? {
        Decided::Change(change) => Ok(change.tree),
        Decided::Already => panic!("it changes something"),
    }
}

#[test]
fn a_line_that_was_recorded_with_a_fraction_is_shipped_and_given_back_to_its_end() {
    let report = reports::told(|r| {
        r.home = Some(Home::Center);
        r.placement.shops[0].items[0].quantity = Quantity(2500);
        r.payments = vec![reports::paid("wx-1", 15_000, Some(2000))];
    });
    let tree = reports::recorded(&report).tree;
    let some = |thousandths| {
        let order_id = tree.shops[0].items[0].id;
        Some(vec![Asked { order_id, quantity: Some(Quantity(thousandths)) }])
    };
    let refusal = decided(&tree, Seller, ship(some(1500))).expect_err("it is no part of a piece");
    assert_eq!(wrong(&refusal), [("lines[0].quantity", "not_whole")]);

    let tree = decided(&tree, Seller, ship(some(1000))).expect("a whole piece");
    let tree = decided(&tree, Seller, ship(some(1500))).expect("all that is left of it");
    assert_eq!(status::of(&tree).status, Status::Shipped);
    let give = |thousandths| Operation::RefundByStore(refund_of(some(thousandths)));
    assert!(decided(&tree, Store, give(500)).is_err());
    let tree = decided(&tree, Store, give(2000)).expect("whole pieces");
    let tree = decided(&tree, Store, give(500)).expect("all that is left of it");
    let ids: Vec<Id> = tree.shops[0].refunds.iter().map(|refund| refund.refund_id).collect();
    let tree = ids
        .into_iter()
        .fold(tree, |tree, id| decided(&tree, Gateway, money_back(id)).expect("it is under way"));
    assert_eq!(status::of(&tree).status, Status::Closed);
    let given: i64 = tree.shops[0].refunds.iter().map(|refund| refund.amount).sum();
    assert_eq!(given, 15_000);
    assert!(tree.shops[0].refunds.iter().all(|r| r.status == RefundStatus::Refunded));
}
