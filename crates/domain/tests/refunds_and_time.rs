//! Refunds beside deadlines, shipments and scales: what stops, what runs on, and what each side had asked.

mod desk;

use desk::*;
use docket_domain::operation::{Operation, PaymentAsked, RefundAsked};
use docket_domain::time::{DAY, HOUR, MINUTE};
use docket_domain::words::{DeadlineKind, DueCause, Fulfilment, RefundKind, RefundStatus, Status};
use docket_domain::{ActorKind, Quantity, Refusal};

use ActorKind::{Buyer, Courier, Gateway, Seller, Store, Till};

const CANCEL: Operation = Operation::RequestCancel { reason: None };
const REJECT: Operation = Operation::RejectRefund { refund_id: None, reason: None };

fn paid_parcels() -> Desk {
    let mut desk = parcels();
    desk.pay();
    desk
}

fn received() -> Desk {
    let mut desk = paid_parcels();
    desk.does(Store, ship(None));
    desk.does(Buyer, Operation::Receive);
    desk
}

fn one_unit(desk: &Desk) -> Operation {
    Operation::RequestRefund(refund_of(Some(vec![desk.units(0, 1)])))
}

fn rest(desk: &Desk) -> (DeadlineKind, i64) {
    let deadline = desk.shop().deadline.expect("it has a deadline");
    assert_eq!(deadline.stopped_with, None, "it runs");
    (deadline.kind, deadline.at.since(desk.at))
}

#[test]
fn settlement_stops_while_a_refund_is_open_and_its_rest_runs_on_after_it() {
    let mut desk = received();
    desk.wait(3 * DAY);
    desk.does(Buyer, one_unit(&desk.clone()));
    desk.wait(2 * DAY);
    desk.does(Store, REJECT);
    assert_eq!(rest(&desk), (DeadlineKind::SettleAt, 4 * DAY), "the rest, not the whole");
    desk.wait(3 * DAY + 23 * HOUR);
    desk.does(Buyer, one_unit(&desk.clone()));
    desk.does(Store, Operation::AgreeRefund { refund_id: None });
    desk.wait(30 * DAY);
    assert_eq!(desk.standing().status, Status::Received, "money on its way stops it too");
    let refund = desk.refund(1).refund_id;
    desk.does(Gateway, money_back(refund));
    assert_eq!(rest(&desk), (DeadlineKind::SettleAt, DAY), "at least a day");
    desk.wait(DAY);
    assert_eq!(desk.standing().status, Status::Completed);
}

#[test]
fn a_deadline_that_begins_while_a_refund_is_open_begins_stopped() {
    let mut desk = paid_parcels();
    desk.does(Buyer, one_unit(&desk.clone()));
    desk.does(Store, ship(None));
    let stopped = desk.shop().deadline.expect("receipt is waited for");
    assert_eq!((stopped.kind, stopped.stopped_with), (DeadlineKind::ReceiveBy, Some(15 * DAY)));
    desk.does(Buyer, Operation::Receive);
    let stopped = desk.shop().deadline.expect("settlement is waited for");
    assert_eq!((stopped.kind, stopped.stopped_with), (DeadlineKind::SettleAt, Some(7 * DAY)));
}

#[test]
fn a_shipment_answers_what_either_side_had_asked_to_cancel() {
    let mut desk = paid_parcels();
    desk.does(Buyer, one_unit(&desk.clone()));
    desk.does(Seller, CANCEL);
    let refund_id = Some(desk.refund(0).refund_id);
    desk.does(Buyer, Operation::WithdrawRefund { refund_id });
    desk.does(Buyer, CANCEL);
    desk.does(Store, ship(None));
    assert_eq!(desk.refund(1).status, RefundStatus::Withdrawn, "the seller ships after all");
    let asked = desk.refund(2);
    assert_eq!((asked.kind, asked.status), (RefundKind::Refund, RefundStatus::Applied));
    assert!(asked.goods_back, "the buyer's goods are to come back");
    let agree = desk.refuses(Seller, Operation::AgreeCancel { refund_id: None });
    assert!(matches!(agree, Refusal::State { .. }));
}

#[test]
fn a_cancel_is_not_asked_for_once_something_was_shipped() {
    let mut desk = paid_parcels();
    let line = desk.units(0, 1);
    desk.does(Store, ship(Some(vec![line])));
    assert_eq!(desk.standing().status, Status::Paid, "not all of it");
    for actor in [Buyer, Seller] {
        assert_eq!(state_of(&desk.refuses(actor, CANCEL)), "paid");
    }
}

