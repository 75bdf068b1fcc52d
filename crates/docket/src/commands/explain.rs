//! `docket explain`: the whole story of an order, now or at a past moment, for people in their language. What
//! each part looks like stands in `tree` (what was ordered, at which price), `facts` (what happened to money
//! and goods) and `voice` (words, money and times).

mod facts;
mod tree;
mod voice;

use crate::center::{self, Center};
use crate::cli::Options;
use crate::failure::Failure;
use crate::log;
use crate::output::Output;
use docket_domain::story::{self, Language};
use docket_domain::{Actor, ActorKind};
use docket_wire::moment;
use serde_json::{Value, json};
use voice::{Voice, text};

/// Arguments of `docket explain`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The number of the order, or of any of its parts
    order: String,
    /// As it was then: RFC 3339, such as 2026-11-20T10:00:00+08:00
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

/// Tells the story.
pub async fn run(args: Args, options: &Options) -> Result<(), Failure> {
    log::start_quiet();
    if args.at.as_deref().is_some_and(|at| moment::parse(at).is_none()) {
        return Err(Failure::usage("--at needs a time of RFC 3339")
            .next("For example --at 2026-11-20T10:00:00+08:00 or --at 2026-11-20T02:00:00Z."));
    }
    let out = options.output();
    let (order, activities) =
        center::with(options, async |center| fetch(&args, center, out.language).await).await?;
    out.show(&json!({"order": order, "activities": activities}), |out| {
        print(&order, &activities, out);
    });
    Ok(())
}

async fn fetch(
    args: &Args,
    center: &Center,
    language: Language,
) -> Result<(Value, Value), Failure> {
    let number = super::path_part(&args.order)?;
    let at = match &args.at {
        Some(at) => format!("?at={}", super::path_part(at)?),
        None => String::new(),
    };
    let order = center.get(&format!("/api/orders/{number}{at}")).await?;
    let lang = if language == Language::Zh { "zh" } else { "en" };
    let told = center.get(&format!("/api/orders/{number}/activities?lang={lang}")).await?;
    let until = order["version"].as_u64().unwrap_or(u64::MAX);
    let then = |activity: &&Value| activity["seq"].as_u64().is_some_and(|seq| seq <= until);
    let activities =
        told["activities"].as_array().into_iter().flatten().filter(then).cloned().collect();
    Ok((order, Value::Array(activities)))
}

fn print(order: &Value, activities: &Value, out: &Output) {
    let voice = Voice::new(out.language, order);
    tree::print(order, &voice, out);
    facts::print(order, &voice, out);
    out.line("");
    out.line(out.say("What happened", "经过"));
    let head = ["#", out.say("time", "时间"), out.say("who", "谁"), out.say("what", "事件")];
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
