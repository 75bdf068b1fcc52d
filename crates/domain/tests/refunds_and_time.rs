//! Refunds beside deadlines, shipments and scales: what stops, what runs on, and what each side had asked.

mod harness;

use docket_domain::operation::{Operation, PaymentAsked, RefundAsked};
use docket_domain::time::{DAY, HOUR, MINUTE};
use docket_domain::words::{DeadlineKind, DueCause, Fulfilment, RefundKind, RefundStatus, Status};
use docket_domain::{ActorKind, Quantity, Refusal};
use harness::*;

use ActorKind::{Buyer, Courier, Gateway, Seller, Store, Till};

const CANCEL: Operation = Operation::RequestCancel { reason: None };
const REJECT: Operation = Operation::RejectRefund { refund_id: None, reason: None };

fn paid_parcels() -> Harness {
    let mut harness = parcels();
    harness.pay();
    harness
}

fn received() -> Harness {
    let mut harness = paid_parcels();
    harness.does(Store, ship(None));
    harness.does(Buyer, Operation::Receive);
    harness
}

fn one_unit(harness: &Harness) -> Operation {
    Operation::RequestRefund(refund_of(Some(vec![harness.units(0, 1)])))
}

fn rest(harness: &Harness) -> (DeadlineKind, i64) {
    let deadline = harness.shop().deadline.expect("it has a deadline");
    assert_eq!(deadline.stopped_with, None, "it runs");
    (deadline.kind, deadline.at.since(harness.at))
}

#[test]
fn settlement_stops_while_a_refund_is_open_and_its_rest_runs_on_after_it() {
    let mut harness = received();
    harness.wait(3 * DAY);
    harness.does(Buyer, one_unit(&harness.clone()));
    harness.wait(2 * DAY);
    harness.does(Store, REJECT);
    assert_eq!(rest(&harness), (DeadlineKind::SettleAt, 4 * DAY), "the rest, not the whole");
    harness.wait(3 * DAY + 23 * HOUR);
    harness.does(Buyer, one_unit(&harness.clone()));
    harness.does(Store, Operation::AgreeRefund { refund_id: None });
    harness.wait(30 * DAY);
    assert_eq!(harness.standing().status, Status::Received, "money on its way stops it too");
    let refund = harness.refund(1).refund_id;
    harness.does(Gateway, money_back(refund));
    assert_eq!(rest(&harness), (DeadlineKind::SettleAt, DAY), "at least a day");
    harness.wait(DAY);
    assert_eq!(harness.standing().status, Status::Completed);
}

#[test]
fn a_deadline_that_begins_while_a_refund_is_open_begins_stopped() {
    let mut harness = paid_parcels();
    harness.does(Buyer, one_unit(&harness.clone()));
    harness.does(Store, ship(None));
    let stopped = harness.shop().deadline.expect("receipt is waited for");
    assert_eq!((stopped.kind, stopped.stopped_with), (DeadlineKind::ReceiveBy, Some(15 * DAY)));
    harness.does(Buyer, Operation::Receive);
    let stopped = harness.shop().deadline.expect("settlement is waited for");
    assert_eq!((stopped.kind, stopped.stopped_with), (DeadlineKind::SettleAt, Some(7 * DAY)));
}

#[test]
fn a_shipment_answers_what_either_side_had_asked_to_cancel() {
    let mut harness = paid_parcels();
    harness.does(Buyer, one_unit(&harness.clone()));
    harness.does(Seller, CANCEL);
    let refund_id = Some(harness.refund(0).refund_id);
    harness.does(Buyer, Operation::WithdrawRefund { refund_id });
    harness.does(Buyer, CANCEL);
    harness.does(Store, ship(None));
    assert_eq!(harness.refund(1).status, RefundStatus::Withdrawn, "the seller ships after all");
    let asked = harness.refund(2);
    assert_eq!((asked.kind, asked.status), (RefundKind::Refund, RefundStatus::Applied));
    assert!(asked.goods_back, "the buyer's goods are to come back");
    let agree = harness.refuses(Seller, Operation::AgreeCancel { refund_id: None });
    assert!(matches!(agree, Refusal::State { .. }));
}

#[test]
fn a_cancel_is_not_asked_for_once_something_was_shipped() {
    let mut harness = paid_parcels();
    let line = harness.units(0, 1);
    harness.does(Store, ship(Some(vec![line])));
    assert_eq!(harness.standing().status, Status::Paid, "not all of it");
    for actor in [Buyer, Seller] {
        assert_eq!(state_of(&harness.refuses(actor, CANCEL)), "paid");
    }
}

