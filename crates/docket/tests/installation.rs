//! Two centers on one cloned folder: the copy gives its numbers with another node, and is what a person says it is.

#[allow(dead_code)] // shared with the tests of faults
mod client;
mod made;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use client::Client;
use docket_testkit::ServeCommand;
use made::center;
use run::{DOCKET, docket};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

fn cloned(from: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("a file");
        let name = entry.file_name();
        // What says that a server runs here is of the other folder.
        if name != "docket.server" {
            fs::copy(entry.path(), copy.path().join(name)).expect("space");
        }
    }
    copy
}

fn shown(data: &Path) -> Value {
    docket(data, &["installation", "show", "--json"]).json()
}

/// The node number of an order's number.
fn node_of(id: &str) -> i64 {
    id.parse::<i64>().expect("a number") >> 12 & 0xfff
}

fn place(serve: &docket_testkit::Serve, data: &Path) -> String {
    let key = docket(
        data,
        &["key", "add", "till", "--scopes", "orders.write,prices", "--actors", "buyer"],
    )
    .fine();
    let mut client = Client::new(serve.base_url(), key.trim()).expect("a server");
    let order = json!({"buyer_id": "1001", "currency": "CNY", "shops": [
        {"shop_id": "11", "items": [{"sku_id": "T-1", "list_price": 100, "quantity": "1"}]},
    ]});
    let got = client.post("/api/orders", &order).expect("an answer");
    assert_eq!(got.status, 201, "{got:?}");
    got.body["order_id"].as_str().expect("a number").to_owned()
}

#[test]
fn two_centers_on_one_cloned_folder_give_different_numbers() {
    let data = center();
    let first = ServeCommand::new(DOCKET, data.path()).start();
    let copy = cloned(data.path());
    let second = ServeCommand::new(DOCKET, copy.path()).start();
    let (here, there) = (place(&first, data.path()), place(&second, copy.path()));
    assert_ne!(node_of(&here), node_of(&there), "{here} {there}");
    let [was, is] = [data.path(), copy.path()].map(shown);
    assert_eq!(was["installation"], is["installation"], "it may have been moved");
    assert!(is["epoch"].as_i64() > was["epoch"].as_i64(), "{is}");
    let busy = docket(copy.path(), &["installation", "another"]).refused(1);
    assert!(busy.contains("docket serve` runs on this data folder"), "{busy}");
    drop(second);
    docket(copy.path(), &["installation", "another"]).fine();
    let now = shown(copy.path());
    assert_ne!(now["installation"], was["installation"]);
    assert!(now["epoch"].as_i64() > is["epoch"].as_i64(), "{now}");
    let third = ServeCommand::new(DOCKET, copy.path()).start();
    assert_eq!(node_of(&place(&third, copy.path())), node_of(&there));
}

#[test]
fn where_there_is_no_database_it_says_so() {
    let data = tempfile::tempdir().expect("a folder");
    let said = docket(data.path(), &["installation", "show"]).refused(1);
    assert!(said.contains("there is no database yet"), "{said}");
}
