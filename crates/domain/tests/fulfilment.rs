//! From paid to settled: parcels, meals, codes, ratings, and the deadlines on the way.

mod harness;

use docket_domain::deadline::RATE_AGAIN;
use docket_domain::operation::{Asked, Operation, RefundAsked};
use docket_domain::status::rate_status;
use docket_domain::time::{DAY, HOUR, MINUTE};
use docket_domain::words::{
    CancelKind, DeadlineKind, DeliveryStatus, Fulfilment, ReceiveType, RefundAxis, RefundKind,
    RefundStatus, Status, StoreStatus, TillStatus,
};
use docket_domain::{ActorKind, Id, Quantity, Refusal};
use harness::*;

use ActorKind::{Buyer, Courier, Gateway, Seller, Store};

const REJECT: Operation = Operation::Reject { reason: None };
const PICK_UP: Operation = Operation::PickUp { courier: None };
const DELIVER: Operation = Operation::Deliver { courier: None };

fn paid(mut harness: Harness) -> Harness {
    harness.pay();
    harness
}

fn deadline(harness: &Harness) -> (DeadlineKind, i64) {
    let deadline = harness.shop().deadline.expect("it has a deadline");
    (deadline.kind, deadline.at.since(harness.at))
}

#[test]
fn a_shop_order_is_shipped_when_nothing_is_left_to_ship() {
    let mut harness = paid(parcels());
    let part = vec![harness.units(0, 1), harness.units(1, 3)];
    harness.does(Store, ship(Some(part)));
    assert_eq!(harness.standing().status, Status::Paid);
    assert_eq!(harness.line_standing(1).status, Status::Shipped);
    assert_eq!(harness.line_standing(0).left_to_ship, Quantity::ONE);
    assert_eq!(harness.shop().deadline, None);
    harness.at = harness.at.plus(HOUR);
    harness.does(Seller, ship(None));
    let standing = harness.standing();
    assert_eq!((standing.status, standing.times.shipped_at), (Status::Shipped, Some(harness.at)));
    assert_eq!(deadline(&harness), (DeadlineKind::ReceiveBy, 15 * DAY));
}

#[test]
fn until_when_it_was_to_be_received_is_kept() {
    let mut harness = paid(parcels());
    assert_eq!(harness.shop().receive_by, None);
    harness.does(Store, ship(None));
    let due = harness.at.plus(15 * DAY);
    assert_eq!(harness.shop().receive_by, Some(due));
    harness.does(Buyer, Operation::ExtendReceipt { days: 2 });
    harness.does(Buyer, Operation::Receive);
    assert_eq!(deadline(&harness).0, DeadlineKind::SettleAt);
    assert_eq!(harness.shop().receive_by, Some(due.plus(2 * DAY)));
}

#[test]
fn no_more_is_shipped_than_is_left() {
    let mut harness = paid(parcels());
    let three = harness.units(0, 3);
    let refusal = harness.refuses(Store, ship(Some(vec![three])));
    let Refusal::TooMuch(errors) = refusal else { panic!("{refusal}") };
    let told = ("lines[0].quantity", "the line has 2 left, not 3");
    assert_eq!((&*errors[0].field, &*errors[0].message), told);
    let twice = vec![harness.units(0, 2), harness.units(0, 1)];
    assert!(matches!(harness.refuses(Store, ship(Some(twice))), Refusal::TooMuch(_)));
    assert!(matches!(harness.refuses(Store, ship(Some(vec![]))), Refusal::Invalid(_)));
}

#[test]
fn every_line_that_does_not_fit_is_told_at_once() {
    let mut harness = paid(parcels());
    let unknown = |id| Asked { order_id: Id(id), quantity: None };
    let none = harness.refuses(Store, ship(Some(vec![unknown(98), unknown(99)])));
    let Refusal::NoSuchLine(errors) = none else { panic!("{none}") };
    let fields: Vec<_> = errors.iter().map(|error| &*error.field).collect();
    assert_eq!(fields, ["lines[0].order_id", "lines[1].order_id"]);

    let mixed = vec![harness.units(0, 1), unknown(99), harness.units(1, 77)];
    let Refusal::Invalid(errors) = harness.refuses(Store, ship(Some(mixed))) else {
        panic!("mixed")
    };
    let told: Vec<_> = errors.iter().map(|error| (&*error.field, error.code)).collect();
    assert_eq!(told, [("lines[1].order_id", "no_such_part"), ("lines[2].quantity", "too_much")]);
}

