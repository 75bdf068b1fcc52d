//! Webhooks over real HTTP: everything is told, in order, signed, until it is heard.

use crate::center::{TestCenter, every_actor, example, text};
use crate::receiver::{Received, Receiver};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use docket_app::{Networks, Scope};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering::SeqCst};

/// A center that may tell receivers of this machine.
async fn center() -> TestCenter {
    let loopback = Networks::of(["127.0.0.0/8"]).expect("a network");
    TestCenter::start_with(|settings| settings.webhooks.allow = loopback).await
}

/// A center that works, and the webhook of a receiver with its secret.
async fn told(receiver: &Receiver, events: Value) -> (TestCenter, String, String) {
    let center = center().await;
    center.app.start();
    let body = json!({"url": receiver.url, "events": events});
    let added = center.post("/api/webhooks", &body).await.ok(201);
    let (id, secret) = (text(&added["webhook_id"]).to_owned(), text(&added["secret"]).to_owned());
    (center, id, secret)
}

/// Places an order and pays it; answers its number.
async fn paid(center: &TestCenter) -> String {
    let tree = center.placed(&example()).await;
    let id = text(&tree["order_id"]).to_owned();
    let pay = json!({
        "type": "payment_succeeded", "tender": "card", "reference": format!("r-{id}"), "amount": 11500,
        "actor": {"kind": "gateway"}
    });
    center.post(&format!("/api/orders/{id}/operations"), &pay).await.ok(200);
    id
}

fn types(told: &[Received]) -> Vec<&str> {
    told.iter().map(|one| text(&one.body["type"])).collect()
}

