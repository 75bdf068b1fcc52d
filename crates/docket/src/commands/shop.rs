//! `docket shop`: shops of marketplaces, connected, pulled (`sync`) and looked at.

mod beside;
mod skus;
mod sync;

use super::key::{why, words};
use crate::center::{self, Center};
use crate::cli::Options;
use crate::failure::Failure;
use crate::log;
use crate::output::Output;
use crate::said::{Said, said};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What `docket shop` can do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Connect a shop; its id is printed alone on stdout
    Add(Add),
    /// List the shops
    List,
    /// Pull the orders or products of a shop, and show how far that is
    Sync(sync::Args),
    /// Show how far a shop is: runs, windows of time, gaps
    Status(Status),
    /// Say which SKU of yours a code of a shop is: what is sold by it is taken from stock
    Map(skus::Map),
    /// List the codes of a shop with your SKUs, or those that sales wait for
    Skus(skus::Skus),
    /// Give a shop another token
    Token(Token),
    /// Ask a shop nothing until it is resumed
    Pause(One),
    /// End a pause
    Resume(One),
}

/// A shop.
#[derive(Debug, clap::Args)]
pub struct One {
    /// The number of the shop
    #[arg(value_name = "ID")]
    shop: String,
}

/// Arguments of `docket shop add`.
#[derive(Debug, clap::Args)]
pub struct Add {
    /// What people call it
    name: String,
    /// The marketplace
    #[arg(long, value_name = "NAME")]
    channel: String,
    /// The region it sells in
    #[arg(long, value_name = "REGION")]
    region: String,
    /// Which app of yours speaks for it
    #[arg(long, value_name = "KEY")]
    app_key: String,
    /// A file that holds the secret of that app
    #[arg(long, value_name = "FILE")]
    app_secret_file: PathBuf,
    /// A file that holds what the shop lets the app in with; it may be given later
    #[arg(long, value_name = "FILE")]
    access_token_file: Option<PathBuf>,
    /// Where the marketplace is, where that is not its usual address
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Tell webhooks of what happened before now as well, not only of what happens from now on
    #[arg(long)]
    announce_first_pull: bool,
}

/// Arguments of `docket shop status`.
#[derive(Debug, clap::Args)]
pub struct Status {
    /// The number of the shop; all shops where left out
    #[arg(value_name = "ID")]
    shop: Option<String>,
}

/// Arguments of `docket shop token`.
#[derive(Debug, clap::Args)]
pub struct Token {
    #[command(flatten)]
    one: One,
    /// A file that holds the token
    #[arg(long, value_name = "FILE")]
    access_token_file: PathBuf,
}

impl One {
    fn path(&self) -> Result<String, Failure> {
        Ok(format!("/api/shops/{}", super::path_part(&self.shop)?))
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
        Command::List | Command::Status(Status { shop: None }) => list(center, &out).await,
        Command::Sync(asked) => sync::run(asked, center, &out).await,
        Command::Map(asked) => skus::map(asked, center, &out).await,
        Command::Skus(asked) => skus::list(asked, center, &out).await,
        Command::Status(Status { shop: Some(shop) }) => {
            let one = One { shop: shop.clone() };
            let mut found = center.get(&one.path()?).await?;
            let path = format!("/api/sync/shops/{}/completeness", super::path_part(shop)?);
            found["completeness"] = center.get(&path).await?;
            show(&found, &out);
            Ok(())
        }
        Command::Token(given) => {
            let body = json!({"access_token": secret_of(&given.access_token_file)?});
            let shop = center.put(&given.one.path()?, &body).await?;
            out.show(&shop, |out| {
                let (id, until) = (&given.one.shop, words(&shop["token_expires_at"]));
                out.note(out.tell(&said!(
                    "shop {id} has another token, good until {until}",
                    "店铺 {id} 已换新令牌，有效期至 {until}"
                )));
            });
            Ok(())
        }
        Command::Pause(one) => pause(one, true, center, &out).await,
        Command::Resume(one) => pause(one, false, center, &out).await,
    })
    .await
}

/// The secret that a file holds, without the end of its line.
fn secret_of(path: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let shown = path.display();
        Failure::usage(
            said!("{shown} cannot be read", "无法读取 {shown}").because(Said::from(&error)),
        )
    })?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.trim().is_empty() {
        let shown = path.display();
        return Err(Failure::usage(said!("{shown} is empty", "{shown} 是空文件"))
            .next(said!("It holds the secret, on one line.", "文件中应有一行密钥或令牌。")));
    }
    Ok(secret.to_owned())
}

/// How a shop gets a token.
fn token_first(id: &str) -> Said {
    said!(
        "`docket shop token {id} --access-token-file FILE` gives it a token",
        "用 docket shop token {id} --access-token-file 文件 为它设置令牌"
    )
}

