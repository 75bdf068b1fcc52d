//! What an order moved in the ledgers beside it, as `docket explain` shows it.

use super::voice::{Voice, text};
use crate::output::Output;
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
            effect["amount"].to_string(),
            word("owner"),
            kept,
        ]
    };
    out.table(&head, effects.iter().map(row));
}
