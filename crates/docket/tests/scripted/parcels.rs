//! Parcels on their way, refunds in every state, returns and cancels.

use super::{Order, Script, parcel};
use serde_json::{Value, json};

/// One unit of the first line.
fn one(order: &Order<'_>) -> Value {
    json!([{"order_id": order.line(0, 0), "quantity": "1"}])
}

/// Parcels on their way, refunds in every state, returns, cancels.
pub fn parcels(script: &Script) {
    script.paid(&parcel());
    let mut partly = script.paid(&parcel());
    let lines = one(&partly);
    partly.ship(&lines);
    script
        .paid(&parcel())
        .ship(&Value::Null)
        .ask("seller", &json!({"type": "extend_receipt", "days": 5}));
    script.paid(&parcel()).ship(&Value::Null).receive();
    // Refunds of a part and of all, at three stages.
    for stage in 0..3 {
        for all in if stage == 0 { &[false, true][..] } else { &[true] } {
            for end in ["", "withdraw", "reject", "agree", "back", "failed"] {
                let mut order = script.paid(&parcel());
                if stage > 0 {
                    order.ship(&Value::Null);
                }
                if stage > 1 {
                    order.receive();
                }
                let mut wish = json!({"type": "request_refund", "reason": "one too many"});
                if !*all {
                    wish["lines"] = one(&order);
                }
                order.ask("buyer", &wish);
                match end {
                    "" => {}
                    "withdraw" => drop(order.of_refund(0, "buyer", "withdraw_refund")),
                    "reject" => drop(order.of_refund(0, "seller", "reject_refund")),
                    _ => drop(order.of_refund(0, "seller", "agree_refund")),
                }
                match end {
                    "back" => drop(order.of_refund(0, "gateway", "refund_succeeded")),
                    "failed" => drop(order.of_refund(0, "gateway", "refund_failed")),
                    _ => {}
                }
            }
        }
    }
    refunds(script);
    returns(script);
    cancels(script);
}

/// Refunds of a life of their own: goodwill, freight, two payments, failed and tried again, bounced, given twice.
fn refunds(script: &Script) {
    let by_store = |more: Value| {
        let mut asked = json!({"type": "refund_by_store", "reason": "sorry"});
        for (name, value) in more.as_object().expect("fields") {
            asked[name] = value.clone();
        }
        asked
    };
    let mut order = script.paid(&parcel());
    order.ask("store", &by_store(json!({"lines": [], "goodwill": 250})));
    order.of_refund(0, "gateway", "refund_succeeded");
    order.ask("store", &by_store(json!({"lines": [], "freight": 300})));
    order.ask("store", &by_store(json!({})));
    let mut order = script.place(&parcel());
    order.money("voucher", 2_000).money("card", 1_600);
    order.ask("store", &by_store(json!({})));
    let payment = order.tree["payments"][1]["payment_id"].clone();
    let refund = order.refund(0);
    for (end, reference) in [("refund_failed", "try-1"), ("refund_succeeded", "try-2")] {
        order.ask("gateway", &json!({"type": end, "refund_id": refund, "payment_id": payment, "reference": reference}));
    }
    // It bounces, and goes again.
    for (end, reference) in [("refund_failed", "try-2"), ("refund_succeeded", "try-3")] {
        order.ask("gateway", &json!({"type": end, "refund_id": refund, "payment_id": payment, "reference": reference}));
    }
    let mut twice = script.paid(&parcel());
    twice.ask("store", &by_store(json!({})));
    for reference in ["once", "again"] {
        let refund = twice.refund(0);
        let back = json!({"type": "refund_succeeded", "refund_id": refund, "reference": reference});
        twice.ask("gateway", &back);
    }
}

/// Goods that come back, waited for and there.
fn returns(script: &Script) {
    for there in [false, true] {
        let mut order = script.paid(&parcel());
        order.ship(&Value::Null).receive();
        let wish = json!({"type": "request_refund", "lines": one(&order), "goods_back": true, "reason": "cracked"});
        order.ask("buyer", &wish).of_refund(0, "seller", "agree_refund");
        if there {
            let back =
                json!({"type": "receive_return", "refund_id": order.refund(0), "restock": true});
            order.ask("seller", &back).of_refund(0, "gateway", "refund_succeeded");
        }
    }
}

/// What was paid and is not wanted any more.
fn cancels(script: &Script) {
    let ways: [&[(&str, &str)]; 6] = [
        &[("buyer", "request_cancel")],
        &[("seller", "request_cancel")],
        &[("buyer", "request_cancel"), ("seller", "refuse_cancel")],
        &[("seller", "request_cancel"), ("seller", "withdraw_cancel")],
        &[("buyer", "request_cancel"), ("seller", "agree_cancel")],
        &[("seller", "request_cancel"), ("buyer", "agree_cancel")],
    ];
    for acts in ways {
        let mut order = script.paid(&parcel());
        for (actor, kind) in acts {
            let why =
                matches!(*kind, "request_cancel" | "refuse_cancel").then_some("ordered twice");
            order.ask(
                actor,
                &why.map_or(json!({"type": kind}), |why| json!({"type": kind, "reason": why})),
            );
        }
        if acts.last().is_some_and(|(_, kind)| *kind == "agree_cancel") {
            order.of_refund(0, "gateway", "refund_succeeded");
        }
    }
    script.paid(&parcel()).ask("buyer", &json!({"type": "request_cancel"})).ship(&Value::Null);
}
