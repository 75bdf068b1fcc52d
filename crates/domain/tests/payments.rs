//! Money in: facts in every state, what exceeds the payable, what comes late, and the race with revoke.

mod harness;

use docket_domain::change::{self, PaymentClaim};
use docket_domain::decide::Decided;
use docket_domain::operation::{Operation, PaymentAsked, PaymentReport};
use docket_domain::time::{DAY, MINUTE};
use docket_domain::words::{
    AttemptStatus, CancelKind, DueCause, Fulfilment, PaymentStatus, RefundStatus, RevokeStatus,
    Status, StoreStatus, TillStatus,
};
use docket_domain::{ActorKind, Amount, Id, Refusal};
use harness::*;

use ActorKind::{Buyer, Gateway, Store, Till, Timer};

const REVOKE: Operation = Operation::Revoke { reason: None };
const CLOSED: Operation = Operation::AttemptClosed { attempt_id: None, reason: None };
const STUCK: Operation = Operation::AttemptStuck { attempt_id: None, reason: None };

fn start(gateway: Option<&str>) -> Operation {
    let gateway = gateway.map(str::to_owned);
    Operation::StartPayment(PaymentAsked {
        tender: "wechat".into(),
        gateway,
        ..PaymentAsked::default()
    })
}

fn claims(harness: &Harness) -> Vec<PaymentClaim> {
    change::claims(harness.was.as_ref(), &harness.tree)
}

fn claim(scope: &str) -> PaymentClaim {
    PaymentClaim { scope: scope.into(), reference: "r-1".into() }
}

fn dues(harness: &Harness) -> Vec<(i64, DueCause)> {
    harness.tree.payment.refunds_due.iter().map(|due| (due.amount, due.cause)).collect()
}

#[test]
fn several_tenders_together_cover_the_payable() {
    let mut harness = parcels();
    harness.does(Till, paid("voucher", "v-1", 5000));
    assert_eq!(harness.standing().payment_status, PaymentStatus::Paying);
    harness.does(Till, paid("cash", "r-1", 11600));
    let standing = harness.standing();
    assert_eq!((standing.payment_status, standing.paid), (PaymentStatus::Paid, 16600));
    assert_eq!(standing.status, Status::Paid);
    assert_eq!(standing.times.paid_at, Some(MORNING));
}

#[test]
fn the_same_payment_again_changes_nothing() {
    let mut harness = parcels();
    harness.pay();
    let again = harness.ask(Till, paid("cash", "r-1", 16600));
    assert_eq!(again, Ok(Decided::Already));
}

#[test]
fn the_same_reference_with_another_amount_is_taken() {
    let mut harness = parcels();
    harness.pay();
    let order = harness.tree.id();
    let refusal = harness.refuses(Till, paid("cash", "r-1", 16599));
    assert_eq!(refusal, Refusal::PaymentReferenceTaken { order });
    assert_eq!(refusal.code(), "payment_reference_taken");
}

#[test]
fn a_reference_is_unique_under_its_tender_and_cash_under_its_issuer() {
    let mut harness = parcels();
    harness.does(Till, paid("cash", "r-1", 100));
    assert_eq!(claims(&harness), [claim("cash\u{1f}web")]);
    assert_eq!(harness.tree.payment.payments[0].issuer.as_deref(), Some("web"));
    harness.does(Till, paid("card", "r-1", 200));
    assert_eq!(claims(&harness), [claim("card")]);
    assert_eq!(harness.standing().paid, 300);
}

#[test]
fn what_exceeds_the_payable_is_due_back_to_the_payment_that_did() {
    let mut harness = parcels();
    harness.does(Till, paid("voucher", "v-1", 10000));
    harness.does(Till, paid("cash", "r-1", 10000));
    assert_eq!(dues(&harness), [(3400, DueCause::Overpaid)]);
    assert_eq!(
        harness.tree.payment.refunds_due[0].payment_id,
        harness.tree.payment.payments[1].payment_id
    );
    assert_eq!(harness.standing().paid, 16600);
    harness.does(Till, paid("card", "c-1", 50));
    assert_eq!(dues(&harness)[1], (50, DueCause::Overpaid));
}

#[test]
fn a_refund_due_is_closed_where_it_stands_and_a_failed_one_may_still_succeed() {
    let mut harness = parcels();
    harness.does(Till, paid("wechat", "w-1", 16700));
    let due = harness.tree.payment.refunds_due[0].refund_id;
    harness.does(Gateway, money_not_back(due));
    assert_eq!(harness.tree.payment.refunds_due[0].status, RefundStatus::Failed);
    harness.does(Gateway, money_back(due));
    assert_eq!(harness.tree.payment.refunds_due[0].status, RefundStatus::Refunded);
    assert_eq!(harness.last.entry.node, harness.tree.id(), "it stands at L1");
    assert_eq!(harness.ask(Gateway, money_back(due)), Ok(Decided::Already));
    harness.does(Gateway, money_not_back(due));
    assert_eq!(harness.tree.payment.refunds_due[0].status, RefundStatus::Failed, "it came back");
    assert_eq!(harness.standing().paid, 16600, "and is owed as before");
}

