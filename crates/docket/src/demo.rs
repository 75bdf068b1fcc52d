//! `docket demo`: a whole center at work. It opens a real center in a throw-away folder, drives real flows
//! through its HTTP interface, and checks afterwards that orders, money, stock and log agree.
//!
//! Who plays stands in `stage`, what is played in `scenes`, the gateway that some orders are paid at in `gateway`, the
//! marketplace whose shops are pulled in `market`, what is checked in `checks` and `sums`.

mod checks;
mod gateway;
mod market;
mod sandbox;
mod scenes;
mod stage;
mod sums;

use crate::center::own::{self, Door, OwnCenter};
use crate::center::{Client, Method};
use crate::cli::Options;
use crate::commands::serve::StopSignals;
use crate::config::{self, Config};
use crate::failure::Failure;
use crate::log;
use crate::output::{Form, Output};
use crate::said::{Said, said};
use checks::Check;
use docket_app::LedgerSettings;
use docket_app::vault::Origin;
use docket_domain::time::{DAY, SECOND};
use gateway::Gateway;
use market::Market;
use scenes::Scene;
use serde_json::json;
use stage::Stage;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Where Redis listens by default.
const REDIS: &str = "redis://127.0.0.1:6379/";

/// Arguments of `docket demo`.
#[derive(Debug, Default, clap::Args)]
pub struct Args {
    /// End when the checks are done; the exit code says whether all of them held
    #[arg(long)]
    once: bool,
    /// Address and port to listen on [default: a free port of this machine]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
}

/// What came of it.
struct Played {
    orders: usize,
    took: Duration,
    checks: Vec<Check>,
}

/// Runs the demo.
pub async fn run(args: Args, options: &Options) -> Result<(), Failure> {
    let mut asked = StopSignals::listen()?;
    log::start_for_demo();
    let out = options.output();
    // Kept until the end: dropping it removes the folder.
    let folder = tempfile::Builder::new().prefix("docket-demo-").tempdir()?;
    let mut config = match &options.data {
        Some(_) => config::load(options, None)?,
        // What this machine's environment sets is for its center, not for a demo.
        None => Config::defaults(folder.path().to_owned())?,
    };
    let (gateway, market) = tokio::try_join!(Gateway::start(), Market::start())?;
    config.gateways.push(gateway.settings());
    // Shops are pulled when the demo says so.
    config.channels.interval = DAY;
    // Whoever stops the demo may have stopped its marketplace too: nothing that is asked of it is worth waiting for.
    config.tasks.grace.value.0 = SECOND;
    config.ledgers =
        Arc::new(LedgerSettings { points_per: Some(100), ..(*config.ledgers).clone() });
    let redis = find_redis(&mut config).await;
    let address = args.listen.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    let door = Door::open(address).await?;
    let (app, origin) = own::open(&config).await?;
    if options.data.is_some() && origin == Origin::Made {
        out.note(out.tell(&own::note_on_keys(&config)));
    }
    app.listens_at(&format!("http://{}", door.address));
    app.start();
    let center = OwnCenter::serve(app, door);
    out.note(out.tell(&redis));
    let ended = tokio::select! {
        ended = perform(&args, &center, gateway, &market, &config, &out) => ended,
        () = asked.once() => Err(stopped(options.data.as_deref())),
    };
    if let (Ok(()), false) = (&ended, args.once) {
        asked.once().await;
    }
    center.close().await;
    drop(market);
    ended
}

/// Lets tasks ring through the Redis of this machine, if one answers where Redis listens by default.
async fn find_redis(config: &mut Config) -> Said {
    if config.redis_at().is_none() {
        config.redis.url.value.0 = Some(REDIS.to_owned());
        let prefix = &mut config.redis.prefix.value.0;
        *prefix = format!("{prefix}-demo-{}", std::process::id());
    }
    let answers = match config.redis_at() {
        Some(redis) => redis.answers().await.is_ok(),
        None => false,
    };
    if answers {
        let url = config.redis.url.value.0.as_deref().unwrap_or_default();
        return said!("tasks ring through the Redis at {url}", "任务经由 {url} 的 Redis 唤醒");
    }
    config.redis.url.value.0 = None;
    said!(
        "no Redis answers here: tasks ring within the process",
        "本机没有可用的 Redis：任务在进程内唤醒"
    )
}

/// Somebody did not wait for the end.
fn stopped(data: Option<&Path>) -> Failure {
    let stopped = said!("stopped before the demo was over", "演示尚未结束即被停止");
    Failure::new(stopped).next(match data {
        None => said!("Nothing is left of it.", "没有留下任何内容。"),
        Some(data) => {
            let data = data.display();
            said!("What it placed until then stays in {data}.", "此前的订单保留在 {data} 中。")
        }
    })
}

