//! A marketplace and a center as two processes, and shops of the one pulled by the other.

mod arrived;
pub mod between;
mod ends;

use crate::client::Client;
use crate::run::{DOCKET, docket};
use docket_testkit::{Database, Serve, ServeCommand, TestDatabase, within};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// `docket sandbox temu` in a process of its own; killed when dropped.
pub struct Market {
    child: Child,
    pub url: String,
    /// What it said of itself when it started: app, secret, shops.
    pub said: Value,
}

impl Market {
    /// One with these arguments.
    pub fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(DOCKET)
            .args(["sandbox", "temu", "--listen", "127.0.0.1:0", "--json"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let said: Value = serde_json::from_str(&line).expect("JSON");
        let url = said["listening"].as_str().expect("where").to_owned();
        let market = Self { child, url, said };
        // What it has is older than what lists may not have yet.
        market.skip(150);
        market
    }

    fn client(&self) -> Client {
        Client::new(&self.url, "").expect("it listens")
    }

    /// Asks for something at `/control`.
    pub fn control(&self, wish: &Value) -> Value {
        let got = self.client().post("/control", wish).expect("an answer");
        assert_eq!(got.status, 200, "{got:?}");
        got.body
    }

    /// All that it knows.
    pub fn truth(&self) -> Value {
        self.client().get("/control").expect("an answer").body
    }

    /// What it answers at `path`.
    pub fn get(&self, path: &str) -> Value {
        let got = self.client().get(path).expect("an answer");
        assert_eq!(got.status, 200, "{path}: {got:?}");
        got.body
    }

    /// The number of a shop.
    pub fn mall(&self, shop: usize) -> &str {
        self.said["shops"][shop]["mall_id"].as_str().expect("a number")
    }

    /// Calls misbehave by these words; which ones, `aim` says.
    pub fn behave(&self, words: &str, aim: &Value) {
        self.control(&json!({"behave": words, "for": aim}));
    }

    /// No call misbehaves any more.
    pub fn fine(&self) {
        self.control(&json!({"fine": true}));
    }

    /// Something happens to orders of a shop; the numbers of those that changed.
    pub fn happens(&self, shop: usize, change: &Value) -> Vec<String> {
        let mut change = change.clone();
        change["shop"] = self.mall(shop).into();
        let changed = self.control(&json!({"orders": [change]}))["changed"].clone();
        serde_json::from_value(changed).expect("numbers")
    }

    /// Time passes.
    pub fn skip(&self, seconds: u64) {
        self.control(&json!({"skip_ms": seconds * 1000}));
    }

    /// The present time by its clock, in seconds.
    pub fn now(&self) -> i64 {
        self.truth()["now"].as_i64().expect("a time") / 1000
    }

    /// The calls of its first app.
    pub fn calls(&self) -> Value {
        self.truth()["apps"][0]["calls"].clone()
    }

    /// Calls of its first app whose type begins so.
    pub fn calls_of(&self, kind: &str) -> u64 {
        let calls = self.calls();
        let by_type = calls["by_type"].as_object().expect("a map").iter();
        let meant = by_type.filter(|(name, _)| name.starts_with(kind));
        meant.map(|(_, calls)| calls.as_u64().expect("a number")).sum()
    }

    /// The orders of a shop by day and status: counts and checksums.
    pub fn told(&self, shop: usize) -> Value {
        let path = format!("/control/truth?shop={}", self.mall(shop));
        self.client().get(&path).expect("an answer").body
    }

    /// What is true of a shop, in rows of one page: `orders`, `packages`.
    pub fn rows(&self, shop: usize, what: &str) -> Vec<Value> {
        let path = format!("/control/truth/{what}?shop={}&size=100000", self.mall(shop));
        let told = self.client().get(&path).expect("an answer").body;
        told["rows"].as_array().expect("rows").clone()
    }

    /// The numbers of a shop's orders that lists have.
    pub fn listed(&self, shop: usize) -> BTreeSet<String> {
        let rows = self.rows(shop, "orders");
        let listed = rows.iter().filter(|row| row["kind"] == "listed");
        listed.map(|row| row["parent"].as_str().expect("a number").to_owned()).collect()
    }

    /// The packages that details of a shop's orders tell, with the number of their order.
    pub fn packages(&self, shop: usize) -> BTreeSet<(String, String)> {
        let text = |value: &Value| value.as_str().expect("a number").to_owned();
        let of = |row: &Value| {
            let (mut packages, parts) = (row["packages"].clone(), row["parts"].clone());
            let packages = std::mem::take(packages.as_array_mut().expect("packages"));
            let is_told = move |package: &Value| {
                !parts.as_array().is_some_and(|parts| parts.contains(package))
            };
            let packages = packages.into_iter().filter(is_told);
            let parent = text(&row["parent"]);
            packages.map(move |package| (parent.clone(), text(&package)))
        };
        self.rows(shop, "packages").iter().flat_map(of).collect()
    }

    /// What the orders of a shop cost, by their numbers.
    pub fn amounts(&self, shop: usize) -> BTreeMap<String, Value> {
        let rows = self.rows(shop, "amounts").into_iter();
        rows.map(|row| (row["parent"].as_str().expect("a number").to_owned(), row)).collect()
    }

    /// A token of a shop may do something from now on, or may not: `grant` or `deny`, by the word of the call.
    pub fn scope(&self, shop: usize, does: &str, kind: &str) {
        let wish = json!({"shop": self.mall(shop), "does": does, "type": kind});
        self.control(&json!({"tokens": [wish]}));
    }

    /// The token of a shop as it is now.
    pub fn token(&self, shop: usize) -> Value {
        self.truth()["shops"][shop]["access_token"].clone()
    }

    /// Orders of its first shops by their own status.
    pub fn by_status(&self, shop: usize) -> BTreeMap<String, u64> {
        let truth = self.truth();
        let by_status = truth["shops"][shop]["by_status"].as_object().expect("a map");
        by_status.iter().map(|(code, n)| (code.clone(), n.as_u64().expect("a number"))).collect()
    }
}

impl Drop for Market {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The keys of all processes on a database.
const KEYS: &str = r#"{"seal":[{"id":1,"key":"5f0d6c3bb1a94e278f60d3a1c2e4b59788776655443322110f1e2d3c4b5a6978"}],
    "search":"00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef"}"#;

/// A center over a database.
pub struct Center {
    pub serve: Serve,
    pub data: TempDir,
    pub key: String,
    database: TestDatabase,
    settings: Vec<(String, String)>,
    client: RefCell<Client>,
}

const SCOPES: &str = "orders.read,orders.write,tasks,stock,shops,admin";

impl Center {
    /// One that pulls nothing by itself within a test.
    pub fn on(database: Database) -> Self {
        Self::with(
            database,
            &[
                ("DOCKET_CHANNELS__TEMU__INTERVAL", "30d"),
                ("DOCKET_CHANNELS__TEMU__CALLS_PER_SECOND", "0"),
                ("DOCKET_CHANNELS__TEMU__FULL_AT", "off"),
                ("DOCKET_CHANNELS__TEMU__PRODUCTS_FULL_AT", "off"),
            ],
        )
    }

