//! Money back: asked, answered, drawn on payments, failed and tried again, and goods that come back with it.

mod harness;

use ActorKind::{Buyer, Gateway, Seller, Store, Till};
use docket_domain::decide::Decided;
use docket_domain::operation::{Operation, RefundAsked};
use docket_domain::time::{DAY, MINUTE};
use docket_domain::tree::FreightAsked;
use docket_domain::words::{CancelKind, RefundAxis, RefundKind, RefundStatus, Status, StoreStatus};
use docket_domain::{ActorKind, Amount, Quantity, Refusal};
use harness::*;

const ASK_CANCEL: Operation = Operation::RequestCancel { reason: None };
const AGREE_CANCEL: Operation = Operation::AgreeCancel { refund_id: None };
const REFUSE_CANCEL: Operation = Operation::RefuseCancel { refund_id: None, reason: None };
const WITHDRAW_CANCEL: Operation = Operation::WithdrawCancel { refund_id: None };
const AGREE: Operation = Operation::AgreeRefund { refund_id: None };
const REJECT: Operation = Operation::RejectRefund { refund_id: None, reason: None };

fn paid_parcels() -> Harness {
    let mut harness = parcels();
    harness.pay();
    harness
}

fn everything() -> Operation {
    Operation::RequestRefund(RefundAsked::default())
}

fn units_of(harness: &Harness, line: usize, units: i64) -> Operation {
    Operation::RequestRefund(refund_of(Some(vec![harness.units(line, units)])))
}

fn given(harness: &Harness, line: usize, units: i64, goods_back: bool) -> Operation {
    let lines = Some(vec![harness.units(line, units)]);
    Operation::RefundByStore(RefundAsked { lines, goods_back, ..RefundAsked::default() })
}

fn back(harness: &Harness, at: usize, restock: bool) -> Operation {
    Operation::ReceiveReturn { refund_id: harness.refund(at).refund_id, lines: None, restock }
}

fn id(harness: &Harness, at: usize) -> docket_domain::Id {
    harness.refund(at).refund_id
}

#[test]
fn a_cancelled_paid_order_gives_everything_back_freight_included() {
    let mut harness = paid_parcels();
    harness.does(Buyer, ASK_CANCEL);
    assert_eq!(harness.shop_standing().refund_status, RefundAxis::Applied);
    assert_eq!(harness.shop_standing().reverse_status, 1);
    harness.does(Seller, AGREE_CANCEL);
    let refund = harness.refund(0);
    assert_eq!((refund.kind, refund.amount, refund.freight), (RefundKind::Cancel, 16600, 600));
    assert_eq!(refund.parts[0].payment_id, harness.tree.payment.payments[0].payment_id);
    harness.does(Gateway, money_back(refund.refund_id));
    let (shop, standing) = (harness.shop_standing(), harness.standing());
    assert_eq!((shop.status, shop.store_status), (Status::Closed, StoreStatus::Refunded));
    assert_eq!((shop.cancel_kind, shop.reverse_status), (Some(CancelKind::CustomerRefund), 4));
    assert_eq!((standing.refunded, standing.times.refunded_at), (16600, Some(harness.at)));
    assert_eq!(harness.stock(), Shelf::default());
}

#[test]
fn who_asked_to_cancel_does_not_answer_and_who_did_not_does_not_withdraw() {
    let mut harness = paid_parcels();
    harness.does(Buyer, ASK_CANCEL);
    assert!(matches!(harness.refuses(Buyer, AGREE_CANCEL), Refusal::Actor { .. }));
    assert!(matches!(harness.refuses(Buyer, REFUSE_CANCEL), Refusal::Actor { .. }));
    assert!(matches!(harness.refuses(Seller, WITHDRAW_CANCEL), Refusal::Actor { .. }));
    harness.does(Seller, REFUSE_CANCEL);
    assert_eq!(harness.shop_standing().refund_status, RefundAxis::Rejected);
    assert_eq!(harness.shop_standing().store_status, StoreStatus::RefundFailed);
    assert_eq!(harness.shop_standing().reverse_status, 2);
    harness.does(Seller, ASK_CANCEL);
    harness.does(Seller, WITHDRAW_CANCEL);
    assert_eq!(harness.shop_standing().refund_status, RefundAxis::None, "withdrawn counts as none");
}

