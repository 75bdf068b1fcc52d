//! What the README, in both its languages, and the page for operators show is pasted into a real shell, block by block,
//! in an empty folder with the binary on its PATH: every command ends well, and what it says has the shape that is shown.
//! What both READMEs must have, whatever their language, is held against each other.

use docket_testkit::keeper::free_port;
use docket_testkit::within;
use rustix::process::{Pid, Signal, kill_process_group};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// How long a block may take, on a machine that does other things too.
const LIMIT: Duration = Duration::from_mins(2);

/// A block to paste, and what is shown of what it says.
#[derive(Debug, PartialEq, Eq)]
struct Block {
    code: String,
    shown: Option<String>,
}

/// The `sh` blocks of a page between two marks; a `text` block right behind one shows what it says.
fn blocks(page: &str, begins: &str, ends: &str) -> Vec<Block> {
    let (_, rest) = page.split_once(begins).unwrap_or_else(|| panic!("no mark {begins}"));
    let (part, _) = rest.split_once(ends).unwrap_or_else(|| panic!("no mark {ends}"));
    let mut found: Vec<Block> = Vec::new();
    let mut lines = part.lines();
    while let Some(line) = lines.next() {
        let Some(kind) = line.strip_prefix("```") else { continue };
        let inside: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let inside = inside.join("\n");
        match (kind, found.last_mut()) {
            ("sh", _) => found.push(Block { code: inside, shown: None }),
            ("text", Some(block)) if block.shown.is_none() => block.shown = Some(inside),
            _ => panic!("a block of the kind {kind:?} shows nothing of a command before it"),
        }
    }
    assert!(!found.is_empty(), "nothing to paste between {begins} and {ends}");
    found
}

