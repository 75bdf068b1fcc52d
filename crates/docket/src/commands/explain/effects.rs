//! What an order moved in the ledgers beside it, as `docket explain` shows it: in units that people count in.

use super::voice::{Voice, text};
use crate::output::Output;
use docket_domain::Quantity;
use docket_domain::ledger::Ledger;
use serde_json::Value;

/// Prints the effects, if there are any.
pub fn print(effects: &Value, voice: &Voice, out: &Output) {
    let effects: Vec<&Value> = effects.as_array().into_iter().flatten().collect();
    if effects.is_empty() {
        return;
    }
    out.line("");
    out.line(out.say("What it moved", "账本变动"));
    let head = [
        "#",
        out.say("time", "时间"),
        out.say("effect", "变动"),
        out.say("amount", "数量"),
        out.say("owner", "所有者"),
        out.say("ledger", "账本"),
    ];
    let row = |effect: &&Value| {
        let word = |name: &str| text(effect, name).unwrap_or_default().to_owned();
        let kept = match text(effect, "kept") {
            Some("elsewhere") => out.say("elsewhere", "外部").to_owned(),
            _ => out.say("here", "本地").to_owned(),
        };
        vec![
            effect["seq"].to_string(),
            voice.time(&effect["at"]),
            word("effect"),
            amount(effect, voice),
            word("owner"),
            kept,
        ]
    };
    out.table(&head, effects.iter().map(row));
}

/// How much was moved, in the unit of its ledger: money, units of goods, points or pieces.
fn amount(effect: &Value, voice: &Voice) -> String {
    let Some(amount) = effect["amount"].as_i64() else { return String::new() };
    let ledger = Ledger::ALL.iter().find(|ledger| Some(ledger.word()) == text(effect, "ledger"));
    let (count, en, zh) = match ledger {
        Some(Ledger::Coins | Ledger::Coupons) => return voice.money(&effect["amount"]),
        Some(Ledger::Stock | Ledger::Slips) => (Quantity(amount).to_string(), "units", "件"),
        Some(Ledger::Points) => (amount.to_string(), "points", "积分"),
        Some(Ledger::Gifts) | None => (amount.to_string(), "", ""),
    };
    format!("{count} {}", voice.say(en, zh)).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use docket_domain::story::Language;
    use serde_json::json;

    #[test]
    fn amounts_are_told_as_people_count_them() {
        let voice = Voice::new(Language::En, &json!({"currency": "CNY"}));
        let told =
            |ledger: &str, moved: i64| amount(&json!({"ledger": ledger, "amount": moved}), &voice);
        assert_eq!(told("stock", 1_250), "1.25 units");
        assert_eq!(told("slips", 3_000), "3 units");
        assert_eq!(told("coins", 100), "1.00 CNY");
        assert_eq!(told("coupons", 300), "3.00 CNY");
        assert_eq!(told("points", 115), "115 points");
        assert_eq!(told("gifts", 1), "1");
    }
}
