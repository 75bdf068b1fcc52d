//! The keys of a data folder: where they are, and which.

use crate::run::docket;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Their file.
pub fn keys(data: &Path) -> PathBuf {
    data.join("docket.keys")
}

/// The keys of `data`, by number and fingerprint, as `docket privacy list` shows them.
pub fn listed(data: &Path) -> Value {
    docket(data, &["privacy", "list", "--json"]).json()
}

/// The fingerprint of one.
pub fn fingerprint(data: &Path, key: &str) -> String {
    let listed = listed(data);
    let keys = listed["keys"].as_array().expect("keys");
    let found = keys.iter().find(|found| found["key"] == key).expect("the key");
    found["fingerprint"].as_str().expect("a text").to_owned()
}