#[test]
fn a_payment_of_nothing_is_a_fact_too() {
    let mut harness = parcels();
    harness.does(Till, paid("voucher", "v-0", 0));
    assert_eq!(harness.tree.payment.payments.len(), 1);
    assert_eq!(harness.standing().payment_status, PaymentStatus::Unpaid);
}

#[test]
fn an_order_with_nothing_to_pay_is_paid_when_it_is_placed() {
    let mut placement = order(vec![shop(0, vec![item(100, 1)])]);
    placement.coins = Amount::of(100);
    let harness = Harness::place(&placement);
    let standing = harness.standing();
    assert_eq!((standing.status, standing.payable), (Status::Paid, Amount::ZERO));
    assert_eq!(standing.times.paid_at, Some(MORNING));
    assert_eq!(harness.stock(), Shelf { on_hand: -1000, held: 0 });
}

#[test]
fn payment_takes_from_the_shelf_what_placement_held() {
    let mut harness = parcels();
    assert_eq!(harness.stock(), Shelf { on_hand: 0, held: 5000 });
    harness.pay();
    assert_eq!(harness.stock(), Shelf { on_hand: -5000, held: 0 });
}

#[test]
fn a_failed_attempt_shows_until_something_is_tried_again() {
    let mut harness = parcels();
    harness.does(Buyer, start(Some("wx")));
    assert_eq!(harness.standing().store_status, StoreStatus::Paying);
    harness.does(Gateway, Operation::PaymentFailed { attempt_id: None, reason: None });
    assert_eq!(harness.standing().store_status, StoreStatus::PayFailed);
    assert_eq!(harness.shop_standing().till_status, None);
    harness.does(Buyer, start(Some("wx")));
    assert_eq!(harness.standing().payment_status, PaymentStatus::Paying);
}

#[test]
fn a_failure_of_an_attempt_that_was_not_opened_here_is_taken_down() {
    let mut harness = parcels();
    harness.does(Gateway, Operation::PaymentFailed { attempt_id: None, reason: None });
    assert_eq!(harness.standing().payment_status, PaymentStatus::Failed);
}

#[test]
fn a_late_failure_changes_nothing() {
    let mut harness = parcels();
    harness.does(Buyer, start(Some("wx")));
    let attempt_id = Some(harness.tree.payment.attempts[0].attempt_id);
    harness.does(Gateway, paid("wechat", "w-1", 16600));
    assert_eq!(harness.tree.payment.attempts[0].status, AttemptStatus::Succeeded);
    let late = Operation::PaymentFailed { attempt_id, reason: None };
    assert_eq!(harness.ask(Gateway, late), Ok(Decided::Already));
}

#[test]
fn which_of_several_open_attempts_is_meant_must_be_said() {
    let mut harness = parcels();
    harness.does(Buyer, start(Some("wx")));
    harness.does(
        Buyer,
        Operation::StartPayment(PaymentAsked {
            tender: "card".into(),
            amount: Some(100),
            gateway: Some("visa".into()),
            terms_version: None,
        }),
    );
    assert!(matches!(harness.refuses(Gateway, CLOSED), Refusal::Invalid(_)));
    let attempt_id = Some(harness.tree.payment.attempts[0].attempt_id);
    harness.does(Gateway, Operation::AttemptClosed { attempt_id, reason: None });
    assert_eq!(harness.standing().payment_status, PaymentStatus::Paying, "the other is open");
    let attempt_id = Some(Id(99));
    let unknown = harness.refuses(Gateway, Operation::AttemptClosed { attempt_id, reason: None });
    assert!(matches!(unknown, Refusal::NoSuchPart { what: "attempt", .. }));
}

#[test]
fn pay_by_revokes_and_releases_what_was_held() {
    let mut harness = parcels();
    harness.wait(30 * MINUTE - 1);
    assert_eq!(harness.standing().status, Status::Created);
    harness.wait(1);
    let standing = harness.standing();
    assert_eq!((standing.status, standing.store_status), (Status::Cancelled, StoreStatus::Revoked));
    assert_eq!(harness.shop_standing().cancel_kind, Some(CancelKind::SystemRevoke));
    assert_eq!(harness.shop_standing().till_status, Some(TillStatus::Cancelled));
    assert_eq!(harness.stock(), Shelf::default());
    assert_eq!(harness.last.entry.actor.kind, Timer);
}

