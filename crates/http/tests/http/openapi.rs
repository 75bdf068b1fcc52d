//! The document of the API, checked in beside the code.

use crate::center::TestCenter;
use serde_json::Value;
use std::fs;
use std::path::Path;

#[test]
#[expect(clippy::disallowed_methods, reason = "the switch of whoever runs the tests")]
fn the_checked_in_document_is_what_the_code_describes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let described = docket_http::document();
    if std::env::var_os("DOCKET_BLESS").is_some() {
        fs::write(&path, &described).expect("the file can be written");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == described, "openapi.json is out of date: run the tests with DOCKET_BLESS=1");
}

#[test]
fn every_reference_leads_somewhere_and_every_operation_is_named_once() {
    let document: Value = serde_json::from_str(&docket_http::document()).expect("JSON");
    assert_eq!(document["openapi"], "3.1.0");
    let text = document.to_string();
    for reference in text.split("\"#/").skip(1) {
        let pointer = reference.split('"').next().expect("a split has a first part");
        assert!(document.pointer(&format!("/{pointer}")).is_some(), "{pointer}");
    }
    let mut names = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let name =
                operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path}"));
            assert!(operation["summary"].is_string(), "{name}");
            names.push(name.to_owned());
        }
    }
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
}

#[tokio::test]
async fn the_document_and_its_page_are_served_to_anyone() {
    let center = TestCenter::start().await;
    let document = center.get_as("nobody", "/api/openapi.json").await;
    assert_eq!(document.headers["content-type"], "application/json");
    assert_eq!(document.ok(200)["info"]["title"], "Docket");
    let page = center.get_as("nobody", "/docs").await;
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    let page = page.ok(200);
    let page = page.as_str().expect("a page");
    assert!(page.contains("/api/orders/{id}/operations"));
    // The first thing a reader needs is a way in.
    assert!(page.contains("<code>docket key add"), "{page}");
    let root = center.get_as("nobody", "/").await;
    assert_eq!((root.status, &root.headers["location"]), (307, &"/docs".parse().expect("a value")));
}