/// A demo plays with what is its own: orders of somebody else would be among those it checks.
async fn refuse_orders_of_others(center: &OwnCenter, config: &Config) -> Result<(), Failure> {
    let line = Client::new(center.address(), center.token())?;
    let found = line.ask(Method::GET, "/api/orders?limit=1", None).await?;
    if found["orders"].as_array().is_none_or(Vec::is_empty) {
        return Ok(());
    }
    let data = config.data.display();
    Err(Failure::new(said!("{data} holds orders already", "{data} 中已有订单")).next(said!(
        "Name a new folder with --data, or leave it out for a throw-away one.",
        "请用 --data 指定新目录，或去掉 --data 使用临时目录。"
    )))
}

/// Plays, checks and shows what came of it.
async fn perform(
    args: &Args,
    center: &OwnCenter,
    gateway: Gateway,
    market: &Market,
    config: &Config,
    out: &Output,
) -> Result<(), Failure> {
    refuse_orders_of_others(center, config).await?;
    let address = center.address();
    out.note(out.tell(&said!("a center is open at {address}", "订单中心已启动：{address}")));
    let stage = Stage::set(center, gateway).await?;
    let played = play(&stage, market, out).await?;
    let ok = played.checks.iter().all(|check| check.found.is_ok());
    let seconds = played.took.as_secs_f64();
    let shown = json!({
        "ok": ok, "orders": played.orders, "seconds": seconds, "checks": played.checks,
        "address": center.address(), "docs": format!("{}/docs", center.address()),
        "user": stage.user, "password": stage.password, "order": stage.an_order(),
    });
    out.show(&shown, |out| print(&played, seconds, out));
    if !ok {
        let failed = played.checks.iter().filter(|check| check.found.is_err()).count();
        let all = played.checks.len();
        return Err(Failure::new(said!(
            "{failed} of {all} checks failed",
            "{all} 项检查中有 {failed} 项未通过"
        ))
        .next(said!(
            "Please report it with the table above and `docket --version`.",
            "请连同上表和 docket --version 的输出一并反馈。"
        )));
    }
    if !args.once && out.form == Form::People {
        invite(center, &stage, out);
    }
    Ok(())
}

async fn play(stage: &Stage, market: &Market, out: &Output) -> Result<Played, Failure> {
    let started = tokio::time::Instant::now();
    let mut outcomes = Vec::new();
    let mut checks = Vec::new();
    // First: their parcels are looked for while all else is played.
    let shops = market.pulled(stage, out).await?;
    for scene in scenes::ALL {
        let played = scenes::play(scene, stage, out).await?;
        if scene == Scene::Online {
            checks = scenes::online_checks(stage, &played, out).await?;
        }
        outcomes.extend(played);
    }
    checks.extend(scenes::single_checks(stage, &mut outcomes, out).await?);
    let evidence = checks::gather(stage, &outcomes, out).await?;
    let of_shops = market.checks(&shops, stage, out).await?;
    let took = started.elapsed();
    checks.extend(checks::all(&outcomes, &evidence, out));
    checks.extend(of_shops);
    Ok(Played { orders: outcomes.len(), took, checks })
}

fn print(played: &Played, seconds: f64, out: &Output) {
    let head = ["", out.say("check", "检查"), out.say("found", "结果")];
    let row = |check: &Check| {
        let (mark, says) = match &check.found {
            Ok(says) => ("✓", says),
            Err(wrong) => ("✗", wrong),
        };
        vec![mark.to_owned(), check.what.clone(), says.clone()]
    };
    out.table(&head, played.checks.iter().map(row));
    let (orders, done) = (out.say("orders", "个订单"), out.say("in", "用时"));
    out.line(&format!("{} {orders} {done} {seconds:.1} s", played.orders));
}

fn invite(center: &OwnCenter, stage: &Stage, out: &Output) {
    out.line("");
    out.line(&format!("{}  {}/docs", out.say("interface", "接口文档"), center.address()));
    out.line(&format!("{}  {} / {}", out.say("login", "登录"), stage.user, stage.password));
    out.line(&format!("{}  {}", out.say("a key", "密钥"), stage.admin_key()));
    let (server, key) = (center.address(), stage.admin_key());
    if let Some(order) = &stage.an_order() {
        out.line(&format!(
            "{}  docket explain {order} --server {server} --key {key}",
            out.say("a story", "订单经过")
        ));
    }
    out.note(out.say(
        "Ctrl-C stops it; a throw-away folder goes with it.",
        "按 Ctrl-C 结束，临时目录随之删除。",
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_of_a_demo_only_where_its_folder_goes() {
        let next = |data: Option<&str>| stopped(data.map(Path::new)).next.expect("what is left");
        assert!(next(None).contains("Nothing is left"));
        assert!(next(Some("here")).contains("stays in here"));
    }
}
