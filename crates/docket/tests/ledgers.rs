//! Ledgers that others keep, with real processes: `docket serve`, and the receiver of `examples/`, which is away,
//! is killed, and loses answers. Whatever happens, every effect is in its book once.

mod client;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use client::Client;
use docket_testkit::{Serve, ServeCommand, within};
use run::{DOCKET, docket};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const SECRET: &str = "a secret of twenty bytes";
/// What makes this very program the receiver: the words it is run with.
const RECEIVER: &str = "LEDGER_RECEIVER_WORDS";

/// No test: the receiver's process, when it is started as one.
#[test]
fn the_receiver_itself() {
    let Ok(words) = std::env::var(RECEIVER) else { return };
    let words = words.split('\n').map(ToOwned::to_owned);
    let options = ledger_receiver::Options::of(words).expect("the words are right");
    ledger_receiver::serve(&options).expect("it serves");
}

/// A receiver in a process of its own; killed when dropped.
struct Receiver(Child);

impl Receiver {
    /// Starts it on `address` with the book `book`; it keeps the first messages without an answer.
    fn start(address: SocketAddr, book: &Path, lose_answers: usize) -> Self {
        let words = [
            "--listen".to_owned(),
            address.to_string(),
            "--secret".to_owned(),
            SECRET.to_owned(),
            "--file".to_owned(),
            book.display().to_string(),
            "--lose-answers".to_owned(),
            lose_answers.to_string(),
        ];
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.args(["--exact", "the_receiver_itself", "--nocapture", "--test-threads", "1"]);
        command.env(RECEIVER, words.join("\n")).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it starts");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let ready = stdout.lines().map_while(Result::ok).any(|line| line.contains("listening on "));
        assert!(ready, "it ended before it listened");
        Self(child)
    }

    /// Ends it at once, like a power cut.
    fn kill(mut self) {
        self.0.kill().expect("it runs");
        self.0.wait().expect("it ends");
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An address that is free now.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|taken| taken.local_addr()).expect("a free port")
}

/// A center whose coins, points and gift packs are kept at `receiver`.
fn serve(data: &Path, receiver: SocketAddr) -> Serve {
    let mut command = ServeCommand::new(DOCKET, data).env("DOCKET_LEDGER__POINTS__PER", "100");
    for ledger in ["COINS", "POINTS", "GIFTS"] {
        command = command
            .env(&format!("DOCKET_LEDGER__{ledger}__URL"), format!("http://{receiver}/"))
            .env(&format!("DOCKET_LEDGER__{ledger}__SECRET"), SECRET);
    }
    command.start()
}

fn key(data: &Path) -> String {
    let scopes = "orders.read,orders.write,prices,payments,refunds,coupons,tasks";
    let words = ["key", "add", "shop", "--scopes", scopes, "--actors", "buyer,gateway,store"];
    docket(data, &words).fine().trim().to_owned()
}

/// Places an order and pays it; answers the tree.
fn paid(client: &mut Client, n: usize) -> Value {
    let order = json!({
        "buyer_id": format!("b{}", n % 3), "currency": "CNY", "coins": 100, "actor": {"kind": "buyer"},
        "shops": [{"shop_id": "11", "items": [{"sku_id": "1", "quantity": "2", "list_price": 5050}]}]
    });
    let placed = client.post("/api/orders", &order).expect("an answer");
    assert_eq!(placed.status, 201, "{placed:?}");
    let pay = json!({
        "type": "payment_succeeded", "tender": "card", "reference": format!("r-{n}"), "amount": 10_000,
        "actor": {"kind": "gateway"}
    });
    ask(client, &placed.body, &pay)
}

fn ask(client: &mut Client, tree: &Value, operation: &Value) -> Value {
    let path = format!("/api/orders/{}/operations", tree["order_id"].as_str().expect("a number"));
    let done = client.post(&path, operation).expect("an answer");
    assert_eq!(done.status, 200, "{done:?}");
    done.body
}

/// The amounts in a book, by ledger and kind; each key must stand there once.
fn book(path: &Path) -> BTreeMap<String, i64> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let mut keys = std::collections::BTreeSet::new();
    let mut sums = BTreeMap::new();
    for line in text.lines() {
        let effect: Value = serde_json::from_str(line).expect("a line of the book");
        let word = |name: &str| effect[name].as_str().expect("a word").to_owned();
        assert!(keys.insert(word("key")), "{} stands there twice", word("key"));
        let kind = format!("{}.{}", word("ledger"), word("kind"));
        *sums.entry(kind).or_default() += effect["amount"].as_i64().expect("an amount");
    }
    sums
}

