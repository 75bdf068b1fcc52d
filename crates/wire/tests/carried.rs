//! An order that travels whole: nothing of it is lost on the way, and what is not known is held.

#![allow(clippy::disallowed_methods)] // whether files are to be blessed is asked of the environment

#[path = "../../domain/tests/sample_trees/mod.rs"]
mod sample_trees;

use docket_domain::change::{self, Happening, LogEntry, Remark};
use docket_domain::operation::Parameters;
use docket_domain::tree::{Anomaly, Home};
use docket_domain::words::{AnomalyKind, Status, Visible};
use docket_domain::{Actor, ActorKind, Id, Json, OperationKind, Seat, Time, Tree, projection};
use docket_wire::carried::{Carried, CarriedTerms, Held, SCHEMA, digest};
use sample_trees::{full_tree, plain_tree};
use serde_json::json;

fn entry(before: Option<&Tree>, after: &Tree) -> LogEntry {
    let happening = Happening {
        kind: OperationKind::Tag,
        node: after.id(),
        actor: Actor::of(ActorKind::Seller),
        from_status: before.map(|_| Status::Created),
        to_status: Status::Created,
        parameters: Parameters::new(),
        remark: Remark::default(),
        at: after.payment.updated_at,
        happened_at: None,
    };
    LogEntry::between(before, after, happening, &Seat::Center)
}

fn samples() -> Vec<Carried> {
    let trees = [plain_tree(), full_tree()];
    let carried = trees.map(|before| {
        let mut tree = before.clone();
        tree.payment.version += 1;
        tree.payment.tags.push("travels".to_owned());
        let json = r#"{"as":"it was agreed"}"#.to_owned();
        let sha256 = "00".repeat(32);
        let agreed = vec![CarriedTerms { terms_version: 1, at: Time(5), sha256, json }];
        let log = vec![entry(None, &before), entry(Some(&before), &tree)];
        Carried { tree, log, agreed }
    });
    carried.to_vec()
}

#[test]
fn an_order_is_the_same_after_its_travel_with_log_and_agreed_trees() {
    for sample in samples() {
        let text = sample.to_json().to_string();
        let read = Carried::from_json(&serde_json::from_str(&text).expect("JSON")).expect("known");
        assert_eq!(read, sample);
        assert_eq!(digest(&read.tree), digest(&sample.tree));
        let before = change::undo(&read.tree, &read.log[1]).expect("it fits").expect("a tree");
        assert_eq!(change::redo(&before, &read.log[1]).as_ref(), Ok(&sample.tree));
    }
}

/// The samples of each schema, as their release wrote them: `tests/carried/SCHEMA-N.json`.
#[test]
fn what_every_schema_wrote_is_read_and_what_this_one_writes_is_checked_in() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/carried");
    for (at, sample) in samples().iter().enumerate() {
        let path = format!("{folder}/{SCHEMA}-{at}.json");
        let text = serde_json::to_string_pretty(&sample.to_json()).expect("JSON") + "\n";
        if std::env::var_os("DOCKET_BLESS").is_some() {
            std::fs::create_dir_all(folder).expect("a folder");
            std::fs::write(&path, &text).expect("space");
        }
        let kept = std::fs::read_to_string(&path).expect("it is checked in");
        assert_eq!(kept, text, "a changed shape needs a schema number of its own: {path}");
    }
    let mut read = 0;
    for kept in std::fs::read_dir(folder).expect("a folder") {
        let text = std::fs::read_to_string(kept.expect("a file").path()).expect("a text");
        let json: Json = serde_json::from_str(&text).expect("JSON");
        Carried::from_json(&json).expect("every schema is read");
        read += 1;
    }
    assert!(read >= 2 * SCHEMA as usize);
}

