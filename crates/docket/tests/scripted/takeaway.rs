//! Takeaway orders in every combination of store status, refund, delivery and cancel kind.

use super::{Order, Script, kitchens};
use serde_json::json;

/// Steps of a delivery, by the operations that lead there; none is the first.
const STEPS: [Option<&str>; 7] = [
    None,
    Some("accept"),
    Some("start_preparing"),
    Some("prepare"),
    Some("call_courier"),
    Some("pick_up"),
    Some("deliver"),
];
/// What is asked of a shop order, one after another.
type Acts = &'static [(&'static str, &'static str)];

/// An order of many kitchens: each is brought to a step of its own, before or after the same was asked of all.
fn at_each_step(script: &Script, acts: Acts, before: bool) {
    let steps = if before { &STEPS[..] } else { &STEPS[1..] };
    let mut order = script.paid(&kitchens(steps.len()));
    let step = |order: &mut Order<'_>| {
        for (shop, step) in steps.iter().enumerate() {
            let Some(step) = step else { continue };
            let node = order.shop(shop);
            // Steps may be skipped, but for acceptance.
            if *step != "accept" {
                order.at(&node, "store", &json!({"type": "accept"}));
            }
            let who = if *step == "deliver" { "courier" } else { "store" };
            order.at(&node, who, &json!({"type": step}));
        }
    };
    if before {
        step(&mut order);
    }
    for shop in 0..steps.len() {
        for (actor, kind) in acts {
            let node = order.shop(shop);
            match *kind {
                "request_refund" | "refund_by_store" => {
                    order.at(&node, actor, &json!({"type": kind, "reason": "cold"}))
                }
                _ => order.of_refund(shop, actor, kind),
            };
        }
    }
    if !before {
        step(&mut order);
    }
}

/// Shop orders of takeaway in every combination of the table.
pub fn takeaway(script: &Script) {
    const REQUEST: (&str, &str) = ("buyer", "request_refund");
    const AGREE: (&str, &str) = ("store", "agree_refund");
    const REJECT: (&str, &str) = ("store", "reject_refund");
    const BY_STORE: (&str, &str) = ("store", "refund_by_store");
    const BACK: (&str, &str) = ("gateway", "refund_succeeded");
    const FAILED: (&str, &str) = ("gateway", "refund_failed");
    let ways: [Acts; 7] = [
        &[],
        &[REQUEST],
        &[REQUEST, AGREE],
        &[REQUEST, AGREE, BACK],
        &[BY_STORE, BACK],
        &[REQUEST, REJECT],
        &[BY_STORE, FAILED],
    ];
    for acts in ways {
        at_each_step(script, acts, true);
    }
    at_each_step(script, &[REQUEST, REJECT], false);
    at_each_step(script, &[BY_STORE, FAILED], false);
    let mut rejected = script.paid(&kitchens(1));
    rejected.ask("store", &json!({"type": "reject", "reason": "closed"}));
    rejected.of_refund(0, "gateway", "refund_succeeded");
}
