//! Whatever page of a SQLite file is spoilt: the deep check lists its checks, and `docket export` gives the orders that
//! can still be read.

mod made;
#[allow(dead_code)] // shared with the tests of damage
mod pages;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use docket_testkit::ServeCommand;
use made::center;
use pages::Pages;
use run::{DOCKET, Ran, docket};
use serde_json::Value;
use std::path::Path;

/// The numbers of the orders that were exported.
fn exported(ran: &Ran) -> Vec<String> {
    let number = |line: &str| {
        let order: Value = serde_json::from_str(line).expect("a line is an order");
        order["order_id"].as_str().expect("a number").to_owned()
    };
    ran.stdout.lines().map(number).collect()
}

fn export(data: &Path) -> Ran {
    docket(data, &["export", "--format", "jsonl", "--lang", "en"])
}

#[test]
fn whichever_page_is_spoilt_the_deep_check_lists_its_checks_and_export_gives_what_can_be_read() {
    let data = center();
    let before = export(data.path()).stdout;
    let all: Vec<&str> = before.lines().collect();
    let owners = owners(data.path());
    // Of the schema and of what orders are made of every page, of all others one.
    let mut chosen = Vec::new();
    for (owner, pages) in &owners {
        let every = ["schema", "payment_order", "shop_order", "item_order"].contains(&&**owner);
        let is_chosen = |at: &usize| every || at + 1 == pages.len();
        let pages = pages.iter().enumerate().filter(|(at, _)| is_chosen(at));
        chosen.extend(pages.map(|(_, page)| (owner.as_str(), *page)));
    }
    assert!(chosen.len() > 80, "{}", chosen.len());
    let empty: usize = std::thread::scope(|scope| {
        let parts = chosen.chunks(chosen.len().div_ceil(4));
        let parts: Vec<_> = parts.map(|part| scope.spawn(|| spoilt(part, &all))).collect();
        parts.into_iter().map(|part| part.join().expect("each holds")).sum()
    });
    // The first page, and the first part of the schema: nothing is known of the file any more.
    assert!(empty <= 2, "{empty}");
}

/// Spoils one page after the other, and answers how often no order could be exported.
fn spoilt(chosen: &[(&str, u64)], all: &[&str]) -> usize {
    let data = center();
    let pages = Pages::of(data.path());
    let mut empty = 0;
    for (owner, page) in chosen.iter().copied() {
        let kept = pages.read(page);
        pages.spoil(page);
        let ran = docket(data.path(), &["check", "--deep", "--lang", "en"]);
        let said = format!("page {page} of {owner}: {ran:?}");
        assert!(ran.stdout.contains(" config file: "), "{said}");
        assert!(ran.code == Some(1) && ran.stdout.contains("✗ damage: "), "{said}");
        let names_itself = [&ran.stdout, &ran.stderr].iter().any(|out| out.contains("--deep"));
        assert!(!names_itself, "{said}");

        let ran = export(data.path());
        let mut given = exported(&ran);
        let said = format!("page {page} of {owner}: {} orders, {}", given.len(), ran.stderr);
        let told = ran.stderr.contains("the database is damaged; ");
        assert!(ran.code == Some(0) || (ran.code == Some(1) && told) || given.is_empty(), "{said}");
        given.sort_unstable();
        given.dedup();
        assert_eq!(given.len(), ran.stdout.lines().count(), "none is given twice: {said}");
        if !ran.stderr.contains("people's data of") {
            assert!(ran.stdout.lines().all(|line| all.contains(&line)), "as it was before: {said}");
        }
        let lost = all.len() - given.len();
        match owner {
            "schema" => empty += usize::from(given.is_empty()),
            "payment_order" | "shop_order" | "item_order" => {
                assert!(ran.code == Some(1) && lost > 0, "{said}");
                assert!(ran.stderr.contains(&format!(" {lost} cannot be read: ")), "{said}");
                // Pages above others take all those with them.
                assert!(lost < all.len() / 2 || matches!(kept[0], 2 | 5), "{said}");
            }
            _ => assert_eq!(lost, 0, "no order is on that page: {said}"),
        }
        pages.write(page, &kept);
    }
    empty
}

#[test]
fn export_goes_past_what_cannot_be_read_beside_a_server_and_where_no_list_of_orders_is_whole() {
    let data = center();
    let before = export(data.path());
    let all = exported(&before);
    let pages = Pages::of(data.path());
    let leaves = pages.leaves("payment_order");
    pages.spoil(leaves[2]);
    let serve = ServeCommand::new(DOCKET, data.path()).start();
    let ran = export(data.path());
    let lost = all.len() - exported(&ran).len();
    assert!(ran.code == Some(1) && lost > 0 && lost < all.len() / 4, "{ran:?}");
    assert!(ran.stderr.contains(&format!(", {lost} cannot be read: ")), "{ran:?}");
    // Only what was asked for is given, and as it is asked for.
    let given = exported(&ran);
    let is_lost = |line: &&str| all.iter().any(|id| line.contains(id) && !given.contains(id));
    let lost: Value =
        serde_json::from_str(before.stdout.lines().find(is_lost).expect("one")).expect("JSON");
    let status = lost["status"].as_str().expect("a word");
    let words = ["export", "--spreadsheet", "--status", status, "--lang", "zh"];
    let ran = docket(data.path(), &words);
    assert!(ran.code == Some(1) && ran.stderr.contains("无法读取"), "{ran:?}");
    let mut rows = ran.stdout.lines().skip(1).peekable();
    assert!(rows.peek().is_some(), "{ran:?}");
    assert!(rows.all(|row| row.contains(&format!(",{status},"))), "{ran:?}");
    // A server elsewhere has no file here that could be read.
    let key = docket(data.path(), &["key", "add", "e", "--scopes", "orders.read"]).fine();
    let words = ["export", "--server", serve.base_url(), "--key", key.trim()];
    assert!(docket(data.path(), &words).refused(1).contains("damaged"));
    drop(serve);

    // Of most numbers none of the three tables can say whether they are of orders.
    for table in ["shop_order", "item_order"] {
        let leaves = pages.leaves(table);
        leaves[1..leaves.len() - 1].iter().for_each(|leaf| pages.spoil(*leaf));
    }
    leaves[1..leaves.len() - 1].iter().for_each(|leaf| pages.spoil(*leaf));
    let ran = export(data.path());
    let given = exported(&ran);
    assert!(
        ran.code == Some(1) && ran.stderr.contains("whether there are orders between"),
        "{}",
        ran.stderr
    );
    let (first, last) = (all.iter().min().expect("one"), all.iter().max().expect("one"));
    assert!(given.contains(first) && given.contains(last), "{}", ran.stderr);
}

/// The pages of the schema and of every table and index.
fn owners(data: &Path) -> Vec<(String, Vec<u64>)> {
    let pages = Pages::of(data);
    let file = rusqlite::Connection::open(&pages.path).expect("a database");
    let roots = "select name, rootpage from sqlite_master where rootpage > 0";
    let mut roots = file.prepare(roots).expect("a schema");
    let roots = roots.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)));
    let roots = roots.expect("rows").map(|row| row.expect("a row"));
    let owned = |(name, root): (String, i64)| {
        let mut owned = Vec::new();
        pages.all_below(root as u64, &mut owned);
        (name, owned)
    };
    [("schema".to_owned(), 1)].into_iter().chain(roots).map(owned).collect()
}
