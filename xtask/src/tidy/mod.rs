//! `cargo xtask tidy`: rules of the tree that the compiler and clippy do not hold. Each rule is a function
//! from the tree to its problems; this file lists them and runs them. The same runs as a test.

mod layers;
mod migrations;
mod operations;
mod pages;
mod ratchet;
mod rooms;
mod rust_text;
mod source;
mod tree;

use std::fmt;
use std::fs;
use std::path::Path;

use tree::Tree;

use crate::step::{cargo, step, succeed};
use crate::{Failure, root};

/// A rule has a name (by which ARCHITECTURE.md may point at it) and finds what breaks it.
type Rule = (&'static str, fn(&Tree) -> Vec<Problem>);

/// All rules.
const RULES: [Rule; 17] = [
    ("header", source::header),
    ("unfinished", source::unfinished),
    ("todo-without-issue", source::todo_without_issue),
    ("sql-outside-store", source::sql_outside_store),
    ("bare-code", source::bare_code),
    ("machine-path", source::machine_path),
    ("layers", layers::layers),
    ("pure-crates", layers::pure_crates),
    ("wrappers", layers::wrappers),
    ("clippy-edges", layers::clippy_edges),
    ("ratchet", ratchet::ratchet),
    ("rooms", rooms::rooms),
    ("decisions", pages::decisions),
    ("architecture", pages::architecture),
    ("invariants", pages::invariants),
    ("migrations", migrations::migrations),
    ("operations", operations::operations),
];

/// One place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Problem {
    path: String,
    /// From 1; none where it concerns the whole file.
    line: Option<usize>,
    message: String,
}

impl Problem {
    fn in_file(path: &str, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: None, message: message.into() }
    }

    fn in_line(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: Some(line), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.path, self.message),
            None => write!(f, "{}: {}", self.path, self.message),
        }
    }
}

/// Checks the format and all rules.
pub fn run() -> Result<(), Failure> {
    let format = step("cargo fmt", || succeed(&mut cargo(["fmt", "--all", "--check"])));
    let rules = step("rules of the tree", || {
        let tree = read(&root())?;
        let problems = problems(&tree);
        for problem in &problems {
            eprintln!("{problem}");
        }
        match problems.len() {
            0 => Ok(()),
            count => Err(Failure::because(format!("Problems in the tree: {count}."))),
        }
    });
    format.and(rules)
}

/// Writes the ratchet as the tree is now, and takes down migrations that are new.
pub fn bless() -> Result<(), Failure> {
    let root = root();
    let tree = read(&root)?;
    for (path, text) in [ratchet::blessed(&tree), migrations::blessed(&tree)].into_iter().flatten()
    {
        fs::write(root.join(&path), text)
            .map_err(|error| Failure::because(format!("{path} cannot be written: {error}")))?;
        eprintln!("==> wrote {path}");
    }
    Ok(())
}

fn read(root: &Path) -> Result<Tree, Failure> {
    Tree::read(root).map_err(|error| Failure::because(format!("The tree cannot be read: {error}.")))
}

/// What breaks any rule, as lines for people.
fn problems(tree: &Tree) -> Vec<String> {
    let of = |(name, rule): Rule| {
        rule(tree).into_iter().map(move |problem| format!("{problem} [{name}]"))
    };
    RULES.into_iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_tidy() {
        let problems = problems(&Tree::read(&root()).unwrap());
        assert!(problems.is_empty(), "\n{}", problems.join("\n"));
    }

    #[test]
    fn a_problem_names_file_line_and_rule() {
        let tree = Tree::of(&[("crates/app/src/lib.rs", "//! App.\nfn f() { dbg!(1); }\n")]);
        let found = problems(&tree);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("crates/app/src/lib.rs:2: "), "{found:?}");
        assert!(found[0].ends_with(" [unfinished]"), "{found:?}");
    }
}
