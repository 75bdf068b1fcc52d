//! Every way in which the gateway misbehaves on request.

use crate::stage::{Stage, payment, refund};
use docket_connectors::{Closing, Compared, Distrust, Fault, Payment, PaymentState, Started};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

/// A payment that was started and behaves like this.
async fn started(behave: &str) -> (Stage, Payment) {
    let (stage, payment) = (Stage::set().await, payment("p-1"));
    stage.start(&payment, &format!("Tea behave: {behave}")).await.expect("it starts");
    (stage, payment)
}

fn nothing_under_way(truth: &Value) -> bool {
    truth["under_way"] == 0
}

fn word(state: Result<PaymentState, Fault>) -> &'static str {
    state.expect("a state").word()
}

#[tokio::test]
async fn silent_sends_no_callback() {
    let (stage, payment) = started("silent").await;
    stage.pay(&payment).await;
    let truth = stage.until("nothing is under way", nothing_under_way).await;
    assert_eq!(truth["callbacks"], json!([]));
    assert_eq!(word(stage.query(&payment).await), "paid");
}

#[tokio::test]
async fn duplicate_sends_each_callback_several_times() {
    let (mut stage, payment) = started("duplicate=3").await;
    stage.pay(&payment).await;
    for _ in 0..3 {
        assert_eq!(stage.told(&payment).await, "paid");
    }
    let truth = stage.until("nothing is under way", nothing_under_way).await;
    assert_eq!(truth["callbacks"].as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn late_sends_the_callback_when_its_time_has_come() {
    let (mut stage, payment) = started("late=600000").await;
    stage.pay(&payment).await;
    stage.until("the callback waits", |truth| truth["waiting"] == 1).await;
    let truth = stage.control(json!({"skip_ms": 599_000})).await;
    assert_eq!(truth["callbacks"], json!([]));
    stage.control(json!({"skip_ms": 1_000})).await;
    assert_eq!(stage.told(&payment).await, "paid");
}

#[tokio::test]
async fn a_callback_that_was_not_taken_is_sent_again() {
    let (mut stage, payment) = started("").await;
    stage.refusals.store(1, Ordering::SeqCst);
    stage.pay(&payment).await;
    assert_eq!(stage.told(&payment).await, "paid");
    stage.until("the second try waits", |truth| truth["waiting"] == 1).await;
    stage.control(json!({"skip_ms": 1_000})).await;
    assert_eq!(stage.told(&payment).await, "paid");
    let truth = stage.until("nothing is under way", nothing_under_way).await;
    let answers = truth["callbacks"].as_array().unwrap();
    assert_eq!(answers.iter().map(|call| call["answer"].clone()).collect::<Vec<_>>(), [503, 200]);
}

#[tokio::test]
async fn lying_says_paid_while_a_query_says_waiting() {
    let (mut stage, payment) = started("lying").await;
    assert_eq!(stage.told(&payment).await, "paid");
    assert_eq!(stage.query(&payment).await, Ok(PaymentState::Waiting));
}

#[tokio::test]
async fn forged_callbacks_are_not_believed() {
    let (mut stage, payment) = started("forged").await;
    stage.pay(&payment).await;
    assert_eq!(stage.callback().await, Err(Fault::Untrusted(Distrust::WrongSignature)));
}

#[tokio::test]
async fn a_wrong_amount_is_a_mismatch_with_the_money_in_sight() {
    let (stage, payment) = started("wrong_amount=100").await;
    stage.pay(&payment).await;
    let Err(Fault::Mismatch(mismatch)) = stage.query(&payment).await else { panic!("a mismatch") };
    assert_eq!((mismatch.of, mismatch.paid.unwrap().amount), (Compared::Amount, 11_400));
}

#[tokio::test]
async fn slow_does_it_at_once_and_answers_late() {
    let stage = Stage::set().await;
    let payment = payment("p-1");
    let answered = stage.start(&payment, "Tea behave: slow=600000");
    let meanwhile = async {
        let truth = stage.until("the answer waits", |truth| truth["waiting"] == 1).await;
        assert_eq!(truth["payments"][0]["status"], "waiting");
        stage.control(json!({"skip_ms": 600_000})).await;
    };
    let (answered, ()) = tokio::join!(answered, meanwhile);
    assert!(matches!(answered, Ok(Started::Open { .. })), "{answered:?}");
}

#[tokio::test]
async fn dropped_connections_come_before_or_after_the_deed() {
    let stage = Stage::set().await;
    let (before, after) = (payment("p-1"), payment("p-2"));
    assert!(stage.try_start(&before, "Tea behave: drop").await.is_none());
    assert_eq!(stage.query(&before).await, Ok(PaymentState::Unknown));
    assert!(stage.start(&before, "Tea").await.is_ok());
    assert!(stage.try_start(&after, "Tea behave: drop_after").await.is_none());
    assert_eq!(stage.query(&after).await, Ok(PaymentState::Waiting));
}

#[tokio::test]
async fn errors_and_throttling_do_nothing_and_pass() {
    let (stage, payment) = started("").await;
    stage.control(json!({"payment_id": "p-1", "behave": "error=2 throttle"})).await;
    assert_eq!(stage.close(&payment).await, Err(Fault::Unavailable { status: 500 }));
    assert_eq!(stage.close(&payment).await, Err(Fault::Unavailable { status: 500 }));
    assert_eq!(stage.close(&payment).await, Err(Fault::Throttled { retry_after: 1_000 }));
    assert_eq!(stage.query(&payment).await, Ok(PaymentState::Waiting));
}

#[tokio::test]
async fn all_payments_that_come_behave_as_the_tester_wishes() {
    let stage = Stage::set().await;
    stage.control(json!({"behave": "error silent"})).await;
    let payment = payment("p-1");
    assert_eq!(stage.start(&payment, "Tea").await, Err(Fault::Unavailable { status: 500 }));
    assert!(stage.start(&payment, "Tea").await.is_ok());
}

#[tokio::test]
async fn a_close_may_have_to_wait_for_the_payer() {
    let (stage, payment) = started("try_later=2").await;
    assert_eq!(stage.close(&payment).await, Ok(Closing::TryLater));
    assert_eq!(stage.close(&payment).await, Ok(Closing::TryLater));
    assert_eq!(stage.close(&payment).await, Ok(Closing::Closed));
}

#[tokio::test]
async fn a_payment_may_be_paid_while_it_is_closed() {
    let (mut stage, payment) = started("paid_while_closing").await;
    assert_eq!(stage.close(&payment).await, Ok(Closing::AlreadyPaid));
    assert_eq!(stage.told(&payment).await, "paid");
    assert_eq!(word(stage.query(&payment).await), "paid");
}

#[tokio::test]
async fn money_may_come_after_a_close_and_can_go_back() {
    let (mut stage, payment) = started("paid_after_close").await;
    assert_eq!(stage.close(&payment).await, Ok(Closing::Closed));
    assert_eq!(stage.told(&payment).await, "paid");
    assert_eq!(word(stage.query(&payment).await), "paid");
    let back = stage.refund(&refund("r-1", "p-1", 11_500)).await;
    assert_eq!(back.expect("a refund").word(), "done");
}
