//! `docket backup` beside a running center, `docket restore` where there is none, and `docket forget`.

mod run;

use docket_testkit::ServeCommand;
use run::{DOCKET, docket};
use std::path::Path;

fn export(data: &Path) -> String {
    docket(data, &["export", "--format", "jsonl"]).fine()
}

#[test]
fn a_center_is_backed_up_while_it_runs_and_restored_where_there_is_none() {
    let [data, other] = [(), ()].map(|()| tempfile::tempdir().expect("a folder"));
    docket(data.path(), &["demo", "--once"]).fine();
    let file = data.path().join("of today");
    let name = file.to_str().expect("a plain path");
    let mut serve = ServeCommand::new(DOCKET, data.path()).start();
    let made = docket(data.path(), &["backup", name, "--json"]).json();
    assert!(
        made["rows"].as_u64() > Some(1_000) && made["bytes"].as_u64() > Some(100_000),
        "{made}"
    );
    let said = docket(data.path(), &["backup", name]).refused(1);
    assert!(said.contains("is there already") && said.contains("another file"), "{said}");
    let said = docket(data.path(), &["backup", name, "--lang", "zh"]).refused(1);
    assert!(said.contains("已存在") && !said.contains("already"), "{said}");
    // A file that cannot be written is told of as such; the database is well.
    let plain = data.path().join("plain");
    std::fs::write(&plain, "").expect("space");
    for (nowhere, why, zh) in [
        (data.path().join("no/b.db"), "there is no such file or folder", "文件或目录不存在"),
        (plain.join("b.db"), "no folder", "不是目录"),
    ] {
        let nowhere = nowhere.to_str().expect("a plain path");
        let said = docket(data.path(), &["backup", nowhere, "--lang", "en"]).refused(1);
        assert!(said.contains(&format!("the file {nowhere} cannot be written: ")), "{said}");
        assert!(said.contains(why) && said.contains("Name another file"), "{said}");
        let said = docket(data.path(), &["backup", nowhere, "--lang", "zh"]).refused(1);
        assert!(said.contains("无法写入文件") && said.contains(zh), "{said}");
        assert!(!said.contains("数据库"), "{said}");
    }
    let said = docket(data.path(), &["restore", name]).refused(1);
    assert!(said.contains("docket serve` runs") && said.contains("Stop it"), "{said}");
    assert!(serve.terminate().success());
    let said = docket(data.path(), &["restore", name, "--lang", "zh"]).refused(1);
    assert!(said.contains("未作任何改动"), "{said}");

    let restored = docket(other.path(), &["restore", name]);
    assert!(restored.stderr.contains("key file"), "{restored:?}");
    assert!(restored.fine().contains("restored 404 orders"));
    let keys = data.path().join("docket.keys");
    std::fs::copy(keys, other.path().join("docket.keys")).expect("the key file is there");
    assert_eq!(export(other.path()), export(data.path()), "every order, people included");

    // What is forgotten here stays in the backup, and is forgotten there by itself.
    let lines = export(other.path());
    let named = lines.lines().find(|line| line.contains("\"ship_to\":{")).expect("one with people");
    let order: serde_json::Value = serde_json::from_str(named).expect("a line of JSON");
    let buyer = order["buyer_id"].as_str().expect("a buyer");
    let gone = docket(other.path(), &["forget", buyer, "--yes", "--json"]).json();
    assert_eq!(gone["buyer_id"], buyer);
    assert!(gone["orders"].as_u64() >= Some(1), "{gone}");
    assert_ne!(export(other.path()), export(data.path()));
    let said = docket(other.path(), &["forget", buyer, "--yes", "--lang", "zh"]);
    assert!(said.stderr.contains("已没有可清除的信息"), "{said:?}");
    // Without a terminal nobody is asked, and nobody who never ordered is forgotten.
    let said = docket(other.path(), &["forget", buyer]).refused(2);
    assert!(said.contains("no terminal") && said.contains("--yes"), "{said}");
    let said = docket(other.path(), &["forget", "nobody of that name", "--yes"]).refused(1);
    assert!(said.contains("there is no order of nobody of that name"), "{said}");
}