#[test]
fn an_unpaid_order_is_not_shipped() {
    assert_eq!(state_of(&parcels().refuses(Store, ship(None))), "unpaid");
}

#[test]
fn time_receives_and_settles_a_shipped_order() {
    let mut harness = paid(parcels());
    harness.does(Store, ship(None));
    harness.wait(15 * DAY);
    assert_eq!(harness.standing().status, Status::Received);
    assert_eq!(harness.shop().received.map(|r| r.by), Some(ReceiveType::Timer));
    assert_eq!(deadline(&harness), (DeadlineKind::SettleAt, 7 * DAY));
    harness.wait(7 * DAY);
    let standing = harness.standing();
    assert_eq!((standing.status, standing.times.settled_at), (Status::Completed, Some(harness.at)));
    assert_eq!(harness.tree.due_at(), None);
}

#[test]
fn the_buyer_may_ask_for_more_time_to_receive() {
    let mut harness = paid(parcels());
    harness.does(Store, ship(None));
    harness.does(Buyer, Operation::ExtendReceipt { days: 5 });
    assert_eq!(deadline(&harness), (DeadlineKind::ReceiveBy, 20 * DAY));
    assert_eq!(harness.shop().extended_by, 5);
    for days in [0, 31] {
        let refusal = harness.refuses(Buyer, Operation::ExtendReceipt { days });
        assert!(matches!(refusal, Refusal::Invalid(_)));
    }
}

#[test]
fn an_open_refund_stops_the_deadline_and_at_least_a_day_runs_on_after_it() {
    let mut harness = paid(parcels());
    harness.does(Store, ship(None));
    harness.wait(14 * DAY + 20 * HOUR);
    harness.does(Buyer, Operation::RequestRefund(RefundAsked::default()));
    assert_eq!(harness.shop().deadline.and_then(|d| d.stopped_with), Some(4 * HOUR));
    harness.does(Buyer, Operation::ExtendReceipt { days: 2 });
    harness.wait(2 * DAY);
    harness.does(Store, Operation::RejectRefund { refund_id: None, reason: None });
    assert_eq!(deadline(&harness), (DeadlineKind::ReceiveBy, 2 * DAY + 4 * HOUR));

    harness.wait(2 * DAY + 3 * HOUR);
    harness.does(Buyer, Operation::RequestRefund(RefundAsked::default()));
    harness.does(Buyer, Operation::WithdrawRefund { refund_id: None });
    assert_eq!(deadline(&harness), (DeadlineKind::ReceiveBy, DAY), "at least a day");
}

#[test]
fn goods_shipped_while_a_cancel_is_open_are_to_come_back() {
    let mut harness = paid(parcels());
    harness.does(Buyer, Operation::RequestCancel { reason: None });
    assert_eq!((harness.refund(0).amount, harness.refund(0).freight), (16600, 600));
    let line = harness.units(0, 1);
    harness.does(Store, ship(Some(vec![line])));
    let refund = harness.refund(0);
    assert_eq!((refund.kind, refund.status), (RefundKind::Refund, RefundStatus::Applied));
    assert!(refund.goods_back);
    assert_eq!(refund.lines[0].shipped, Quantity::ONE);
    assert_eq!((refund.amount, refund.freight), (16000, 0), "the freight was used");
    harness.does(Seller, Operation::AgreeRefund { refund_id: None });
    assert!(harness.refund(0).parts.is_empty(), "money waits for the goods");
}

#[test]
fn a_seller_who_ships_takes_back_their_own_request_to_cancel() {
    let mut harness = paid(parcels());
    harness.does(Seller, Operation::RequestCancel { reason: None });
    harness.does(Seller, ship(None));
    assert_eq!(harness.refund(0).status, RefundStatus::Withdrawn);
    assert_eq!(harness.standing().status, Status::Shipped);
}

#[test]
fn codes_are_shipped_by_sending_and_received_by_first_use() {
    let mut harness = paid(Harness::place(&order(vec![fulfilled(Fulfilment::Code)])));
    harness.does(Store, ship(None));
    harness.does(Buyer, Operation::Receive);
    assert_eq!(harness.shop().received.map(|r| r.by), Some(ReceiveType::Code));
}

