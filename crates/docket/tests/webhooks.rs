//! `docket webhook`, as an operator types it, beside a running serve and without one; and where events may be sent,
//! with real processes.

#[allow(dead_code)] // shared with tests that read and put
mod client;
mod run;

use client::Client;
use docket_testkit::{Serve, ServeCommand, eventually, within};
use run::{DOCKET, Ran, command, docket, run};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicU16, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Where the tests' own receivers may be told.
const ALLOW: (&str, &str) = ("DOCKET_WEBHOOKS__ALLOW", "[\"127.0.0.0/8\", \"::1\"]");

/// Somebody who is told of events, for as long as the test runs.
struct Receiver {
    port: u16,
    status: Arc<AtomicU16>,
    heard: Arc<Mutex<Vec<Value>>>,
}

impl Receiver {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let (status, heard) = (Arc::new(AtomicU16::new(204)), Arc::<Mutex<Vec<Value>>>::default());
        let (answer, kept) = (Arc::clone(&status), Arc::clone(&heard));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (answer, kept) = (Arc::clone(&answer), Arc::clone(&kept));
                std::thread::spawn(move || drop(serve_one(stream, &answer, &kept)));
            }
        });
        Self { port, status, heard }
    }

    fn url(&self, host: &str) -> String {
        format!("http://{host}:{}/hook", self.port)
    }

    fn types(&self) -> Vec<String> {
        let heard = self.heard.lock().expect("no code panics while it holds it");
        heard.iter().map(|event| event["type"].as_str().expect("a type").to_owned()).collect()
    }
}

/// Answers what comes on one connection; a redirect leads to the center itself.
fn serve_one(
    stream: TcpStream,
    status: &AtomicU16,
    kept: &Mutex<Vec<Value>>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut line, mut length) = (String::new(), 0);
        while line != "\r\n" {
            line.clear();
            if stream.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body)?;
        let event = serde_json::from_slice(&body).unwrap_or_default();
        kept.lock().expect("no code panics while it holds it").push(event);
        let status = status.load(SeqCst);
        let said = if status < 300 { "" } else { "no such shop" };
        let reply = format!(
            "HTTP/1.1 {status} Said\r\nlocation: /elsewhere\r\ncontent-length: {}\r\n\r\n{said}",
            said.len()
        );
        stream.get_mut().write_all(reply.as_bytes())?;
    }
}

fn serve(data: &Path, allow: bool) -> Serve {
    let serve = ServeCommand::new(DOCKET, data).env("DOCKET_LOG__FORMAT", "json");
    let serve = if allow { serve.env(ALLOW.0, ALLOW.1) } else { serve };
    serve.start()
}

fn allowed(data: &Path, words: &[&str]) -> Ran {
    run(command(data, words).env(ALLOW.0, ALLOW.1))
}

fn place(serve: &Serve, data: &Path) -> String {
    let scopes = ["key", "add", "k", "--scopes", "orders.write,prices", "--actors", "buyer"];
    let key = docket(data, &scopes).fine();
    let mut client = Client::new(serve.base_url(), key.trim()).expect("connected");
    let order = json!({"buyer_id": "b1", "currency": "CNY", "shops": [
        {"shop_id": "11", "items": [{"sku_id": "a", "quantity": "1", "list_price": 1000}]}
    ]});
    let placed = client.post("/api/orders", &order).expect("an answer");
    assert_eq!(placed.status, 201, "{placed:?}");
    placed.body["order_id"].as_str().expect("a number").to_owned()
}

/// What was delivered to a webhook, once that is as it should be.
fn delivered(data: &Path, id: &str, is: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let look = || {
        let page = docket(data, &["webhook", "deliveries", id, "--json"]).json();
        let found = page["deliveries"].as_array().expect("a list").clone();
        is(&found).then_some(found)
    };
    within(Duration::from_secs(30), look).expect("what was delivered")
}

