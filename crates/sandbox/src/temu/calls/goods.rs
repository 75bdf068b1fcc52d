//! Products: four lists that have none in common.

use super::{Call, Paging, written};
use crate::chance::Draws;
use crate::temu::behave::Word;
use crate::temu::product::{Product, Shelf};
use crate::temu::refusal::{BAD_PARAMS, NO_SEARCH_TYPE, Refusal};
use crate::temu::shop::Shop;
use serde_json::{Value, json};

const PAGE_SIZE_MAX: i64 = 100;

pub fn list(shop: &mut Shop, call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let asked = call.asked;
    // As a number: in quotes it is refused, and this one fault has a code of its own.
    let shelf: i64 = asked.member("goodsSearchType")?.ok_or(NO_SEARCH_TYPE)?;
    let shelf = Shelf::of(shelf).ok_or(BAD_PARAMS)?;
    if asked.number("pageSize")?.is_none() {
        return Err(BAD_PARAMS);
    }
    let paging = Paging::of(call, "pageNo", PAGE_SIZE_MAX)?;
    if let Some(count) = call.plan.has(Word::Vanish) {
        vanish(shop, call, shelf, count);
    }
    // Milliseconds, unlike the times of orders and those in the answer.
    let within = |from: Option<i64>, to: Option<i64>, time: i64| {
        from.is_none_or(|from| from <= time * 1000) && to.is_none_or(|to| time * 1000 <= to)
    };
    let created = (asked.number("crtFrom")?, asked.number("crtTo")?);
    let changed =
        (asked.number("goodsStatusChangeTimeFrom")?, asked.number("goodsStatusChangeTimeTo")?);
    let is_meant = |product: &&Product| {
        product.shelf == shelf
            && within(created.0, created.1, product.created_at)
            && within(changed.0, changed.1, product.shelved_at)
    };
    let mut found: Vec<&Product> = shop.products.iter().filter(is_meant).collect();
    found.sort_by_key(|product| std::cmp::Reverse((product.created_at, product.goods_id)));
    let total = found.len();
    let rows: Vec<Value> =
        paging.of_rows(found).into_iter().map(|product| row(shop, product)).collect();
    Ok(written(&json!({"pageNo": paging.page, "total": total, "goodsList": rows})))
}

/// Deletes products of a shelf by chance.
fn vanish(shop: &mut Shop, call: &Call<'_>, shelf: Shelf, count: u64) {
    shop.churned += 1;
    let mut draws = Draws::of(!call.seed ^ shop.series, shop.churned);
    for _ in 0..count {
        let on_it = |product: &&mut Product| product.shelf == shelf;
        let mut products: Vec<&mut Product> = shop.products.iter_mut().filter(on_it).collect();
        let Some(bound) = std::num::NonZeroU64::new(products.len() as u64) else { break };
        let product = &mut *products[draws.below(bound.get()) as usize];
        (product.shelf, product.shelved_at) = (Shelf::Deleted, call.now.seconds());
    }
}

/// One product; its prices come in the three formats that are seen in the field.
fn row(shop: &Shop, product: &Product) -> Value {
    let decimal = |minor: i64| format!("{}.{:02}", minor / 100, minor % 100);
    let money = |minor: i64| json!({"currency": shop.currency, "amount": decimal(minor)});
    let status = product.shelf.search_type();
    json!({
        "goodsId": product.goods_id,
        "goodsName": product.name,
        "specName": "One size",
        "thumbUrl": "https://img.example.com/thumb.jpg",
        "outGoodsSn": product.code,
        "status4VO": status,
        "subStatus4VO": status * 100 + 1,
        "currency": shop.currency,
        "marketPrice": product.price * 2,
        "listPrice": money(product.price * 2),
        "price": decimal(product.price),
        "retailPrice": money(product.price),
        "outSkuSnList": [product.code],
        "skuIdList": [product.sku_id],
        "skuInfoList": [{"skuId": product.sku_id, "outSkuSn": product.code, "specName": "One size"}],
        "quantity": product.quantity,
        "crtTime": product.created_at,
        "goodsStatusChangeTime": (product.shelved_at * 1000).to_string(),
        "catId": 1_001,
        "lowTrafficTag": 2,
        "restrictedTrafficTag": 2,
    })
}
