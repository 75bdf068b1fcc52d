//! `docket bench channel`: how fast the orders of a marketplace are pulled, pulled again where nothing changed, and where
//! some did; over real HTTP from `docket sandbox temu` in a process of its own, into a real `docket serve`.
//!
//! The sandbox is measured alone first, page by page without anything kept: nothing can be faster than that. Afterwards
//! theirs is held against ours.

use super::bare::{Database, Emptying, Reader, prepare};
use super::connection::{Connection, Request, Target};
use super::machine;
use super::report::rounded;
use super::server::{Server, add_key};
use super::stage::{StageArgs, play};
use crate::failure::Failure;
use crate::output::Output;
use crate::said::said;
use docket_app::Clock;
use docket_connectors::channel::temu::Temu;
use docket_connectors::channel::{
    Call, Connector as _, Credentials, OrdersCall, Page, Secret, TimeField, Window,
};
use docket_domain::Time;
use docket_domain::time::{DAY, SECOND};
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Orders on a page.
const PAGE: u64 = 100;
/// How often it is looked whether a run has ended.
const LOOK: Duration = Duration::from_millis(20);
/// How long packages are looked for.
const PACKAGES: Duration = Duration::from_secs(30);

/// Pull the orders of marketplace shops
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print one line of JSON a figure
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    stage: StageArgs,
    /// Orders of the shop
    #[arg(long, default_value_t = 100_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    orders: u64,
    /// Of them, how many change before they are pulled a third time
    #[arg(long, default_value_t = 2_000, value_name = "N")]
    changed: u64,
    /// Shops that are pulled where nothing is new, instead of one that is pulled whole; the limit of the marketplace holds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000), conflicts_with = "packages")]
    shops: Option<u64>,
    /// Look for packages for half a minute at the limit of the marketplace, instead of pulling one shop whole
    #[arg(long)]
    packages: bool,
}

/// One figure.
#[derive(Debug, Serialize)]
struct Line {
    bench: &'static str,
    database: &'static str,
    /// `pull`, `again`, `changed`, `shops` or `packages`.
    what: &'static str,
    ops_per_s: f64,
    seconds: f64,
    rss_mib: Option<f64>,
    rows_per_op: f64,
    bytes_per_op: f64,
    /// What the marketplace gives where nothing is kept of it.
    bare_ops_per_s: Option<f64>,
    ratio: Option<f64>,
    /// The most calls within any second, as the marketplace saw them.
    most_calls_in_a_second: u64,
    /// Whether theirs is ours, by day and status.
    checked: bool,
}

/// The marketplace; ended when dropped.
struct Market {
    child: Child,
    target: Target,
    said: Value,
}

/// A server, a marketplace and shops of it.
struct Played {
    _folder: TempDir,
    database: Database,
    market: Market,
    server: Server,
    center: Connection,
    shops: Vec<String>,
}

/// Runs it.
pub fn run(args: Args, out: &Output) -> Result<(), Failure> {
    play(|| bench(args, out))
}

async fn bench(args: Args, out: &Output) -> Result<(), Failure> {
    let lines = match (args.shops, args.packages) {
        (Some(shops), _) => many_shops(&args, shops, out).await?,
        (None, true) => packages(&args, out).await?,
        (None, false) => one_shop(&args, out).await?,
    };
    for line in &lines {
        if args.json {
            out.json(line);
            continue;
        }
        let Line { what, ops_per_s, seconds, most_calls_in_a_second, .. } = line;
        let memory = line.rss_mib.unwrap_or_default();
        let ratio = line.ratio.map_or_else(String::new, |ratio| format!(", {ratio:.2} × bare"));
        out.line(out.tell(&said!(
            "{what}: {ops_per_s:.1}/s ({seconds:.2} s), {memory:.0} MiB, at most {most_calls_in_a_second} calls in a second{ratio}",
            "{what}：{ops_per_s:.1}/s（{seconds:.2} s），{memory:.0} MiB，任意一秒内最多 {most_calls_in_a_second} 次调用{ratio}"
        )));
    }
    if lines.iter().all(|line| line.checked) {
        return Ok(());
    }
    Err(Failure::new(said!("what arrived is not what there is", "到达的数据与平台不符")))
}

