//! The commands that set up and run a center, as an operator types them.

mod run;

use docket_testkit::ServeCommand;
use run::{DOCKET, docket};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

#[test]
fn init_makes_config_database_and_first_user_and_overwrites_nothing() {
    let data = folder();
    let said = docket(data.path(), &["init"]).fine();
    assert!(said.contains("user: admin") && said.contains("password: "), "{said}");
    let config = std::fs::read_to_string(data.path().join("docket.toml")).expect("docket.toml");
    assert!(config.contains("# listen = \"127.0.0.1:7300\""), "{config}");
    assert!(data.path().join("docket.db").exists());
    let key = std::fs::metadata(data.path().join("docket.keys")).expect("a key file");
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
    let users = docket(data.path(), &["user", "list", "--json"]).json();
    assert_eq!(users["users"][0]["name"], "admin");
    assert_eq!(users["users"][0]["role"], "admin");
    let said = docket(data.path(), &["init"]).refused(1);
    assert!(said.contains("is there already"), "{said}");
    assert_eq!(
        std::fs::read_to_string(data.path().join("docket.toml")).expect("still there"),
        config
    );
}

#[test]
fn init_of_a_role_of_a_later_release_is_wrong_use() {
    let data = folder();
    let said = docket(data.path(), &["init", "--role", "hub"]).refused(2);
    assert!(said.contains("only the role center"), "{said}");
    assert!(!data.path().join("docket.db").exists());
}

#[test]
fn serve_prints_one_line_and_stops_in_order_when_asked() {
    let data = folder();
    let mut serve = ServeCommand::new(DOCKET, data.path()).start();
    let running = std::fs::read_to_string(data.path().join("serve.json")).expect("serve.json");
    let running: Value = serde_json::from_str(&running).expect("JSON");
    assert_eq!(running["address"], serve.base_url());
    assert_eq!(running["pid"], serve.pid());
    let mode =
        std::fs::metadata(data.path().join("serve.json")).expect("serve.json").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(serve.stderr().contains("made the key file"), "{}", serve.stderr());
    assert!(serve.terminate().success());
    assert_eq!(serve.stdout(), format!("listening on {}\n", serve.base_url()));
    assert!(!data.path().join("serve.json").exists());
}

#[test]
fn a_second_serve_of_the_same_folder_is_refused_with_the_pid_of_the_first() {
    let data = folder();
    let serve = ServeCommand::new(DOCKET, data.path()).start();
    let said = docket(data.path(), &["serve", "--listen", "127.0.0.1:0"]).refused(1);
    assert!(said.contains(&format!("(pid {})", serve.pid())), "{said}");
}