/// Whether a new token is what a fault of this word wants.
fn is_of_token(cause: &str) -> bool {
    matches!(cause, "token_dead" | "wrong_shop" | "scope_missing")
}

/// What ends the pause of a shop, by what caused it.
fn end_of_pause(id: &str, cause: &str) -> Said {
    match cause {
        "person" => {
            said!("`docket shop resume {id}` ends the pause", "docket shop resume {id} 可解除暂停")
        }
        cause if is_of_token(cause) => {
            token_first(id).with(said!("and that ends the pause", "设置后暂停随即解除"))
        }
        _ => said!(
            "mend that, then `docket shop resume {id}`",
            "请先处理，然后运行 docket shop resume {id}"
        ),
    }
}

async fn add(new: &Add, center: &Center, out: &Output) -> Result<(), Failure> {
    let token = new.access_token_file.as_deref().map(secret_of).transpose()?;
    let mut body = json!({
        "name": new.name,
        "channel": new.channel,
        "region": new.region,
        "app_key": new.app_key,
        "app_secret": secret_of(&new.app_secret_file)?,
    });
    if let Some(token) = token {
        body["access_token"] = token.into();
    }
    if let Some(url) = &new.base_url {
        body["base_url"] = url.as_str().into();
    }
    if new.announce_first_pull {
        body["announce_first_pull"] = true.into();
    }
    let added = center.post("/api/shops", &body).await?;
    out.show(&added, |out| {
        let id = words(&added["shop_id"]);
        out.line(&id);
        out.note(out.tell(&if added["has_token"] == false {
            said!("connected, and not pulled before it has a token", "已连接，设置令牌之前不会拉取")
                .and(token_first(&id))
        } else {
            said!(
                "connected; `docket serve` pulls it by itself, `docket shop sync {id}` at once",
                "已连接；docket serve 会自动拉取，docket shop sync {id} 可立即拉取"
            )
        }));
    });
    Ok(())
}

async fn pause(one: &One, paused: bool, center: &Center, out: &Output) -> Result<(), Failure> {
    // Whoever may pause a shop may be one who may not look at it.
    let before = center.get(&one.path()?).await.unwrap_or_default();
    let shop = center.put(&one.path()?, &json!({ "paused": paused })).await?;
    let id = &one.shop;
    let told = if paused {
        said!(
            "shop {id} is asked nothing until it is resumed",
            "店铺 {id} 已暂停，恢复之前不再询问"
        )
    } else if shop["has_token"] == false {
        said!("shop {id} is paused no more, and has no token", "店铺 {id} 已解除暂停，但没有令牌")
            .and(token_first(id))
    } else {
        resumed(id, &before["paused"])
    };
    out.show(&shop, |out| out.note(out.tell(&told)));
    Ok(())
}

/// What comes of ending a pause: one that its marketplace caused comes back unless that was mended.
fn resumed(id: &str, pause: &Value) -> Said {
    let cause = pause["cause"].as_str().unwrap_or("person");
    if cause == "person" {
        return said!("shop {id} goes on", "店铺 {id} 已恢复");
    }
    let tried = said!(
        "shop {id} is tried again; it goes on only if that is mended why it was paused",
        "将再次尝试店铺 {id}；暂停原因消除后才会继续"
    );
    let tried = tried.because(Said::of_center(&words(&pause["why"])));
    if is_of_token(cause) { tried.and(token_first(id)) } else { tried }
}

/// How a shop stands, in one word or sentence.
fn standing(shop: &Value, out: &Output) -> String {
    if !shop["paused"].is_null() {
        let why = Said::of_center(&words(&shop["paused"]["why"]));
        return out.tell(&said!("paused", "已暂停").because(why)).to_owned();
    }
    if shop["has_token"] == false {
        return out.say("without a token", "没有令牌").to_owned();
    }
    let until = words(&shop["waits_until"]);
    if until.is_empty() {
        return out.say("pulled", "拉取中").to_owned();
    }
    let waits = said!(
        "pulled; told to wait until {until}, there were too many calls",
        "拉取中；调用过多，平台要求等到 {until}"
    );
    out.tell(&waits).to_owned()
}

async fn list(center: &Center, out: &Output) -> Result<(), Failure> {
    let listed = center.get("/api/shops?limit=200").await?;
    let shops: &[Value] = listed["shops"].as_array().map_or(&[], Vec::as_slice);
    out.show(&listed, |out| {
        if shops.is_empty() {
            out.note(out.say(
                "There is no shop; `docket shop add` connects one.",
                "没有店铺；docket shop add 可连接一个。",
            ));
            return;
        }
        let head = [
            out.say("shop", "店铺"),
            out.say("name", "名称"),
            out.say("channel", "渠道"),
            out.say("region", "区域"),
            out.say("token until", "令牌有效期"),
            out.say("state", "状态"),
        ];
        let row = |shop: &Value| {
            let word = |name: &str| words(&shop[name]);
            let (id, name, channel, region) =
                (word("shop_id"), word("name"), word("channel"), word("region"));
            vec![id, name, channel, region, word("token_expires_at"), standing(shop, out)]
        };
        out.table(&head, shops.iter().map(row));
    });
    Ok(())
}

