//! `docket shop sync`: a run is started by a command beside a running center, watched, interrupted, and told of where one
//! runs already. A marketplace, a center and the command as processes of their own.

#[allow(dead_code)] // shared with tests that need more of it
mod client;
#[allow(dead_code)] // shared with tests that need more of it
mod market;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use docket_testkit::{Database, eventually};
use market::{Center, Market, same};
use run::docket;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::process::Stdio;

/// A shop of 70 orders that is connected and was not pulled yet.
fn connected() -> (Market, Center, String) {
    let market = Market::start(&["--count", "70", "--shops", "1", "--limit", "0"]);
    let center = Center::on(Database::Sqlite);
    let shop = center.connect(&market, 0);
    (market, center, shop)
}

#[test]
fn a_run_is_told_in_lines_without_a_terminal_and_in_a_table_at_its_end() {
    let (market, center, shop) = connected();
    market.behave("throttle", &json!({"type": "bg.order.list", "calls": 2}));
    let ran = docket(center.data.path(), &["shop", "sync", &shop]);
    let (told, table) = (ran.stderr.clone(), ran.fine());
    let lines: Vec<_> = told.lines().filter(|line| line.starts_with("orders ")).collect();
    assert!(!lines.is_empty(), "{told}");
    let phases = ["waiting for its turn", "reading orders", "reading cancels", "done"];
    assert!(lines.iter().all(|line| phases.iter().any(|phase| line.contains(phase))), "{told}");
    let words: Vec<Vec<&str>> =
        table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(words[0], ["read", "new", "changed", "refused", "gaps", "calls", "state"]);
    let run = center.progress(&shop);
    // What was cancelled and wanted back is read too.
    let [changed, calls] = ["changed", "calls"].map(|name| run[name].to_string());
    assert_eq!(words[1], ["70", "70", &changed, "0", "0", &calls, "done"], "{table}\n{run:#}");
    same(&center.numbers(&shop), &market.listed(0));
    let chinese = docket(center.data.path(), &["shop", "sync", &shop, "--lang", "zh"]).fine();
    assert!(chinese.contains("读取") && chinese.contains("完成"), "{chinese}");
}

#[test]
fn programs_get_one_object_at_the_end_and_nothing_else() {
    let (_market, center, shop) = connected();
    let ran = docket(center.data.path(), &["shop", "sync", &shop, "--full", "--json"]);
    assert_eq!(ran.stderr, "");
    let run = ran.json();
    assert_eq!((&run["state"], &run["done"]), (&json!("done"), &json!(70)), "{run:#}");
    assert_eq!((&run["mode"], &run["gaps"]), (&json!("full"), &json!(0)), "{run:#}");
}

#[test]
fn a_second_run_is_told_of_the_one_that_runs_and_what_to_do_and_can_end_it() {
    let (market, center, shop) = connected();
    market.behave("stall=2000", &json!({"type": "bg.order.list"}));
    let run = center.start(&shop, "incremental");
    let folder = center.data.path();
    let said = docket(folder, &["shop", "sync", &shop]).refused(1);
    for part in [&*run, "under way", "docket shop status", "--stop"] {
        assert!(said.contains(part), "{part} is missing in: {said}");
    }
    let said = docket(folder, &["shop", "sync", &shop, "--json"]).refused(1);
    let error: Value = serde_json::from_str(&said).expect("one object");
    assert_eq!(error["error"]["code"], "run_in_progress", "{error:#}");
    let stopped = docket(folder, &["shop", "sync", &shop, "--stop", "--json"]).json();
    assert_eq!(stopped["run_id"], run, "{stopped:#}");
    assert_eq!(center.progress(&shop)["state"], "stopped");
    let said = docket(folder, &["shop", "sync", &shop, "--stop"]).refused(1);
    assert!(said.contains(&format!("nothing runs of the orders of shop {shop}")), "{said}");
    market.fine();
    let next = docket(folder, &["shop", "sync", &shop, "--json"]).json();
    assert_eq!(next["done"], 70, "{next:#}");
}

#[test]
fn whoever_interrupts_it_has_the_run_stopped_and_the_next_one_goes_on() {
    let (market, center, shop) = connected();
    market.behave("stall=2000", &json!({"type": "bg.order.list"}));
    let mut command = run::command(center.data.path(), &["shop", "sync", &shop]);
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("it starts");
    eventually("the run has begun", || {
        let shown = center.shop(&shop);
        shown["orders"]["state"] == "running"
    });
    kill_process(Pid::from_child(&child), Signal::INT).expect("it runs");
    let ended = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("stopping the run"), "{said}");
    assert!(said.contains("the run was stopped") && said.contains("goes on from there"), "{said}");
    assert!(String::from_utf8_lossy(&ended.stdout).contains("stopped"), "its table is shown");
    assert_eq!(center.progress(&shop)["state"], "stopped");
    market.fine();
    let next = docket(center.data.path(), &["shop", "sync", &shop, "--json"]).json();
    assert_eq!((&next["state"], &next["done"]), (&json!("done"), &json!(70)), "{next:#}");
    same(&center.numbers(&shop), &market.listed(0));
}

