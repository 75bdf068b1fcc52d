//! What buyers want back: before it is sent, a list without any range of time; after that, one that needs a range.

use super::{Call, Paging, written};
use crate::temu::order::{Aftersale, AftersaleKind};
use crate::temu::received::Received;
use crate::temu::refusal::{ILLEGAL, Refusal};
use crate::temu::shop::Shop;
use serde_json::{Value, json};

const PAGE_SIZE_MAX: i64 = 200;
const NAMED_MAX: usize = 200;

/// What both lists are asked for.
struct Filter {
    orders: Vec<String>,
    numbers: Vec<String>,
    group: Option<i64>,
}

impl Filter {
    fn read(asked: &Received) -> Result<Self, Refusal> {
        let orders: Vec<String> = asked.member("parentOrderSnList")?.unwrap_or_default();
        let numbers: Vec<String> = asked.member("parentAfterSalesSnList")?.unwrap_or_default();
        if orders.len().max(numbers.len()) > NAMED_MAX {
            return Err(ILLEGAL);
        }
        Ok(Self { orders, numbers, group: asked.number("afterSalesStatusGroup")? })
    }

    fn takes(&self, shop: &Shop, aftersale: &Aftersale) -> bool {
        let order = &shop.orders[aftersale.order as usize].number;
        (self.orders.is_empty() || self.orders.iter().any(|number| **number == **order))
            && (self.numbers.is_empty() || self.numbers.contains(&aftersale.number))
            && self.group.is_none_or(|group| group == aftersale.group)
    }
}

/// The page of those that `is_meant` says, the newest first.
fn page(
    shop: &Shop,
    call: &Call<'_>,
    is_meant: impl Fn(&Aftersale) -> bool,
    row: impl Fn(&Aftersale) -> Value,
) -> Result<Vec<u8>, Refusal> {
    let paging = Paging::of(call, "pageNo", PAGE_SIZE_MAX).map_err(|_| ILLEGAL)?;
    let filter = Filter::read(call.asked)?;
    let is_meant = |aftersale: &&Aftersale| is_meant(aftersale) && filter.takes(shop, aftersale);
    let mut found: Vec<&Aftersale> = shop.aftersales.iter().filter(is_meant).collect();
    found.sort_by_key(|aftersale| std::cmp::Reverse((aftersale.updated_at, &aftersale.number)));
    let total = found.len();
    let rows: Vec<Value> = paging.of_rows(found).into_iter().map(row).collect();
    Ok(written(&json!({"total": total, "pageNumber": paging.page, "data": rows})))
}

pub fn cancels(shop: &Shop, call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let row = |aftersale: &Aftersale| {
        let order = &shop.orders[aftersale.order as usize];
        let child = &order.children[aftersale.child as usize];
        let product = &shop.products[child.product as usize];
        json!({
            "parentAfterSalesSn": aftersale.number,
            "parentAfterSalesStatus": aftersale.status(),
            "afterSalesInfoList": [{
                "afterSalesSn": format!("{}-1", aftersale.number),
                "parentOrderSn": order.number,
                "orderSn": child.number,
                "productSkuId": product.sku_id,
                "applyGoodsNumber": aftersale.units,
                "goodsId": product.goods_id,
                "productList": [{"productSkuId": product.sku_id, "extCode": product.code}],
                "createAtMillis": aftersale.created_at * 1000,
            }],
        })
    };
    page(shop, call, |aftersale| aftersale.kind == AftersaleKind::Cancel, row)
}

pub fn aftersales(shop: &Shop, call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let created = call.asked.range("createAtStart", "createAtEnd").map_err(|_| ILLEGAL)?;
    let updated = call.asked.range("updateAtStart", "updateAtEnd").map_err(|_| ILLEGAL)?;
    if created.is_none() && updated.is_none() {
        return Err(ILLEGAL);
    }
    let is_meant = |aftersale: &Aftersale| {
        aftersale.kind == AftersaleKind::Refund
            && created.is_none_or(|range| (range.from..=range.to).contains(&aftersale.created_at))
            && updated.is_none_or(|range| (range.from..=range.to).contains(&aftersale.updated_at))
    };
    let row = |aftersale: &Aftersale| {
        json!({
            "parentAfterSalesSn": aftersale.number,
            "afterSalesStatusGroup": aftersale.group,
            "operateExpireTimeMs": (aftersale.created_at + 172_800) * 1000,
            "availableOperateList": [],
            "returnDeliveryType": 1,
            "parentAfterSalesStatus": aftersale.status(),
            "parentOrderSn": shop.orders[aftersale.order as usize].number,
            "updateAt": aftersale.updated_at,
            "afterSalesType": 1,
            "createAt": aftersale.created_at,
        })
    };
    page(shop, call, is_meant, row)
}

/// What named refunds are of: what was sold, not which line of the order.
pub fn goods(shop: &Shop, call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let named: Vec<String> = call.asked.member("parentAfterSalesSnList")?.unwrap_or_default();
    if named.is_empty() {
        return Err(ILLEGAL);
    }
    let row = |aftersale: &Aftersale| {
        let order = &shop.orders[aftersale.order as usize];
        let child = &order.children[aftersale.child as usize];
        let product = &shop.products[child.product as usize];
        json!({
            "parentAfterSalesSn": aftersale.number,
            "productSkuId": product.sku_id,
            "applyAfterSalesGoodsNumber": aftersale.units,
            "afterSalesSn": format!("{}-1", aftersale.number),
            "goodsId": product.goods_id,
            "skuId": product.sku_id,
            "productList": [{"productSkuId": product.sku_id, "extCode": product.code}],
            "afterSalesStatus": aftersale.status(),
            "afterSalesType": 1,
        })
    };
    page(shop, call, |aftersale| aftersale.kind == AftersaleKind::Refund, row)
}
