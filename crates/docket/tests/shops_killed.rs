//! `kill -9` at every step of a run and of a look, two processes on one shop, leases that end and databases that go away:
//! everything arrives, and nothing twice.

#[allow(dead_code)] // shared with tests that need more of it
mod client;
#[allow(dead_code)] // shared with tests that need more of it
mod market;
mod road;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;
#[allow(dead_code)] // shared with the tests of commands, which give tasks up
mod table;

use client::Client;
use docket_domain::Id;
use docket_testkit::{Database, MariadbServer, TestDatabase, Transport, eventually, within};
use market::{Center, Market, same};
use road::Road;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::os::unix::process::ExitStatusExt;
use std::thread;
use std::time::Duration;
use table::Table;

/// Where the process is killed: while a page is read and taken down, a window finished, progress told, a run ended, and
/// while parcels of an order are looked for.
const STEPS: [&str; 12] = [
    "channel_pull.claim.committed",
    "channel.page_read",
    "channel.page_read:3",
    "channel.rows_committed",
    "channel.window_finished",
    "channel.progress_told",
    "channel.progress_told:2",
    "channel.run_ended",
    "channel_pull.finish.commit",
    "channel.look_asked",
    "channel.look_taken:4",
    "channel_packages.finish.commit",
];

const ORDERS: &str = "130";
const LIST: &str = "bg.order.list";

/// Lets the leases of tasks run out that nobody works on any more. Several processes may share a server, so another one
/// waits for them; a file has one process, and the next one knows.
fn run_out(center: &Center) {
    if center.database().kind() == Database::Sqlite {
        return;
    }
    let page = center.get("/api/tasks?state=running");
    leases_end(center.database(), &page["tasks"]);
}

fn leases_end(database: &TestDatabase, tasks: &Value) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let table = Table::open(database.url()).await;
        for task in tasks.as_array().expect("tasks") {
            let text = |field: &str| task[field].as_str().expect("a text");
            let id = Id(text("task_id").parse().expect("a number"));
            table.run_out(id, text("claimed_by")).await;
        }
        table.close().await;
    });
}

/// All that the marketplace tells of is here once, and a full pass finds nothing else.
fn all_is_here_once(center: &Center, market: &Market, shop: &str) {
    center.has_all_parcels(shop);
    same(&center.numbers(shop), &market.listed(0));
    same(&center.packages(shop), &market.packages(0));
    let orders = center.orders(shop);
    let again = center.pull(shop, "full");
    assert_eq!((&again["state"], &again["new"]), (&json!("done"), &json!(0)), "{again:#}");
    assert_eq!(again["changed"], json!(0), "{again:#}");
    assert!(center.orders(shop) == orders, "not a byte of any order");
    let halted = [center.get("/api/tasks?state=dead"), center.get("/api/tasks?state=parked")];
    assert!(halted.iter().all(|page| page["tasks"] == json!([])), "{halted:#?}");
}

fn killed_at(step: &str, on: Database) {
    let market = Market::start(&["--count", ORDERS, "--shops", "1", "--limit", "0"]);
    let mut center = Center::on(on);
    let shop = center.connect(&market, 0);
    center.start_fatal(step);
    // It may die before it has answered.
    let path = format!("/api/sync/shops/{shop}/orders");
    let asked = Client::new(center.serve.base_url(), &center.key);
    let _ = asked.and_then(|mut asked| asked.post(&path, &json!({})));
    let ended = center.serve.wait();
    assert_eq!(ended.signal(), Some(9), "{step} is never reached on {on}");
    center.killed_and_started();
    run_out(&center);
    let run = center.ended(&shop);
    assert_eq!(
        (&run["state"], &run["gaps"]),
        (&json!("done"), &json!(0)),
        "{step} on {on}: {run:#}"
    );
    all_is_here_once(&center, &market, &shop);
    println!("{step:32} killed on {on}: {ORDERS} orders, each once");
}

/// Where it is killed while it takes what is pushed and reads it back.
const STEPS_OF_THE_INBOX: [&str; 4] = [
    "channel.push_written",
    "channel_push.claim.committed",
    "channel.push_read_back",
    "channel_push.finish.commit",
];

/// What is pushed while it dies is here once, whether it was acknowledged or comes again.
fn killed_at_a_push(step: &str, on: Database) {
    let market = Market::start(&["--count", "20", "--shops", "1", "--limit", "0"]);
    let mut center = Center::on(on);
    let shop = center.connect(&market, 0);
    let first = center.pull(&shop, "incremental");
    assert_eq!(first["state"], "done", "{first:#}");
    let push_to = |center: &Center| {
        market.control(&json!({"push_url": center.serve.url("/api/channels/temu/push")}));
    };
    center.start_fatal(step);
    push_to(&center);
    let pushed = market.happens(0, &json!({"does": "insert", "count": 1, "status": 2}));
    assert_eq!(center.serve.wait().signal(), Some(9), "{step} is never reached on {on}");
    center.killed_and_started();
    run_out(&center);
    push_to(&center);
    // What was not acknowledged comes again after two minutes.
    market.skip(150);
    let is_here = || center.numbers(&shop).contains(&pushed[0]).then_some(());
    assert!(within(Duration::from_mins(2), is_here).is_some(), "{step} on {on}: {pushed:?}");
    let run = center.catch_up(&market, &shop);
    assert_eq!((&run["state"], &run["new"]), (&json!("done"), &json!(0)), "{step} on {on}");
    same(&center.numbers(&shop), &market.listed(0));
    println!("{step:32} killed on {on}: the order that was pushed, once");
}

