//! The words a till, a store and a search read: till status, store status after a failed refund, who brought an
//! order to its end, and how far its returns have come.

mod desk;

use desk::*;
use docket_domain::operation::{Operation, PaymentAsked, RefundAsked};
use docket_domain::status;
use docket_domain::time::{DAY, MINUTE};
use docket_domain::tree::{RefundPart, Reported};
use docket_domain::words::{
    CancelKind, Fulfilment, RefundAxis, RefundStatus, Status, StoreStatus, TillStatus,
};
use docket_domain::{ActorKind, Time};

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

fn paid_parcels() -> Desk {
    let mut desk = parcels();
    desk.pay();
    desk
}

fn everything() -> Operation {
    Operation::RequestRefund(RefundAsked::default())
}

fn one_unit(desk: &Desk) -> Operation {
    Operation::RequestRefund(refund_of(Some(vec![desk.units(0, 1)])))
}

fn money_goes_back(desk: &mut Desk) {
    let last = desk.shop().refunds.last().expect("one was agreed").refund_id;
    desk.does(Gateway, money_back(last));
}

#[test]
fn a_till_shows_nothing_until_money_has_come_or_the_order_is_revoked() {
    let mut desk = parcels();
    let shown = |desk: &Desk| (desk.standing().store_status, desk.shop_standing().till_status);
    assert_eq!(shown(&desk), (StoreStatus::Unpaid, None));
    desk.does(Buyer, start());
    assert_eq!(shown(&desk), (StoreStatus::Paying, None));
    desk.does(Gateway, Operation::PaymentFailed { attempt_id: None, reason: None });
    assert_eq!(shown(&desk), (StoreStatus::PayFailed, None));
    desk.does(Buyer, start());
    desk.does(Buyer, REVOKE);
    assert_eq!(shown(&desk), (StoreStatus::Revoking, None));
    desk.does(Gateway, Operation::AttemptStuck { attempt_id: None, reason: None });
    assert_eq!(shown(&desk), (StoreStatus::RevokeFailed, None));
    desk.does(Gateway, Operation::AttemptClosed { attempt_id: None, reason: None });
    assert_eq!(shown(&desk), (StoreStatus::Revoked, Some(TillStatus::Cancelled)));
}

#[test]
fn without_a_delivery_axis_a_till_shows_the_main_status() {
    let mut desk = paid_parcels();
    let shown = |desk: &Desk| desk.shop_standing().till_status;
    assert_eq!(shown(&desk), Some(TillStatus::Paid));
    desk.does(Store, ship(None));
    assert_eq!(shown(&desk), Some(TillStatus::Delivering));
    desk.does(Buyer, Operation::Receive);
    assert_eq!(shown(&desk), Some(TillStatus::Arrived));
    desk.does(Buyer, one_unit(&desk.clone()));
    assert_eq!(shown(&desk), Some(TillStatus::Refunding));
    desk.does(Store, REJECT_REFUND);
    assert_eq!(shown(&desk), Some(TillStatus::Arrived), "a refused refund leaves it where it was");
    desk.wait(7 * DAY);
    assert_eq!(shown(&desk), Some(TillStatus::Done));
    desk.may_refund_settled = true;
    desk.does(Store, Operation::RefundByStore(RefundAsked::default()));
    money_goes_back(&mut desk);
    assert_eq!(shown(&desk), Some(TillStatus::Returned));
}

#[test]
fn a_failed_refund_shows_until_goods_move_and_settlement_moves_none() {
    let mut desk = paid_parcels();
    desk.does(Store, ship(None));
    desk.does(Buyer, everything());
    desk.does(Store, REJECT_REFUND);
    desk.at = desk.at.plus(MINUTE);
    desk.does(Buyer, Operation::Receive);
    assert_eq!(desk.standing().store_status, StoreStatus::Paid, "receipt is a step");
    desk.at = desk.at.plus(MINUTE);
    desk.does(Buyer, everything());
    desk.does(Store, REJECT_REFUND);
    assert_eq!(desk.standing().store_status, StoreStatus::RefundFailed);
    desk.wait(7 * DAY);
    assert_eq!(desk.standing().status, Status::Completed);
    assert_eq!(desk.standing().store_status, StoreStatus::RefundFailed);
}

