//! `docket webhook`: who is told of every change of an order, and what came of it.

use super::key::{why, words};
use super::tasks::state_said;
use crate::center::{self, Center, LOOK_AGAIN};
use crate::cli::Options;
use crate::failure::Failure;
use crate::log;
use crate::output::Output;
use crate::said::said;
use serde_json::{Value, json};
use std::time::Duration;

/// How long to wait for what a receiver says to a test event: longer than we wait for the receiver.
const PATIENCE: Duration = Duration::from_secs(30);

/// What `docket webhook` can do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Add a webhook; the secret that signs what it is sent is printed once, alone on stdout
    Add(Add),
    /// List the webhooks
    List,
    /// Show one webhook
    Show(One),
    /// Send a test event and tell what the receiver answered; exit 1 where it did not take it
    Test(One),
    /// Give a webhook another secret, printed once; the one before signs too for a day
    Rotate(One),
    /// Tell a webhook nothing more
    Remove(One),
    /// List what a receiver answered, newest first
    Deliveries(Deliveries),
}

/// A webhook.
#[derive(Debug, clap::Args)]
pub struct One {
    /// The number of the webhook
    #[arg(value_name = "ID")]
    webhook: String,
}

/// Arguments of `docket webhook add`.
#[derive(Debug, clap::Args)]
pub struct Add {
    /// Where events are sent: http:// or https://
    url: String,
    /// The events it is told of, with commas between, such as order.paid,order.shipped; without, all
    #[arg(long, value_name = "TYPE", value_delimiter = ',')]
    types: Vec<String>,
}

/// Arguments of `docket webhook deliveries`.
#[derive(Debug, clap::Args)]
pub struct Deliveries {
    #[command(flatten)]
    one: One,
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
}

impl One {
    fn path(&self) -> Result<String, Failure> {
        Ok(format!("/api/webhooks/{}", super::path_part(&self.webhook)?))
    }
}

/// Does what was asked.
pub async fn run(command: Command, options: &Options) -> Result<(), Failure> {
    log::start_quiet();
    let out = options.output();
    if let Command::Add(new) = &command {
        return center::with(options, async |center| add(new, center, &out).await).await;
    }
    center::with_one_that_is_there(options, async |center| match &command {
        Command::Add(new) => add(new, center, &out).await,
        Command::List => list(center, &out).await,
        Command::Show(one) => {
            show(&center.get(&one.path()?).await?, &out);
            Ok(())
        }
        Command::Test(one) => test(one, center, &out).await,
        Command::Rotate(one) => rotate(one, center, &out).await,
        Command::Remove(one) => {
            center.delete(&one.path()?).await?;
            let ended = center.get(&one.path()?).await?;
            let id = &one.webhook;
            out.show(&ended, |out| {
                out.note(out.tell(&said!(
                    "webhook {id} is told nothing more",
                    "webhook {id} 不再收到通知"
                )));
            });
            Ok(())
        }
        Command::Deliveries(wanted) => deliveries(wanted, center, &out).await,
    })
    .await
}

/// Prints a secret that is shown once.
fn show_secret(secret: &Value, out: &Output) {
    out.line(&words(secret));
    out.note(out.say("The secret is shown this once.", "密钥仅显示这一次。"));
}

async fn add(new: &Add, center: &Center, out: &Output) -> Result<(), Failure> {
    let body = json!({ "url": new.url, "events": new.types });
    let added = center.post("/api/webhooks", &body).await?;
    out.show(&added, |out| {
        let (id, url) = (words(&added["webhook_id"]), &new.url);
        out.note(out.tell(&said!("added webhook {id}: {url}", "已添加 webhook {id}：{url}")));
        show_secret(&added["secret"], out);
    });
    Ok(())
}

async fn rotate(one: &One, center: &Center, out: &Output) -> Result<(), Failure> {
    let rotated = center.post(&format!("{}/rotate", one.path()?), &json!({})).await?;
    out.show(&rotated, |out| {
        let (id, until) = (&one.webhook, words(&rotated["old_secret_until"]));
        out.note(out.tell(&said!(
            "webhook {id} has another secret; the one before signs too until {until}",
            "已更换 webhook {id} 的密钥；原密钥在 {until} 之前仍同时签名"
        )));
        show_secret(&rotated["secret"], out);
    });
    Ok(())
}

/// Which events a webhook is told of.
fn events(webhook: &Value, out: &Output) -> String {
    let named = words(&webhook["events"]);
    if named.is_empty() { out.say("all", "全部").to_owned() } else { named }
}

