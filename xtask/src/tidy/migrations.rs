//! A migration that has been released never changes: databases out there have run it as it was. Each is
//! listed with its SHA-256 in `HASHES` beside it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::Problem;
use super::tree::Tree;

const FOLDER: &str = "crates/store/migrations/";
const LIST: &str = "crates/store/migrations/HASHES";

/// Every migration is listed, and is what the list says.
pub fn migrations(tree: &Tree) -> Vec<Problem> {
    let (listed, found) = (listed(tree), found(tree));
    let mut problems = vec![];
    for (name, hash) in &found {
        let path = format!("{FOLDER}{name}");
        match listed.get(name) {
            None => problems.push(Problem::in_file(
                &path,
                format!("is not in {LIST}: `cargo xtask tidy --bless` takes it down"),
            )),
            Some(known) if known != hash => problems.push(Problem::in_file(
                &path,
                "has changed since it was taken down; write a new migration (one that was never released \
                 may be taken out of HASHES by hand)",
            )),
            Some(_) => {}
        }
    }
    let gone = listed.keys().filter(|name| !found.contains_key(*name));
    problems.extend(gone.map(|name| Problem::in_file(LIST, format!("`{name}` is gone"))));
    problems
}

/// The list with what is new; what it holds already stays as it is.
pub fn blessed(tree: &Tree) -> Option<(String, String)> {
    let known = listed(tree);
    let mut all = found(tree);
    all.extend(known.clone());
    if all == known {
        return None;
    }
    let mut text = String::new();
    for (name, hash) in all {
        writeln!(text, "{hash}  {name}").expect("a String takes everything");
    }
    Some((LIST.to_owned(), text))
}

/// Hash by name.
fn listed(tree: &Tree) -> BTreeMap<String, String> {
    let text = tree.file(LIST).map_or("", |file| &file.text);
    let entry = |line: &str| {
        let (hash, name) = line.split_once("  ")?;
        Some((name.to_owned(), hash.to_owned()))
    };
    text.lines().filter_map(entry).collect()
}

/// Hash by name.
fn found(tree: &Tree) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for file in &tree.files {
        if let Some(name) = file.path.strip_prefix(FOLDER)
            && file.path != LIST
        {
            found.insert(name.to_owned(), hex::encode(Sha256::digest(file.text.as_bytes())));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "crates/store/migrations/sqlite/0001.sql";

    #[test]
    fn a_new_migration_is_taken_down_by_blessing() {
        let tree = Tree::of(&[(FIRST, "create table a")]);
        assert_eq!(migrations(&tree).len(), 1);
        let (path, list) = blessed(&tree).unwrap();
        let tree = Tree::of(&[(FIRST, "create table a"), (&path, &list)]);
        assert_eq!(migrations(&tree), []);
        assert_eq!(blessed(&tree), None);
    }

    #[test]
    fn a_changed_or_lost_migration_is_found_and_cannot_be_blessed() {
        let (path, list) = blessed(&Tree::of(&[(FIRST, "create table a")])).unwrap();
        let changed = Tree::of(&[(FIRST, "create table b"), (&path, &list)]);
        assert_eq!(migrations(&changed).len(), 1);
        assert_eq!(blessed(&changed), None);
        let lost = Tree::of(&[(path.as_str(), list.as_str())]);
        assert_eq!(migrations(&lost).len(), 1);
        assert_eq!(blessed(&lost), None);
    }
}
