//! What a source reports as paid in another currency than the order's: it stands on the tree and counts for
//! nothing there.

mod harness;
mod reports;

use docket_domain::operation::Operation;
use docket_domain::record::ReportedPayment;
use docket_domain::status;
use docket_domain::tree::Payment;
use docket_domain::words::{AnomalyKind, DueCause, PaymentStatus, Status};
use docket_domain::{ActorKind, Amount, Id};
use harness::Harness;
use reports::{anomalies, currency, paid, recorded, told};

fn dollars(reference: &str, amount: i64) -> ReportedPayment {
    ReportedPayment { currency: currency("USD"), ..paid(reference, amount, Some(2000)) }
}

/// An order of 166.00 CNY on which 20,000.00 USD are noted.
fn noted() -> Harness {
    let mut harness = harness::parcels();
    let payment = Payment {
        payment_id: Id(900),
        tender: "card".into(),
        reference: "usd-1".into(),
        issuer: None,
        amount: 2_000_000,
        currency: currency("USD"),
        terms_version: 1,
        paid_at: harness.at,
        gateway: None,
        attempt_id: None,
    };
    harness.tree.payment.payments.push(payment);
    harness
}

#[test]
fn it_does_not_pay_the_order_whatever_its_amount() {
    let tree = recorded(&told(|r| r.payments = vec![dollars("u", 12_000)])).tree;
    let standing = status::of(&tree);
    assert_eq!((standing.paid, standing.payment_status), (0, PaymentStatus::Unpaid));
    assert_eq!((standing.status, standing.times.paid_at), (Status::Created, None));
    assert_eq!(anomalies(&tree), [AnomalyKind::CurrencyMismatch]);
}

#[test]
fn the_rest_is_paid_in_the_orders_own_currency() {
    let payments = vec![dollars("u", 5), paid("w", 12_000, Some(3000))];
    let tree = recorded(&told(|r| r.payments = payments)).tree;
    let standing = status::of(&tree);
    assert_eq!((standing.paid, standing.payable), (12_000, Amount::of(12_000)));
    assert_eq!(standing.times.paid_at, Some(docket_domain::Time(3000)));
}

#[test]
fn no_refund_draws_on_it() {
    let mut harness = noted();
    let request = docket_domain::Request {
        operation: harness::paid("wechat", "w-1", 16_600),
        node: harness.tree.id(),
        expected_version: None,
        remark: docket_domain::Remark::default(),
    };
    let tree = ask(&harness, ActorKind::Gateway, &request);
    harness.tree = tree;
    assert_eq!(status::of(&harness.tree).paid, 16_600);
    assert!(harness.tree.payment.refunds_due.is_empty(), "nothing exceeds the payable");
    let all = Operation::RefundByStore(harness::refund_of(None));
    let tree =
        ask(&harness, ActorKind::Store, &docket_domain::Request { operation: all, ..request });
    let parts = &tree.shops[0].refunds[0].parts;
    let drawn: Vec<_> = parts.iter().map(|part| (part.payment_id, part.amount)).collect();
    assert_eq!(drawn, [(tree.payment.payments[1].payment_id, 16_600)]);
}

#[test]
fn a_revoke_gives_it_back_like_every_payment() {
    let harness = noted();
    let request = docket_domain::Request {
        operation: Operation::Revoke { reason: None },
        node: harness.tree.id(),
        expected_version: None,
        remark: docket_domain::Remark::default(),
    };
    let tree = ask(&harness, ActorKind::Buyer, &request);
    let dues: Vec<_> = tree.payment.refunds_due.iter().map(|due| (due.amount, due.cause)).collect();
    assert_eq!(dues, [(2_000_000, DueCause::Revoked)]);
    assert_eq!(status::of(&tree).paid, 0);
}

/// Asks without the laws of the harness, which knows one currency.
fn ask(
    harness: &Harness,
    actor: ActorKind,
    request: &docket_domain::Request,
) -> docket_domain::Tree {
    use docket_domain::decide::{Context, Decided, decide};
    let mut last = 1000 * i64::from(harness.tree.payment.version);
    let mut next_id = || {
        last += 1;
        Id(last)
    };
    let mut cx = Context {
        at: harness.at,
        policy: &harness.policy,
        limits: &docket_domain::Limits::NONE,
        next_id: &mut next_id,
        seat: &docket_domain::Seat::Center,
        can_hold: &|_| true,
    };
    let actor = docket_domain::Actor::of(actor);
    let by =
        docket_domain::operation::By { actor: &actor, issuer: "web", may_refund_settled: false };
    match decide(&harness.tree, request, by, &mut cx) {
        Ok(Decided::Change(change)) => change.tree,
        other => panic!("it should change the order, but: {other:?}"),
    }
}
