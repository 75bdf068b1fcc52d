//! `docket shop sync`: a run of a shop's orders or products is started, or stopped, and watched to its end: a bar for each
//! stream that runs on a terminal, a line now and then elsewhere.

use super::super::key::words;
use super::{One, count, end_of_pause, token_first};
use crate::center::{Center, LOOK_AGAIN};
use crate::commands::serve::StopSignals;
use crate::failure::Failure;
use crate::output::Output;
use crate::said::{Said, said};
use serde_json::{Value, json};

/// Arguments of `docket shop sync`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    one: One,
    /// All that was created within the last days, not only what has changed
    #[arg(long, conflicts_with = "stop")]
    full: bool,
    /// What to pull
    #[arg(long, value_name = "STREAM", default_value = "orders")]
    stream: Stream,
    /// Start it and do not wait
    #[arg(long, conflicts_with = "stop")]
    detach: bool,
    /// Start nothing: end the run that is under way
    #[arg(long)]
    stop: bool,
}

/// What is pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Stream {
    /// Orders
    Orders,
    /// Products
    Products,
}

/// Both, in the order of their bars.
const STREAMS: [Stream; 2] = [Stream::Orders, Stream::Products];

impl Stream {
    const fn word(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Products => "products",
        }
    }

    const fn title(self, out: &Output) -> &str {
        match self {
            Self::Orders => out.say("orders", "订单"),
            Self::Products => out.say("products", "商品"),
        }
    }
}

/// The paths of one shop.
struct Paths {
    shop: String,
}

impl Paths {
    fn runs(&self, stream: Stream) -> String {
        format!("/api/sync/shops/{}/{}", self.shop, stream.word())
    }

    fn progress(&self, stream: Stream) -> String {
        format!("{}/progress", self.runs(stream))
    }
}

/// Does what was asked.
pub async fn run(asked: &Args, center: &Center, out: &Output) -> Result<(), Failure> {
    let paths = Paths { shop: crate::commands::path_part(&asked.one.shop)? };
    if asked.stop {
        return stop(asked, &paths, center, out).await;
    }
    let mode = if asked.full { "full" } else { "incremental" };
    let started = match center.post(&paths.runs(asked.stream), &json!({ "mode": mode })).await {
        Err(failure) if failure.word == "run_in_progress" => {
            return Err(in_progress(asked, &paths, center, failure).await);
        }
        Err(failure) if failure.word == "wrong_state" => {
            return Err(not_asked(asked, center, failure).await);
        }
        started => started?,
    };
    if asked.detach {
        out.show(&started, |out| out.line(&words(&started["run_id"])));
        return Ok(());
    }
    let run = watched(asked, &paths, &started["run_id"], center, out).await?;
    out.show(&run, |out| print(&run, out));
    match run["state"].as_str() {
        Some("done") => Ok(()),
        Some("stopped") if run["error"].is_null() => {
            Err(Failure::new(said!("the run was stopped", "拉取已停止"))
                .next(if run["mode"] == "full" {
                    said!(
                        "What was read stays; the next full pass begins anew.",
                        "已读取的内容保留；下一次全量拉取将从头开始。"
                    )
                } else {
                    said!(
                        "What was read stays; the next run goes on from there.",
                        "已读取的内容保留；下一次从该处继续。"
                    )
                })
                .word("run_stopped"))
        }
        _ => {
            let why = words(&run["error"]);
            let failed = said!("the run did not come to its end", "拉取未能完成");
            let failed =
                if why.is_empty() { failed } else { failed.because(Said::of_center(&why)) };
            Err(Failure::new(failed).word("run_failed"))
        }
    }
}

/// Ends the run that is under way.
async fn stop(asked: &Args, paths: &Paths, center: &Center, out: &Output) -> Result<(), Failure> {
    let stopped = match center.delete(&paths.runs(asked.stream)).await {
        Err(failure) if failure.word == "not_found" => {
            return Err(nothing_runs(asked, center, failure).await);
        }
        stopped => stopped?,
    };
    let was = center.get(&paths.progress(asked.stream)).await.unwrap_or_default();
    let is_full = was["run_id"] == stopped["run_id"] && was["mode"] == "full";
    out.show(&stopped, |out| {
        let run = words(&stopped["run_id"]);
        out.note(out.tell(&if is_full {
            said!(
                "run {run} is stopped; what was read stays, and the next full pass begins anew",
                "拉取 {run} 已停止；已读取的内容保留，下一次全量拉取将从头开始"
            )
        } else {
            said!(
                "run {run} is stopped; what was read stays, and the next run goes on from there",
                "拉取 {run} 已停止；已读取的内容保留，下一次从该处继续"
            )
        }));
    });
    Ok(())
}