#[test]
fn a_takeaway_order_is_paid_within_a_quarter_of_an_hour() {
    let mut harness = meal();
    harness.wait(15 * MINUTE);
    assert_eq!(harness.standing().status, Status::Cancelled);
}

#[test]
fn a_revoke_with_an_open_attempt_waits_for_the_gateway() {
    let mut harness = parcels();
    harness.does(Buyer, start(Some("wx")));
    harness.does(Buyer, REVOKE);
    assert_eq!(harness.standing().revoke_status, RevokeStatus::Revoking);
    assert_eq!(state_of(&harness.refuses(Buyer, start(None))), "revoking");
    assert_eq!(state_of(&harness.refuses(Buyer, REVOKE)), "revoking");
    harness.does(Gateway, CLOSED);
    assert_eq!(harness.standing().revoke_status, RevokeStatus::Revoked);
    assert_eq!(harness.shop_standing().cancel_kind, Some(CancelKind::CustomerRevoke));
}

#[test]
fn a_revoke_closes_attempts_without_a_gateway_by_itself() {
    let mut harness = parcels();
    harness.does(Till, start(None));
    harness.does(Till, REVOKE);
    assert_eq!(harness.standing().revoke_status, RevokeStatus::Revoked);
    assert_eq!(harness.tree.payment.attempts[0].status, AttemptStatus::Closed);
    assert_eq!(harness.shop_standing().cancel_kind, Some(CancelKind::StoreRevoke));
}

#[test]
fn a_stuck_attempt_fails_the_revoke_and_the_timer_tries_again() {
    let mut harness = parcels();
    harness.does(Buyer, start(Some("wx")));
    harness.does(Buyer, REVOKE);
    harness.does(Gateway, STUCK);
    assert_eq!(harness.standing().store_status, StoreStatus::RevokeFailed);
    harness.wait(5 * MINUTE);
    assert_eq!(harness.standing().revoke_status, RevokeStatus::Revoking);
    harness.does(Gateway, CLOSED);
    assert_eq!(
        harness.shop_standing().cancel_kind,
        Some(CancelKind::CustomerRevoke),
        "the timer only tried again what the buyer asked for"
    );
}

#[test]
fn money_that_completes_the_payable_ends_a_revoke_in_progress() {
    let mut harness = parcels();
    harness.does(Buyer, start(Some("wx")));
    harness.does(Buyer, REVOKE);
    harness.does(Gateway, paid("wechat", "w-1", 16600));
    let standing = harness.standing();
    assert_eq!((standing.status, standing.revoke_status), (Status::Paid, RevokeStatus::None));
    assert_eq!(dues(&harness), []);
}

#[test]
fn less_money_is_kept_until_the_revoke_completes_and_then_goes_back_tender_by_tender() {
    let mut harness = parcels();
    harness.does(Buyer, start(Some("wx")));
    harness.does(Till, paid("voucher", "v-1", 5000));
    harness.does(Buyer, REVOKE);
    harness.does(Till, paid("card", "c-1", 300));
    assert_eq!(
        (harness.standing().revoke_status, dues(&harness).len()),
        (RevokeStatus::Revoking, 0)
    );
    harness.does(Gateway, CLOSED);
    assert_eq!(dues(&harness), [(5000, DueCause::Revoked), (300, DueCause::Revoked)]);
    assert_eq!(harness.standing().paid, 0);
}

#[test]
fn a_payment_after_a_persons_revoke_is_due_back_even_from_before() {
    let mut harness = parcels();
    harness.does(Buyer, REVOKE);
    harness.at = MORNING.plus(MINUTE);
    harness.does(Gateway, paid_at("wechat", "w-1", 16600, MORNING));
    assert_eq!(dues(&harness), [(16600, DueCause::Late)]);
    assert_eq!(harness.standing().status, Status::Cancelled);
}

#[test]
fn late_money_revives_an_order_that_only_a_timer_revoked() {
    let mut harness = parcels();
    harness.wait(31 * MINUTE);
    harness.does(Gateway, paid_at("wechat", "w-1", 16700, MORNING.plus(29 * MINUTE)));
    let standing = harness.standing();
    assert_eq!((standing.status, standing.revoke_status), (Status::Paid, RevokeStatus::None));
    assert_eq!(harness.stock(), Shelf { on_hand: -5000, held: 0 });
    assert_eq!(dues(&harness), [(100, DueCause::Overpaid)]);
    assert_eq!(harness.last.entry.happened_at, Some(MORNING.plus(29 * MINUTE)));
}

#[test]
fn late_money_does_not_revive_without_stock_or_after_pay_by_or_when_it_is_too_little() {
    for (in_stock, minutes, amount) in [(false, 29, 16600), (true, 30, 16600), (true, 29, 16599)] {
        let mut harness = parcels();
        harness.wait(31 * MINUTE);
        harness.stock_is_left = in_stock;
        harness.does(Gateway, paid_at("wechat", "w-1", amount, MORNING.plus(minutes * MINUTE)));
        assert_eq!(harness.standing().status, Status::Cancelled);
        assert_eq!(dues(&harness), [(amount, DueCause::Late)]);
        assert_eq!(harness.stock(), Shelf::default());
    }
}

