//! The words a till, a store and a search read: till status, store status after a failed refund, who brought an
//! order to its end, and how far its returns have come.

mod harness;

use docket_domain::operation::{Operation, PaymentAsked, RefundAsked};
use docket_domain::status;
use docket_domain::time::{DAY, MINUTE};
use docket_domain::tree::{RefundPart, Reported};
use docket_domain::words::{
    CancelKind, Fulfilment, RefundAxis, RefundStatus, Status, StoreStatus, TillStatus,
};
use docket_domain::{ActorKind, Time};
use harness::*;

use ActorKind::{Buyer, Gateway, Seller, Store, Till};

const REVOKE: Operation = Operation::Revoke { reason: None };
const CANCEL: Operation = Operation::RequestCancel { reason: None };
const REJECT_REFUND: Operation = Operation::RejectRefund { refund_id: None, reason: None };

fn start() -> Operation {
    let gateway = Some("wx".to_owned());
    Operation::StartPayment(PaymentAsked {
        tender: "wechat".into(),
        gateway,
        ..PaymentAsked::default()
    })
}

fn paid_parcels() -> Harness {
    let mut harness = parcels();
    harness.pay();
    harness
}

fn everything() -> Operation {
    Operation::RequestRefund(RefundAsked::default())
}

fn one_unit(harness: &Harness) -> Operation {
    Operation::RequestRefund(refund_of(Some(vec![harness.units(0, 1)])))
}

fn money_goes_back(harness: &mut Harness) {
    let last = harness.shop().refunds.last().expect("one was agreed").refund_id;
    harness.does(Gateway, money_back(last));
}

#[test]
fn a_till_shows_nothing_until_money_has_come_or_the_order_is_revoked() {
    let mut harness = parcels();
    let shown =
        |harness: &Harness| (harness.standing().store_status, harness.shop_standing().till_status);
    assert_eq!(shown(&harness), (StoreStatus::Unpaid, None));
    harness.does(Buyer, start());
    assert_eq!(shown(&harness), (StoreStatus::Paying, None));
    harness.does(Gateway, Operation::PaymentFailed { attempt_id: None, reason: None });
    assert_eq!(shown(&harness), (StoreStatus::PayFailed, None));
    harness.does(Buyer, start());
    harness.does(Buyer, REVOKE);
    assert_eq!(shown(&harness), (StoreStatus::Revoking, None));
    harness.does(Gateway, Operation::AttemptStuck { attempt_id: None, reason: None });
    assert_eq!(shown(&harness), (StoreStatus::RevokeFailed, None));
    harness.does(Gateway, Operation::AttemptClosed { attempt_id: None, reason: None });
    assert_eq!(shown(&harness), (StoreStatus::Revoked, Some(TillStatus::Cancelled)));
}

#[test]
fn without_a_delivery_axis_a_till_shows_the_main_status() {
    let mut harness = paid_parcels();
    let shown = |harness: &Harness| harness.shop_standing().till_status;
    assert_eq!(shown(&harness), Some(TillStatus::Paid));
    harness.does(Store, ship(None));
    assert_eq!(shown(&harness), Some(TillStatus::Delivering));
    harness.does(Buyer, Operation::Receive);
    assert_eq!(shown(&harness), Some(TillStatus::Arrived));
    harness.does(Buyer, one_unit(&harness.clone()));
    assert_eq!(shown(&harness), Some(TillStatus::Refunding));
    harness.does(Store, REJECT_REFUND);
    assert_eq!(
        shown(&harness),
        Some(TillStatus::Arrived),
        "a refused refund leaves it where it was"
    );
    harness.wait(7 * DAY);
    assert_eq!(shown(&harness), Some(TillStatus::Done));
    harness.may_refund_settled = true;
    harness.does(Store, Operation::RefundByStore(RefundAsked::default()));
    money_goes_back(&mut harness);
    assert_eq!(shown(&harness), Some(TillStatus::Returned));
}