#[test]
fn a_meal_goes_from_the_stores_answer_to_the_door() {
    let mut harness = paid(meal());
    assert_eq!(deadline(&harness), (DeadlineKind::AcceptBy, 10 * MINUTE));
    let courier = || Some("Li".to_owned());
    let steps = [
        (Store, Operation::Accept, DeliveryStatus::Accepted, TillStatus::Paid),
        (Store, Operation::StartPreparing, DeliveryStatus::Unprepared, TillStatus::Paid),
        (Store, Operation::Prepare, DeliveryStatus::Prepared, TillStatus::Prepared),
        (
            Store,
            Operation::CallCourier { courier: None },
            DeliveryStatus::AwaitingCourier,
            TillStatus::Waiting,
        ),
        (
            Courier,
            Operation::PickUp { courier: courier() },
            DeliveryStatus::PickedUp,
            TillStatus::Delivering,
        ),
    ];
    for (actor, operation, delivery, till) in steps {
        harness.at = harness.at.plus(MINUTE);
        harness.does(actor, operation);
        let shop = harness.shop_standing();
        assert_eq!((shop.delivery_status, shop.till_status), (Some(delivery), Some(till)));
    }
    assert_eq!(harness.standing().status, Status::Shipped);
    assert_eq!(deadline(&harness), (DeadlineKind::ReceiveBy, DAY));
    harness.does(Courier, DELIVER);
    assert_eq!(harness.shop().received.map(|r| r.by), Some(ReceiveType::Courier));
    assert_eq!(harness.shop_standing().till_status, Some(TillStatus::Arrived));
    assert_eq!(harness.standing().status, Status::Received);
}

#[test]
fn a_skipped_step_takes_the_time_of_the_one_that_skipped_it() {
    let mut harness = paid(meal());
    harness.does(Store, Operation::Accept);
    harness.at = harness.at.plus(MINUTE);
    harness.does(Courier, PICK_UP);
    let steps: Vec<_> = harness.shop().delivery.iter().map(|step| (step.status, step.at)).collect();
    assert_eq!(steps.len(), 5);
    assert!(steps[1..].iter().all(|(_, at)| *at == harness.at));
    for back in [Operation::Prepare, Operation::Accept, PICK_UP] {
        assert_eq!(state_of(&harness.refuses(Store, back)), "shipped");
    }
}

#[test]
fn a_meal_is_not_cooked_before_it_is_accepted_and_not_shipped_at_all() {
    let mut harness = paid(meal());
    assert_eq!(state_of(&harness.refuses(Store, Operation::Prepare)), "paid");
    assert_eq!(state_of(&harness.refuses(Store, ship(None))), "paid");
    assert_eq!(state_of(&paid(parcels()).refuses(Store, Operation::Accept)), "paid");
}

#[test]
fn the_buyer_may_receive_a_meal_before_the_courier_says_so() {
    let mut harness = paid(meal());
    harness.does(Store, Operation::Accept);
    harness.does(Courier, PICK_UP);
    harness.does(Buyer, Operation::Receive);
    assert_eq!(harness.shop_standing().delivery_status, Some(DeliveryStatus::Delivered));
}

#[test]
fn a_store_that_does_not_answer_rejects() {
    let mut harness = paid(meal());
    harness.wait(10 * MINUTE);
    let refund = harness.refund(0);
    assert_eq!((refund.kind, refund.by), (RefundKind::Reject, ActorKind::Timer));
    assert_eq!((refund.amount, refund.freight), (16600, 600));
    assert_eq!(harness.shop_standing().store_status, StoreStatus::Refunding);
    assert_eq!(harness.tree.due_at(), None);
    let id = refund.refund_id;
    harness.does(Gateway, money_back(id));
    let shop = harness.shop_standing();
    assert_eq!((shop.status, shop.cancel_kind), (Status::Closed, Some(CancelKind::SystemRefund)));
    assert_eq!(shop.delivery_status, Some(DeliveryStatus::AwaitingAcceptance));
    assert_eq!(harness.stock(), Shelf::default(), "what was not cooked may be sold again");
}

#[test]
fn a_rejection_agrees_what_was_asked_and_refunds_the_rest() {
    let mut harness = paid(meal());
    let one = Some(vec![harness.units(0, 1)]);
    harness.does(Buyer, Operation::RequestRefund(refund_of(one)));
    harness.does(Store, REJECT);
    assert_eq!((harness.refund(0).amount, harness.refund(1).amount), (5000, 11600));
    assert_eq!(harness.shop_standing().refund_status, RefundAxis::Refunding);
}

