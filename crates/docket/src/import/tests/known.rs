//! Orders that are here already: compared over the whole center where no channel tells numbers apart, taken again
//! only on purpose, and joined with what is new only where they were recorded.

use super::{Args, Center, args, export, written};
use docket_app::Principal;
use docket_domain::Json;
use docket_domain::story::Language;
use docket_wire::{Markets, operation, placement};
use serde_json::json;
use std::path::{Path, PathBuf};

fn order(id: &str) -> Json {
    json!({
        "external_id": id, "currency": "EUR", "created_at": "2026-11-01T00:00:00Z", "payable": 1000,
        "shops": [{"shop_id": "s", "items": [{"sku_id": "p", "quantity": "1", "list_price": 1000}]}],
    })
}

fn lines(folder: &tempfile::TempDir, orders: &[Json]) -> PathBuf {
    let lines: Vec<String> = orders.iter().map(Json::to_string).collect();
    written(folder, "orders.jsonl", &lines.join("\n"))
}

fn by(issuer: &str, file: &Path) -> Args {
    Args { issuer: Some(issuer.to_owned()), ..args(vec![file.to_owned()]) }
}

async fn found(center: &Center, id: &str) -> usize {
    let asked = docket_app::Orders {
        external_id: Some(id.to_owned()),
        limit: 10,
        ..docket_app::Orders::default()
    };
    center.app.orders(&Principal::local(), &asked).await.expect("a list").orders.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_without_a_channel_is_compared_over_the_whole_center() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let center = Center::open().await;
    let mut of_a_channel = order("A3");
    of_a_channel["channel"] = "web".into();
    let file = lines(&folder, &[order("A1"), of_a_channel]);
    center.import(&by("one", &file)).await;
    let again = lines(&folder, &[order("A1"), order("A2"), order("A2"), order("A3")]);
    for dry_run in [true, false] {
        let report = center.import(&Args { dry_run, ..by("another", &again) }).await;
        let rows = report.rows;
        assert_eq!((rows.taken, rows.known, rows.known_elsewhere), (1, 3, 2), "dry run: {dry_run}");
    }
    assert_eq!((found(&center, "A1").await, found(&center, "A3").await), (1, 1));
    let report = center.import(&Args { again: true, ..by("another", &again) }).await;
    assert_eq!((report.rows.taken, report.rows.known), (2, 2), "on purpose, and only by others");
    let report = center.import(&Args { again: true, ..by("another", &again) }).await;
    assert_eq!((report.rows.taken, report.rows.known), (0, 4), "its own it has once");
    assert_eq!((found(&center, "A1").await, found(&center, "A3").await), (2, 2));
    // A channel tells its numbers apart from those of others.
    let mut of_another = order("A1");
    of_another["channel"] = "shop".into();
    let report = center.import(&by("one", &lines(&folder, &[of_another]))).await;
    assert_eq!(report.rows.taken, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_shops_of_a_channel_may_use_one_number() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let center = Center::open().await;
    let of_shop = |shop: &str| {
        let mut order = order("7");
        order["channel"] = "temu".into();
        order["home"] = format!("channel:{shop}").into();
        order
    };
    let file = lines(&folder, &[of_shop("11"), of_shop("12"), of_shop("11")]);
    let report = center.import(&by("one", &file)).await;
    assert_eq!((report.rows.taken, report.rows.known), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_takes_what_is_new_and_writes_nothing_where_nothing_is() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let center = Center::open().await;
    center.import(&by("one", &lines(&folder, &[order("A1"), order("A2")]))).await;
    let mut later = order("A1");
    later["payments"] = json!([
        {"tender": "card", "reference": "c1", "amount": 400, "paid_at": "2026-11-02T00:00:00Z"},
        {"tender": "cash", "reference": "c1", "amount": 600, "paid_at": "2026-11-02T00:00:00Z"},
    ]);
    later["shipped_at"] = "2026-11-03T00:00:00Z".into();
    let file = lines(&folder, &[later, order("A2"), order("A3")]);
    let known = center.import(&by("one", &file)).await;
    assert_eq!((known.rows.known, known.rows.taken), (2, 1), "without being asked it stays");
    let update = |dry_run| Args { update: true, dry_run, ..by("one", &file) };
    let dry = center.import(&update(true)).await;
    assert_eq!((dry.rows.updated, dry.rows.known), (1, 2));
    let report = center.import(&update(false)).await;
    assert_eq!((report.rows.updated, report.rows.known), (1, 2));
    let shown = center.orders().await["A1"].clone();
    assert_eq!((&shown["status"], &shown["paid"]), (&"shipped".into(), &1000.into()));
    assert_eq!(shown["version"], 2);
    // Said again it is nothing new, by whoever says it.
    let before = center.export(export::Format::Jsonl).await;
    for issuer in ["one", "another"] {
        let report =
            center.import(&Args { issuer: Some(issuer.to_owned()), ..update(false) }).await;
        assert_eq!((report.rows.updated, report.rows.known), (0, 3), "{issuer}");
    }
    assert_eq!(center.export(export::Format::Jsonl).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_changes_no_order_that_was_placed_here() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let center = Center::open().await;
    let who = Principal::local();
    let mut placed = order("P1");
    placed["actor"] = json!({"kind": "buyer"});
    placed
        .as_object_mut()
        .expect("an object")
        .retain(|name, _| !["created_at", "payable"].contains(&name.as_str()));
    let read = placement::read(placed.to_string().as_bytes(), &Markets::default());
    let tree =
        center.app.place(&who, read.expect("an order"), None).await.expect("it is placed").tree;
    let pay = json!({"type": "note", "text": "fragile", "actor": {"kind": "store"}});
    let posted = operation::read(pay.to_string().as_bytes(), tree.id(), Language::En);
    center.app.operate(&who, posted.expect("an operation"), None).await.expect("it is noted");
    let mut told = order("P1");
    told["status"] = "completed".into();
    let file = lines(&folder, &[told]);
    let before = center.export(export::Format::Jsonl).await;
    let issuer = tree.payment.issuer.clone();
    let report = center.import(&Args { update: true, ..by(&issuer, &file) }).await;
    assert_eq!((report.rows.updated, report.rows.known), (0, 1));
    assert_eq!(center.export(export::Format::Jsonl).await, before);
}