#[test]
fn an_unanswered_request_is_agreed_and_a_sellers_cancel_is_refused() {
    let mut harness = paid_parcels();
    harness.does(Buyer, ASK_CANCEL);
    harness.wait(3 * DAY - 1);
    assert_eq!(harness.refund(0).status, RefundStatus::Applied);
    harness.wait(1);
    assert_eq!(harness.refund(0).status, RefundStatus::Refunding);

    let mut harness = paid_parcels();
    harness.does(Seller, ASK_CANCEL);
    harness.wait(3 * DAY);
    assert_eq!(harness.refund(0).status, RefundStatus::Rejected);

    let mut harness = meal();
    harness.pay();
    harness.does(Store, Operation::Accept);
    harness.does(Buyer, units_of(&harness.clone(), 0, 1));
    harness.wait(DAY);
    assert_eq!(harness.refund(0).status, RefundStatus::Refunding, "a meal is answered in a day");
}

#[test]
fn a_step_of_fulfilment_after_a_refused_refund_is_news_again() {
    let mut harness = paid_parcels();
    harness.does(Buyer, everything());
    harness.does(Store, REJECT);
    assert_eq!(harness.shop_standing().store_status, StoreStatus::RefundFailed);
    harness.at = harness.at.plus(1);
    harness.does(Store, ship(None));
    assert_eq!(harness.shop_standing().store_status, StoreStatus::Paid);
    assert_eq!(harness.shop_standing().refund_status, RefundAxis::Rejected);
}

#[test]
fn an_open_request_takes_its_units_until_it_is_refused() {
    let mut harness = paid_parcels();
    harness.does(Buyer, units_of(&harness.clone(), 0, 1));
    assert_eq!(harness.line_standing(0).left_to_refund, Quantity::ONE);
    let two = units_of(&harness, 0, 2);
    assert!(matches!(harness.refuses(Buyer, two), Refusal::TooMuch(_)));
    harness.does(Store, REJECT);
    harness.does(Buyer, units_of(&harness.clone(), 0, 2));
}

#[test]
fn units_asked_for_may_still_be_shipped_but_agreed_ones_are_kept() {
    let mut harness = paid_parcels();
    harness.does(Buyer, units_of(&harness.clone(), 0, 1));
    assert_eq!(harness.line_standing(0).left_to_ship, Quantity(2000));
    harness.does(Store, AGREE);
    assert_eq!(harness.line_standing(0).left_to_ship, Quantity(1000));
    harness.does(Store, ship(None));
    assert_eq!(harness.standing().status, Status::Paid, "a unit still waits for its money");
    harness.does(Gateway, money_back(id(&harness.clone(), 0)));
    assert_eq!(harness.standing().status, Status::Shipped);
    assert_eq!(harness.stock(), Shelf { on_hand: -4000, held: 0 });
    assert!(harness.shop().deadline.is_some(), "receipt is waited for from now on");
}

#[test]
fn a_request_looks_again_at_what_was_shipped_when_it_is_agreed() {
    let mut harness = paid_parcels();
    harness.does(Buyer, units_of(&harness.clone(), 0, 1));
    assert_eq!(harness.refund(0).lines[0].shipped, Quantity::ZERO);
    harness.does(Store, ship(None));
    harness.does(Store, AGREE);
    assert_eq!(harness.refund(0).lines[0].shipped, Quantity::ONE);
    harness.does(Gateway, money_back(id(&harness.clone(), 0)));
    assert_eq!(harness.stock(), Shelf { on_hand: -5000, held: 0 }, "what left is not on the shelf");
}

#[test]
fn freight_goes_back_once_with_the_refund_that_empties_what_was_not_shipped() {
    let mut harness = paid_parcels();
    harness.does(Store, given(&harness.clone(), 0, 2, false));
    assert_eq!(harness.refund(0).freight, 0);
    harness.does(Store, given(&harness.clone(), 1, 3, false));
    assert_eq!((harness.refund(1).freight, harness.refund(1).amount), (600, 6600));

    let mut harness = paid_parcels();
    harness.does(Store, ship(None));
    harness.does(Store, given(&harness.clone(), 0, 2, false));
    harness.does(Store, given(&harness.clone(), 1, 3, false));
    assert_eq!(harness.refund(1).freight, 0, "it was used");
}

#[test]
fn freight_goes_back_where_the_request_says_so_and_never_twice() {
    let mut harness = paid_parcels();
    harness.does(Store, ship(None));
    let asked = |lines| {
        let freight = FreightAsked::All;
        Operation::RefundByStore(RefundAsked { lines, freight, ..RefundAsked::default() })
    };
    let one = Some(vec![harness.units(0, 1)]);
    harness.does(Store, asked(one.clone()));
    assert_eq!((harness.refund(0).freight, harness.refund(0).amount), (600, 5600));
    harness.does(Store, asked(one));
    assert_eq!(harness.refund(1).freight, 0);
}

