//! Money back: asked, answered, drawn on payments, failed and tried again, and goods that come back with it.

mod desk;

use desk::*;
use docket_domain::decide::Decided;
use docket_domain::operation::{Operation, RefundAsked};
use docket_domain::time::{DAY, MINUTE};
use docket_domain::tree::FreightAsked;
use docket_domain::words::{CancelKind, RefundAxis, RefundKind, RefundStatus, Status, StoreStatus};
use docket_domain::{ActorKind, Amount, Quantity, Refusal};

use ActorKind::{Buyer, Gateway, Seller, Store, Till};

const ASK_CANCEL: Operation = Operation::RequestCancel { reason: None };
const AGREE_CANCEL: Operation = Operation::AgreeCancel { refund_id: None };
const REFUSE_CANCEL: Operation = Operation::RefuseCancel { refund_id: None, reason: None };
const WITHDRAW_CANCEL: Operation = Operation::WithdrawCancel { refund_id: None };
const AGREE: Operation = Operation::AgreeRefund { refund_id: None };
const REJECT: Operation = Operation::RejectRefund { refund_id: None, reason: None };

fn paid_parcels() -> Desk {
    let mut desk = parcels();
    desk.pay();
    desk
}

fn everything() -> Operation {
    Operation::RequestRefund(RefundAsked::default())
}

fn units_of(desk: &Desk, line: usize, units: i64) -> Operation {
    Operation::RequestRefund(refund_of(Some(vec![desk.units(line, units)])))
}

fn given(desk: &Desk, line: usize, units: i64, goods_back: bool) -> Operation {
    let lines = Some(vec![desk.units(line, units)]);
    Operation::RefundByStore(RefundAsked { lines, goods_back, ..RefundAsked::default() })
}

fn back(desk: &Desk, at: usize, restock: bool) -> Operation {
    Operation::ReceiveReturn { refund_id: desk.refund(at).refund_id, lines: None, restock }
}

fn id(desk: &Desk, at: usize) -> docket_domain::Id {
    desk.refund(at).refund_id
}

#[test]
fn a_cancelled_paid_order_gives_everything_back_freight_included() {
    let mut desk = paid_parcels();
    desk.does(Buyer, ASK_CANCEL);
    assert_eq!(desk.shop_standing().refund_status, RefundAxis::Applied);
    assert_eq!(desk.shop_standing().reverse_status, 1);
    desk.does(Seller, AGREE_CANCEL);
    let refund = desk.refund(0);
    assert_eq!((refund.kind, refund.amount, refund.freight), (RefundKind::Cancel, 16600, 600));
    assert_eq!(refund.parts[0].payment_id, desk.tree.payment.payments[0].payment_id);
    let refund = id(&desk, 0);
    desk.does(Gateway, money_back(refund));
    let (shop, standing) = (desk.shop_standing(), desk.standing());
    assert_eq!((shop.status, shop.store_status), (Status::Closed, StoreStatus::Refunded));
    assert_eq!((shop.cancel_kind, shop.reverse_status), (Some(CancelKind::CustomerRefund), 4));
    assert_eq!((standing.refunded, standing.times.refunded_at), (16600, Some(desk.at)));
    assert_eq!(desk.stock(), Shelf::default());
}

#[test]
fn who_asked_to_cancel_does_not_answer_and_who_did_not_does_not_withdraw() {
    let mut desk = paid_parcels();
    desk.does(Buyer, ASK_CANCEL);
    assert!(matches!(desk.refuses(Buyer, AGREE_CANCEL), Refusal::Actor { .. }));
    assert!(matches!(desk.refuses(Buyer, REFUSE_CANCEL), Refusal::Actor { .. }));
    assert!(matches!(desk.refuses(Seller, WITHDRAW_CANCEL), Refusal::Actor { .. }));
    desk.does(Seller, REFUSE_CANCEL);
    assert_eq!(desk.shop_standing().refund_status, RefundAxis::Rejected);
    assert_eq!(desk.shop_standing().store_status, StoreStatus::RefundFailed);
    assert_eq!(desk.shop_standing().reverse_status, 2);
    desk.does(Seller, ASK_CANCEL);
    desk.does(Seller, WITHDRAW_CANCEL);
    assert_eq!(desk.shop_standing().refund_status, RefundAxis::None, "withdrawn counts as none");
}

