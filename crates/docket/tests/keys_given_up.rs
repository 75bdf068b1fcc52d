//! Keys that were given up: the center goes on without them and says what stays sealed, and takes them in again once
//! they are found.

#[allow(dead_code)] // shared with the tests of reconcile, which change facts
mod behind;
#[allow(dead_code)] // shared with the tests of faults, which place orders
mod client;
#[allow(dead_code)] // shared, and not all of it is needed by both
mod keyring;
mod made;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use behind::Behind;
use client::Client;
use docket_testkit::{ServeCommand, eventually};
use keyring::{fingerprint, keys, listed};
use made::center;
use run::{DOCKET, docket};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn a_key_that_is_lost_is_given_up_and_one_that_is_found_opens_again() {
    let data = center();
    let data = data.path();
    let (own, search) = (fingerprint(data, "1"), fingerprint(data, "search"));
    let shown = |data: &Path| docket(data, &["export", "--format", "jsonl"]).fine();
    let whole = shown(data);
    fs::rename(keys(data), data.join("found later")).expect("moved");
    let give_up = |key: &str| docket(data, &["privacy", "give-up", key, "--yes"]);
    let said = docket(data, &["privacy", "give-up", &own]).refused(2);
    assert!(said.contains("--yes"), "{said}");
    give_up("0000000000000000").refused(1);
    give_up(&own).fine();
    give_up(&search).fine();
    let made = docket(data, &["key", "list"]);
    assert!(made.stderr.contains("made the key file"), "{made:?}");
    made.fine();
    let without = shown(data);
    assert_eq!(without.lines().count(), whole.lines().count());
    assert!(without.contains(r#""person_state":"key_missing""#));
    // The new one has a number of its own: what it seals is not taken for what the old one sealed.
    let new = fingerprint(data, "2");
    give_up(&new).refused(1);

    docket(data, &["privacy", "adopt", "found later"]).fine();
    assert_eq!(shown(data), whole, "with the old key taken in all is read again");
    docket(data, &["check"]).fine();
}

/// The marks that `docket check` gives, by what it looked at, and how it ended.
fn marks(data: &Path, words: &[&str]) -> (Value, Option<i32>) {
    let ran = docket(data, &[&["check", "--json"], words].concat());
    (serde_json::from_str(ran.stdout.trim()).expect("JSON"), ran.code)
}

fn mark<'m>(checked: &'m Value, what: &str) -> (&'m str, &'m str) {
    let found = checked["checks"].as_array().expect("a list").iter().find(|it| it["what"] == what);
    let found = found.unwrap_or_else(|| panic!("{what}: {checked}"));
    (found["mark"].as_str().expect("a word"), found["says"].as_str().expect("a sentence"))
}

/// How many orders are found by a telephone.
fn found_by(data: &Path, phone: &str) -> usize {
    let listed = docket(data, &["orders", "list", "--phone", phone, "--json"]).json();
    listed["orders"].as_array().unwrap_or_else(|| panic!("{listed}")).len()
}

/// Starts a center and waits until the telephones that can be made new are.
fn renewed(data: &Path) {
    let serve = ServeCommand::new(DOCKET, data).start();
    eventually("telephones are made new", || {
        !mark(&marks(data, &[]).0, "telephones").1.contains("made new")
    });
    drop(serve);
}

const HASHES: &str = "select count(*) from order_phone";
const PHONE: &str = "13800001111";

/// A center with an order found by its telephone, all of whose keys were given up; the file lies beside it.
fn given_up(data: &Path) -> PathBuf {
    let serve = ServeCommand::new(DOCKET, data).start();
    let scopes = ["--scopes", "orders.write,prices", "--actors", "buyer"];
    let key = docket(data, &[&["key", "add", "t"], &scopes[..]].concat()).fine();
    let order = json!({"buyer_id": "b1", "currency": "CNY", "actor": {"kind": "buyer"},
        "shops": [{"shop_id": "11", "ship_to": {"name": "Ada", "phone": PHONE}, "items": [
            {"sku_id": "own", "title": "Own", "quantity": "1", "list_price": 1000}]}]});
    let mut client = Client::new(serve.base_url(), key.trim()).expect("a connection");
    assert_eq!(client.post("/api/orders", &order).expect("an answer").status, 201);
    drop(serve);
    let found = data.join("found later");
    let prints = [fingerprint(data, "1"), fingerprint(data, "search")];
    fs::rename(keys(data), &found).expect("moved");
    for print in prints {
        let said = docket(data, &["privacy", "give-up", &print, "--yes"]);
        assert!(said.stderr.contains("docket privacy adopt FILE"), "{said:?}");
        said.fine();
    }
    found
}

#[test]
fn a_file_that_is_found_after_its_keys_were_given_up_is_adopted_where_no_key_file_is() {
    let data = center();
    let data = data.path();
    let before = listed(data);
    let found = given_up(data);
    let strange = docket(data, &["privacy", "new"]).fine();
    docket(data, &["privacy", "adopt", found.to_str().expect("a path")]).fine();
    assert_eq!(listed(data), before, "the file is the key file again");
    renewed(data);
    assert_eq!(found_by(data, PHONE), 1);
    let (checked, code) = marks(data, &["--deep"]);
    assert_eq!((mark(&checked, "telephones").0, code), ("fine", Some(0)), "{checked}");
    // Where others are used, a strange file does not take their place.
    fs::remove_file(keys(data)).expect("there");
    fs::write(data.join("strange"), strange).expect("written");
    let strange = data.join("strange");
    docket(data, &["privacy", "adopt", strange.to_str().expect("a path")]).refused(1);
    assert!(!keys(data).exists());
    let said = docket(data, &["privacy", "adopt", "nowhere", "--lang", "zh"]).refused(1);
    assert!(said.contains("文件或目录不存在") && !said.contains("entity"), "{said}");
}

#[test]
fn a_file_that_is_put_over_the_newer_one_is_told_from_one_that_is_older() {
    let data = center();
    let data = data.path();
    let found = given_up(data);
    docket(data, &["key", "list"]).fine();
    let newer = fs::read(keys(data)).expect("keys");
    fs::copy(&found, keys(data)).expect("space");
    let said = docket(data, &["key", "list"]).refused(1);
    assert!(said.contains("docket privacy adopt FILE"), "{said}");
    assert!(!said.contains("rotated elsewhere"), "{said}");
    let said = docket(data, &["key", "list", "--lang", "zh"]).refused(1);
    assert!(said.contains("已放弃") && !said.contains("轮换"), "{said}");
    fs::write(keys(data), newer).expect("written");
    docket(data, &["privacy", "adopt", found.to_str().expect("a path")]).fine();
    docket(data, &["check"]).fine();
}

#[test]
fn what_keys_sealed_that_were_given_up_is_a_warning_and_its_telephones_come_back_with_the_keys() {
    let data = center();
    let data = data.path();
    assert_eq!(mark(&marks(data, &[]).0, "telephones").0, "fine");
    let found = given_up(data);
    let behind = Behind::of_folder(data);
    let (people, hashes) = (behind.one("select count(*) from order_person"), behind.one(HASHES));
    // Before a new key file is made.
    let (checked, code) = marks(data, &["--deep"]);
    assert_eq!(code, Some(0), "{checked}");
    for what in ["key file", "people's data", "telephones", "keys given up"] {
        assert_eq!(mark(&checked, what).0, "warning", "{what}: {checked}");
    }
    assert!(mark(&checked, "telephones").1.contains(&people), "{checked}");
    assert_eq!(mark(&checked, "damage").0, "fine", "{checked}");
    let zh = docket(data, &["check", "--lang", "zh"]).fine();
    assert!(zh.contains("! 密钥文件") && zh.contains("已放弃"), "{zh}");
    // After it.
    renewed(data);
    assert_eq!(found_by(data, PHONE), 0);
    let (checked, code) = marks(data, &["--deep"]);
    assert_eq!(code, Some(0), "{checked}");
    assert_eq!(mark(&checked, "key file").0, "fine", "{checked}");
    assert_eq!(mark(&checked, "people's data").0, "warning", "{checked}");
    let (told, says) = mark(&checked, "telephones");
    assert!(told == "warning" && says.starts_with(&format!("{people} orders")), "{checked}");
    assert!(mark(&checked, "keys given up").1.contains("docket privacy adopt FILE"), "{checked}");
    assert_eq!(checked["deep"]["counted"], json!({}), "{checked}");
    let given_up = checked["deep"]["given_up"].as_u64().expect("a count");
    assert!(given_up >= people.parse().expect("a count"), "{checked}");
    let zh = docket(data, &["reconcile", "--class", "sealed_away", "--lang", "zh"]).stdout;
    assert!(zh.contains("该密钥已放弃") && zh.contains("可读取的个人信息"), "{zh}");
    assert!(!zh.contains("sealed under") && !zh.contains("people that"), "{zh}");

    // Adopted beside a running center, they are taken in, and telephones are found again.
    let serve = ServeCommand::new(DOCKET, data).start();
    docket(data, &["privacy", "adopt", found.to_str().expect("a path")]).fine();
    eventually("it is found", || found_by(data, PHONE) == 1);
    eventually("all are", || mark(&marks(data, &[]).0, "telephones").0 == "fine");
    drop(serve);
    let (checked, code) = marks(data, &["--deep"]);
    assert_eq!(code, Some(0), "{checked}");
    assert_eq!(mark(&checked, "people's data").0, "fine", "{checked}");
    assert_eq!(checked["deep"]["given_up"], 0, "{checked}");
    assert_eq!(behind.one(HASHES), hashes, "those of the search key that was given up are gone");
}
