//! A database behind TLS: orders go over it, and what the URL asks of certificates is what happens.

#[allow(dead_code)] // shared with the tests of faults
mod client;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use client::Client;
use docket_testkit::{MariadbServer, ServeCommand, Transport};
use run::{DOCKET, Ran, command, docket, run};
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

/// As much as a shop says of a line: 40 lines of it are far more than a record of TLS takes.
const SAID: usize = 900;

fn with(data: &Path, url: &str, words: &[&str]) -> Ran {
    run(command(data, words).env("DOCKET_DATABASE__URL", url))
}

/// A server with a user who is let in over TLS only.
fn sealed(database: &str) -> MariadbServer {
    let server = MariadbServer::start(MariadbServer::SMALL_POOL_MIB, Transport::Tls);
    let server = server.expect("MariaDB with TLS");
    let made = format!(
        "create database {database} character set utf8mb4; \
         create user sealed identified by 'geheim' require ssl; grant all on *.* to sealed"
    );
    server.address().run(&made).expect("a database and a user");
    server
}

fn url(server: &MariadbServer, host: &str, database: &str, asked: &str) -> String {
    let plain = server.address().url(database);
    let there = plain.rsplit_once(':').expect("a port").1;
    format!("mysql://sealed:geheim@{host}:{there}?{asked}")
}

fn order(n: usize) -> Value {
    let line = |line: usize| {
        json!({"sku_id": format!("s{line}"), "title": "茶".repeat(100), "quantity": "1",
               "list_price": 1000, "attributes": {"said": "x".repeat(SAID)}})
    };
    let lines: Vec<_> = (0..40).map(line).collect();
    json!({"buyer_id": "b1", "currency": "CNY", "actor": {"kind": "buyer"},
           "client_token": format!("t{n}"),
           "shops": [{"shop_id": "1", "items": lines,
                      "ship_to": {"name": "王小明", "phone": "13800001111", "address": "1"}}]})
}

#[test]
fn orders_are_placed_backed_up_and_restored_over_tls() {
    let server = sealed("docket_tls");
    let authority = server.certificates().authority.display().to_string();
    let sealed = url(
        &server,
        "127.0.0.1",
        "docket_tls",
        &format!("ssl-mode=VERIFY_IDENTITY&ssl-ca={authority}"),
    );
    let data = TempDir::new().expect("a folder");
    let mut serve =
        ServeCommand::new(DOCKET, data.path()).env("DOCKET_DATABASE__URL", &sealed).start();
    let scopes = "orders.read,orders.write";
    let words = ["key", "add", "test", "--scopes", scopes, "--actors", "buyer", "--issuer", "test"];
    let token = docket(data.path(), &words).fine().trim().to_owned();
    let mut client = Client::new(serve.base_url(), &token).expect("a connection");
    for n in 0..3 {
        let placed = client.post("/api/orders", &order(n)).expect("an answer");
        assert_eq!(placed.status, 201, "{placed:?}");
        let path = format!("/api/orders/{}", placed.body["order_id"].as_str().expect("a number"));
        let read = client.get(&path).expect("an answer");
        assert_eq!((read.status, &read.body["shops"]), (200, &placed.body["shops"]));
    }
    let checked = with(data.path(), &sealed, &["check", "--json"]).json();
    let checks = checked["checks"].as_array().expect("checks");
    let of_tls = checks.iter().find(|check| check["what"] == "way to the database");
    let says = "TLSv1.3, and the certificate of the server is checked";
    assert_eq!(
        of_tls.map(|check| (&check["says"], &check["mark"])),
        Some((&json!(says), &json!("fine")))
    );
    assert!(serve.terminate().success());
    // A backup reads, and a restore writes, over connections of their own.
    let copy = data.path().join("copy");
    let copy = copy.to_str().expect("a path of letters");
    with(data.path(), &sealed, &["backup", copy]).fine();
    server.address().run("create database docket_tls_2 character set utf8mb4").expect("a database");
    let second = sealed.replace("docket_tls", "docket_tls_2");
    with(data.path(), &second, &["restore", copy]).fine();
    let deep = with(data.path(), &second, &["check", "--deep", "--json"]).json();
    assert_eq!(deep["ok"], json!(true), "{deep}");
}

/// Each is refused before a password is sent, with the reason in a sentence.
#[test]
fn a_server_that_is_not_the_one_that_was_asked_for_is_refused() {
    let server = sealed("docket_refused");
    let files = server.certificates();
    let plain = MariadbServer::start(MariadbServer::SMALL_POOL_MIB, Transport::Plain);
    let plain = plain.expect("MariaDB without TLS");
    let data = TempDir::new().expect("a folder");
    let asks = |host: &str, asked: &str| url(&server, host, "docket_refused", asked);
    let (authority, stranger) = (files.authority.display(), files.stranger.display());
    let verify = format!("ssl-mode=VERIFY_IDENTITY&ssl-ca={authority}");
    for (url, sentence) in [
        (
            asks("127.0.0.1", &format!("ssl-mode=VERIFY_IDENTITY&ssl-ca={stranger}")),
            "the certificate of the server is signed by nobody who is trusted here",
        ),
        (
            asks("127.0.0.1", "ssl-mode=VERIFY_CA"),
            "the certificate of the server is signed by nobody who is trusted here",
        ),
        (asks("localhost", &verify), "the certificate of the server is for another name"),
        (
            format!("{}?ssl-mode=REQUIRED", plain.address().url("docket_refused")),
            "TLS is not possible as the URL asks: server does not support TLS",
        ),
        (
            asks("127.0.0.1", "ssl-mode=VERIFY_CA&ssl-ca=/no/such.pem"),
            "names /no/such.pem as `ssl-ca`, which cannot be read",
        ),
        (
            asks("127.0.0.1", &format!("ssl-ca={authority}")),
            "only ssl-mode=VERIFY_CA and ssl-mode=VERIFY_IDENTITY look at certificates",
        ),
        (asks("127.0.0.1", "ssl_mode=VERIFY_CA"), "has `ssl_mode`, which means nothing here"),
    ] {
        let said = with(data.path(), &url, &["migrate"]).refused(1);
        assert!(said.contains(sentence), "{url}: {said}");
        assert!(!said.contains("geheim"), "{said}");
    }
    // The name alone may be another where the URL asks for the authority only.
    let by_authority = asks("localhost", &format!("ssl-mode=VERIFY_CA&ssl-ca={authority}"));
    with(data.path(), &by_authority, &["migrate"]).fine();
}
