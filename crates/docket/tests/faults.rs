//! What dies, fills up or goes away: nothing answered is lost, nothing is half done, and it comes back.

mod client;
mod road;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use client::{Client, Got};
use docket_testkit::{
    Database, MariadbServer, Random, Serve, ServeCommand, TestDatabase, Transport, eventually,
};
use road::Road;
use run::{DOCKET, docket};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

const SKUS: u64 = 20;
const CLIENTS: u64 = 8;

fn key(data: &Path) -> String {
    let scopes = "orders.read,orders.write,payments,stock";
    let words =
        ["key", "add", "test", "--scopes", scopes, "--actors", "buyer,till", "--issuer", "test"];
    docket(data, &words).fine().trim().to_owned()
}

fn order(n: u64, random: &mut Random) -> Value {
    let line = |random: &mut Random| {
        json!({"sku_id": format!("sku{}", random.within(0..SKUS)), "title": "Tea",
               "quantity": random.within(1..4).to_string(), "list_price": 1000})
    };
    let shop = |shop: &str, random: &mut Random| {
        json!({"shop_id": shop, "freight": 100, "items": [line(random), line(random)],
               "ship_to": {"name": "王小明", "phone": "13800001111", "address": "1"}})
    };
    json!({"buyer_id": format!("b{n}"), "currency": "CNY", "actor": {"kind": "buyer"},
           "client_token": format!("t{n}"), "shops": [shop("1", random), shop("2", random)]})
}

/// Places orders until the server dies; answers the tokens and numbers it was told.
fn place_until_death(
    base: &str,
    token: &str,
    first: u64,
    mut random: Random,
) -> Vec<(u64, String)> {
    let mut answered = Vec::new();
    let Ok(mut client) = Client::new(base, token) else { return answered };
    for n in first.. {
        match client.post("/api/orders", &order(n, &mut random)) {
            Ok(Got { status: 201, body }) => {
                answered.push((n, body["order_id"].as_str().expect("a number").to_owned()));
            }
            Ok(Got { status: 409, .. }) => {}
            Ok(other) => panic!("{other:?}"),
            Err(_) => break,
        }
    }
    answered
}

/// Every order of the center, whole, page by page.
fn all_orders(client: &mut Client) -> Vec<Value> {
    let (mut orders, mut cursor) = (Vec::new(), String::new());
    loop {
        let page =
            client.get(&format!("/api/orders?limit=200&expand=tree{cursor}")).expect("a page");
        assert_eq!(page.status, 200, "{page:?}");
        orders.extend(page.body["orders"].as_array().expect("orders").iter().cloned());
        match page.body["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return orders,
        }
    }
}

fn thousandths(quantity: &Value) -> u64 {
    quantity.as_str().and_then(|text| text.parse::<u64>().ok()).expect("whole units") * 1000
}

/// Every answered order is there whole, and what is held is what the stored orders hold.
fn check(client: &mut Client, answered: &BTreeMap<u64, String>) {
    let orders = all_orders(client);
    let stored: BTreeMap<&str, &Value> =
        orders.iter().map(|order| (order["order_id"].as_str().expect("a number"), order)).collect();
    for (n, id) in answered {
        let order = stored
            .get(id.as_str())
            .unwrap_or_else(|| panic!("order {n} ({id}) was answered and lost"));
        assert_eq!(order["client_token"], json!(format!("t{n}")));
    }
    let mut held: BTreeMap<String, u64> = BTreeMap::new();
    for order in &orders {
        let shops = order["shops"].as_array().expect("shops");
        assert_eq!(shops.len(), 2, "half a tree: {order}");
        for item in shops.iter().flat_map(|shop| shop["items"].as_array().expect("items")) {
            *held.entry(item["sku_id"].as_str().expect("a SKU").to_owned()).or_default() +=
                thousandths(&item["quantity"]);
        }
        assert!(
            shops.iter().all(|shop| shop["items"].as_array().is_some_and(|items| items.len() == 2))
        );
    }
    for (sku, held) in held {
        let stock = client.get(&format!("/api/stock/{sku}")).expect("stock").body;
        assert_eq!(thousandths(&stock["places"][0]["held"]), held, "{sku}");
    }
}

