//! The keys that seal people's data, and the database that records which they are: who comes with others is refused
//! before anything is sealed that nobody else can open, and what cannot be opened is shown, counted and explained.

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
use docket_testkit::{Database, Serve, ServeCommand, TestDatabase, eventually};
use keyring::{fingerprint, keys, listed};
use made::center;
use run::{DOCKET, Ran, command, docket};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// Every command that opens the folder or its database, but the one that says what is wrong.
const COMMANDS: [&[&str]; 10] = [
    &["serve", "--listen", "127.0.0.1:0"],
    &["migrate"],
    &["key", "list"],
    &["user", "list"],
    &["export"],
    &["explain", "7"],
    &["reconcile"],
    &["tasks", "list"],
    &["backup", "of-today"],
    &["privacy", "rotate"],
];

fn each_is_refused(data: &Path, parts: &[&str]) {
    for words in COMMANDS {
        let said = docket(data, words).refused(1);
        for part in parts {
            assert!(said.contains(part), "{words:?}: {part} is not in: {said}");
        }
        let told = docket(data, &[words, &["--json"]].concat()).refused(1);
        let told: Value = serde_json::from_str(told.lines().last().expect("a line")).expect("JSON");
        assert_eq!(told["error"]["code"], "key_missing", "{words:?}: {told}");
    }
    assert!(!data.join("of-today").exists());
}

#[test]
fn other_keys_and_none_are_refused_by_every_command_and_none_are_made() {
    let [data, other] = [center(), tempfile::tempdir().expect("a folder")];
    let (data, place) = (data.path(), keys(data.path()));
    let shown = place.display().to_string();
    let own = fingerprint(data, "1");
    let before = fs::read(data.join("docket.db")).expect("the database");

    docket(other.path(), &["init"]).fine();
    let others = fs::read_to_string(keys(other.path())).expect("other keys");
    fs::rename(&place, data.join("kept")).expect("moved");
    fs::write(&place, &others).expect("written");
    each_is_refused(data, &[&own, &shown, "give-up"]);
    assert_eq!(fs::read_to_string(&place).expect("keys"), others, "what is there stays");
    let said = docket(data, &["key", "list", "--lang", "zh"]).refused(1);
    assert!(said.contains(&own) && said.contains(&shown) && said.contains("共用密钥"), "{said}");
    let checked = docket(data, &["check"]);
    assert!(
        checked.stdout.contains("✗ key file: ") && checked.stdout.contains(&own),
        "{checked:?}"
    );
    checked.refused(1);

    fs::remove_file(&place).expect("there");
    each_is_refused(data, &[&own, &shown, "there is no key file"]);
    assert!(!place.exists(), "none is made in silence");
    let checked = docket(data, &["check"]);
    assert!(checked.stdout.contains("✗ key file: "), "{checked:?}");
    checked.refused(1);
    let after = fs::read(data.join("docket.db")).expect("the database");
    assert!(before == after, "nothing was written");

    fs::rename(data.join("kept"), &place).expect("back");
    docket(data, &["key", "list"]).fine();
}

/// A process on `database` with a folder of its own, not started.
fn serve(data: &Path, database: &TestDatabase) -> ServeCommand {
    ServeCommand::new(DOCKET, data).database(database)
}

fn on(database: &TestDatabase, data: &Path, words: &[&str]) -> Ran {
    run::run(command(data, words).env("DOCKET_DATABASE__URL", database.url()))
}

fn readiness(serve: &Serve) -> (u16, Value) {
    let mut client = Client::new(serve.base_url(), "").expect("a connection");
    let got = client.get("/readyz").expect("an answer");
    (got.status, got.body)
}

fn degraded(serve: &Serve, part: &str) -> Option<String> {
    let (_, told) = readiness(serve);
    let parts = told["degraded"].as_array().expect("a list");
    let found = parts.iter().find(|told| told["part"] == part)?;
    Some(found["says"].as_str().expect("a sentence").to_owned())
}

/// The number of the key that a process seals with: it places an order.
fn seals_with(serve: &Serve, key: &str, behind: &Behind) -> String {
    let mut client = Client::new(serve.base_url(), key.trim()).expect("a connection");
    let order = json!({"buyer_id": "b1", "currency": "CNY", "actor": {"kind": "buyer"},
        "shops": [{"shop_id": "11", "ship_to": {"name": "Ada"}, "items": [
            {"sku_id": "own", "title": "Own", "quantity": "1", "list_price": 1000}]}]});
    let placed = client.post("/api/orders", &order).expect("an answer").body;
    let id = placed["order_id"].as_str().unwrap_or_else(|| panic!("{placed}"));
    behind.one(&format!("select key_id from order_person where tree = {id}"))
}

