//! What a newcomer does wrong and what is said then: in the language asked for, to programs as JSON, and
//! without anything being made or taken on the way.

mod run;

use docket_testkit::ServeCommand;
use run::{DOCKET, command, docket, run};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).expect("a folder").next().is_none()
}

/// The one line of JSON on stderr that a failure is for programs.
fn error(stderr: &str) -> Value {
    let line = stderr.lines().last().expect("a line");
    let told: Value = serde_json::from_str(line).unwrap_or_else(|why| panic!("{why}: {stderr}"));
    told["error"].clone()
}

#[test]
fn a_failure_is_told_in_the_language_asked_for() {
    let data = folder();
    docket(data.path(), &["init"]).fine();
    let config = data.path().join("docket.toml").display().to_string();
    let said = docket(data.path(), &["init", "--lang", "zh"]).refused(1);
    assert!(said.contains(&format!("{config} 已存在")) && said.contains("未作任何改动"), "{said}");
    let mut asked = command(data.path(), &["key", "revoke", "none"]);
    let said = run(asked.env("LC_ALL", "zh_CN.UTF-8")).refused(1);
    assert!(said.contains("没有密钥 none"), "{said}");
    std::fs::write(&config, "[server]\nlisten = \"x\"\n").expect("written");
    let said = docket(data.path(), &["check", "--lang", "zh"]).refused(1);
    assert!(said.contains("不可用") && said.contains("应为带端口的地址"), "{said}");
}

#[test]
fn what_is_made_is_told_in_the_language_asked_for() {
    let data = folder();
    let ran = docket(data.path(), &["init", "--lang", "zh"]);
    assert!(ran.stderr.contains("已建立密钥文件") && !ran.stderr.contains("made"), "{ran:?}");
    assert!(ran.fine().contains("用户：admin"));
    let lines = data.path().join("orders.jsonl");
    std::fs::write(&lines, "{}\n").expect("written");
    let ran = docket(data.path(), &["import", "orders.jsonl", "--lang", "zh"]);
    assert!(ran.stdout.contains("被拒绝") && !ran.stdout.contains("refused"), "{ran:?}");
    assert!(ran.stdout.contains("缺少必填项（required）"), "{ran:?}");
    assert!(ran.stdout.contains("必填") && !ran.stdout.contains("is required"), "{ran:?}");
    assert!(ran.refused(1).contains("没有订单可以导入"));
}

#[test]
fn the_config_that_init_writes_is_commented_in_the_language_asked_for() {
    for (lang, said) in [("zh", "# 订单中心在哪里监听。"), ("en", "# Where the center listens.")]
    {
        let data = folder();
        docket(data.path(), &["init", "--lang", lang]).fine();
        let text = std::fs::read_to_string(data.path().join("docket.toml")).expect("written");
        assert!(text.contains(said), "{text}");
        docket(data.path(), &["check"]).fine();
    }
}

#[test]
fn wrong_use_is_told_in_chinese_however_it_is_wrong() {
    let data = folder();
    for (words, said) in [
        (
            &["serv"][..],
            "没有命令 serv\n  是否应为 user、serve？用法：docket [OPTIONS] [COMMAND]。",
        ),
        (&["serve", "--lisen", "x"], "没有参数 --lisen\n  是否应为 --listen？"),
        (&["check", "--zzz"], "没有参数 --zzz\n  用法：docket check [OPTIONS]。详见 --help。"),
        (&["key", "revoke"], "缺少必需的参数：<NAME>\n  用法：docket key revoke"),
        (&["export", "--shop"], "--shop <SHOP> 需要一个值"),
        (&["check", "--deep", "--deep"], "--deep 只能给一次"),
        (&["init", "--role", "shop"], "“shop”不能用作 --role <ROLE> 的值\n  可用：center"),
        (&["tasks", "list", "--limit", "x"], "的值：不是整数"),
        (&["tasks", "list", "--limit", "900"], "的值：须在 1..=200 之内"),
        (&["export", "--from", "x"], "的值：例如 2026-11-20T10:00:00Z 或 2026-11-20"),
        (&["export", "--status", "x"], "的值：应为以下之一：created, "),
        (&["key", "add", "k", "--scopes", "x"], "的值：可用的权限范围：orders.read "),
        (&["key", "add", "k", "--scopes", "orders.read", "--expires", "x"], "应为时间长度"),
        (&["check", "more"], "没有参数 more"),
    ] {
        let mut asked = command(data.path(), words);
        let told = run(asked.env("LC_ALL", "zh_CN.UTF-8")).refused(2);
        assert!(told.contains(said), "{words:?}: {told}");
        assert!(!told.contains("error:") && !told.contains("Usage"), "{words:?}: {told}");
    }
    assert!(is_empty(data.path()));
    let asked = docket(data.path(), &["--lang", "zh", "serv"]).refused(2);
    assert!(asked.contains("没有命令 serv"), "{asked}");
    let asked = docket(data.path(), &["--lang", "zh", "restore", "nothing"]).refused(1);
    assert!(asked.contains("nothing：文件不存在"), "{asked}");
    let both = docket(data.path(), &["serv", "--json", "--lang=zh"]).refused(2);
    assert_eq!(error(&both)["message"], "没有命令 serv");
    assert!(docket(data.path(), &["serv", "--lang", "en"]).refused(2).contains("unrecognized"));
}