fn is_signed(one: &Received, secret: &str) -> bool {
    let secret = secret.strip_prefix("whsec_").expect("a secret of the standard");
    let secret = BASE64.decode(secret).expect("base64");
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&secret).expect("any length");
    let [id, at] = ["webhook-id", "webhook-timestamp"].map(|name| &one.headers[name]);
    mac.update(format!("{id}.{at}.{}", one.text).as_bytes());
    let signed = format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()));
    one.headers["webhook-signature"] == signed
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_told_in_order_signed_and_without_people() {
    let receiver = Receiver::start(|_| 204).await;
    let (center, _, secret) = told(&receiver, json!([])).await;
    let id = paid(&center).await;
    let ship =
        json!({"type": "ship", "carrier": "SF", "tracking": "1", "actor": {"kind": "seller"}});
    center.post(&format!("/api/orders/{id}/operations"), &ship).await.ok(200);
    let told = receiver.wait_for(3).await;
    assert_eq!(types(&told), ["order.placed", "order.paid", "order.shipped"]);
    for (at, one) in told.iter().enumerate() {
        assert!(is_signed(one, &secret), "{one:#?}");
        assert_eq!(one.body["seq"], at + 1);
        assert_eq!(text(&one.body["tree"]), id);
        assert_eq!(one.body["id"], json!(one.headers["webhook-id"]));
        assert!(!one.text.contains("Ada") && !one.text.contains("13800000001"), "{}", one.text);
    }
    let statuses = told.iter().map(|one| text(&one.body["data"]["order"]["status"]));
    assert_eq!(
        statuses.collect::<Vec<_>>(),
        ["created", "paid", "shipped"],
        "as it was after each"
    );
    center.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_heard_is_told_again_and_holds_up_its_own_order_only() {
    let status = Arc::new(AtomicU16::new(500));
    let answer = Arc::clone(&status);
    // The first event of the first order is not heard while the receiver is ill.
    let receiver =
        Receiver::start(move |one| match one.body["data"]["order"]["buyer_id"].as_str() {
            Some("ill") => answer.load(SeqCst),
            _ => 200,
        })
        .await;
    let (center, _, _) = told(&receiver, json!([])).await;
    let mut ill = example();
    ill["buyer_id"] = json!("ill");
    let first = center.placed(&ill).await;
    let path = format!("/api/orders/{}/operations", text(&first["order_id"]));
    center
        .post(&path, &json!({"type": "note", "text": "x", "actor": {"kind": "seller"}}))
        .await
        .ok(200);
    receiver.wait_for(1).await;
    paid(&center).await;
    let told = receiver.wait_for(3).await;
    assert_eq!(types(&told), ["order.placed", "order.placed", "order.paid"]);
    status.store(200, SeqCst);
    center.clock.advance(60_000);
    let told = receiver.wait_for(5).await;
    assert_eq!(types(&told[3..]), ["order.placed", "order.noted"], "in order, once it is well");
    assert_eq!(told[0].headers["webhook-id"], told[3].headers["webhook-id"], "the same event");
    center.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_hears_what_it_wants_until_it_is_gone() {
    let receiver = Receiver::start(|one| if one.body["seq"] == 2 { 410 } else { 200 }).await;
    let (center, id, _) = told(&receiver, json!(["order.paid", "order.noted"])).await;
    let order = paid(&center).await;
    let told = receiver.wait_for(1).await;
    assert_eq!(types(&told), ["order.paid"]);
    for _ in 0..1_000 {
        let listed = center.get("/api/webhooks").await.ok(200);
        if listed["webhooks"][0]["why"] == "the receiver answered 410" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let listed = center.get("/api/webhooks").await.ok(200);
    assert_eq!(listed["webhooks"][0]["why"], "the receiver answered 410");
    let note = json!({"type": "note", "text": "x", "actor": {"kind": "seller"}});
    center.post(&format!("/api/orders/{order}/operations"), &note).await.ok(200);
    receiver.wait_for(1).await;
    let replay = json!({"order_id": order});
    center.post(&format!("/api/webhooks/{id}/replay"), &replay).await.problem(409, "wrong_state");
    center.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_told_can_be_told_again() {
    let receiver = Receiver::start(|_| 200).await;
    let center = center().await;
    center.app.start();
    let before = paid(&center).await;
    let added = center.post("/api/webhooks", &json!({"url": receiver.url})).await.ok(201);
    let path = format!("/api/webhooks/{}/replay", text(&added["webhook_id"]));
    let again = center.post(&path, &json!({"order_id": before})).await;
    assert_eq!(again.status, 202);
    let told = receiver.wait_for(2).await;
    assert_eq!(types(&told), ["order.placed", "order.paid"], "also what was before it was there");
    let again = center.post(&path, &json!({"from": "2026-11-20T00:00:00Z"})).await;
    assert_eq!(again.status, 202);
    let again = receiver.wait_for(4).await;
    let ids: Vec<_> = again.iter().map(|one| &one.headers["webhook-id"]).collect();
    assert_eq!(ids[..2], ids[2..], "the same events");
    center.post(&path, &json!({})).await.wrong_fields(&[("order_id", "required")]);
    center.app.stop().await;
}

#[tokio::test]
async fn webhooks_are_for_admins_and_their_addresses_are_checked() {
    let center = TestCenter::start().await;
    for (body, field, code) in [
        (json!({}), "url", "required"),
        (json!({"url": "ftp://a"}), "url", "not_a_url"),
        (json!({"url": "https://"}), "url", "not_a_url"),
        (json!({"url": "https://a b"}), "url", "not_a_url"),
        (json!({"url": "http://127.0.0.1:9/"}), "url", "address_not_allowed"),
        (json!({"url": "http://localhost:9/"}), "url", "address_not_allowed"),
        (json!({"url": "http://169.254.169.254/latest/meta-data/"}), "url", "address_not_allowed"),
        (json!({"url": "http://[::ffff:a00:1]/"}), "url", "address_not_allowed"),
        (json!({"url": "http://2130706433/"}), "url", "address_not_allowed"),
        (json!({"url": "https://a", "events": ["order.eaten"]}), "events[0]", "not_a_word"),
        (json!({"url": "https://a", "secret": "mine"}), "secret", "unknown_field"),
    ] {
        center.post("/api/webhooks", &body).await.wrong_fields(&[(field, code)]);
    }
    let writer = center.key(&[Scope::OrdersWrite], &every_actor(), &[]).await;
    let body = json!({"url": "https://a"});
    center.post_as(&writer, "/api/webhooks", &body).await.problem(403, "scope_missing");
    let added = center.post("/api/webhooks", &body).await.ok(201);
    let listed = center.get("/api/webhooks").await.ok(200);
    assert_eq!(listed["webhooks"][0]["secret"], Value::Null, "it was shown once");
    let path = format!("/api/webhooks/{}", text(&added["webhook_id"]));
    assert_eq!(center.delete(&path).await.status, 204);
    let ended = center.get(&path).await.ok(200);
    assert_eq!(ended["why"], "ended by a person");
    for action in ["rotate", "test"] {
        center.post(&format!("{path}/{action}"), &json!({})).await.problem(409, "wrong_state");
    }
    assert_eq!(center.delete(&path).await.status, 204, "one that has ended is forgotten");
    center.delete(&path).await.problem(404, "not_found");
    assert_eq!(center.get("/api/webhooks").await.ok(200)["webhooks"], json!([]));
}

/// Both signatures of an event, by the secrets that they are made with.
fn signatures<'a>(one: &'a Received, secrets: &[&str]) -> Vec<&'a str> {
    let given: Vec<_> = one.headers["webhook-signature"].split(' ').collect();
    assert_eq!(given.len(), secrets.len(), "{given:?}");
    for (signature, secret) in given.iter().zip(secrets) {
        let mut alone = one.clone();
        alone.headers.insert("webhook-signature".to_owned(), (*signature).to_owned());
        assert!(is_signed(&alone, secret), "{one:#?}");
    }
    given
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_changed_signs_for_a_day_beside_the_new_one() {
    let receiver = Receiver::start(|_| 204).await;
    let (center, id, first) = told(&receiver, json!([])).await;
    let path = format!("/api/webhooks/{id}/rotate");
    let rotated = center.post(&path, &json!({})).await.ok(200);
    let second = text(&rotated["secret"]).to_owned();
    assert_eq!(rotated["old_secret_until"], "2026-11-21T10:00:00.000Z");
    let shown = center.get(&format!("/api/webhooks/{id}")).await.ok(200);
    assert_eq!(
        (&shown["secret"], &shown["old_secret_until"]),
        (&Value::Null, &rotated["old_secret_until"])
    );
    center.placed(&example()).await;
    signatures(&receiver.wait_for(1).await[0], &[&second, &first]);
    let third = center.post(&path, &json!({})).await.ok(200);
    let third = text(&third["secret"]).to_owned();
    center.placed(&example()).await;
    signatures(&receiver.wait_for(2).await[1], &[&third, &second]);
    center.clock.advance(86_400_000);
    center.placed(&example()).await;
    signatures(&receiver.wait_for(3).await[2], &[&third]);
    let shown = center.get(&format!("/api/webhooks/{id}")).await.ok(200);
    assert_eq!(shown["old_secret_until"], Value::Null);
    center.app.stop().await;
}

/// The deliveries of a webhook, once there are `count` of which `are` is true.
async fn delivered(
    center: &TestCenter,
    id: &str,
    count: usize,
    are: impl Fn(&Value) -> bool,
) -> Vec<Value> {
    let path = format!("/api/webhooks/{id}/deliveries");
    for _ in 0..2_000 {
        let page = center.get(&path).await.ok(200);
        let found = page["deliveries"].as_array().expect("a list").clone();
        if found.len() == count && found.iter().all(&are) {
            return found;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("{:#}", center.get(&path).await.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_receiver_answered_is_told_page_by_page() {
    let status = Arc::new(AtomicU16::new(500));
    let answer = Arc::clone(&status);
    let receiver = Receiver::start(move |_| answer.load(SeqCst)).await;
    let (center, id, _) = told(&receiver, json!([])).await;
    let order = center.placed(&example()).await;
    let failed = delivered(&center, &id, 1, |one| one["state"] == "pending").await;
    assert_eq!(
        [&failed[0]["status"], &failed[0]["tries"], &failed[0]["delivered"], &failed[0]["type"]],
        [&json!(500), &json!(1), &json!(false), &json!("order.placed")]
    );
    assert_eq!(failed[0]["event_id"], format!("{}-1", text(&order["order_id"])));
    assert_eq!(failed[0]["order_id"], order["order_id"]);
    assert!(failed[0]["next_try_at"].is_string(), "{failed:#?}");
    status.store(200, SeqCst);
    center.clock.advance(60_000);
    let done = delivered(&center, &id, 1, |one| one["delivered"] == true).await;
    assert_eq!(
        [&done[0]["status"], &done[0]["tries"], &done[0]["next_try_at"]],
        [&json!(200), &json!(2), &Value::Null],
        "a delivery is one, however often it is tried"
    );
    for _ in 0..4 {
        center.placed(&example()).await;
    }
    let all = delivered(&center, &id, 5, |one| one["delivered"] == true).await;
    let path = format!("/api/webhooks/{id}/deliveries?limit=2");
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    for expected in [2, 2, 1] {
        let page = center.get(&format!("{path}{cursor}")).await.ok(200);
        let found = page["deliveries"].as_array().expect("a list");
        assert_eq!(found.len(), expected);
        paged.extend(found.iter().cloned());
        cursor = format!("&cursor={}", page["next"].as_str().unwrap_or_default());
    }
    assert_eq!(paged, all, "newest first, each once");
    center.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_event_says_whether_a_receiver_hears() {
    let status = Arc::new(AtomicU16::new(204));
    let answer = Arc::clone(&status);
    let receiver = Receiver::start(move |_| answer.load(SeqCst)).await;
    let (center, id, secret) = told(&receiver, json!(["order.paid"])).await;
    let path = format!("/api/webhooks/{id}/test");
    let sent = center.post(&path, &json!({})).await;
    assert_eq!(sent.headers["location"], format!("/api/webhooks/{id}/deliveries"));
    let sent = sent.ok(202);
    let heard = receiver.wait_for(1).await;
    assert!(is_signed(&heard[0], &secret), "{heard:#?}");
    assert_eq!(
        [&heard[0].body["id"], &heard[0].body["type"], &heard[0].body["tree"]],
        [&sent["event_id"], &json!("webhook.test"), &json!("0")]
    );
    let became = delivered(&center, &id, 1, |one| one["state"] == "done").await;
    assert_eq!(
        [&became[0]["delivery_id"], &became[0]["event_id"], &became[0]["order_id"]],
        [&sent["delivery_id"], &sent["event_id"], &Value::Null]
    );
    // One that is not heard is a finding, not a task that somebody must look after.
    status.store(500, SeqCst);
    center.post(&path, &json!({})).await.ok(202);
    let became = delivered(&center, &id, 2, |one| one["state"] == "done").await;
    assert_eq!([&became[0]["status"], &became[0]["delivered"]], [&json!(500), &json!(false)]);
    receiver.wait_for(2).await;
    let halted = center.get("/api/tasks?state=dead").await.ok(200);
    assert_eq!(halted["tasks"], json!([]));
    center.app.stop().await;
}

/// Nothing of it is kept, and its status has said that it heard.
#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_says_more_than_is_read_has_heard() {
    let receiver = Receiver::saying((64 << 10) + 1, |_| 200).await;
    let (center, id, _) = told(&receiver, json!([])).await;
    center.post(&format!("/api/webhooks/{id}/test"), &json!({})).await.ok(202);
    let became = delivered(&center, &id, 1, |one| one["state"] == "done").await;
    let says = json!("the answer is longer than 65536 bytes");
    assert_eq!([&became[0]["status"], &became[0]["answer"]], [&json!(200), &says]);
    assert_eq!(became[0]["delivered"], json!(true));
    receiver.wait_for(1).await;
    center.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_receiver_answered_is_forgotten_after_a_week() {
    let receiver = Receiver::start(|_| 200).await;
    let (center, id, _) = told(&receiver, json!([])).await;
    paid(&center).await;
    let old = delivered(&center, &id, 2, |one| one["delivered"] == true).await;
    center.clock.advance(7 * 86_400_000 + 1);
    // What the order does meanwhile by itself is told too, and stays.
    let path = format!("/api/webhooks/{id}/deliveries");
    for _ in 0..4_000 {
        let page = center.get(&path).await.ok(200);
        let kept = page["deliveries"].as_array().expect("a list");
        if kept.iter().all(|one| !old.contains(one)) {
            center.app.stop().await;
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("{:#}", center.get(&path).await.body);
}
