//! The connector to the sandbox gateway: what it asks, and what it makes of each reply.

mod replies;

use docket_connectors::sandbox::REPLAY_WINDOW;
use docket_connectors::{
    Closing, Compared, Distrust, Fault, Gateway, Hint, Message, Paid, PaymentState, RefundState,
    Reply, Request, Stamp, Start, Started,
};
use docket_domain::Time;
use replies::*;
use serde_json::{Value, json};

fn with(mut body: Value, field: &str, value: impl Into<Value>) -> Value {
    body[field] = value.into();
    body
}

#[test]
fn a_request_is_signed_over_its_purpose_merchant_time_nonce_and_body() {
    let Request { path, headers, body, .. } = gateway().query(&payment(), ASKED);
    assert_eq!(
        (path.as_str(), body.as_slice()),
        ("/v1/payments/query", &br#"{"payment_id":"p-1"}"#[..])
    );
    let header = |name| headers.iter().find(|(key, _)| *key == name).unwrap().1.as_str();
    assert_eq!(header("x-sandbox-timestamp"), "1800000000000");
    // Made with another implementation of HMAC.
    assert_eq!(
        header("x-sandbox-signature"),
        "3c7ab23cb4791ccf6caf9169e00e09ac7614d81997ef2a6e964d4d664bf921af"
    );
    let later = Stamp { nonce: 0xabd, ..ASKED };
    assert_ne!(gateway().query(&payment(), later).headers, headers);
}

#[test]
fn every_state_of_a_payment_is_one_of_the_codes() {
    let paid =
        Paid { amount: 11_500, reference: "g-9".to_owned(), paid_at: Time(1_799_999_999_000) };
    assert_eq!(queried(200, &told("paid")), Ok(PaymentState::Paid(paid)));
    assert_eq!(queried(200, &told("waiting")), Ok(PaymentState::Waiting));
    assert_eq!(queried(200, &told("closed")), Ok(PaymentState::Closed));
    let reason = "no_money".to_owned();
    assert_eq!(queried(200, &told("failed")), Ok(PaymentState::Failed { reason }));
    assert_eq!(queried(404, &json!({"code": "not_found"})), Ok(PaymentState::Unknown));
    assert_eq!(queried(200, &told("perhaps")), Err(Fault::Garbage { part: "status" }));
}

#[test]
fn what_keeps_a_gateway_from_answering_is_one_of_the_codes() {
    let bare = |status, headers: &[(&str, &str)]| {
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        let headers: Vec<_> = headers.iter().map(owned).collect();
        gateway().queried(&payment(), &reply(status, &headers, b"<html>")).unwrap_err()
    };
    assert_eq!(bare(429, &[("Retry-After", "7")]), Fault::Throttled { retry_after: 7_000 });
    assert_eq!(
        bare(429, &[("Retry-After", "Fri, 20 Nov")]),
        Fault::Throttled { retry_after: 1_000 }
    );
    assert_eq!(
        bare(429, &[("Retry-After", "4294967295")]),
        Fault::Throttled { retry_after: 3_600_000 }
    );
    assert_eq!(bare(502, &[]), Fault::Unavailable { status: 502 });
    assert_eq!(bare(401, &[]), Fault::Untrusted(Distrust::OfUs));
    assert_eq!(bare(404, &[]), Fault::Untrusted(Distrust::Unsigned));
    let refused = queried(409, &json!({"code": "id_taken"}));
    assert_eq!(refused, Err(Fault::Refused { code: "id_taken".to_owned() }));
    assert!(!refused.unwrap_err().is_passing());
}

#[test]
fn another_payment_order_currency_or_amount_is_a_fault_that_keeps_the_money_in_sight() {
    for (field, value, of) in [
        ("payment_id", json!("p-2"), Compared::Payment),
        ("order_id", json!("o-2"), Compared::Order),
        ("currency", json!("USD"), Compared::Currency),
        ("amount", json!(11_501), Compared::Amount),
        ("paid_amount", json!(11_499), Compared::Amount),
    ] {
        let Err(Fault::Mismatch(mismatch)) = queried(200, &with(told("paid"), field, value)) else {
            panic!("{field} was not compared");
        };
        assert_eq!(mismatch.of, of);
        assert_eq!(mismatch.paid.unwrap().reference, "g-9");
    }
    for (field, value) in [
        ("paid_amount", json!(0)),
        ("paid_amount", json!(1_000_000_000_000_i64)),
        ("paid_at", json!(-1)),
        ("reference", json!("a b")),
    ] {
        let fault = queried(200, &with(told("paid"), field, value)).unwrap_err();
        assert_eq!(fault, Fault::Garbage { part: field });
    }
}

#[test]
fn a_reply_is_believed_only_where_it_answers_this_request_now() {
    let body = told("paid").to_string();
    let read = |headers: &[(String, String)], came_at: Time| {
        let message = Message { headers, body: body.as_bytes() };
        let reply = Reply { status: 200, message, asked: ASKED, came_at };
        gateway().queried(&payment(), &reply).map_err(|fault| match fault {
            Fault::Untrusted(why) => why,
            other => panic!("{other}"),
        })
    };
    let good = signed(200, body.as_bytes());
    assert!(read(&good, NOW.plus(REPLAY_WINDOW)).is_ok());
    assert!(read(&good, NOW.plus(-REPLAY_WINDOW)).is_ok());
    assert_eq!(read(&good, NOW.plus(REPLAY_WINDOW + 1)), Err(Distrust::Stale));
    assert_eq!(read(&good, NOW.plus(-REPLAY_WINDOW - 1)), Err(Distrust::Stale));
    let other = sign("reply 200", NOW.0, 0xdef, body.as_bytes());
    assert_eq!(read(&other, NOW), Err(Distrust::OtherRequest));
    let other = sign("callback", NOW.0, ASKED.nonce, body.as_bytes());
    assert_eq!(read(&other, NOW), Err(Distrust::WrongSignature));
    let mut other = good.clone();
    other[0].1 = "m-2".to_owned();
    assert_eq!(read(&other, NOW), Err(Distrust::OtherMerchant));
    assert_eq!(read(&good[..3], NOW), Err(Distrust::Unsigned));
    // One that came twice could be read in two ways.
    let twice = [good.clone(), good[3..].to_vec()].concat();
    assert_eq!(read(&twice, NOW), Err(Distrust::Unsigned));
}

#[test]
fn a_start_is_open_or_tells_how_it_ended() {
    let read = |body: Value| {
        let body = body.to_string();
        let headers = signed(200, body.as_bytes());
        gateway().started(&payment(), &reply(200, &headers, body.as_bytes()))
    };
    let (reference, pay_url) = ("g-9".to_owned(), "http://127.0.0.1:1/pay/g-9".to_owned());
    assert_eq!(read(told("waiting")), Ok(Started::Open { reference, pay_url }));
    assert_eq!(read(told("closed")), Ok(Started::Ended(PaymentState::Closed)));
    let no_url = with(told("waiting"), "pay_url", "javascript:alert(1)");
    assert_eq!(read(no_url), Err(Fault::Garbage { part: "pay_url" }));
}

#[test]
fn a_close_must_agree_with_the_state() {
    let read = |status: &str, closing: &str| {
        let body = with(told(status), "closing", closing).to_string();
        let headers = signed(200, body.as_bytes());
        gateway().closed(&payment(), &reply(200, &headers, body.as_bytes()))
    };
    assert_eq!(read("closed", "closed"), Ok(Closing::Closed));
    assert_eq!(read("failed", "closed"), Ok(Closing::Closed));
    assert_eq!(read("paid", "already_paid"), Ok(Closing::AlreadyPaid));
    assert_eq!(read("waiting", "try_later"), Ok(Closing::TryLater));
    assert_eq!(read("paid", "closed"), Err(Fault::Garbage { part: "closing" }));
    assert_eq!(read("waiting", "closed"), Err(Fault::Garbage { part: "closing" }));
    let body = br#"{"code":"not_found"}"#;
    let headers = signed(404, body);
    assert_eq!(gateway().closed(&payment(), &reply(404, &headers, body)), Ok(Closing::NotFound));
}

#[test]
fn a_refund_is_compared_and_told_in_the_codes() {
    let told = |status: &str| {
        json!({"refund_id": "r-1", "payment_id": "p-1", "order_id": "o-1", "amount": 500, "currency": "CNY",
               "status": status, "reference": "g-r", "reason": "no_money"})
    };
    let read = |status: u16, body: Value| {
        let body = body.to_string();
        let headers = signed(status, body.as_bytes());
        gateway().refund_queried(&refund(), &reply(status, &headers, body.as_bytes()))
    };
    assert_eq!(read(200, told("done")), Ok(RefundState::Done { reference: "g-r".to_owned() }));
    assert_eq!(read(200, told("waiting")), Ok(RefundState::Waiting));
    let failed = RefundState::Failed { reason: "no_money".to_owned() };
    assert_eq!(read(200, told("failed")), Ok(failed));
    assert_eq!(read(404, json!({"code": "not_found"})), Ok(RefundState::Unknown));
    for (field, value, of) in [
        ("refund_id", json!("r-2"), Compared::Refund),
        ("payment_id", json!("p-2"), Compared::Payment),
        ("order_id", json!("o-2"), Compared::Order),
        ("currency", json!("USD"), Compared::Currency),
        ("amount", json!(501), Compared::Amount),
    ] {
        let Err(Fault::Mismatch(mismatch)) = read(200, with(told("done"), field, value)) else {
            panic!("{field} was not compared");
        };
        assert_eq!(mismatch.of, of);
    }
    let body = br#"{"code":"not_found"}"#;
    let headers = signed(404, body);
    let missing = gateway().refunded(&refund(), &reply(404, &headers, body)).unwrap_err();
    assert_eq!(missing, Fault::Refused { code: "not_found".to_owned() });
}

#[test]
fn a_callback_is_a_hint_and_must_be_signed_as_one() {
    let body = json!({"payment": told("paid")}).to_string();
    let read = |purpose: &str, came_at: Time| {
        let headers = sign(purpose, NOW.0, 5, body.as_bytes());
        gateway().callback(&Message { headers: &headers, body: body.as_bytes() }, came_at)
    };
    let Ok(Hint::Payment { key, told }) = read("callback", NOW) else { panic!("no hint") };
    assert_eq!((key.as_str(), told.word()), ("p-1", "paid"));
    assert_eq!(read("reply 200", NOW), Err(Fault::Untrusted(Distrust::WrongSignature)));
    let late = read("callback", NOW.plus(REPLAY_WINDOW + 1));
    assert_eq!(late, Err(Fault::Untrusted(Distrust::Stale)));
}

#[test]
fn what_is_asked_is_what_the_gateway_needs() {
    let start = Start {
        title: "Tea behave: slow".to_owned(),
        callback_url: "http://127.0.0.1:1/c".to_owned(),
        expires_at: Time(9),
    };
    let body = |request: Request| serde_json::from_slice::<Value>(&request.body).unwrap();
    assert_eq!(
        body(gateway().start(&payment(), &start, ASKED)),
        json!({"payment_id": "p-1", "order_id": "o-1", "amount": 11_500, "currency": "CNY",
               "title": "Tea behave: slow", "callback_url": "http://127.0.0.1:1/c", "expires_at": 9})
    );
    assert_eq!(
        body(gateway().refund(&refund(), ASKED)),
        json!({"refund_id": "r-1", "payment_id": "p-1", "amount": 500, "currency": "CNY",
               "reason": "too late"})
    );
    assert_eq!(
        body(gateway().query_refund(&refund(), ASKED)),
        json!({"refund_id": "r-1", "payment_id": "p-1"})
    );
}
