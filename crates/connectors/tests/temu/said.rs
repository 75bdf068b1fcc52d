//! Replies of Temu as it would say them.

use docket_connectors::channel::temu::Temu;
use docket_connectors::channel::{Answer, Call, Connector, Fault};
use docket_connectors::{Message, Reply, Stamp};
use docket_domain::Time;
use serde_json::{Value, json};

pub fn success(result: &Value) -> String {
    let envelope = json!({
        "success": true, "errorCode": 1_000_000, "errorMsg": "", "requestId": "us-1",
        "result": result,
    });
    envelope.to_string()
}

pub fn failure(code: i64, said: &str) -> String {
    json!({"success": false, "errorCode": code, "errorMsg": said, "requestId": "us-2"}).to_string()
}

pub fn parse(call: &Call, body: &str) -> Result<Answer, Fault> {
    parse_bytes(call, 200, &[], body.as_bytes())
}

pub fn parse_bytes(
    call: &Call,
    status: u16,
    headers: &[(String, String)],
    body: &[u8],
) -> Result<Answer, Fault> {
    let message = Message { headers, body };
    let asked = Stamp { at: super::NOW, nonce: 0 };
    Temu.parse(call, &Reply { status, message, asked, came_at: Time(super::NOW.0 + 50) })
}

/// A row of the list: a parent with two children.
pub fn row(number: u32) -> Value {
    json!({
        "parentOrderMap": {
            "parentOrderSn": format!("PO-211-{number}"), "parentOrderStatus": 2,
            "parentOrderTime": 1_699_990_000, "updateTime": 1_699_999_500,
            "parentOrderPendingFinishTime": 1_699_993_600, "expectShipLatestTime": 1_700_090_000,
            "latestDeliveryTime": 1_700_600_000, "parentShippingTime": null,
            "parentConfirmTime": 0, "siteId": 100, "regionId": 211,
            "parentOrderLabel": [
                {"name": "customized_products", "value": 0}, {"name": "soon_to_be_overdue", "value": 1},
            ],
            "fulfillmentWarning": ["SUGGEST_X"], "hasShippingFee": null, "orderPaymentType": "PPD",
            "batchOrderNumberList": [], "shippingMethod": 1, "newField": {"a": [1.50]},
        },
        "orderList": [line(number, 1), line(number, 2)],
    })
}

pub fn line(order: u32, line: u32) -> Value {
    json!({
        "orderSn": format!("211-{order}-{line}"), "goodsId": 601_099_512_345_678_i64,
        "skuId": 17_592_186_044_416_i64, "quantity": 2, "originalOrderQuantity": 3,
        "canceledQuantityBeforeShipment": 1, "orderStatus": 2, "spec": "Red, M",
        "originalSpecName": "红, M", "goodsName": "Mug", "originalGoodsName": "杯子",
        "thumbUrl": "https://img.example/1.jpg",
        "productList": [{"productId": 1, "productSkuId": 2, "soldFactor": 1, "extCode": "MUG-R"}],
        "orderLabel": [{"name": "pending_buyer_cancellation", "value": 0}],
        "fulfillmentType": "fulfillBySeller", "packageAbnormalTypeList": [],
        "inventoryDeductionWarehouseId": "WH-1", "orderShippingTime": null,
        "orderCreateTime": 1_699_990_000, "isCancelledDuringPending": false,
    })
}

pub fn page(rows: &[Value], total: u64) -> String {
    success(&json!({"totalItemNum": total, "pageItems": rows}))
}
