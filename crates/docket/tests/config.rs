//! Config as the binary reads it: file, environment, command line.

mod run;

use run::{command, docket, run};
use serde_json::Value;
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
    let ran = run(asked.env("DOCKET_DATABASE__URL", "mysql://u:secret@127.0.0.1:1/d"));
    assert!(ran.stdout.contains("✗ database"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("secret"), "{}", ran.stdout);
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