#[test]
fn a_failed_refund_shows_until_goods_move_and_settlement_moves_none() {
    let mut harness = paid_parcels();
    harness.does(Store, ship(None));
    harness.does(Buyer, everything());
    harness.does(Store, REJECT_REFUND);
    harness.at = harness.at.plus(MINUTE);
    harness.does(Buyer, Operation::Receive);
    assert_eq!(harness.standing().store_status, StoreStatus::Paid, "receipt is a step");
    harness.at = harness.at.plus(MINUTE);
    harness.does(Buyer, everything());
    harness.does(Store, REJECT_REFUND);
    assert_eq!(harness.standing().store_status, StoreStatus::RefundFailed);
    harness.wait(7 * DAY);
    assert_eq!(harness.standing().status, Status::Completed);
    assert_eq!(harness.standing().store_status, StoreStatus::RefundFailed);
}

#[test]
fn a_step_that_only_a_source_reports_is_news_after_a_failed_refund_too() {
    let mut harness = paid_parcels();
    harness.does(Buyer, everything());
    harness.does(Store, REJECT_REFUND);
    for (status, later, store) in [
        (Status::Shipped, -1, StoreStatus::RefundFailed),
        (Status::Shipped, 1, StoreStatus::Paid),
        (Status::Received, 1, StoreStatus::Paid),
    ] {
        let mut tree = harness.tree.clone();
        tree.shops[0].reported = Some(Reported { status, at: harness.at.plus(later) });
        assert_eq!(status::of(&tree).store_status, store, "{status} {later}");
    }
}

#[test]
fn a_reported_close_shows_as_refunded_once_refunds_gave_all_back() {
    let mut harness = paid_parcels();
    harness.does(Store, Operation::RefundByStore(RefundAsked::default()));
    money_goes_back(&mut harness);
    let mut tree = harness.tree.clone();
    tree.shops[0].reported = Some(Reported { status: Status::Closed, at: Time(harness.at.0 + 1) });
    let shop = status::of(&tree).shops.remove(0);
    assert_eq!(
        (shop.store_status, shop.refund_status),
        (StoreStatus::Refunded, RefundAxis::Refunded)
    );
    assert_eq!(shop.times.refunded_at, Some(harness.at));
}

#[test]
fn a_revoke_is_named_after_who_asked_for_it() {
    for (actor, kind) in [
        (Buyer, CancelKind::CustomerRevoke),
        (Till, CancelKind::StoreRevoke),
        (Store, CancelKind::StoreRevoke),
    ] {
        let mut harness = parcels();
        assert_eq!(harness.shop_standing().cancel_kind, None);
        harness.does(actor, REVOKE);
        assert_eq!(harness.shop_standing().cancel_kind, Some(kind), "{actor:?}");
    }
    let mut harness = parcels();
    harness.wait(30 * MINUTE);
    assert_eq!(harness.shop_standing().cancel_kind, Some(CancelKind::SystemRevoke));
}

#[test]
fn a_full_refund_is_named_after_who_asked_for_it_and_not_after_who_agreed() {
    let mut harness = paid_parcels();
    harness.does(Buyer, everything());
    harness.wait(3 * DAY);
    assert_eq!(harness.refund(0).status, RefundStatus::Refunding, "agreed by the timer");
    assert_eq!(harness.shop_standing().cancel_kind, None, "nothing has gone back yet");
    money_goes_back(&mut harness);
    assert_eq!(harness.shop_standing().cancel_kind, Some(CancelKind::CustomerRefund));

    let mut harness = paid_parcels();
    harness.does(Seller, CANCEL);
    harness.does(Buyer, Operation::AgreeCancel { refund_id: None });
    money_goes_back(&mut harness);
    assert_eq!(
        harness.shop_standing().cancel_kind,
        Some(CancelKind::StoreRefund),
        "a seller is a store"
    );

    let mut harness = paid_parcels();
    harness.does(Buyer, one_unit(&harness.clone()));
    harness.does(Store, Operation::AgreeRefund { refund_id: None });
    money_goes_back(&mut harness);
    assert_eq!(harness.shop_standing().cancel_kind, None, "not fully refunded");
}