#[test]
fn a_step_that_only_a_source_reports_is_news_after_a_failed_refund_too() {
    let mut desk = paid_parcels();
    desk.does(Buyer, everything());
    desk.does(Store, REJECT_REFUND);
    for (status, later, store) in [
        (Status::Shipped, -1, StoreStatus::RefundFailed),
        (Status::Shipped, 1, StoreStatus::Paid),
        (Status::Received, 1, StoreStatus::Paid),
    ] {
        let mut tree = desk.tree.clone();
        tree.shops[0].reported = Some(Reported { status, at: desk.at.plus(later) });
        assert_eq!(status::of(&tree).store_status, store, "{status} {later}");
    }
}

#[test]
fn a_reported_close_shows_as_refunded_once_refunds_gave_all_back() {
    let mut desk = paid_parcels();
    desk.does(Store, Operation::RefundByStore(RefundAsked::default()));
    money_goes_back(&mut desk);
    let mut tree = desk.tree.clone();
    tree.shops[0].reported = Some(Reported { status: Status::Closed, at: Time(desk.at.0 + 1) });
    let shop = status::of(&tree).shops.remove(0);
    assert_eq!(
        (shop.store_status, shop.refund_status),
        (StoreStatus::Refunded, RefundAxis::Refunded)
    );
    assert_eq!(shop.times.refunded_at, Some(desk.at));
}

#[test]
fn a_revoke_is_named_after_who_asked_for_it() {
    for (actor, kind) in [
        (Buyer, CancelKind::CustomerRevoke),
        (Till, CancelKind::StoreRevoke),
        (Store, CancelKind::StoreRevoke),
    ] {
        let mut desk = parcels();
        assert_eq!(desk.shop_standing().cancel_kind, None);
        desk.does(actor, REVOKE);
        assert_eq!(desk.shop_standing().cancel_kind, Some(kind), "{actor:?}");
    }
    let mut desk = parcels();
    desk.wait(30 * MINUTE);
    assert_eq!(desk.shop_standing().cancel_kind, Some(CancelKind::SystemRevoke));
}

#[test]
fn a_full_refund_is_named_after_who_asked_for_it_and_not_after_who_agreed() {
    let mut desk = paid_parcels();
    desk.does(Buyer, everything());
    desk.wait(3 * DAY);
    assert_eq!(desk.refund(0).status, RefundStatus::Refunding, "agreed by the timer");
    assert_eq!(desk.shop_standing().cancel_kind, None, "nothing has gone back yet");
    money_goes_back(&mut desk);
    assert_eq!(desk.shop_standing().cancel_kind, Some(CancelKind::CustomerRefund));

    let mut desk = paid_parcels();
    desk.does(Seller, CANCEL);
    desk.does(Buyer, Operation::AgreeCancel { refund_id: None });
    money_goes_back(&mut desk);
    assert_eq!(
        desk.shop_standing().cancel_kind,
        Some(CancelKind::StoreRefund),
        "a seller is a store"
    );

    let mut desk = paid_parcels();
    desk.does(Buyer, one_unit(&desk.clone()));
    desk.does(Store, Operation::AgreeRefund { refund_id: None });
    money_goes_back(&mut desk);
    assert_eq!(desk.shop_standing().cancel_kind, None, "not fully refunded");
}

