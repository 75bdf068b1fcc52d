//! `docket reconcile`: whether the books agree, and the repair of what does not where that is safe.

use crate::center::{self, Center, own};
use crate::cli::Options;
use crate::failure::Failure;
use crate::log;
use crate::output::Output;
use crate::said::{Said, said};
use docket_domain::story::Language;
use serde_json::{Value, json};
use std::time::Duration;

/// How often a run is asked how far it is.
const LOOK: Duration = Duration::from_millis(150);
/// Findings that people are shown; programs are shown all.
const SHOWN: usize = 50;

/// Arguments of `docket reconcile`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Repair what a program can repair safely
    #[arg(long)]
    repair: bool,
    /// Look for this class of differences only; can be given several times
    #[arg(long = "class", value_name = "CLASS",
        value_parser = clap::builder::PossibleValuesParser::new(docket_app::class_words()))]
    classes: Vec<String>,
    /// Look only at orders that changed since then, such as 2026-01-31T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = super::moment)]
    since: Option<String>,
}

/// Runs it and shows what it found. Fails where a difference stays.
pub async fn run(args: Args, options: &Options) -> Result<(), Failure> {
    log::start_quiet();
    let out = options.output();
    let found = center::with_one_that_is_there(options, async |center| {
        let mut asked = json!({ "repair": args.repair, "classes": args.classes });
        if let Some(since) = &args.since {
            asked["since"] = since.as_str().into();
        }
        let begun = center.post("/api/reconcile", &asked).await?;
        finished(center, &begun["run_id"], &out).await
    })
    .await?;
    show(&found, &out);
    result(&found)
}

/// The run `id` with all its findings, once it has ended.
async fn finished(center: &Center, id: &Value, out: &Output) -> Result<Value, Failure> {
    let mut bar = None;
    let mut shown = 0;
    loop {
        let mut run = center.get("/api/reconcile?limit=200").await?;
        let bar = bar.get_or_insert_with(|| {
            let orders = run["orders"].as_u64().unwrap_or_default();
            out.progress(out.say("orders looked at", "已检查订单"), orders)
        });
        let looked_at = run["looked_at"].as_u64().unwrap_or_default();
        (shown..looked_at).for_each(|_| bar.step());
        shown = shown.max(looked_at);
        if run["run_id"] != *id {
            return Err(Failure::new(said!("another run began", "另一次对账已开始"))
                .next(said!("Look at its findings instead.", "请查看那次对账的结果。")));
        }
        if run["state"] == "running" {
            tokio::time::sleep(LOOK).await;
            continue;
        }
        bar.done();
        while let Some(next) = run["next"].as_str() {
            let page = center.get(&format!("/api/reconcile?limit=200&cursor={next}")).await?;
            let more = page["findings"].as_array().cloned().unwrap_or_default();
            if let Some(findings) = run["findings"].as_array_mut() {
                findings.extend(more);
            }
            run["next"] = page["next"].clone();
        }
        return Ok(run);
    }
}

fn show(run: &Value, out: &Output) {
    let findings: &[Value] = run["findings"].as_array().map_or(&[], Vec::as_slice);
    out.show(run, |out| {
        if findings.is_empty() {
            if run["state"] != "done" {
                return;
            }
            out.note(out.say("Nothing differs.", "没有差异。"));
            return;
        }
        let head = [
            out.say("class", "类别"),
            out.say("order", "订单"),
            out.say("stands", "现值"),
            out.say("should", "应为"),
            out.say("state", "状态"),
            out.say("what it means", "说明"),
        ];
        let language = if out.language == Language::Zh { "zh" } else { "en" };
        let row = |finding: &Value| {
            let word = |name: &str| finding[name].as_str().unwrap_or("-").to_owned();
            let state = state_said(&finding["state"], out);
            let told = |name: &str| out.tell(&Said::of_center(&word(name))).to_owned();
            let (stands, should) = (told("stands"), told("should"));
            vec![word("class"), word("order_id"), stands, should, state, word(language)]
        };
        out.table(&head, findings.iter().take(SHOWN).map(row));
        if let Some(more) = findings.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            out.note(out.tell(&said!(
                "{more} more; --json shows all",
                "另有 {more} 条；用 --json 查看全部"
            )));
        }
        for class in run["classes"].as_array().into_iter().flatten() {
            out.note(&counted(class, out));
        }
    });
}

fn state_said(state: &Value, out: &Output) -> String {
    let word = state.as_str().unwrap_or_default();
    match word {
        "found" => out.say("found", "发现").to_owned(),
        "queued" => out.say("queued", "排队中").to_owned(),
        "repaired" => out.say("repaired", "已修复").to_owned(),
        "stays" => out.say("stays", "需人工处理").to_owned(),
        "noted" => out.say("noted", "仅供了解").to_owned(),
        other => other.to_owned(),
    }
}

/// How many of a class there are, by what became of them.
fn counted(class: &Value, out: &Output) -> String {
    let states = ["found", "queued", "repaired", "stays", "noted"].map(|state| {
        let count = class[state].as_u64().unwrap_or_default();
        (count > 0).then(|| format!("{count} {}", state_said(&state.into(), out)))
    });
    let states: Vec<_> = states.into_iter().flatten().collect();
    format!("{}: {}", class["class"].as_str().unwrap_or_default(), states.join(", "))
}

fn result(run: &Value) -> Result<(), Failure> {
    if run["state"] != "done" {
        let why = run["error"].as_str().unwrap_or("its process ended").to_owned();
        let ended = said!("the run did not come to its end", "对账未能完成");
        if why.contains("damaged") {
            return Err(Failure::new(ended.because(why)).next(own::damaged()).word("damaged"));
        }
        return Err(Failure::new(ended.because(why))
            .next(said!("Run it again.", "请重新执行。"))
            .word("incomplete"));
    }
    let classes = run["classes"].as_array().into_iter().flatten();
    let left = |class: &Value| {
        ["found", "queued", "stays"].map(|state| class[state].as_u64().unwrap_or_default())
    };
    let left: u64 = classes.flat_map(left).sum();
    if left == 0 {
        return Ok(());
    }
    let next = said!(
        "--repair repairs what a program can; the others need a person who knows what happened.",
        "--repair 可修复程序能处理的差异；其余需由了解情况的人处理。"
    );
    Err(Failure::new(match left {
        1 => said!("1 difference stays", "仍有 1 处差异"),
        left => said!("{left} differences stay", "仍有 {left} 处差异"),
    })
    .next(next)
    .word("differs"))
}
