//! The archive in an object store that speaks S3: the sandbox, a process of its own that verifies every signature
//! with code of its own and misbehaves when it is asked to.

#[allow(dead_code)] // shared with the tests of faults, which place orders
mod client;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use client::Client;
use docket_testkit::{Serve, ServeCommand};
use run::{DOCKET, Ran, command, docket};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A store that runs; killed when dropped.
struct Depot {
    child: Child,
    url: String,
}

impl Depot {
    fn start() -> Self {
        let mut sandbox = Command::new(DOCKET);
        sandbox.args(["sandbox", "s3", "--listen", "127.0.0.1:0"]).env("LC_ALL", "C.UTF-8");
        sandbox.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = sandbox.spawn().expect("it starts");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let url = line.trim_end().strip_prefix("listening on ").expect("where").to_owned();
        Self { child, url }
    }

    fn behave(&self, word: &str) {
        let mut client = Client::new(&self.url, "").expect("it listens");
        let told = client.post("/control", &json!({"behave": word})).expect("an answer");
        assert_eq!(told.status, 200, "{told:?}");
    }

    fn environment(&self, secret: &str) -> [(&'static str, String); 6] {
        [
            ("DOCKET_ARCHIVE__URL", format!("s3:{}/docket/of/shop", self.url)),
            ("DOCKET_ARCHIVE__ACCESS_KEY", "docket".to_owned()),
            ("DOCKET_ARCHIVE__SECRET", secret.to_owned()),
            ("DOCKET_ARCHIVE__LOG_AFTER_DAYS", "0".to_owned()),
            ("DOCKET_ARCHIVE__SNAPSHOTS_AFTER_DAYS", "0".to_owned()),
            ("DOCKET_ARCHIVE__ORDERS_AFTER_DAYS", "0".to_owned()),
        ]
    }

    fn docket(&self, data: &Path, words: &[&str]) -> Ran {
        run::run(command(data, words).envs(self.environment("sandbox")))
    }

    fn serve(&self, data: &Path) -> Serve {
        let serve = ServeCommand::new(DOCKET, data);
        let environment = self.environment("sandbox").into_iter();
        environment.fold(serve, |serve, (name, value)| serve.env(name, value)).start()
    }
}

impl Drop for Depot {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn due(depot: &Depot, data: &Path) -> Value {
    depot.docket(data, &["archive", "run", "--dry-run", "--json"]).json()["due"].take()
}

#[test]
fn a_store_that_speaks_s3_takes_gives_and_is_not_believed() {
    let data = tempfile::tempdir().expect("a folder");
    let data = data.path();
    docket(data, &["demo", "--once"]).fine();
    let words = ["key", "add", "all", "--scopes", "orders.read,admin", "--actors", "store"];
    let key = docket(data, &words).fine();
    let before = docket(data, &["export", "--format", "jsonl"]).fine();
    let depot = Depot::start();
    let was = due(&depot, data);
    assert!(was[0]["rows"].as_u64() > Some(50), "{was}");

    // Nothing leaves for a store that refuses, is down, forgets or gives something else back.
    let mut wrong = command(data, &["archive", "run"]);
    let said = run::run(wrong.envs(depot.environment("guessed"))).refused(1);
    assert!(said.contains("403 (SignatureDoesNotMatch)"), "{said}");
    for (behaviour, says) in [("down", "503"), ("forget", "give back"), ("damage", "give back")] {
        depot.behave(behaviour);
        let said = depot.docket(data, &["archive", "run"]).refused(1);
        assert!(said.contains(says), "{behaviour}: {said}");
        assert_eq!(due(&depot, data), was, "{behaviour}");
    }
    depot.behave("down");
    let checked = depot.docket(data, &["check"]).fine();
    assert!(checked.contains("! archive: s3:") && checked.contains("503"), "{checked}");
    depot.behave("fine");
    let checked = depot.docket(data, &["check"]).fine();
    assert!(checked.contains("✓ archive") && !checked.contains("sandbox"), "{checked}");

    let moved = depot.docket(data, &["archive", "run", "--json"]).json();
    let all: u64 = was.as_array().expect("kinds").iter().filter_map(|of| of["rows"].as_u64()).sum();
    assert_eq!(moved["rows"], all, "{moved}");
    let kept = depot.docket(data, &["archive", "verify", "--json"]).json();
    assert_eq!((&kept["segments"], &kept["wrong"]), (&json!(3), &json!([])));
    depot.behave("damage");
    let damaged = depot.docket(data, &["archive", "verify"]);
    assert_eq!(damaged.code, Some(1), "{damaged:?}");

    // What left answers where the store does, and says so where it does not.
    let online = docket(data, &["export", "--format", "jsonl"]).fine();
    let number = |line: &str| {
        serde_json::from_str::<Value>(line).expect("JSON")["order_id"].as_str().map(str::to_owned)
    };
    let gone = before.lines().find(|line| !online.lines().any(|l| number(l) == number(line)));
    let gone = gone.and_then(number).expect("one that left");
    let center = depot.serve(data);
    let mut client = Client::new(center.base_url(), key.trim()).expect("a connection");
    let mut ask = || {
        let got = client.get(&format!("/api/orders/{gone}")).expect("an answer");
        (got.status, got.body["code"].clone())
    };
    assert_eq!(ask(), (500, json!("archive_damaged")));
    depot.behave("down");
    assert_eq!(ask(), (503, json!("archive_unreachable")));
    depot.behave("fine");
    assert_eq!(ask().0, 200);
    let ever = ["archive", "restore", "--from", "2000-01-01T00:00:00Z"];
    depot.docket(data, &ever).fine();
    let sorted = |text: String| {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let after = docket(data, &["export", "--format", "jsonl"]).fine();
    assert_eq!(sorted(after), sorted(before), "every order, people included");
}
