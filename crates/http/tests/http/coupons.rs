//! Coupons over HTTP: priced at placement, held, given back by a revoke, used up by payment, and their limits.

use crate::center::{TestCenter, example, text};
use serde_json::{Value, json};

fn ten_off() -> Value {
    json!({"title": "10 off", "kind": "amount", "face": 1000, "currency": "CNY"})
}

/// The example for `buyer`, without discounts of its own, with these coupons: 120.00 and freight 6.00.
fn order(buyer: &str, coupons: &Value) -> Value {
    let mut order = example();
    for name in ["expected_total", "platform_discount", "coins", "third_party_discount"] {
        order.as_object_mut().expect("an object").remove(name);
    }
    order["shops"][0]["shop_discount"] = json!(0);
    order["shops"][0]["items"][0]["item_discount"] = json!(0);
    order["buyer_id"] = json!(buyer);
    order["coupons"] = coupons.clone();
    order
}

async fn uses(center: &TestCenter, code: &str) -> (i64, i64) {
    let coupon = center.get(&format!("/api/coupons/{code}")).await.ok(200);
    let number = |name: &str| coupon[name].as_i64().expect("a number");
    (number("held"), number("redeemed"))
}

async fn pay(center: &TestCenter, order: &Value, reference: &str) -> Value {
    let paid = json!({
        "type": "payment_succeeded", "tender": "wechat", "reference": reference,
        "amount": order["payable"], "actor": {"kind": "gateway"}
    });
    center.operate(&order["order_id"], &paid).await.ok(200)
}

async fn revoke(center: &TestCenter, order: &Value) -> Value {
    let revoke = json!({"type": "revoke", "actor": {"kind": "buyer"}});
    center.operate(&order["order_id"], &revoke).await.ok(200)
}

#[tokio::test]
async fn coupons_are_priced_held_given_back_and_used_up() {
    let center = TestCenter::start().await;
    center.put("/api/coupons/TEN", &ten_off()).await.ok(200);
    let percent = json!({
        "kind": "percent", "basis_points": 1050, "cap": 2000, "currency": "CNY", "shop_id": "11",
        "class": "full_reduction", "min_spend": 12000, "total_limit": 5
    });
    let set = center.put("/api/coupons/SHOP", &percent).await.ok(200);
    assert_eq!((&set["version"], &set["held"], &set["cap"]), (&json!(1), &json!(0), &json!(2000)));

    let both = json!([{"code": "TEN"}, {"code": "SHOP"}]);
    let quoted = center.post("/api/quotes", &order("1", &both)).await.ok(200);
    let placed = center.placed(&order("1", &both)).await;
    // 10.5 % of 120.00, then 10.00 of what is left.
    for tree in [&quoted, &placed] {
        assert_eq!(
            tree["coupons"],
            json!([
                {"code": "SHOP", "shop_id": "11", "amount": 1260},
                {"code": "TEN", "shop_id": null, "amount": 1000}
            ])
        );
        assert_eq!(tree["shops"][0]["shop_discount"], 1260);
        assert_eq!(tree["platform_discount"], 1000);
        assert_eq!(tree["payable"], 12000 - 1260 - 1000 + 600);
    }
    assert_eq!((uses(&center, "TEN").await, uses(&center, "SHOP").await), ((1, 0), (1, 0)));
    assert_eq!(
        center.get(&format!("/api/orders/{}", text(&placed["order_id"]))).await.ok(200),
        placed
    );

    revoke(&center, &placed).await;
    assert_eq!((uses(&center, "TEN").await, uses(&center, "SHOP").await), ((0, 0), (0, 0)));

    let placed = center.placed(&order("1", &both)).await;
    pay(&center, &placed, "w1").await;
    assert_eq!((uses(&center, "TEN").await, uses(&center, "SHOP").await), ((0, 1), (0, 1)));
}

#[tokio::test]
async fn a_coupon_that_is_used_up_is_an_effect_of_the_payment() {
    let center = TestCenter::start().await;
    center.put("/api/coupons/TEN", &ten_off()).await.ok(200);
    let placed = center.placed(&order("1", &json!([{"code": "TEN"}]))).await;
    let path = format!("/api/orders/{}/effects", text(&placed["order_id"]));
    assert_eq!(center.get(&path).await.ok(200)["effects"], json!([]));
    pay(&center, &placed, "w1").await;
    let effects = center.get(&path).await.ok(200);
    let of_coupons: Vec<_> = effects["effects"]
        .as_array()
        .expect("effects")
        .iter()
        .filter(|effect| effect["ledger"] == "coupons")
        .collect();
    assert_eq!(of_coupons.len(), 1, "{effects}");
    assert_eq!(of_coupons[0]["effect"], "coupon.redeem:TEN");
    assert_eq!(
        (&of_coupons[0]["kind"], &of_coupons[0]["amount"]),
        (&json!("redeem"), &json!(1000))
    );
}
