//! Schedules, as a new center has them.

use crate::center::TestCenter;
use serde_json::json;

#[tokio::test]
async fn schedules_tell_when_they_run_next() {
    let center = TestCenter::start().await;
    let wanted = json!({"schedules": [{
        "name": "housekeeping", "kind": "housekeeping", "every": "every 1h", "last": null,
        "next": "2026-11-20T11:00:00.000Z",
    }, {
        "name": "reconcile", "kind": "reconcile", "every": "every 24h", "last": null,
        "next": "2026-11-21T00:00:00.000Z",
    }, {
        "name": "channel_tick", "kind": "channel_tick", "every": "every 10s", "last": null,
        "next": "2026-11-20T10:00:10.000Z",
    }, {
        "name": "watch", "kind": "watch", "every": "every 1m", "last": null,
        "next": "2026-11-20T10:01:00.000Z",
    }]});
    assert_eq!(center.get("/api/schedules").await.ok(200), wanted);
    center.get("/api/schedules?kind=x").await.wrong_fields(&[("kind", "unknown_field")]);
}