#[test]
fn a_sellers_cancel_of_a_meal_is_refused_after_three_days_and_not_agreed_after_one() {
    let mut desk = meal();
    desk.pay();
    desk.does(Store, Operation::Accept);
    desk.does(Seller, CANCEL);
    desk.wait(3 * DAY - 1);
    assert_eq!(desk.refund(0).status, RefundStatus::Applied);
    desk.wait(1);
    assert_eq!(desk.refund(0).status, RefundStatus::Rejected);
}

#[test]
fn fruit_is_weighed_before_it_leaves_and_counts_what_is_asked_for_beside_it() {
    let mut fruit = item(1000, 3);
    fruit.weighed = true;
    let placement = order(vec![docket_domain::placement::PlacedShop {
        fulfilment: Fulfilment::Takeaway,
        ..shop(0, vec![fruit, item(100, 1)])
    }]);
    let mut desk = Desk::place(&placement);
    let mut weight = desk.units(0, 1);
    weight.quantity = Some(Quantity(1900));
    let weigh = Operation::Weigh { lines: vec![weight] };
    assert_eq!(state_of(&desk.refuses(Store, weigh.clone())), "unpaid");
    desk.pay();
    desk.does(Store, Operation::Accept);
    desk.does(Buyer, one_unit(&desk.clone()));
    let mut left = desk.clone();
    desk.does(Store, weigh.clone());
    assert_eq!(desk.refund(1).lines[0].quantity, Quantity(100), "3 - 1 asked for - 1.9");
    assert_eq!((desk.refund(1).amount, desk.refund(1).status), (100, RefundStatus::Refunding));
    left.does(Courier, Operation::PickUp { courier: None });
    assert_eq!(state_of(&left.refuses(Store, weigh)), "refunding", "it has left");
}

#[test]
fn two_payments_of_the_whole_leave_one_due_back() {
    let mut desk = parcels();
    desk.does(Till, paid("cash", "r-1", 16600));
    desk.does(Gateway, paid("wechat", "w-1", 16600));
    let dues: Vec<_> = desk.tree.payment.refunds_due.iter().collect();
    assert_eq!(dues.len(), 1);
    assert_eq!((dues[0].amount, dues[0].cause), (16600, DueCause::Overpaid));
    assert_eq!(dues[0].payment_id, desk.tree.payment.payments[1].payment_id);
    assert_eq!(desk.stock().on_hand, -5000, "taken once");
}

#[test]
fn money_that_completes_the_payable_ends_a_revoke_that_had_failed() {
    let mut desk = parcels();
    let gateway = Some("wx".to_owned());
    desk.does(
        Buyer,
        Operation::StartPayment(PaymentAsked {
            tender: "wechat".into(),
            gateway,
            ..PaymentAsked::default()
        }),
    );
    desk.wait(30 * MINUTE);
    desk.does(Gateway, Operation::AttemptStuck { attempt_id: None, reason: None });
    desk.does(Gateway, paid("wechat", "w-1", 16600));
    assert_eq!(desk.standing().status, Status::Paid);
    assert_eq!(desk.tree.due_at(), None, "nothing is tried again");
}

#[test]
fn what_a_voucher_had_paid_does_not_help_late_money_to_revive() {
    let mut desk = parcels();
    desk.does(Till, paid("voucher", "v-1", 5000));
    desk.wait(31 * MINUTE);
    assert_eq!(desk.standing().status, Status::Cancelled);
    desk.does(Gateway, paid_at("wechat", "w-1", 11600, MORNING.plus(MINUTE)));
    let dues: Vec<_> = desk.tree.payment.refunds_due.iter().map(|d| (d.amount, d.cause)).collect();
    assert_eq!(dues, [(5000, DueCause::Revoked), (11600, DueCause::Late)]);
}

#[test]
fn goods_taken_back_for_a_store_refund_are_refunded_by_who_gave_it() {
    let mut desk = received();
    let give = RefundAsked { goods_back: true, ..RefundAsked::default() };
    desk.does(Seller, Operation::RefundByStore(give));
    let refund_id = desk.refund(0).refund_id;
    assert!(desk.refund(0).parts.is_empty(), "money waits");
    assert_eq!(desk.stock().on_hand, -5000);
    desk.does(Store, Operation::ReceiveReturn { refund_id, lines: None, restock: true });
    desk.does(Gateway, money_back(refund_id));
    assert_eq!(desk.standing().status, Status::Closed);
    assert_eq!(desk.stock().on_hand, 0);
}
