//! Every way in which calls misbehave on request.

use crate::stage::{DETAIL, LIST, Stage, numbers, page};
use serde_json::{Value, json};
use std::io::ErrorKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn a_proxy_may_answer_instead_of_the_platform() {
    let stage = Stage::set().await;
    for (words, status) in
        [("error", 500), ("error=502", 502), ("error=503", 503), ("error=429", 429), ("html", 200)]
    {
        stage.control(json!({"behave": words, "for": {"calls": 1}})).await;
        let heard = stage.heard(LIST, 0, &page(1)).await.unwrap();
        assert_eq!(heard.status, status);
        assert!(heard.body.starts_with(b"<!doctype html>"), "{heard:?}");
        stage.call(LIST, 0, page(1)).await;
    }
}

#[tokio::test]
async fn an_answer_may_break_end_early_or_not_come() {
    let stage = Stage::set().await;
    for words in ["drop", "reset", "cut"] {
        stage.control(json!({"behave": words, "for": {"calls": 1}})).await;
        assert!(stage.heard(LIST, 0, &page(1)).await.is_none(), "{words}");
    }
    stage.control(json!({"behave": "truncated", "for": {"calls": 1}})).await;
    let heard = stage.heard(LIST, 0, &page(1)).await.unwrap();
    assert_eq!(heard.status, 200);
    assert!(serde_json::from_slice::<Value>(&heard.body).unwrap_err().is_eof());
    stage.call(LIST, 0, page(1)).await;
}

