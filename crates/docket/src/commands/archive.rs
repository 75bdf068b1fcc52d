//! `docket archive`: moves what is old away, shows what is there, brings it back, and looks whether it is right.

use super::serve::StopSignals;
use crate::center::{self, Center};
use crate::cli::Options;
use crate::failure::Failure;
use crate::log;
use crate::output::Output;
use crate::said::{Said, said};
use serde_json::{Value, json};

/// What `docket archive` can do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Move to the archive what is due now
    Run {
        /// Only tell what is due
        #[arg(long)]
        dry_run: bool,
    },
    /// List what the archive has, newest first
    List {
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Bring an order back, or all to which something happened in a span of time
    Restore(Restore),
    /// Read every object of the archive and compare it with what was written
    Verify,
}

/// Arguments of `docket archive restore`.
#[derive(Debug, clap::Args)]
pub struct Restore {
    /// Any number of the order
    #[arg(required_unless_present = "from", conflicts_with_all = ["from", "to"])]
    order: Option<String>,
    /// From when, such as 2026-01-31T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = super::moment)]
    from: Option<String>,
    /// Until before when [default: now]
    #[arg(long, value_name = "TIME", requires = "from", value_parser = super::moment)]
    to: Option<String>,
}

/// Does what was asked.
pub async fn run(command: Command, options: &Options) -> Result<(), Failure> {
    log::start_quiet();
    let out = options.output();
    center::with_one_that_is_there(options, async |center| match &command {
        Command::Run { dry_run: true } => due(center, &out).await,
        Command::Run { dry_run: false } => archive(center, &out).await,
        Command::List { limit } => list(*limit, center, &out).await,
        Command::Restore(wanted) => restore(wanted, center, &out).await,
        Command::Verify => verify(center, &out).await,
    })
    .await
}

fn rows<'a>(of: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    of[name].as_array().into_iter().flatten()
}

fn number(of: &Value) -> u64 {
    of.as_u64().unwrap_or_default()
}

/// What is due, by kind: the sum of answers that each count a bounded number of rows.
async fn counted(center: &Center, out: &Output) -> Result<Vec<Value>, Failure> {
    let bar = out.progress(out.say("orders due", "待归档的订单"), 0);
    let mut sums: Vec<Value> = Vec::new();
    let mut cursor = String::new();
    loop {
        let answer = center.get(&format!("/api/archive/due{cursor}")).await?;
        for of in rows(&answer, "due") {
            bar.steps(number(&of["orders"]));
            match sums.iter_mut().find(|sum| sum["kind"] == of["kind"]) {
                Some(sum) => {
                    for name in ["orders", "rows"] {
                        sum[name] = (number(&sum[name]) + number(&of[name])).into();
                    }
                }
                None => sums.push(of.clone()),
            }
        }
        match answer["next"].as_str() {
            Some(next) => cursor = format!("?cursor={next}"),
            None => break,
        }
    }
    bar.clear();
    Ok(sums)
}

async fn due(center: &Center, out: &Output) -> Result<(), Failure> {
    let due = json!({"due": counted(center, out).await?});
    out.show(&due, |out| {
        let head = [out.say("due", "待归档"), out.say("orders", "订单"), out.say("rows", "行")];
        let row = |of: &Value| {
            let kind = of["kind"].as_str().unwrap_or_default().to_owned();
            vec![kind, of["orders"].to_string(), of["rows"].to_string()]
        };
        out.table(&head, rows(&due, "due").map(row));
    });
    Ok(())
}

async fn archive(center: &Center, out: &Output) -> Result<(), Failure> {
    // How much is due is counted only where somebody watches.
    let due = if out.is_watched() { counted(center, out).await? } else { Vec::new() };
    let due = due.iter().map(|of| number(&of["rows"])).sum();
    let bar = out.progress(out.say("rows moved", "已归档的行"), due);
    let mut asked = StopSignals::listen()?;
    let nothing = json!({});
    let mut segments = Vec::new();
    let mut stopped = false;
    while !stopped {
        let mut piece = std::pin::pin!(center.post("/api/archive/run", &nothing));
        // A piece that was begun is finished first: it ends in seconds.
        let mut moved = tokio::select! {
            moved = &mut piece => moved?,
            () = asked.once() => {
                stopped = true;
                piece.await?
            }
        };
        let segment = moved["segment"].take();
        if segment.is_null() {
            break;
        }
        bar.steps(number(&segment["rows"]));
        segments.push(segment);
    }
    bar.clear();
    let moved: u64 = segments.iter().map(|segment| number(&segment["rows"])).sum();
    let count = segments.len();
    if stopped {
        let stopped = said!(
            "archiving was stopped; {moved} rows moved, in {count} objects",
            "归档已停止；已归档 {moved} 行，共 {count} 个对象"
        );
        return Err(Failure::new(stopped).word("stopped").next(said!(
            "Nothing is lost: run it again, and it goes on.",
            "没有丢失任何数据：重新运行即可继续。"
        )));
    }
    out.show(&json!({"rows": moved, "segments": segments}), |out| {
        out.line(out.tell(&said!(
            "{moved} rows moved to the archive, in {count} objects",
            "已归档 {moved} 行，共 {count} 个对象"
        )));
    });
    Ok(())
}