#[test]
fn an_unanswered_request_is_agreed_and_a_sellers_cancel_is_refused() {
    let mut desk = paid_parcels();
    desk.does(Buyer, ASK_CANCEL);
    desk.wait(3 * DAY - 1);
    assert_eq!(desk.refund(0).status, RefundStatus::Applied);
    desk.wait(1);
    assert_eq!(desk.refund(0).status, RefundStatus::Refunding);

    let mut desk = paid_parcels();
    desk.does(Seller, ASK_CANCEL);
    desk.wait(3 * DAY);
    assert_eq!(desk.refund(0).status, RefundStatus::Rejected);

    let mut desk = meal();
    desk.pay();
    desk.does(Store, Operation::Accept);
    desk.does(Buyer, units_of(&desk.clone(), 0, 1));
    desk.wait(DAY);
    assert_eq!(desk.refund(0).status, RefundStatus::Refunding, "a meal is answered in a day");
}

#[test]
fn a_step_of_fulfilment_after_a_refused_refund_is_news_again() {
    let mut desk = paid_parcels();
    desk.does(Buyer, everything());
    desk.does(Store, REJECT);
    assert_eq!(desk.shop_standing().store_status, StoreStatus::RefundFailed);
    desk.at = desk.at.plus(1);
    desk.does(Store, ship(None));
    assert_eq!(desk.shop_standing().store_status, StoreStatus::Paid);
    assert_eq!(desk.shop_standing().refund_status, RefundAxis::Rejected);
}

#[test]
fn an_open_request_takes_its_units_until_it_is_refused() {
    let mut desk = paid_parcels();
    desk.does(Buyer, units_of(&desk.clone(), 0, 1));
    assert_eq!(desk.line_standing(0).left_to_refund, Quantity::ONE);
    let two = units_of(&desk, 0, 2);
    assert!(matches!(desk.refuses(Buyer, two), Refusal::TooMuch(_)));
    desk.does(Store, REJECT);
    desk.does(Buyer, units_of(&desk.clone(), 0, 2));
}

#[test]
fn units_asked_for_may_still_be_shipped_but_agreed_ones_are_kept() {
    let mut desk = paid_parcels();
    desk.does(Buyer, units_of(&desk.clone(), 0, 1));
    assert_eq!(desk.line_standing(0).left_to_ship, Quantity(2000));
    desk.does(Store, AGREE);
    assert_eq!(desk.line_standing(0).left_to_ship, Quantity(1000));
    desk.does(Store, ship(None));
    assert_eq!(desk.standing().status, Status::Paid, "a unit still waits for its money");
    desk.does(Gateway, money_back(id(&desk.clone(), 0)));
    assert_eq!(desk.standing().status, Status::Shipped);
    assert_eq!(desk.stock(), Shelf { on_hand: -4000, held: 0 });
    assert!(desk.shop().deadline.is_some(), "receipt is waited for from now on");
}

#[test]
fn a_request_looks_again_at_what_was_shipped_when_it_is_agreed() {
    let mut desk = paid_parcels();
    desk.does(Buyer, units_of(&desk.clone(), 0, 1));
    assert_eq!(desk.refund(0).lines[0].shipped, Quantity::ZERO);
    desk.does(Store, ship(None));
    desk.does(Store, AGREE);
    assert_eq!(desk.refund(0).lines[0].shipped, Quantity::ONE);
    desk.does(Gateway, money_back(id(&desk.clone(), 0)));
    assert_eq!(desk.stock(), Shelf { on_hand: -5000, held: 0 }, "what left is not on the shelf");
}

#[test]
fn freight_goes_back_once_with_the_refund_that_empties_what_was_not_shipped() {
    let mut desk = paid_parcels();
    desk.does(Store, given(&desk.clone(), 0, 2, false));
    assert_eq!(desk.refund(0).freight, 0);
    desk.does(Store, given(&desk.clone(), 1, 3, false));
    assert_eq!((desk.refund(1).freight, desk.refund(1).amount), (600, 6600));

    let mut desk = paid_parcels();
    desk.does(Store, ship(None));
    desk.does(Store, given(&desk.clone(), 0, 2, false));
    desk.does(Store, given(&desk.clone(), 1, 3, false));
    assert_eq!(desk.refund(1).freight, 0, "it was used");
}

#[test]
fn freight_goes_back_where_the_request_says_so_and_never_twice() {
    let mut desk = paid_parcels();
    desk.does(Store, ship(None));
    let asked = |lines| {
        let freight = FreightAsked::All;
        Operation::RefundByStore(RefundAsked { lines, freight, ..RefundAsked::default() })
    };
    let one = Some(vec![desk.units(0, 1)]);
    desk.does(Store, asked(one.clone()));
    assert_eq!((desk.refund(0).freight, desk.refund(0).amount), (600, 5600));
    desk.does(Store, asked(one));
    assert_eq!(desk.refund(1).freight, 0);
}