#[test]
fn a_timer_does_not_revoke_what_a_person_keeps_paying_for() {
    let mut harness = parcels();
    harness.does(Buyer, start(Some("wx")));
    harness.wait(30 * MINUTE);
    assert_eq!(
        harness.standing().revoke_status,
        RevokeStatus::Revoking,
        "the gateway is asked first"
    );
    harness.does(Gateway, paid("wechat", "w-1", 16600));
    assert_eq!(harness.standing().status, Status::Paid);
}

#[test]
fn a_payment_on_a_closed_order_is_due_back_whole() {
    let mut harness = parcels();
    harness.pay();
    harness.does(Store, Operation::RefundByStore(refund_of(None)));
    let refund = harness.refund(0).refund_id;
    harness.does(Gateway, money_back(refund));
    harness.does(Gateway, paid("wechat", "w-1", 70));
    assert_eq!(dues(&harness), [(70, DueCause::Late)]);
}

#[test]
fn a_store_revokes_only_where_it_is_the_only_shop() {
    let mut harness =
        Harness::place(&order(vec![shop(0, vec![item(100, 1)]), shop(0, vec![item(200, 1)])]));
    assert!(matches!(harness.refuses(Store, REVOKE), Refusal::Actor { .. }));
    parcels().does(Store, REVOKE);
}

#[test]
fn a_payment_counts_for_the_terms_it_was_made_under_and_not_for_later_ones() {
    let mut harness = parcels();
    let under = |terms_version| {
        Operation::PaymentSucceeded(PaymentReport {
            tender: "wechat".into(),
            reference: "w-1".into(),
            amount: 100,
            paid_at: None,
            terms_version,
            attempt_id: None,
        })
    };
    let refusal = harness.refuses(Gateway, under(Some(2)));
    assert_eq!(refusal, Refusal::TermsConflict { expected: 2, current: 1 });
    harness.does(Gateway, under(Some(1)));
    assert_eq!(harness.tree.payment.payments[0].terms_version, 1);
}

#[test]
fn a_counter_sale_is_handed_over_by_its_payment() {
    let mut harness = Harness::place(&order(vec![fulfilled(Fulfilment::Counter)]));
    harness.pay();
    let shop = harness.shop_standing();
    assert_eq!((shop.status, shop.till_status), (Status::Received, Some(TillStatus::Done)));
    harness.wait(7 * DAY);
    assert_eq!(harness.standing().status, Status::Completed);
}

#[test]
fn an_expected_version_that_has_passed_is_a_conflict() {
    let mut harness = parcels();
    harness.pay();
    let request = docket_domain::Request {
        operation: ship(None),
        node: harness.tree.id(),
        expected_version: Some(1),
        remark: docket_domain::Remark::default(),
    };
    let refusal = harness.request(Store, &request).expect_err("it is at version 2");
    assert_eq!(refusal, Refusal::VersionConflict { expected: 1, current: 2 });
}

#[test]
fn a_copy_is_decided_by_its_home_alone() {
    let mut harness = parcels();
    harness.tree.payment.home = docket_domain::tree::Home::Branch("north".into());
    let refusal = harness.refuses(Buyer, REVOKE);
    assert_eq!(refusal, Refusal::NotHome { home: "branch:north".into() });
}

#[test]
fn a_row_of_the_log_says_what_happened_in_parameters() {
    let mut harness = parcels();
    let said = |harness: &Harness, name: &str| harness.last.entry.parameters.get(name).cloned();
    assert_eq!(said(&harness, "payable"), Some(16600.into()));
    harness.does(Till, paid("wechat", "w-1", 16700));
    assert_eq!(said(&harness, "amount"), Some(16700.into()));
    assert_eq!(said(&harness, "currency"), Some("CNY".into()));
    assert_eq!(
        (said(&harness, "due"), said(&harness, "cause")),
        (Some(100.into()), Some("overpaid".into()))
    );
    harness.does(Store, ship(None));
    assert_eq!(
        (said(&harness, "lines"), said(&harness, "quantity")),
        (Some(2.into()), Some("5".into()))
    );
    assert_eq!(said(&harness, "carrier"), Some("SF".into()));
    harness.does(Store, Operation::RefundByStore(refund_of(None)));
    let refund = harness.refund(0).refund_id;
    harness.does(Gateway, money_back(refund));
    assert_eq!(
        (said(&harness, "amount"), said(&harness, "tender")),
        (Some(16000.into()), Some("wechat".into()))
    );
}