    /// One with these settings.
    pub fn with(database: Database, settings: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let database = database.fresh();
        // Whatever the time of day is where a test runs.
        let by_night = [
            ("DOCKET_CHANNELS__TEMU__FULL_AT", "off"),
            ("DOCKET_CHANNELS__TEMU__PRODUCTS_FULL_AT", "off"),
        ];
        let settings: Vec<_> = by_night
            .iter()
            .chain(settings)
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect();
        let serve = Self::serve(&data, &database, &settings);
        let words = ["key", "add", "t", "--scopes", SCOPES, "--actors", "buyer,seller"];
        let key = docket(data.path(), &words).fine().trim().to_owned();
        let client = RefCell::new(Client::new(serve.base_url(), &key).expect("a connection"));
        Self { serve, data, key, database, settings, client }
    }

    fn serve(data: &TempDir, database: &TestDatabase, settings: &[(String, String)]) -> Serve {
        let command = ServeCommand::new(DOCKET, data.path()).database(database);
        let command = command.env("DOCKET_PRIVACY__KEYS", KEYS);
        settings.iter().fold(command, |command, (name, value)| command.env(name, value)).start()
    }

    /// Another process on the same database.
    pub fn beside(&self) -> (Serve, TempDir) {
        let data = tempfile::tempdir().expect("a folder");
        (Self::serve(&data, &self.database, &self.settings), data)
    }

    /// Speaks to the process that is there now.
    fn turn(&mut self) {
        let client = Client::new(self.serve.base_url(), &self.key).expect("a connection");
        self.client = RefCell::new(client);
    }

    /// Its database.
    pub fn database(&self) -> &TestDatabase {
        &self.database
    }

    pub fn get(&self, path: &str) -> Value {
        let got = self.client.borrow_mut().get(path).expect("an answer");
        assert_eq!(got.status, 200, "{path}: {got:?}");
        got.body
    }

    pub fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let got = self.client.borrow_mut().post(path, body).expect("an answer");
        (got.status, got.body)
    }

    pub fn put(&self, path: &str, body: &Value) -> (u16, Value) {
        let got = self.client.borrow_mut().put(path, body).expect("an answer");
        (got.status, got.body)
    }

