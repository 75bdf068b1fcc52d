//! Damage: pages of a stopped SQLite file written over, rows lost behind the back of a center, a file that is moved
//! while it is served. Each is told as what it is, by everyone who meets it, and is never "try again".

#[allow(dead_code)] // shared with the tests of reconcile, which change facts
mod behind;
#[allow(dead_code)] // shared with the tests of faults, which place orders
mod client;
mod made;
#[allow(dead_code)] // shared with the tests that spoil every page
mod pages;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use behind::Behind;
use client::{Client, Got};
use docket_testkit::{Database, Serve, ServeCommand, TestDatabase, eventually};
use made::center;
use pages::Pages;
use run::{DOCKET, Ran, docket};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

fn json_of(ran: &Ran) -> Value {
    serde_json::from_str(ran.stdout.trim()).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// What `docket check --deep` counts by class; it must have failed.
fn deep(data: &Path) -> Value {
    let ran = docket(data, &["check", "--deep", "--json"]);
    let report = json_of(&ran);
    assert_eq!((ran.code, &report["ok"]), (Some(1), &json!(false)), "{report}");
    for wrong in report["deep"]["wrong"].as_array().expect("a list") {
        let says = |name: &str| wrong[name].as_str().expect("a sentence").chars().count();
        assert!(says("en") > 20 && says("zh") > 8, "{wrong}");
    }
    report["deep"]["counted"].clone()
}

/// The classes that `docket reconcile` finds; it must have come to its end and failed.
fn reconciled(data: &Path) -> Vec<String> {
    let ran = docket(data, &["reconcile", "--json"]);
    let run = json_of(&ran);
    assert_eq!((ran.code, &run["state"]), (Some(1), &json!("done")), "{run}");
    let classes = run["classes"].as_array().expect("classes").iter();
    classes.map(|class| class["class"].as_str().expect("a word").to_owned()).collect()
}

fn served(data: &Path) -> (Serve, Client) {
    let serve = ServeCommand::new(DOCKET, data).start();
    let scopes = "orders.read,orders.write,prices";
    let key = docket(data, &["key", "add", "t", "--scopes", scopes, "--actors", "buyer"]).fine();
    let client = Client::new(serve.base_url(), key.trim()).expect("a connection");
    (serve, client)
}

fn ready(client: &mut Client) -> Got {
    client.get("/readyz").expect("an answer")
}

fn place(client: &mut Client) -> Got {
    let order = json!({"buyer_id": "b1", "currency": "CNY", "shops": [{"shop_id": "11", "items": [
        {"sku_id": "tea", "title": "Tea", "quantity": "1", "list_price": 1000}]}]});
    client.post("/api/orders", &order).expect("an answer")
}

#[test]
fn a_whole_database_has_no_damage() {
    let data = center();
    let found = json_of(&docket(data.path(), &["check", "--deep", "--json"]));
    assert_eq!(found["ok"], true, "{found}");
    assert_eq!(found["deep"]["counted"], json!({}), "{found}");
    assert_eq!(found["deep"]["orders"], 404);
    // Beside a server at work as well.
    let (_serve, mut client) = served(data.path());
    assert_eq!(place(&mut client).status, 201);
    let said = docket(data.path(), &["check", "--deep"]).fine();
    assert!(said.contains("✓ damage: none; 405 orders"), "{said}");
}

#[test]
fn a_garbage_page_of_orders_is_damage_for_everyone_who_meets_it() {
    let data = center();
    let behind = Behind::of_folder(data.path());
    let orders = behind.ask("select id from payment_order order by id");
    let pages = Pages::of(data.path());
    let leaves = pages.leaves("payment_order");
    assert!(leaves.len() > 4, "{leaves:?}");
    pages.spoil(leaves[2]);

    let said = docket(data.path(), &["check"]);
    assert!(
        said.stdout.contains("✗ database: ") && said.stdout.contains("check --deep"),
        "{said:?}"
    );
    said.refused(1);
    let counted = deep(data.path());
    assert!(counted["damaged"].as_u64() > Some(0), "{counted}");
    let lost = counted["unreadable"].as_u64().expect("orders that cannot be read");
    assert!(lost > 0 && lost < 60, "those of one page are named, and no others: {counted}");
    let classes = reconciled(data.path());
    for class in ["damaged", "unreadable"] {
        assert!(classes.iter().any(|found| found == class), "{classes:?}");
    }

    let (serve, mut client) = served(data.path());
    let mut by_code = std::collections::BTreeMap::<String, u64>::new();
    for order in orders.iter().flatten() {
        let got = client.get(&format!("/api/orders/{order}")).expect("an answer");
        let code = got.body["code"].as_str().unwrap_or("fine").to_owned();
        assert!(got.status == 200 || (got.status == 500 && code == "damaged"), "{got:?}");
        if code == "damaged" {
            let detail = got.body["detail"].as_str().expect("a sentence");
            assert!(detail.contains("check --deep") && !detail.contains("try again"), "{got:?}");
        }
        *by_code.entry(code).or_default() += 1;
    }
    assert_eq!(by_code["damaged"], lost, "{by_code:?}");
    let told = ready(&mut client);
    assert_eq!(
        (told.status, &told.body["degraded"][0]["part"]),
        (200, &json!("database")),
        "{told:?}"
    );
    let logged = serve.stderr();
    assert!(logged.contains("ERROR") && logged.contains("the database is damaged"), "{logged}");
    // Whoever is not on that page is served, and orders are placed.
    assert_eq!(place(&mut client).status, 201);
    let said = docket(data.path(), &["check"]);
    assert!(said.stdout.contains("! server: "), "{said:?}");
    let said = docket(data.path(), &["explain", orders[0].as_ref().expect("a number")]);
    said.fine();
}

#[test]
fn a_page_over_another_of_its_table_leaves_orders_and_rows_that_are_found() {
    let data = center();
    let pages = Pages::of(data.path());
    let leaves = pages.leaves("payment_order");
    let copied = pages.read(leaves[3]);
    pages.write(leaves[1], &copied);
    let counted = deep(data.path());
    assert!(counted["damaged"].as_u64() > Some(0), "{counted}");
    assert!(counted["belongs_to_nothing"].as_u64() > Some(0), "{counted}");
    let classes = reconciled(data.path());
    assert!(classes.iter().any(|found| found == "belongs_to_nothing"), "{classes:?}");
}

#[test]
fn a_garbage_page_of_an_index_is_found() {
    for index in ["payment_order_created", "shop_order_shop", "order_operation_at"] {
        let data = center();
        let pages = Pages::of(data.path());
        let leaves = pages.leaves(index);
        pages.spoil(leaves[leaves.len() / 2]);
        let said = docket(data.path(), &["check"]);
        assert!(said.stdout.contains("✗ database: "), "{index}: {said:?}");
        let counted = deep(data.path());
        assert_eq!(
            counted.as_object().expect("classes").keys().collect::<Vec<_>>(),
            ["damaged"],
            "{index}"
        );
        let (_serve, mut client) = served(data.path());
        if index == "payment_order_created" {
            let got = client.get("/api/orders?limit=200").expect("an answer");
            assert!(got.status == 200 || got.body["code"] == "damaged", "{got:?}");
        }
    }
}

fn on(database: &TestDatabase, data: &Path, words: &[&str]) -> Ran {
    run::run(run::command(data, words).env("DOCKET_DATABASE__URL", database.url()))
}

#[test]
fn rows_that_lost_their_order_and_logs_with_holes_are_found_on_every_database() {
    for kind in Database::ALL {
        let (data, database) = (tempfile::tempdir().expect("a folder"), kind.fresh());
        let file = data.path().join("orders.jsonl");
        let exported = docket(center().path(), &["export", "--format", "jsonl"]).fine();
        let some: Vec<_> = exported.lines().take(30).collect();
        fs::write(&file, some.join("\n")).expect("written");
        on(&database, data.path(), &["import", file.to_str().expect("a plain path")]).fine();
        let fine = json_of(&on(&database, data.path(), &["check", "--deep", "--json"]));
        assert_eq!(fine["deep"]["counted"], json!({}), "{kind}: {fine}");

        let behind = Behind::of(&database);
        let orders: Vec<_> = behind.ask("select id from payment_order order by id");
        let id = |at: usize| orders[at].clone().expect("a number");
        behind.write(&format!("delete from payment_order where id = {}", id(0)), &[]);
        behind.write(&format!("delete from order_operation where tree = {}", id(1)), &[]);
        behind.write(&format!("update shop_order set body = '{{' where tree = {}", id(2)), &[]);
        behind.write(&format!("update item_order set shop_order = 7 where tree = {}", id(3)), &[]);
        let ran = on(&database, data.path(), &["check", "--deep", "--json"]);
        let report = json_of(&ran);
        let of = |at: usize, class: &str| {
            let wrong = report["deep"]["wrong"].as_array().expect("a list").iter();
            wrong.filter(|one| one["order_id"] == id(at) && one["class"] == class).count()
        };
        assert!(of(0, "belongs_to_nothing") >= 4, "{kind}: {report}");
        assert_eq!((of(1, "log_gap"), of(2, "unreadable")), (1, 1), "{kind}: {report}");
        assert_eq!((of(3, "belongs_to_nothing"), of(3, "unreadable")), (1, 1), "{kind}: {report}");
        assert_eq!(ran.code, Some(1));
        let found = json_of(&on(&database, data.path(), &["reconcile", "--json"]));
        let findings = found["findings"].as_array().expect("a list").iter();
        let nowhere = findings.filter(|one| one["class"] == "belongs_to_nothing");
        assert!(nowhere.count() >= 5, "{kind}: {found}");
        // One body that cannot be read is damage too, and never busy.
        let words = ["explain", &id(2), "--json"];
        let said = on(&database, data.path(), &words).refused(1);
        assert!(said.contains(r#""code":"damaged""#) && !said.contains("again"), "{kind}: {said}");
    }
}

#[test]
fn a_database_file_that_is_moved_removed_or_replaced_is_noticed_and_not_written_past() {
    let data = center();
    let (file, aside) = (data.path().join("docket.db"), data.path().join("aside.db"));
    let (_serve, mut client) = served(data.path());
    assert_eq!((place(&mut client).status, ready(&mut client).status), (201, 200));
    let refused = |client: &mut Client| {
        let got = place(client);
        assert_eq!((got.status, &got.body["code"]), (503, &json!("database_moved")), "{got:?}");
        let told = ready(client);
        let reason = told.body["reasons"][0].as_str().expect("a reason").to_owned();
        assert!(told.status == 503 && reason.contains("docket.db was moved"), "{told:?}");
    };
    fs::rename(&file, &aside).expect("moved");
    refused(&mut client);
    assert!(!file.exists(), "no second database is made");
    fs::copy(&aside, &file).expect("another in its place");
    refused(&mut client);
    fs::rename(&aside, &file).expect("back");
    eventually("it goes on where it was", || ready(&mut client).status == 200);
    assert_eq!(place(&mut client).status, 201);
    fs::remove_file(&file).expect("removed");
    refused(&mut client);
}

#[test]
fn a_backup_that_is_killed_or_broken_off_leaves_nothing_that_passes_for_one() {
    use rustix::process::{Pid, Signal, kill_process};
    use std::os::unix::process::ExitStatusExt;
    let (data, database) = (tempfile::tempdir().expect("a folder"), Database::Mariadb.fresh());
    on(&database, data.path(), &["key", "add", "k", "--scopes", "orders.read"]).fine();
    let (file, part) = (data.path().join("today"), data.path().join("today.part"));
    let name = database.url().rsplit('/').next().expect("a name").to_owned();
    let in_the_middle = |signal: Signal| {
        let lock = format!("LOCK TABLES {name}.weigh_slip WRITE; DO SLEEP(4);");
        let held =
            std::thread::spawn(move || docket_testkit::mariadb().run(&lock).expect("a lock"));
        let locked =
            "select count(*) from information_schema.processlist where info = 'DO SLEEP(4)'";
        let behind = Behind::of(&database);
        eventually("the table is locked", || behind.one(locked) != "0");
        let mut backup = run::command(data.path(), &["backup", "today"]);
        backup.env("DOCKET_DATABASE__URL", database.url());
        let mut backup = backup.stderr(std::process::Stdio::null()).spawn().expect("it starts");
        // Tables are copied by their names: those before `weigh_slip` are there.
        let begun = || fs::metadata(&part).is_ok_and(|found| found.len() > 100_000);
        eventually("it is in the middle", begun);
        kill_process(Pid::from_child(&backup), signal).expect("it runs");
        let ended = backup.wait().expect("it ended");
        assert!(!held.is_finished(), "it was in the middle");
        held.join().expect("the lock was held");
        ended
    };
    assert_eq!(in_the_middle(Signal::INT).code(), Some(1));
    assert!(!file.exists() && !part.exists(), "broken off, it cleans up");
    assert_eq!(in_the_middle(Signal::KILL).signal(), Some(9));
    assert!(!file.exists() && part.exists());
    let other = tempfile::tempdir().expect("a folder");
    let said = docket(other.path(), &["restore", part.to_str().expect("a plain path")]).refused(1);
    assert!(said.contains("broken off"), "{said}");
    let renamed = data.path().join("renamed");
    fs::copy(&part, &renamed).expect("space");
    let said =
        docket(other.path(), &["restore", renamed.to_str().expect("a plain path")]).refused(1);
    assert!(said.contains("no backup of docket"), "{said}");
    on(&database, data.path(), &["backup", "today"]).fine();
    assert!(file.exists() && !part.exists(), "the next one takes its place");
}