#[test]
fn a_failure_is_one_line_of_json_for_programs() {
    let data = folder();
    let ran = docket(data.path(), &["export", "--json"]);
    assert_eq!(ran.stdout, "");
    let told = error(&ran.refused(1));
    assert_eq!(told["code"], "no_center");
    assert!(told["message"].is_string() && told["next"].is_string(), "{told}");
    docket(data.path(), &["init"]).fine();
    let told = error(&docket(data.path(), &["explain", "7", "--json"]).refused(1));
    assert_eq!(told["message"], "there is no order 7");
    let told = error(&docket(data.path(), &["serv", "--json"]).refused(2));
    assert_eq!(told["code"], "wrong_use");
    assert!(told["message"].as_str().is_some_and(|said| said.contains("'serv'")), "{told}");
}

#[test]
fn what_was_revoked_or_disabled_is_shown_to_programs() {
    let data = folder();
    docket(data.path(), &["key", "add", "k", "--scopes", "orders.read"]).fine();
    let gone = docket(data.path(), &["key", "revoke", "k", "--json"]).json();
    assert!(gone["name"] == "k" && gone["revoked_at"].is_string(), "{gone}");
    docket(data.path(), &["user", "add", "mei", "--role", "viewer"]).fine();
    let gone = docket(data.path(), &["user", "disable", "mei", "--json"]).json();
    assert!(gone["name"] == "mei" && gone["disabled_at"].is_string(), "{gone}");
}

#[test]
fn what_has_no_use_is_refused_and_not_ignored() {
    let data = folder();
    let said = docket(data.path(), &["key", "list", "--key", "dk_x"]).refused(2);
    assert!(said.contains("only with --server"), "{said}");
    for words in [&["bench", "place"][..], &["demo"], &["serve"]] {
        let words = [words, &["--server", "http://127.0.0.1:1"]].concat();
        let said = docket(data.path(), &words).refused(2);
        assert!(said.contains("--server is for commands"), "{words:?}: {said}");
    }
    let said = docket(data.path(), &["serve", "--listen", "nonsense"]).refused(2);
    assert!(said.contains("an address with a port"), "{said}");
    // A key of the environment waits for whoever needs it.
    let mut asked = command(data.path(), &["init"]);
    run(asked.env("DOCKET_KEY", "dk_x")).fine();
}

#[test]
fn help_is_given_however_it_is_asked_for() {
    let help = |words: &[&str]| run(Command::new(DOCKET).args(words)).fine();
    for words in [&["help", "--help"][..], &["help", "-h"], &["help"], &["--help"]] {
        assert!(help(words).contains("explain"), "{words:?}");
    }
    assert!(help(&["key", "help", "--help"]).contains("revoke"));
}

#[test]
fn a_word_that_is_no_anomaly_is_refused_with_those_that_are() {
    let data = folder();
    let said = docket(data.path(), &["export", "--anomaly", "zzz"]).refused(2);
    assert!(said.contains("shipped_after_cancel"), "{said}");
}