#[test]
fn freight_stays_where_another_request_has_left_something_to_ship() {
    let mut harness = paid_parcels();
    harness.does(Buyer, units_of(&harness.clone(), 0, 2));
    harness.does(Buyer, units_of(&harness.clone(), 1, 3));
    assert_eq!(harness.refund(1).freight, 600, "together they empty the shop order");
    let refund_id = Some(id(&harness, 0));
    harness.does(Store, Operation::RejectRefund { refund_id, reason: None });
    harness.does(Store, AGREE);
    assert_eq!((harness.refund(1).freight, harness.refund(1).amount), (0, 6000));
}

#[test]
fn the_coins_and_the_third_partys_money_go_back_with_their_freight() {
    let mut placement = order(vec![shop(1000, vec![item(1000, 1)])]);
    placement.coins = Amount::of(200);
    placement.third_party_discount = Amount::of(100);
    let mut harness = Harness::place(&placement);
    harness.pay();
    harness.does(Buyer, ASK_CANCEL);
    let refund = harness.refund(0);
    assert_eq!((refund.amount, refund.coins, refund.third_party), (1700, 200, 100));
    assert_eq!(refund.freight, 850);
    assert_eq!(refund.lines[0].coins, 100);
}

#[test]
fn a_refund_draws_on_the_newest_payment_first() {
    let mut harness = parcels();
    harness.does(Till, paid("voucher", "v-1", 5000));
    harness.at = harness.at.plus(1);
    harness.does(Till, paid("cash", "r-1", 11600));
    harness.does(Store, Operation::RefundByStore(RefundAsked::default()));
    let parts: Vec<i64> = harness.refund(0).parts.iter().map(|part| part.amount).collect();
    assert_eq!(parts, [11600, 5000]);
    let payments: Vec<_> = harness.tree.payment.payments.iter().map(|p| p.payment_id).collect();
    assert_eq!(harness.refund(0).parts[0].payment_id, payments[1]);
}

#[test]
fn a_refund_is_done_when_all_its_parts_are_and_failed_only_when_none_succeeded() {
    let mut harness = parcels();
    harness.does(Till, paid("voucher", "v-1", 5000));
    harness.at = harness.at.plus(1);
    harness.does(Till, paid("cash", "r-1", 11600));
    harness.does(Store, Operation::RefundByStore(RefundAsked::default()));
    let payments: Vec<_> =
        harness.tree.payment.payments.iter().map(|p| Some(p.payment_id)).collect();
    let refund_id = id(&harness, 0);
    let reference = None;
    harness.does(
        Gateway,
        Operation::RefundFailed { refund_id, payment_id: payments[0], reference, reason: None },
    );
    assert_eq!(harness.refund(0).status, RefundStatus::Refunding);
    let reference = Some("b-1".to_owned());
    harness.does(
        Gateway,
        Operation::RefundSucceeded { refund_id, payment_id: payments[1], reference },
    );
    assert_eq!(harness.refund(0).status, RefundStatus::Refunding, "one part failed, one is done");
    assert_eq!(harness.refund(0).parts[0].reference.as_deref(), Some("b-1"));
    harness.does(Store, Operation::AgreeRefund { refund_id: Some(refund_id) });
    let again: Vec<_> = harness.refund(0).parts.iter().map(|p| (p.amount, p.status)).collect();
    assert_eq!(again, [(11600, RefundStatus::Refunded), (5000, RefundStatus::Refunding)]);
    harness.does(Gateway, money_back(refund_id));
    assert_eq!(harness.refund(0).status, RefundStatus::Refunded);
    assert_eq!(harness.ask(Gateway, money_back(refund_id)), Ok(Decided::Already));
}

#[test]
fn failed_money_moves_to_another_payment_that_has_room() {
    let mut harness = parcels();
    harness.does(Till, paid("voucher", "v-1", 8000));
    harness.at = harness.at.plus(1);
    harness.does(Till, paid("cash", "r-1", 8600));
    harness.does(Store, given(&harness.clone(), 0, 1, false));
    let refund = id(&harness, 0);
    harness.does(Gateway, money_not_back(refund));
    assert_eq!(harness.shop_standing().refund_status, RefundAxis::Failed);
    harness.does(Store, AGREE);
    let part = &harness.refund(0).parts[0];
    assert_eq!(harness.refund(0).parts.len(), 1);
    assert_eq!(part.payment_id, harness.tree.payment.payments[0].payment_id);
}