fn held(change: impl FnOnce(&mut Json)) -> Held {
    let mut json = samples()[1].to_json();
    json["schema"] = (SCHEMA + 1).into();
    assert!(Carried::from_json(&json).is_ok(), "all that it says is known");
    change(&mut json);
    let held = Carried::from_json(&json).expect_err("it is held");
    json["schema"] = SCHEMA.into();
    assert!(
        matches!(Carried::from_json(&json), Err(Held::Malformed(_))),
        "of us it would be wrong"
    );
    held
}

#[test]
fn fields_and_words_of_a_newer_schema_are_held_and_never_left_out() {
    let fields: [(&str, &str); 5] = [
        ("/order/payment", "order.payment.new"),
        ("/order/shops/0/shop", "order.shops[0].shop.new"),
        ("/order/shops/0/items/0", "order.shops[0].items[0].new"),
        ("/order/shops/0/shop/refunds/0", "order.shops[0].shop.refunds[0].new"),
        ("/log/1", "log[1].new"),
    ];
    for (place, named) in fields {
        let held = held(|json| json.pointer_mut(place).expect(place)["new"] = json!(1));
        assert_eq!(held, Held::Unknown { schema: SCHEMA + 1, what: named.to_owned() });
    }
    let words: [(&str, Json); 4] = [
        ("/order/payment/type", "subscription".into()),
        ("/order/payment/home", "moon:1".into()),
        ("/log/1/kind", "teleport".into()),
        ("/order/shops/0/shop/refunds/0/status", "pondering".into()),
    ];
    for (place, word) in words {
        let held = held(|json| *json.pointer_mut(place).expect(place) = word);
        assert!(matches!(held, Held::Unknown { .. }), "{place}: {held:?}");
    }
    for nothing in [json!({}), json!({"schema": 1}), json!(null), json!({"schema": "1"})] {
        assert!(matches!(Carried::from_json(&nothing), Err(Held::Malformed(_))), "{nothing}");
    }
}

#[test]
fn the_digest_is_of_what_copies_agree_on_and_of_all_of_it() {
    let tree = full_tree();
    let same: [fn(&mut Tree); 6] = [
        |tree| tree.payment.version += 7,
        |tree| tree.payment.updated_at = Time(77),
        |tree| tree.payment.visible = Visible::Deleted,
        |tree| tree.shops[0].deadline = None,
        |tree| tree.shops[0].answers.clear(),
        |tree| {
            let detail = Json::Null;
            let kind = AnomalyKind::Underpaid;
            tree.payment.anomalies.push(Anomaly { kind, at: Time(1), detail });
        },
    ];
    for (at, change) in same.into_iter().enumerate() {
        let mut copy = tree.clone();
        change(&mut copy);
        assert_ne!(copy, tree, "{at}");
        assert_eq!(digest(&copy), digest(&tree), "{at}");
    }
    let mut copy = tree.clone();
    let again = copy.payment.payments[0].clone();
    copy.payment.payments.insert(0, docket_domain::tree::Payment { payment_id: Id(99), ..again });
    let mut other = copy.clone();
    other.payment.payments.reverse();
    assert_eq!(digest(&copy), digest(&other), "facts stand in the order of their numbers");
    let differs: [fn(&mut Tree); 5] = [
        |tree| tree.payment.payments[0].amount += 1,
        |tree| tree.payment.tags.push("x".to_owned()),
        |tree| tree.payment.home = Home::Center,
        |tree| tree.shops[0].refunds[0].amount += 1,
        |tree| tree.shops[0].items[0].rates.clear(),
    ];
    for (at, change) in differs.into_iter().enumerate() {
        let mut copy = tree.clone();
        change(&mut copy);
        assert_ne!(digest(&copy), digest(&tree), "{at}");
    }
}

#[test]
fn canonical_bytes_do_not_depend_on_the_order_of_fields() {
    let one: Json =
        serde_json::from_str(r#"{"b":[1,{"d":"\u00e9","c":null}],"a":0.5}"#).expect("JSON");
    assert_eq!(projection::canonical(&one), r#"{"a":0.5,"b":[1,{"c":null,"d":"é"}]}"#.as_bytes());
}