fn sums(of: &[(&str, i64)]) -> BTreeMap<String, i64> {
    of.iter().map(|(kind, sum)| ((*kind).to_owned(), *sum)).collect()
}

/// Waits until every message is acknowledged, that a killed process had claimed too: its lease has to end.
fn all_sent(client: &mut Client) {
    let sent = within(Duration::from_mins(3), || (unsent(client) == 0).then_some(()));
    assert!(sent.is_some(), "everything is acknowledged");
}

/// Messages that are not done.
fn unsent(client: &mut Client) -> usize {
    let listed = client.get("/api/tasks?kind=ledger&limit=200").expect("an answer");
    let tasks = listed.body["tasks"].as_array().expect("a list").iter();
    tasks.filter(|task| task["state"] != "done").count()
}

#[test]
fn a_receiver_that_was_away_hears_everything_once_when_it_comes_back() {
    let data = tempfile::tempdir().expect("a folder");
    let (at, file) = (free(), data.path().join("ledger.jsonl"));
    let mut serving = serve(data.path(), at);
    let token = key(data.path());
    let mut client = Client::new(serving.base_url(), &token).expect("it listens");
    let pack = json!({"title": "Cup", "currency": "CNY", "min_price": 0});
    assert_eq!(client.put("/api/gift-packs/cup", &pack).expect("an answer").status, 200);
    let mut tree = Value::Null;
    for n in 0..10 {
        tree = paid(&mut client, n);
    }
    assert_eq!(unsent(&mut client), 10, "orders flow while the ledger is away");
    // The center dies as well; what it has to send stands in its database.
    serving.kill();
    let serving = serve(data.path(), at);
    let mut client = Client::new(serving.base_url(), &token).expect("it listens");
    for n in 10..20 {
        paid(&mut client, n);
    }
    let receiver = Receiver::start(at, &file, 3);
    all_sent(&mut client);
    let expected = sums(&[("coins.deduct", 2_000), ("gifts.issue", 20), ("points.grant", 2_000)]);
    assert_eq!(book(&file), expected, "once, also those whose answers were lost");
    receiver.kill();
    let refund = json!({"type": "refund_by_store", "actor": {"kind": "store"}});
    let tree = ask(&mut client, &tree, &refund);
    let refund = &tree["shops"][0]["refunds"][0]["refund_id"];
    let done =
        json!({"type": "refund_succeeded", "refund_id": refund, "actor": {"kind": "gateway"}});
    ask(&mut client, &tree, &done);
    let _receiver = Receiver::start(at, &file, 1);
    all_sent(&mut client);
    let back = [("coins.return", 100), ("gifts.reverse", 1), ("points.reverse", 100)];
    assert_eq!(book(&file), expected.into_iter().chain(sums(&back)).collect());
}

#[test]
fn a_receiver_with_another_secret_believes_nothing_and_waits_for_a_person() {
    let data = tempfile::tempdir().expect("a folder");
    let (at, file) = (free(), data.path().join("ledger.jsonl"));
    let other = serve(data.path(), at);
    let token = key(data.path());
    let mut client = Client::new(other.base_url(), &token).expect("it listens");
    let words = ["--listen", &at.to_string(), "--secret", "another one of twenty bytes"];
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "the_receiver_itself", "--nocapture"]);
    let words = words.join("\n") + "\n--file\n" + &file.display().to_string();
    command.env(RECEIVER, words).stdout(Stdio::null()).stderr(Stdio::null());
    let _receiver = Receiver(command.spawn().expect("it starts"));
    paid(&mut client, 0);
    let refused = within(Duration::from_mins(1), || {
        let listed = client.get("/api/tasks?kind=ledger").ok()?;
        let task = listed.body["tasks"].get(0)?.clone();
        (task["attempts"] == 1).then_some(task)
    });
    let refused = refused.expect("a refusal is charged");
    assert!(refused.to_string().contains("401"), "{refused}");
    assert_eq!(book(&file), BTreeMap::new());
}
