//! The rule about the page for operators: it names every line that the log of a center may have and every figure of
//! `/metrics`, and none that there is not.

use std::collections::BTreeSet;

use super::Problem;
use super::rust_text::take_apart;
use super::tree::{SourceFile, Tree, numbered};

const PAGE: &str = "docs/operations.md";
/// The chapter whose table has a line of the log in each first column.
const LOG: &str = "## The log";
/// Levels that are shown where nobody asks for more.
const LEVELS: [&str; 3] = ["tracing::info!(", "tracing::warn!(", "tracing::error!("];
/// Where figures get their names, and what these begin with.
const FIGURES: &str = "crates/http/src/";
const FIGURE: [&str; 2] = ["docket_", "process_"];
/// What no center runs.
const ELSEWHERE: [&str; 4] =
    ["crates/sandbox/", "crates/testkit/", "crates/docket/src/bench/", "crates/docket/src/demo/"];

/// Something that a center says, and where the source has it.
struct Said<'a> {
    file: &'a SourceFile,
    line: usize,
    text: String,
}

/// Holds the page against the sources, both ways.
pub fn operations(tree: &Tree) -> Vec<Problem> {
    let Some(page) = tree.file(PAGE) else { return vec![] };
    let ours = |file: &&SourceFile| {
        file.path.contains("/src/") && !ELSEWHERE.iter().any(|folder| file.path.starts_with(folder))
    };
    let lines: Vec<Said<'_>> = tree.rust().filter(ours).flat_map(log_lines).collect();
    let mut problems = vec![];
    for Said { file, line, text } in &lines {
        if !page.lines().any(|(_, row)| tells(row, text)) {
            let message = format!("{PAGE} does not say what the line `{text}` of the log means");
            problems.push(Problem::in_line(&file.path, *line, message));
        }
    }
    let mut told = BTreeSet::new();
    for (number, row) in rows(page) {
        if !told.insert(row.split(" | ").next()) {
            problems.push(Problem::in_line(PAGE, number, "this line of the log was told above"));
        }
        if !lines.iter().any(|said| tells(row, &said.text)) {
            problems.push(Problem::in_line(PAGE, number, "no log has such a line"));
        }
    }

    let figures: Vec<Said<'_>> =
        tree.rust().filter(|file| file.path.starts_with(FIGURES)).flat_map(figures).collect();
    let known: BTreeSet<&str> = figures.iter().map(|figure| figure.text.as_str()).collect();
    for Said { file, line, text } in &figures {
        if !named(&page.text).any(|name| name == text) {
            let message = format!("{PAGE} does not say what the figure `{text}` means");
            problems.push(Problem::in_line(&file.path, *line, message));
        }
    }
    for (number, text) in page.lines() {
        for name in named(text).filter(|name| !known.contains(name)) {
            problems.push(Problem::in_line(PAGE, number, format!("there is no figure `{name}`")));
        }
    }
    problems
}

/// Whether a row tells of a line of the log: what stands in braces is filled in later.
fn tells(row: &str, line: &str) -> bool {
    let fixed = line.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest));
    row.starts_with('|') && fixed.into_iter().all(|part| row.contains(part.trim()))
}

/// The rows of the table of the log.
fn rows(page: &SourceFile) -> impl Iterator<Item = (usize, &str)> {
    let from = page.lines().skip_while(|(_, line)| *line != LOG).skip(1);
    let chapter = from.take_while(|(_, line)| !line.starts_with("## "));
    chapter.filter(|(_, line)| line.starts_with("| `"))
}

/// What the calls of the log in a file say.
fn log_lines(file: &SourceFile) -> Vec<Said<'_>> {
    let parts = take_apart(&file.text);
    let calls = LEVELS.into_iter().flat_map(|call| {
        parts.code.match_indices(call).map(|(at, call)| at + call.len()).collect::<Vec<_>>()
    });
    let said = calls.filter_map(|begin| {
        let end = closed(&parts.code, begin);
        let text = literals(&parts.strings[begin..end]).pop()?;
        Some(Said { file, line: line_at(&file.text, begin), text })
    });
    said.collect()
}

/// Names of figures that stand whole in a file.
fn figures(file: &SourceFile) -> Vec<Said<'_>> {
    let parts = take_apart(&file.text);
    let mut found = vec![];
    for (line, text) in numbered(&parts.strings) {
        let whole = |text: &String| named(text).next() == Some(text);
        found.extend(literals(text).into_iter().filter(whole).map(|text| Said {
            file,
            line,
            text,
        }));
    }
    found
}

/// The names of figures in a text.
fn named(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| FIGURE.iter().any(|begins| word.starts_with(begins)))
}

/// Where the bracket that was opened before `begin` closes.
fn closed(code: &str, begin: usize) -> usize {
    let mut open = 1;
    let end = code.bytes().skip(begin).position(|byte| {
        open += i32::from(byte == b'(') - i32::from(byte == b')');
        open == 0
    });
    end.map_or(code.len(), |length| begin + length)
}

/// What stands between quotes; a line that goes on behind a backslash is one.
fn literals(strings: &str) -> Vec<String> {
    let mut found = vec![];
    let mut rest = strings;
    while let Some((_, opened)) = rest.split_once('"') {
        let mut escaped = false;
        let end = opened.bytes().position(|byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        });
        let Some(end) = end else { break };
        let lines = opened[..end].split("\\\n").enumerate();
        let joined = lines.map(|(n, line)| if n == 0 { line } else { line.trim_start() });
        found.push(joined.collect());
        rest = &opened[end + 1..];
    }
    found
}

fn line_at(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "fn f() {\n    tracing::warn!(%error, \"it is \\\n        away ({why}); wait\");\n    \
                          tracing::debug!(\"at work\");\n    tracing::info!(n = g(\"x\"), \"done\");\n}\n";
    const METRICS: &str = "fn g() { text.gauge(\"docket_up\", \"1 if docket_up is.\", 1); }\n";

    fn found(page: &str) -> Vec<String> {
        let files = [
            (PAGE, page),
            ("crates/app/src/x.rs", SOURCE),
            ("crates/http/src/m.rs", METRICS),
            ("crates/sandbox/src/x.rs", "fn f() { tracing::info!(\"elsewhere\") }"),
            ("crates/app/tests/x.rs", "fn f() { tracing::info!(\"tried\") }"),
        ];
        operations(&Tree::of(&files)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_line_and_figure_is_on_the_page_and_no_other() {
        let whole = "| `docket_up == 0` | away |\n\n## The log\n| line | means |\n|---|---|\n\
                     | `it is away (…); wait` | |\n| `done` | |\n## More\n| `nothing` |\n";
        assert_eq!(found(whole), Vec::<String>::new());
        let page = "docket_down\n## The log\n| `done` | |\n| `did` | |\n| `done` | |\n";
        assert_eq!(
            found(page),
            [
                "crates/app/src/x.rs:2: docs/operations.md does not say what the line \
                 `it is away ({why}); wait` of the log means",
                "docs/operations.md:4: no log has such a line",
                "docs/operations.md:5: this line of the log was told above",
                "crates/http/src/m.rs:1: docs/operations.md does not say what the figure `docket_up` means",
                "docs/operations.md:1: there is no figure `docket_down`",
            ]
        );
        assert_eq!(operations(&Tree::of(&[("crates/app/src/x.rs", SOURCE)])), []);
    }
}