/// One shop is pulled whole, once more, and once more after some orders changed.
async fn one_shop(args: &Args, out: &Output) -> Result<Vec<Line>, Failure> {
    let mut played = Played::set(args, 1, args.orders, 0, out).await?;
    let bare = played.market.alone(args.orders).await?;
    let shop = played.shops[0].clone();
    let before = played.size().await?;
    let pull = played.timed(&shop, "incremental").await?;
    let after = played.size().await?;
    let rows = (after.0 - before.0) as f64 / args.orders as f64;
    let bytes = (after.1 - before.1) as f64 / args.orders as f64;
    let again = played.timed(&shop, "full").await?;
    let checked = played.is_complete(&shop).await?;
    let mall = played.market.said["shops"][0]["mall_id"].clone();
    let moves = json!({"orders": [{"does": "move", "shop": mall, "to": 5, "count": args.changed}]});
    played.market.control(&moves).await?;
    // What is younger than two minutes is not asked for yet.
    played.market.control(&json!({"skip_ms": 130_000})).await?;
    played.hear_the_clock(&shop).await?;
    let some = played.timed(&shop, "incremental").await?;
    let changed = played.progress(&shop).await?["changed"].as_u64().unwrap_or_default();
    let told = [
        ("pull", args.orders, pull, rows, bytes),
        ("again", args.orders, again, 0.0, 0.0),
        ("changed", changed, some, 0.0, 0.0),
    ];
    let mut lines = Vec::new();
    for (what, orders, took, rows, bytes) in told {
        let bare = (what == "pull").then_some(bare);
        let line = played.line(what, orders, took, (rows, bytes), bare, checked).await?;
        lines.push(line);
    }
    played.server.stop().await?;
    Ok(lines)
}

/// Many shops are pulled in which nothing is new.
async fn many_shops(args: &Args, shops: u64, out: &Output) -> Result<Vec<Line>, Failure> {
    let mut played = Played::set(args, shops, 3, 20, out).await?;
    for shop in played.shops.clone() {
        played.start(&shop, "incremental").await?;
    }
    played.all_ended().await?;
    let began = Instant::now();
    for shop in played.shops.clone() {
        played.start(&shop, "incremental").await?;
    }
    let checked = played.all_ended().await?;
    let took = began.elapsed();
    let line = played.line("shops", shops, took, (0.0, 0.0), None, checked).await?;
    played.server.stop().await?;
    Ok(vec![line])
}

/// Packages are looked for as fast as the marketplace allows.
async fn packages(args: &Args, out: &Output) -> Result<Vec<Line>, Failure> {
    let mut played = Played::set(args, 1, args.orders.min(2_000), 20, out).await?;
    let shop = played.shops[0].clone();
    played.timed(&shop, "incremental").await?;
    let path = "/api/sync/orders/enrich-tasks/stats";
    let looked = async |played: &mut Played| {
        let calls = played.market.truth().await?["apps"][0]["calls"]["by_type"].clone();
        Ok::<_, Failure>(calls["bg.order.detail.v2.get"].as_u64().unwrap_or_default())
    };
    let before = looked(&mut played).await?;
    let began = Instant::now();
    tokio::time::sleep(PACKAGES).await;
    let orders = looked(&mut played).await? - before;
    let took = began.elapsed();
    let counted = played.get(path).await?;
    let checked = counted["failed"] == 0 && orders > 0;
    let line = played.line("packages", orders, took, (0.0, 0.0), None, checked).await?;
    played.server.stop().await?;
    Ok(vec![line])
}

