//! Orders before their money is there, what happens to money that is not for them, and what is no parcel.

use super::{Script, item, kitchens, parcel, ship_to, text};
use serde_json::{Value, json};

/// Everything before money is there, and revokes.
pub fn unpaid(script: &Script) {
    for cart in [kitchens(1), parcel()] {
        script.place(&cart);
        let attempt = json!({"type": "start_payment", "tender": "card"});
        script.place(&cart).ask("buyer", &attempt);
        script.place(&cart).money("voucher", 300);
        script
            .place(&cart)
            .ask("buyer", &attempt)
            .ask("gateway", &json!({"type": "payment_failed"}));
        script.place(&cart).ask("buyer", &attempt).ask("buyer", &json!({"type": "revoke"}));
        for actor in ["buyer", "store"] {
            script.place(&cart).ask(actor, &json!({"type": "revoke", "reason": "no more"}));
        }
    }
    // Closing what is open at a gateway that does not answer; one cannot be closed at all, one takes long.
    for (words, cart) in [("try_later=1000", kitchens(1)), ("try_later=1000", parcel())] {
        script.center.sandbox.behave(words);
        let mut order = script.place(&cart);
        script.center.start(&order.id());
        order.ask("buyer", &json!({"type": "revoke"}));
        order.until("it cannot be closed", |tree| tree["revoke_status"] == "revoke_failed");
    }
    script.center.sandbox.behave("");
    // Terms that change, nodes that are dropped, coins that are cut.
    let mut cart = parcel();
    cart["buyer_id"] = json!("rich");
    cart["coins"] = json!(200);
    cart["platform_discount"] = json!(500);
    cart["third_party_discount"] = json!(33);
    cart["coupons"] = json!([{"code": "FIVE"}]);
    cart["tags"] = json!(["vip", "gift"]);
    cart["extra"] = json!({"note": "as it was"});
    cart["tax_included"] = json!(false);
    cart["shops"][0]["freight_tax"] = json!(78);
    cart["shops"][0]["items"] = json!([item("tea", "3", 1_000), item("pot", "1", 5_000)]);
    cart["shops"][0]["items"][0]["tax"] = json!(130);
    cart["shops"][0]["items"][0]["item_discount"] = json!(100);
    let more = json!({"shop_id": "12", "items": [item("book", "1", 3_900)]});
    cart["shops"].as_array_mut().expect("shops").push(more);
    let mut order = script.place(&cart);
    let node = order.shop(0);
    order.at(
        &node,
        "seller",
        &json!({"type": "adjust_price", "shop_discount": 250, "freight": 500}),
    );
    let moved = json!({"type": "change_address", "ship_to": ship_to("李雷", "13900002222"), "freight": 700});
    order.at(&node, "buyer", &moved);
    let line = json!({"type": "drop", "lines": [{"order_id": order.line(0, 1)}], "platform_discount": 100});
    order.at(&node, "buyer", &line);
    let (node, drop) = (order.shop(1), json!({"type": "drop", "platform_discount": 50}));
    order.at(&node, "buyer", &drop);
}

