//! Products, and the money of orders.

use super::said::{parse, success};
use super::{NOW, body_of};
use docket_connectors::channel::{
    Amounts, Answer, Call, Page, Price, ProductsCall, ProductsPage, TimeField, Window,
};
use docket_domain::Time;
use serde_json::{Value, json};

pub fn products(page: Page) -> Call {
    Call::Products(ProductsCall { bucket: "1".into(), window: None, page, size: 100 })
}

pub fn product(number: u32) -> Value {
    json!({
        "goodsId": 601_099_000_000_i64 + i64::from(number), "goodsName": "Mug", "outGoodsSn": "MUG",
        "status4VO": 1, "subStatus4VO": 101, "currency": "USD", "price": "298.99",
        "retailPrice": {"currency": "USD", "amount": "310.00"}, "marketPrice": 40_000,
        "skuIdList": [11, 12], "skuInfoList": [{"skuId": 11, "outSkuSn": "MUG-R"}],
        "quantity": 40, "crtTime": 1_690_000_000, "goodsStatusChangeTime": "1690000100000",
        "thumbUrl": "https://img.example/1.jpg",
    })
}

fn read(rows: &[Value]) -> ProductsPage {
    let result = json!({"pageNo": 1, "total": rows.len(), "goodsList": rows});
    match parse(&products(Page::First), &success(&result)) {
        Ok(Answer::Products(page)) => page,
        other => panic!("{other:?}"),
    }
}

#[test]
fn products_are_asked_by_list_and_page_in_their_own_words() {
    let asked = body_of(&products(Page::Number(3)));
    assert_eq!((&asked["pageNo"], &asked["goodsSearchType"]), (&json!(3), &json!(1)));
    let window = Window { by: TimeField::Created, from: Time(NOW.0 - 5000), to: NOW };
    let call =
        ProductsCall { bucket: "6".into(), window: Some(window), page: Page::First, size: 9 };
    let asked = body_of(&Call::Products(call));
    assert_eq!(asked["crtFrom"], 1_699_999_995_000_i64);
    assert_eq!(asked["crtTo"], 1_700_000_000_999_i64, "to the end of its last second");
}

#[test]
fn a_product_is_read_whole() {
    let page = read(&[product(1)]);
    let product = &page.products[0];
    assert_eq!((product.number.as_str(), product.bucket.as_str()), ("601099000001", "1"));
    assert_eq!((product.code.as_deref(), product.status.as_deref()), (Some("MUG"), Some("1")));
    assert_eq!(product.price, Some(Price { amount: 29_899, currency: Some("USD".into()) }));
    assert_eq!(product.created_at, Some(Time(1_690_000_000_000)));
    assert_eq!(product.changed_at, Some(Time(1_690_000_100_000)));
    assert_eq!(product.stock, Some(40));
    let skus: Vec<_> =
        product.skus.iter().map(|sku| (sku.sku_id.as_str(), sku.code.as_deref())).collect();
    assert_eq!(skus, [("11", Some("MUG-R")), ("12", None)]);
    assert_eq!(page.next, None);
}

#[test]
fn an_edit_that_no_time_tells_of_is_seen_by_the_hash() {
    let hash = |product: &Value| read(std::slice::from_ref(product)).products[0].hash;
    let before = product(1);
    let mut edited = before.clone();
    edited["price"] = json!("298.98");
    assert_ne!(hash(&before), hash(&edited));
    assert_eq!(hash(&before), hash(&product(1)));
}

#[test]
fn prices_are_read_by_how_this_list_writes_them() {
    let price = |change: &dyn Fn(&mut Value)| {
        let mut product = product(1);
        change(&mut product);
        read(&[product]).products[0].price.clone()
    };
    let is = |amount, code: &str| Some(Price { amount, currency: Some(code.to_owned()) });
    assert_eq!(price(&|row| row["price"] = json!("7")), is(700, "USD"));
    assert_eq!(
        price(&|row| row["price"] = json!({"amount": "5", "currency": "JPY"})),
        is(5, "JPY")
    );
    assert_eq!(price(&|row| row["price"] = json!(29_899)), is(31_000, "USD"), "the other field");
    let unknown = price(&|row| {
        row["currency"] = json!("???");
        row["retailPrice"] = Value::Null;
    });
    assert_eq!(unknown, None);
}

fn amounts(result: &Value) -> Amounts {
    match parse(&Call::Amounts { order: "PO-211-1".into() }, &success(result)) {
        Ok(Answer::Amounts(amounts)) => amounts,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_amount_that_is_not_told_is_unknown_and_never_nought() {
    let money = |amount: i64| json!({"currency": "USD", "amount": amount});
    let read = amounts(&json!({
        "parentOrderMap": {
            "parentOrderSn": "PO-211-1", "basePriceTotal": money(1_000), "taxTotal": money(0),
            "customerPaid": null, "refundsTotal": {"currency": "USD"}, "signOnDelivery": null,
            "shippingAmountTotal": "12", "estimatedRevenue": {"amount": i64::MAX},
        },
        "orderList": [
            {"orderSn": "211-1-1", "basePrice": money(1_000), "unitBasePrice": money(500), "quantity": 2},
            {"basePrice": money(5)}, 7,
        ],
    }));
    let usd = |amount| Some(Price { amount, currency: Some("USD".into()) });
    assert_eq!((read.goods, read.tax), (usd(1_000), usd(0)));
    assert_eq!((read.paid, read.refunded, read.freight, read.revenue), (None, None, None, None));
    assert_eq!(read.lines.len(), 1);
    assert_eq!((read.lines[0].unit_price.clone(), read.lines[0].units), (usd(500), Some(2)));
    let other = json!({"parentOrderMap": {"parentOrderSn": "PO-211-2"}});
    let fault = parse(&Call::Amounts { order: "PO-211-1".into() }, &success(&other)).unwrap_err();
    assert_eq!(fault.word(), "garbled");
}