#[test]
fn a_sellers_cancel_of_a_meal_is_refused_after_three_days_and_not_agreed_after_one() {
    let mut harness = meal();
    harness.pay();
    harness.does(Store, Operation::Accept);
    harness.does(Seller, CANCEL);
    harness.wait(3 * DAY - 1);
    assert_eq!(harness.refund(0).status, RefundStatus::Applied);
    harness.wait(1);
    assert_eq!(harness.refund(0).status, RefundStatus::Rejected);
}

#[test]
fn fruit_is_weighed_before_it_leaves_and_counts_what_is_asked_for_beside_it() {
    let mut fruit = item(1000, 3);
    fruit.weighed = true;
    let placement = order(vec![docket_domain::placement::PlacedShop {
        fulfilment: Fulfilment::Takeaway,
        ..shop(0, vec![fruit, item(100, 1)])
    }]);
    let mut harness = Harness::place(&placement);
    let mut weight = harness.units(0, 1);
    weight.quantity = Some(Quantity(1900));
    let weigh = Operation::Weigh { lines: vec![weight] };
    assert_eq!(state_of(&harness.refuses(Store, weigh.clone())), "unpaid");
    harness.pay();
    harness.does(Store, Operation::Accept);
    harness.does(Buyer, one_unit(&harness.clone()));
    let mut left = harness.clone();
    harness.does(Store, weigh.clone());
    assert_eq!(harness.refund(1).lines[0].quantity, Quantity(100), "3 - 1 asked for - 1.9");
    assert_eq!(
        (harness.refund(1).amount, harness.refund(1).status),
        (100, RefundStatus::Refunding)
    );
    left.does(Courier, Operation::PickUp { courier: None });
    assert_eq!(state_of(&left.refuses(Store, weigh)), "refunding", "it has left");
}

#[test]
fn two_payments_of_the_whole_leave_one_due_back() {
    let mut harness = parcels();
    harness.does(Till, paid("cash", "r-1", 16600));
    harness.does(Gateway, paid("wechat", "w-1", 16600));
    let dues: Vec<_> = harness.tree.payment.refunds_due.iter().collect();
    assert_eq!(dues.len(), 1);
    assert_eq!((dues[0].amount, dues[0].cause), (16600, DueCause::Overpaid));
    assert_eq!(dues[0].payment_id, harness.tree.payment.payments[1].payment_id);
    assert_eq!(harness.stock().on_hand, -5000, "taken once");
}

#[test]
fn money_that_completes_the_payable_ends_a_revoke_that_had_failed() {
    let mut harness = parcels();
    let gateway = Some("wx".to_owned());
    harness.does(
        Buyer,
        Operation::StartPayment(PaymentAsked {
            tender: "wechat".into(),
            gateway,
            ..PaymentAsked::default()
        }),
    );
    harness.wait(30 * MINUTE);
    harness.does(Gateway, Operation::AttemptStuck { attempt_id: None, reason: None });
    harness.does(Gateway, paid("wechat", "w-1", 16600));
    assert_eq!(harness.standing().status, Status::Paid);
    assert_eq!(harness.tree.due_at(), None, "nothing is tried again");
}

#[test]
fn what_a_voucher_had_paid_does_not_help_late_money_to_revive() {
    let mut harness = parcels();
    harness.does(Till, paid("voucher", "v-1", 5000));
    harness.wait(31 * MINUTE);
    assert_eq!(harness.standing().status, Status::Cancelled);
    harness.does(Gateway, paid_at("wechat", "w-1", 11600, MORNING.plus(MINUTE)));
    let dues: Vec<_> =
        harness.tree.payment.refunds_due.iter().map(|d| (d.amount, d.cause)).collect();
    assert_eq!(dues, [(5000, DueCause::Revoked), (11600, DueCause::Late)]);
}

#[test]
fn goods_taken_back_for_a_store_refund_are_refunded_by_who_gave_it() {
    let mut harness = received();
    let give = RefundAsked { goods_back: true, ..RefundAsked::default() };
    harness.does(Seller, Operation::RefundByStore(give));
    let refund_id = harness.refund(0).refund_id;
    assert!(harness.refund(0).parts.is_empty(), "money waits");
    assert_eq!(harness.stock().on_hand, -5000);
    harness.does(Store, Operation::ReceiveReturn { refund_id, lines: None, restock: true });
    harness.does(Gateway, money_back(refund_id));
    assert_eq!(harness.standing().status, Status::Closed);
    assert_eq!(harness.stock().on_hand, 0);
}
