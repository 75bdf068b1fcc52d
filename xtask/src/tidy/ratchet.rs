//! Long files and functions may shrink, not grow. Those over the limit are listed with their length in
//! `xtask/ratchet.txt`; whoever makes one longer, or a new one too long, has to say so there.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Problem;
use super::rust_text::{functions, take_apart};
use super::tree::{SourceFile, Tree};

const PATH: &str = "xtask/ratchet.txt";
const FILE_LIMIT: usize = 450;
const FUNCTION_LIMIT: usize = 70;

const HEADER: &str = "\
# Files of more than 450 lines and functions of more than 70, with their length. They may shrink, not grow;
# look for the missing idea before you raise a number. Written by `cargo xtask tidy --bless`.
";

/// What is too long: length by key, which is a path, or a path and a function.
type Lengths = BTreeMap<String, usize>;

/// Nothing over its limit is longer than the list says.
pub fn ratchet(tree: &Tree) -> Vec<Problem> {
    let listed = tree.file(PATH).map(|file| parse(&file.text)).unwrap_or_default();
    let mut problems = vec![];
    for (key, length) in measure(tree) {
        let path = key.split(' ').next().unwrap_or_default();
        let what = key.strip_prefix(path).map(str::trim).filter(|name| !name.is_empty());
        let what = what.map_or_else(|| "the file".to_owned(), |name| format!("`{name}`"));
        match listed.get(&key) {
            Some(&most) if length <= most => {}
            Some(most) => problems.push(Problem::in_file(
                path,
                format!(
                    "{what} has grown from {most} lines to {length}; look for the missing idea"
                ),
            )),
            None => problems.push(Problem::in_file(
                path,
                format!("{what} has {length} lines; look for the missing idea"),
            )),
        }
    }
    problems
}

/// The list as the tree is now.
pub fn blessed(tree: &Tree) -> Option<(String, String)> {
    let mut text = HEADER.to_owned();
    for (key, length) in measure(tree) {
        writeln!(text, "{length} {key}").expect("a String takes everything");
    }
    let is_news = tree.file(PATH).is_none_or(|file| file.text != text);
    is_news.then(|| (PATH.to_owned(), text))
}

fn parse(text: &str) -> Lengths {
    let entry = |line: &str| {
        let (length, key) = line.split_once(' ')?;
        Some((key.to_owned(), length.parse().ok()?))
    };
    text.lines().filter_map(entry).collect()
}

fn measure(tree: &Tree) -> Lengths {
    let mut lengths = Lengths::new();
    for file in tree.rust() {
        let length = file.text.lines().count();
        if length > FILE_LIMIT {
            lengths.insert(file.path.clone(), length);
        }
        for (key, length) in long_functions(file) {
            // Two of one name in a file: the longer speaks for both.
            let known = lengths.entry(key).or_default();
            *known = length.max(*known);
        }
    }
    lengths
}

fn long_functions(file: &SourceFile) -> impl Iterator<Item = (String, usize)> {
    let found = functions(&take_apart(&file.text).code);
    let long = found.into_iter().filter(|function| function.lines > FUNCTION_LIMIT);
    long.map(|function| (format!("{} fn {}", file.path, function.name), function.lines))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_list(file: &str, list: &str) -> Tree {
        Tree::of(&[("crates/a/src/lib.rs", file), (PATH, list)])
    }

    #[test]
    fn a_long_file_must_be_listed_and_may_only_shrink() {
        let file = "//! x\n".repeat(500);
        assert_eq!(ratchet(&with_list(&file, "")).len(), 1);
        assert_eq!(ratchet(&with_list(&file, "499 crates/a/src/lib.rs\n")).len(), 1);
        assert_eq!(ratchet(&with_list(&file, "500 crates/a/src/lib.rs\n")), []);
        assert_eq!(ratchet(&with_list("//! x\n", "500 crates/a/src/lib.rs\n")), []);
    }

    #[test]
    fn a_long_function_must_be_listed_and_may_only_shrink() {
        let file = format!("fn long() {{\n{}}}\n", "f();\n".repeat(70));
        let problems = ratchet(&with_list(&file, ""));
        assert!(problems[0].message.starts_with("`fn long` has 72 lines"), "{problems:?}");
        assert_eq!(ratchet(&with_list(&file, "71 crates/a/src/lib.rs fn long\n")).len(), 1);
        assert_eq!(ratchet(&with_list(&file, "72 crates/a/src/lib.rs fn long\n")), []);
    }

    #[test]
    fn a_blessed_tree_is_tidy_and_blessing_it_again_changes_nothing() {
        let file = format!("fn long() {{\n{}}}\n", "f();\n".repeat(600));
        let (_, list) = blessed(&with_list(&file, "")).unwrap();
        let tree = with_list(&file, &list);
        assert_eq!(ratchet(&tree), []);
        assert_eq!(blessed(&tree), None);
    }
}
