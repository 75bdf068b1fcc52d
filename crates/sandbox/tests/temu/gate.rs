//! Who may call, in the order in which it is looked at.

use crate::stage::{DETAIL, LIST, NOW, SECONDS, Stage, members, page, signed};
use docket_sandbox::temu;
use serde_json::{Map, Value, json};

async fn code(stage: &Stage, asked: Map<String, Value>) -> (i64, String) {
    let heard = stage.raw(asked).await.expect("an answer");
    assert_eq!(heard.status, 200, "what the platform refuses, it refuses under 200");
    let said: Value = serde_json::from_slice(&heard.body).expect("JSON");
    let message = said["errorMsg"].as_str().expect("a sentence").to_owned();
    (said["errorCode"].as_i64().expect("a code"), message)
}

#[tokio::test]
async fn each_check_has_its_code_and_they_are_made_in_order() {
    let stage = Stage::set().await;
    // Everything is wrong at first; each step mends what was refused.
    let mut asked = Map::new();
    let mut expect = vec![];
    let steps = [
        (3_000_002, json!({"type": "bg.order.teleport"})),
        (3_000_003, json!({"type": LIST})),
        (3_000_019, json!({"app_key": "nobody"})),
        (4_000_000, json!({"app_key": temu::APP_KEY})),
        (3_000_010, json!({"timestamp": SECONDS + 301})),
        (3_000_011, json!({"timestamp": SECONDS - 301})),
        (3_000_012, json!({"timestamp": SECONDS - 300})),
        (3_000_013, json!({"data_type": "XML"})),
        (3_000_014, json!({"data_type": "json"})),
        (3_000_040, json!({"sign": "00"})),
        (3_000_001, json!({})),
    ];
    for (refusal, mends) in steps {
        expect.push((code(&stage, asked.clone()).await.0, refusal));
        asked.extend(members(&mends));
    }
    asked.remove("sign");
    expect.push((code(&stage, signed(asked.clone(), temu::APP_SECRET)).await.0, 3_000_030));
    asked.insert("access_token".to_owned(), "unknown".into());
    expect.push((code(&stage, signed(asked.clone(), temu::APP_SECRET)).await.0, 3_000_031));
    asked.insert("access_token".to_owned(), stage.shops[0].access_token.clone().into());
    expect.push((code(&stage, signed(asked.clone(), temu::APP_SECRET)).await.0, 1_000_000));
    expect.push((code(&stage, signed(asked, "another secret 16+")).await.0, 3_000_001));
    for (heard, expected) in expect {
        assert_eq!(heard, expected);
    }
}

#[tokio::test]
async fn an_unknown_app_is_told_by_a_sentence_since_its_code_is_that_of_a_passing_fault() {
    let stage = Stage::set().await;
    let mut asked = stage.common(LIST, 0);
    asked.insert("app_key".to_owned(), "nobody".into());
    let unknown = (4_000_000, "The application information query is abnormal".to_owned());
    assert_eq!(code(&stage, asked).await, unknown);
}

#[tokio::test]
async fn what_is_no_json_is_refused_in_an_envelope() {
    let stage = Stage::set().await;
    let heard = stage.send("POST", "/openapi/router", "{".to_owned()).await.unwrap();
    let said: Value = serde_json::from_slice(&heard.body).unwrap();
    assert_eq!((heard.status, &said["errorCode"]), (200, &json!(3_000_000)));
    assert!(said["requestId"].as_str().unwrap().starts_with("us-"), "{said}");
}

#[tokio::test]
async fn the_clock_of_the_marketplace_is_told_and_can_be_off() {
    let stage = Stage::set().await;
    let heard = stage.heard(LIST, 0, &json!({})).await.unwrap();
    assert_eq!(heard.date(), "Fri, 15 Jan 2027 08:00:00 GMT");
    stage.control(json!({"offset_ms": -600_000, "skip_ms": 60_000})).await;
    let heard = stage.heard(LIST, 0, &json!({})).await.unwrap();
    assert_eq!(heard.date(), "Fri, 15 Jan 2027 07:51:00 GMT");
    assert_eq!(stage.refused(LIST, 0, json!({})).await, 3_000_011);
    stage.control(json!({"offset_ms": 600_000})).await;
    assert_eq!(stage.refused(LIST, 0, json!({})).await, 3_000_012);
}

