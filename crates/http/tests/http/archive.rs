//! The archive over the API: what is due is counted, leaves a segment at a time, is found by its number, looked at
//! again and brought back.

use crate::center::{TestCenter, example, text};
use docket_app::ArchiveSettings;
use docket_app::archive::DepotAt;
use docket_domain::time::DAY;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A center whose finished orders, logs and agreed versions are due after a day, and its archive.
async fn center() -> (TestCenter, TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = DepotAt::Folder(folder.path().to_owned());
    let settings = ArchiveSettings { at, log_after: DAY, snapshots_after: DAY, orders_after: DAY };
    let center = TestCenter::start_with(|set| set.archive = Some(settings)).await;
    (center, folder)
}

/// An order that was revoked, so that it is finished.
async fn finished(center: &TestCenter) -> Value {
    let tree = center.placed(&example()).await;
    let revoke = json!({"type": "revoke", "actor": {"kind": "buyer"}});
    let tree = center.operate(&tree["order_id"], &revoke).await.ok(200);
    assert_eq!(tree["status"], "cancelled");
    tree
}

async fn moved(center: &TestCenter) -> Vec<Value> {
    let mut segments = Vec::new();
    loop {
        let moved = center.post("/api/archive/run", &json!({})).await.ok(200);
        match &moved["segment"] {
            Value::Null => return segments,
            segment => segments.push(segment.clone()),
        }
    }
}

#[tokio::test]
async fn what_is_due_is_counted_leaves_is_found_and_comes_back() {
    let (center, _folder) = center().await;
    let tree = finished(&center).await;
    let due = center.get("/api/archive/due").await.ok(200);
    assert!(due["due"].as_array().expect("kinds").iter().all(|due| due["orders"] == 0), "{due}");
    center.clock.advance(7 * DAY);
    let due = center.get("/api/archive/due").await.ok(200);
    assert!(due["next"].is_null(), "{due}");
    let orders = due["due"].as_array().expect("kinds").iter().map(|due| &due["orders"]);
    assert!(orders.clone().any(|orders| *orders == 1), "{due}");

    let segments = moved(&center).await;
    assert!(!segments.is_empty());
    let kept = center.get("/api/archive").await.ok(200);
    assert_eq!(kept["segments"].as_array().map(Vec::len), Some(segments.len()));
    assert_eq!(center.get("/api/archive/count").await.ok(200)["orders"], 1);
    let list = center.get("/api/archive/orders").await.ok(200);
    assert_eq!(list["orders"].as_array().map(Vec::len), Some(1), "{list}");
    for segment in &segments {
        let path = format!("/api/archive/{}/verify", text(&segment["segment_id"]));
        assert_eq!(center.post(&path, &json!({})).await.ok(200)["verdict"], "right");
    }
    let path = format!("/api/orders/{}", text(&tree["order_id"]));
    assert_eq!(center.get(&path).await.ok(200)["status"], "cancelled");

    let back = json!({"order_id": tree["order_id"]});
    let restored = center.post("/api/archive/restore", &back).await.ok(200);
    assert!(restored["rows"].as_u64().is_some_and(|rows| rows > 0), "{restored}");
    assert_eq!(center.get("/api/archive/count").await.ok(200)["orders"], 0);
}

#[tokio::test]
async fn a_segment_that_was_changed_is_told() {
    let (center, folder) = center().await;
    finished(&center).await;
    center.clock.advance(7 * DAY);
    let segments = moved(&center).await;
    let file = folder.path().join(text(&segments[0]["name"]));
    let mut bytes = std::fs::read(&file).expect("its file");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).expect("written");
    let path = format!("/api/archive/{}/verify", text(&segments[0]["segment_id"]));
    let seen = center.post(&path, &json!({})).await.ok(200);
    assert!(seen["verdict"] == "damaged" && seen["why"].is_string(), "{seen}");
    center.post("/api/archive/7/verify", &json!({})).await.problem(404, "not_found");
}
