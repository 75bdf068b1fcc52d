//! What the files of `deploy/` say of a process: what it is started with, and what is around it.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The text of a file, from the root of the repository.
pub fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The documents of a YAML file.
pub fn documents(path: &str) -> Vec<Value> {
    let read = serde_saphyr::from_multiple(&text(path));
    read.unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The one object of this kind in the manifests.
pub fn manifest(path: &str, kind: &str) -> Value {
    let found = documents(path).into_iter().filter(|document| document["kind"] == kind);
    let found: Vec<_> = found.collect();
    assert_eq!(found.len(), 1, "{path} has one {kind}");
    found.into_iter().next().expect("one")
}

/// All files of `deploy/` and its folders, from the root of the repository.
pub fn files() -> Vec<String> {
    fn collect(folder: &str, found: &mut Vec<String>) {
        for entry in fs::read_dir(root().join(folder)).expect("a folder") {
            let entry = entry.expect("an entry");
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                collect(&path, found);
            } else {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    collect("deploy", &mut found);
    found.sort();
    found
}

/// Words as a list of texts.
pub fn words(list: &Value) -> Vec<String> {
    let list = list.as_array().unwrap_or_else(|| panic!("{list} is no list"));
    list.iter().map(|word| word.as_str().expect("a text").to_owned()).collect()
}

/// The names and values of a map of texts.
pub fn pairs(map: &Value) -> BTreeMap<String, String> {
    let map = map.as_object().unwrap_or_else(|| panic!("{map} is no map"));
    let text = |(name, value): (&String, &Value)| {
        (name.clone(), value.as_str().unwrap_or_else(|| panic!("{name} is no text")).to_owned())
    };
    map.iter().map(text).collect()
}

/// Every environment variable of ours that a text names, settings and others.
pub fn variables(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let words = text.split(|c| !is_part(c)).filter(|word| word.starts_with("DOCKET_"));
    words.map(ToOwned::to_owned).collect()
}

/// What the image runs before the words of a command, and by default after them, and what it sets.
pub struct Image {
    pub entrypoint: Vec<String>,
    pub command: Vec<String>,
    pub health: Vec<String>,
    pub environment: BTreeMap<String, String>,
    pub port: u16,
    pub user: String,
}

/// The instructions of the last stage of the Dockerfile.
pub fn image() -> Image {
    let text = text("deploy/Dockerfile").replace("\\\n", " ");
    let last = text.rsplit("\nFROM ").next().expect("a stage");
    let all = |name: &str| {
        let name = format!("{name} ");
        let lines = last.lines().map(str::trim).filter_map(move |line| line.strip_prefix(&name));
        lines.map(ToOwned::to_owned).collect::<Vec<String>>()
    };
    let one = |name: &str| {
        let found = all(name);
        assert_eq!(found.len(), 1, "the Dockerfile has one {name} in its last stage");
        found.into_iter().next().expect("one")
    };
    let list = |text: &str| words(&serde_json::from_str(text).expect("a list in JSON"));
    let health = one("HEALTHCHECK");
    let (_, health) = health.split_once("CMD").expect("a command");
    let set = all("ENV").into_iter().map(|pair| {
        let (name, value) = pair.split_once('=').expect("NAME=VALUE");
        (name.to_owned(), value.to_owned())
    });
    Image {
        entrypoint: list(&one("ENTRYPOINT")),
        command: list(&one("CMD")),
        health: list(health.trim()),
        environment: set.collect(),
        port: one("EXPOSE").parse().expect("a port"),
        user: one("USER"),
    }
}

/// The values of a key of the unit, in their order.
pub fn unit(key: &str) -> Vec<String> {
    let text = text("deploy/systemd/docket.service");
    let lines = text.lines().filter_map(|line| line.split_once('='));
    lines.filter(|(name, _)| *name == key).map(|(_, value)| value.to_owned()).collect()
}

/// Seconds of `45s`.
pub fn seconds(text: &str) -> u64 {
    text.trim_end_matches('s').parse().unwrap_or_else(|_| panic!("{text} is no number of seconds"))
}