/// Every segment, newest first, at most `limit`.
async fn segments(center: &Center, limit: usize) -> Result<Vec<Value>, Failure> {
    let mut found: Vec<Value> = Vec::new();
    let mut cursor = String::new();
    while found.len() < limit {
        let page = (limit - found.len()).min(200);
        let page = center.get(&format!("/api/archive?limit={page}{cursor}")).await?;
        found.extend(rows(&page, "segments").cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    Ok(found)
}

async fn list(limit: usize, center: &Center, out: &Output) -> Result<(), Failure> {
    let found = segments(center, limit).await?;
    out.show(&json!({"segments": found}), |out| {
        let head = [
            out.say("segment", "归档段"),
            out.say("kind", "类别"),
            out.say("from", "起"),
            out.say("to", "止"),
            out.say("orders", "订单"),
            out.say("away", "未恢复"),
            out.say("rows", "行"),
            out.say("KiB", "KiB"),
            out.say("state", "状态"),
            out.say("object", "对象"),
        ];
        let row = |of: &Value| {
            let word = |name: &str| of[name].as_str().unwrap_or_default().to_owned();
            let kib = (number(&of["bytes"]) >> 10).to_string();
            let figure = |name: &str| of[name].to_string();
            let figures = vec![figure("orders"), figure("away"), figure("rows"), kib];
            let head = vec![word("segment_id"), word("kind"), word("from"), word("to")];
            let state = match word("state").as_str() {
                "kept" => out.say("kept", "已保存").to_owned(),
                "moving" => out.say("moving", "归档中").to_owned(),
                other => other.to_owned(),
            };
            [head, figures, vec![state, word("name")]].concat()
        };
        out.table(&head, found.iter().map(row));
    });
    Ok(())
}

async fn restore(wanted: &Restore, center: &Center, out: &Output) -> Result<(), Failure> {
    let mut body = json!({});
    let given = [("order_id", &wanted.order), ("from", &wanted.from), ("to", &wanted.to)];
    for (name, given) in given {
        if let Some(given) = given {
            body[name] = Value::from(given.as_str());
        }
    }
    let (mut orders, mut rows) = (0, 0);
    loop {
        let back = center.post("/api/archive/restore", &body).await?;
        orders += number(&back["orders"]);
        rows += number(&back["rows"]);
        if back["more"] != true {
            break;
        }
    }
    out.show(&json!({"orders": orders, "rows": rows}), |out| {
        out.line(
            out.tell(&said!("{rows} rows are back in the database", "已恢复 {rows} 行到数据库")),
        );
    });
    Ok(())
}

async fn verify(center: &Center, out: &Output) -> Result<(), Failure> {
    let found = segments(center, usize::MAX).await?;
    let bar = crate::bench::bar(out.say("objects", "对象"), found.len() as u64);
    let mut wrong = Vec::new();
    let mut unread = 0;
    for segment in &found {
        let id = super::path_part(segment["segment_id"].as_str().unwrap_or_default())?;
        let seen = center.post(&format!("/api/archive/{id}/verify"), &json!({})).await?;
        bar.inc(1);
        if seen["verdict"] != "right" {
            unread += usize::from(seen["verdict"] == "unreachable");
            wrong.push(json!({"segment_id": id, "verdict": seen["verdict"], "why": seen["why"]}));
        }
    }
    bar.finish_and_clear();
    let (all, bad) = (found.len(), wrong.len());
    out.show(&json!({"segments": all, "wrong": wrong}), |out| {
        for of in &wrong {
            let word = |name: &str| of[name].as_str().unwrap_or_default();
            let verdict = match word("verdict") {
                "damaged" => out.say("damaged", "已损坏"),
                _ => out.say("unreachable", "不可达"),
            };
            let seen = Said::as_told(format!("✗ {} {verdict}", word("segment_id")));
            out.line(out.tell(&seen.because(Said::of_center(word("why")))));
        }
        out.line(out.tell(&said!(
            "{all} objects read, {bad} wrong",
            "已读取 {all} 个对象，其中 {bad} 个有误"
        )));
    });
    if wrong.is_empty() {
        return Ok(());
    }
    if unread == bad {
        let failed =
            said!("{bad} of {all} objects could not be read", "{all} 个对象中有 {bad} 个无法读取");
        return Err(Failure::new(failed).word("archive_unreachable").next(said!(
            "`docket check` says whether the archive can be reached; then verify again.",
            "docket check 会说明归档是否可达；之后请重新校验。"
        )));
    }
    let failed = said!("{bad} of {all} objects are wrong", "{all} 个对象中有 {bad} 个有误");
    Err(Failure::new(failed).word("archive_damaged").next(Said::of(
        "Bring them back from a copy of the archive.".to_owned(),
        "请从归档的副本恢复它们。".to_owned(),
    )))
}
