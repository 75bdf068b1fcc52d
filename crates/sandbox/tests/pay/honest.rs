//! What a gateway does when nothing goes wrong.

use crate::stage::{NOW, Stage, connector, payment};
use docket_connectors::{
    Closing, Distrust, Fault, Gateway, Method, Paid, PaymentState, Request, Stamp, Started,
};
use docket_domain::time::MINUTE;
use serde_json::json;

#[tokio::test]
async fn a_payment_is_started_paid_told_of_and_read_back() {
    let mut stage = Stage::set().await;
    let payment = payment("p-1");
    let Ok(Started::Open { reference, pay_url }) = stage.start(&payment, "Tea").await else {
        panic!("it is open");
    };
    assert_eq!(pay_url, format!("http://{}/pay/{reference}", stage.gateway));
    assert_eq!(stage.query(&payment).await, Ok(PaymentState::Waiting));
    stage.pay(&payment).await;
    assert_eq!(stage.told(&payment).await, "paid");
    let paid = PaymentState::Paid(Paid { amount: 11_500, reference, paid_at: NOW });
    assert_eq!(stage.query(&payment).await, Ok(paid.clone()));
    assert_eq!(stage.start(&payment, "Tea").await, Ok(Started::Ended(paid)));
    assert_eq!(stage.close(&payment).await, Ok(Closing::AlreadyPaid));
}

#[tokio::test]
async fn one_number_is_one_payment_and_is_paid_once() {
    let stage = Stage::set().await;
    let payment = payment("p-1");
    let first = stage.start(&payment, "Tea").await;
    assert_eq!(stage.start(&payment, "Tea").await, first);
    let mut dearer = payment.clone();
    dearer.amount += 1;
    let taken = Fault::Refused { code: "payment_id_taken".to_owned() };
    assert_eq!(stage.start(&dearer, "Tea").await, Err(taken));
    stage.pay(&payment).await;
    let again = stage.post("/pay/p-1", &json!({"outcome": "pay"})).await;
    assert_eq!(again, (409, json!({"code": "already_paid"})));
}

#[tokio::test]
async fn a_closed_payment_takes_no_money() {
    let stage = Stage::set().await;
    let payment = payment("p-1");
    assert_eq!(stage.close(&payment).await, Ok(Closing::NotFound));
    assert_eq!(stage.query(&payment).await, Ok(PaymentState::Unknown));
    stage.start(&payment, "Tea").await.unwrap();
    assert_eq!(stage.close(&payment).await, Ok(Closing::Closed));
    assert_eq!(stage.close(&payment).await, Ok(Closing::Closed));
    assert_eq!(stage.query(&payment).await, Ok(PaymentState::Closed));
    assert_eq!(stage.post("/pay/p-1", &json!({})).await, (409, json!({"code": "closed"})));
}

#[tokio::test]
async fn a_payment_that_nobody_paid_is_closed_by_time() {
    let stage = Stage::set().await;
    let payment = payment("p-1");
    stage.start(&payment, "Tea").await.unwrap();
    stage.control(json!({"skip_ms": 30 * MINUTE - 1})).await;
    assert_eq!(stage.query(&payment).await, Ok(PaymentState::Waiting));
    stage.control(json!({"skip_ms": 1})).await;
    assert_eq!(stage.query(&payment).await, Ok(PaymentState::Closed));
}

#[tokio::test]
async fn a_payer_may_fail_leave_or_have_paid_before() {
    let mut stage = Stage::set().await;
    let (failed, left, early) = (payment("p-1"), payment("p-2"), payment("p-3"));
    for payment in [&failed, &left, &early] {
        stage.start(payment, "Tea").await.unwrap();
    }
    stage.post("/pay/p-1", &json!({"outcome": "fail"})).await;
    assert_eq!(stage.told(&failed).await, "failed");
    let reason = "payer_failed".to_owned();
    assert_eq!(stage.query(&failed).await, Ok(PaymentState::Failed { reason }));
    stage.post("/pay/p-2", &json!({"outcome": "abandon"})).await;
    assert_eq!(stage.query(&left).await, Ok(PaymentState::Waiting));
    let before = NOW.plus(-MINUTE);
    stage.post("/pay/p-3", &json!({"paid_at": before.0})).await;
    let Ok(PaymentState::Paid(paid)) = stage.query(&early).await else { panic!("it is paid") };
    assert_eq!(paid.paid_at, before);
}

#[tokio::test]
async fn a_stranger_and_a_request_sent_twice_are_not_heard() {
    let mut stage = Stage::set().await;
    let payment = payment("p-1");
    let request = stage.connector.query(&payment, Stamp { at: NOW, nonce: 77 });
    assert_eq!(stage.send(&request).await.unwrap().status, 404);
    let again = stage.send(&request).await.unwrap();
    assert_eq!((again.status, again.body.as_slice()), (401, &br#"{"code":"replayed"}"#[..]));
    let at = NOW.plus(-5 * MINUTE - 1);
    let stale =
        stage.send(&stage.connector.query(&payment, Stamp { at, nonce: 78 })).await.unwrap();
    assert_eq!((stale.status, stale.body.as_slice()), (401, &br#"{"code":"stale"}"#[..]));
    // Signed for one thing, sent as another.
    let mut other = stage.connector.query(&payment, Stamp { at: NOW, nonce: 79 });
    other.path = "/v1/payments/close".to_owned();
    assert_eq!(stage.send(&other).await.unwrap().status, 401);
    stage.connector = connector("another secret");
    assert_eq!(stage.query(&payment).await, Err(Fault::Untrusted(Distrust::OfUs)));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_name() {
    let stage = Stage::set().await;
    let mut nothing = payment("p-1");
    nothing.amount = 0;
    let refused = |code: &str| Err(Fault::Refused { code: code.to_owned() });
    assert_eq!(stage.start(&nothing, "Tea").await, refused("amount"));
    let unknown = stage.start(&payment("p-2"), "Tea behave: sluggish").await;
    assert_eq!(unknown, refused("unknown_behaviour"));
    let wish = stage.post("/control", &json!({"behave": "sluggish"})).await;
    assert_eq!(wish, (422, json!({"code": "unknown_behaviour"})));
    assert_eq!(stage.post("/pay/p-9", &json!({})).await, (404, json!({"code": "not_found"})));
}

#[tokio::test]
async fn the_page_shows_what_is_to_be_paid() {
    let stage = Stage::set().await;
    stage.start(&payment("p-1"), "Tea <b>").await.unwrap();
    let (path, headers) = ("/pay/p-1".to_owned(), vec![]);
    let request = Request { method: Method::Get, path, headers, body: vec![] };
    let page = String::from_utf8(stage.send(&request).await.unwrap().body).unwrap();
    assert!(page.contains("Tea &lt;b&gt;") && page.contains("value=\"pay\""), "{page}");
}

#[tokio::test]
async fn the_same_seed_gives_the_same_numbers_and_behaviours() {
    let mut told = vec![];
    for seed in [7, 7, 8] {
        let stage = Stage::seeded(seed).await;
        for n in 0..8 {
            stage.control(json!({"payment_id": format!("q-{n}"), "behave": "any"})).await;
        }
        stage.start(&payment("p-1"), "Tea").await.unwrap();
        let truth = stage.control(json!({})).await;
        told.push((truth["payments"].clone(), truth["plans"].clone()));
    }
    assert_eq!(told[0], told[1]);
    assert_ne!(told[0].0, told[2].0);
    assert_ne!(told[0].1, told[2].1);
}