#[test]
fn money_that_went_back_after_all_counts_while_its_units_are_left() {
    let mut harness = paid_parcels();
    harness.does(Store, given(&harness.clone(), 0, 1, false));
    let first = id(&harness, 0);
    harness.does(Gateway, money_not_back(first));
    assert_eq!(harness.line_standing(0).left_to_ship, Quantity(2000), "a failed refund leaves");
    harness.does(Gateway, money_back(first));
    assert_eq!(harness.refund(0).status, RefundStatus::Refunded);

    let mut harness = paid_parcels();
    harness.does(Store, given(&harness.clone(), 0, 1, false));
    let first = id(&harness, 0);
    harness.does(Gateway, money_not_back(first));
    harness.does(Store, given(&harness.clone(), 0, 2, false));
    harness.does(Gateway, money_back(first)); // what that makes of it stands in `refund_news`
}

#[test]
fn a_refund_worth_nothing_is_under_way_until_its_money_is_reported_all_the_same() {
    let mut harness = Harness::place(&order(vec![shop(0, vec![item(0, 1), item(100, 1)])]));
    harness.pay();
    harness.does(Store, given(&harness.clone(), 0, 1, false));
    assert_eq!((harness.refund(0).amount, harness.refund(0).status), (0, RefundStatus::Refunding));
    harness.does(Gateway, money_back(id(&harness.clone(), 0)));
    assert_eq!(harness.line_standing(0).status, Status::Closed);
}

#[test]
fn money_waits_until_all_the_goods_are_back() {
    let mut harness = paid_parcels();
    harness.does(Store, ship(None));
    harness.does(Store, given(&harness.clone(), 0, 2, true));
    let refund = id(&harness, 0);
    let one = Some(vec![harness.units(0, 1)]);
    let some = Operation::ReceiveReturn { refund_id: refund, lines: one, restock: true };
    harness.does(Store, some);
    assert!(harness.refund(0).parts.is_empty());
    harness.does(Store, back(&harness.clone(), 0, false));
    assert_eq!(harness.refund(0).parts[0].amount, 10000);
    assert_eq!(harness.stock().on_hand, -4000, "one was fit to be sold");
    assert_eq!(state_of(&harness.refuses(Store, back(&harness.clone(), 0, true))), "refunding");
    harness.does(Gateway, money_back(refund));
    assert_eq!(harness.line_standing(0).status, Status::Closed);
}

#[test]
fn with_goods_back_shipped_units_are_taken_first_and_without_it_unshipped_ones() {
    for (goods_back, shipped) in [(true, Quantity(1000)), (false, Quantity::ZERO)] {
        let mut harness = paid_parcels();
        let one = harness.units(0, 1);
        harness.does(Store, ship(Some(vec![one])));
        harness.does(Store, given(&harness.clone(), 0, 1, goods_back));
        assert_eq!(harness.refund(0).lines[0].shipped, shipped);
        assert_eq!(harness.refund(0).parts.is_empty(), goods_back);
    }
}

#[test]
fn goods_may_come_back_after_their_money() {
    let mut harness = paid_parcels();
    harness.does(Store, ship(None));
    harness.does(Store, given(&harness.clone(), 1, 3, false));
    harness.does(Gateway, money_back(id(&harness.clone(), 0)));
    harness.does(Store, back(&harness.clone(), 0, true));
    assert_eq!(harness.stock().on_hand, -2000);
    assert_eq!(harness.last.entry.parameters["quantity"], "3");
}

#[test]
fn a_settled_order_gives_back_only_with_the_scope_for_it() {
    let mut harness = paid_parcels();
    harness.does(Store, ship(None));
    harness.does(Buyer, Operation::Receive);
    harness.wait(7 * DAY);
    assert_eq!(state_of(&harness.refuses(Buyer, everything())), "completed");
    let give = Operation::RefundByStore(RefundAsked::default());
    assert_eq!(harness.refuses(Store, give.clone()), Refusal::Scope { scope: "refunds" });
    harness.may_refund_settled = true;
    harness.does(Store, give);
    harness.does(Gateway, money_back(id(&harness.clone(), 0)));
    assert_eq!(harness.standing().status, Status::Closed);
}

#[test]
fn settlement_waits_for_an_open_refund() {
    let mut harness = paid_parcels();
    harness.does(Store, ship(None));
    harness.does(Buyer, Operation::Receive);
    harness.does(Buyer, units_of(&harness.clone(), 0, 1));
    harness.does(Store, AGREE);
    harness.wait(30 * DAY);
    assert_eq!(harness.standing().status, Status::Received);
    harness.does(Gateway, money_back(id(&harness.clone(), 0)));
    harness.wait(7 * DAY);
    assert_eq!(harness.standing().status, Status::Completed);
    assert_eq!(harness.shop_standing().reverse_status, 4);
}

