//! `docket explain`: the whole story of an order, now or at a past moment, for people in their language. What
//! each part looks like stands in `tree` (what was ordered, at which price), `facts` (what happened to money
//! and goods) and `voice` (words, money and times).

mod effects;
mod facts;
mod tree;
mod voice;

use crate::center::{self, Center};
use crate::cli::Options;
use crate::failure::Failure;
use crate::log;
use crate::output::Output;
use crate::said::said;
use docket_domain::story::{self, Language};
use docket_domain::{Actor, ActorKind, Time};
use docket_wire::moment;
use serde_json::{Value, json};
pub use voice::{Axis, Voice, each, text};

/// Added to a whole second it is the last moment of it.
const LAST_MS_OF_A_SECOND: i64 = 999;

/// Arguments of `docket explain`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The number of the order or of any of its parts, or the one its source gave it
    order: String,
    /// As it was then: RFC 3339, such as 2026-11-20T10:00:00+08:00; a whole second means its end
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

/// Tells the story.
pub async fn run(args: Args, options: &Options) -> Result<(), Failure> {
    log::start_quiet();
    let at = args.at.as_deref().map(moment_meant).transpose()?;
    let out = options.output();
    let (order, activities, effects) = center::with_one_that_is_there(options, async |center| {
        fetch(&args.order, at.as_deref(), center, out.language).await
    })
    .await?;
    let told = json!({"order": order, "activities": activities, "effects": effects});
    out.show(&told, |out| {
        print(&order, &activities, out);
        effects::print(&effects, &Voice::new(out.language, &order), out);
    });
    Ok(())
}

/// The moment that `--at` means: a second that is given whole is looked at from its end, so that what was done
/// within it has happened.
fn moment_meant(text: &str) -> Result<String, Failure> {
    let Some(time) = moment::parse(text) else {
        return Err(Failure::usage(said!(
            "--at needs a time of RFC 3339",
            "--at 需要 RFC 3339 格式的时间"
        ))
        .next(said!(
            "For example --at 2026-11-20T10:00:00+08:00 or --at 2026-11-20T02:00:00Z.",
            "例如 --at 2026-11-20T10:00:00+08:00 或 --at 2026-11-20T02:00:00Z。"
        )));
    };
    let is_whole = !text.contains(['.', ',']);
    let meant = if is_whole { Time(time.0 + LAST_MS_OF_A_SECOND) } else { time };
    Ok(moment::format(meant, &mut [0; 24]).to_owned())
}

async fn fetch(
    order: &str,
    at: Option<&str>,
    center: &Center,
    language: Language,
) -> Result<(Value, Value, Value), Failure> {
    let number = super::named::order(order, center).await?;
    let at = match at {
        Some(at) => format!("?at={}", super::path_part(at)?),
        None => String::new(),
    };
    let order = center.get(&format!("/api/orders/{number}{at}")).await?;
    let lang = if language == Language::Zh { "zh" } else { "en" };
    let until = order["version"].as_u64().unwrap_or(u64::MAX);
    let then = |activity: &&Value| activity["seq"].as_u64().is_some_and(|seq| seq <= until);
    let until_then = |list: &Value| -> Vec<Value> {
        list.as_array().into_iter().flatten().filter(then).cloned().collect()
    };
    let activities = format!("/api/orders/{number}/activities?lang={lang}");
    let (mut story, mut page) = (Vec::new(), center.get(&activities).await?);
    loop {
        let told = until_then(&page["activities"]);
        // What came later is not told, and not fetched.
        let is_all = told.len() < page["activities"].as_array().map_or(0, Vec::len);
        story.extend(told);
        let Some(next) = page["next"].as_str().filter(|_| !is_all) else { break };
        page = center.get(&format!("{activities}&cursor={next}")).await?;
    }
    let moved = center.get(&format!("/api/orders/{number}/effects")).await?;
    Ok((order, story.into(), until_then(&moved["effects"]).into()))
}

/// Whether an order was told to be paid by somebody who told no payment: then nobody knows how much money came, and the
/// sum of no payments is no figure to show.
pub fn is_paid_unseen(order: &Value) -> bool {
    order["payment_status"] == "paid"
        && order["paid"] == 0
        && order["refunded"] == 0
        && order["payable"] != 0
        && each(order, "payments").next().is_none()
}

/// Prints an order without its story.
pub fn order(order: &Value, out: &Output) {
    let voice = Voice::new(out.language, order);
    tree::print(order, &voice, out);
    facts::print(order, &voice, out);
}

fn print(told: &Value, activities: &Value, out: &Output) {
    order(told, out);
    let voice = Voice::new(out.language, told);
    out.line("");
    out.line(out.say("What happened", "经过"));
    let head = ["#", out.say("time", "时间"), out.say("who", "操作者"), out.say("what", "事件")];
    let row = |activity: &Value| {
        vec![
            activity["seq"].to_string(),
            voice.time(&activity["at"]),
            actor(&activity["actor"], out.language),
            text(activity, "text").unwrap_or_default().to_owned(),
        ]
    };
    out.table(&head, activities.as_array().into_iter().flatten().map(row));
}

fn actor(actor: &Value, language: Language) -> String {
    let word = |name: &str| text(actor, name).map(str::to_owned);
    match ActorKind::ALL.iter().find(|kind| Some(kind.word()) == text(actor, "kind")) {
        Some(&kind) => {
            story::actor_name(&Actor { kind, id: word("id"), name: word("name") }, language)
        }
        None => word("kind").unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::moment_meant;

    #[test]
    fn a_whole_second_is_looked_at_from_its_end() {
        let meant = |text: &str| moment_meant(text).ok();
        assert_eq!(meant("2026-11-20T10:00:00Z").as_deref(), Some("2026-11-20T10:00:00.999Z"));
        assert_eq!(meant("2026-11-20T10:00:00+08:00").as_deref(), Some("2026-11-20T02:00:00.999Z"));
        assert_eq!(meant("2026-11-20T10:00:00.5Z").as_deref(), Some("2026-11-20T10:00:00.500Z"));
        assert_eq!(meant("yesterday"), None);
    }
}
