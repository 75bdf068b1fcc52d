//! The files of a database hold nothing that was removed from it.

#[allow(dead_code)] // shared with the conformance suite, which needs more of it
mod suite;

use docket_store::Files;
use docket_testkit::Database;

const SECRET: &str = "13811112222";

/// How often the secret stands in a file.
fn in_file(path: &str) -> usize {
    let bytes = std::fs::read(path).unwrap_or_default();
    bytes.windows(SECRET.len()).filter(|part| *part == SECRET.as_bytes()).count()
}

/// What a release that overwrote nothing left: rows that were removed from pages, and pages that are free.
fn leave_pieces(path: &str) {
    let file = rusqlite::Connection::open(path).expect("a file");
    let fill = format!(
        "PRAGMA secure_delete = OFF; CREATE TABLE former (id INTEGER PRIMARY KEY, words TEXT); \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) \
         INSERT INTO former SELECT i, '{SECRET}' || hex(zeroblob(i * 7 % 400)) FROM n; DELETE FROM former; \
         DROP TABLE former; PRAGMA wal_checkpoint(TRUNCATE);"
    );
    file.execute_batch(&fill).expect("it is filled");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_removed_by_whomever_and_whenever_is_taken_out_of_the_file() {
    let database = Database::Sqlite.fresh();
    let path = database.url().replace("sqlite:", "");
    suite::open(&database.url()).await.close().await;
    leave_pieces(&path);
    assert!(in_file(&path) > 200, "{}", in_file(&path));
    let store = suite::open(&database.url()).await;
    assert_eq!(store.clean_files(1).await.expect("it is looked at"), Files::Large);
    assert!(in_file(&path) > 200, "a file that is too large is left as it is");
    assert_eq!(store.clean_files(u64::MAX).await.expect("it is written"), Files::Clean);
    assert_eq!((in_file(&path), in_file(&format!("{path}-wal"))), (0, 0));
    store.close().await;
}
