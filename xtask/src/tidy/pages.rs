//! Rules about the pages for engineers: decisions are numbered and listed, ARCHITECTURE.md knows every crate
//! and names for each invariant the check that holds it.

use super::rust_text::take_apart;
use super::tree::{SourceFile, Tree, numbered};
use super::{Problem, RULES};

const ARCHITECTURE: &str = "ARCHITECTURE.md";
const DECISIONS: &str = "docs/decisions/";
const DECISIONS_INDEX: &str = "docs/decisions/README.md";

/// Decision pages are `NNNN-words.md`, numbered from 0001 without gaps, say their number in their title,
/// and are linked from the index, which links nothing else.
pub fn decisions(tree: &Tree) -> Vec<Problem> {
    let index = tree.file(DECISIONS_INDEX).map_or("", |file| &file.text);
    let mut problems = vec![];
    let mut number = 0;
    for page in tree.files.iter().filter(|file| file.path.starts_with(DECISIONS)) {
        let name = page.path.trim_start_matches(DECISIONS);
        if page.path == DECISIONS_INDEX {
            continue;
        }
        number += 1;
        if !name.starts_with(&format!("{number:04}-")) {
            let message = format!("the next decision is {number:04}: `{number:04}-words.md`");
            problems.push(Problem::in_file(&page.path, message));
        }
        if !page.text.starts_with(&format!("# {}. ", name.get(..4).unwrap_or(name))) {
            let message = "its first line is its title: `# NNNN. The decision, as a sentence`";
            problems.push(Problem::in_line(&page.path, 1, message));
        }
        if !index.contains(&format!("]({name})")) {
            problems
                .push(Problem::in_file(&page.path, format!("is not linked in {DECISIONS_INDEX}")));
        }
    }
    for (line, text) in numbered(index) {
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let is_page = target.starts_with(|c: char| c.is_ascii_digit());
            if is_page && tree.file(&format!("{DECISIONS}{target}")).is_none() {
                let message = format!("there is no page `{target}`");
                problems.push(Problem::in_line(DECISIONS_INDEX, line, message));
            }
        }
    }
    problems
}

/// ARCHITECTURE.md mentions every crate.
pub fn architecture(tree: &Tree) -> Vec<Problem> {
    let Some(page) = tree.file(ARCHITECTURE) else { return vec![] };
    let is_mentioned = |name: &&str| {
        page.text.contains(&format!("crates/{name}"))
            || page
                .text
                .split(|c: char| c.is_whitespace() || c == '`')
                .any(|word| word == format!("{name}/"))
    };
    let silent = tree.crates().into_iter().filter(|name| !is_mentioned(name));
    silent
        .map(|name| Problem::in_file(ARCHITECTURE, format!("says nothing of crates/{name}")))
        .collect()
}

/// Under a heading with "Invariants", every list item or table row ends with the checks that hold it: the
/// last `Held by` (or the last column) names at least one in backticks, and each of them exists: a file
/// or folder, a test or other function, a tidy rule, or a `clippy::` lint.
pub fn invariants(tree: &Tree) -> Vec<Problem> {
    let Some(page) = tree.file(ARCHITECTURE) else { return vec![] };
    let stated = stated_invariants(page);
    if stated.is_empty() {
        let message = "lists no invariants: a heading with \"Invariants\", then one item each";
        return vec![Problem::in_file(ARCHITECTURE, message)];
    }
    let mut problems = vec![];
    for (line, text) in stated {
        let checks = checks(&text);
        if checks.is_empty() {
            let message = "names no check: `Held by` and its name in backticks";
            problems.push(Problem::in_line(ARCHITECTURE, line, message));
        }
        for check in checks.into_iter().filter(|check| !exists(tree, check)) {
            let message = format!("there is no check `{check}`");
            problems.push(Problem::in_line(ARCHITECTURE, line, message));
        }
    }
    problems
}

/// Each invariant with its line.
fn stated_invariants(page: &SourceFile) -> Vec<(usize, String)> {
    let mut stated: Vec<(usize, String)> = vec![];
    let mut is_section = false;
    let mut is_table_body = false;
    for (number, line) in page.lines() {
        let trimmed = line.trim();
        if line.starts_with('#') {
            is_section = line.to_lowercase().contains("invariant");
            is_table_body = false;
        } else if !is_section {
        } else if trimmed.starts_with('|') {
            let is_rule = trimmed.chars().all(|c| "|-: ".contains(c));
            if is_table_body && !is_rule {
                stated.push((number, trimmed.to_owned()));
            }
            is_table_body |= is_rule;
        } else if let Some(item) = line.strip_prefix("- ") {
            stated.push((number, item.to_owned()));
        } else if line.starts_with("  ")
            && let Some((_, item)) = stated.last_mut()
        {
            item.push(' ');
            item.push_str(trimmed);
        }
    }
    stated
}

