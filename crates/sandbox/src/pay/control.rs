//! The tester's side: tells payments how to misbehave, skips time, and gets the truth.

use super::behave::Plan;
use super::book::RefundStanding;
use super::calls::Call;
use super::{Answer, Gateway, Refusal, json, words};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    /// Words of behaviour; of one payment where `payment_id` is given, else of all that are heard of from now on.
    behave: Option<String>,
    payment_id: Option<String>,
    /// A refund of which the bank changes its mind, and what it is from now on: `done` or `failed`.
    refund_id: Option<String>,
    becomes: Option<String>,
    /// How much time to skip, in milliseconds.
    #[serde(default)]
    skip_ms: u64,
}

/// Does what the tester wishes and tells the truth.
pub fn wish(gateway: &Arc<Gateway>, body: &[u8]) -> Answer {
    match done(gateway, body) {
        Ok(()) => json(200, &truth(gateway)),
        Err(refusal) => json(refusal.status, &refusal.body()),
    }
}

fn done(gateway: &Arc<Gateway>, body: &[u8]) -> Result<(), Refusal> {
    let wish: Wish = serde_json::from_slice(body).map_err(|_| Refusal::of(400, "malformed"))?;
    if let Some(text) = wish.behave {
        let plan = Plan::read(&text).map_err(|_| Refusal::of(422, "unknown_behaviour"))?;
        let mut memory = gateway.memory();
        match wish.payment_id {
            Some(id) => {
                let plan = Plan::default().over(plan, gateway.settings.seed, &id);
                memory.plans.insert(id, plan);
            }
            None => memory.usual = plan,
        }
    }
    if let (Some(id), Some(word)) = (wish.refund_id, wish.becomes) {
        let standing = [RefundStanding::Done, RefundStanding::Failed];
        let standing = standing.into_iter().find(|standing| standing.word() == word);
        change_mind(gateway, &id, standing.ok_or(Refusal::of(422, "becomes"))?)?;
    }
    gateway.pace.skip(wish.skip_ms);
    Ok(())
}

/// The bank says otherwise of a refund than it did, and the merchant is called.
fn change_mind(gateway: &Arc<Gateway>, id: &str, standing: RefundStanding) -> Result<(), Refusal> {
    let mut memory = gateway.memory();
    let refund = memory.book.refunds.get_mut(id).ok_or(Refusal::of(404, "not_found"))?;
    refund.standing = standing;
    let refund = refund.clone();
    let plan = memory.plan(&refund.asked.payment_id);
    let payment = &memory.book.payments[&refund.asked.payment_id];
    gateway.call(Call::of_refund(&refund, payment, &plan));
    Ok(())
}

/// All that the gateway knows, whatever it tells merchants.
pub fn truth(gateway: &Gateway) -> Value {
    let memory = gateway.memory();
    let payments: Vec<Value> =
        memory.book.payments.values().map(|payment| payment.told(None)).collect();
    let plans: BTreeMap<&String, String> =
        memory.plans.iter().map(|(id, plan)| (id, plan.to_string())).collect();
    let refunds: Vec<Value> = memory.book.refunds.values().map(super::book::Refund::told).collect();
    let words =
        words().map(|(word, number, does)| json!({"word": word, "number": number, "does": does}));
    json!({
        "seed": gateway.settings.seed,
        "merchant": gateway.settings.merchant,
        "behave": memory.usual.to_string(),
        "plans": plans,
        "skipped_ms": gateway.pace.skipped(),
        "waiting": gateway.pace.waiting(),
        "under_way": gateway.jobs.len(),
        "payments": payments,
        "refunds": refunds,
        "callbacks": memory.called,
        "words": words.collect::<Vec<_>>(),
    })
}
