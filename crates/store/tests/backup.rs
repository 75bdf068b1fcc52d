//! Backup and restore, from every database into every database.

#[allow(dead_code)] // shared with the conformance suite, which needs more of it
mod suite;

use docket_domain::Time;
use docket_store::{Filter, StoreError, backup, restore};
use docket_testkit::databases;
use std::fs;
use std::sync::{Arc, Mutex};
use suite::{Order, on_every_store, open, place, stock_of};

const LATER: Time = Time(1_800_000_100_000);

#[tokio::test(flavor = "multi_thread")]
async fn what_was_backed_up_is_restored_into_any_database() {
    on_every_store(async |store, source| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("docket.backup");
        suite::count(store, "sku0", 50).await;
        let mut placed = Vec::new();
        for n in 0..25 {
            placed.push(place(store, Order { shops: 2, lines: 2, ..Order::new(n) }).await);
        }
        let tables = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&tables);
        // The center runs on while it is backed up.
        let told = move |table: &str, rows| heard.lock().unwrap().push((table.to_owned(), rows));
        let made = backup(&source.url(), &file, told, std::future::pending()).await.unwrap();
        place(store, Order::new(99)).await;
        assert_eq!(made.bytes, fs::metadata(&file).unwrap().len());
        let tables = tables.lock().unwrap().clone();
        assert_eq!(tables.iter().map(|(_, rows)| rows).sum::<u64>(), made.rows);
        assert!(tables.contains(&("item_order".to_owned(), 100)), "{tables:?}");
        let again = backup(&source.url(), &file, |_, _| {}, std::future::pending())
            .await
            .unwrap_err()
            .to_string();
        assert!(again.contains("already exists"), "{again}");

        for target in databases() {
            let restored = restore(&target.url(), &file, LATER, |_, _| {}).await.unwrap();
            assert_eq!((restored.orders, restored.rows), (25, made.rows));
            let twice = restore(&target.url(), &file, LATER, |_, _| {}).await.unwrap_err();
            assert!(twice.to_string().contains("holds 25 orders"), "{twice}");
            let center = open(&target.url()).await;
            for tree in &placed {
                assert_eq!(center.tree(tree.id()).await.unwrap().as_ref(), Some(&**tree));
                let [here, there] = [store, &center].map(|store| store.operations(tree.id()));
                assert_eq!(here.await.unwrap(), there.await.unwrap());
            }
            assert_eq!(stock_of(&center, "sku0").await, stock_of(store, "sku0").await);
            assert_eq!(center.setting("epoch").await.unwrap(), Some(LATER.0.to_string()));
            let new = place(&center, Order::new(100)).await;
            assert!(
                placed.iter().all(|tree| tree.id() < new.id()),
                "numbers go on after the old ones"
            );
            let all = suite::list(&center, Filter { limit: 50, ..Filter::default() }).await;
            assert_eq!(all.len(), 26);
            center.close().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_backup_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("text"), "not a database, but long enough to look at all the same").unwrap();
    rusqlite::Connection::open(path("other")).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    for target in databases() {
        for name in ["none", "text", "other"] {
            let failed = restore(&target.url(), &path(name), LATER, |_, _| {}).await.unwrap_err();
            let says_which = failed.to_string().contains(path(name).to_str().unwrap());
            assert!(says_which, "{name}: {failed}");
        }
        let store = open(&target.url()).await;
        assert!(suite::list(&store, Filter { limit: 5, ..Filter::default() }).await.is_empty());
        store.close().await;
    }
    // What is there and cannot be read is not taken for an empty database.
    let source = path("center.db");
    let store = open(&format!("sqlite:{}", source.display())).await;
    store.close().await;
    backup(
        &format!("sqlite:{}", source.display()),
        &path("good"),
        |_, _| {},
        std::future::pending(),
    )
    .await
    .unwrap();
    let target = format!("sqlite:{}", path("text").display());
    restore(&target, &path("good"), LATER, |_, _| {}).await.unwrap_err();
    assert!(fs::read_to_string(path("text")).unwrap().starts_with("not a database"));
    let nowhere = format!("sqlite:{}", path("missing").display());
    let failed =
        backup(&nowhere, &path("file"), |_, _| {}, std::future::pending()).await.unwrap_err();
    assert!(matches!(failed, StoreError::Unavailable(_)), "{failed}");
    assert!(!path("file").exists() && !path("file.part").exists());
}
