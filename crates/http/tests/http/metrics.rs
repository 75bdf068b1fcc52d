//! `/metrics`: what became of orders, what runs here, and the form that Prometheus asks for.

use crate::center::{TestCenter, example};
use axum::body::Body;
use axum::http::Method;
use docket_app::{Networks, Scope};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

async fn figures(center: &TestCenter) -> String {
    let figures = center.get_as("nobody", "/metrics").await.ok(200);
    figures.as_str().expect("text").to_owned()
}

/// The value of a line, labels and all.
fn value(figures: &str, name: &str) -> f64 {
    let line = figures.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name}\n{figures}")).parse().expect("a number")
}

fn orders(figures: &str, outcome: &str) -> f64 {
    value(figures, &format!("docket_orders_total{{outcome=\"{outcome}\"}}"))
}

#[tokio::test]
async fn orders_are_counted_by_what_became_of_them() {
    let center = TestCenter::start().await;
    let asked = |prefer: Option<&str>, key: &str| {
        let request = center.request(Method::POST, "/api/orders").header("idempotency-key", key);
        let request = request.header("content-type", "application/json");
        let request = match prefer {
            Some(prefer) => request.header("prefer", prefer),
            None => request,
        };
        request.body(Body::from(example().to_string())).expect("a request")
    };
    center.send(asked(None, "one")).await.ok(201);
    center.send(asked(None, "one")).await.ok(201);
    center.placed(&example()).await;
    let mut wrong = example();
    wrong["expected_total"] = json!(1);
    center.post("/api/orders", &wrong).await.problem(409, "total_mismatch");
    let reader = center.key(&[Scope::OrdersRead], &[], &[]).await;
    center.post_as(&reader, "/api/orders", &example()).await.problem(403, "scope_missing");
    center.send(asked(Some("respond-async"), "two")).await.ok(202);
    let figures = figures(&center).await;
    let counted = ["placed", "replayed", "refused", "accepted", "failed", "recorded"]
        .map(|outcome| orders(&figures, outcome) as i64);
    assert_eq!(counted, [2, 1, 2, 1, 0, 0]);
}

#[tokio::test]
async fn every_figure_is_declared_once_and_named_as_prometheus_asks() {
    let center = TestCenter::start_with(|settings| {
        settings.webhooks.allow = Networks::of(["127.0.0.1"]).expect("a network");
    })
    .await;
    center.placed(&example()).await;
    let figures = figures(&center).await;
    let mut kinds = BTreeMap::new();
    for line in figures.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').expect("a name and a kind");
        assert!(kinds.insert(name, kind).is_none(), "{name} is declared twice");
        assert!(figures.contains(&format!("# HELP {name} ")), "{name} says nothing of itself");
        assert!(name.starts_with("docket_") || name.starts_with("process_"), "{name}");
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}");
        assert_eq!(name.ends_with("_total"), kind == "counter", "{name} is a {kind}");
    }
    for line in figures.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().expect("a name");
        let family = ["_bucket", "_sum", "_count"].iter().find_map(|part| name.strip_suffix(part));
        let of_histogram = family.is_some_and(|family| kinds.get(family) == Some(&"histogram"));
        assert!(of_histogram || kinds.contains_key(name), "{line} is not declared");
        let number = line.rsplit_once(' ').expect("a value").1;
        assert!(number.parse::<f64>().is_ok(), "{line}");
    }
    let build = format!(
        "docket_build_info{{version=\"{}\",database=\"sqlite\"}}",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(value(&figures, &build) as i64, 1);
    assert!(value(&figures, "process_resident_memory_bytes") > f64::from(1 << 20));
    assert!(value(&figures, "process_open_fds") < value(&figures, "process_max_fds"));
    assert!(value(&figures, "process_cpu_seconds_total") > 0.0);
    let pool = ["size", "idle", "max", "waiting"]
        .map(|part| value(&figures, &format!("docket_database_pool_{part}")));
    let [size, idle, max, waiting] = pool;
    assert!(idle >= 1.0 && idle <= size && size <= max && waiting == 0.0, "{pool:?}");
    let started = value(&figures, "process_start_time_seconds");
    assert!(started > 1.7e9, "{started}");
}

/// Where figures are named: each as a text of its own.
const SOURCES: [&str; 3] = [
    include_str!("../../src/routes/metrics.rs"),
    include_str!("../../src/figures.rs"),
    include_str!("../../src/process.rs"),
];

/// Names of figures that stand in `text`.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let figures = words.filter(|word| word.starts_with("docket_") || word.starts_with("process_"));
    figures.collect()
}

/// Whether a figure of this name is told.
fn is_told(name: &str) -> bool {
    let part = ["_bucket", "_sum", "_count"].iter().find_map(|part| name.strip_suffix(part));
    [Some(name), part]
        .into_iter()
        .flatten()
        .any(|name| SOURCES.iter().any(|source| source.contains(&format!("\"{name}\""))))
}

#[test]
fn every_figure_of_the_dashboard_and_of_the_page_for_operators_is_told() {
    let dashboard = include_str!("../../../../deploy/grafana.json");
    let read: Value = serde_json::from_str(dashboard).expect("the dashboard is JSON");
    let panels = read["panels"].as_array().expect("panels");
    let asked = panels.iter().filter(|panel| panel["type"] != "row");
    let expressions = asked.flat_map(|panel| {
        let targets = panel["targets"].as_array().expect("each panel asks something");
        assert!(!targets.is_empty(), "{panel}");
        targets.iter().map(|target| target["expr"].as_str().expect("an expression"))
    });
    let of_dashboard: BTreeSet<&str> = expressions.flat_map(named).collect();
    assert!(of_dashboard.len() > 30, "{of_dashboard:?}");
    let page = include_str!("../../../../docs/operations.md");
    let of_page = named(page);
    for name in of_dashboard.iter().chain(&of_page) {
        assert!(is_told(name), "{name} is told by nobody");
    }
    let of_shops: Vec<_> =
        of_dashboard.iter().filter(|name| name.starts_with("docket_shop_")).collect();
    for name in of_shops {
        assert!(of_page.contains(name), "{name} is not explained to operators");
    }
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64()).collect();
    assert_eq!(ids.len(), panels.len(), "each panel has a number of its own");
}
