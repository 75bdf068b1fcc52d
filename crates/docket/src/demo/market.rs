//! The marketplace of the demo, a sandbox, and three shops of it that the center pulls: an ordinary one, one that is told
//! to wait, one whose token dies and is renewed. At the end each is held against what the marketplace says of it.

use super::checks::Check;
use super::sandbox::Sandbox;
use super::stage::{Stage, until};
use crate::center::{Client, Method};
use crate::failure::Failure;
use crate::output::Output;
use crate::said::{Said, said};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Orders of each shop at the start, and over how many days they were created.
const ORDERS: &str = "60";
const DAYS: &str = "14";
/// How often the second shop is told to wait, a second each time.
const WAITS: u64 = 2;
/// Orders that come in while the token of the third shop is dead.
const MEANWHILE: u64 = 8;
/// What happened so long ago is in every list: seconds are read when they are over.
const OVER: u64 = 180_000;

/// Their statuses of orders that have left, whole or in part.
const LEFT: [u32; 4] = [4, 5, 41, 51];

/// Which of the shops.
const ORDINARY: usize = 0;
const TOLD_TO_WAIT: usize = 1;
const RENEWED: usize = 2;
/// What people call them.
const NAMES: [&str; 3] = ["Garden 花园店", "Harbour 港口店", "Attic 阁楼店"];

/// A marketplace that runs.
pub struct Market(Sandbox);

/// The shops, connected and pulled.
pub struct Shops {
    /// By their place: the number here.
    ids: [String; 3],
    /// Why the third one was paused.
    paused: String,
    /// The run of the second one.
    waited: Value,
    /// The run of the third one with its new token.
    resumed: Value,
}

impl Market {
    /// Starts it.
    pub async fn start() -> Result<Self, Failure> {
        let missing =
            said!("the marketplace of the demo does not start", "演示用的电商平台未能启动");
        let words = ["--shops", "3", "--count", ORDERS, "--days", DAYS];
        let market = Self(Sandbox::start("temu", &words, missing).await?);
        market.wishes(&json!({ "skip_ms": OVER })).await?;
        Ok(market)
    }

    async fn wishes(&self, wish: &Value) -> Result<Value, Failure> {
        self.0.post("/control", wish).await
    }

    /// What it calls a shop.
    fn mall(&self, shop: usize) -> &str {
        self.0.told["shops"][shop]["mall_id"].as_str().unwrap_or_default()
    }

    /// The token that a shop has there now.
    async fn token(&self, shop: usize) -> Result<Value, Failure> {
        Ok(self.0.get("/control").await?["shops"][shop]["access_token"].clone())
    }

    /// How many orders lists have of a shop, by day of creation and status.
    async fn listed(&self, shop: usize) -> Result<BTreeMap<(String, String), u64>, Failure> {
        let told = self.0.get(&format!("/control/truth?shop={}", self.mall(shop))).await?;
        let rows = rows(&told["days"]).iter().map(|row| {
            let key = (text(&row["day"]), row["status"].to_string());
            (key, row["listed"]["orders"].as_u64().unwrap_or_default())
        });
        Ok(rows.filter(|(_, orders)| *orders > 0).collect())
    }

    /// The parcels of a shop's orders that have left, with the number of their order. A label that was bought for what is
    /// still there is none.
    async fn parcels(&self, shop: usize) -> Result<BTreeSet<(String, String)>, Failure> {
        let mut found = BTreeSet::new();
        for status in LEFT {
            let mall = self.mall(shop);
            let path = format!("/control/truth/packages?shop={mall}&status={status}&size=100000");
            let told = self.0.get(&path).await?;
            for row in rows(&told["rows"]) {
                // What lies in the box of another has no parcel of its own.
                let parts = rows(&row["parts"]);
                let whole = rows(&row["packages"]).iter().filter(|parcel| !parts.contains(parcel));
                found.extend(whole.map(|parcel| (text(&row["parent"]), text(parcel))));
            }
        }
        Ok(found)
    }