fn survives_kill_nine(database: Option<&TestDatabase>, rounds: u64) {
    let data = tempfile::tempdir().expect("a folder");
    let mut random = Random::new();
    let serve = || {
        let command = ServeCommand::new(DOCKET, data.path());
        database.map_or(ServeCommand::new(DOCKET, data.path()), |at| command.database(at)).start()
    };
    let mut running = serve();
    let token = key(data.path());
    let mut client = Client::new(running.base_url(), &token).expect("a connection");
    for sku in 0..SKUS {
        let count = json!({"place": "main", "on_hand": "100000", "reason": "count"});
        let counted = client.put(&format!("/api/stock/sku{sku}"), &count).expect("counted");
        assert_eq!(counted.status, 200, "{counted:?}");
    }
    let mut answered = BTreeMap::new();
    for round in 0..rounds {
        let base = running.base_url().to_owned();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (base, token, random) = (base.clone(), token.clone(), random.fork());
                let first = (round * CLIENTS + client) * 1_000_000;
                thread::spawn(move || place_until_death(&base, &token, first, random))
            })
            .collect();
        #[expect(clippy::disallowed_methods, reason = "the moment of death is chosen by chance")]
        thread::sleep(Duration::from_millis(random.within(20..250)));
        running.kill();
        for client in clients {
            answered.extend(client.join().expect("a client"));
        }
        running = serve();
        let mut client = Client::new(running.base_url(), &token).expect("a connection");
        check(&mut client, &answered);
        // A token that was answered is answered again with the same order.
        if let Some((n, id)) = answered.iter().next_back() {
            let found = client.get(&format!("/api/orders?client_token=t{n}")).expect("a list");
            assert_eq!(found.body["orders"][0]["order_id"], json!(id));
        }
    }
    assert!(
        answered.len() as u64 > rounds,
        "the rounds were under load: {} orders",
        answered.len()
    );
}

#[test]
fn every_answered_placement_survives_twenty_kills() {
    survives_kill_nine(None, 20);
}

#[test]
fn every_answered_placement_survives_kills_on_mariadb() {
    survives_kill_nine(Some(&Database::Mariadb.fresh()), 5);
}

fn ready(serve: &Serve) -> u16 {
    let client = Client::new(serve.base_url(), "");
    client.and_then(|mut client| client.get("/readyz")).map_or(0, |got| got.status)
}

#[test]
fn a_database_that_goes_away_is_503_and_comes_back_without_a_restart() {
    let server = MariadbServer::start(32, Transport::Plain).expect("MariaDB");
    let database = "docket_road";
    server.address().run(&format!("CREATE DATABASE {database}")).expect("a database");
    let direct = server.address().url(database);
    let (head, tail) = direct.split_once('@').expect("a user in the URL");
    let (host, tail) = tail.split_once('/').expect("a database in the URL");
    let road = Road::to(host.to_owned());
    let data = tempfile::tempdir().expect("a folder");
    let url = format!("{head}@127.0.0.1:{}/{tail}", road.port);
    let serve = ServeCommand::new(DOCKET, data.path()).env("DOCKET_DATABASE__URL", url).start();
    let token = key(data.path());
    let mut random = Random::new();
    let mut client = Client::new(serve.base_url(), &token).expect("a connection");
    let placed = client.post("/api/orders", &order(1, &mut random)).expect("an answer");
    assert_eq!(placed.status, 201, "{placed:?}");
    road.cut();
    let away = client.post("/api/orders", &order(2, &mut random)).expect("an answer");
    assert_eq!((away.status, &away.body["code"]), (503, &json!("unavailable")), "{away:?}");
    eventually("it says that it is not ready", || ready(&serve) == 503);
    road.mend();
    eventually("it is ready again", || ready(&serve) == 200);
    let again = client.post("/api/orders", &order(2, &mut random)).expect("an answer");
    assert!(again.status == 201 || again.status == 200, "{again:?}");
    assert_eq!(all_orders(&mut client).len(), 2);
}

/// Places orders until told to stop, asking again with the same key where there was no answer or a 503; answers
/// the tokens and numbers it was told.
fn place_through(base: &str, token: &str, first: u64, stop: &AtomicBool) -> Vec<(u64, String)> {
    let mut random = Random::new();
    let mut answered = Vec::new();
    let mut client = None;
    let mut n = first;
    let mut body = order(n, &mut random);
    while !stop.load(SeqCst) {
        let Some(line) = &mut client else {
            client = Client::new(base, token).ok();
            continue;
        };
        match line.post("/api/orders", &body) {
            Ok(Got { status: 200 | 201, body: placed }) => {
                answered.push((n, placed["order_id"].as_str().expect("a number").to_owned()));
                n += 1;
                body = order(n, &mut random);
            }
            Ok(Got { status: 503, .. }) => thread::yield_now(),
            Ok(other) => panic!("{other:?}"),
            Err(_) => client = None,
        }
    }
    answered
}