#[test]
fn freight_stays_where_another_request_has_left_something_to_ship() {
    let mut desk = paid_parcels();
    desk.does(Buyer, units_of(&desk.clone(), 0, 2));
    desk.does(Buyer, units_of(&desk.clone(), 1, 3));
    assert_eq!(desk.refund(1).freight, 600, "together they empty the shop order");
    let refund_id = Some(id(&desk, 0));
    desk.does(Store, Operation::RejectRefund { refund_id, reason: None });
    desk.does(Store, AGREE);
    assert_eq!((desk.refund(1).freight, desk.refund(1).amount), (0, 6000));
}

#[test]
fn the_coins_and_the_third_partys_money_go_back_with_their_freight() {
    let mut placement = order(vec![shop(1000, vec![item(1000, 1)])]);
    placement.coins = Amount::of(200);
    placement.third_party_discount = Amount::of(100);
    let mut desk = Desk::place(&placement);
    desk.pay();
    desk.does(Buyer, ASK_CANCEL);
    let refund = desk.refund(0);
    assert_eq!((refund.amount, refund.coins, refund.third_party), (1700, 200, 100));
    assert_eq!(refund.freight, 850);
    assert_eq!(refund.lines[0].coins, 100);
}

#[test]
fn a_refund_draws_on_the_newest_payment_first() {
    let mut desk = parcels();
    desk.does(Till, paid("voucher", "v-1", 5000));
    desk.at = desk.at.plus(1);
    desk.does(Till, paid("cash", "r-1", 11600));
    desk.does(Store, Operation::RefundByStore(RefundAsked::default()));
    let parts: Vec<i64> = desk.refund(0).parts.iter().map(|part| part.amount).collect();
    assert_eq!(parts, [11600, 5000]);
    let payments: Vec<_> = desk.tree.payment.payments.iter().map(|p| p.payment_id).collect();
    assert_eq!(desk.refund(0).parts[0].payment_id, payments[1]);
}

#[test]
fn a_refund_is_done_when_all_its_parts_are_and_failed_only_when_none_succeeded() {
    let mut desk = parcels();
    desk.does(Till, paid("voucher", "v-1", 5000));
    desk.at = desk.at.plus(1);
    desk.does(Till, paid("cash", "r-1", 11600));
    desk.does(Store, Operation::RefundByStore(RefundAsked::default()));
    let payments: Vec<_> = desk.tree.payment.payments.iter().map(|p| Some(p.payment_id)).collect();
    let refund_id = id(&desk, 0);
    let reference = None;
    desk.does(
        Gateway,
        Operation::RefundFailed { refund_id, payment_id: payments[0], reference, reason: None },
    );
    assert_eq!(desk.refund(0).status, RefundStatus::Refunding);
    let reference = Some("b-1".to_owned());
    desk.does(
        Gateway,
        Operation::RefundSucceeded { refund_id, payment_id: payments[1], reference },
    );
    assert_eq!(desk.refund(0).status, RefundStatus::Refunding, "one part failed, one is done");
    assert_eq!(desk.refund(0).parts[0].reference.as_deref(), Some("b-1"));
    desk.does(Store, Operation::AgreeRefund { refund_id: Some(refund_id) });
    let again: Vec<_> = desk.refund(0).parts.iter().map(|p| (p.amount, p.status)).collect();
    assert_eq!(again, [(11600, RefundStatus::Refunded), (5000, RefundStatus::Refunding)]);
    desk.does(Gateway, money_back(refund_id));
    assert_eq!(desk.refund(0).status, RefundStatus::Refunded);
    assert_eq!(desk.ask(Gateway, money_back(refund_id)), Ok(Decided::Already));
}

#[test]
fn failed_money_moves_to_another_payment_that_has_room() {
    let mut desk = parcels();
    desk.does(Till, paid("voucher", "v-1", 8000));
    desk.at = desk.at.plus(1);
    desk.does(Till, paid("cash", "r-1", 8600));
    desk.does(Store, given(&desk.clone(), 0, 1, false));
    let refund = id(&desk, 0);
    desk.does(Gateway, money_not_back(refund));
    assert_eq!(desk.shop_standing().refund_status, RefundAxis::Failed);
    desk.does(Store, AGREE);
    let part = &desk.refund(0).parts[0];
    assert_eq!(desk.refund(0).parts.len(), 1);
    assert_eq!(part.payment_id, desk.tree.payment.payments[0].payment_id);
}