#[test]
fn a_full_pass_that_is_interrupted_begins_anew_and_says_so() {
    let (market, center, shop) = connected();
    market.behave("stall=2000", &json!({"type": "bg.order.list"}));
    center.start(&shop, "full");
    let stopped = docket(center.data.path(), &["shop", "sync", &shop, "--stop"]);
    assert!(stopped.stderr.contains("next full pass begins anew"), "{stopped:?}");
}

#[test]
fn a_shop_that_is_paused_says_why_and_what_ends_that() {
    let (market, center, shop) = connected();
    let at = |words: &[&str]| docket(center.data.path(), words);
    let token = format!("docket shop token {shop} --access-token-file FILE");

    at(&["shop", "pause", &shop]).fine();
    let said = at(&["shop", "sync", &shop]).refused(1);
    assert!(said.contains(&format!("docket shop resume {shop}")), "{said}");
    let said = at(&["shop", "sync", &shop, "--lang", "zh"]).refused(1);
    assert!(said.contains("已暂停：由人工暂停") && !said.contains("paused"), "{said}");
    let shown = at(&["shop", "status", &shop, "--lang", "zh"]).fine();
    assert!(shown.contains("已暂停：由人工暂停") && !shown.contains("--full"), "{shown}");
    let resumed = at(&["shop", "resume", &shop]);
    assert!(resumed.stderr.contains("goes on") && !resumed.stderr.contains("why"), "{resumed:?}");
    let shown = at(&["shop", "status", &shop]).fine();
    assert!(shown.contains(&format!("docket shop sync {shop} --full")), "{shown}");

    market.control(&json!({"tokens": [{"shop": market.mall(0), "does": "replace"}]}));
    at(&["shop", "sync", &shop]).refused(1);
    let said = at(&["shop", "sync", &shop]).refused(1);
    assert!(said.contains("token_dead") && said.contains(&token), "{said}");
    let shown = at(&["shop", "status", &shop, "--lang", "zh"]).fine();
    assert!(shown.contains("令牌失效（token_dead）") && shown.contains("获取新令牌"), "{shown}");
    assert!(shown.contains("失败："), "the state of the run: {shown}");
    let resumed = at(&["shop", "resume", &shop]);
    assert_eq!(resumed.code, Some(0), "{resumed:?}");
    for part in ["token_dead", "only if that is mended", &token] {
        assert!(resumed.stderr.contains(part), "{part}: {resumed:?}");
    }
}

#[test]
fn a_shop_without_a_token_says_how_it_gets_one_and_an_empty_file_is_none() {
    let market = Market::start(&["--count", "3", "--shops", "1"]);
    let center = Center::on(Database::Sqlite);
    let at = |words: &[&str]| docket(center.data.path(), words);
    let file = |name: &str, text: &str| {
        let path = center.data.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("a path").to_owned()
    };
    let (secret, empty) = (file("secret", "docket-sandbox-secret\n"), file("empty", " \n"));
    let url = market.said["listening"].as_str().expect("an address");
    let add = |secret: &str| {
        at(&[
            "shop",
            "add",
            "Tea",
            "--channel",
            "temu",
            "--region",
            "us",
            "--base-url",
            url,
            "--app-key",
            "docket-app",
            "--app-secret-file",
            secret,
        ])
    };
    let said = add(&empty).refused(2);
    assert!(said.contains("is empty"), "{said}");
    let added = add(&secret);
    let shop = added.stdout.trim().to_owned();
    let token = format!("docket shop token {shop} --access-token-file FILE");
    assert!(added.stderr.contains(&token) && !added.stderr.contains("by itself"), "{added:?}");
    let shown = at(&["shop", "status", &shop]).fine();
    assert!(shown.contains(&token) && !shown.contains("--full"), "{shown}");
    let said = at(&["shop", "sync", &shop]).refused(1);
    assert!(said.contains(&token), "{said}");
    let said = at(&["shop", "token", &shop, "--access-token-file", &empty]).refused(2);
    assert!(said.contains("is empty"), "{said}");
}
