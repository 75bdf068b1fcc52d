//! `docket sandbox pay` and `temu` as somebody starts them beside a center.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// `docket sandbox KIND`, not run yet, with an environment that says nothing.
fn sandbox(kind: &str, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_docket"));
    command.args(["sandbox", kind]).args(words).env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    command
}

/// A sandbox that runs, and the first line that it wrote; killed when dropped.
struct Running {
    child: Child,
    line: String,
}

impl Running {
    fn start(kind: &str, words: &[&str]) -> Self {
        let mut command = sandbox(kind, &["--listen", "127.0.0.1:0"]);
        command.args(words);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        Self { child, line: line.trim_end().to_owned() }
    }

    /// Asks it to stop as Ctrl-C does; gives its exit code and what it wrote to stderr.
    fn stop(mut self) -> (Option<i32>, String) {
        kill_process(Pid::from_child(&self.child), Signal::INT).expect("it runs");
        let mut said = String::new();
        self.child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("UTF-8");
        (self.child.wait().expect("it ends").code(), said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The truth that a sandbox at `url` tells.
fn truth(url: &str) -> Value {
    let host = url.strip_prefix("http://").expect("a URL");
    let mut stream = TcpStream::connect(host).expect("it listens");
    let request = format!("GET /control HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    serde_json::from_str(body).expect("JSON")
}

#[test]
fn it_says_where_it_listens_and_stops_when_asked() {
    let running = Running::start("pay", &["--seed", "7"]);
    let url = running.line.strip_prefix("listening on ").expect("where").to_owned();
    let truth = truth(&url);
    assert_eq!((&truth["seed"], &truth["merchant"]), (&7.into(), &"docket".into()));
    let (code, said) = running.stop();
    assert_eq!(code, Some(0));
    assert!(said.contains("merchant docket, secret sandbox"), "{said}");
    assert!(said.contains(&format!("curl {url}/control")), "{said}");
}

#[test]
fn it_speaks_chinese_to_people_and_json_to_programs() {
    let (_, said) = Running::start("pay", &["--lang", "zh"]).stop();
    assert!(said.contains("测试用支付网关"), "{said}");
    let running = Running::start("pay", &["--json"]);
    let told: Value = serde_json::from_str(&running.line).expect("JSON");
    assert_eq!((&told["merchant"], &told["seed"]), (&"docket".into(), &1.into()));
    assert_eq!(truth(told["listening"].as_str().expect("a URL"))["seed"], 1);
    assert_eq!(running.stop(), (Some(0), String::new()));
}

#[test]
fn an_address_that_is_taken_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let output = sandbox("pay", &["--listen", &address]).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("{address} cannot be listened on")), "{said}");
}

#[test]
fn its_help_names_every_way_to_misbehave() {
    let output = sandbox("pay", &["--help"]).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    for words in ["late=600000", "\n  silent  ", "refund_fails", "\n  any  "] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn a_marketplace_says_how_its_shops_are_connected() {
    let running = Running::start("temu", &["--shops", "2", "--count", "10"]);
    let url = running.line.strip_prefix("listening on ").expect("where").to_owned();
    let truth = truth(&url);
    let shops = truth["shops"].as_array().expect("shops");
    assert_eq!(shops.iter().map(|shop| &shop["orders"]).collect::<Vec<_>>(), [10, 10]);
    let (code, said) = running.stop();
    assert_eq!(code, Some(0));
    for shop in shops {
        let (mall_id, token) = (shop["mall_id"].as_str(), shop["access_token"].as_str());
        let (mall_id, token) = (mall_id.expect("a text"), token.expect("a text"));
        let command =
            format!("docket shop add shop-{mall_id} --channel temu --region us --base-url {url} ");
        assert!(said.contains(&command), "{said}");
        assert!(said.contains(&format!("--access-token-file <(echo {token})")), "{said}");
    }
}

#[test]
fn a_marketplace_speaks_chinese_to_people_and_json_to_programs() {
    let (_, said) = Running::start("temu", &["--lang", "zh"]).stop();
    assert!(said.contains("测试用电商平台"), "{said}");
    let running = Running::start("temu", &["--json", "--seed", "7", "--limit", "0"]);
    let told: Value = serde_json::from_str(&running.line).expect("JSON");
    let truth = truth(told["listening"].as_str().expect("a URL"));
    assert_eq!(told["app_secret"], truth["apps"][0]["app_secret"]);
    assert_eq!(truth["apps"][0]["limit"], 0);
    for nth in 0..3 {
        let (told, true_one) = (&told["shops"][nth], &truth["shops"][nth]);
        assert_eq!(told["mall_id"], true_one["mall_id"]);
        assert_eq!(told["access_token"], true_one["access_token"]);
        assert_eq!((&told["region"], &true_one["orders"]), (&"us".into(), &200.into()));
    }
    assert_eq!(running.stop(), (Some(0), String::new()));
}

#[test]
fn a_marketplace_takes_its_orders_from_a_file_or_says_what_is_wrong_with_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("orders.jsonl");
    let tree = serde_json::json!({
        "order_id": "1", "external_id": "po-1", "status": "paid", "currency": "BRL",
        "created_at": "2018-08-29T00:56:00.000Z",
        "shops": [{"shop_id": "a", "items": [
            {"order_id": "2", "sku_id": "tea", "status": "paid", "quantity": "1", "list_price": 1},
        ]}],
    });
    std::fs::write(&file, format!("{tree}\n")).expect("it is written");
    let path = file.to_str().expect("UTF-8");
    let running = Running::start("temu", &["--json", "--orders", path, "--recent"]);
    let told: Value = serde_json::from_str(&running.line).expect("JSON");
    let truth = truth(told["listening"].as_str().expect("a URL"));
    let shops = truth["shops"].as_array().expect("shops");
    assert_eq!(shops.iter().map(|shop| &shop["orders"]).collect::<Vec<_>>(), [1, 0, 0]);
    std::fs::write(&file, format!("{tree}\n{{}}\n")).expect("it is written");
    let output = sandbox("temu", &["--orders", path]).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("orders.jsonl:2: this is no order"), "{said}");
}

#[test]
fn the_help_of_a_marketplace_names_every_way_to_misbehave() {
    let output = sandbox("temu", &["--help"]).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    for words in
        ["bg.order.list.v2.get", "error=500", "\n  html  ", "churn=8", "duplicate=2", "\n  lost  "]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
}