/// Placements go on, and so do the tasks that tell of them, while the database is killed and started again.
#[test]
fn a_database_that_is_killed_and_started_again_under_load_loses_nothing() {
    let mut server = MariadbServer::start(64, Transport::Plain).expect("MariaDB");
    server.address().run("CREATE DATABASE docket_restarted").expect("a database");
    let data = tempfile::tempdir().expect("a folder");
    let serve = ServeCommand::new(DOCKET, data.path())
        .env("DOCKET_DATABASE__URL", server.address().url("docket_restarted"))
        .env("DOCKET_SCHEDULES__HOUSEKEEPING", "1s")
        .start();
    let token = key(data.path());
    let mut client = Client::new(serve.base_url(), &token).expect("a connection");
    for sku in 0..SKUS {
        let count = json!({"place": "main", "on_hand": "1000000", "reason": "start"});
        let counted = client.put(&format!("/api/stock/sku{sku}"), &count).expect("an answer");
        assert_eq!(counted.status, 200, "{counted:?}");
    }
    let stop = AtomicBool::new(false);
    let base = serve.base_url();
    let answered: BTreeMap<u64, String> = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|n| {
                scope.spawn({
                    let (token, stop) = (&token, &stop);
                    move || place_through(base, token, n * 1_000_000, stop)
                })
            })
            .collect();
        for _ in 0..3 {
            let before = batches(&serve);
            eventually("orders flow", || batches(&serve) > before + 20);
            server.start_again().unwrap_or_else(|words| panic!("{words}"));
            eventually("it is ready again", || ready(&serve) == 200);
        }
        let before = batches(&serve);
        eventually("orders flow again", || batches(&serve) > before + 20);
        stop.store(true, SeqCst);
        clients.into_iter().flat_map(|client| client.join().expect("a client")).collect()
    });
    assert!(answered.len() > 60, "{}", answered.len());
    let mut client = Client::new(serve.base_url(), &token).expect("a connection");
    check(&mut client, &answered);
    let admin = docket(data.path(), &["key", "add", "reader", "--scopes", "tasks"]).fine();
    let mut reader = Client::new(serve.base_url(), admin.trim()).expect("a connection");
    let tasks = |reader: &mut Client, state: &str| {
        let page = reader.get(&format!("/api/tasks?state={state}")).expect("a page");
        page.body["tasks"].as_array().expect("tasks").len()
    };
    assert_eq!((tasks(&mut reader, "dead"), tasks(&mut reader, "parked")), (0, 0));
    let done = tasks(&mut reader, "done");
    eventually("tasks go on", || tasks(&mut reader, "done") > done);
}

/// Transactions that were committed.
fn batches(serve: &Serve) -> u64 {
    let client = Client::new(serve.base_url(), "");
    let Ok(got) = client.and_then(|mut client| client.get("/metrics")) else { return 0 };
    let figures = got.body.as_str().unwrap_or_default();
    let line = figures.lines().find_map(|line| line.strip_prefix("docket_lane_batches_total "));
    line.and_then(|count| count.parse().ok()).unwrap_or(0)
}

/// The server lives on a disk of its own that is too small: 503 when it is full, orders again when there is
/// room. The disk is a tmpfs in a mount namespace of the server's own.
#[test]
fn a_full_disk_is_503_and_room_is_enough_to_go_on() {
    let data = tempfile::tempdir().expect("a folder");
    let binary = data.path().join("docket-on-a-small-disk");
    let disk = data.path().join("disk");
    std::fs::create_dir(&disk).expect("a folder");
    let script = format!(
        "#!/bin/sh\nexec unshare --user --map-root-user --mount sh -c 'mount -t tmpfs -o size=6m none \"$0\" && \
         dd if=/dev/zero of=\"$0/ballast\" bs=1M count=3 2>/dev/null && exec {DOCKET} \"$@\"' {} \"$@\"\n",
        disk.display()
    );
    std::fs::write(&binary, script).expect("a script");
    std::fs::set_permissions(&binary, std::fs::Permissions::from_mode(0o755)).expect("a program");
    let serve = ServeCommand::new(&binary, &disk).start();
    let inside = format!("/proc/{}/root{}", serve.pid(), disk.display());
    let running =
        std::fs::read_to_string(format!("{inside}/serve.json")).expect("it tells where it is");
    let token: Value = serde_json::from_str(&running).expect("JSON");
    let token = token["token"].as_str().expect("a token").to_owned();
    let mut random = Random::new();
    let mut client = Client::new(serve.base_url(), &token).expect("a connection");
    let mut answered = Vec::new();
    let full = (0..100_000).find_map(|n| {
        let got = client.post("/api/orders", &order(n, &mut random)).expect("an answer");
        match got.status {
            201 => answered.push(got.body["order_id"].clone()),
            _ => return Some(got),
        }
        None
    });
    let full = full.expect("three megabytes fill up");
    assert_eq!((full.status, &full.body["code"]), (503, &json!("unavailable")), "{full:?}");
    assert_eq!(ready(&serve), 503);
    std::fs::remove_file(format!("{inside}/ballast")).expect("the ballast is dropped");
    eventually("it is ready again", || ready(&serve) == 200);
    let again = client.post("/api/orders", &order(200_000, &mut random)).expect("an answer");
    assert_eq!(again.status, 201, "{again:?}");
    let stored: Vec<_> =
        all_orders(&mut client).iter().map(|order| order["order_id"].clone()).collect();
    assert!(answered.iter().all(|id| stored.contains(id)), "what was answered is there");
    assert_eq!(stored.len(), answered.len() + 1, "and nothing that was refused");
}
