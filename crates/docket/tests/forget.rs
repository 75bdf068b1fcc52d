//! `docket forget` and the archive: what a buyer wrote is gone from objects too, the log is undone over it as
//! before, and where the archive is away the answer says so.

#[allow(dead_code)] // shared with the tests of faults, which place orders
mod client;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use client::Client;
use docket_testkit::{Serve, ServeCommand};
use run::{DOCKET, Ran, command, docket};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

const SECRET: &str = "13811112222";
/// When things leave: logs and agreed trees alone, or whole orders.
const LOGS: &str = "36500";
const WHOLE: &str = "0";

fn environment(whole_after: &str) -> [(&'static str, String); 4] {
    [
        ("DOCKET_ARCHIVE__URL", "file:old".to_owned()),
        ("DOCKET_ARCHIVE__LOG_AFTER_DAYS", "0".to_owned()),
        ("DOCKET_ARCHIVE__SNAPSHOTS_AFTER_DAYS", "0".to_owned()),
        ("DOCKET_ARCHIVE__ORDERS_AFTER_DAYS", whole_after.to_owned()),
    ]
}

fn with_archive(data: &Path, words: &[&str], whole_after: &str) -> Ran {
    run::run(command(data, words).envs(environment(whole_after)))
}

/// A center with an archive, and a way to it.
fn center(data: &Path, whole_after: &str) -> (Serve, Client) {
    let words = ["key", "add", "all", "--scopes", "orders.read,orders.write,prices,admin"];
    let key = docket(data, &[&words[..], &["--actors", "buyer,store"]].concat()).fine();
    let serve = ServeCommand::new(DOCKET, data);
    let environment = environment(whole_after).into_iter();
    let serve = environment.fold(serve, |serve, (name, value)| serve.env(name, value)).start();
    let client = Client::new(serve.base_url(), key.trim()).expect("a connection");
    (serve, client)
}

/// An order that its buyer wrote of, and ended.
fn ended(client: &mut Client, buyer: &str) -> Value {
    let order = json!({
        "buyer_id": buyer, "currency": "CNY", "actor": {"kind": "buyer"}, "shops": [{
            "shop_id": "11", "buyer_comment": format!("call {SECRET}"),
            "ship_to": {"name": "Wang", "phone": SECRET},
            "items": [{"sku_id": "a", "quantity": "1", "list_price": 1000}]
        }]
    });
    let placed = client.post("/api/orders", &order).expect("an answer");
    assert_eq!(placed.status, 201, "{placed:?}");
    let id = placed.body["order_id"].as_str().expect("a number");
    let revoke =
        json!({"type": "revoke", "actor": {"kind": "buyer"}, "reason": format!("ring {SECRET}")});
    let revoked = client.post(&format!("/api/orders/{id}/operations"), &revoke).expect("an answer");
    assert_eq!(revoked.status, 200, "{revoked:?}");
    placed.body
}

/// Everything that can be read of an order.
fn all_of(client: &mut Client, order: &Value) -> String {
    let (id, then) = (&order["order_id"], order["created_at"].as_str().expect("a time"));
    let id = id.as_str().expect("a number");
    let mut all = String::new();
    for part in ["", "/operations", "/activities", "/snapshots", &format!("?at={then}")] {
        let read = client.get(&format!("/api/orders/{id}{part}")).expect("an answer");
        assert_eq!(read.status, 200, "{part}: {read:?}");
        all.push_str(&read.body.to_string());
    }
    all
}

/// The objects of the archive.
fn objects(data: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for kind in ["log", "snapshots", "orders"] {
        let Ok(found) = std::fs::read_dir(data.join("old").join(kind)) else { continue };
        names.extend(
            found.map(|one| one.expect("a file").file_name().to_string_lossy().into_owned()),
        );
    }
    names
}

#[test]
fn what_a_buyer_wrote_is_gone_from_the_archive_and_logs_are_undone_as_before() {
    for whole_after in [LOGS, WHOLE] {
        let data = tempfile::tempdir().expect("a folder");
        let data = data.path();
        let (_serve, mut client) = center(data, whole_after);
        let own = [ended(&mut client, "g1"), ended(&mut client, "g1")];
        let other = ended(&mut client, "g2");
        with_archive(data, &["archive", "run"], whole_after).fine();
        // One came back: its rows are online again, and in the object still.
        let back = own[1]["order_id"].as_str().expect("a number");
        with_archive(data, &["archive", "restore", back], whole_after).fine();
        let before = objects(data);
        assert!(!before.is_empty());
        assert!(own.iter().all(|order| all_of(&mut client, order).contains(SECRET)));

        let gone = docket(data, &["forget", "g1", "--yes", "--json"]).json();
        assert_eq!((&gone["found"], &gone["orders"]), (&json!(2), &json!(2)), "{gone}");
        assert_eq!(gone["unreached"], json!([]), "{gone}");
        for order in &own {
            let read = all_of(&mut client, order);
            assert!(!read.contains(SECRET) && read.contains("forgotten"), "{whole_after}: {read}");
        }
        assert!(all_of(&mut client, &other).contains(SECRET), "of another buyer all is there");
        let after = objects(data);
        assert!(before.is_disjoint(&after), "every object had some: {before:?} {after:?}");
        assert_eq!(before.len(), after.len());
        let verified = with_archive(data, &["archive", "verify", "--json"], whole_after).json();
        assert!(!verified.to_string().contains("damaged"), "{verified}");
        // It comes back as it is there, and there is nothing left to take out.
        let first = own[0]["order_id"].as_str().expect("a number");
        with_archive(data, &["archive", "restore", first], whole_after).fine();
        assert!(!all_of(&mut client, &own[0]).contains(SECRET));
        let again = docket(data, &["forget", "g1", "--yes", "--json"]).json();
        assert_eq!((&again["found"], &again["orders"]), (&json!(2), &json!(0)), "{again}");
        docket(data, &["reconcile"]).fine();
    }
}

#[test]
fn where_the_archive_is_away_the_answer_says_so_and_the_next_one_finishes() {
    let data = tempfile::tempdir().expect("a folder");
    let data = data.path();
    let (_serve, mut client) = center(data, LOGS);
    let order = ended(&mut client, "g1");
    let id = order["order_id"].as_str().expect("a number");
    with_archive(data, &["archive", "run"], LOGS).fine();
    std::fs::rename(data.join("old"), data.join("elsewhere")).expect("it is there");
    // It is not done, and does not end as if it were.
    let ran = docket(data, &["forget", "g1", "--yes", "--json"]);
    let gone: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!((&gone["unreached"], &gone["damaged"]), (&json!([id]), &json!([])), "{gone}");
    assert!(ran.refused(1).contains(r#""code":"archive_unreachable""#));
    let said = docket(data, &["forget", "g1", "--yes", "--lang", "en"]).refused(1);
    assert!(said.contains("could not be reached") && said.contains(id), "{said}");
    let shown = client.get(&format!("/api/orders/{id}")).expect("an answer").body;
    assert!(
        !shown.to_string().contains("Wang") && shown["shops"][0]["ship_to"].is_null(),
        "{shown}"
    );
    std::fs::rename(data.join("elsewhere"), data.join("old")).expect("it comes back");
    assert!(all_of(&mut client, &order).contains(SECRET), "its log is one that can be undone");
    let gone = docket(data, &["forget", "g1", "--yes", "--json"]).json();
    assert_eq!((&gone["orders"], &gone["unreached"]), (&json!(1), &json!([])), "{gone}");
    assert!(!all_of(&mut client, &order).contains(SECRET));
}

#[test]
fn where_the_archive_is_damaged_the_answer_says_so_until_the_object_is_back() {
    let data = tempfile::tempdir().expect("a folder");
    let data = data.path();
    let (_serve, mut client) = center(data, LOGS);
    let order = ended(&mut client, "g1");
    let id = order["order_id"].as_str().expect("a number");
    with_archive(data, &["archive", "run"], LOGS).fine();
    let name = objects(data).pop_first().expect("an object");
    let of_kind = |kind: &str| data.join("old").join(kind).join(&name);
    let object = ["log", "snapshots"].map(of_kind).into_iter().find(|path| path.exists());
    let object = object.expect("it is of one of them");
    let kept = std::fs::read(&object).expect("it is there");
    let mut spoilt = kept.clone();
    spoilt[kept.len() / 2] ^= 1;
    std::fs::write(&object, spoilt).expect("space");
    for _ in 0..2 {
        let ran = docket(data, &["forget", "g1", "--yes", "--json"]);
        let gone: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        assert_eq!((&gone["damaged"], &gone["unreached"]), (&json!([id]), &json!([])), "{gone}");
        assert!(ran.refused(1).contains(r#""code":"archive_damaged""#));
        let said = docket(data, &["forget", "g1", "--yes", "--lang", "en"]).refused(1);
        let says = |words: &str| said.contains(words);
        assert!(
            says("damaged") && says("archive verify") && says(id) && !says("reached"),
            "{said}"
        );
    }
    std::fs::write(&object, kept).expect("space");
    let gone = docket(data, &["forget", "g1", "--yes", "--json"]).json();
    assert_eq!((&gone["damaged"], &gone["unreached"]), (&json!([]), &json!([])), "{gone}");
    assert!(!all_of(&mut client, &order).contains(SECRET));
}

/// How often the secret stands in the files of the database: the file itself, its log.
fn in_files(data: &Path) -> [usize; 2] {
    ["docket.db", "docket.db-wal"].map(|name| {
        let bytes = std::fs::read(data.join(name)).unwrap_or_default();
        bytes.windows(SECRET.len()).filter(|part| *part == SECRET.as_bytes()).count()
    })
}

#[test]
fn what_was_forgotten_stands_in_no_page_of_the_database_and_not_in_its_log() {
    let data = tempfile::tempdir().expect("a folder");
    let data = data.path();
    let (mut serve, mut client) = center(data, LOGS);
    for n in 0..60 {
        // Each other one by somebody else, so that rows of both share pages and are moved between them.
        let order = ended(&mut client, if n % 2 == 0 { "g1" } else { "g2" });
        let id = order["order_id"].as_str().expect("a number");
        let words = format!("ask {SECRET} {}", "so many words ".repeat(n % 17));
        let note = json!({"type": "note", "actor": {"kind": "buyer"}, "remark": words});
        let path = format!("/api/orders/{id}/operations");
        assert_eq!(client.post(&path, &note).expect("an answer").status, 200);
    }
    let before = in_files(data);
    assert!(before.iter().sum::<usize>() > 200, "{before:?}");
    for buyer in ["g1", "g2"] {
        let gone = client.post("/api/forget", &json!({"buyer_id": buyer})).expect("an answer");
        assert_eq!(gone.body["files"], "clean", "{gone:?}");
        let left = in_files(data);
        if buyer == "g1" {
            assert!(left[0] >= 60 && left[1] == 0, "of the other buyer all is there: {left:?}");
        } else {
            assert_eq!(left, [0, 0], "while the center runs");
        }
    }
    serve.terminate();
    assert_eq!(in_files(data), [0, 0], "after it has stopped");
    docket(data, &["check", "--deep"]).fine();
}