async fn list(center: &Center, out: &Output) -> Result<(), Failure> {
    let listed = center.get("/api/webhooks").await?;
    let webhooks: &[Value] = listed["webhooks"].as_array().map_or(&[], Vec::as_slice);
    out.show(&listed, |out| {
        if webhooks.is_empty() {
            out.note(out.say(
                "There is no webhook; `docket webhook add URL` adds one.",
                "没有 webhook；docket webhook add URL 可添加。",
            ));
            return;
        }
        let head = [
            out.say("webhook", "webhook"),
            out.say("url", "地址"),
            out.say("events", "事件"),
            out.say("since", "创建时间"),
            out.say("ended", "停用时间"),
            out.say("why", "原因"),
        ];
        let row = |webhook: &Value| {
            let word = |name: &str| words(&webhook[name]);
            let (since, ended) = (word("created_at"), word("disabled_at"));
            vec![
                word("webhook_id"),
                word("url"),
                events(webhook, out),
                since,
                ended,
                why(&webhook["why"], out),
            ]
        };
        out.table(&head, webhooks.iter().map(row));
    });
    Ok(())
}

fn show(webhook: &Value, out: &Output) {
    out.show(webhook, |out| {
        let says = |name: &str, value: String| {
            if !value.is_empty() {
                out.line(&format!("{name}: {value}"));
            }
        };
        says(out.say("webhook", "webhook"), words(&webhook["webhook_id"]));
        says(out.say("url", "地址"), words(&webhook["url"]));
        says(out.say("events", "事件"), events(webhook, out));
        says(out.say("since", "创建时间"), words(&webhook["created_at"]));
        says(
            out.say("the old secret signs until", "原密钥签名至"),
            words(&webhook["old_secret_until"]),
        );
        says(out.say("ended", "停用时间"), words(&webhook["disabled_at"]));
        says(out.say("why", "原因"), why(&webhook["why"], out));
    });
}

async fn test(one: &One, center: &Center, out: &Output) -> Result<(), Failure> {
    let sent = center.post(&format!("{}/test", one.path()?), &json!({})).await?;
    let became = outcome(one, &sent["delivery_id"], center).await?;
    let (status, answer) = (became["status"].to_string(), words(&became["answer"]));
    out.show(&became, |out| {
        if became["delivered"] == true {
            out.note(out.tell(&said!(
                "the receiver took the test event: it answered {status}",
                "接收方已收下测试事件：应答 {status}"
            )));
        }
    });
    if became["delivered"] == true {
        return Ok(());
    }
    let failure = if became["status"].is_null() {
        Failure::new(said!("the receiver did not answer", "接收方没有应答").because(answer))
    } else {
        let refused = said!(
            "the receiver did not take the test event: it answered {status}",
            "接收方没有收下测试事件：应答 {status}"
        );
        Failure::new(if answer.is_empty() { refused } else { refused.because(answer) })
    };
    Err(failure.word("not_delivered"))
}

/// What came of a delivery, once something has.
async fn outcome(one: &One, delivery: &Value, center: &Center) -> Result<Value, Failure> {
    let path = format!("{}/deliveries?limit=200", one.path()?);
    let until = tokio::time::Instant::now() + PATIENCE;
    while tokio::time::Instant::now() < until {
        let page = center.get(&path).await?;
        let mut tried = page["deliveries"].as_array().into_iter().flatten();
        if let Some(tried) = tried.find(|tried| tried["delivery_id"] == *delivery) {
            return Ok(tried.clone());
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    let id = &one.webhook;
    Err(Failure::new(said!("the test event was not sent yet", "测试事件尚未发出")).next(said!(
        "`docket webhook deliveries {id}` shows what becomes of it.",
        "docket webhook deliveries {id} 可查看结果。"
    )))
}

async fn deliveries(wanted: &Deliveries, center: &Center, out: &Output) -> Result<(), Failure> {
    let path = format!("{}/deliveries?limit={}", wanted.one.path()?, wanted.limit);
    let page = center.get(&path).await?;
    let tried: &[Value] = page["deliveries"].as_array().map_or(&[], Vec::as_slice);
    out.show(&page, |out| {
        if tried.is_empty() {
            out.note(out.say("Nothing was sent yet.", "尚未发送。"));
            return;
        }
        let head = [
            out.say("event", "事件"),
            out.say("type", "类型"),
            out.say("order", "订单"),
            out.say("at", "时间"),
            out.say("state", "状态"),
            out.say("tries", "次数"),
            out.say("status", "应答"),
            out.say("answer", "应答内容"),
        ];
        let row = |one: &Value| {
            let word = |name: &str| words(&one[name]);
            let number =
                |name: &str| one[name].as_u64().map_or_else(String::new, |n| n.to_string());
            let state = if one["delivered"] == true {
                out.say("delivered", "已送达").to_owned()
            } else {
                state_said(&one["state"], out)
            };
            let (event, kind, order) = (word("event_id"), word("type"), word("order_id"));
            let (tries, status) = (number("tries"), number("status"));
            vec![event, kind, order, word("at"), state, tries, status, word("answer")]
        };
        out.table(&head, tried.iter().map(row));
    });
    Ok(())
}