    /// Connects the shops and pulls them: one is told to wait, of one the token dies and is renewed.
    pub async fn pulled(&self, stage: &Stage, out: &Output) -> Result<Shops, Failure> {
        let line = stage.admin();
        let title = out.say("three shops of a marketplace", "三家平台店铺");
        let bar = out.progress(title, 6);
        let mut ids: [String; 3] = Default::default();
        for (shop, id) in ids.iter_mut().enumerate() {
            let connect = json!({
                "name": NAMES[shop], "channel": "temu", "region": self.0.told["shops"][shop]["region"],
                "base_url": self.0.url(), "app_key": self.0.told["app_key"],
                "app_secret": self.0.told["app_secret"],
                "access_token": self.0.told["shops"][shop]["access_token"],
            });
            let connected = line.ask(Method::POST, "/api/shops", Some(&connect)).await?;
            *id = text(&connected["shop_id"]);
            bar.step();
        }
        pull(line, &ids[RENEWED], "incremental").await?;
        bar.step();
        let why = self.token_dies(line, &ids[RENEWED]).await?;
        bar.step();
        let aim = json!({"shop": self.mall(TOLD_TO_WAIT), "type": "bg.order.list", "calls": WAITS});
        self.wishes(&json!({"behave": "throttle", "for": aim})).await?;
        let (ordinary, waited) = tokio::join!(
            pull(line, &ids[ORDINARY], "incremental"),
            pull(line, &ids[TOLD_TO_WAIT], "incremental"),
        );
        ordinary?;
        bar.step();
        bar.done();
        let name = NAMES[RENEWED];
        out.note(
            out.tell(&said!("{name} is paused", "{name} 已暂停").because(Said::of_center(&why))),
        );
        let token = json!({"access_token": self.token(RENEWED).await?});
        let path = format!("/api/shops/{}", ids[RENEWED]);
        let shop = line.ask(Method::PUT, &path, Some(&token)).await?;
        if !shop["paused"].is_null() {
            return Err(Failure::new(said!(
                "{name} stays paused with a token that is good",
                "{name} 换上有效令牌后仍处于暂停"
            )));
        }
        out.note(
            out.tell(&said!(
                "{name} has another token, and goes on",
                "{name} 已换新令牌，继续拉取"
            )),
        );
        let resumed = pull(line, &ids[RENEWED], "incremental").await?;
        Ok(Shops { ids, paused: why, waited: waited?, resumed })
    }

    /// The token of the third shop dies, and orders come in; answers why it is paused.
    async fn token_dies(&self, line: &Client, id: &str) -> Result<String, Failure> {
        let mall = self.mall(RENEWED);
        self.wishes(&json!({
            "orders": [{"does": "insert", "shop": mall, "count": MEANWHILE, "status": 4}],
            "tokens": [{"shop": mall, "does": "replace"}],
        }))
        .await?;
        self.wishes(&json!({ "skip_ms": OVER })).await?;
        // Whoever looks for its parcels may meet the dead token first.
        let run = start(line, id, "incremental").await;
        if let Err(failure) = run
            && failure.word != "wrong_state"
        {
            return Err(failure);
        }
        let path = format!("/api/shops/{id}");
        let shop = until(line, &path, |shop| shop["paused"].is_object()).await?;
        let cause = &shop["paused"]["cause"];
        if cause != "token_dead" {
            return Err(Failure::new(said!(
                "a shop whose token is dead is paused by {cause}",
                "令牌失效的店铺因 {cause} 暂停"
            )));
        }
        // What ran has ended before the next one begins.
        until(line, &progress(id), has_ended).await?;
        Ok(text(&shop["paused"]["why"]))
    }