/// That there is nothing to stop; `failure` where there is no such shop either.
async fn nothing_runs(asked: &Args, center: &Center, failure: Failure) -> Failure {
    let Ok(path) = asked.one.path() else { return failure };
    if center.get(&path).await.is_err() {
        return failure;
    }
    let shop = &asked.one.shop;
    let nothing = match asked.stream {
        Stream::Orders => {
            said!("nothing runs of the orders of shop {shop}", "店铺 {shop} 没有正在进行的订单拉取")
        }
        Stream::Products => {
            said!(
                "nothing runs of the products of shop {shop}",
                "店铺 {shop} 没有正在进行的商品拉取"
            )
        }
    };
    Failure::new(nothing)
        .next(said!(
            "`docket shop status {shop}` shows its last runs.",
            "docket shop status {shop} 可查看最近的拉取。"
        ))
        .word("not_found")
}

/// Why a shop is not asked, and what ends that; `failure` where it is not known any more.
async fn not_asked(asked: &Args, center: &Center, failure: Failure) -> Failure {
    let Ok(path) = asked.one.path() else { return failure };
    let Ok(found) = center.get(&path).await else { return failure };
    let shop = &asked.one.shop;
    let (message, next) = if found["has_token"] == false {
        (said!("shop {shop} has no token yet", "店铺 {shop} 还没有令牌"), token_first(shop))
    } else if let Some(cause) = found["paused"]["cause"].as_str() {
        let why = Said::of_center(&words(&found["paused"]["why"]));
        let paused = said!("shop {shop} is paused", "店铺 {shop} 已暂停").because(why);
        (paused, end_of_pause(shop, cause))
    } else {
        return failure;
    };
    Failure::new(message).next(next).word("wrong_state")
}

/// That another run is under way, how far it is, and what can be done.
async fn in_progress(asked: &Args, paths: &Paths, center: &Center, failure: Failure) -> Failure {
    // It may have ended by now: then it is not known how far it was.
    let Ok(run) = center.get(&paths.progress(asked.stream)).await else { return failure };
    let (id, shop, stream) = (words(&run["run_id"]), &asked.one.shop, asked.stream.word());
    let under_way = said!("run {id} of this shop is under way", "该店铺的拉取 {id} 正在进行");
    Failure::new(under_way.because(beside(&run)))
        .next(said!(
            "`docket shop status {shop}` shows how far it is; `docket shop sync {shop} --stream {stream} --stop` ends it.",
            "docket shop status {shop} 可查看进度；docket shop sync {shop} --stream {stream} --stop 可停止它。"
        ))
        .word("run_in_progress")
}

/// Follows a run to its end, and shows what else of the shop runs meanwhile. Who interrupts it has it stopped.
async fn watched(
    asked: &Args,
    paths: &Paths,
    id: &Value,
    center: &Center,
    out: &Output,
) -> Result<Value, Failure> {
    let mut signals = StopSignals::listen()?;
    let mut bars = out.bars();
    let mut is_stopping = false;
    loop {
        let mut found = None;
        for stream in STREAMS {
            let run = match center.get(&paths.progress(stream)).await {
                // Nothing of it was read yet.
                Err(failure) if failure.word == "not_found" && stream != asked.stream => continue,
                run => run?,
            };
            let is_ours = stream == asked.stream;
            if is_ours || !has_ended(&run) {
                let number = |name: &str| run[name].as_u64();
                let done = number("done").unwrap_or_default();
                let beside = beside(&run);
                bars.at(stream.title(out), done, number("total"), out.tell(&beside));
            } else {
                bars.end(stream.title(out));
            }
            if is_ours {
                found = Some(run);
            }
        }
        bars.tell();
        if let Some(run) = found
            && (has_ended(&run) || run["run_id"] != *id)
        {
            bars.clear();
            return Ok(run);
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            () = signals.once() => {
                if is_stopping {
                    bars.clear();
                    return Err(left(&asked.one.shop));
                }
                is_stopping = true;
                bars.note(out.tell(&said!(
                    "stopping the run; once more leaves it as it is",
                    "正在停止拉取；再按一次则不再等待"
                )));
                match center.delete(&paths.runs(asked.stream)).await {
                    // It has ended by itself.
                    Err(failure) if failure.word != "not_found" => return Err(failure),
                    _ => {}
                }
            }
        }
    }
}

/// Somebody did not wait until the run had stopped.
fn left(shop: &str) -> Failure {
    Failure::new(said!("not waited for: the run was asked to stop", "未等待结束：已请求停止拉取"))
        .next(said!(
            "`docket shop status {shop}` shows whether it has.",
            "docket shop status {shop} 可查看是否已停止。"
        ))
        .word("run_stopped")
}

