//! Ledgers that others keep: effects are sent as signed messages, together where they go to one address, until
//! they are acknowledged; and nothing is counted here.

use crate::center::{TestCenter, example, text};
use crate::receiver::{Received, Receiver};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use docket_app::LedgerSettings;
use docket_domain::ledger::Ledger;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering::SeqCst};

const SECRET: &[u8] = b"a secret of twenty bytes";

/// A center whose coins, points and gift packs are kept at one address and its slips at another.
async fn center(together: &Receiver, slips: &Receiver) -> TestCenter {
    let mut ledgers = LedgerSettings { points_per: Some(100), ..LedgerSettings::default() };
    for ledger in [Ledger::Coins, Ledger::Points, Ledger::Gifts] {
        let receiver = docket_app::Receiver::new(together.url.clone(), SECRET.to_vec());
        ledgers.receivers.insert(ledger, receiver);
    }
    let receiver = docket_app::Receiver::new(slips.url.clone(), SECRET.to_vec());
    ledgers.receivers.insert(Ledger::Slips, receiver);
    let center = TestCenter::start_with(|settings| settings.ledgers = Arc::new(ledgers)).await;
    center.app.start();
    let pack = json!({"title": "Cup", "currency": "CNY", "min_price": 0});
    center.put("/api/gift-packs/cup", &pack).await.ok(200);
    center
}

async fn paid(center: &TestCenter) -> Value {
    let mut order = example();
    order["shops"][0]["items"][0]["weighed"] = json!(true);
    let tree = center.placed(&order).await;
    let paid = json!({
        "type": "payment_succeeded", "tender": "card", "amount": 11_500, "actor": {"kind": "gateway"},
        "reference": format!("r-{}", text(&tree["order_id"]))
    });
    center.operate(&tree["order_id"], &paid).await.ok(200)
}

fn keys(told: &Received) -> Vec<&str> {
    let effects = told.body["effects"].as_array().expect("effects").iter();
    effects.map(|effect| text(&effect["key"]).split_once(':').expect("ORDER:EFFECT").1).collect()
}

fn is_signed(told: &Received) -> bool {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(SECRET).expect("any length");
    let [id, at] = ["webhook-id", "webhook-timestamp"].map(|name| &told.headers[name]);
    mac.update(format!("{id}.{at}.{}", told.text).as_bytes());
    let signed = format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()));
    told.headers["webhook-signature"] == signed
}

#[tokio::test(flavor = "multi_thread")]
async fn effects_of_one_payment_travel_together_signed_and_nothing_is_counted_here() {
    let (together, slips) = (Receiver::start(|_| 200).await, Receiver::start(|_| 200).await);
    let center = center(&together, &slips).await;
    let tree = paid(&center).await;
    let told = together.wait_for(1).await.remove(0);
    assert!(is_signed(&told), "{told:#?}");
    assert_eq!(keys(&told), ["coins.spend", "points.grant", "gift.issue:cup"]);
    assert_eq!(told.body["order_id"], tree["order_id"]);
    assert_eq!(told.body["key"], json!(told.headers["webhook-id"]));
    let points = &told.body["effects"][1];
    assert_eq!(
        (&points["ledger"], &points["kind"], &points["owner"], &points["amount"]),
        (&json!("points"), &json!("grant"), &json!("1001"), &json!(109))
    );
    assert_eq!(points["lines"][0]["amount"], 109);
    assert_eq!(told.body["effects"][0]["currency"], "CNY");
    let slip = slips.wait_for(1).await.remove(0);
    let made = format!("weigh.create:{}", text(&tree["shops"][0]["order_id"]));
    assert_eq!(keys(&slip), [made]);
    for ledger in ["coins", "points"] {
        center.get(&format!("/api/accounts/{ledger}/1001")).await.problem(404, "not_found");
    }
    center
        .put("/api/accounts/points/1001", &json!({"balance": 5, "reason": "x"}))
        .await
        .wrong_fields(&[("ledger", "kept_elsewhere")]);
    assert_eq!(center.get("/api/weigh-slips").await.ok(200)["weigh_slips"], json!([]));
    let path = format!("/api/orders/{}/effects", text(&tree["order_id"]));
    let listed = center.get(&path).await.ok(200);
    let listed = listed["effects"].as_array().expect("a list");
    assert_eq!(listed.len(), 4);
    assert!(listed.iter().all(|effect| effect["kept"] == "elsewhere"), "{listed:#?}");
    center.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_is_down_for_an_hour_holds_up_no_order_and_misses_nothing() {
    let status = Arc::new(AtomicU16::new(503));
    let answer = Arc::clone(&status);
    let together = Receiver::start(move |_| answer.load(SeqCst)).await;
    let slips = Receiver::start(|_| 200).await;
    let center = center(&together, &slips).await;
    let first = paid(&center).await;
    together.wait_for(1).await;
    let mut orders = vec![text(&first["order_id"]).to_owned()];
    for _ in 0..9 {
        orders.push(text(&paid(&center).await["order_id"]).to_owned());
    }
    let before = together.wait_for(1).await;
    assert_eq!(before.len(), 1, "one message asks, the others wait for what it finds");
    center.clock.advance(30 * 60_000);
    together.wait_for(2).await;
    status.store(200, SeqCst);
    center.clock.advance(30 * 60_000);
    for _ in 0..600 {
        if together.told().len() >= 12 {
            break;
        }
        // Those that wait for what one of them finds come back two seconds later.
        center.clock.advance(2_000);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let told = together.wait_for(12).await;
    let heard: Vec<&str> = told[2..].iter().map(|one| text(&one.body["order_id"])).collect();
    let mut sorted = heard.clone();
    sorted.sort_unstable();
    orders.sort_unstable();
    assert_eq!(sorted, orders, "each once");
    let again = told[2..].iter().find(|one| one.body["order_id"] == told[0].body["order_id"]);
    let ids = again.map(|one| (&one.headers["webhook-id"], &one.body));
    assert_eq!(ids, Some((&told[0].headers["webhook-id"], &told[0].body)), "the same message");
    let tasks = center.get("/api/tasks?kind=ledger").await.ok(200);
    let tasks = tasks["tasks"].as_array().expect("a list");
    assert!(tasks.iter().all(|task| task["attempts"] == 0), "being down is not charged");
    center.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_ledger_refuses_is_charged_and_comes_to_a_person() {
    let together = Receiver::start(|_| 422).await;
    let slips = Receiver::start(|_| 200).await;
    let center = center(&together, &slips).await;
    paid(&center).await;
    together.wait_for(1).await;
    for _ in 0..1_000 {
        let tasks = center.get("/api/tasks?kind=ledger").await.ok(200);
        let tasks = tasks["tasks"].as_array().expect("a list");
        if tasks.iter().any(|task| task["attempts"] == 1) {
            return center.app.stop().await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("a refusal is charged");
}