#[test]
fn a_rejection_whose_money_failed_is_tried_again_until_it_succeeds() {
    let mut harness = paid(meal());
    harness.does(Store, REJECT);
    let id = harness.refund(0).refund_id;
    for _ in 0..3 {
        harness.does(Gateway, money_not_back(id));
        let shop = harness.shop_standing();
        assert_eq!(shop.store_status, StoreStatus::RefundFailed);
        assert_eq!(state_of(&harness.refuses(Store, Operation::Accept)), "refund_failed");
        harness.wait(5 * MINUTE);
        assert_eq!(harness.refund(0).status, RefundStatus::Refunding);
    }
    harness.does(Gateway, money_back(id));
    assert_eq!(harness.shop().refunds.len(), 1);
    assert_eq!(harness.shop_standing().cancel_kind, Some(CancelKind::StoreRefund));
}

#[test]
fn a_courier_does_not_revive_a_meal_that_was_given_back() {
    let mut harness = paid(meal());
    harness.does(Store, Operation::Accept);
    harness.does(Store, Operation::RefundByStore(RefundAsked::default()));
    assert_eq!(state_of(&harness.refuses(Courier, PICK_UP)), "refunding");
    let id = harness.refund(0).refund_id;
    harness.does(Gateway, money_back(id));
    assert_eq!(state_of(&harness.refuses(Courier, DELIVER)), "refunded");
}

#[test]
fn a_meal_that_left_while_a_cancel_was_open_does_not_come_back() {
    let mut harness = paid(meal());
    harness.does(Store, Operation::Accept);
    harness.does(Buyer, Operation::RequestCancel { reason: None });
    harness.does(Courier, PICK_UP);
    let refund = harness.refund(0);
    assert_eq!((refund.kind, refund.goods_back), (RefundKind::Refund, false));
    assert_eq!(refund.amount, 16000, "the courier has earned the freight");
    harness.wait(DAY);
    assert_eq!(harness.refund(0).status, RefundStatus::Refunding, "agreed by the timer");
    assert_eq!(harness.refund(0).parts.len(), 1);
}

#[test]
fn a_line_is_rated_once_and_once_more_within_thirty_days() {
    let mut harness = paid(parcels());
    let line = harness.shop().items[0].id;
    let rate = |score| Operation::Rate { score, text: None };
    assert!(harness.ask_of(line, Buyer, rate(5)).is_err());
    assert_eq!(rate_status(&harness.line_standing(0), 0, RATE_AGAIN, harness.at), 0);
    harness.does(Store, ship(None));
    harness.does(Buyer, Operation::Receive);
    assert_eq!(rate_status(&harness.line_standing(0), 0, RATE_AGAIN, harness.at), 1);
    assert!(matches!(harness.ask_of(line, Buyer, rate(6)), Err(Refusal::Invalid(_))));
    assert!(
        matches!(harness.refuses(Buyer, rate(5)), Refusal::WrongLevel { .. }),
        "it has two lines"
    );
    harness.ask_of(line, Buyer, rate(5)).expect("received");
    assert_eq!(rate_status(&harness.line_standing(0), 1, RATE_AGAIN, harness.at), 2);
    harness.ask_of(line, Buyer, rate(4)).expect("once more");
    assert!(harness.ask_of(line, Buyer, rate(3)).is_err());
    harness.wait(31 * DAY);
    let other = harness.shop().items[1].id;
    assert_eq!(rate_status(&harness.line_standing(1), 0, RATE_AGAIN, harness.at), 3);
    assert_eq!(
        rate_status(&harness.line_standing(1), 0, 40 * DAY, harness.at),
        1,
        "as long as is set"
    );
    assert!(harness.ask_of(other, Buyer, rate(3)).is_err());
}

#[test]
fn the_least_advanced_shop_order_is_where_the_whole_stands() {
    let mut harness =
        Harness::place(&order(vec![shop(0, vec![item(100, 1)]), shop(0, vec![item(200, 1)])]));
    harness.pay();
    let (first, second) = (harness.tree.shops[0].id, harness.tree.shops[1].id);
    assert!(matches!(harness.refuses(Store, ship(None)), Refusal::WrongLevel { .. }));
    harness.ask_of(first, Store, ship(None)).expect("it is paid");
    assert_eq!(harness.standing().status, Status::Paid);
    assert_eq!(harness.standing().times.shipped_at, None);
    harness.ask_of(second, Store, Operation::RefundByStore(RefundAsked::default())).expect("paid");
    assert_eq!(harness.standing().store_status, StoreStatus::Refunding);
    let refund = harness.tree.shops[1].refunds[0].refund_id;
    harness.does(Gateway, money_back(refund));
    let standing = harness.standing();
    assert_eq!(standing.status, Status::Shipped, "a closed shop order holds nothing up");
    assert_eq!(standing.store_status, StoreStatus::Paid);
    assert_eq!(standing.refunded, 200);
}
