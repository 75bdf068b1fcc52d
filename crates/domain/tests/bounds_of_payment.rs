//! What bounds an attempt to pay and the time of a payment: how many, under which terms, how far from now.

mod harness;

use docket_domain::limits::TooMany;
use docket_domain::operation::{Operation, PaymentAsked, PaymentReport};
use docket_domain::time::{DAY, MINUTE};
use docket_domain::words::AnomalyKind;
use docket_domain::{ActorKind, Refusal, Time};
use harness::*;

use ActorKind::{Buyer, Gateway};

const CLOSED: Operation = Operation::AttemptClosed { attempt_id: None, reason: None };

fn by_card(terms_version: Option<u32>) -> Operation {
    Operation::StartPayment(PaymentAsked {
        tender: "card".into(),
        terms_version,
        ..PaymentAsked::default()
    })
}

#[test]
fn an_order_takes_twenty_attempts_to_pay() {
    let mut harness = parcels();
    for _ in 0..20 {
        harness.does(Buyer, by_card(None));
        harness.does(Gateway, CLOSED);
    }
    assert_eq!(harness.refuses(Buyer, by_card(None)), Refusal::TooMany(TooMany::Attempts(20)));
    harness.pay();
}

#[test]
fn an_attempt_names_the_terms_it_expects() {
    let mut harness = parcels();
    let refusal = harness.refuses(Buyer, by_card(Some(2)));
    assert_eq!(refusal, Refusal::TermsConflict { expected: 2, current: 1 });
    harness.does(Buyer, by_card(Some(1)));
}

#[test]
fn money_from_days_ahead_is_refused_and_from_before_the_order_noted() {
    let mut harness = parcels();
    let paid_at = |at: Time| {
        Operation::PaymentSucceeded(PaymentReport {
            tender: "card".into(),
            reference: "c-1".into(),
            amount: 100,
            paid_at: Some(at),
            terms_version: None,
            attempt_id: None,
        })
    };
    let ahead = harness.refuses(Gateway, paid_at(harness.at.plus(DAY + 1)));
    let Refusal::Invalid(errors) = ahead else { panic!("{ahead}") };
    assert_eq!((&*errors[0].field, errors[0].code), ("paid_at", "too_large"));
    let mut before = harness.clone();
    harness.does(Gateway, paid_at(harness.at.plus(DAY)));
    assert_eq!(harness.tree.payment.anomalies, []);
    let early = before.at.plus(-10 * MINUTE - 1);
    before.does(Gateway, paid_at(early));
    assert_eq!(before.tree.payment.anomalies[0].kind, AnomalyKind::TimesOutOfOrder);
    assert_eq!(before.tree.payment.payments[0].paid_at, early);
}
