//! What failed of a refund is drawn on another payment of the order by itself, once, and otherwise waits.

mod harness;

use docket_domain::Id;
use docket_domain::operation::{Operation, RefundAsked};
use docket_domain::words::RefundStatus::{self, Failed, Refunded, Refunding};
use harness::*;

use docket_domain::ActorKind::{Buyer, Gateway, Store, Till};

/// An order paid with three payments, of which a refund draws on the two newest.
fn drawn_on_two_of_three() -> (Harness, Id, [Id; 3]) {
    let mut harness = parcels();
    for (tender, amount) in [("voucher", 6600), ("card", 9000), ("wallet", 1000)] {
        harness.does(Till, paid(tender, "r-1", amount));
        harness.at = harness.at.plus(1);
    }
    let lines = Some(vec![harness.units(0, 1)]);
    harness.does(Store, Operation::RefundByStore(RefundAsked { lines, ..RefundAsked::default() }));
    let ids: Vec<Id> = harness.tree.payment.payments.iter().map(|p| p.payment_id).collect();
    let ids = [ids[0], ids[1], ids[2]];
    let refund = harness.refund(0).refund_id;
    assert_eq!(parts(&harness), [(ids[2], Refunding), (ids[1], Refunding)]);
    (harness, refund, ids)
}

fn parts(harness: &Harness) -> Vec<(Id, RefundStatus)> {
    harness.refund(0).parts.iter().map(|part| (part.payment_id, part.status)).collect()
}

fn ends(refund_id: Id, payment: Id, end: RefundStatus) -> Operation {
    let (payment_id, reference) = (Some(payment), None);
    match end {
        Refunded => Operation::RefundSucceeded { refund_id, payment_id, reference },
        _ => Operation::RefundFailed { refund_id, payment_id, reference, reason: None },
    }
}

#[test]
fn what_failed_is_moved_to_a_payment_that_gives_nothing_yet_whichever_ends_first() {
    for first in [0, 1] {
        let (mut harness, refund, [voucher, card, wallet]) = drawn_on_two_of_three();
        let amount = harness.refund(0).amount;
        let ended = [(wallet, Refunded), (card, Failed)];
        for (payment, end) in [ended[first], ended[1 - first]] {
            harness.does(Gateway, ends(refund, payment, end));
        }
        assert_eq!(parts(&harness), [(wallet, Refunded), (voucher, Refunding)]);
        assert_eq!(harness.refund(0).parts.iter().map(|part| part.amount).sum::<i64>(), amount);
        harness.does(Gateway, ends(refund, voucher, Refunded));
        assert_eq!(harness.refund(0).status, Refunded);
    }
}

#[test]
fn what_failed_everywhere_waits_for_somebody_who_tries_again() {
    let (mut harness, refund, [voucher, card, wallet]) = drawn_on_two_of_three();
    harness.does(Gateway, ends(refund, wallet, Refunded));
    harness.does(Gateway, ends(refund, card, Failed));
    harness.does(Gateway, ends(refund, voucher, Failed));
    assert_eq!(parts(&harness), [(wallet, Refunded), (voucher, Failed)]);
    assert_eq!(harness.refund(0).status, Refunding);
    harness.does(Store, Operation::AgreeRefund { refund_id: Some(refund) });
    assert_eq!(parts(&harness), [(wallet, Refunded), (card, Refunding)]);
    harness.does(Gateway, ends(refund, card, Failed));
    assert_eq!(parts(&harness), [(wallet, Refunded), (voucher, Refunding)]);
}

#[test]
fn nothing_is_moved_while_another_part_is_under_way_or_when_all_have_failed() {
    let (mut harness, refund, [_, card, wallet]) = drawn_on_two_of_three();
    harness.does(Gateway, ends(refund, card, Failed));
    assert_eq!(parts(&harness), [(wallet, Refunding), (card, Failed)]);
    harness.does(Gateway, ends(refund, wallet, Failed));
    assert_eq!(parts(&harness), [(wallet, Failed), (card, Failed)]);
    assert_eq!(harness.refund(0).status, Failed);
}

/// A refund that was refused goes back all the same, and so does a part of another one of the same goods: both are
/// taken down, and what they come to above the price is counted before the other one is done.
#[test]
fn what_several_refunds_gave_above_the_price_is_counted_whether_they_are_done_or_not() {
    let mut harness = Harness::place(&order(vec![shop(0, vec![item(153, 1)])]));
    harness.does(Till, paid("card", "r-1", 69));
    harness.does(Till, paid("voucher", "r-2", 84));
    harness.does(Store, ship(None));
    harness.does(Buyer, Operation::RequestRefund(RefundAsked::default()));
    harness.does(Store, Operation::RejectRefund { refund_id: None, reason: None });
    let given = RefundAsked { goods_back: true, ..RefundAsked::default() };
    harness.does(Store, Operation::RefundByStore(given));
    let [refused, given] = [0, 1].map(|at| harness.refund(at).refund_id);
    let card = harness.tree.payment.payments[0].payment_id;
    harness.does(Gateway, ends(refused, card, Refunded));
    let back = Operation::ReceiveReturn { refund_id: given, lines: None, restock: true };
    harness.does(Store, back);
    assert_eq!(harness.refund(1).parts[0].amount, 84, "the card has given what it had, and more");
    harness.does(Gateway, money_back(given));
    assert_eq!((harness.standing().refunded, harness.refund(1).status), (153 + 84, Refunding));
    let noted = harness.tree.payment.anomalies.iter().filter(|a| a.kind.word() == "refunded_twice");
    let amounts: Vec<_> = noted.map(|anomaly| anomaly.detail["amount"].as_i64()).collect();
    assert_eq!(amounts, [Some(84)]);
}