#[tokio::test]
async fn a_connection_may_be_reset_and_a_dropped_one_ends_in_order() {
    let stage = Stage::set().await;
    let request = format!(
        "POST /openapi/router HTTP/1.1\r\nhost: {}\r\ncontent-length: 2\r\n\r\n{{}}",
        stage.address
    );
    let mut ends = vec![];
    for words in ["reset", "drop"] {
        stage.control(json!({"behave": words, "for": {"calls": 1}})).await;
        let mut stream = TcpStream::connect(stage.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let read = stream.read_to_end(&mut vec![]).await;
        ends.push(read.map_err(|error| error.kind()));
    }
    assert_eq!(ends, [Err(ErrorKind::ConnectionReset), Ok(0)]);
}

#[tokio::test]
async fn an_answer_may_be_longer_than_anybody_takes() {
    let stage = Stage::set().await;
    let usual = stage.call(LIST, 0, page(1)).await;
    stage.control(json!({"behave": "huge", "for": {"calls": 1}})).await;
    let heard = stage.heard(LIST, 0, &page(1)).await.unwrap();
    assert!(heard.body.len() > 4 << 20, "{}", heard.body.len());
    let said: Value = serde_json::from_slice(&heard.body).unwrap();
    assert_eq!(said["result"], usual);
}

#[tokio::test]
async fn an_answer_may_stall_until_its_time_is_skipped() {
    let stage = Stage::set().await;
    stage.control(json!({"behave": "stall", "for": {"calls": 1}})).await;
    let skip = async {
        stage.until("the call waits", |truth| truth["waiting"] == json!(1)).await;
        stage.control(json!({"skip_ms": 30_000})).await;
    };
    let (page, ()) = tokio::join!(stage.call(LIST, 0, page(1)), skip);
    assert_eq!(numbers(&page).len(), 100);
}

#[tokio::test]
async fn the_platform_may_refuse_what_is_in_order() {
    let stage = Stage::set().await;
    for (words, code) in [
        ("system", 4_000_000),
        ("throttle", 4_000_004),
        ("no_scope", 3_000_032),
        ("expired", 3_000_034),
        ("code=140020003", 140_020_003),
    ] {
        let shop = &stage.shops[1].mall_id;
        stage.control(json!({"behave": words, "for": {"shop": shop, "seconds": 5}})).await;
        assert_eq!(stage.refused(LIST, 1, page(1)).await, code);
        assert_eq!(stage.refused(LIST, 1, page(1)).await, code);
        stage.call(LIST, 0, page(1)).await;
        stage.pass(5).await;
        stage.call(LIST, 1, page(1)).await;
    }
}

#[tokio::test]
async fn one_order_or_one_page_may_fail_for_ever() {
    let stage = Stage::set().await;
    let all = numbers(&stage.call(LIST, 0, page(1)).await);
    let unknown = json!({"behave": "error", "for": {"type": "bg.order.lists"}}).to_string();
    let refused = stage.send("POST", "/control", unknown).await.expect("an answer");
    let told: Value = serde_json::from_slice(&refused.body).expect("JSON");
    assert_eq!((refused.status, &told["code"]), (422, &json!("unknown_type")), "{told}");
    assert!(told["types"].as_array().is_some_and(|all| all.contains(&json!(LIST))), "{told}");
    stage.control(json!({"behave": "error", "for": {"type": LIST, "page": 2}})).await;
    stage.control(json!({"behave": "code=140020001", "for": {"order": all[3]}})).await;
    for _ in 0..3 {
        assert_eq!(stage.heard(LIST, 0, &page(2)).await.unwrap().status, 500);
        let refused = stage.refused(DETAIL, 0, json!({"parentOrderSn": all[3]})).await;
        assert_eq!(refused, 140_020_001);
    }
    assert_eq!(numbers(&stage.call(LIST, 0, page(1)).await), all);
    stage.call(DETAIL, 0, json!({"parentOrderSn": all[4]})).await;
    stage.control(json!({"fine": true})).await;
    stage.call(LIST, 0, page(2)).await;
}

#[tokio::test]
async fn pages_may_be_ignored_or_lack_rows() {
    let stage = Stage::set().await;
    let first = stage.call(LIST, 0, page(1)).await;
    stage.control(json!({"behave": "page_ignored", "for": {"calls": 1}})).await;
    assert_eq!(stage.call(LIST, 0, page(2)).await, first);
    stage.control(json!({"behave": "short=3", "for": {"calls": 1}})).await;
    let short = stage.call(LIST, 0, page(1)).await;
    assert_eq!((numbers(&short).len(), &short["totalItemNum"]), (97, &json!(200)));
    assert_ne!(stage.call(LIST, 0, page(2)).await, first);
}

#[tokio::test]
async fn orders_change_and_come_in_while_somebody_pages() {
    let stage = Stage::set().await;
    let before = numbers(&stage.call(LIST, 0, page(1)).await);
    stage.control(json!({"behave": "churn=8"})).await;
    let after = stage.call(LIST, 0, page(1)).await;
    assert_eq!(after["totalItemNum"], json!(204));
    let moved = numbers(&after).iter().take(12).filter(|n| !before[..12].contains(n)).count();
    assert!(moved >= 4, "{moved}");
}

#[tokio::test]
async fn a_wish_that_makes_no_sense_is_refused_and_does_nothing() {
    let stage = Stage::set().await;
    for (wish, status) in [
        (json!({"behave": "sluggish"}), 422),
        (json!({"behave": "error", "for": {"shop": "1"}}), 404),
        (json!({"behave": "error", "for": {"shoe": "1"}}), 400),
        (json!({"orders": [{"does": "insert", "shop": "1"}]}), 404),
        (json!({"tokens": [{"does": "melt", "shop": stage.shops[0].mall_id}]}), 400),
        (json!({"behave": "error", "orders": [{"does": "move", "shop": "1", "to": 4}]}), 404),
        (json!({"behave": "error html sluggish"}), 422),
        (json!({"orders": [{"does": "move", "shop": stage.shops[0].mall_id, "too": 4}]}), 400),
    ] {
        let heard = stage.send("POST", "/control", wish.to_string()).await.unwrap();
        assert_eq!(heard.status, status, "{wish}");
    }
    stage.call(LIST, 0, page(1)).await;
}