#[test]
fn a_key_is_added_through_a_running_serve_and_without_one() {
    let data = folder();
    let add = ["key", "add", "shop", "--scopes", "orders.read,orders.write", "--actors", "buyer"];
    let key = docket(data.path(), &add).fine();
    assert!(key.starts_with("dk_") && key.lines().count() == 1, "{key:?}");
    let mut serve = ServeCommand::new(DOCKET, data.path()).start();
    let other = docket(data.path(), &add).fine();
    assert_ne!(key, other);
    // Both speak to the server, from a folder that knows nothing of it.
    let elsewhere = folder();
    for key in [&key, &other] {
        let server = ["explain", "7", "--server", serve.base_url(), "--key", key.trim()];
        let said = docket(elsewhere.path(), &server).refused(1);
        assert!(said.contains("there is no order 7"), "{said}");
    }
    let said = docket(
        elsewhere.path(),
        &["key", "list", "--server", serve.base_url(), "--key", key.trim()],
    );
    assert!(said.refused(1).contains("needs the scope `admin`"));
    assert!(std::fs::read_dir(elsewhere.path()).expect("a folder").next().is_none());
    docket(data.path(), &["key", "revoke", "shop"]).refused(1); // two are called that
    let listed = docket(data.path(), &["key", "list", "--json"]).json();
    let number = listed["keys"][0]["key_id"].as_str().expect("a number").to_owned();
    docket(data.path(), &["key", "revoke", &number]).fine();
    let said = docket(
        elsewhere.path(),
        &["explain", "7", "--server", serve.base_url(), "--key", key.trim()],
    );
    assert!(said.refused(1).contains("not valid"));
    assert!(serve.terminate().success());
    let listed = docket(data.path(), &["key", "list", "--json"]).json();
    assert_eq!(listed["keys"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_serve_that_was_killed_does_not_stand_in_the_way() {
    let data = folder();
    ServeCommand::new(DOCKET, data.path()).start().kill();
    assert!(data.path().join("serve.json").exists());
    docket(data.path(), &["user", "add", "mei", "--role", "viewer"]).fine();
    let mut serve = ServeCommand::new(DOCKET, data.path()).start();
    assert!(serve.terminate().success());
}

#[test]
fn a_user_is_added_with_a_given_password_and_disabled() {
    let data = folder();
    let password = data.path().join("password");
    std::fs::write(&password, "correct horse\n").expect("written");
    let path = password.display().to_string();
    let add = ["user", "add", "mei", "--role", "operator", "--password-file", &path];
    assert_eq!(docket(data.path(), &add).fine(), "");
    let said = docket(data.path(), &add).refused(1);
    assert!(said.contains("the user mei exists already"), "{said}");
    docket(data.path(), &["user", "disable", "mei"]).fine();
    let users = docket(data.path(), &["user", "list", "--json"]).json();
    assert!(users["users"][0]["disabled_at"].is_string(), "{users}");
}

#[test]
fn stock_and_prices_are_set_by_hand() {
    let data = folder();
    docket(data.path(), &["product", "set", "tea", "60.00", "--title", "Tea"]).fine();
    let stands = docket(data.path(), &["stock", "set", "tea", "50", "--json"]).json();
    assert_eq!(stands["places"][0]["on_hand"], "50");
    let stands = docket(data.path(), &["stock", "adjust", "tea", "-0.5", "--json"]).json();
    assert_eq!(stands["places"][0]["on_hand"], "49.5");
    assert!(docket(data.path(), &["stock", "get", "tea"]).fine().contains("49.5"));
}

#[test]
fn migrate_says_from_where_to_where() {
    let data = folder();
    let done = docket(data.path(), &["migrate", "--json"]).json();
    assert_eq!(done["before"], 0);
    let again = docket(data.path(), &["migrate", "--json"]).json();
    assert_eq!(again["before"], again["now"]);
}

#[test]
fn wrong_use_exits_2_and_says_what_was_meant() {
    let data = folder();
    let said = docket(data.path(), &["serv"]).refused(2);
    assert!(said.contains("serve"), "{said}");
    let said = docket(data.path(), &["serve", "--lisen", "x"]).refused(2);
    assert!(said.contains("--listen"), "{said}");
    let said = docket(data.path(), &["key", "list", "--server", "http://127.0.0.1:1"]).refused(2);
    assert!(said.contains("--key"), "{said}");
    let said = docket(data.path(), &["serve", "--server", "http://127.0.0.1:1"]).refused(2);
    assert!(said.contains("--server is for commands"), "{said}");
    let other = ["key", "list", "--server", "ftp://example.com", "--key", "k"];
    assert!(docket(data.path(), &other).refused(2).contains("is no http:// or https:// URL"));
    let gone = ["key", "list", "--server", "http://127.0.0.1:1", "--key", "k"];
    assert!(docket(data.path(), &gone).refused(1).contains("cannot be reached"));
}

#[test]
fn completions_and_the_document_are_printed() {
    let data = folder();
    assert!(docket(data.path(), &["completions", "bash"]).fine().contains("_docket"));
    let document = docket(data.path(), &["openapi"]).json();
    assert!(document["paths"]["/api/orders"].is_object());
}
