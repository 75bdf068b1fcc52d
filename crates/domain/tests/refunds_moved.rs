//! What failed of a refund is drawn on another payment of the order by itself, once, and otherwise waits.

mod desk;

use desk::*;
use docket_domain::Id;
use docket_domain::operation::{Operation, RefundAsked};
use docket_domain::words::RefundStatus::{self, Failed, Refunded, Refunding};

use docket_domain::ActorKind::{Gateway, Store, Till};

/// An order paid with three payments, of which a refund draws on the two newest.
fn drawn_on_two_of_three() -> (Desk, Id, [Id; 3]) {
    let mut desk = parcels();
    for (tender, amount) in [("voucher", 6600), ("card", 9000), ("wallet", 1000)] {
        desk.does(Till, paid(tender, "r-1", amount));
        desk.at = desk.at.plus(1);
    }
    let lines = Some(vec![desk.units(0, 1)]);
    desk.does(Store, Operation::RefundByStore(RefundAsked { lines, ..RefundAsked::default() }));
    let ids: Vec<Id> = desk.tree.payment.payments.iter().map(|p| p.payment_id).collect();
    let ids = [ids[0], ids[1], ids[2]];
    let refund = desk.refund(0).refund_id;
    assert_eq!(parts(&desk), [(ids[2], Refunding), (ids[1], Refunding)]);
    (desk, refund, ids)
}

fn parts(desk: &Desk) -> Vec<(Id, RefundStatus)> {
    desk.refund(0).parts.iter().map(|part| (part.payment_id, part.status)).collect()
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
        let (mut desk, refund, [voucher, card, wallet]) = drawn_on_two_of_three();
        let amount = desk.refund(0).amount;
        let ended = [(wallet, Refunded), (card, Failed)];
        for (payment, end) in [ended[first], ended[1 - first]] {
            desk.does(Gateway, ends(refund, payment, end));
        }
        assert_eq!(parts(&desk), [(wallet, Refunded), (voucher, Refunding)]);
        assert_eq!(desk.refund(0).parts.iter().map(|part| part.amount).sum::<i64>(), amount);
        desk.does(Gateway, ends(refund, voucher, Refunded));
        assert_eq!(desk.refund(0).status, Refunded);
    }
}

#[test]
fn what_failed_everywhere_waits_for_somebody_who_tries_again() {
    let (mut desk, refund, [voucher, card, wallet]) = drawn_on_two_of_three();
    desk.does(Gateway, ends(refund, wallet, Refunded));
    desk.does(Gateway, ends(refund, card, Failed));
    desk.does(Gateway, ends(refund, voucher, Failed));
    assert_eq!(parts(&desk), [(wallet, Refunded), (voucher, Failed)]);
    assert_eq!(desk.refund(0).status, Refunding);
    desk.does(Store, Operation::AgreeRefund { refund_id: Some(refund) });
    assert_eq!(parts(&desk), [(wallet, Refunded), (card, Refunding)]);
    desk.does(Gateway, ends(refund, card, Failed));
    assert_eq!(parts(&desk), [(wallet, Refunded), (voucher, Refunding)]);
}

#[test]
fn nothing_is_moved_while_another_part_is_under_way_or_when_all_have_failed() {
    let (mut desk, refund, [_, card, wallet]) = drawn_on_two_of_three();
    desk.does(Gateway, ends(refund, card, Failed));
    assert_eq!(parts(&desk), [(wallet, Refunding), (card, Failed)]);
    desk.does(Gateway, ends(refund, wallet, Failed));
    assert_eq!(parts(&desk), [(wallet, Failed), (card, Failed)]);
    assert_eq!(desk.refund(0).status, Failed);
}
