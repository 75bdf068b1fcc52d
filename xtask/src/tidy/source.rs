//! Rules about the text of single files.

use super::Problem;
use super::rust_text::take_apart;
use super::tree::{SourceFile, Tree, numbered};

/// Longer, and nobody reads it before the code.
const HEADER_LIMIT: usize = 10;

/// Where SQL may stand: the store, the bare limit that `docket bench` compares itself with, and here, where
/// it is looked for.
const SQL_ALLOWED: [&str; 4] = [
    "crates/store/",
    "crates/docket/src/bench/bare.rs",
    "crates/docket/src/bench/bare/",
    "xtask/src/tidy/source.rs",
];

/// Every file opens with 1 to 10 lines that say what lives there.
pub fn header(tree: &Tree) -> Vec<Problem> {
    let check = |file: &SourceFile| {
        let header = file.text.lines().take_while(|line| line.starts_with("//!")).count();
        match header {
            0 => Some(Problem::in_file(&file.path, "open it with `//!`: what lives here")),
            1..=HEADER_LIMIT => None,
            long => Some(Problem::in_file(
                &file.path,
                format!("its header has {long} lines; at most {HEADER_LIMIT} are read"),
            )),
        }
    };
    tree.rust().filter_map(check).collect()
}

/// Nothing is left half done.
pub fn unfinished(tree: &Tree) -> Vec<Problem> {
    in_lines(
        tree.rust(),
        |file| take_apart(&file.text).code,
        |line| {
            let mark =
                ["todo!", "unimplemented!", "dbg!"].into_iter().find(|mark| line.contains(mark))?;
            Some(format!("`{mark}` must not be committed"))
        },
    )
}

/// What is left for later has an issue: `TODO(#12)`.
pub fn todo_without_issue(tree: &Tree) -> Vec<Problem> {
    in_lines(
        tree.rust(),
        |file| take_apart(&file.text).comments,
        |line| {
            let mark = ["TODO", "FIXME", "XXX"]
                .into_iter()
                .find(|mark| line.split(mark).skip(1).any(|rest| !rest.starts_with("(#")))?;
            Some(format!("name the issue, `{mark}(#12)`, or do it"))
        },
    )
}

/// Only the store knows SQL.
pub fn sql_outside_store(tree: &Tree) -> Vec<Problem> {
    let elsewhere =
        tree.rust().filter(|file| !SQL_ALLOWED.iter().any(|place| file.path.starts_with(place)));
    in_lines(
        elsewhere,
        |file| take_apart(&file.text).strings,
        |line| is_sql(line).then(|| "SQL belongs into crates/store".to_owned()),
    )
}

fn is_sql(line: &str) -> bool {
    // In capitals, as we write it; a sentence for people that begins with "Select" is none.
    let begins = ["SELECT ", "INSERT INTO ", "INSERT IGNORE ", "REPLACE INTO ", "DELETE FROM "];
    let updates = line.split_once("UPDATE ").is_some_and(|(before, after)| {
        let is_first = before.trim_end().is_empty() || before.ends_with(['"', '(']);
        is_first && after.starts_with(|c: char| c.is_ascii_lowercase() || "_`{".contains(c))
    });
    updates || begins.iter().any(|begin| line.contains(begin))
}

/// Columns that hold codes of enums.
const CODES: [&str; 12] = [
    "actor_kind",
    "delivery_status",
    "from_status",
    "kept",
    "kind",
    "ledger",
    "refund_status",
    "state",
    "status",
    "store_status",
    "to_status",
    "visible",
];

/// SQL names the codes of enums: whoever changes one is to be heard by every statement.
pub fn bare_code(tree: &Tree) -> Vec<Problem> {
    let ours = |file: &&SourceFile| {
        file.path.starts_with("crates/store/src/") && !file.path.ends_with("tests.rs")
    };
    in_lines(
        tree.rust().filter(ours),
        |file| take_apart(&file.text).strings,
        |line| {
            let column = CODES.into_iter().find(|column| compares_with_a_number(line, column))?;
            Some(format!("`{column}` is a code of an enum: name it, as in `sql!`"))
        },
    )
}