impl Played {
    /// Starts all of it and connects the shops; `limit` is how many calls are allowed in a second, 0 for any number.
    async fn set(
        args: &Args,
        shops: u64,
        orders: u64,
        limit: u64,
        out: &Output,
    ) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new().prefix("docket-bench-").tempdir()?;
        out.note(out.tell(&machine::describe(folder.path())));
        let database = match &args.stage.database {
            Some(url) => Database::parse(url)?,
            None => Database::Sqlite(folder.path().join("bench.sqlite")),
        };
        prepare(&database, if args.stage.force { Emptying::Forced } else { Emptying::Never })
            .await?;
        let key = add_key(folder.path(), &database)?;
        let set = |name: &str, value: String| (format!("DOCKET_CHANNELS__TEMU__{name}"), value);
        let mut settings =
            vec![set("INTERVAL", "365d".to_owned()), set("CALLS_PER_SECOND", limit.to_string())];
        if !args.packages {
            settings.push(set("PACKAGES", "false".to_owned()));
        }
        let server = Server::start(folder.path(), &database, &settings).await?;
        let market = Market::start(args.stage.seed, shops, orders, limit)?;
        // As with most tokens: what buyers paid is asked for by a call of its own beside the one for packages.
        for shop in market.said["shops"].as_array().into_iter().flatten() {
            let deny =
                json!({"shop": shop["mall_id"], "does": "deny", "type": "bg.order.amount.query"});
            market.control(&json!({"tokens": [deny]})).await?;
        }
        let center = Connection::open(&Target { address: server.address, key }).await?;
        let mut played =
            Self { _folder: folder, database, market, server, center, shops: Vec::new() };
        played.connect().await?;
        Ok(played)
    }

    async fn connect(&mut self) -> Result<(), Failure> {
        let said = self.market.said.clone();
        for shop in said["shops"].as_array().into_iter().flatten() {
            let body = json!({"name": "bench", "channel": "temu", "region": shop["region"],
                "app_key": said["app_key"], "app_secret": said["app_secret"],
                "access_token": shop["access_token"], "base_url": said["listening"]});
            let added = self.post("/api/shops", &body, 201).await?;
            let id = added["shop_id"].as_str().unwrap_or_default();
            self.shops.push(id.to_owned());
        }
        Ok(())
    }

    async fn post(&mut self, path: &str, body: &Value, status: u16) -> Result<Value, Failure> {
        let body = body.to_string();
        let asked = Request { method: "POST", path, idempotency_key: None, body: body.as_bytes() };
        let answer = self.center.ask(asked).await?;
        Ok(serde_json::from_slice(answer.expect(status, path)?)?)
    }

    async fn get(&mut self, path: &str) -> Result<Value, Failure> {
        let answer = self.center.ask(Request::get(path)).await?;
        Ok(serde_json::from_slice(answer.expect(200, path)?)?)
    }

    /// Has the center ask the marketplace something, so that it hears of time that was skipped.
    async fn hear_the_clock(&mut self, shop: &str) -> Result<(), Failure> {
        let (path, token) =
            (format!("/api/shops/{shop}"), self.market.said["shops"][0]["access_token"].clone());
        let body = json!({ "access_token": token }).to_string();
        let (path, body) = (&*path, body.as_bytes());
        let asked = Request { method: "PUT", path, idempotency_key: None, body };
        self.center.ask(asked).await?.expect(200, path)?;
        Ok(())
    }

    async fn start(&mut self, shop: &str, mode: &str) -> Result<(), Failure> {
        let path = format!("/api/sync/shops/{shop}/orders");
        self.post(&path, &json!({ "mode": mode }), 202).await.map(drop)
    }

    async fn progress(&mut self, shop: &str) -> Result<Value, Failure> {
        self.get(&format!("/api/sync/shops/{shop}/orders/progress")).await
    }

    /// Waits for the end of a run; answers whether it came to a good one.
    async fn ended(&mut self, shop: &str) -> Result<bool, Failure> {
        loop {
            let run = self.progress(shop).await?;
            match run["state"].as_str() {
                Some("queued" | "running") => tokio::time::sleep(LOOK).await,
                Some("done") => return Ok(run["gaps"] == 0),
                _ => {
                    let why = run["error"].to_string();
                    return Err(self
                        .server
                        .explain(said!("a run failed: {why}", "拉取失败：{why}")));
                }
            }
        }
    }

    async fn all_ended(&mut self) -> Result<bool, Failure> {
        let mut well = true;
        for shop in self.shops.clone() {
            well &= self.ended(&shop).await?;
        }
        Ok(well)
    }

    /// How long a run takes, from the request that starts it.
    async fn timed(&mut self, shop: &str, mode: &str) -> Result<Duration, Failure> {
        let began = Instant::now();
        self.start(shop, mode).await?;
        self.ended(shop).await?;
        Ok(began.elapsed())
    }

    async fn is_complete(&mut self, shop: &str) -> Result<bool, Failure> {
        let found = self.get(&format!("/api/sync/shops/{shop}/completeness")).await?;
        Ok(found["complete"] == true)
    }

    /// Rows and bytes of the database.
    async fn size(&mut self) -> Result<(i64, i64), Failure> {
        let size = Reader::open(&self.database).await?.size().await?;
        Ok((size.rows, size.bytes))
    }

    async fn line(
        &mut self,
        what: &'static str,
        orders: u64,
        took: Duration,
        (rows, bytes): (f64, f64),
        bare: Option<f64>,
        checked: bool,
    ) -> Result<Line, Failure> {
        let per_second = orders as f64 / took.as_secs_f64();
        let most = self.market.truth().await?["apps"][0]["calls"]["most_in_a_second"].clone();
        Ok(Line {
            bench: "channel",
            database: self.database.name(),
            what,
            ops_per_s: rounded(per_second, 1),
            seconds: rounded(took.as_secs_f64(), 3),
            rss_mib: self.server.process.rss_mib().map(|mib| rounded(mib, 1)),
            rows_per_op: rounded(rows, 2),
            bytes_per_op: rounded(bytes, 0),
            bare_ops_per_s: bare.map(|bare| rounded(bare, 0)),
            ratio: bare.map(|bare| rounded(per_second / bare, 3)),
            most_calls_in_a_second: most.as_u64().unwrap_or_default(),
            checked,
        })
    }
}

