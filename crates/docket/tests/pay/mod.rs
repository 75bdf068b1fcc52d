//! A center and a sandbox gateway as two processes, and what a buyer, a store and a payer do at them.

use crate::client::Client;
use crate::run::{DOCKET, docket};
use docket_testkit::{Serve, ServeCommand, eventually};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// `docket sandbox pay` in a process of its own; killed when dropped.
pub struct Sandbox {
    child: Child,
    pub url: String,
}

impl Sandbox {
    pub fn start() -> Self {
        Self::at("127.0.0.1:0")
    }

    /// Kills it, and starts one that remembers nothing in its place.
    pub fn replace(&mut self) {
        self.kill();
        *self = Self::at(self.url.trim_start_matches("http://"));
    }

    fn at(address: &str) -> Self {
        let mut child = Command::new(DOCKET)
            .args(["sandbox", "pay", "--listen", address])
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let url = line.trim().strip_prefix("listening on ").expect("where").to_owned();
        Self { child, url }
    }

    /// Kills it.
    pub fn kill(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn client(&self) -> Client {
        Client::new(&self.url, "").expect("it listens")
    }

    /// How payments that are heard of from now on behave.
    pub fn behave(&self, words: &str) -> Value {
        self.control(&json!({"behave": words}))
    }

    /// How this payment behaves from now on.
    pub fn behave_for(&self, attempt: &str, words: &str) {
        self.control(&json!({"behave": words, "payment_id": attempt}));
    }

    pub fn control(&self, wish: &Value) -> Value {
        let got = self.client().post("/control", wish).expect("an answer");
        assert_eq!(got.status, 200, "{got:?}");
        got.body
    }

    /// All that it knows.
    pub fn truth(&self) -> Value {
        self.client().get("/control").expect("an answer").body
    }

    /// The payer pays (or what `act` says); the status of the answer.
    pub fn pay(&self, attempt: &str, act: &Value) -> u16 {
        self.client().post(&format!("/pay/{attempt}"), act).expect("an answer").status
    }

    /// What it knows of one payment.
    pub fn payment(&self, attempt: &str) -> Value {
        let truth = self.truth();
        let payments = truth["payments"].as_array().expect("payments");
        let found = payments.iter().find(|payment| payment["payment_id"] == attempt);
        found.cloned().unwrap_or(Value::Null)
    }

    /// Refunds of a payment that are done.
    pub fn given_back(&self, attempt: &str) -> i64 {
        let truth = self.truth();
        let refunds = truth["refunds"].as_array().expect("refunds").iter();
        let done = refunds.filter(|r| r["payment_id"] == attempt && r["status"] == "done");
        done.map(|refund| refund["amount"].as_i64().expect("an amount")).sum()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A center with the gateway `sandbox`.
pub struct Center {
    pub serve: Serve,
    pub sandbox: Sandbox,
    client: RefCell<Client>,
    pub key: String,
    /// Store status, refund, delivery and cancel kind of every shop order that was ever seen.
    pub seen: RefCell<BTreeSet<[String; 4]>>,
    pub data: TempDir,
}

const SCOPES: &str = "orders.read,orders.write,prices,payments,refunds,tasks,stock,coupons,admin";
const ACTORS: &str = "buyer,seller,store,till,courier,gateway";

impl Center {
    pub fn open() -> Self {
        Self::with(&[])
    }

    /// One with these settings as well.
    pub fn with(settings: &[(&str, &str)]) -> Self {
        let (sandbox, data) = (Sandbox::start(), tempfile::tempdir().expect("a folder"));
        let serve = Self::serve(&sandbox, &data, settings);
        let key = docket(data.path(), &["key", "add", "t", "--scopes", SCOPES, "--actors", ACTORS]);
        let key = key.fine().trim().to_owned();
        let client = RefCell::new(Client::new(serve.base_url(), &key).expect("a connection"));
        Self { serve, sandbox, client, key, seen: RefCell::default(), data }
    }

    fn serve(sandbox: &Sandbox, data: &TempDir, settings: &[(&str, &str)]) -> Serve {
        let command = ServeCommand::new(DOCKET, data.path())
            .env("DOCKET_PAYMENTS__SANDBOX__CONNECTOR", "sandbox")
            .env("DOCKET_PAYMENTS__SANDBOX__URL", &sandbox.url);
        settings.iter().fold(command, |command, (name, value)| command.env(name, value)).start()
    }

    /// Kills the center, and starts it again.
    pub fn killed_and_started(&mut self, settings: &[(&str, &str)]) {
        self.serve.kill();
        self.serve = Self::serve(&self.sandbox, &self.data, settings);
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

    /// Places a takeaway order of 10.00; its number.
    pub fn place(&self) -> String {
        self.place_of(&json!({"currency": "CNY", "type": "takeaway", "actor": {"kind": "buyer"},
            "shops": [{"shop_id": "11", "items": [
                {"sku_id": "tea", "title": "Tea", "quantity": "2", "list_price": 500}]}]}))
    }

    pub fn place_of(&self, order: &Value) -> String {
        let (status, tree) = self.post("/api/orders", order);
        assert_eq!(status, 201, "{tree:#}");
        self.note(&tree);
        tree["order_id"].as_str().expect("a number").to_owned()
    }

    /// Starts to pay at the gateway; the number of the attempt once it can be paid there.
    pub fn start(&self, order: &str) -> String {
        self.start_of(order, &json!({"tender": "wallet", "gateway": "sandbox"}))
    }

    pub fn start_of(&self, order: &str, asked: &Value) -> String {
        let attempt = self.opened(order, asked);
        self.until(order, "it can be paid", |state| {
            attempt_in(state, &attempt)["pay_url"].is_string()
        });
        attempt
    }

    /// Opens an attempt, and does not wait until it is known at the gateway.
    pub fn opened(&self, order: &str, asked: &Value) -> String {
        let mut asked = asked.clone();
        asked["actor"] = json!({"kind": "buyer"});
        let (status, tree) = self.post(&format!("/api/orders/{order}/payments"), &asked);
        assert_eq!(status, 200, "{tree:#}");
        self.note(&tree);
        let attempts = tree["attempts"].as_array().expect("attempts");
        let newest = attempts.last().expect("an attempt");
        newest["attempt_id"].as_str().expect("a number").to_owned()
    }

    /// Does an operation.
    pub fn operate(&self, order: &str, actor: &str, operation: &Value) -> Value {
        let mut operation = operation.clone();
        operation["actor"] = json!({"kind": actor});
        let (status, tree) = self.post(&format!("/api/orders/{order}/operations"), &operation);
        assert_eq!(status, 200, "{operation}: {tree:#}");
        self.note(&tree);
        tree
    }

    pub fn tree(&self, order: &str) -> Value {
        let tree = self.get(&format!("/api/orders/{order}"));
        self.note(&tree);
        tree
    }

    pub fn payments(&self, order: &str) -> Value {
        self.get(&format!("/api/orders/{order}/payments"))
    }

    /// Waits until the state of its money is as wanted.
    pub fn until(&self, order: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let mut state = Value::Null;
        eventually(&format!("{what} ({order})"), || {
            state = self.payments(order);
            holds(&state)
        });
        state
    }

    /// Waits until the order has this store status.
    pub fn until_status(&self, order: &str, status: &str) -> Value {
        let mut tree = Value::Null;
        let mut last = String::new();
        eventually(&format!("{status} ({order})"), || {
            tree = self.tree(order);
            last = tree["store_status"].to_string();
            tree["store_status"] == status
        });
        tree
    }

    /// Every callback that came, newest first.
    pub fn callbacks(&self) -> Vec<Value> {
        let page = self.get("/api/payments/callbacks?gateway=sandbox&limit=200");
        page["callbacks"].as_array().expect("callbacks").clone()
    }

    pub fn verdicts(&self) -> Vec<String> {
        let word = |row: &Value| row["verdict"].as_str().expect("a word").to_owned();
        self.callbacks().iter().map(word).collect()
    }

    /// Tasks of a kind and state.
    pub fn tasks(&self, kind: &str, state: &str) -> Vec<Value> {
        let page = self.get(&format!("/api/tasks?kind={kind}&state={state}&limit=200"));
        page["tasks"].as_array().expect("tasks").clone()
    }

    fn note(&self, tree: &Value) {
        for shop in tree["shops"].as_array().into_iter().flatten() {
            let word = |field: &str| shop[field].as_str().unwrap_or("none").to_owned();
            let seen = ["store_status", "refund_status", "delivery_status", "cancel_kind"];
            self.seen.borrow_mut().insert(seen.map(word));
        }
    }
}

/// One attempt of the state of an order's money.
pub fn attempt_in<'a>(state: &'a Value, attempt: &str) -> &'a Value {
    let mut attempts = state["attempts"].as_array().into_iter().flatten();
    attempts.find(|one| one["attempt_id"] == attempt).unwrap_or(&Value::Null)
}