/// Whether `line` sets or compares `column` with a number that is written out, also behind an arithmetic zero.
fn compares_with_a_number(line: &str, column: &str) -> bool {
    let number = |text: &str| text.trim_start().starts_with(|c: char| c.is_ascii_digit());
    line.match_indices(column).any(|(at, _)| {
        let is_whole = !line[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let after = line[at + column.len()..].trim_start();
        let after = after.strip_prefix("+ 0").unwrap_or(after).trim_start();
        let compared = ["<>", "=", "IN (", "NOT IN ("].into_iter();
        is_whole && compared.filter_map(|word| after.strip_prefix(word)).any(number)
    })
}

/// No path of somebody's machine.
pub fn machine_path(tree: &Tree) -> Vec<Problem> {
    // Put together here, so that this file does not accuse itself.
    let folders = ["work", "root", "home", "Users"].map(|name| format!("/{name}/"));
    in_lines(
        tree.files.iter(),
        |file| file.text.clone(),
        |line| {
            let is_path = |folder: &String| {
                line.match_indices(folder.as_str()).any(|(at, _)| {
                    // Part of a longer path or of an address is something else.
                    !line[..at].ends_with(|c: char| c.is_alphanumeric() || "./_-}*".contains(c))
                })
            };
            let folder = folders.iter().find(|folder| is_path(folder))?;
            Some(format!("`{folder}` is a path of one machine"))
        },
    )
}

/// Problems of the lines that `part` shows of each file.
fn in_lines<'a>(
    files: impl Iterator<Item = &'a SourceFile>,
    part: impl Fn(&SourceFile) -> String,
    problem: impl Fn(&str) -> Option<String>,
) -> Vec<Problem> {
    let mut problems = vec![];
    for file in files {
        for (number, line) in numbered(&part(file)) {
            problems
                .extend(problem(line).map(|message| Problem::in_line(&file.path, number, message)));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of `text`, as a file at `path`, that `rule` finds fault with; 0 for the file as a whole.
    fn faults(rule: fn(&Tree) -> Vec<Problem>, path: &str, text: &str) -> Vec<usize> {
        let problems = rule(&Tree::of(&[(path, text)]));
        problems.into_iter().map(|problem| problem.line.unwrap_or(0)).collect()
    }

    const APP: &str = "crates/app/src/lane.rs";

    #[test]
    fn a_file_needs_a_header_that_people_read() {
        assert_eq!(faults(header, APP, "//! The lane.\n"), Vec::<usize>::new());
        assert_eq!(faults(header, APP, "// The lane.\n"), [0]);
        assert_eq!(faults(header, APP, &"//! long\n".repeat(11)), [0]);
    }

    #[test]
    fn unfinished_code_is_found_but_not_its_name() {
        assert_eq!(faults(unfinished, APP, "f();\ntodo!(\"later\")\n"), [2]);
        assert_eq!(faults(unfinished, APP, "dbg!(x)\nunimplemented!()\n"), [1, 2]);
        assert_eq!(
            faults(unfinished, APP, "// no todo!()\nlet s = \"dbg!\";\n"),
            Vec::<usize>::new()
        );
    }

    #[test]
    fn a_later_needs_an_issue() {
        assert_eq!(faults(todo_without_issue, APP, "// TODO: later\n"), [1]);
        assert_eq!(
            faults(todo_without_issue, APP, "// TODO(#7): later\nlet s = \"TODO\";\n"),
            Vec::<usize>::new()
        );
    }

    #[test]
    fn sql_is_found_in_strings_outside_the_store() {
        let queries = "f(\"SELECT a FROM t\");\nf(\"UPDATE t\n  SET a\");\nf(\"DELETE FROM t\");\n";
        assert_eq!(faults(sql_outside_store, APP, queries), [1, 2, 4]);
        assert_eq!(
            faults(sql_outside_store, "crates/store/src/tree.rs", queries),
            Vec::<usize>::new()
        );
        assert_eq!(
            faults(sql_outside_store, "crates/docket/src/bench/bare.rs", queries),
            Vec::<usize>::new()
        );
        let innocent = "// SELECT a\nf(\"DELETE /api/keys\");\nf(\"an UPDATE of it\");\n";
        assert_eq!(faults(sql_outside_store, APP, innocent), Vec::<usize>::new());
    }

    #[test]
    fn a_bare_code_is_found_in_sql_of_the_store() {
        let store = "crates/store/src/tables/tasks.rs";
        let bare =
            "f(\"WHERE state = 3\");\ng(\"p.status + 0 = 0\");\nh(\"a.ledger IN (3, 4)\");\n";
        assert_eq!(faults(bare_code, store, bare), [1, 2, 3]);
        assert_eq!(faults(bare_code, APP, bare), Vec::<usize>::new());
        let named = "f(\"WHERE state = {DEAD} AND id = 3 AND estate = 1 AND kind = ?\");\n";
        assert_eq!(faults(bare_code, store, named), Vec::<usize>::new());
    }

    #[test]
    fn a_path_of_one_machine_is_found_in_any_text() {
        let path = format!("see {}me/docs\n", ["", "home", ""].join("/"));
        assert_eq!(faults(machine_path, "README.md", &path), [1]);
        let address = format!("https://example.org{}\n", ["", "home", ""].join("/"));
        assert_eq!(faults(machine_path, "README.md", &address), Vec::<usize>::new());
    }
}
