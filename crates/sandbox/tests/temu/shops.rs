//! Shops that open while the marketplace runs, under this app or another.

use crate::stage::{DETAIL, LIST, Stage, numbers, page};
use serde_json::json;

const OTHER: &str = "another-secret-of-16";

#[tokio::test]
async fn a_second_shop_has_the_same_numbers_under_another_app() {
    let mut stage = Stage::set().await;
    let like = &stage.shops[0].mall_id;
    let wish = json!({"shops": [
        {"app_key": "other-app", "app_secret": OTHER, "like": like, "orders": 200},
    ]});
    let truth = stage.control(wish).await;
    stage.learn(&truth, OTHER);
    let first = stage.call(LIST, 0, page(1)).await;
    assert_eq!(stage.call(LIST, 3, page(1)).await, first);
    assert_ne!(stage.shops[3].mall_id, stage.shops[0].mall_id);
    // What happens to an order of one shop does not happen to that of the other.
    let order = numbers(&first).remove(0);
    let change = json!({"does": "move", "shop": stage.shops[3].mall_id, "order": order, "to": 3});
    stage.control(json!({"orders": [change]})).await;
    let ask = json!({"parentOrderSn": order});
    let here = stage.call(DETAIL, 0, ask.clone()).await["parentOrderMap"].clone();
    let there = stage.call(DETAIL, 3, ask).await["parentOrderMap"].clone();
    assert_eq!(there["parentOrderStatus"], json!(3));
    assert_ne!(here["parentOrderStatus"], there["parentOrderStatus"]);
}

#[tokio::test]
async fn each_app_has_its_own_limit_and_its_own_tokens() {
    let mut stage = Stage::of(|_| ()).await;
    let wish = json!({"shops": [{"app_key": "other-app", "app_secret": OTHER, "region": "eu"}]});
    let truth = stage.control(wish).await;
    stage.learn(&truth, OTHER);
    for _ in 0..20 {
        stage.call(LIST, 0, page(1)).await;
    }
    assert_eq!(stage.refused(LIST, 1, page(1)).await, 4_000_004);
    let token = stage.call("bg.open.accesstoken.info.get", 3, json!({})).await;
    assert_eq!(token["regionId"], json!(76));
    // The token of a shop that gave it to another app.
    stage.shops[3].access_token = stage.shops[0].access_token.clone();
    assert_eq!(stage.refused(LIST, 3, page(1)).await, 3_000_033);
}

#[tokio::test]
async fn an_app_whose_secret_cannot_encrypt_is_refused() {
    let stage = Stage::set().await;
    let short = json!({"app_key": "other-app", "app_secret": "123456789abcdef"});
    let wish = json!({"behave": "error", "shops": [short]});
    let heard = stage.send("POST", "/control", wish.to_string()).await.unwrap();
    assert_eq!((heard.status, heard.body.as_ref()), (422, &br#"{"code":"app_secret"}"#[..]));
    let truth = stage.control(json!({})).await;
    assert_eq!((truth["shops"].as_array().unwrap().len(), &truth["behave"]), (3, &json!([])));
}
