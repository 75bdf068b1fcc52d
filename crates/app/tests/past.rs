//! An order of many rows, read in pages and shown as it was, on every database, its log online and in the archive.

#[allow(dead_code)] // shared with the tests of orders, which need more of it
mod center;

use center::{Center, order};
use docket_app::archive::DepotAt;
use docket_app::{ArchiveSettings, Error, Settings};
use docket_domain::time::DAY;
use docket_domain::{Id, LogEntry, Time, Tree};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Changes that are made before a piece of the log leaves.
const PIECE: usize = 40;

async fn with_archive(url: &str, folder: &Path) -> Center {
    let mut settings = Settings::new(url);
    settings.archive = Some(ArchiveSettings {
        at: DepotAt::Folder(folder.to_path_buf()),
        log_after: 0,
        snapshots_after: i64::MAX / 2,
        orders_after: i64::MAX / 2,
    });
    Center::open_with(settings).await
}

/// Objects of logs, oldest first: their names begin with when.
fn objects(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder.join("log")).expect("a folder of logs");
    let mut found: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    found.sort();
    found
}

/// Every page of the log.
async fn pages(center: &Center, id: Id, limit: usize) -> Vec<Vec<LogEntry>> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = center.app.operations(&center.who, id, after, limit).await.expect("a page");
        found.push(page.entries);
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_many_rows_is_paged_and_undone_wherever_they_are() {
    for database in docket_testkit::databases() {
        let folder = tempfile::tempdir().expect("a folder");
        let center = with_archive(&database.url(), folder.path()).await;
        let placed = center.place(&order("sku", 1)).await.expect("placed").tree;
        let id = placed.id();
        let mut was: Vec<(Time, Arc<Tree>)> = vec![(center.app.now(), placed)];
        for piece in 0..3 {
            for step in 0..PIECE {
                center.clock.advance(1000);
                // A label comes and goes, and comes to stay: what a list holds at its end and in its middle.
                let tag = json!({"type": "tag", "add": [format!("t{piece}-{}", step / 2)],
                                 "remove": [format!("t{piece}-{}", step / 3)]});
                let note = json!({"type": "note", "text": format!("step {step}")});
                let asked = if step % 2 == 0 { tag } else { note };
                let tree = center.ask(id, "store", asked).await.expect("it changes").tree;
                was.push((center.app.now(), tree));
            }
            if piece < 2 {
                // The order waits for its payment: that keeps nothing here if it is revoked.
                if piece == 0 {
                    center.clock.advance(1000);
                    let revoke = json!({"type": "revoke"});
                    let tree = center.ask(id, "buyer", revoke).await.expect("it is unpaid").tree;
                    was.push((center.app.now(), tree));
                }
                center.clock.advance(1000);
                while center.app.archive(&center.who).await.expect("it leaves").is_some() {}
            }
        }
        assert_eq!(objects(folder.path()).len(), 2);
        let rows = 1 + 3 * PIECE + 1;
        for limit in [1, 7, PIECE, 200] {
            let pages = pages(&center, id, limit).await;
            assert!(pages.iter().all(|page| page.len() <= limit));
            assert_eq!(pages.len(), rows.div_ceil(limit), "no page but the last is short");
            let seqs = pages.iter().flatten().map(|entry| entry.seq);
            assert!(seqs.eq(1..=rows as u32), "each row once, by {limit}");
        }
        for (at, tree) in was.iter().step_by(3).chain(was.last()) {
            let then = center.app.order_at(&center.who, id, *at).await.expect("it was there").tree;
            assert_eq!(then, *tree, "at {at:?}");
        }
        let before = was[0].0.plus(-1);
        let nothing = center.app.order_at(&center.who, id, before).await;
        assert!(matches!(nothing, Err(Error::NotFound { .. })), "{nothing:?}");

        // What is not needed is not read: the oldest object may be away.
        std::fs::remove_file(&objects(folder.path())[0]).expect("it was there");
        for step in [PIECE + 3, 2 * PIECE, 3 * PIECE] {
            let (at, tree) = &was[step];
            let then = center.app.order_at(&center.who, id, *at).await.expect("it needs no more");
            assert_eq!(then.tree, *tree);
        }
        let (at, _) = was[PIECE / 2];
        let damaged = center.app.order_at(&center.who, id, at).await;
        assert!(matches!(damaged, Err(Error::ArchiveDamaged(_))), "{damaged:?}");
        center.app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_back_lets_no_time_fall_inside_an_order() {
    center::on_every_center(async |center| {
        let placed = center.place(&order("sku", 1)).await.expect("placed").tree;
        let id = placed.id();
        let at = center.app.now();
        center.clock.advance(-DAY);
        let note = json!({"type": "note", "text": "back"});
        center.ask(id, "store", note).await.expect("noted");
        let payable = docket_domain::status::of(&placed).payable.known().expect("known");
        let paid = center.pay(id, "w1", payable).await.expect("paid").tree;
        let log = &pages(center, id, 9).await[0];
        assert_eq!(log.iter().map(|entry| entry.at).collect::<Vec<_>>(), [at; 3]);
        assert_eq!(paid.payment.updated_at, at);
        let then = center.app.order_at(&center.who, id, at).await.expect("as it is").tree;
        assert_eq!(then, paid, "all of it happened by then");
        center.clock.advance(DAY + 1000);
        let note = json!({"type": "note", "text": "on time"});
        let tree = center.ask(id, "store", note).await.expect("noted").tree;
        assert_eq!(tree.payment.updated_at, at.plus(1000));
    })
    .await;
}
