//! The truth beside what lists say.

use crate::stage::{LIST, Stage, numbers, page};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

async fn told(stage: &Stage, path: &str) -> Value {
    let heard = stage.send("GET", path, String::new()).await.expect("an answer");
    let told: Value = serde_json::from_slice(&heard.body).expect("JSON");
    assert_eq!(heard.status, 200, "{told}");
    told
}

#[tokio::test]
async fn counts_and_checksums_by_day_and_status_are_those_of_the_lists() {
    let stage = Stage::set().await;
    let shop = &stage.shops[0].mall_id;
    stage
        .control(json!({"orders": [
            {"does": "insert", "shop": shop, "hidden": true, "count": 2},
            {"does": "insert", "shop": shop, "late": 60, "count": 3},
        ]}))
        .await;
    let mut found: BTreeMap<(i64, i64), Vec<String>> = BTreeMap::new();
    for number in 1..=2 {
        let page = stage.call(LIST, 0, page(number)).await;
        for item in page["pageItems"].as_array().unwrap() {
            let head = &item["parentOrderMap"];
            let day = head["parentOrderTime"].as_i64().unwrap() / 86_400;
            let status = head["parentOrderStatus"].as_i64().unwrap();
            let number = head["parentOrderSn"].as_str().unwrap().to_owned();
            found.entry((day, status)).or_default().push(number);
        }
    }
    let truth = told(&stage, &format!("/control/truth?shop={shop}")).await;
    assert_eq!(truth["all"]["listed"]["orders"], json!(200));
    assert_eq!(truth["all"]["late"]["orders"], json!(3));
    assert_eq!(truth["all"]["hidden"]["orders"], json!(2));
    assert_eq!(truth["all"]["all"]["orders"], json!(205));
    let rows = truth["days"].as_array().unwrap();
    let listed: Vec<&Value> =
        rows.iter().filter(|row| row["listed"]["orders"] != json!(0)).collect();
    assert_eq!(listed.len(), found.len());
    for (row, ((_, status), mut numbers)) in listed.into_iter().zip(found) {
        numbers.sort();
        let text: String = numbers.iter().flat_map(|number| [number.as_str(), "\n"]).collect();
        let sum = hex::encode(Sha256::digest(text));
        assert_eq!(row["status"], json!(status));
        assert_eq!(row["listed"], json!({"orders": numbers.len(), "checksum": sum}));
    }
}

#[tokio::test]
async fn a_day_alone_is_told_and_its_numbers_in_pages() {
    let stage = Stage::set().await;
    let shop = &stage.shops[0].mall_id;
    stage.control(json!({"orders": [{"does": "insert", "shop": shop, "count": 25}]})).await;
    let ask = format!("shop={shop}&day=2027-01-15");
    let day = told(&stage, &format!("/control/truth?{ask}")).await;
    let count = day["all"]["all"]["orders"].as_u64().unwrap();
    assert!((25..60).contains(&count), "{count}");
    assert!(day["days"].as_array().unwrap().iter().all(|row| row["day"] == json!("2027-01-15")));
    let mut all = vec![];
    for number in 1..=4 {
        let page =
            told(&stage, &format!("/control/truth/orders?{ask}&page={number}&size=10")).await;
        assert_eq!(page["total"], json!(count));
        all.extend(page["rows"].as_array().unwrap().iter().map(|row| row["parent"].to_string()));
    }
    assert!(all.is_sorted() && all.len() as u64 == count.min(40));
    let hidden = told(&stage, &format!("/control/truth/orders?{ask}&kind=hidden")).await;
    assert_eq!(hidden["total"], json!(0));
}

#[tokio::test]
async fn packages_and_products_are_told_whatever_calls_say() {
    let stage = Stage::set().await;
    let shop = &stage.shops[0].mall_id;
    let order = numbers(&stage.call(LIST, 0, page(1)).await).remove(0);
    stage
        .control(json!({"orders": [
            {"does": "pack", "shop": shop, "order": order},
            {"does": "pack", "shop": shop, "order": order, "package": "PK-2", "parts": ["PK-1"]},
            {"does": "pack", "shop": shop, "order": order, "package": "PK-3", "failed": true},
        ]}))
        .await;
    let truth = told(&stage, &format!("/control/truth/packages?shop={shop}")).await;
    let rows = truth["rows"].as_array().unwrap();
    let of_order: Vec<&Value> = rows.iter().filter(|row| row["parent"] == json!(order)).collect();
    assert!(!of_order.is_empty());
    assert!(of_order.iter().all(|row| row["packages"] == json!(["PK-1", "PK-2"])));
    let products = told(&stage, &format!("/control/truth/products?shop={shop}&size=10")).await;
    assert_eq!((&products["total"], products["rows"].as_array().unwrap().len()), (&json!(60), 10));
    let aftersales = told(&stage, &format!("/control/truth/aftersales?shop={shop}")).await;
    assert!(aftersales["total"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn what_the_truth_cannot_be_asked_is_refused_by_name() {
    let stage = Stage::set().await;
    let shop = &stage.shops[0].mall_id;
    for (query, status, code) in [
        ("truth?shop=1".to_owned(), 404, "no_such_shop"),
        (format!("truth?shop={shop}&day=today"), 422, "day"),
        (format!("truth?shop={shop}&dya=2027-01-15"), 422, "unknown_parameter"),
        (format!("lies?shop={shop}"), 404, "no_such_path"),
    ] {
        let heard = stage.send("GET", &format!("/control/{query}"), String::new()).await.unwrap();
        let said: Value = serde_json::from_slice(&heard.body).unwrap();
        assert_eq!((heard.status, &said["code"]), (status, &json!(code)));
    }
}