#[test]
fn money_that_went_back_after_all_counts_while_its_units_are_left() {
    let mut desk = paid_parcels();
    desk.does(Store, given(&desk.clone(), 0, 1, false));
    let first = id(&desk, 0);
    desk.does(Gateway, money_not_back(first));
    assert_eq!(desk.line_standing(0).left_to_ship, Quantity(2000), "a failed refund leaves");
    desk.does(Gateway, money_back(first));
    assert_eq!(desk.refund(0).status, RefundStatus::Refunded);

    let mut desk = paid_parcels();
    desk.does(Store, given(&desk.clone(), 0, 1, false));
    let first = id(&desk, 0);
    desk.does(Gateway, money_not_back(first));
    desk.does(Store, given(&desk.clone(), 0, 2, false));
    desk.does(Gateway, money_back(first)); // what that makes of it stands in `refund_news`
}

#[test]
fn a_refund_worth_nothing_is_under_way_until_its_money_is_reported_all_the_same() {
    let mut desk = Desk::place(&order(vec![shop(0, vec![item(0, 1), item(100, 1)])]));
    desk.pay();
    desk.does(Store, given(&desk.clone(), 0, 1, false));
    assert_eq!((desk.refund(0).amount, desk.refund(0).status), (0, RefundStatus::Refunding));
    desk.does(Gateway, money_back(id(&desk.clone(), 0)));
    assert_eq!(desk.line_standing(0).status, Status::Closed);
}

#[test]
fn money_waits_until_all_the_goods_are_back() {
    let mut desk = paid_parcels();
    desk.does(Store, ship(None));
    desk.does(Store, given(&desk.clone(), 0, 2, true));
    let refund = id(&desk, 0);
    let one = Some(vec![desk.units(0, 1)]);
    let some = Operation::ReceiveReturn { refund_id: refund, lines: one, restock: true };
    desk.does(Store, some);
    assert!(desk.refund(0).parts.is_empty());
    desk.does(Store, back(&desk.clone(), 0, false));
    assert_eq!(desk.refund(0).parts[0].amount, 10000);
    assert_eq!(desk.stock().on_hand, -4000, "one was fit to be sold");
    assert_eq!(state_of(&desk.refuses(Store, back(&desk.clone(), 0, true))), "refunding");
    desk.does(Gateway, money_back(refund));
    assert_eq!(desk.line_standing(0).status, Status::Closed);
}

#[test]
fn with_goods_back_shipped_units_are_taken_first_and_without_it_unshipped_ones() {
    for (goods_back, shipped) in [(true, Quantity(1000)), (false, Quantity::ZERO)] {
        let mut desk = paid_parcels();
        let one = desk.units(0, 1);
        desk.does(Store, ship(Some(vec![one])));
        desk.does(Store, given(&desk.clone(), 0, 1, goods_back));
        assert_eq!(desk.refund(0).lines[0].shipped, shipped);
        assert_eq!(desk.refund(0).parts.is_empty(), goods_back);
    }
}

#[test]
fn goods_may_come_back_after_their_money() {
    let mut desk = paid_parcels();
    desk.does(Store, ship(None));
    desk.does(Store, given(&desk.clone(), 1, 3, false));
    desk.does(Gateway, money_back(id(&desk.clone(), 0)));
    desk.does(Store, back(&desk.clone(), 0, true));
    assert_eq!(desk.stock().on_hand, -2000);
    assert_eq!(desk.last.entry.parameters["quantity"], "3");
}

#[test]
fn a_settled_order_gives_back_only_with_the_scope_for_it() {
    let mut desk = paid_parcels();
    desk.does(Store, ship(None));
    desk.does(Buyer, Operation::Receive);
    desk.wait(7 * DAY);
    assert_eq!(state_of(&desk.refuses(Buyer, everything())), "completed");
    let give = Operation::RefundByStore(RefundAsked::default());
    assert_eq!(desk.refuses(Store, give.clone()), Refusal::Scope { scope: "refunds" });
    desk.may_refund_settled = true;
    desk.does(Store, give);
    desk.does(Gateway, money_back(id(&desk.clone(), 0)));
    assert_eq!(desk.standing().status, Status::Closed);
}

#[test]
fn settlement_waits_for_an_open_refund() {
    let mut desk = paid_parcels();
    desk.does(Store, ship(None));
    desk.does(Buyer, Operation::Receive);
    desk.does(Buyer, units_of(&desk.clone(), 0, 1));
    desk.does(Store, AGREE);
    desk.wait(30 * DAY);
    assert_eq!(desk.standing().status, Status::Received);
    desk.does(Gateway, money_back(id(&desk.clone(), 0)));
    desk.wait(7 * DAY);
    assert_eq!(desk.standing().status, Status::Completed);
    assert_eq!(desk.shop_standing().reverse_status, 4);
}