    /// Connects a shop of `market`; its number.
    pub fn connect(&self, market: &Market, shop: usize) -> String {
        self.connect_as(&wish(market, &market.said["shops"][shop]["access_token"]))
    }

    /// Connects a shop; its number.
    pub fn connect_as(&self, wish: &Value) -> String {
        let (status, added) = self.post("/api/shops", wish);
        assert_eq!(status, 201, "{added:#}");
        added["shop_id"].as_str().expect("a number").to_owned()
    }

    /// Starts a run; its number.
    pub fn start(&self, shop: &str, mode: &str) -> String {
        self.start_stream(shop, "orders", mode)
    }

    /// Starts a run of a stream; its number.
    pub fn start_stream(&self, shop: &str, stream: &str, mode: &str) -> String {
        let path = format!("/api/sync/shops/{shop}/{stream}");
        let (status, started) = self.post(&path, &json!({ "mode": mode }));
        assert_eq!(status, 202, "{started:#}");
        started["run_id"].as_str().expect("a number").to_owned()
    }

    /// The run of a shop that runs, or ran last.
    pub fn progress(&self, shop: &str) -> Value {
        self.get(&format!("/api/sync/shops/{shop}/orders/progress"))
    }

    /// The end of the run that runs.
    pub fn ended(&self, shop: &str) -> Value {
        let ended =
            |run: &Value| matches!(run["state"].as_str(), Some("done" | "failed" | "stopped"));
        let end = within(Duration::from_mins(1), || Some(self.progress(shop)).filter(ended));
        end.unwrap_or_else(|| panic!("it does not end: {:#}", self.progress(shop)))
    }

    /// Reads products to the end.
    pub fn pull_products(&self, shop: &str, mode: &str) -> Value {
        self.start_stream(shop, "products", mode);
        let path = format!("/api/sync/shops/{shop}/products/progress");
        let ended =
            |run: &Value| matches!(run["state"].as_str(), Some("done" | "failed" | "stopped"));
        let end = within(Duration::from_mins(1), || Some(self.get(&path)).filter(ended));
        end.unwrap_or_else(|| panic!("it does not end: {:#}", self.get(&path)))
    }

    /// Runs `pull` until it finds a change: what changed in the present second by the marketplace's clock, which is known
    /// to two seconds, is found by a later run.
    pub fn finds_a_change(pull: impl Fn() -> Value) -> Value {
        let changed = |run: &Value| run["changed"].as_u64() > Some(0);
        within(Duration::from_secs(20), || Some(pull()).filter(changed)).expect("it is found")
    }

    /// Every product of a shop.
    pub fn products(&self, shop: &str) -> Vec<Value> {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/api/sync/shops/{shop}/products?limit=25{cursor}");
            let page = self.get(&path);
            found.extend(page["products"].as_array().expect("products").iter().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return found,
            }
        }
    }

    /// Runs to the end.
    pub fn pull(&self, shop: &str, mode: &str) -> Value {
        self.start(shop, mode);
        self.ended(shop)
    }

    /// The shop, whole.
    pub fn shop(&self, shop: &str) -> Value {
        self.get(&format!("/api/shops/{shop}"))
    }

    /// The windows of a shop in one state.
    pub fn windows(&self, shop: &str, state: &str) -> Vec<Value> {
        let mut windows = self.shop(shop)["windows"].as_array().expect("windows").clone();
        windows.retain(|window| window["state"] == state);
        windows
    }

    /// Pulls what has changed, to the end, by the clock that the marketplace has now: to be told of its token again takes
    /// a call, which tells the time as well.
    pub fn catch_up(&self, market: &Market, shop: &str) -> Value {
        let there = self.shop(shop);
        let truth = market.truth();
        let mut shops = truth["shops"].as_array().expect("shops").iter();
        let token = shops.find(|known| known["mall_id"] == there["external_shop_id"]);
        let token = json!({"access_token": token.expect("it is there")["access_token"]});
        let (status, told) = self.put(&format!("/api/shops/{shop}"), &token);
        assert_eq!(status, 200, "{told:#}");
        self.pull(shop, "incremental")
    }
}

/// Holds what is here against what is there, and shows what only one of them has.
pub fn same<T: Ord + std::fmt::Debug>(here: &BTreeSet<T>, there: &BTreeSet<T>) {
    let missing: Vec<_> = there.difference(here).take(5).collect();
    let more: Vec<_> = here.difference(there).take(5).collect();
    assert!(missing.is_empty() && more.is_empty(), "missing {missing:?}, more {more:?}");
}

/// The body that connects a shop of `market` with a token.
pub fn wish(market: &Market, token: &Value) -> Value {
    json!({"name": "Garden", "channel": "temu", "region": "us", "base_url": market.url,
        "app_key": market.said["app_key"], "app_secret": market.said["app_secret"],
        "access_token": token})
}