impl Market {
    fn start(seed: u64, shops: u64, orders: u64, limit: u64) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["sandbox", "temu", "--listen", "127.0.0.1:0", "--json"]);
        let numbers =
            [("--seed", seed), ("--shops", shops), ("--count", orders), ("--limit", limit)];
        for (name, number) in numbers {
            command.args([name, &number.to_string()]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let stdout = child.stdout.take().expect("stdout was asked for as a pipe");
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let said: Value = serde_json::from_str(&line)?;
        let url = said["listening"].as_str().unwrap_or_default();
        let address = url.trim_start_matches("http://").parse();
        let address = address.map_err(|_| {
            Failure::new(said!("the sandbox does not say where it listens", "沙箱没有给出监听地址"))
        })?;
        Ok(Self { child, target: Target { address, key: String::new() }, said })
    }

    async fn control(&self, wish: &Value) -> Result<Value, Failure> {
        let (mut way, body) = (Connection::open(&self.target).await?, wish.to_string());
        let (path, body) = ("/control", body.as_bytes());
        let asked = Request { method: "POST", path, idempotency_key: None, body };
        let answer = way.ask(asked).await?;
        Ok(serde_json::from_slice(answer.expect(200, "POST /control")?)?)
    }

    async fn truth(&self) -> Result<Value, Failure> {
        let mut way = Connection::open(&self.target).await?;
        let answer = way.ask(Request::get("/control")).await?;
        Ok(serde_json::from_slice(answer.expect(200, "GET /control")?)?)
    }

    /// How many orders a second it gives, page by page, to somebody who keeps nothing.
    async fn alone(&self, orders: u64) -> Result<f64, Failure> {
        let now = Clock::System.now();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let credentials = Credentials {
            app_key: text(&self.said["app_key"]),
            app_secret: Secret::new(text(&self.said["app_secret"])),
            access_token: Secret::new(text(&self.said["shops"][0]["access_token"])),
            shop: String::new(),
        };
        let from = Time((now.0 - 120 * DAY) / SECOND * SECOND);
        let window = Window { by: TimeField::Updated, from, to: Time(now.0 / SECOND * SECOND) };
        let mut way = Connection::open(&self.target).await?;
        let began = Instant::now();
        let pages = orders.div_ceil(PAGE);
        for number in 1..=pages {
            let page = Page::Number(number as u32);
            let call = Call::Orders(OrdersCall { window, page, size: PAGE as u16 });
            let request = Temu.build(&call, &credentials, Clock::System.now());
            let request = request.map_err(|why| Failure::new(crate::said::Said::as_told(why)))?;
            let (path, body) = (&*request.path, &*request.body);
            let asked = Request { method: "POST", path, idempotency_key: None, body };
            way.ask(asked).await?.expect(200, path)?;
        }
        Ok((pages * PAGE) as f64 / began.elapsed().as_secs_f64())
    }
}

impl Drop for Market {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