/// Money that is due back, money of two orders, money of a gateway.
pub fn money(script: &Script) {
    for end in [None, Some("refund_succeeded"), Some("refund_failed")] {
        let mut order = script.place(&parcel());
        order.ask("buyer", &json!({"type": "revoke"})).pay();
        if let Some(end) = end {
            let due = order.tree["refunds_due"][0]["refund_id"].clone();
            order.ask(
                "gateway",
                &json!({"type": end, "refund_id": due, "reference": format!("due-{end}")}),
            );
        }
    }
    script.paid(&parcel()).money("card", 77);
    script.place(&parcel()).money("voucher", 300).ask("buyer", &json!({"type": "revoke"}));
    // The same reference on two orders.
    let taken =
        json!({"type": "payment_succeeded", "tender": "card", "reference": "twice", "amount": 100});
    script.place(&parcel()).ask("gateway", &taken);
    let second = script.place(&parcel()).id();
    let mut taken = taken;
    taken["actor"] = json!({"kind": "gateway"});
    let (status, said) = script.center.post(&format!("/api/orders/{second}/operations"), &taken);
    assert_eq!(status, 409, "{said}");
    // Through the gateway, with everything that a payment brings about; one is given back there.
    let mut cart = parcel();
    cart["buyer_id"] = json!("rich");
    cart["coins"] = json!(100);
    cart["coupons"] = json!([{"code": "FIVE"}]);
    let rice = json!({"sku_id": "rice", "quantity": "1.500", "list_price": 990, "weighed": true});
    cart["shops"][0]["items"] = json!([item("tea", "3", 1_000), rice]);
    for back in [false, true] {
        let mut order = script.place(&cart);
        let attempt = script.center.start(&order.id());
        script.center.sandbox.pay(&attempt, &json!({}));
        order.until("it is paid", |tree| tree["payment_status"] == "paid");
        if back {
            order.ask("store", &json!({"type": "refund_by_store", "reason": "sold out"}));
            order.until("it went back", |tree| tree["store_status"] == "refunded");
        }
    }
}

/// What is neither parcel nor takeaway, and words of people.
pub fn others(script: &Script) {
    let rice = json!({"sku_id": "rice", "title": "Rice", "quantity": "1.250", "list_price": 990, "weighed": true});
    let counter = json!({"currency": "CNY", "type": "goods", "client_token": "till-1", "actor": {"kind": "till", "id": "7"},
        "shops": [{"shop_id": "31", "fulfilment": "counter", "items": [rice]}]});
    let mut sale = script.place(&counter);
    let cash = json!({"type": "payment_succeeded", "tender": "cash", "reference": "r1", "amount": sale.tree["payable"]});
    sale.ask("till", &cash);
    let mut cart = parcel();
    cart["shops"][0]["items"] = json!([rice]);
    let mut order = script.paid(&cart);
    let weighed =
        json!({"type": "weigh", "lines": [{"order_id": order.line(0, 0), "quantity": "1.100"}]});
    order.ask("store", &weighed);
    let mut order = script.paid(&cart);
    let weighed =
        json!({"type": "weigh", "lines": [{"order_id": order.line(0, 0), "quantity": "1.050"}]});
    order.ask("store", &weighed).of_refund(0, "gateway", "refund_succeeded").ship(&Value::Null);
    for kind in ["ticket", "phone_credit", "membership"] {
        let cart = json!({"buyer_id": "b2", "currency": "CNY", "type": kind, "platform": "android",
            "shops": [{"shop_id": "41", "items": [item("code", "1", 18_000)]}]});
        let mut order = script.paid(&cart);
        if kind == "ticket" {
            order.ask("seller", &json!({"type": "ship"})).receive();
            let line = text(&order.line(0, 0));
            order.at(
                &line,
                "buyer",
                &json!({"type": "rate", "score": 5, "text": "wonderful 精彩"}),
            );
        }
    }
    for (times, end) in [(1, "hide"), (2, "delete"), (0, "")] {
        let mut order = script.paid(&parcel());
        order.ship(&Value::Null).receive();
        let line = text(&order.line(0, 0));
        for score in 0..times {
            order.at(&line, "buyer", &json!({"type": "rate", "score": 4 + score}));
        }
        order.ask(
            "seller",
            &json!({"type": "note", "text": "fragile 易碎", "en_remark": "take care"}),
        );
        order
            .ask("seller", &json!({"type": "tag", "add": ["fragile", "late"], "remove": ["late"]}));
        match end {
            "" => order
                .ask("buyer", &json!({"type": "hide"}))
                .ask("buyer", &json!({"type": "restore"})),
            end => order.ask("buyer", &json!({"type": end})),
        };
    }
}
