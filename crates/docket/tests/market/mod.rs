//! A marketplace and a center as two processes, and shops of the one pulled by the other.

use crate::client::Client;
use crate::run::{DOCKET, docket};
use docket_testkit::{Database, Serve, ServeCommand, TestDatabase, within};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
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
        Self { child, url, said }
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
            ],
        )
    }

    /// One with these settings.
    pub fn with(database: Database, settings: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let database = database.fresh();
        let settings: Vec<_> =
            settings.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let serve = Self::serve(&data, &database, &settings);
        let words = ["key", "add", "t", "--scopes", SCOPES, "--actors", "buyer,seller"];
        let key = docket(data.path(), &words).fine().trim().to_owned();
        let client = RefCell::new(Client::new(serve.base_url(), &key).expect("a connection"));
        Self { serve, data, key, database, settings, client }
    }

    fn serve(data: &TempDir, database: &TestDatabase, settings: &[(String, String)]) -> Serve {
        let command = ServeCommand::new(DOCKET, data.path()).database(database);
        settings.iter().fold(command, |command, (name, value)| command.env(name, value)).start()
    }

    /// Kills the center, and starts it again.
    pub fn killed_and_started(&mut self) {
        self.serve.kill();
        self.serve = Self::serve(&self.data, &self.database, &self.settings);
        let client = Client::new(self.serve.base_url(), &self.key).expect("a connection");
        self.client = RefCell::new(client);
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
        let token = &market.said["shops"][shop]["access_token"];
        let (status, added) = self.post("/api/shops", &wish(market, token));
        assert_eq!(status, 201, "{added:#}");
        added["shop_id"].as_str().expect("a number").to_owned()
    }

    /// Starts a run; its number.
    pub fn start(&self, shop: &str, mode: &str) -> String {
        let path = format!("/api/sync/shops/{shop}/orders");
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

    /// Runs to the end.
    pub fn pull(&self, shop: &str, mode: &str) -> Value {
        self.start(shop, mode);
        self.ended(shop)
    }

    /// Waits until no parcel is looked for any more.
    pub fn has_all_parcels(&self, shop: &str) {
        let path = format!("/api/sync/shops/{shop}/orders/enrich-tasks?status=pending&limit=200");
        let looked = within(Duration::from_mins(1), || {
            let page = self.get(&path);
            let fresh = |task: &Value| task["looks"] == 0;
            let tasks = page["tasks"].as_array().expect("tasks");
            (!tasks.iter().any(fresh) && page["next"].is_null()).then_some(())
        });
        assert!(looked.is_some(), "parcels are still looked for");
    }

    /// Every order of a shop, whole.
    pub fn orders(&self, shop: &str) -> Vec<Value> {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("/api/orders?shop={shop}&limit=200&expand=tree{cursor}"));
            found.extend(page["orders"].as_array().expect("orders").iter().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return found,
            }
        }
    }
}

/// The body that connects a shop of `market` with a token.
pub fn wish(market: &Market, token: &Value) -> Value {
    json!({"name": "Garden", "channel": "temu", "region": "us", "base_url": market.url,
        "app_key": market.said["app_key"], "app_secret": market.said["app_secret"],
        "access_token": token})
}