fn takes_keys_in(serve: &Serve) {
    eventually("newer keys are taken in", || {
        [serve.stdout(), serve.stderr()].concat().contains("newer keys are taken in")
    });
}

#[test]
fn a_second_process_shares_the_keys_and_one_that_rotated_is_told_from_one_that_did_not() {
    let database = Database::Mariadb.fresh();
    let [one, other] = [(), ()].map(|()| tempfile::tempdir().expect("a folder"));
    let first = serve(one.path(), &database).start();
    let said = on(&database, other.path(), &["key", "list"]).refused(1);
    assert!(said.contains("there is no key file") && said.contains("share the keys"), "{said}");
    assert!(!keys(other.path()).exists());
    fs::copy(keys(one.path()), keys(other.path())).expect("space");
    let second = serve(other.path(), &database).start();
    assert_eq!(readiness(&second).1["degraded"], json!([]));

    let behind = Behind::of(&database);
    let words = ["key", "add", "t", "--scopes", "orders.write,prices", "--actors", "buyer"];
    let key = on(&database, one.path(), &words).fine();
    assert_eq!(seals_with(&second, &key, &behind), "1");

    let made = on(&database, one.path(), &["privacy", "rotate", "--json"]).json();
    assert_eq!(made["key"], 2);
    eventually("who has the older keys says so", || degraded(&second, "keys").is_some());
    let says = degraded(&second, "keys").expect("a sentence");
    assert!(says.contains("key 2") && says.contains("docket.keys"), "{says}");
    assert!(!says.contains("start"), "nothing is to be started again: {says}");
    let zh = on(&database, other.path(), &["check", "--lang", "zh"]).stdout;
    assert!(zh.contains("数据库登记了密钥 2"), "{zh}");
    assert!(!zh.contains("the database records"), "{zh}");
    takes_keys_in(&first);
    assert_eq!(seals_with(&first, &key, &behind), "2");
    assert_eq!(degraded(&first, "keys"), None);
    // Brought there, it is taken in without a start.
    fs::rename(keys(other.path()), other.path().join("older")).expect("moved");
    fs::copy(keys(one.path()), keys(other.path())).expect("space");
    takes_keys_in(&second);
    eventually("nothing is amiss", || degraded(&second, "keys").is_none());
    assert_eq!(seals_with(&second, &key, &behind), "2");
    drop((first, second));
    fs::rename(other.path().join("older"), keys(other.path())).expect("back");

    let said = on(&database, other.path(), &["key", "list"]).refused(1);
    assert!(said.contains("key 2") && said.contains("rotated elsewhere"), "{said}");
    // One that would rotate its own copy makes no second key 2.
    let said = on(&database, other.path(), &["privacy", "rotate"]).refused(1);
    assert!(said.contains("rotated elsewhere"), "{said}");
    let said = on(&database, other.path(), &["key", "list", "--lang", "zh"]).refused(1);
    assert!(said.contains("已在别处轮换"), "{said}");
    fs::copy(keys(one.path()), keys(other.path())).expect("space");
    on(&database, other.path(), &["key", "list"]).fine();
}