    /// What the marketplace says of the shops, and what is here.
    pub async fn checks(
        &self,
        shops: &Shops,
        stage: &Stage,
        out: &Output,
    ) -> Result<Vec<Check>, Failure> {
        let line = stage.admin();
        let bar = out.progress(out.say("parcels of these shops", "店铺包裹号"), 3);
        let mut found = Vec::new();
        for (shop, id) in shops.ids.iter().enumerate() {
            pull(line, id, "full").await?;
            all_looked_for(line, id).await?;
            found.push(Stands {
                theirs: self.listed(shop).await?,
                report: line.ask(Method::GET, &completeness(id), None).await?,
                parcels_there: self.parcels(shop).await?,
                parcels_here: parcels_here(line, id).await?,
            });
            bar.step();
        }
        bar.done();
        let left = self.0.get("/control").await?["behave"].clone();
        let is_over = left.as_array().is_some_and(Vec::is_empty);
        let [ordinary, waited, renewed] = &found[..] else { unreachable!("there are three shops") };
        Ok(vec![
            Check::of(
                out.say("each shop has what the marketplace says it has", "各店铺订单与平台一致"),
                same([ordinary, waited, renewed], out),
            ),
            Check::of(
                out.say("a shop that is told to wait loses nothing", "被限流的店铺不丢订单"),
                lost_nothing(&shops.waited, waited, is_over, out),
            ),
            Check::of(
                out.say("with a new token a shop goes on at its mark", "换新令牌后从断点继续"),
                went_on(shops, renewed, out),
            ),
            Check::of(
                out.say("every parcel that is due has its number", "应有的包裹号均已取得"),
                parcels(&found, out),
            ),
        ])
    }
}

/// A shop there and here.
struct Stands {
    theirs: BTreeMap<(String, String), u64>,
    report: Value,
    parcels_there: BTreeSet<(String, String)>,
    parcels_here: BTreeSet<(String, String)>,
}

impl Stands {
    fn orders(&self) -> u64 {
        self.theirs.values().sum()
    }

    /// What the report says of one side, by day and status.
    fn reported(&self, side: &str) -> BTreeMap<(String, String), u64> {
        let days = rows(&self.report["days"]).iter().flat_map(|day| {
            rows(&day["statuses"]).iter().map(|status| {
                let key = (text(&day["day"]), text(&status["status"]));
                (key, status[side].as_u64().unwrap_or_default())
            })
        });
        days.filter(|(_, orders)| *orders > 0).collect()
    }

    /// The first day and status whose count is not that of the marketplace.
    fn differs(&self) -> Option<String> {
        if self.report["complete"] != true {
            return Some(format!("not complete, gaps {}", self.report["gaps"]));
        }
        ["theirs", "ours"].into_iter().find_map(|side| {
            let reported = self.reported(side);
            let keys: BTreeSet<_> = self.theirs.keys().chain(reported.keys()).collect();
            let differs = |key: &&&(String, String)| self.theirs.get(**key) != reported.get(**key);
            let (day, status) = keys.iter().find(differs)?;
            let count = |of: &BTreeMap<(String, String), u64>| {
                of.get(&(day.clone(), status.clone())).copied().unwrap_or_default()
            };
            let (there, told) = (count(&self.theirs), count(&reported));
            Some(format!("{day}, status {status}: {side} {told}, not {there}"))
        })
    }
}

fn same(shops: [&Stands; 3], out: &Output) -> Result<String, String> {
    for (name, stands) in NAMES.iter().zip(shops) {
        if let Some(differs) = stands.differs() {
            return Err(format!("{name}: {differs}"));
        }
    }
    let [a, b, c] = shops.map(Stands::orders);
    let says =
        said!("{a} + {b} + {c} orders, by day and status", "{a} + {b} + {c} 个订单，按日期和状态");
    Ok(out.tell(&says).to_owned())
}