#[test]
fn two_keys_of_one_name_are_allowed_and_told() {
    let data = folder();
    let add = ["key", "add", "shop", "--scopes", "orders.read"];
    assert!(!docket(data.path(), &add).stderr.contains("another key"));
    let again = docket(data.path(), &add);
    assert!(again.stderr.contains("another key is called shop too"), "{again:?}");
    again.fine();
}

#[test]
fn what_only_reads_makes_no_center() {
    let above = folder();
    for words in [
        &["explain", "7"][..],
        &["export"],
        &["key", "list"],
        &["user", "list"],
        &["stock", "get", "x"],
    ] {
        let said = docket(above.path(), words).refused(1);
        assert!(said.contains("there is no center in"), "{words:?}: {said}");
        assert!(is_empty(above.path()), "{words:?} made something");
    }
}

#[test]
fn a_dry_run_without_a_center_is_made_in_an_empty_one() {
    let (data, files) = (folder(), folder());
    let lines = files.path().join("orders.jsonl");
    std::fs::write(&lines, "{}\n").expect("written");
    let ran = docket(data.path(), &["import", "--dry-run", "--json", &lines.display().to_string()]);
    let report: Value = serde_json::from_str(&ran.stdout).expect("a report");
    assert_eq!((&report["read"], &report["dry_run"]), (&1.into(), &true.into()));
    assert!(ran.refused(1).contains("checked against an empty one"));
    assert!(is_empty(data.path()));
}

#[test]
fn whatever_is_wrong_with_files_is_said_before_anything_is_made() {
    let (data, files) = (folder(), folder());
    let lines = files.path().join("orders.jsonl").display().to_string();
    std::fs::write(&lines, "{}\n").expect("written");
    let (one, two) = (format!("{lines}1"), format!("{lines}2"));
    let said = docket(data.path(), &["import", &one, &lines, &two]).refused(2);
    assert!(said.contains(&one) && said.contains(&two), "{said}");
    let report = ["import", &lines, "--report", "/proc/none/report.csv"];
    let said = docket(data.path(), &report).refused(2);
    assert!(said.contains("cannot write /proc/none/report.csv"), "{said}");
    let said = docket(data.path(), &["import", &lines, "--report", &lines]).refused(2);
    assert!(said.contains("one of the files that are read"), "{said}");
    assert_eq!(std::fs::read_to_string(&lines).expect("still there"), "{}\n");
    assert!(is_empty(data.path()));
}

#[test]
fn what_stands_in_a_refused_row_does_nothing_to_a_terminal() {
    let (data, files) = (folder(), folder());
    let lines = files.path().join("orders.jsonl").display().to_string();
    let garbage = "\u{1b}]0;x\u{7}".repeat(200);
    let order = serde_json::json!({"external_id": garbage, "currency": garbage});
    std::fs::write(&lines, format!("{order}\n\u{1b}[31m\0\n")).expect("written");
    let ran = docket(data.path(), &["import", "--dry-run", &lines]);
    assert!(!ran.stdout.contains('\u{1b}') && !ran.stdout.contains('\0'), "{ran:?}");
    assert!(ran.stdout.lines().all(|line| line.len() < 1000), "{ran:?}");
}

#[test]
fn a_serve_that_cannot_listen_leaves_no_folder_behind() {
    let above = folder();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let data = above.path().join("data");
    let mut asked = Command::new(DOCKET);
    asked.args(["serve", "--listen", &address, "--data"]).arg(&data).env("LC_ALL", "C");
    let said = run(&mut asked).refused(1);
    assert!(said.contains("cannot be listened on: the address is in use already"), "{said}");
    assert!(said.contains("--listen") && !said.contains("os error"), "{said}");
    assert!(is_empty(above.path()));
    let mut asked = Command::new(DOCKET);
    asked.args(["demo", "--once", "--listen", &address]).env("LC_ALL", "C");
    let said = run(&mut asked).refused(1);
    assert!(said.contains("Name another address with --listen"), "{said}");
}

#[test]
fn a_second_serve_at_the_same_address_is_told_of_the_first() {
    let data = folder();
    let serve = ServeCommand::new(DOCKET, data.path()).start();
    let address = serve.base_url().trim_start_matches("http://");
    let said = docket(data.path(), &["serve", "--listen", address]).refused(1);
    assert!(said.contains(&format!("already (pid {})", serve.pid())), "{said}");
}

