//! A center that a demo made, once for all tests of a file: each works on a copy.

use crate::run::docket;
use std::fs;
use std::sync::OnceLock;
use tempfile::TempDir;

/// A folder of its own with a center that has some hundred orders with people.
pub fn center() -> TempDir {
    static MADE: OnceLock<TempDir> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let data = tempfile::tempdir().expect("a folder");
        docket(data.path(), &["demo", "--once"]).fine();
        data
    });
    let copy = tempfile::tempdir().expect("a folder");
    for name in ["docket.db", "docket.keys"] {
        fs::copy(made.path().join(name), copy.path().join(name)).expect("space");
    }
    copy
}
