//! `docket tasks` and `docket schedules`, as an operator types them, beside a running serve and without one.

mod run;
#[allow(dead_code)] // shared with the tests of processes, which let leases run out
mod table;

use docket_testkit::ServeCommand;
use run::{DOCKET, Ran, docket};
use serde_json::{Value, json};
use std::path::Path;
use table::Table;
use tempfile::TempDir;

/// A center with a dead task of the kind `mail`, which nobody runs, and one parked behind it.
struct Halted {
    data: TempDir,
    dead: String,
    parked: String,
}

impl Halted {
    fn new() -> Self {
        let data = tempfile::tempdir().expect("a folder");
        docket(data.path(), &["init"]).fine();
        let put = async {
            let table = Table::of_folder(data.path()).await;
            let (dead, parked) = (table.waiting("mail").await, table.waiting("mail").await);
            table.kill(dead, "the shop says no").await;
            table.close().await;
            (dead.to_string(), parked.to_string())
        };
        let (dead, parked) = runtime().block_on(put);
        Self { data, dead, parked }
    }

    fn run(&self, words: &[&str]) -> Ran {
        docket(self.data.path(), words)
    }

    fn state(&self, task: &str) -> String {
        let shown = self.run(&["tasks", "show", task, "--json"]).json();
        shown["state"].as_str().expect("a state").to_owned()
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime")
}

/// Does `test` with a serve on the folder and without one.
fn with_and_without_serve(test: impl Fn(&Halted)) {
    let halted = Halted::new();
    test(&halted);
    let halted = Halted::new();
    let _serve = ServeCommand::new(DOCKET, halted.data.path()).start();
    test(&halted);
}

#[test]
fn halted_tasks_are_listed_shown_and_run_again() {
    with_and_without_serve(|halted| {
        let Halted { dead, parked, .. } = halted;
        let listed = halted.run(&["tasks", "list"]).fine();
        let lines: Vec<_> = listed.lines().collect();
        assert_eq!(lines.len(), 3, "{listed}");
        assert!(lines[1].contains(parked) && lines[1].contains("parked"), "newest first: {listed}");
        assert!(lines[2].contains(dead) && lines[2].contains("dead"), "{listed}");
        assert!(lines[2].contains("5/5") && lines[2].contains("the shop says no"), "{listed}");
        let listed = halted.run(&["tasks", "list", "--lang", "zh"]).fine();
        assert!(listed.contains("已失败") && listed.contains("已搁置"), "{listed}");
        assert!(!listed.contains("dead") && !listed.contains("parked"), "{listed}");

        let shown = halted.run(&["tasks", "show", dead]).fine();
        for said in ["state: dead", "chain: order:7", r#"is told: {"to":"a"}"#, "the shop says no"]
        {
            assert!(shown.contains(said), "{said}: {shown}");
        }
        let shown = halted.run(&["tasks", "show", parked, "--lang", "zh"]).fine();
        assert!(
            shown.contains("状态: 已搁置") && shown.contains(&format!("搁置于其后: {dead}")),
            "{shown}"
        );

        let told = ["tasks", "retry", dead, "--payload", r#"{"to":"b"}"#];
        let said = halted.run(&told);
        assert!(said.stderr.contains(&format!("task {dead} runs again")), "{said:?}");
        said.fine();
        let shown = halted.run(&["tasks", "show", dead, "--json"]).json();
        assert_eq!((&shown["state"], &shown["payload"]), (&json!("pending"), &json!({"to": "b"})));
        assert_eq!(halted.state(parked), "pending");
        let none = halted.run(&["tasks", "list"]);
        assert!(none.stderr.contains("No task is halted."), "{none:?}");
        let none = halted.run(&["tasks", "list", "--lang", "zh"]);
        assert!(none.stderr.contains("没有停滞的任务。"), "{none:?}");
    });
}

#[test]
fn dead_tasks_of_a_kind_run_again_and_others_are_dropped() {
    with_and_without_serve(|halted| {
        let Halted { dead, parked, .. } = halted;
        let of = |words: &[&str]| {
            let listed = halted.run(&[&["tasks", "list", "--json"], words].concat()).json();
            let tasks = listed["tasks"].as_array().expect("tasks").clone();
            tasks.iter().map(|task| task["task_id"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(of(&["--kind", "mail"]), [json!(parked), json!(dead)]);
        assert_eq!(of(&["--state", "dead"]), [json!(dead)]);
        assert_eq!(of(&["--limit", "1"]), [json!(parked)]);
        assert_eq!(of(&["--kind", "a&state=dead"]), Vec::<Value>::new());
        let none = halted.run(&["tasks", "list", "--state", "pending", "--kind", "mail"]);
        assert!(none.stderr.contains("There is no such task."), "{none:?}");

        let said = halted.run(&["tasks", "retry", "--kind", "mail"]);
        assert!(said.stderr.contains("1 task runs again"), "{said:?}");
        said.fine();
        let retried = halted.run(&["tasks", "retry", "--kind", "mail", "--json"]).json();
        assert_eq!(retried, json!({"retried": 0}));
        let said = halted.run(&["tasks", "drop", parked, "--lang", "zh"]);
        assert!(said.stderr.contains(&format!("已丢弃任务 {parked}")), "{said:?}");
        said.fine();
        let dropped = halted.run(&["tasks", "drop", dead, "--json"]).json();
        assert_eq!(dropped["state"], "done");
        assert!(dropped["last_error"].as_str().is_some_and(|why| why.starts_with("dropped by ")));
        let again = halted.run(&["tasks", "drop", dead]).refused(1);
        assert!(again.contains("only a task that waits or is halted can be dropped"), "{again}");
    });
}

#[test]
fn a_task_that_is_not_there_is_told_in_a_sentence_whatever_it_is_called() {
    let halted = Halted::new();
    let serve = ServeCommand::new(DOCKET, halted.data.path()).start();
    for odd in
        ["7", "x", "...", "../orders", "a b", "7?state=dead", "7/../../me", "%2e%2e", "任务", "#"]
    {
        for words in [&["tasks", "show"][..], &["tasks", "retry"], &["tasks", "drop"]] {
            let said = halted.run(&[words, &[odd]].concat()).refused(1);
            assert!(said.contains(&format!("there is no task {odd}")), "{words:?} {odd}: {said}");
        }
    }
    let said = halted.run(&["tasks", "show", "7", "--lang", "zh"]).refused(1);
    assert!(said.contains("未找到") && said.contains("请检查编号或名称。"), "{said}");
    let said = halted.run(&["tasks", "show", "7", "--json"]).refused(1);
    let said: Value = serde_json::from_str(&said).expect("one line of JSON");
    assert_eq!(said["error"]["code"], "not_found");
    drop(serve);
    assert_eq!(halted.state(&halted.dead), "dead", "nothing was done to any other");
}

#[test]
fn wrong_use_is_told_before_anything_is_asked() {
    let halted = Halted::new();
    let dead = &*halted.dead;
    for words in [
        &["tasks"][..],
        &["tasks", "show"],
        &["tasks", "show", ""],
        &["tasks", "show", ".."],
        &["tasks", "retry"],
        &["tasks", "retry", dead, "--kind", "mail"],
        &["tasks", "retry", "--kind", "mail", "--payload", "{}"],
        &["tasks", "retry", dead, "--payload", "{"],
        &["tasks", "retry", dead, "--payload", "\"b\""],
        &["tasks", "list", "--state", "lost"],
        &["tasks", "list", "--limit", "0"],
        &["tasks", "list", "--limit", "201"],
        &["schedules", "all"],
    ] {
        let ran = halted.run(words);
        assert_eq!(ran.code, Some(2), "{words:?}: {ran:?}");
    }
    let said = halted.run(&["tasks", "retry", dead, "--payload", "[]", "--lang", "zh"]).refused(2);
    assert!(said.contains("--payload 不可用：它不是对象"), "{said}");
    assert_eq!(halted.state(dead), "dead");
}

#[test]
fn schedules_tell_when_they_ran_and_run_next() {
    let data = tempfile::tempdir().expect("a folder");
    let none = docket(data.path(), &["schedules"]).refused(1);
    assert!(none.contains("there is no center"), "{none}");
    let none = docket(data.path(), &["tasks", "list"]).refused(1);
    assert!(none.contains("there is no center"), "{none}");
    docket(data.path(), &["init"]).fine();
    let listed = docket(data.path(), &["schedules"]).fine();
    assert!(listed.contains("housekeeping") && listed.contains("every 1h"), "{listed}");
    let listed = docket(data.path(), &["schedules", "--lang", "zh"]).fine();
    assert!(listed.contains("定时任务") && listed.contains("每隔 1h"), "{listed}");
    let shown = |data: &Path| docket(data, &["schedules", "--json"]).json()["schedules"][0].clone();
    assert_eq!(shown(data.path())["last"], Value::Null);

    let nightly = "0 2 * * * Asia/Shanghai";
    let serve = ServeCommand::new(DOCKET, data.path());
    let _serve = serve.env("DOCKET_SCHEDULES__HOUSEKEEPING", nightly).start();
    let told = shown(data.path());
    assert_eq!(told["every"], nightly);
    assert!(told["next"].as_str().is_some_and(|next| next.ends_with("T18:00:00.000Z")), "{told}");
}