#[test]
fn the_reverse_status_says_how_far_returns_have_come() {
    let reverse = |desk: &Desk| desk.shop_standing().reverse_status;
    let mut desk = paid_parcels();
    desk.does(Store, ship(None));
    desk.does(Buyer, Operation::Receive);
    assert_eq!(reverse(&desk), 0);
    desk.does(Buyer, one_unit(&desk.clone()));
    assert_eq!(reverse(&desk), 1, "open");
    desk.does(Store, REJECT_REFUND);
    assert_eq!(reverse(&desk), 2, "the last one is done and more are possible");
    let mut refused = desk.clone();
    refused.wait(7 * DAY);
    assert_eq!((refused.standing().status, reverse(&refused)), (Status::Completed, 3));
    desk.does(Buyer, one_unit(&desk.clone()));
    desk.does(Store, Operation::AgreeRefund { refund_id: None });
    assert_eq!(reverse(&desk), 1, "under way is open too");
    money_goes_back(&mut desk);
    assert_eq!(reverse(&desk), 2);
    desk.wait(7 * DAY);
    assert_eq!((desk.standing().status, reverse(&desk)), (Status::Completed, 4));
}

#[test]
fn the_refund_axis_follows_the_refund_that_ended_last() {
    let axis = |desk: &Desk| desk.shop_standing().refund_status;
    let mut desk = paid_parcels();
    desk.does(Buyer, one_unit(&desk.clone()));
    desk.does(Store, REJECT_REFUND);
    assert_eq!(axis(&desk), RefundAxis::Rejected);
    desk.at = desk.at.plus(1);
    desk.does(Store, Operation::RefundByStore(refund_of(Some(vec![desk.units(0, 1)]))));
    let second = desk.refund(1).refund_id;
    desk.does(Buyer, one_unit(&desk.clone()));
    assert_eq!(axis(&desk), RefundAxis::Refunding, "before one that is applied");
    desk.at = desk.at.plus(1);
    desk.does(Gateway, money_not_back(second));
    assert_eq!(axis(&desk), RefundAxis::Applied, "before one that ended");
    desk.at = desk.at.plus(1);
    desk.does(Buyer, Operation::WithdrawRefund { refund_id: None });
    assert_eq!(axis(&desk), RefundAxis::None, "withdrawn counts as none");
    assert!(desk.refund(1).parts.iter().all(|part: &RefundPart| part.amount > 0));
}

#[test]
fn a_counter_sale_of_nothing_is_handed_over_as_it_is_placed() {
    let mut line = item(100, 1);
    line.item_discount = docket_domain::Amount::of(100);
    let mut desk = Desk::place(&order(vec![docket_domain::placement::PlacedShop {
        fulfilment: Fulfilment::Counter,
        ..shop(0, vec![line])
    }]));
    let shop = desk.shop_standing();
    assert_eq!((shop.status, shop.till_status), (Status::Received, Some(TillStatus::Done)));
    assert_eq!(shop.times.received_at, Some(MORNING));
    assert!(desk.tree.payment.deadline.is_none());
    desk.wait(7 * DAY);
    assert_eq!(desk.standing().status, Status::Completed);
}

#[test]
fn a_dropped_meal_in_a_revoked_order_was_ended_by_who_dropped_it() {
    let mut desk =
        Desk::place(&order(vec![fulfilled(Fulfilment::Takeaway), shop(0, vec![item(9, 1)])]));
    let first = desk.tree.shops[0].id;
    let (lines, platform_discount, third_party_discount) = (None, None, None);
    let drop = Operation::Drop { lines, platform_discount, third_party_discount };
    desk.ask_of(first, Buyer, drop).expect("it may be dropped");
    assert_eq!(desk.shop_standing().cancel_kind, Some(CancelKind::CustomerRevoke));
    desk.wait(DAY);
    assert_eq!(desk.standing().store_status, StoreStatus::Revoked);
    assert_eq!(desk.shop_standing().cancel_kind, Some(CancelKind::CustomerRevoke));
    let mut old = desk.tree.clone();
    old.shops[0].dropped_by = None;
    let stands = status::of(&old);
    assert_eq!(stands.shops[0].cancel_kind, Some(CancelKind::SystemRevoke), "as the rest of it");
}