/// What stands in backticks behind the last "Held by", or in the last column.
fn checks(invariant: &str) -> Vec<&str> {
    let held_by = match invariant.strip_prefix('|') {
        Some(row) => row.trim_end_matches('|').rsplit('|').next(),
        None => invariant.split_once("Held by").map(|(_, held_by)| held_by),
    };
    held_by.unwrap_or_default().split('`').skip(1).step_by(2).collect()
}

fn exists(tree: &Tree, check: &str) -> bool {
    let is_rule = RULES.iter().any(|(name, _)| *name == check);
    let name = check.rsplit("::").next().unwrap_or(check);
    let is_function = || {
        let declaration = format!("fn {name}");
        tree.rust().any(|file| {
            take_apart(&file.text)
                .code
                .split(&declaration)
                .skip(1)
                .any(|rest| rest.starts_with(|c: char| !c.is_alphanumeric() && c != '_'))
        })
    };
    is_rule || check.starts_with("clippy::") || tree.holds(check) || is_function()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(problems: Vec<Problem>) -> Vec<String> {
        problems.into_iter().map(|problem| problem.to_string()).collect()
    }

    #[test]
    fn decisions_are_numbered_titled_and_listed() {
        let index = "| 0001 | [One](0001-one.md) |\n";
        let good =
            Tree::of(&[("docs/decisions/0001-one.md", "# 0001. One\n"), (DECISIONS_INDEX, index)]);
        assert_eq!(decisions(&good), []);

        let gap = Tree::of(&[
            ("docs/decisions/0002-two.md", "# 0002. Two\n"),
            (DECISIONS_INDEX, "[Two](0002-two.md)"),
        ]);
        assert_eq!(decisions(&gap).len(), 1);
        let untitled =
            Tree::of(&[("docs/decisions/0001-one.md", "# One\n"), (DECISIONS_INDEX, index)]);
        assert_eq!(decisions(&untitled).len(), 1);
        let unlisted = Tree::of(&[("docs/decisions/0001-one.md", "# 0001. One\n")]);
        assert_eq!(decisions(&unlisted).len(), 1);
        let dead = Tree::of(&[(DECISIONS_INDEX, index)]);
        assert_eq!(decisions(&dead).len(), 1);
    }

    #[test]
    fn the_architecture_names_every_crate_once_it_is_written() {
        let with = |text| {
            Tree::of(&[(ARCHITECTURE, text), ("crates/app/x.rs", ""), ("crates/wire/x.rs", "")])
        };
        assert_eq!(architecture(&with("crates/app and\n  wire/  the JSON")), []);
        assert_eq!(
            messages(architecture(&with("crates/app and hardwire/"))),
            ["ARCHITECTURE.md: says nothing of crates/wire"]
        );
        assert_eq!(architecture(&Tree::of(&[("crates/app/x.rs", "")])), []);
    }

    #[test]
    fn an_invariant_names_a_check_that_exists() {
        let with = |text| {
            let code = "fn one_door() {}\n// fn in_a_comment()\n";
            Tree::of(&[(ARCHITECTURE, text), ("crates/app/src/x.rs", code), ("deny.toml", "")])
        };
        let good = "## Invariants\n- One door.\n  Held by `app::one_door`, `deny.toml`.\n\n\
                    | what | held by |\n|---|---|\n| No SQL | `wrappers` |\n| No clock | `clippy::x` |\n";
        assert_eq!(invariants(&with(good)), []);

        let faults = "## Invariants\n- One `door`.\n- Two. Held by `one_doo`.\n\
                      | w | c |\n|--|--|\n| a | hope |\n- In. Held by `in_a_comment`.\n";
        assert_eq!(
            messages(invariants(&with(faults))),
            [
                "ARCHITECTURE.md:2: names no check: `Held by` and its name in backticks",
                "ARCHITECTURE.md:3: there is no check `one_doo`",
                "ARCHITECTURE.md:6: names no check: `Held by` and its name in backticks",
                "ARCHITECTURE.md:7: there is no check `in_a_comment`",
            ]
        );
        assert_eq!(invariants(&with("# Architecture\n")).len(), 1);
    }
}
