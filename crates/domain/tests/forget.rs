//! What a buyer wrote is gone from every state of an order and from its whole log, and the log still leads back.

mod harness;

use docket_domain::change::{self, Remark};
use docket_domain::operation::{Operation, RefundAsked, Request};
use docket_domain::story::{Language, sentence};
use docket_domain::{ActorKind, Tree, forget};
use harness::{Harness, item, order, shop};

/// What stands in every word of the buyer, and in no word of anybody else.
const SECRET: &str = "13811112222";

fn secret(what: &str) -> String {
    format!("{what} {SECRET}")
}

/// Asks, with a remark of the one who asks.
fn says(harness: &mut Harness, actor: ActorKind, node: docket_domain::Id, operation: Operation) {
    let own = actor == ActorKind::Buyer;
    let remark = Remark {
        en: if own { Some(secret("remark")) } else { Some("staff wrote this".into()) },
        cn: own.then(|| format!("备注 {SECRET}")),
    };
    let request = Request { operation, node, expected_version: None, remark };
    harness.request(actor, &request).expect("it is allowed");
}

/// An order to which a buyer said all that a buyer can say, with every state that it was in.
fn talked_about() -> (Harness, Vec<Tree>) {
    let mut placement = order(vec![shop(600, vec![item(10_000, 2)])]);
    placement.shops[0].buyer_comment = Some(secret("call"));
    let mut harness = Harness::place(&placement);
    let mut states = vec![harness.tree.clone()];
    let (root, shop) = (harness.tree.id(), harness.tree.shops[0].id);
    let line = harness.tree.shops[0].items[0].id;
    let mut step = |harness: &mut Harness, actor, node, operation| {
        says(harness, actor, node, operation);
        states.push(harness.tree.clone());
    };
    step(&mut harness, ActorKind::Buyer, root, Operation::Note);
    let payable = docket_domain::price::sums::payable(&harness.tree).known().expect("known");
    step(&mut harness, ActorKind::Gateway, root, harness::paid("wechat", "w1", payable));
    step(
        &mut harness,
        ActorKind::Buyer,
        shop,
        Operation::RequestCancel { reason: Some(secret("wrong")) },
    );
    let refuse = Operation::RefuseCancel { refund_id: None, reason: Some("on its way".into()) };
    step(&mut harness, ActorKind::Seller, shop, refuse);
    let ship = Operation::Ship { lines: None, carrier: None, tracking: None };
    step(&mut harness, ActorKind::Seller, shop, ship);
    let asked = RefundAsked { reason: Some(secret("broken")), ..RefundAsked::default() };
    step(&mut harness, ActorKind::Buyer, shop, Operation::RequestRefund(asked));
    step(&mut harness, ActorKind::Buyer, shop, Operation::WithdrawRefund { refund_id: None });
    step(&mut harness, ActorKind::Buyer, shop, Operation::Receive);
    let rate = Operation::Rate { score: 1, text: Some(secret("awful")) };
    step(&mut harness, ActorKind::Buyer, line, rate);
    step(&mut harness, ActorKind::Store, shop, Operation::Note);
    (harness, states)
}

fn holds_secret(value: &impl serde::Serialize) -> bool {
    serde_json::to_string(value).expect("plain JSON").contains(SECRET)
}

fn of(tree: &Tree) -> Tree {
    forget::tree(tree).unwrap_or_else(|| tree.clone())
}

#[test]
fn nothing_of_what_a_buyer_wrote_is_left_and_the_log_is_undone_as_before() {
    let (harness, mut states) = talked_about();
    let log: Vec<_> = harness
        .log
        .iter()
        .map(|entry| forget::entry(entry).unwrap_or_else(|| entry.clone()))
        .collect();
    let mut tree = of(&harness.tree);
    assert!(holds_secret(&harness.log) && !holds_secret(&log));
    for entry in log.iter().rev() {
        let then = of(&states.pop().expect("as many states as rows"));
        assert_eq!(tree, then);
        for node in &then.shops {
            assert!(!holds_secret(node) && node.items.iter().all(|item| !holds_secret(item)));
        }
        for language in [Language::En, Language::Zh] {
            assert!(!sentence(entry, language).contains(SECRET));
        }
        match change::undo(&tree, entry).expect("it fits") {
            Some(before) => tree = before,
            None => break,
        }
    }
    assert!(states.is_empty(), "the log leads back to the placement");
    // Forgotten twice is forgotten once.
    assert!(forget::tree(&of(&harness.tree)).is_none());
    assert!(log.iter().all(|entry| forget::entry(entry).is_none()));
}

