//! `docket bench channel`: how fast the orders of a marketplace are pulled, pulled again where nothing changed, and where
//! some did; over real HTTP from `docket sandbox temu` in a process of its own, into a real `docket serve`.
//!
//! The sandbox is measured alone first, page by page without anything kept: nothing can be faster than that. Afterwards
//! theirs is held against ours.

mod market;
mod placing;

use super::bare::{Database, Emptying, Reader, prepare};
use super::connection::{Connection, Request, Target};
use super::machine;
use super::report::rounded;
use super::server::{Server, add_key};
use super::stage::{StageArgs, play};
use crate::failure::Failure;
use crate::output::Output;
use crate::said::said;
use market::Market;
use placing::Placing;
use serde::Serialize;
use serde_json::{Value, json};
use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How often it is looked whether a run has ended.
const LOOK: Duration = Duration::from_millis(20);
/// Calls that the token does not allow.
const NOT_ASKED: [&str; 3] = [
    "bg.order.amount.query",
    "bg.aftersales.parentaftersales.list.get",
    "bg.aftersales.cancel.list.get",
];
/// How long people place orders where nothing is pulled.
const ALONE: Duration = Duration::from_secs(20);
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
    /// Place orders meanwhile, fifty a second, and before that as long without a pull
    #[arg(long, conflicts_with_all = ["packages", "shops"])]
    placing: bool,
}

/// One figure.
#[derive(Debug, Serialize)]
struct Line {
    bench: &'static str,
    database: &'static str,
    /// `pull`, `again`, `changed`, `shops`, `packages`, `place` or `place-while-pulling`.
    what: &'static str,
    ops_per_s: f64,
    /// How long people waited who placed orders.
    p50_ms: Option<f64>,
    p99_ms: Option<f64>,
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

/// A server, a marketplace and shops of it.
struct Played {
    _folder: TempDir,
    database: Database,
    market: Market,
    server: Server,
    own: Target,
    center: Connection,
    shops: Vec<String>,
}

/// Runs it.
pub fn run(args: Args, out: &Output) -> Result<(), Failure> {
    play(|| bench(args, out))
}

async fn bench(args: Args, out: &Output) -> Result<(), Failure> {
    let lines = match args.shops {
        Some(shops) => many_shops(&args, shops, out).await?,
        None if args.packages => packages(&args, out).await?,
        None if args.placing => while_people_place(&args, out).await?,
        None => one_shop(&args, out).await?,
    };
    for line in &lines {
        if args.json {
            out.json(line);
            continue;
        }
        let Line { what, ops_per_s, seconds, most_calls_in_a_second, .. } = line;
        let memory = line.rss_mib.unwrap_or_default();
        if let (Some(p50), Some(p99)) = (line.p50_ms, line.p99_ms) {
            out.line(out.tell(&said!(
                "{what}: {ops_per_s:.1}/s ({seconds:.2} s), p50 {p50:.2} ms, p99 {p99:.2} ms, {memory:.0} MiB",
                "{what}：{ops_per_s:.1}/s（{seconds:.2} s），p50 {p50:.2} ms，p99 {p99:.2} ms，{memory:.0} MiB"
            )));
            continue;
        }
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

/// People place orders: first alone, then while a shop is pulled for the first time.
async fn while_people_place(args: &Args, out: &Output) -> Result<Vec<Line>, Failure> {
    let mut played = Played::set(args, 1, args.orders, 0, out).await?;
    let mut people = Placing::at(played.own.clone(), args.stage.seed).await?;
    let mut lines = Vec::new();
    for (what, pulls) in [("place", false), ("place-while-pulling", true)] {
        let is_over = Rc::new(Cell::new(false));
        let began = Instant::now();
        let meanwhile = async {
            if pulls {
                let shop = played.shops[0].clone();
                let took = played.timed(&shop, "incremental").await;
                is_over.set(true);
                took.map(Some)
            } else {
                tokio::time::sleep(ALONE).await;
                is_over.set(true);
                Ok(None)
            }
        };
        let (pull, waits) = tokio::join!(meanwhile, people.until(Rc::clone(&is_over)));
        let (pull, waits, took) = (pull?, waits?, began.elapsed());
        let line = played.line(what, waits.count(), took, (0.0, 0.0), None, true).await?;
        let (p50_ms, p99_ms) = (Some(waits.ms(0.5)), Some(waits.ms(0.99)));
        lines.push(Line { p50_ms, p99_ms, ..line });
        if let Some(took) = pull {
            let shop = played.shops[0].clone();
            played.timed(&shop, "full").await?;
            let checked = played.is_complete(&shop).await?;
            lines.push(played.line("pull", args.orders, took, (0.0, 0.0), None, checked).await?);
        }
    }
    played.server.stop().await?;
    Ok(lines)
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
        // As with most tokens: what buyers paid is asked for by a call of its own beside the one for packages. Cancels and
        // refunds are lists of their own; what is measured is orders.
        for shop in market.said["shops"].as_array().into_iter().flatten() {
            let deny = |kind| json!({"shop": shop["mall_id"], "does": "deny", "type": kind});
            market.control(&json!({"tokens": NOT_ASKED.map(deny)})).await?;
        }
        let own = Target { address: server.address, key };
        let center = Connection::open(&own).await?;
        let shops = Vec::new();
        let mut played = Self { _folder: folder, database, market, server, own, center, shops };
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
            p50_ms: None,
            p99_ms: None,
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
