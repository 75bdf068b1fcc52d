//! Products in four lists that have none in common.

use crate::stage::{Stage, members};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const GOODS: &str = "bg.local.goods.list.query";

fn ask(kind: u8, more: &Value) -> Value {
    let mut ask = members(&json!({"pageNo": 1, "pageSize": 100, "goodsSearchType": kind}));
    ask.extend(members(more));
    ask.into()
}

fn ids(page: &Value) -> Vec<u64> {
    let rows = page["goodsList"].as_array().expect("a page");
    rows.iter().map(|row| row["goodsId"].as_u64().expect("a number")).collect()
}

#[tokio::test]
async fn only_all_four_lists_together_have_every_product() {
    let stage = Stage::set().await;
    let mut union = BTreeSet::new();
    for kind in [1, 4, 5, 6] {
        let list = stage.call(GOODS, 0, ask(kind, &json!({}))).await;
        let found = ids(&list);
        assert_eq!(list["total"], json!(found.len()));
        assert!(!found.is_empty() && found.iter().all(|id| union.insert(*id)), "{kind}");
    }
    assert_eq!(union.len(), 60);
}

#[tokio::test]
async fn pages_are_counted_by_another_name_than_those_of_orders() {
    let stage = Stage::set().await;
    let first = stage.call(GOODS, 0, ask(1, &json!({"pageSize": 20}))).await;
    let second = stage.call(GOODS, 0, ask(1, &json!({"pageSize": 20, "pageNo": 2}))).await;
    let ignored = stage.call(GOODS, 0, ask(1, &json!({"pageSize": 20, "pageNumber": 2}))).await;
    assert_eq!(ignored, first);
    assert!(ids(&second).iter().all(|id| !ids(&first).contains(id)));
}

#[tokio::test]
async fn a_search_type_in_quotes_or_none_is_refused() {
    let stage = Stage::set().await;
    let quoted = ask(1, &json!({"goodsSearchType": "1"}));
    assert_eq!(stage.refused(GOODS, 0, quoted).await, 3_000_000);
    assert_eq!(stage.refused(GOODS, 0, json!({"pageNo": 1, "pageSize": 10})).await, 7_000_000);
    assert_eq!(stage.refused(GOODS, 0, ask(1, &json!({"pageSize": 200}))).await, 3_000_000);
    assert_eq!(stage.refused(GOODS, 0, ask(2, &json!({}))).await, 3_000_000);
}

#[tokio::test]
async fn an_edit_shows_in_the_list_and_not_in_the_time_of_its_change() {
    let stage = Stage::set().await;
    let row = |list: &Value| list["goodsList"][0].clone();
    let before = row(&stage.call(GOODS, 0, ask(1, &json!({}))).await);
    let shop = &stage.shops[0].mall_id;
    let edit =
        json!({"does": "product", "shop": shop, "goods_id": before["goodsId"], "price": 29_899});
    stage.control(json!({"orders": [edit]})).await;
    let after = row(&stage.call(GOODS, 0, ask(1, &json!({}))).await);
    assert_eq!(after["price"], json!("298.99"));
    assert_eq!(after["marketPrice"], json!(59_798));
    assert_eq!(after["goodsStatusChangeTime"], before["goodsStatusChangeTime"]);
    let since = ask(1, &json!({"goodsStatusChangeTimeFrom": crate::stage::NOW}));
    assert_eq!(stage.call(GOODS, 0, since.clone()).await["total"], json!(0));
    let move_it =
        json!({"does": "product", "shop": shop, "goods_id": before["goodsId"], "shelf": "deleted"});
    stage.control(json!({"orders": [move_it]})).await;
    let since = ask(6, &json!({"goodsStatusChangeTimeFrom": crate::stage::NOW}));
    assert_eq!(ids(&stage.call(GOODS, 0, since).await), [before["goodsId"].as_u64().unwrap()]);
}

#[tokio::test]
async fn products_may_be_deleted_between_pages() {
    let stage = Stage::set().await;
    let whole = ids(&stage.call(GOODS, 0, ask(1, &json!({}))).await);
    stage.control(json!({"behave": "vanish=3"})).await;
    let first = stage.call(GOODS, 0, ask(1, &json!({"pageSize": 20}))).await;
    let second = stage.call(GOODS, 0, ask(1, &json!({"pageSize": 20, "pageNo": 2}))).await;
    assert_eq!(first["total"], json!(whole.len() - 3));
    assert_eq!(second["total"], json!(whole.len() - 6));
}