fn lost_nothing(
    run: &Value,
    stands: &Stands,
    is_over: bool,
    out: &Output,
) -> Result<String, String> {
    let (done, gaps) = (&run["done"], &run["gaps"]);
    if !is_over || run["state"] != "done" || *done != stands.orders() || *gaps != 0 {
        return Err(format!("{done} of {} orders, gaps {gaps}: {run}", stands.orders()));
    }
    let says = said!(
        "told so {WAITS} times; {done} orders, no gap",
        "被限流 {WAITS} 次；{done} 个订单，无缺口"
    );
    Ok(out.tell(&says).to_owned())
}

fn went_on(shops: &Shops, stands: &Stands, out: &Output) -> Result<String, String> {
    let run = &shops.resumed;
    let (all, read) = (stands.orders(), run["done"].as_u64().unwrap_or_default());
    if run["new"] != MEANWHILE || !(MEANWHILE..all).contains(&read) {
        return Err(format!("{read} of {all} read, not {MEANWHILE}: {run}; {}", shops.paused));
    }
    let says = said!(
        "paused meanwhile; then {read} of {all} orders read",
        "期间暂停；恢复后读取 {all} 个订单中的 {read} 个"
    );
    Ok(out.tell(&says).to_owned())
}

fn parcels(shops: &[Stands], out: &Output) -> Result<String, String> {
    let mut count = 0;
    for (name, stands) in NAMES.iter().zip(shops) {
        let (there, here) = (&stands.parcels_there, &stands.parcels_here);
        if let Some((order, parcel)) = there.symmetric_difference(here).next() {
            return Err(format!("{name}: {parcel} of {order} is on one side alone"));
        }
        count += here.len();
    }
    let says = said!("{count} parcels", "{count} 个包裹");
    Ok(out.tell(&says).to_owned())
}

fn rows(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn progress(shop: &str) -> String {
    format!("/api/sync/shops/{shop}/orders/progress")
}

fn completeness(shop: &str) -> String {
    format!("/api/sync/shops/{shop}/completeness")
}

fn has_ended(run: &Value) -> bool {
    matches!(run["state"].as_str(), Some("done" | "failed" | "stopped"))
}

/// Starts a run of a shop's orders.
async fn start(line: &Client, shop: &str, mode: &str) -> Result<Value, Failure> {
    let path = format!("/api/sync/shops/{shop}/orders");
    line.ask(Method::POST, &path, Some(&json!({ "mode": mode }))).await
}

/// Runs one to its end.
async fn pull(line: &Client, shop: &str, mode: &str) -> Result<Value, Failure> {
    start(line, shop, mode).await?;
    let run = until(line, &progress(shop), has_ended).await?;
    if run["state"] != "done" {
        let ended = said!("a shop of the demo was not pulled", "演示店铺未能拉取");
        return Err(Failure::new(ended.because(Said::of_center(&text(&run["error"])))));
    }
    Ok(run)
}

/// Waits until every parcel of a shop that is to be looked for was.
async fn all_looked_for(line: &Client, shop: &str) -> Result<(), Failure> {
    let path = format!("/api/sync/shops/{shop}/orders/enrich-tasks?status=pending&limit=200");
    let looked = |page: &Value| rows(&page["tasks"]).iter().all(|task| task["looks"] != 0);
    until(line, &path, looked).await.map(drop)
}

/// The parcels of a shop's orders, with the number of their order.
async fn parcels_here(line: &Client, shop: &str) -> Result<BTreeSet<(String, String)>, Failure> {
    let path = format!("/api/orders?shop={shop}&limit=200&expand=tree");
    let page = line.ask(Method::GET, &path, None).await?;
    let parcels = rows(&page["orders"]).iter().flat_map(|order| {
        let shipments = rows(&order["shops"][0]["shipments"]).iter();
        let numbers = shipments.filter_map(|shipment| shipment["package"].as_str());
        numbers.map(|number| (text(&order["external_id"]), number.to_owned()))
    });
    Ok(parcels.collect())
}