#[tokio::test]
async fn no_more_than_twenty_calls_of_an_app_pass_in_any_second_all_shops_together() {
    let stage = Stage::of(|_| ()).await;
    for n in 0..20 {
        stage.call(LIST, n % 3, page(1)).await;
    }
    assert_eq!(stage.refused(LIST, 0, page(1)).await, 4_000_004);
    let truth = stage.control(json!({"skip_ms": 999})).await;
    let calls = &truth["apps"][0]["calls"];
    assert_eq!((&calls["most_in_a_second"], &calls["throttled"]), (&json!(21), &json!(1)));
    assert_eq!(calls["by_type"][LIST], json!(21));
    assert_eq!(calls["by_shop"][&stage.shops[1].mall_id], json!(7));
    assert_eq!(stage.refused(LIST, 0, page(1)).await, 4_000_004);
    stage.control(json!({"skip_ms": 1})).await;
    stage.call(LIST, 0, page(1)).await;
}

#[tokio::test]
async fn a_token_says_whose_it_is_and_ends_as_it_says() {
    let stage = Stage::set().await;
    let token = stage.call("bg.open.accesstoken.info.get", 1, json!({})).await;
    assert_eq!(token["mallId"].to_string(), stage.shops[1].mall_id);
    assert_eq!(token["expiredTime"], json!(SECONDS + 90 * 86_400));
    assert!(token["apiScopeList"].as_array().unwrap().contains(&json!(LIST)));
    let shop = &stage.shops[1].mall_id;
    stage.control(json!({"tokens": [{"shop": shop, "does": "expire", "seconds": 10}]})).await;
    stage.call(LIST, 1, page(1)).await;
    stage.pass(10).await;
    assert_eq!(stage.refused(LIST, 1, page(1)).await, 3_000_034);
    stage.call(LIST, 0, page(1)).await;
}

#[tokio::test]
async fn a_replaced_token_is_dead_and_a_code_gives_a_new_one_once() {
    let mut stage = Stage::set().await;
    let shop = stage.shops[0].mall_id.clone();
    let truth = stage.control(json!({"tokens": [{"shop": shop, "does": "authorise"}]})).await;
    let code = truth["shops"][0]["codes"][0].clone();
    // Made in the name of no shop, so that its dead token does not matter.
    let asked = json!({"code": code});
    let made = stage.call("bg.open.accesstoken.create", 0, asked.clone()).await;
    assert_eq!(stage.refused(LIST, 0, page(1)).await, 3_000_034);
    stage.shops[0].access_token = made["accessToken"].as_str().unwrap().to_owned();
    stage.call(LIST, 0, page(1)).await;
    assert_eq!(stage.refused("bg.open.accesstoken.create", 0, asked).await, 110_020_001);
    stage.control(json!({"tokens": [{"shop": shop, "does": "authorise"}]})).await;
    let truth = stage.control(json!({"skip_ms": 600_000})).await;
    let late = json!({"code": truth["shops"][0]["codes"][0]});
    stage.pass(0).await;
    stage.ahead.store(600, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(stage.refused("bg.open.accesstoken.create", 0, late).await, 110_020_001);
}

#[tokio::test]
async fn a_scope_that_is_missing_stops_its_call_and_no_other() {
    let stage = Stage::set().await;
    let shop = &stage.shops[0].mall_id;
    let wish = json!({"tokens": [{"shop": shop, "does": "deny", "type": DETAIL}]});
    stage.control(wish).await;
    let order = json!({"parentOrderSn": "PO-211-00001000000000000"});
    assert_eq!(stage.refused(DETAIL, 0, order.clone()).await, 3_000_032);
    stage.call(LIST, 0, page(1)).await;
    let wish = json!({"tokens": [{"shop": shop, "does": "grant", "type": DETAIL}]});
    stage.control(wish).await;
    stage.call(DETAIL, 0, order).await;
}

#[tokio::test]
async fn the_same_seed_gives_the_same_shops() {
    let mut told = vec![];
    for seed in [7, 7, 8] {
        let stage = Stage::of(|settings| (settings.seed, settings.limit) = (seed, 0)).await;
        told.push((stage.shops.clone(), stage.call(LIST, 2, page(1)).await));
    }
    assert_eq!(told[0], told[1]);
    assert_ne!(told[0].0, told[2].0);
    assert_ne!(told[0].1, told[2].1);
    assert_eq!(NOW / 1000, SECONDS);
}