/// The state of a run or of a window, as its reader says it; a word of a later release as it is.
fn state(word: &str, out: &Output) -> String {
    let chinese = match word {
        "queued" => "排队中",
        "running" => "运行中",
        "done" | "finished" => "已完成",
        "failed" => "失败",
        "stopped" => "已停止",
        "gap" => "缺口",
        other => other,
    };
    out.say(word, chinese).to_owned()
}

/// A run in one line.
fn run_line(run: &Value, out: &Output) -> String {
    let number = |name: &str| run[name].as_u64().unwrap_or_default();
    let state = state(&words(&run["state"]), out);
    let (done, new, changed) = (number("done"), number("new"), number("changed"));
    let (refused, gaps, calls) = (number("refused"), number("gaps"), number("calls"));
    let at = words(&run["ended_at"]);
    let line = said!(
        "{state}: {done} read, {new} new, {changed} changed, {refused} refused, {gaps} gaps, {calls} calls",
        "{state}：读取 {done}，新增 {new}，变更 {changed}，搁置 {refused}，缺口 {gaps}，调用 {calls}"
    );
    let mut line = out.tell(&line).to_owned();
    if let Some(left) = run["seconds_left"].as_u64() {
        let left =
            sync::phase(&words(&run["phase"])).with(said!("about {left} s left", "约剩 {left} 秒"));
        line = format!("{line}; {}", out.tell(&left));
    }
    if !at.is_empty() {
        line = format!("{line} ({at})");
    }
    line
}

fn show(shop: &Value, out: &Output) {
    out.show(shop, |out| {
        let says = |name: &str, value: String| {
            if !value.is_empty() {
                out.line(&format!("{name}: {value}"));
            }
        };
        says(
            out.say("shop", "店铺"),
            format!("{} {}", words(&shop["shop_id"]), words(&shop["name"])),
        );
        says(out.say("state", "状态"), standing(shop, out));
        says(out.say("there", "平台店铺号"), words(&shop["external_shop_id"]));
        says(out.say("token until", "令牌有效期"), words(&shop["token_expires_at"]));
        let missing: Vec<_> = rows(&shop["scopes_missing"]).iter().map(words).collect();
        says(out.say("not allowed by the token", "令牌未授权"), missing.join(", "));
        says(out.say("to do", "待办"), why(&shop["advice"], out));
        let id = words(&shop["shop_id"]);
        if let Some(cause) = shop["paused"]["cause"].as_str() {
            says(out.say("to do", "待办"), out.tell(&end_of_pause(&id, cause)).to_owned());
        } else if shop["has_token"] == false {
            says(out.say("to do", "待办"), out.tell(&token_first(&id)).to_owned());
        }
        if !shop["orders"].is_null() {
            says(out.say("orders", "订单"), run_line(&shop["orders"], out));
            says(out.say("why", "原因"), why(&shop["orders"]["error"], out));
            says(out.say("beforehand", "预告"), why(&shop["orders"]["note"], out));
        }
        if !shop["products"].is_null() {
            says(out.say("products", "商品"), run_line(&shop["products"], out));
            says(out.say("why", "原因"), why(&shop["products"]["error"], out));
        }
        show_windows(&shop["windows"], out);
        beside::show(shop, out);
    });
}

/// The rows of a list.
fn rows(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

/// A number of a row; empty where it has none.
fn count(row: &Value, name: &str) -> String {
    row[name].as_u64().map_or_else(String::new, |count| count.to_string())
}

fn show_windows(windows: &Value, out: &Output) {
    if rows(windows).is_empty() {
        return;
    }
    let head = [
        out.say("from", "起"),
        out.say("to", "止"),
        out.say("state", "状态"),
        out.say("theirs", "平台"),
        out.say("ours", "本地"),
        out.say("tried again", "重试"),
        out.say("reason", "原因"),
    ];
    let row = |window: &Value| {
        let word = |name: &str| words(&window[name]);
        let (from, to, state) = (word("from"), word("to"), state(&word("state"), out));
        let (theirs, ours) = (count(window, "theirs"), count(window, "ours"));
        vec![from, to, state, theirs, ours, word("next_try_at"), why(&window["reason"], out)]
    };
    out.table(&head, rows(windows).iter().map(row));
}