fn page(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A `bash` that is typed into.
struct Shell {
    child: Child,
    stdin: ChildStdin,
    folder: PathBuf,
    notes: TempDir,
    pasted: usize,
}

impl Shell {
    /// In `folder`; `port` is where a center listens that is not told otherwise.
    fn start(folder: &Path, port: u16) -> Self {
        let binary = Path::new(env!("CARGO_BIN_EXE_docket")).parent().expect("a folder");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = [binary.to_owned()].into_iter().chain(std::env::split_paths(&path));
        let mut command = Command::new("bash");
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("DOCKET_") {
                command.env_remove(name);
            }
        }
        command.arg("-e").current_dir(folder).process_group(0);
        command.env("PATH", std::env::join_paths(path).expect("folders"));
        command.env("LC_ALL", "C.UTF-8").env("TZ", "Etc/UTC");
        command.env("DOCKET_SERVER__LISTEN", format!("127.0.0.1:{port}"));
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("there is a bash");
        let stdin = child.stdin.take().expect("a pipe");
        let notes = tempfile::tempdir().expect("a folder");
        Self { child, stdin, folder: folder.to_owned(), notes, pasted: 0 }
    }

    /// Pastes `code`, waits until it is done, and until what it said so far satisfies `is_right`.
    fn paste(&mut self, code: &str, is_right: impl Fn(&str) -> bool) {
        self.pasted += 1;
        let said = self.notes.path().join(format!("{}.said", self.pasted));
        let done = self.notes.path().join(format!("{}.done", self.pasted));
        let (to, mark) = (said.display(), done.display());
        writeln!(self.stdin, "{{\n{code}\n}} > '{to}' 2>&1 < /dev/null\ntouch '{mark}'")
            .expect("the shell lives");
        let text = || fs::read_to_string(&said).unwrap_or_default();
        let ended = within(LIMIT, || {
            let died = self.child.try_wait().expect("a child").is_some();
            (died || (done.exists() && is_right(&text()))).then_some(died)
        });
        let logs = fs::read_to_string(self.folder.join("serve.log")).unwrap_or_default();
        match ended {
            Some(false) => {}
            Some(true) => {
                panic!("a command failed in:\n{code}\n--- it said:\n{}\n--- log:\n{logs}", text())
            }
            None => panic!(
                "pasted:\n{code}\n--- said something else than is shown:\n{}\n--- log:\n{logs}",
                text()
            ),
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // What it started in the background is of its group.
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}

/// What is left of a line where what differs from run to run is taken out: numbers of orders, moments, fingerprints,
/// and the width of columns.
fn shape(line: &str) -> String {
    let word = |word: &str| {
        let word = word.trim_end_matches('Z');
        let bare: String = word.chars().filter(char::is_ascii_hexdigit).collect();
        let is_moment = word.len() >= 8
            && word.starts_with(|c: char| c.is_ascii_digit())
            && word.chars().all(|c| c.is_ascii_digit() || "-:.T".contains(c));
        if bare.len() >= 15
            && word.chars().filter(char::is_ascii_alphanumeric).count() == bare.len()
        {
            word.chars().filter(|c| !c.is_ascii_alphanumeric()).chain(['#']).collect()
        } else if is_moment && word.chars().any(|c| "-:".contains(c)) {
            "@".to_owned()
        } else {
            word.to_owned()
        }
    };
    line.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

/// The same without any number: where what is counted differs too.
fn outline(line: &str) -> String {
    let mut text = shape(line);
    text.retain(|c| !c.is_ascii_digit());
    text
}

/// Whether what was said has the lines that are shown, one after another; `…` stands for any lines, and at the end of
/// one for what else it has.
fn fits(said: &str, shown: &str, shape: fn(&str) -> String) -> bool {
    fn rest(said: &[String], shown: &[String]) -> bool {
        match shown.split_first() {
            None => said.is_empty(),
            Some((line, after)) if line == "…" => {
                (0..=said.len()).any(|skipped| rest(&said[skipped..], after))
            }
            Some((line, after)) => {
                let same = |said: &String| match line.strip_suffix('…') {
                    Some(begins) => said.starts_with(begins),
                    None => said == line,
                };
                said.first().is_some_and(same) && rest(&said[1..], after)
            }
        }
    }
    let lines = |text: &str| text.lines().map(shape).collect::<Vec<_>>();
    rest(&lines(said.trim_end()), &lines(shown))
}

/// Pastes all blocks in an empty folder, with the ports that are named exchanged for free ones.
fn follow(blocks: &[Block], before: &str, shape: fn(&str) -> String) {
    let folder = tempfile::tempdir().expect("a folder");
    let ports = [7300, 7310].map(|port| (port, free_port().expect("a port")));
    let here = |text: &str| {
        ports.iter().fold(text.to_owned(), |text, (port, free)| {
            text.replace(&port.to_string(), &free.to_string())
        })
    };
    let mut shell = Shell::start(folder.path(), ports[0].1);
    shell.paste(before, |_| true);
    for Block { code, shown } in blocks {
        let shown = shown.as_deref().map(here);
        shell.paste(&here(code), |said| {
            shown.as_deref().is_none_or(|shown| fits(said, shown, shape))
        });
    }
}

/// Follows the tour of a README.
fn tour(readme: &str) {
    let tour = blocks(&page(readme), "<!-- The tour", "<!-- End of the tour. -->");
    follow(&tour, "true", shape);
}

#[test]
fn the_tour_of_the_readme_runs_as_it_is_pasted() {
    tour("README.md");
}

#[test]
fn the_tour_of_the_chinese_readme_runs_as_it_is_pasted() {
    tour("README.zh.md");
}

#[test]
fn the_backup_drill_runs_as_it_is_pasted() {
    let drill = blocks(&page("docs/operations.md"), "<!-- The drill", "<!-- End of the drill. -->");
    let before =
        "docket --data docket-data demo --once > /dev/null\ndocket serve > serve.log 2>&1 &";
    follow(&drill, before, outline);
}

/// What a page has in whatever language: code blocks of such kinds and tables of such rows, one after another, links to
/// there, figures, each as often as it stands there, and what is named in backticks.
fn bones(page: &str) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    let mut add = |bone: String| *found.entry(bone).or_default() += 1;
    let mut prose = String::new();
    let (mut blocks, mut rows, mut is_code) = (0, 0, false);
    for line in page.lines() {
        if let Some(kind) = line.strip_prefix("```") {
            is_code = !is_code;
            if is_code {
                blocks += 1;
                add(format!("block {blocks}: {kind}"));
            }
        } else if !is_code {
            if line.starts_with('|') {
                rows += 1;
                // A `|` inside a cell is written `\|`.
                let cells = line.replace("\\|", "").matches('|').count() - 1;
                add(format!("row {rows}: {cells} cells"));
            }
            prose.extend([line, "\n"]);
        }
    }
    let links = prose.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    // The link from one language to the other leads both ways; a page that there is in both is one page.
    for link in links.map(|link| link.replace(".zh.md", ".md")) {
        add(format!("link: {link}"));
    }
    let is_figure = |c: char| c.is_ascii_digit() || c == '.' || c == ',';
    for text in prose.split('`').step_by(2) {
        let words = text.split(|c| !is_figure(c)).map(|word| word.trim_matches(['.', ',']));
        for word in words.filter(|word| !word.is_empty()) {
            add(format!("figure: {word}"));
        }
    }
    for named in prose.split('`').skip(1).step_by(2) {
        let named = named.split_whitespace().collect::<Vec<_>>().join(" ");
        found.insert(format!("named: {named}"), 1);
    }
    found
}

/// What one page has and the other has not, or not as often.
fn beyond(one: &str, other: &str) -> Vec<String> {
    let (one, other) = (bones(one), bones(other));
    let more =
        one.iter().filter(|(bone, count)| other.get(*bone).is_none_or(|there| there < count));
    more.map(|(bone, _)| bone.clone()).collect()
}

#[test]
fn both_readmes_have_the_same_blocks_rows_links_figures_and_names() {
    let (english, chinese) = (page("README.md"), page("README.zh.md"));
    assert_eq!(beyond(&english, &chinese), [""; 0], "README.zh.md lacks what README.md has");
    assert_eq!(beyond(&chinese, &english), [""; 0], "README.md lacks what README.zh.md has");
}

#[test]
fn what_one_page_lacks_is_seen() {
    let english = "Two [a](x.md), `b\n c`, 1.5 ms,\n```sh\n7\n```\n| 5 s | `a\\|b` |\n";
    let chinese = "两个 `b c`，[甲](x.md)，1.5 毫秒：\n```sh\n8 9\n```\n| 5 秒 | `a\\|b` |\n";
    assert_eq!(beyond(english, chinese), [""; 0]);
    assert_eq!(beyond(chinese, english), [""; 0]);
    for (less, lacking) in [
        (chinese.replace("1.5", "2.5"), "figure: 1.5"),
        (chinese.replace("](x.md)", "](y.md)"), "link: x.md"),
        (chinese.replace("```sh", "```text"), "block 1: sh"),
        (chinese.replace("`b c`", "`b`"), "named: b c"),
        (chinese.replace("| 5 秒 ", ""), "row 1: 2 cells"),
    ] {
        assert!(beyond(english, &less).contains(&lacking.to_owned()), "{lacking}");
    }
}

#[test]
fn what_is_shown_is_held_against_what_is_said() {
    let page = "a\n<!-- b\n```sh\none\n```\n```text\n1\n```\nwords\n```sh\ntwo\n```\n<!-- e";
    let one = Block { code: "one".to_owned(), shown: Some("1".to_owned()) };
    let two = Block { code: "two".to_owned(), shown: None };
    assert_eq!(blocks(page, "<!-- b", "<!-- e"), [one, two]);

    let said = "Order 394501206031991039: paid 115.00 CNY\n placed   2026-11-29 02:25:38\nmore\n";
    let fine = "Order 391320997262786815: paid 115.00 CNY\n placed 2026-11-20 12:45:05\n…";
    assert!(fits(said, fine, shape));
    assert!(
        fits(said, "…\nmore", shape) && fits(said, "…", shape) && fits(said, "Order…\n…", shape)
    );
    for wrong in [
        "Order 391320997262786815: paid 116.00 CNY\n…",
        "Order 391320997262786815: paid 115.00 CNY\n placed 2026-11-20 12:45:05",
        "…\nless",
        "placed 2026-11-20 12:45:05\n…",
        "",
    ] {
        assert!(!fits(said, wrong, shape), "{wrong}");
    }
    assert!(fits("4414 rows, key 733c9d10786df79b", "7 rows, key c0c5338fa5d7ce6d", outline));
    assert!(!fits("4414 rows", "7 columns", outline));
}