#[test]
fn the_reverse_status_says_how_far_returns_have_come() {
    let reverse = |harness: &Harness| harness.shop_standing().reverse_status;
    let mut harness = paid_parcels();
    harness.does(Store, ship(None));
    harness.does(Buyer, Operation::Receive);
    assert_eq!(reverse(&harness), 0);
    harness.does(Buyer, one_unit(&harness.clone()));
    assert_eq!(reverse(&harness), 1, "open");
    harness.does(Store, REJECT_REFUND);
    assert_eq!(reverse(&harness), 2, "the last one is done and more are possible");
    let mut refused = harness.clone();
    refused.wait(7 * DAY);
    assert_eq!((refused.standing().status, reverse(&refused)), (Status::Completed, 3));
    harness.does(Buyer, one_unit(&harness.clone()));
    harness.does(Store, Operation::AgreeRefund { refund_id: None });
    assert_eq!(reverse(&harness), 1, "under way is open too");
    money_goes_back(&mut harness);
    assert_eq!(reverse(&harness), 2);
    harness.wait(7 * DAY);
    assert_eq!((harness.standing().status, reverse(&harness)), (Status::Completed, 4));
}

#[test]
fn the_refund_axis_follows_the_refund_that_ended_last() {
    let axis = |harness: &Harness| harness.shop_standing().refund_status;
    let mut harness = paid_parcels();
    harness.does(Buyer, one_unit(&harness.clone()));
    harness.does(Store, REJECT_REFUND);
    assert_eq!(axis(&harness), RefundAxis::Rejected);
    harness.at = harness.at.plus(1);
    harness.does(Store, Operation::RefundByStore(refund_of(Some(vec![harness.units(0, 1)]))));
    let second = harness.refund(1).refund_id;
    harness.does(Buyer, one_unit(&harness.clone()));
    assert_eq!(axis(&harness), RefundAxis::Refunding, "before one that is applied");
    harness.at = harness.at.plus(1);
    harness.does(Gateway, money_not_back(second));
    assert_eq!(axis(&harness), RefundAxis::Applied, "before one that ended");
    harness.at = harness.at.plus(1);
    harness.does(Buyer, Operation::WithdrawRefund { refund_id: None });
    assert_eq!(axis(&harness), RefundAxis::None, "withdrawn counts as none");
    assert!(harness.refund(1).parts.iter().all(|part: &RefundPart| part.amount > 0));
}

#[test]
fn a_counter_sale_of_nothing_is_handed_over_as_it_is_placed() {
    let mut line = item(100, 1);
    line.item_discount = docket_domain::Amount::of(100);
    let mut harness = Harness::place(&order(vec![docket_domain::placement::PlacedShop {
        fulfilment: Fulfilment::Counter,
        ..shop(0, vec![line])
    }]));
    let shop = harness.shop_standing();
    assert_eq!((shop.status, shop.till_status), (Status::Received, Some(TillStatus::Done)));
    assert_eq!(shop.times.received_at, Some(MORNING));
    assert!(harness.tree.payment.deadline.is_none());
    harness.wait(7 * DAY);
    assert_eq!(harness.standing().status, Status::Completed);
}

#[test]
fn a_dropped_meal_in_a_revoked_order_was_ended_by_who_dropped_it() {
    let mut harness =
        Harness::place(&order(vec![fulfilled(Fulfilment::Takeaway), shop(0, vec![item(9, 1)])]));
    let first = harness.tree.shops[0].id;
    let (lines, platform_discount, third_party_discount) = (None, None, None);
    let drop = Operation::Drop { lines, platform_discount, third_party_discount };
    harness.ask_of(first, Buyer, drop).expect("it may be dropped");
    assert_eq!(harness.shop_standing().cancel_kind, Some(CancelKind::CustomerRevoke));
    harness.wait(DAY);
    assert_eq!(harness.standing().store_status, StoreStatus::Revoked);
    assert_eq!(harness.shop_standing().cancel_kind, Some(CancelKind::CustomerRevoke));
    let mut old = harness.tree.clone();
    old.shops[0].dropped_by = None;
    let stands = status::of(&old);
    assert_eq!(stands.shops[0].cancel_kind, Some(CancelKind::SystemRevoke), "as the rest of it");
}