#[test]
fn keys_are_given_by_the_environment_or_a_file_of_secrets() {
    let database = Database::Mariadb.fresh();
    let [one, other] = [(), ()].map(|()| tempfile::tempdir().expect("a folder"));
    let text = docket(one.path(), &["privacy", "new"]).fine();
    let secret = one.path().join("secret");
    fs::write(&secret, &text).expect("written");
    let first = serve(one.path(), &database).env("DOCKET_PRIVACY__KEYS", &text).start();
    let second = serve(other.path(), &database).env("DOCKET_PRIVACY__KEYS_FILE", &secret).start();
    assert_eq!(readiness(&second).1["degraded"], json!([]));
    assert!(!keys(one.path()).exists() && !keys(other.path()).exists());
    drop((first, second));

    let with = |text: &str, words: &[&str]| {
        let mut command = command(other.path(), words);
        command.env("DOCKET_DATABASE__URL", database.url()).env("DOCKET_PRIVACY__KEYS", text);
        run::run(&mut command)
    };
    let checked = with(&text, &["check"]).fine();
    let key = &serde_json::from_str::<Value>(&text).expect("JSON")["seal"][0]["key"];
    assert!(!checked.contains(key.as_str().expect("a text")), "{checked}");
    let strange = docket(one.path(), &["privacy", "new"]).fine();
    let said = with(&strange, &["key", "list"]).refused(1);
    assert!(said.contains("privacy.keys (DOCKET_PRIVACY__KEYS)"), "{said}");
    let said = with("{}", &["key", "list"]).refused(1);
    assert!(said.contains("docket privacy new"), "{said}");
    for (file, en, zh) in [
        ("", "privacy.keys_file is empty", "privacy.keys_file 为空"),
        ("nowhere", "there is no such file", "文件或目录不存在"),
    ] {
        let with_file = |lang: &str| {
            let mut command = command(other.path(), &["key", "list", "--lang", lang]);
            run::run(command.env("DOCKET_PRIVACY__KEYS_FILE", file)).refused(1)
        };
        let said = with_file("en");
        assert!(said.contains(en), "{said}");
        let said = with_file("zh");
        assert!(said.contains(zh) && said.contains("环境变量 DOCKET_PRIVACY__KEYS_FILE"), "{said}");
        assert!(!said.contains("environment"), "{said}");
    }
    // Rotated, it is a text to give; the first that starts with it records the key.
    let next = with(&text, &["privacy", "rotate"]).fine();
    with(&text, &["key", "list"]).fine();
    with(&next, &["key", "list"]).fine();
    let said = with(&text, &["key", "list"]).refused(1);
    assert!(said.contains("key 2") && said.contains("rotated elsewhere"), "{said}");
}