#[test]
fn the_reason_of_a_revoke_goes_where_the_buyer_gave_it_and_stays_where_staff_did() {
    for (actor, reason) in [(ActorKind::Buyer, SECRET), (ActorKind::Store, "closed today")] {
        let mut harness = Harness::place(&order(vec![shop(0, vec![item(10_000, 1)])]));
        harness.does(actor, Operation::Revoke { reason: Some(reason.into()) });
        let gone = forget::tree(&harness.tree);
        assert_eq!(gone.is_some(), actor == ActorKind::Buyer);
        assert!(!holds_secret(&of(&harness.tree).payment));
        let row = harness.log.last().expect("a row");
        let row = forget::entry(row).unwrap_or_else(|| row.clone());
        assert!(!holds_secret(&row));
        let words = if actor == ActorKind::Buyer { "已遗忘" } else { "closed today" };
        assert!(sentence(&row, Language::Zh).contains(words), "{}", sentence(&row, Language::Zh));
    }
}

/// An order of which nothing is said in words.
fn untitled() -> Harness {
    let mut harness = Harness::place(&order(vec![shop(0, vec![item(10_000, 1)])]));
    harness.tree.shops[0].items[0].title = None;
    harness
}

#[test]
fn what_only_a_person_can_judge_is_named() {
    let (mut harness, _) = talked_about();
    let left = forget::left_to_judge(Some(&harness.tree), &harness.log);
    assert_eq!(left, ["seller_comment", "title", "notes"]);
    harness.tree.payment.extra = Some(serde_json::json!({"email": "wang@example.com"}));
    harness.tree.payment.source = Some(serde_json::json!({"row": 1}));
    harness.tree.shops[0].tags = vec!["vip".into()];
    let left = forget::left_to_judge(Some(&harness.tree), &[]);
    assert_eq!(left, ["extra", "source", "seller_comment", "tags", "title"]);
    // Each field that holds whatever somebody put there, where it is set.
    for (field, set) in [
        ("client_token", (|tree| tree.payment.client_token = Some(SECRET.into())) as fn(&mut Tree)),
        ("promotions", |tree| tree.shops[0].promotions = Some(serde_json::json!({"for": SECRET}))),
        ("attributes", |tree| {
            tree.shops[0].items[0].attributes = Some(serde_json::json!({"engraving": "Wang"}));
        }),
        ("title", |tree| tree.shops[0].items[0].title = Some("mug for Wang".into())),
        ("image", |tree| tree.shops[0].items[0].image = Some("https://a.example/wang.png".into())),
    ] {
        let mut one = untitled();
        set(&mut one.tree);
        assert_eq!(forget::left_to_judge(Some(&one.tree), &one.log), [field]);
    }
    let plain = untitled();
    assert_eq!(forget::left_to_judge(Some(&plain.tree), &plain.log), Vec::<&str>::new());
}

#[test]
fn an_agreed_tree_is_left_without_the_words_alone() {
    let json = format!(
        r#"{{"id":"1","shops":[{{"buyer_comment":"ring {SECRET}","freight":5,"items":[{{"sku_id":"a"}}]}}]}}"#
    );
    let left = forget::agreed(&json).expect("it had words");
    let (then, now): (serde_json::Value, serde_json::Value) =
        (serde_json::from_str(&json).expect("JSON"), serde_json::from_str(&left).expect("JSON"));
    assert_eq!(now["shops"][0]["buyer_comment"], "forgotten");
    assert_eq!(now["shops"][0]["freight"], then["shops"][0]["freight"]);
    assert_eq!(now["shops"][0]["items"], then["shops"][0]["items"]);
    assert_eq!(forget::agreed(&left), None);
}
