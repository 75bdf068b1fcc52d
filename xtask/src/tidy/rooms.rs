//! Rooms of a crate, its modules of the first level: who uses whom points one way, so that each can be read without those
//! above it. What a crate shows of itself (`crate::App`, `crate::Error`) is no room.

use std::collections::{BTreeMap, BTreeSet};

use super::Problem;
use super::rust_text::take_apart;
use super::tree::{SourceFile, Tree};

/// Crates whose rooms have no circle.
const CRATES: [&str; 2] = ["app", "store"];

/// Who uses whom, each with the file that does.
type Uses<'a> = BTreeMap<&'a str, BTreeMap<&'a str, &'a str>>;

/// No room is used, over whatever way, by one that it uses.
pub fn rooms(tree: &Tree) -> Vec<Problem> {
    CRATES.iter().filter_map(|name| circle(&uses(tree, name))).collect()
}

fn uses<'a>(tree: &'a Tree, name: &str) -> Uses<'a> {
    let folder = format!("crates/{name}/src/");
    let of_crate = || tree.rust().filter(|file| file.path.starts_with(&folder));
    let rooms: BTreeMap<&str, Vec<&SourceFile>> =
        of_crate().fold(BTreeMap::new(), |mut all, file| {
            let room = file.path[folder.len()..].split('/').next().unwrap_or_default();
            let room = room.strip_suffix(".rs").unwrap_or(room);
            all.entry(room).or_insert_with(Vec::new).push(file);
            all
        });
    let mut uses = Uses::new();
    for (room, files) in rooms.iter().filter(|(room, _)| !["lib", "main"].contains(room)) {
        let own = files.iter().filter(|file| !file.path.contains("tests"));
        for file in own {
            let named = named(&file.text);
            let used = rooms.keys().filter(|other| *other != room && named.contains(**other));
            uses.entry(room).or_default().extend(used.map(|used| (*used, file.path.as_str())));
        }
    }
    uses
}

/// What follows `crate::` in the code of `text`, tests aside; of a list, each that it begins with.
fn named(text: &str) -> BTreeSet<String> {
    let code = take_apart(text).code;
    let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let word = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let mut named = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let Some(list) = rest.strip_prefix('{') else {
            named.insert(word(rest));
            continue;
        };
        let (mut depth, mut first) = (0, true);
        for (at, c) in list.char_indices() {
            if depth == 0 && first && !c.is_whitespace() {
                named.insert(word(&list[at..]));
                first = false;
            }
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => first = true,
                _ => {}
            }
        }
    }
    named
}

/// One circle, told at the file that closes it.
fn circle(uses: &Uses<'_>) -> Option<Problem> {
    let mut done = BTreeSet::new();
    uses.keys().find_map(|room| walk(uses, room, &mut Vec::new(), &mut done))
}

fn walk<'a>(
    uses: &Uses<'a>,
    room: &'a str,
    way: &mut Vec<&'a str>,
    done: &mut BTreeSet<&'a str>,
) -> Option<Problem> {
    if done.contains(room) {
        return None;
    }
    way.push(room);
    for (used, file) in uses.get(room).into_iter().flatten() {
        if let Some(begin) = way.iter().position(|on| on == used) {
            let circle = [&way[begin..], &[*used]].concat().join(" -> ");
            return Some(Problem::in_file(file, format!("rooms in a circle: {circle}")));
        }
        let found = walk(uses, used, way, done);
        if found.is_some() {
            return found;
        }
    }
    way.pop();
    done.insert(room);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        let file = |(path, text): &(&str, &str)| SourceFile {
            path: format!("crates/app/src/{path}"),
            text: (*text).to_owned(),
        };
        Tree { files: files.iter().map(file).collect() }
    }

    #[test]
    fn a_circle_is_found_over_any_way_and_what_only_looks_like_one_is_none() {
        let clean = tree(&[
            ("lib.rs", "mod a; mod b; mod c; use crate::a::A;"),
            ("a.rs", "use crate::{App, b::{self, c}};\n// crate::c\n"),
            ("b.rs", "use crate::Error;"),
            ("c.rs", "use crate::a;\nfn x() { crate::b::y(\"crate::c\") }"),
            ("b/tests.rs", "use crate::a;"),
        ]);
        assert_eq!(rooms(&clean), []);
        let round = tree(&[
            ("a.rs", "use crate::{App, b::B};"),
            ("b/mod.rs", "mod deep;"),
            ("b/deep.rs", "fn x() { crate::c::y() }"),
            ("c.rs", "use crate::{\n    Error,\n    a::A,\n};"),
        ]);
        let found: Vec<_> = rooms(&round).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["crates/app/src/c.rs: rooms in a circle: a -> b -> c -> a"]);
    }
}