#[test]
fn what_is_wrong_with_a_key_file_is_told_in_the_language_of_who_reads() {
    let data = center();
    let data = data.path();
    let short = r#"{"seal":[{"id":1,"key":"00"}],"search":"00"}"#;
    for (text, en, zh) in [
        ("", "it is empty", "内容为空"),
        ("{}", "JSON text", "JSON 文本"),
        ("x", "JSON text", "JSON 文本"),
        (r#"{"seal":[],"search":""}"#, "no sealing key", "没有加密密钥"),
        (short, "64 hexadecimal digits", "64 位十六进制"),
    ] {
        fs::write(keys(data), text).expect("written");
        let said = docket(data, &["key", "list"]).refused(1);
        assert!(said.contains(en) && said.contains("is not a key file"), "{said}");
        let other = docket(data, &["privacy", "adopt", "docket.keys", "--lang", "zh"]).refused(1);
        let said = docket(data, &["key", "list", "--lang", "zh"]).refused(1);
        assert!(said.contains(zh) && said.contains("不是密钥文件"), "{said}");
        for english in ["expected", "missing", "is not", "JSON text"] {
            assert!(!said.contains(english) && !other.contains(english), "{said}{other}");
        }
    }
}

#[test]
fn a_database_of_the_release_before_takes_only_keys_that_open_what_is_sealed_in_it() {
    let [data, other] = [center(), center()];
    let behind = Behind::of_folder(data.path());
    behind.write("delete from setting where name like 'key.%'", &[]);
    docket(other.path(), &["privacy", "list"]).fine();
    let own = fs::read(keys(data.path())).expect("keys");
    let strange = docket(data.path(), &["privacy", "new"]).fine();
    fs::write(keys(data.path()), strange).expect("written");
    let said = docket(data.path(), &["key", "list", "--json"]).refused(1);
    assert!(said.contains("key_unproven") && said.contains("key 1 sealed"), "{said}");
    fs::remove_file(keys(data.path())).expect("there");
    let said = docket(data.path(), &["serve", "--listen", "127.0.0.1:0"]).refused(1);
    assert!(said.contains("there is no key file"), "{said}");
    assert!(!keys(data.path()).exists());
    assert_eq!(behind.one("select count(*) from setting where name like 'key.%'"), "0");

    fs::write(keys(data.path()), own).expect("written");
    docket(data.path(), &["key", "list"]).fine();
    assert_eq!(
        listed(data.path())["keys"],
        listed(other.path())["keys"],
        "they are recorded again"
    );
}

/// The numbers of two orders with people.
fn two_with_people(behind: &Behind) -> [String; 2] {
    let trees = behind.ask("select tree from order_person order by tree limit 2");
    trees
        .into_iter()
        .map(|tree| tree.expect("a number"))
        .collect::<Vec<_>>()
        .try_into()
        .expect("two")
}

#[test]
fn an_order_whose_people_cannot_be_opened_is_shown_as_it_is_and_counted_everywhere() {
    let data = center();
    let data = data.path();
    let behind = Behind::of_folder(data);
    let [away, changed] = two_with_people(&behind);
    let zeros = "zeroblob(64)";
    behind.write(
        &format!("update order_person set key_id = 9, sealed = {zeros} where tree = {away}"),
        &[],
    );
    behind.write(&format!("update order_person set sealed = {zeros} where tree = {changed}"), &[]);

    let checked = docket(data, &["check"]);
    assert!(checked.stdout.contains("✗ people's data: 2 of "), "{checked:?}");
    checked.refused(1);
    let lines = docket(data, &["export", "--format", "jsonl"]).fine();
    let orders: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(orders.len(), 404);
    let state = |id: &str| {
        let found = orders.iter().find(|order| order["order_id"] == *id).expect("exported");
        found["person_state"].clone()
    };
    assert_eq!((state(&away), state(&changed)), (json!("key_missing"), json!("unreadable")));
    assert_eq!(orders.iter().filter(|order| order.get("person_state").is_some()).count(), 2);

    let serve = ServeCommand::new(DOCKET, data).start();
    eventually("readiness tells", || degraded(&serve, "people").is_some());
    assert_eq!(readiness(&serve).0, 200, "orders are taken all the same");
    let scopes = "orders.read,orders.write,privacy.read";
    let key =
        docket(data, &["key", "add", "t", "--scopes", scopes, "--actors", "seller,buyer"]).fine();
    let mut client = Client::new(serve.base_url(), key.trim()).expect("a connection");
    for id in [&away, &changed] {
        for query in ["", "?reveal=person"] {
            let got = client.get(&format!("/api/orders/{id}{query}")).expect("an answer");
            assert_eq!((got.status, &got.body["buyer"]), (200, &Value::Null), "{got:?}");
            assert!(got.body["person_state"].is_string(), "{got:?}");
        }
    }
    let mut seen = 0;
    let mut path = "/api/orders?limit=200".to_owned();
    loop {
        let got = client.get(&path).expect("an answer");
        assert_eq!(got.status, 200, "{got:?}");
        seen += got.body["orders"].as_array().expect("orders").len();
        let Some(next) = got.body["next"].as_str() else { break };
        path = format!("/api/orders?limit=200&cursor={next}");
    }
    assert_eq!(seen, 404);
    let found = docket(data, &["reconcile", "--class", "sealed_away", "--json"]);
    let run: Value = serde_json::from_str(found.stdout.trim()).expect("JSON");
    let findings = run["findings"].as_array().expect("findings");
    let mut named: Vec<_> = findings.iter().filter_map(|one| one["order_id"].as_str()).collect();
    named.sort_unstable();
    assert_eq!(named, [&*away, &*changed], "{run}");
    assert!(findings[0]["zh"].as_str().expect("a sentence").contains("个人信息"), "{run}");
    assert_eq!(found.code, Some(1));
    let deep = docket(data, &["check", "--deep", "--json"]);
    let deep: Value = serde_json::from_str(deep.stdout.trim()).expect("JSON");
    assert_eq!(deep["deep"]["counted"], json!({"sealed_away": 2}), "{deep}");
}

#[test]
fn an_address_is_not_changed_over_people_whose_key_may_come_back() {
    let data = center();
    let data = data.path();
    let behind = Behind::of_folder(data);
    let serve = ServeCommand::new(DOCKET, data).start();
    let words = [
        "key",
        "add",
        "t",
        "--scopes",
        "orders.read,orders.write,prices",
        "--actors",
        "buyer,seller",
    ];
    let key = docket(data, &words).fine();
    let mut client = Client::new(serve.base_url(), key.trim()).expect("a connection");
    let order = json!({"buyer_id": "b1", "currency": "CNY", "actor": {"kind": "buyer"},
        "shops": [{"shop_id": "11", "ship_to": {"name": "Ada"}, "items": [
            {"sku_id": "own", "title": "Own", "quantity": "1", "list_price": 1000}]}]});
    let tree = client.post("/api/orders", &order).expect("an answer").body;
    let id = tree["order_id"].as_str().expect("a number");
    let shop = tree["shops"][0]["order_id"].as_str().expect("a number");
    let away = "update order_person set key_id = 9, sealed = zeroblob(64) where tree";
    behind.write(&format!("{away} = {id}"), &[]);
    let change = json!({"type": "change_address", "actor": {"kind": "seller"},
                        "ship_to": {"name": "Ada", "address": "1 Lake Road"}});
    let got = client.post(&format!("/api/orders/{shop}/operations"), &change).expect("an answer");
    assert_eq!((got.status, &got.body["code"]), (409, &json!("sealed")), "{got:?}");
    let kept = format!("select count(*) from order_person where tree = {id} and key_id = 9");
    assert_eq!(behind.one(&kept), "1");
}
