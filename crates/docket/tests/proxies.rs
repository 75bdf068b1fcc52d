//! Behind a proxy, with a real `docket serve`: limits and the log see the client, and nobody is locked out by
//! strangers.

#[allow(dead_code)] // shared with tests that put
mod client;
#[allow(dead_code)] // shared with tests that look at what commands say
mod run;

use client::{Client, Got};
use docket_testkit::{Serve, ServeCommand, eventually};
use run::{DOCKET, docket};
use serde_json::{Value, json};
use std::path::Path;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// A center with the user mei, behind a proxy on the loopback or behind none.
fn serve(data: &Path, proxies: &str) -> Serve {
    docket(data, &["init"]).fine();
    std::fs::write(data.join("password"), "correct horse\n").expect("written");
    let add = ["user", "add", "mei", "--role", "operator", "--password-file", "password"];
    docket(data, &add).fine();
    ServeCommand::new(DOCKET, data)
        .env("DOCKET_SERVER__TRUSTED_PROXIES", proxies)
        .env("DOCKET_LOG__FORMAT", "json")
        .start()
}

fn login(client: &mut Client, from: &str, password: &str) -> Got {
    let body = json!({"name": "mei", "password": password});
    let headers = [("x-forwarded-for", from)];
    client.send_with("POST", "/api/login", &headers, &body.to_string()).expect("an answer")
}

/// The lines of its log that say `message`.
fn lines(serve: &Serve, message: &str) -> Vec<Value> {
    let log = serve.stderr();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["message"] == message).collect()
}

#[test]
fn fifty_bad_logins_of_strangers_lock_nobody_else_out() {
    let data = tempfile::tempdir().expect("a folder");
    let serve = serve(data.path(), "127.0.0.0/8");
    let mut client = Client::new(serve.base_url(), "").expect("connected");
    assert_eq!(login(&mut client, "198.51.100.7", "correct horse").status, 200);
    let mut answers = Vec::new();
    for n in 0..50 {
        // Each stranger claims to be somebody else; the proxy knows better.
        let from = format!("198.51.100.7, 203.0.113.{}", n % 5);
        answers.push(login(&mut client, &from, "wrong horse").status);
    }
    let counted = |status| answers.iter().filter(|answer| **answer == status).count();
    assert_eq!((counted(401), counted(429)), (25, 25), "each stranger has five tries");
    let waiting = login(&mut client, "203.0.113.0", "correct horse");
    assert_eq!((waiting.status, &waiting.body["code"]), (429, &json!("too_many_tries")));
    assert_eq!(login(&mut client, "198.51.100.7", "correct horse").status, 200, "seen before");
    assert_eq!(login(&mut client, "192.0.2.99", "correct horse").status, 200, "never seen before");
    eventually("the log has the clients", || {
        let lines = lines(&serve, "answered");
        let of = |client: &str| lines.iter().any(|line| line["span"]["client"] == client);
        of("203.0.113.4") && of("192.0.2.99") && !of("127.0.0.1")
    });
}

#[test]
fn what_strangers_say_of_themselves_is_not_believed() {
    let data = tempfile::tempdir().expect("a folder");
    let serve = serve(data.path(), "10.0.0.0/8");
    let mut client = Client::new(serve.base_url(), "").expect("connected");
    for n in 0..5 {
        let got = login(&mut client, &format!("203.0.113.{n}"), "wrong horse");
        assert_eq!(got.status, 401, "{got:?}");
    }
    assert_eq!(login(&mut client, "192.0.2.99", "correct horse").status, 429, "all are one");
    eventually("the log has the connection", || {
        let lines = lines(&serve, "answered");
        lines.len() >= 6 && lines.iter().all(|line| line["span"]["client"] == "127.0.0.1")
    });
}

#[test]
fn a_line_of_the_log_has_the_client_the_order_the_trace_and_the_request() {
    let data = tempfile::tempdir().expect("a folder");
    let serve = serve(data.path(), "127.0.0.1");
    let key = docket(
        data.path(),
        &["key", "add", "k", "--scopes", "orders.read,orders.write,prices", "--actors", "buyer"],
    );
    let key = key.fine().trim().to_owned();
    let mut client = Client::new(serve.base_url(), &key).expect("connected");
    let traceparent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let headers = [
        ("forwarded", "for=\"[2001:db8::7]:4711\";proto=https"),
        ("traceparent", &traceparent),
        ("x-request-id", "of-the-caller"),
    ];
    let order = json!({"buyer_id": "b1", "currency": "CNY", "actor": {"kind": "buyer", "id": "b1"}, "shops": [
        {"shop_id": "11", "items": [{"sku_id": "a", "quantity": "1", "list_price": 1000}]}
    ]});
    let placed = client.send_with("POST", "/api/orders", &headers, &order.to_string());
    let placed = placed.expect("an answer");
    assert_eq!(placed.status, 201, "{placed:?}");
    let id = placed.body["order_id"].as_str().expect("a number").to_owned();
    let path = format!("/api/orders/{id}/activities");
    assert_eq!(client.send_with("GET", &path, &headers[1..2], "").expect("an answer").status, 200);
    // Asked for again and again, it says nothing.
    for path in ["/livez", "/readyz", "/metrics", &format!("/api/orders/{id}/payments")] {
        assert_eq!(client.get(path).expect("an answer").status, 200, "{path}");
    }
    let last = client.get("/api/orders/not-a-number\u{7f}").expect("an answer").status;
    assert!(last >= 400, "{last}");
    eventually("the log has the requests", || lines(&serve, "answered").len() >= 3);
    let lines = lines(&serve, "answered");
    let spans: Vec<_> = lines.iter().map(|line| &line["span"]).collect();
    let ours: Vec<_> = spans.iter().filter(|span| span["who"] == "k").collect();
    let [placing, story] = ours[..] else { panic!("{spans:#?}") };
    assert_eq!(
        [&placing["client"], &placing["order"], &placing["trace"], &placing["id"]],
        [&json!("2001:db8::7"), &json!(id), &json!(TRACE), &json!("of-the-caller")],
        "an order that is placed is named by its answer"
    );
    assert_eq!([&story["order"], &story["trace"]], [&json!(id), &json!(TRACE)]);
    assert_eq!(story["client"], "127.0.0.1", "the proxy itself");
}