#[test]
fn a_center_that_is_killed_at_any_step_of_its_inbox_has_what_was_pushed_once() {
    thread::scope(|scope| {
        for on in Database::ALL {
            scope.spawn(move || {
                for step in STEPS_OF_THE_INBOX {
                    killed_at_a_push(step, on);
                }
            });
        }
    });
}

/// At three of them at a time.
fn killed_at_each(on: Database) {
    thread::scope(|scope| {
        for steps in STEPS.chunks(STEPS.len().div_ceil(3)) {
            scope.spawn(move || steps.iter().for_each(|step| killed_at(step, on)));
        }
    });
}

#[test]
fn a_center_that_is_killed_at_any_step_of_a_pull_has_everything_once_afterwards() {
    killed_at_each(Database::Sqlite);
}

#[test]
fn a_center_that_is_killed_at_any_step_of_a_pull_on_mariadb_has_everything_once_afterwards() {
    killed_at_each(Database::Mariadb);
}

/// A run that its marketplace holds up, so that it is at its first page.
fn held_up(market: &Market, center: &Center, shop: &str) -> String {
    market.behave("stall=3000", &json!({"type": LIST, "calls": 1}));
    let run = center.start(shop, "incremental");
    eventually("it asks for a page", || market.calls_of(LIST) > 0);
    run
}

#[test]
fn two_processes_pull_a_shop_one_at_a_time_and_one_goes_on_where_the_other_dies() {
    let market = Market::start(&["--count", ORDERS, "--shops", "1", "--limit", "0"]);
    let mut center = Center::on(Database::Mariadb);
    let shop = center.connect(&market, 0);
    let run = held_up(&market, &center, &shop);
    let (other, _data) = center.beside();
    let mut beside = Client::new(other.base_url(), &center.key).expect("a connection");
    let path = format!("/api/sync/shops/{shop}/orders");
    let second = beside.post(&path, &json!({})).expect("an answer");
    assert_eq!((second.status, &second.body["run_id"]), (409, &json!(run)), "{second:?}");
    center.serve.kill();
    let running = beside.get("/api/tasks?state=running").expect("tasks").body;
    leases_end(center.database(), &running["tasks"]);
    let progress =
        |beside: &mut Client| beside.get(&format!("{path}/progress")).expect("an answer").body;
    eventually("the other has done it", || progress(&mut beside)["state"] == "done");
    assert_eq!(progress(&mut beside)["run_id"], run);
    drop(other);
    center.killed_and_started();
    run_out(&center);
    all_is_here_once(&center, &market, &shop);
}

#[test]
fn a_process_that_sleeps_through_its_lease_writes_nothing_of_a_run_that_another_has() {
    let market = Market::start(&["--count", ORDERS, "--shops", "1", "--limit", "0"]);
    let center = Center::on(Database::Mariadb);
    let shop = center.connect(&market, 0);
    let run = held_up(&market, &center, &shop);
    let asleep = Pid::from_raw(center.serve.pid() as i32).expect("its number");
    kill_process(asleep, Signal::STOP).expect("it is there");
    let (other, _data) = center.beside();
    let mut beside = Client::new(other.base_url(), &center.key).expect("a connection");
    let running = beside.get("/api/tasks?state=running").expect("tasks").body;
    leases_end(center.database(), &running["tasks"]);
    let path = format!("/api/sync/shops/{shop}/orders/progress");
    let mut progress = || beside.get(&path).expect("an answer").body;
    eventually("the other has done it", || progress()["state"] == "done");
    let done = progress();
    assert_eq!(done["run_id"], run);
    kill_process(asleep, Signal::CONT).expect("it is there");
    // Awake, it finishes its page, and finds that the run is not its own any more.
    eventually("it answers", || center.progress(&shop)["state"] == "done");
    all_is_here_once(&center, &market, &shop);
    assert!(center.orders(&shop).len() as u64 <= done["done"].as_u64().expect("a number"));
}

#[test]
fn a_database_that_is_away_for_half_a_minute_in_mid_run_costs_nothing() {
    let server = MariadbServer::start(MariadbServer::SMALL_POOL_MIB, Transport::Plain);
    let server = server.expect("MariaDB");
    server.address().run("CREATE DATABASE docket_shops").expect("a database");
    let direct = server.address().url("docket_shops");
    let (head, tail) = direct.split_once('@').expect("a user in the URL");
    let (host, tail) = tail.split_once('/').expect("a database in the URL");
    let road = Road::to(host.to_owned());
    let url = format!("{head}@127.0.0.1:{}/{tail}", road.port);
    let market = Market::start(&["--count", ORDERS, "--shops", "1", "--limit", "0"]);
    let center = Center::with(
        Database::Sqlite,
        &[
            ("DOCKET_DATABASE__URL", &url),
            ("DOCKET_CHANNELS__TEMU__INTERVAL", "30d"),
            ("DOCKET_CHANNELS__TEMU__CALLS_PER_SECOND", "0"),
        ],
    );
    let shop = center.connect(&market, 0);
    held_up(&market, &center, &shop);
    road.cut();
    let forced = within(Duration::from_secs(30), || None::<()>);
    assert_eq!(forced, None);
    road.mend();
    eventually("it is ready again", || {
        let client = Client::new(center.serve.base_url(), "");
        client.and_then(|mut client| client.get("/readyz")).is_ok_and(|got| got.status == 200)
    });
    let run = center.ended(&shop);
    let said = center.serve.stderr();
    assert_eq!((&run["state"], &run["gaps"]), (&json!("done"), &json!(0)), "{run:#} {said}");
    all_is_here_once(&center, &market, &shop);
}
