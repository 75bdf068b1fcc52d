//! Money that goes back.

use crate::stage::{Stage, payment, refund};
use docket_connectors::{Fault, Hint, RefundState};
use docket_domain::time::MINUTE;
use serde_json::json;

/// A payment that is paid, and told of.
async fn paid(behave: &str) -> Stage {
    let mut stage = Stage::set().await;
    let payment = payment("p-1");
    stage.start(&payment, &format!("Tea behave: {behave}")).await.expect("it starts");
    stage.pay(&payment).await;
    assert_eq!(stage.told(&payment).await, "paid");
    stage
}

#[tokio::test]
async fn a_payment_goes_back_in_parts_and_never_more_than_came() {
    let mut stage = paid("").await;
    let first = refund("r-1", "p-1", 500);
    assert_eq!(stage.query_refund(&first).await, Ok(RefundState::Unknown));
    let done = stage.refund(&first).await;
    assert!(matches!(done, Ok(RefundState::Done { .. })), "{done:?}");
    let Ok(Hint::Refund { key, payment, told }) = stage.callback().await else { panic!("a hint") };
    assert_eq!((key, payment, Ok(told)), (first.key.clone(), first.payment.clone(), done.clone()));
    assert_eq!(stage.refund(&first).await, done, "the same key gives nothing more");
    assert_eq!(stage.query_refund(&first).await, done);
    let refused = |code: &str| Err(Fault::Refused { code: code.to_owned() });
    assert_eq!(stage.refund(&refund("r-1", "p-1", 501)).await, refused("refund_id_taken"));
    let more = stage.refund(&refund("r-2", "p-1", 11_001)).await;
    assert_eq!(more, refused("more_than_is_left"));
    let rest = stage.refund(&refund("r-2", "p-1", 11_000)).await;
    assert!(matches!(rest, Ok(RefundState::Done { .. })), "{rest:?}");
}

#[tokio::test]
async fn what_was_not_paid_cannot_go_back() {
    let stage = Stage::set().await;
    let refused = |code: &str| Err(Fault::Refused { code: code.to_owned() });
    assert_eq!(stage.refund(&refund("r-1", "p-1", 500)).await, refused("not_found"));
    stage.start(&payment("p-1"), "Tea").await.unwrap();
    assert_eq!(stage.refund(&refund("r-1", "p-1", 500)).await, refused("not_paid"));
}

#[tokio::test]
async fn refunds_fail_on_request_and_leave_the_money_for_another_try() {
    let mut stage = paid("refund_fails").await;
    let failed = Ok(RefundState::Failed { reason: "refund_failed".to_owned() });
    assert_eq!(stage.refund(&refund("r-1", "p-1", 11_500)).await, failed);
    let hint = stage.callback().await;
    assert!(matches!(&hint, Ok(Hint::Refund { told, .. }) if told.word() == "failed"), "{hint:?}");
    stage.control(json!({"payment_id": "p-1", "behave": ""})).await;
    assert_eq!(stage.refund(&refund("r-1", "p-1", 11_500)).await, failed, "that key is used up");
    let again = stage.refund(&refund("r-2", "p-1", 11_500)).await;
    assert!(matches!(again, Ok(RefundState::Done { .. })), "{again:?}");
}

#[tokio::test]
async fn refunds_take_long_on_request_and_count_meanwhile() {
    let mut stage = paid("refund_slow").await;
    let slow = refund("r-1", "p-1", 11_500);
    assert_eq!(stage.refund(&slow).await, Ok(RefundState::Waiting));
    let more = Fault::Refused { code: "more_than_is_left".to_owned() };
    assert_eq!(stage.refund(&refund("r-2", "p-1", 1)).await, Err(more));
    stage.until("the refund waits", |truth| truth["waiting"] == 1).await;
    stage.control(json!({"skip_ms": 10 * MINUTE - 1_000})).await;
    assert_eq!(stage.query_refund(&slow).await, Ok(RefundState::Waiting));
    stage.control(json!({"skip_ms": 1_000})).await;
    let hint = stage.callback().await;
    assert!(matches!(&hint, Ok(Hint::Refund { told, .. }) if told.word() == "done"), "{hint:?}");
    assert!(matches!(stage.query_refund(&slow).await, Ok(RefundState::Done { .. })));
}
