//! Whether the tests got every operation of the API's document to do what it is for at least once.
//!
//! Tests that hold their answers against the document write down what they exercised; this reads it.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use docket_testkit::contract::EXERCISED_VARIABLE;
use serde_json::Value;

use crate::python::target;
use crate::{Failure, root};

const DOCUMENT: &str = "crates/http/openapi.json";

/// What gateways and marketplaces send by themselves, real processes in tests; no marketplace that is connected so far
/// pushes without a body.
const ELSEWHERE: [&str; 3] = [
    "POST /api/payments/callbacks/{gateway}",
    "POST /api/channels/{channel}/push",
    "GET /api/channels/{channel}/push",
];

/// Where tests write down what they exercised.
pub struct Exercised(PathBuf);

impl Exercised {
    /// Nothing yet.
    pub fn nothing() -> Result<Self, Failure> {
        let file = target().join("exercised.txt");
        fs::write(&file, "")
            .map_err(|error| Failure::because(format!("{}: {error}.", file.display())))?;
        Ok(Self(file))
    }

    /// The variable that tells tests where that is.
    pub fn environment(&self) -> (&'static str, &PathBuf) {
        (EXERCISED_VARIABLE, &self.0)
    }

    /// Fails where an operation never did what it is for.
    pub fn compare(&self) -> Result<(), Failure> {
        let read = |path: &PathBuf| {
            fs::read_to_string(path)
                .map_err(|error| Failure::because(format!("{}: {error}.", path.display())))
        };
        let document = serde_json::from_str(&read(&root().join(DOCUMENT))?)
            .map_err(|error| Failure::because(format!("{DOCUMENT}: {error}.")))?;
        let missing = missing(&document, &read(&self.0)?);
        if missing.is_empty() {
            return Ok(());
        }
        Err(Failure::because(format!(
            "No test that holds answers against {DOCUMENT} was answered with success by:\n  {}",
            missing.join("\n  ")
        )))
    }
}

/// The operations of `document` that no line of `exercised` (`METHOD PATH STATUS`) tells a success of.
fn missing(document: &Value, exercised: &str) -> Vec<String> {
    let done: BTreeSet<String> = exercised
        .lines()
        .filter_map(|line| line.rsplit_once(' '))
        .filter(|(_, status)| status.starts_with(['2', '3']))
        .map(|(operation, _)| operation.to_owned())
        .collect();
    let paths = document["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten();
        methods.map(move |(method, _)| format!("{} {path}", method.to_uppercase()))
    });
    let is_here = |operation: &String| !ELSEWHERE.contains(&operation.as_str());
    operations.filter(is_here).filter(|operation| !done.contains(operation)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_operation_that_only_failed_is_missing() {
        let document = json!({"paths": {"/a": {"get": {}, "post": {}}, "/b/{id}": {"get": {}}}});
        let exercised = "GET /a 200\nPOST /a 422\nGET /b/{id} 307\n";
        assert_eq!(missing(&document, exercised), ["POST /a"]);
    }
}
