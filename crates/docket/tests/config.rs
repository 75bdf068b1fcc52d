//! Config as the binary reads it: file, environment, command line.

mod run;

use docket_testkit::{Database, Serve, ServeCommand};
use run::{DOCKET, command, docket, run};
use serde_json::Value;
use std::io::{Read, Write};
use std::path::Path;

fn written(data: &Path, text: &str) {
    std::fs::write(data.join("docket.toml"), text).expect("a config file can be written");
}

fn setting(report: &Value, key: &str) -> (String, String) {
    let all = report["config"].as_array().expect("a list of settings");
    let found = all.iter().find(|listed| listed["key"] == key).expect("listed");
    let text = |name: &str| found[name].as_str().expect("a text").to_owned();
    (text("value"), text("origin"))
}

#[test]
fn check_tells_what_is_in_force_and_where_it_came_from() {
    let data = tempfile::tempdir().expect("a folder");
    written(data.path(), "[server]\nlisten = \"127.0.0.1:0\"\n\n[log]\nlevel = \"warn\"\n");
    let mut asked = command(data.path(), &["check", "--json"]);
    let report = run(asked.env("DOCKET_LOG__LEVEL", "debug")).json();
    assert_eq!(report["ok"], true, "{report}");
    let (value, origin) = setting(&report, "server.listen");
    assert_eq!(value, "127.0.0.1:0");
    assert!(origin.ends_with("docket.toml:2"), "{origin}");
    let level = setting(&report, "log.level");
    assert_eq!(level, ("debug".to_owned(), "environment DOCKET_LOG__LEVEL".to_owned()));
    assert_eq!(setting(&report, "deadlines.pay_by"), ("30m".to_owned(), "default".to_owned()));
    // It looked, and made nothing.
    assert!(!data.path().join("docket.db").exists());
    assert!(!data.path().join("docket.keys").exists());
}

#[test]
fn check_fails_when_something_cannot_be_reached() {
    let data = tempfile::tempdir().expect("a folder");
    let mut asked = command(data.path(), &["check"]);
    let ran = run(asked.env("DOCKET_DATABASE__URL", "mysql://u:hushed@127.0.0.1:1/d"));
    assert!(ran.stdout.contains("✗ database"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("hushed"), "{}", ran.stdout);
    ran.refused(1);
}

#[test]
fn an_unknown_key_names_the_nearest_known_one() {
    let data = tempfile::tempdir().expect("a folder");
    written(data.path(), "[server]\nlisen = \"127.0.0.1:0\"\n");
    for words in [&["serve"][..], &["check"], &["key", "list"]] {
        let said = docket(data.path(), words).refused(1);
        assert!(said.contains("Did you mean server.listen?"), "{said}");
        assert!(said.contains("docket.toml:2"), "{said}");
    }
}

#[test]
fn a_config_file_that_is_named_and_missing_is_an_error() {
    let data = tempfile::tempdir().expect("a folder");
    let said = docket(data.path(), &["check", "--config", "nowhere.toml"]).refused(1);
    assert!(said.contains("nowhere.toml cannot be read"), "{said}");
}

#[test]
fn serve_check_and_commands_share_a_mariadb() {
    let (data, database) = (tempfile::tempdir().expect("a folder"), Database::Mariadb.fresh());
    let mut serve = ServeCommand::new(DOCKET, data.path()).database(&database).start();
    let with_it = |words: &[&str]| {
        let mut asked = command(data.path(), words);
        run(asked.env("DOCKET_DATABASE__URL", database.url()))
    };
    let report = with_it(&["check", "--json"]).json();
    assert_eq!(report["ok"], true, "{report}");
    let database_says = report["checks"][3]["says"].as_str().expect("a text");
    assert!(database_says.contains("its schema fits"), "{database_says}");
    let server_says = report["checks"][4]["says"].as_str().expect("a text");
    assert!(server_says.contains(&format!("pid {}", serve.pid())), "{server_says}");
    let key =
        with_it(&["key", "add", "shop", "--scopes", "orders.read", "--actors", "buyer"]).fine();
    assert!(key.starts_with("dk_"), "{key}");
    assert!(serve.terminate().success());
    // Without a serve the command opens the database itself.
    let listed = with_it(&["key", "list", "--json"]).json();
    assert_eq!(listed["keys"][0]["name"], "shop");
}

#[test]
fn metrics_can_be_hidden() {
    let data = tempfile::tempdir().expect("a folder");
    let answer = |serve: &Serve| {
        let address = serve.base_url().trim_start_matches("http://").to_owned();
        let mut stream = std::net::TcpStream::connect(&address).expect("connected");
        let request =
            format!("GET /metrics HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("an answer");
        text
    };
    let serve = ServeCommand::new(DOCKET, data.path()).start();
    assert!(answer(&serve).starts_with("HTTP/1.1 200"));
    drop(serve);
    let hidden =
        ServeCommand::new(DOCKET, data.path()).env("DOCKET_TELEMETRY__METRICS", "false").start();
    assert!(answer(&hidden).starts_with("HTTP/1.1 404"));
}

#[test]
fn check_tells_whether_a_gateway_can_be_reached_and_works_without_it() {
    let data = tempfile::tempdir().expect("a folder");
    written(
        data.path(),
        "[payments.wallet]\nurl = \"http://127.0.0.1:1\"\nsecret = \"hush-hush\"\n",
    );
    let ran = docket(data.path(), &["check"]);
    let shown = ran.fine();
    assert!(shown.contains("! gateway wallet: http://127.0.0.1:1"), "{shown}");
    assert!(!shown.contains("hush-hush"), "{shown}");
}