fn has_ended(run: &Value) -> bool {
    matches!(run["state"].as_str(), Some("done" | "failed" | "stopped"))
}

/// What stands beside the bar of a run: its phase, how fast it is, how long it takes still, what is wrong.
fn beside(run: &Value) -> Said {
    let mut said = phase(run["phase"].as_str().unwrap_or_default());
    if let Some(rate) = run["rate"].as_f64().filter(|rate| *rate > 0.0) {
        said = said.with(said!("{rate:.0}/s", "{rate:.0}/秒"));
    }
    let left = run["seconds_left"].as_u64().filter(|left| *left > 0 && !has_ended(run));
    if let Some(left) = left {
        said = said.with(time_left(left));
    }
    let count = |name: &str| run[name].as_u64().filter(|count| *count > 0);
    if let Some(refused) = count("refused") {
        said = said.with(said!("{refused} refused", "搁置 {refused}"));
    }
    if let Some(gaps) = count("gaps") {
        said = said.with(said!("{gaps} gaps", "缺口 {gaps}"));
    }
    said
}

/// What a run is at, in both languages; a word of a later release as it is.
pub(super) fn phase(word: &str) -> Said {
    match word {
        "queued" => said!("waiting for its turn", "排队中"),
        "orders" => said!("reading orders", "读取订单"),
        "reread" => said!("reading the last days again", "重读近日订单"),
        "aftersales" => said!("reading cancels and refunds", "读取取消与退款"),
        "products" => said!("reading products", "读取商品"),
        "gone" => said!("looking for what is gone", "查找已下架商品"),
        "done" => said!("done", "完成"),
        "failed" => said!("failed", "失败"),
        "stopped" => said!("stopped", "已停止"),
        other => Said::as_told(other),
    }
}

/// So many seconds that are left, as people say it.
fn time_left(seconds: u64) -> Said {
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => said!("{rest} s left", "约剩 {rest} 秒"),
        (0, minutes) => said!("{minutes} min {rest} s left", "约剩 {minutes} 分 {rest} 秒"),
        (hours, minutes) => said!("{hours} h {minutes} min left", "约剩 {hours} 小时 {minutes} 分"),
    }
}

/// What came of a run.
fn print(run: &Value, out: &Output) {
    let head = [
        out.say("read", "读取"),
        out.say("new", "新增"),
        out.say("changed", "变更"),
        out.say("refused", "搁置"),
        out.say("gaps", "缺口"),
        out.say("calls", "调用"),
        out.say("state", "状态"),
    ];
    let counts = ["done", "new", "changed", "refused", "gaps", "calls"];
    let mut row: Vec<_> = counts.iter().map(|name| count(run, name)).collect();
    row.push(out.tell(&phase(&words(&run["state"]))).to_owned());
    out.table(&head, [row]);
    if let Some(note) = run["note"].as_str() {
        out.note(out.tell(&Said::of_center(note)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use docket_domain::story::Language;

    #[test]
    fn beside_a_bar_stands_what_the_run_is_at_how_fast_it_is_and_how_long_it_takes() {
        let mut run = json!({
            "state": "running", "phase": "orders", "done": 700, "total": 2_100, "rate": 350.4,
            "seconds_left": 4, "refused": 0, "gaps": 0,
        });
        let told = |run: &Value| {
            let said = beside(run);
            [Language::En, Language::Zh].map(|language| said.to(language).to_owned())
        };
        assert_eq!(told(&run), ["reading orders, 350/s, 4 s left", "读取订单，350/秒，约剩 4 秒"]);
        (run["refused"], run["gaps"], run["seconds_left"]) = (1.into(), 2.into(), 3_725.into());
        assert_eq!(told(&run)[0], "reading orders, 350/s, 1 h 2 min left, 1 refused, 2 gaps");
        run["seconds_left"] = 200.into();
        assert!(told(&run)[0].contains("3 min 20 s left"), "{}", told(&run)[0]);
        let queued =
            json!({"state": "queued", "phase": "queued", "rate": null, "seconds_left": null});
        assert_eq!(told(&queued)[0], "waiting for its turn");
        let ended = json!({"state": "done", "phase": "done", "rate": 12.0, "seconds_left": 3});
        assert_eq!(told(&ended)[0], "done, 12/s", "nothing is left of what has ended");
    }

    #[test]
    fn every_phase_of_a_run_has_its_words() {
        let words = ["queued", "orders", "reread", "aftersales", "products", "gone"];
        for word in words.into_iter().chain(["done", "failed", "stopped"]) {
            let said = phase(word);
            assert_ne!(said.to(Language::En), said.to(Language::Zh), "{word}");
        }
    }
}