#[test]
fn a_lighter_line_gives_the_difference_back_and_a_heavier_one_keeps_its_price() {
    let mut fruit = item(1000, 2);
    fruit.weighed = true;
    let placement = order(vec![shop(0, vec![fruit, item(100, 1)])]);
    let weigh = |desk: &Desk, thousandths| {
        let mut asked = desk.units(0, 1);
        asked.quantity = Some(Quantity(thousandths));
        Operation::Weigh { lines: vec![asked] }
    };
    let mut desk = Desk::place(&placement);
    desk.pay();
    desk.does(Store, weigh(&desk.clone(), 1850));
    let refund = desk.refund(0);
    assert_eq!((refund.kind, refund.amount), (RefundKind::Weigh, 150));
    assert_eq!(refund.lines[0].quantity, Quantity(150));
    assert_eq!(desk.shop().items[0].weighed_as, Some(Quantity(1850)));
    assert_eq!(desk.line_standing(0).left_to_ship, Quantity(1850));
    let again = weigh(&desk, 1800);
    assert!(matches!(desk.refuses(Store, again), Refusal::State { .. }), "once");

    let mut desk = Desk::place(&placement);
    desk.pay();
    desk.does(Store, weigh(&desk.clone(), 2100));
    assert!(desk.shop().refunds.is_empty());

    let mut desk = Desk::place(&placement);
    desk.pay();
    let not_by_weight = Operation::Weigh { lines: vec![desk.units(1, 1)] };
    assert!(matches!(desk.refuses(Store, not_by_weight), Refusal::State { .. }));
}

#[test]
fn a_line_weighed_after_other_refunds_gives_back_only_what_is_missing_beside_them() {
    let mut fruit = item(1000, 2);
    fruit.weighed = true;
    let mut desk = Desk::place(&order(vec![shop(0, vec![fruit, item(100, 1)])]));
    desk.pay();
    desk.does(Store, given(&desk.clone(), 0, 1, false));
    let mut weight = desk.units(0, 1);
    weight.quantity = Some(Quantity(900));
    desk.does(Store, Operation::Weigh { lines: vec![weight] });
    assert_eq!(desk.refund(1).lines[0].quantity, Quantity(100));
}

#[test]
fn a_refund_names_its_shop_order_by_itself_but_not_another_ones() {
    let placement = order(vec![shop(0, vec![item(100, 1)]), shop(0, vec![item(200, 1)])]);
    let mut desk = Desk::place(&placement);
    desk.pay();
    let (first, second) = (desk.tree.shops[0].id, desk.tree.shops[1].id);
    desk.ask_of(second, Buyer, everything()).expect("it is paid");
    let refund_id = Some(desk.tree.shops[1].refunds[0].refund_id);
    let agree = Operation::AgreeRefund { refund_id };
    let refusal = desk.ask_of(first, Store, agree.clone()).expect_err("another shop's refund");
    assert!(matches!(refusal, Refusal::NoSuchPart { what: "refund", .. }));
    desk.does(Store, agree);
    assert_eq!(desk.last.entry.node, second);
}

#[test]
fn which_of_several_requests_is_meant_must_be_said() {
    let mut desk = paid_parcels();
    desk.does(Buyer, units_of(&desk.clone(), 0, 1));
    desk.does(Buyer, units_of(&desk.clone(), 1, 1));
    assert!(matches!(desk.refuses(Store, AGREE), Refusal::Invalid(_)));
    let unknown = Operation::AgreeRefund { refund_id: Some(docket_domain::Id(99)) };
    assert!(matches!(desk.refuses(Store, unknown), Refusal::NoSuchPart { .. }));
}

#[test]
fn a_timer_agrees_in_the_order_in_which_deadlines_passed() {
    let mut desk = paid_parcels();
    desk.does(Buyer, units_of(&desk.clone(), 0, 1));
    desk.at = desk.at.plus(MINUTE);
    desk.does(Buyer, units_of(&desk.clone(), 1, 1));
    desk.at = desk.at.plus(4 * DAY);
    assert!(desk.timer());
    let statuses = |desk: &Desk| desk.shop().refunds.iter().map(|r| r.status).collect::<Vec<_>>();
    assert_eq!(statuses(&desk), [RefundStatus::Refunding, RefundStatus::Applied]);
    assert!(desk.timer());
    assert!(!desk.timer());
}
