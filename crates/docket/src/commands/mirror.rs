//! `docket mirror`: the old table that is kept alive, filled from history, compared and repaired.

use crate::center::{self, Center};
use crate::cli::Options;
use crate::failure::Failure;
use crate::log;
use crate::output::Output;
use crate::said::said;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Differences that people are shown; programs are shown all.
const SHOWN: usize = 50;

/// What `docket mirror` can do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Write every order into the old table; may be broken off and done again
    Backfill {
        /// Go on behind this order, as a backfill that was broken off says
        #[arg(long, value_name = "ORDER")]
        after: Option<String>,
    },
    /// Compare the old table row by row
    Verify {
        /// Write rows that differ anew
        #[arg(long)]
        repair: bool,
    },
    /// Show what waits, and whether their database answers
    Status,
}

/// Does what was asked.
pub async fn run(command: Command, options: &Options) -> Result<(), Failure> {
    log::start_quiet();
    let out = options.output();
    center::with_one_that_is_there(options, async |center| match &command {
        Command::Backfill { after } => backfill(after.as_deref(), center, &out).await,
        Command::Verify { repair } => verify(*repair, center, &out).await,
        Command::Status => status(center, &out).await,
    })
    .await
}

async fn backfill(after: Option<&str>, center: &Center, out: &Output) -> Result<(), Failure> {
    let mut body = after.map_or_else(|| json!({}), |after| json!({ "after": after }));
    let bar = out.progress(out.say("orders written", "已写入订单"), 0);
    let mut written = 0;
    loop {
        let page = center.post("/api/mirror/backfill", &body).await.map_err(|failure| {
            // Where nothing was written yet there is nothing to go on from.
            let Some(after) = body["after"].as_str().filter(|_| written > 0) else {
                return failure;
            };
            let after = after.to_owned();
            failure.next(said!(
                "Go on with `docket mirror backfill --after {after}`.",
                "请用 docket mirror backfill --after {after} 继续。"
            ))
        })?;
        let looked_at = page["looked_at"].as_u64().unwrap_or_default();
        (0..looked_at).for_each(|_| bar.step());
        written += looked_at;
        if page["next"].is_null() {
            break;
        }
        body = json!({ "after": page["next"] });
    }
    bar.clear();
    out.show(&json!({ "written": written }), |out| {
        out.note(out.tell(&said!("wrote {written} orders", "已写入 {written} 个订单")));
    });
    Ok(())
}

async fn verify(repair: bool, center: &Center, out: &Output) -> Result<(), Failure> {
    let (mut body, mut looked_at) = (json!({ "repair": repair }), 0);
    let mut differences = Vec::new();
    let bar = out.progress(out.say("orders compared", "已比对订单"), 0);
    loop {
        let page = center.post("/api/mirror/verify", &body).await?;
        let orders = page["looked_at"].as_u64().unwrap_or_default();
        (0..orders).for_each(|_| bar.step());
        looked_at += orders;
        differences.extend(page["differences"].as_array().cloned().unwrap_or_default());
        if page["next"].is_null() {
            break;
        }
        body["after"] = page["next"].clone();
    }
    bar.clear();
    let mut classes = BTreeMap::<String, u64>::new();
    for difference in &differences {
        *classes.entry(word(difference, "class")).or_default() += 1;
    }
    let said = json!({ "looked_at": looked_at, "classes": classes, "differences": differences });
    out.show(&said, |out| {
        let head = [
            out.say("class", "类别"),
            out.say("order", "订单"),
            out.say("key", "键"),
            out.say("column", "列"),
            out.say("stands", "现值"),
            out.say("should", "应为"),
        ];
        let names = ["class", "order_id", "key", "column", "stands", "should"];
        let row = |found: &Value| names.map(|name| word(found, name)).to_vec();
        if differences.is_empty() {
            out.note(out.say("Nothing differs.", "没有差异。"));
            return;
        }
        out.table(&head, differences.iter().take(SHOWN).map(row));
        for (class, count) in &classes {
            out.note(&format!("{class}: {count}"));
        }
    });
    if differences.is_empty() || repair {
        return Ok(());
    }
    let count = differences.len();
    Err(Failure::new(said!("{count} values differ", "有 {count} 处不一致"))
        .next(said!("--repair writes their rows anew.", "--repair 将重写这些行。"))
        .word("differs"))
}

fn word(of: &Value, name: &str) -> String {
    of[name].as_str().unwrap_or("-").to_owned()
}

async fn status(center: &Center, out: &Output) -> Result<(), Failure> {
    let state = center.get("/api/mirror").await?;
    out.show(&state, |out| {
        out.line(&format!("{}: {}", out.say("table", "表"), word(&state, "table")));
        let reachable = match state["error"].as_str() {
            None => out.say("yes", "是").to_owned(),
            Some(why) => format!("{}: {why}", out.say("no", "否")),
        };
        out.line(&format!("{}: {reachable}", out.say("reachable", "可达")));
        out.line(&format!("{}: {}", out.say("waiting", "等待"), state["waiting"]));
        out.line(&format!("{}: {}", out.say("given up", "已放弃"), state["dead"]));
    });
    Ok(())
}
