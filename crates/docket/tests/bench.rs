//! The benches, small: that they measure what they say and check what they left behind. How fast it is is no matter
//! here.

#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use docket_testkit::{Database, RedisServer};
use run::docket;

#[test]
fn orders_that_are_due_at_once_are_all_revoked() {
    let data = tempfile::tempdir().expect("a folder");
    let few = ["bench", "due", "--orders", "300", "--pay-by", "4", "--json"];
    let line = docket(data.path(), &few).json();
    assert_eq!((&line["bench"], &line["database"]), (&"due".into(), &"sqlite".into()));
    assert_eq!((&line["orders"], &line["checked"]), (&300.into(), &true.into()), "{line}");
}

#[test]
fn a_task_is_picked_up_by_another_process() {
    let data = tempfile::tempdir().expect("a folder");
    let (database, redis) = (Database::Mariadb.fresh(), RedisServer::start().expect("Redis"));
    let (url, redis) = (database.url(), redis.url());
    let few = ["--tasks", "20", "--runs", "1", "--json", "--database", &url, "--redis", &redis];
    let line = docket(data.path(), &[&["bench", "pickup"], &few[..]].concat()).json();
    assert_eq!((&line["bench"], &line["checked"]), (&"pickup".into(), &true.into()), "{line}");
    // Without the bell it would look every five seconds.
    assert!(line["p50_ms"].as_f64().is_some_and(|p50| p50 < 2_500.0), "{line}");
    let alone = ["bench", "pickup", "--database", "sqlite:x.db", "--redis", &redis];
    let said = docket(data.path(), &alone).refused(1);
    assert!(said.contains("a SQLite file has one process"), "{said}");
}

#[test]
fn a_table_of_a_bench_is_read_line_by_line() {
    let data = tempfile::tempdir().expect("a folder");
    let few = ["bench", "list", "--orders", "200", "--pages", "1"];
    let told = docket(data.path(), &few).fine();
    assert!(told.lines().count() > 20 && !told.contains("\\n"), "{told}");
}