#[test]
fn a_lighter_line_gives_the_difference_back_and_a_heavier_one_keeps_its_price() {
    let mut fruit = item(1000, 2);
    fruit.weighed = true;
    let placement = order(vec![shop(0, vec![fruit, item(100, 1)])]);
    let weigh = |harness: &Harness, thousandths| {
        let mut asked = harness.units(0, 1);
        asked.quantity = Some(Quantity(thousandths));
        Operation::Weigh { lines: vec![asked] }
    };
    let mut harness = Harness::place(&placement);
    harness.pay();
    harness.does(Store, weigh(&harness.clone(), 1850));
    let refund = harness.refund(0);
    assert_eq!((refund.kind, refund.amount), (RefundKind::Weigh, 150));
    assert_eq!(refund.lines[0].quantity, Quantity(150));
    assert_eq!(harness.shop().items[0].weighed_as, Some(Quantity(1850)));
    assert_eq!(harness.line_standing(0).left_to_ship, Quantity(1850));
    let again = weigh(&harness, 1800);
    assert!(matches!(harness.refuses(Store, again), Refusal::State { .. }), "once");

    let mut harness = Harness::place(&placement);
    harness.pay();
    harness.does(Store, weigh(&harness.clone(), 2100));
    assert!(harness.shop().refunds.is_empty());

    let mut harness = Harness::place(&placement);
    harness.pay();
    let not_by_weight = Operation::Weigh { lines: vec![harness.units(1, 1)] };
    assert!(matches!(harness.refuses(Store, not_by_weight), Refusal::State { .. }));
}

#[test]
fn a_line_weighed_after_other_refunds_gives_back_only_what_is_missing_beside_them() {
    let mut fruit = item(1000, 2);
    fruit.weighed = true;
    let mut harness = Harness::place(&order(vec![shop(0, vec![fruit, item(100, 1)])]));
    harness.pay();
    harness.does(Store, given(&harness.clone(), 0, 1, false));
    let mut weight = harness.units(0, 1);
    weight.quantity = Some(Quantity(900));
    harness.does(Store, Operation::Weigh { lines: vec![weight] });
    assert_eq!(harness.refund(1).lines[0].quantity, Quantity(100));
}

#[test]
fn a_refund_names_its_shop_order_by_itself_but_not_another_ones() {
    let placement = order(vec![shop(0, vec![item(100, 1)]), shop(0, vec![item(200, 1)])]);
    let mut harness = Harness::place(&placement);
    harness.pay();
    let (first, second) = (harness.tree.shops[0].id, harness.tree.shops[1].id);
    harness.ask_of(second, Buyer, everything()).expect("it is paid");
    let refund_id = Some(harness.tree.shops[1].refunds[0].refund_id);
    let agree = Operation::AgreeRefund { refund_id };
    let refusal = harness.ask_of(first, Store, agree.clone()).expect_err("another shop's refund");
    assert!(matches!(refusal, Refusal::NoSuchPart { what: "refund", .. }));
    harness.does(Store, agree);
    assert_eq!(harness.last.entry.node, second);
}

#[test]
fn which_of_several_requests_is_meant_must_be_said() {
    let mut harness = paid_parcels();
    harness.does(Buyer, units_of(&harness.clone(), 0, 1));
    harness.does(Buyer, units_of(&harness.clone(), 1, 1));
    assert!(matches!(harness.refuses(Store, AGREE), Refusal::Invalid(_)));
    let unknown = Operation::AgreeRefund { refund_id: Some(docket_domain::Id(99)) };
    assert!(matches!(harness.refuses(Store, unknown), Refusal::NoSuchPart { .. }));
}

#[test]
fn a_timer_agrees_in_the_order_in_which_deadlines_passed() {
    let mut harness = paid_parcels();
    harness.does(Buyer, units_of(&harness.clone(), 0, 1));
    harness.at = harness.at.plus(MINUTE);
    harness.does(Buyer, units_of(&harness.clone(), 1, 1));
    harness.at = harness.at.plus(4 * DAY);
    assert!(harness.timer());
    let statuses =
        |harness: &Harness| harness.shop().refunds.iter().map(|r| r.status).collect::<Vec<_>>();
    assert_eq!(statuses(&harness), [RefundStatus::Refunding, RefundStatus::Applied]);
    assert!(harness.timer());
    assert!(!harness.timer());
}
