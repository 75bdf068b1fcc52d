//! Where a recorded order stands: the most advanced fact counts, and what is not known is unknown, not zero.

mod harness;

use docket_domain::placement::Placement;
use docket_domain::price;
use docket_domain::status::{self, Standing};
use docket_domain::tree::{Received, Reported};
use docket_domain::words::{
    CancelKind, Fulfilment, PaymentStatus, ReceiveType, RefundAxis, Status, StoreStatus,
};
use docket_domain::{Amount, Id, Quantity, Time, Tree};
use harness::*;

fn tree(placement: &Placement) -> Tree {
    let mut tree = price::assemble(placement, "temu", MORNING).expect("a report may not know");
    let mut last = 0;
    price::number(&mut tree, &mut || {
        last += 1;
        Id(last)
    });
    tree
}

fn known() -> Tree {
    tree(&order(vec![shop(600, vec![item(5000, 2), item(2000, 3)])]))
}

fn unknown() -> Tree {
    let mut placement = order(vec![shop(600, vec![item(5000, 2), item(2000, 3)])]);
    placement.shops[0].items[0].list_price = Amount::UNKNOWN;
    tree(&placement)
}

fn reported(mut tree: Tree, status: Status) -> Standing {
    tree.shops[0].reported = Some(Reported { status, at: Time(7) });
    status::of(&tree)
}

#[test]
fn a_sum_over_an_unknown_is_unknown() {
    let standing = status::of(&unknown());
    assert_eq!((standing.price, standing.payable), (Amount::UNKNOWN, Amount::UNKNOWN));
    assert_eq!(standing.freight, Amount::of(600));
    assert_eq!(standing.shops[0].items[0].to_pay, Amount::UNKNOWN);
    assert_eq!(standing.shops[0].items[1].to_pay, Amount::of(6000));
}

#[test]
fn the_payment_of_an_unknown_amount_is_what_the_source_says() {
    let mut tree = unknown();
    assert_eq!(status::of(&tree).payment_status, PaymentStatus::Unpaid);
    tree.payment.reported_payment = Some(PaymentStatus::Paid);
    let standing = status::of(&tree);
    assert_eq!((standing.payment_status, standing.status), (PaymentStatus::Paid, Status::Paid));
}

#[test]
fn an_unknown_amount_that_was_shipped_was_paid() {
    let standing = reported(unknown(), Status::Shipped);
    assert_eq!(standing.payment_status, PaymentStatus::Paid);
    assert_eq!((standing.status, standing.store_status), (Status::Shipped, StoreStatus::Paid));
    assert_eq!(standing.times.shipped_at, Some(Time(7)));
}

#[test]
fn the_most_advanced_fact_counts_whatever_the_sums_say() {
    let standing = reported(known(), Status::Received);
    assert_eq!(
        (standing.status, standing.payment_status),
        (Status::Received, PaymentStatus::Unpaid)
    );
    let mut tree = known();
    tree.shops[0].received = Some(Received { at: Time(8), by_then: false, by: ReceiveType::Buyer });
    tree.shops[0].reported = Some(Reported { status: Status::Shipped, at: Time(7) });
    let standing = status::of(&tree);
    assert_eq!(standing.status, Status::Received);
    assert_eq!(standing.shops[0].items[0].shipped, Quantity(2000), "it went as a whole");
    assert_eq!(standing.shops[0].items[0].left_to_ship, Quantity::ZERO);
}

#[test]
fn a_reported_end_is_the_end() {
    let standing = reported(known(), Status::Cancelled);
    assert_eq!((standing.status, standing.store_status), (Status::Cancelled, StoreStatus::Revoked));
    assert_eq!(standing.times.cancelled_at, Some(Time(7)));
    let standing = reported(known(), Status::Closed);
    assert_eq!((standing.status, standing.store_status), (Status::Closed, StoreStatus::Refunded));
    assert_eq!(
        standing.shops[0].refund_status,
        RefundAxis::None,
        "nobody said that money went back"
    );
    assert_eq!(standing.shops[0].cancel_kind, None::<CancelKind>);
    assert_eq!(standing.shops[0].items[0].left_to_refund, Quantity::ZERO);
}

#[test]
fn a_reported_settlement_completes() {
    let standing = reported(known(), Status::Completed);
    assert_eq!((standing.status, standing.times.settled_at), (Status::Completed, Some(Time(7))));
}

#[test]
fn only_a_takeaway_order_has_a_delivery_axis() {
    assert_eq!(status::of(&known()).shops[0].delivery_status, None);
    let meal = tree(&order(vec![fulfilled(Fulfilment::Takeaway)]));
    assert!(status::of(&meal).shops[0].delivery_status.is_some());
}