/// Adds a webhook, tries it, changes its secret, and ends it.
fn a_life_of_a_webhook(data: &Path) {
    let receiver = Receiver::start();
    let none = allowed(data, &["webhook", "list"]);
    assert!(none.stderr.contains("There is no webhook"), "{none:?}");
    let url = receiver.url("127.0.0.1");
    let added = allowed(data, &["webhook", "add", &url, "--types", "order.paid,order.shipped"]);
    assert!(added.stderr.contains("added webhook"), "{added:?}");
    let secret = added.fine();
    assert!(secret.starts_with("whsec_") && secret.lines().count() == 1, "{secret}");
    let listed = allowed(data, &["webhook", "list", "--json"]).json();
    let webhook = &listed["webhooks"][0];
    assert_eq!(webhook["events"], json!(["order.paid", "order.shipped"]));
    let id = webhook["webhook_id"].as_str().expect("a number");
    let table = allowed(data, &["webhook", "list"]).fine();
    assert!(table.contains(id) && table.contains("order.paid order.shipped"), "{table}");

    let heard = allowed(data, &["webhook", "test", id]);
    assert!(heard.stderr.contains("it answered 204"), "{heard:?}");
    heard.fine();
    assert_eq!(receiver.types(), ["webhook.test"]);
    receiver.status.store(302, SeqCst);
    let refused = allowed(data, &["webhook", "test", id]).refused(1);
    assert!(refused.contains("it answered 302: no such shop"), "{refused}");
    assert_eq!(receiver.types().len(), 2, "no redirect is followed");
    let refused = allowed(data, &["webhook", "test", id, "--json"]).refused(1);
    assert!(refused.contains("\"code\":\"not_delivered\""), "{refused}");
    let tried = allowed(data, &["webhook", "deliveries", id, "--limit", "2", "--json"]).json();
    let statuses: Vec<_> =
        tried["deliveries"].as_array().expect("a list").iter().map(|one| &one["status"]).collect();
    assert_eq!(statuses, [302, 302], "newest first, no more than asked for");
    let table = allowed(data, &["webhook", "deliveries", id]).fine();
    assert_eq!(table.lines().count(), 4, "{table}");

    let rotated = allowed(data, &["webhook", "rotate", id]);
    assert!(rotated.stderr.contains("the one before signs too until"), "{rotated:?}");
    let new = rotated.fine();
    assert!(new.starts_with("whsec_") && new != secret, "{new}");
    let shown = allowed(data, &["webhook", "show", id]).fine();
    assert!(shown.contains("the old secret signs until: 2"), "{shown}");
    let removed = allowed(data, &["webhook", "remove", id]);
    assert!(removed.stderr.contains("told nothing more"), "{removed:?}");
    removed.fine();
    let shown = allowed(data, &["webhook", "show", id]).fine();
    assert!(shown.contains("why: ended by a person"), "{shown}");
    allowed(data, &["webhook", "rotate", id]).refused(1);
    allowed(data, &["webhook", "show", "7"]).refused(1);
    let wrong = allowed(data, &["webhook", "add", &url, "--types", "order.eaten"]).refused(1);
    assert!(wrong.contains("must be one of: "), "{wrong}");
}

#[test]
fn a_webhook_is_added_tried_changed_and_ended_without_a_serve() {
    let data = tempfile::tempdir().expect("a folder");
    docket(data.path(), &["init"]).fine();
    a_life_of_a_webhook(data.path());
}

#[test]
fn a_webhook_is_added_tried_changed_and_ended_beside_a_serve() {
    let data = tempfile::tempdir().expect("a folder");
    docket(data.path(), &["init"]).fine();
    let _serve = serve(data.path(), true);
    a_life_of_a_webhook(data.path());
}

#[test]
fn an_address_that_is_allowed_no_more_is_told_nothing() {
    let data = tempfile::tempdir().expect("a folder");
    let data = data.path();
    docket(data, &["init"]).fine();
    let receiver = Receiver::start();
    let refused = docket(data, &["webhook", "add", &receiver.url("127.0.0.1")]).refused(1);
    assert!(
        refused.contains("is a loopback address, and [webhooks] allow does not name it"),
        "{refused}"
    );
    // A literal address and a name: both are looked at when they are connected to.
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        allowed(data, &["webhook", "add", &receiver.url(host)]).fine();
    }
    let listed = docket(data, &["webhook", "list", "--json"]).json();
    let ids: Vec<_> = listed["webhooks"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|webhook| webhook["webhook_id"].as_str().expect("a number").to_owned())
        .collect();
    let serve = serve(data, false);
    let order = place(&serve, data);
    for id in &ids {
        let tried = delivered(data, id, |tried| tried.len() == 1 && tried[0]["state"] == "pending");
        let why = tried[0]["answer"].as_str().expect("why");
        assert!(why.contains("is a loopback address, and [webhooks] allow"), "{why}");
        assert_eq!([&tried[0]["status"], &tried[0]["order_id"]], [&Value::Null, &json!(order)]);
        let refused = docket(data, &["webhook", "test", id]).refused(1);
        assert!(refused.contains("is a loopback address"), "{refused}");
    }
    assert_eq!(receiver.types(), [""; 0]);
    eventually("each failed delivery is one line at warn", || {
        let log = serve.stderr();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let failed = lines.filter(|line| line["message"] == "a delivery failed");
        let failed: Vec<_> = failed.filter(|line| line["order"] == order).collect();
        let of = |id: &String| failed.iter().filter(|line| line["webhook"] == *id).count();
        failed.len() == 3
            && ids.iter().all(|id| of(id) == 1)
            && failed.iter().all(|line| line["level"] == "WARN" && line["event"] == "order.placed")
    });
}
