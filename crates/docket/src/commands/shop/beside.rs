//! Theirs beside ours, as `docket shop status` tells it.

use super::{count, rows};
use crate::commands::key::words;
use crate::output::Output;
use crate::said::said;
use serde_json::Value;

/// What the last full pass of `shop` listed, beside what is here: in a sentence, and the days on which something is not.
/// Theirs beside ours: one line where they agree, the days where they do not.
pub fn show(shop: &Value, out: &Output) {
    let found = &shop["completeness"];
    let days = rows(&found["days"]);
    // What is here beyond what was listed has come since.
    let differs =
        |day: &&Value| day["theirs"].as_u64() > day["ours"].as_u64() || day["hidden"] != 0;
    let read_to = words(&found["read_to"]);
    let id = words(&shop["shop_id"]);
    let can_be_asked = shop["has_token"] != false && shop["paused"].is_null();
    out.line(out.tell(&match found["complete"].as_bool() {
        None if can_be_asked => said!(
            "theirs beside ours: no full pass yet; `docket shop sync {id} --full` makes one",
            "平台与本地对照：尚未全量拉取；docket shop sync {id} --full 可执行"
        ),
        None => said!("theirs beside ours: no full pass yet", "平台与本地对照：尚未全量拉取"),
        Some(true) => said!(
            "theirs beside ours: all that the marketplace listed until {read_to} is here",
            "平台与本地对照：平台截至 {read_to} 列出的全部订单均已到达"
        ),
        Some(false) => said!(
            "theirs beside ours: something that the marketplace listed until {read_to} is not here",
            "平台与本地对照：平台截至 {read_to} 列出的订单中有缺失"
        ),
    }));
    if let Some(aside @ 1..) = found["aside"].as_u64() {
        out.line(out.tell(&said!(
            "kept aside because it cannot be read: {aside}; `docket reconcile` names each with its reason",
            "因无法读取而搁置：{aside}；docket reconcile 会逐条列出原因"
        )));
    }
    if !days.iter().any(|day| differs(&day)) {
        return;
    }
    let head = [
        out.say("day", "日期"),
        out.say("theirs", "平台"),
        out.say("ours", "本地"),
        out.say("hidden by the list", "列表未列出"),
    ];
    let row = |day: &Value| {
        vec![words(&day["day"]), count(day, "theirs"), count(day, "ours"), count(day, "hidden")]
    };
    out.table(&head, days.iter().filter(differs).map(row));
}