#[test]
fn check_finds_out_whether_the_folder_can_be_made() {
    let above = folder();
    std::fs::write(above.path().join("file"), "").expect("written");
    for (data, why) in [("/proc/docket", "cannot be made"), ("file/data", "file")] {
        let mut asked = Command::new(DOCKET);
        asked.args(["check", "--data", data]).current_dir(above.path()).env("LC_ALL", "C");
        let ran = run(&mut asked);
        let line = ran.stdout.lines().find(|line| line.contains("data folder"));
        let line = line.unwrap_or_else(|| panic!("{ran:?}"));
        assert!(line.starts_with('✗') && line.contains(why), "{line}");
        assert!(!ran.stdout.contains("os error"), "{ran:?}");
    }
    let fine = docket(above.path(), &["check", "--lang", "zh"]).stdout;
    assert!(fine.contains("✓ 数据目录") && !fine.contains("free"), "{fine}");
    assert!(fine.contains("默认值") && !fine.contains("default"), "{fine}");
}

#[test]
fn a_center_of_another_user_is_not_taken_for_none() {
    let data = folder();
    docket(data.path(), &["init"]).fine();
    let closed = std::fs::Permissions::from_mode(0o000);
    std::fs::set_permissions(data.path(), closed).expect("it is ours");
    // Whoever may do anything is somebody else for this; the program may be where others may not look.
    let binary = tempfile::Builder::new().prefix("docket-bin-").tempdir().expect("a folder");
    let program = binary.path().join("docket");
    std::fs::copy(DOCKET, &program).expect("a copy");
    let readable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(binary.path(), readable).expect("it is ours");
    for words in [&["orders", "list"][..], &["check"], &["explain", "1"]] {
        let mut asked = Command::new(&program);
        asked.args(words).arg("--data").arg(data.path()).env("LC_ALL", "C").current_dir("/");
        if rustix::process::geteuid().is_root() {
            asked.uid(65_534).gid(65_534);
        }
        let told = run(&mut asked).refused(1);
        assert!(told.contains("docket.toml cannot be read: permission denied"), "{told}");
        assert!(told.contains("the user whose data folder it is"), "{told}");
    }
    let open = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(data.path(), open).expect("it is ours");
}

#[test]
fn a_database_that_is_away_is_told_with_its_host() {
    let data = folder();
    for words in [&["check"][..], &["key", "list"], &["migrate"]] {
        let mut asked = command(data.path(), words);
        let ran = run(asked.env("DOCKET_DATABASE__URL", "mysql://u:hushed@127.0.0.1:1/d"));
        let all = format!("{}{}", ran.stdout, ran.stderr);
        assert!(all.contains("cannot reach 127.0.0.1:1: connection refused"), "{all}");
        assert!(!all.contains("hushed") && !all.contains("os error"), "{all}");
    }
    let mut asked = command(data.path(), &["export", "--json"]);
    let ran = run(asked.env("DOCKET_DATABASE__URL", "mysql://u:hushed@127.0.0.1:1/d"));
    assert_eq!(error(&ran.refused(1))["code"], "unreachable");
}

#[test]
fn a_bare_docket_says_first_that_a_demo_follows_and_how_to_serve_instead() {
    for (language, demo) in [("C.UTF-8", "This is a demo"), ("zh_CN.UTF-8", "下面是演示")] {
        let here = folder();
        let mut bare = Command::new(DOCKET);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("DOCKET_") {
                bare.env_remove(name);
            }
        }
        bare.current_dir(here.path()).env("LC_ALL", language).process_group(0);
        bare.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = bare.spawn().expect("the binary that cargo built can be started");
        let mut line = String::new();
        let stderr = child.stderr.take().expect("a pipe");
        BufReader::new(stderr).read_line(&mut line).expect("a line");
        // It goes on until it is ended, and so does the gateway that it started.
        kill_process_group(Pid::from_child(&child), Signal::KILL).expect("it runs");
        child.wait().expect("it ended");
        assert!(line.starts_with(demo) && line.contains("docket serve"), "{line}");
        assert!(is_empty(here.path()), "nothing is left where it was tried");
    }
}
