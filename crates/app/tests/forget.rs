//! A forgotten buyer, on every database: orders, logs, agreed trees, objects of the archive, and the telephones
//! that are made new once.

#[allow(dead_code)] // shared with the tests of orders, which need more of it
mod center;

use center::{Center, order};
use docket_app::archive::DepotAt;
use docket_app::{ArchiveSettings, Settings};
use docket_domain::Tree;
use docket_store::{Files, Renewed, telephones_left};
use serde_json::json;

const SECRET: &str = "13811112222";

/// An order that its buyer wrote of, and ended.
async fn ended(center: &Center, buyer: &str) -> Tree {
    let mut body = order("sku", 1);
    body["buyer_id"] = json!(buyer);
    body["shops"][0]["buyer_comment"] = json!(format!("call {SECRET}"));
    body["buyer"] = json!({"name": "Wang", "phone": SECRET});
    let placed = center.place(&body).await.expect("it is placed").tree;
    let revoke = json!({"type": "revoke", "reason": format!("ring {SECRET}")});
    let revoked = center.ask(placed.id(), "buyer", revoke).await.expect("it is unpaid").tree;
    Tree::clone(&revoked)
}

/// Whether the secret stands anywhere in what is kept of an order.
async fn tells(center: &Center, tree: &Tree) -> bool {
    let (app, who) = (&center.app, &center.who);
    let now = app.order(who, tree.id()).await.expect("it is there");
    let log = app.operations(who, tree.id(), None, 99).await.expect("its log");
    let placed = app.order_at(who, tree.id(), tree.payment.created_at).await.expect("it was there");
    let agreed = app.snapshots(who, tree.id(), None, 9).await.expect("what was agreed");
    let parts = [
        format!("{:?}", now.tree),
        format!("{:?}", placed.tree),
        format!("{:?}", log.entries),
        agreed.versions.iter().map(|version| version.json.as_str()).collect(),
    ];
    let told: Vec<bool> = parts.iter().map(|part| part.contains(SECRET)).collect();
    assert!(told.iter().all(|one| *one == told[0]), "all of it or nothing: {told:?}");
    told[0]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_buyer_wrote_is_gone_from_every_database_and_its_archive() {
    for database in docket_testkit::databases() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut settings = Settings::new(database.url());
        settings.archive = Some(ArchiveSettings {
            at: DepotAt::Folder(folder.path().to_path_buf()),
            log_after: 0,
            snapshots_after: 0,
            orders_after: i64::MAX / 2,
        });
        let center = Center::open_with(settings).await;
        let (app, who) = (&center.app, &center.who);
        let [own, other] = [ended(&center, "g1").await, ended(&center, "g2").await];
        center.clock.advance(1_000);
        while app.archive(who).await.expect("it leaves").is_some() {}
        let later = ended(&center, "g1").await;
        for tree in [&own, &other, &later] {
            assert!(tells(&center, tree).await);
        }
        let gone = app.forget_buyer(who, "g1").await.expect("it is gone");
        assert_eq!((gone.found, gone.orders, gone.unreached.len()), (2, 2, 0), "{gone:?}");
        let ours = database.url().starts_with("sqlite:");
        assert_eq!(gone.files, Some(if ours { Files::Clean } else { Files::Server }));
        assert!(!tells(&center, &own).await && !tells(&center, &later).await);
        assert!(tells(&center, &other).await);
        assert_eq!(center.store.objects_gone(9).await.expect("it is read"), Vec::<String>::new());
        // It goes on, leaves again with all it is now, and there is nothing more to take out.
        center
            .ask(own.id(), "store", json!({"type": "note", "text": "by staff"}))
            .await
            .expect("noted");
        center.clock.advance(1_000);
        while app.archive(who).await.expect("it leaves").is_some() {}
        assert!(!tells(&center, &own).await);
        let again = app.forget_buyer(who, "g1").await.expect("it is asked again");
        assert_eq!((again.found, again.orders), (2, 0), "{again:?}");
        assert!(again.left[&own.id()].contains("notes"), "{again:?}");

        while app.renew_telephones().await.expect("a step") != Renewed::All {}
        assert_eq!(telephones_left(&database.url()).await.expect("it is read").waiting, 0);
        center.app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_large_is_not_written_anew_while_others_wait_and_the_answer_says_so() {
    let database = docket_testkit::Database::Sqlite.fresh();
    let file = database.url().replace("sqlite:", "");
    let settings = Settings { rewritten_at_once: 1, ..Settings::new(database.url()) };
    let center = Center::open_with(settings).await;
    let own = ended(&center, "g1").await;
    let gone = center.app.forget_buyer(&center.who, "g1").await.expect("it is gone");
    assert_eq!(gone.files, Some(Files::Large));
    assert!(!tells(&center, &own).await);
    let log = std::fs::metadata(format!("{file}-wal")).expect("a log").len();
    assert_eq!(log, 0, "the log is emptied all the same");
    center.app.stop().await;
}
