//! The rows of an order's log: what stands in their images, and the way back.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod sample_trees;

use docket_domain::change::{Happening, group_of, images, redo, undo};
use docket_domain::tree::{Anomaly, Home, Line, Rate, Refund, Revoke, Shipment};
use docket_domain::words::{AnomalyKind, Level, ParcelState, RefundStatus, Status};
use docket_domain::{
    Actor, ActorKind, Amount, AppliedCoupon, Id, Json, LogEntry, OperationKind, Quantity, Remark,
    Time, Tree,
};
use proptest::prelude::*;
use sample_trees::{full_tree, item, payment_of, plain_tree, shop};
use serde_json::json;

fn entry(before: Option<&Tree>, after: &Tree) -> LogEntry {
    let happening = Happening {
        kind: OperationKind::Note,
        node: after.id(),
        actor: Actor::of(ActorKind::System),
        from_status: None,
        to_status: Status::Created,
        parameters: serde_json::Map::new(),
        remark: Remark::default(),
        at: Time(5000),
        happened_at: None,
    };
    LogEntry::between(before, after, happening, &docket_domain::Seat::Center)
}

/// `tree` after a change at `Time(5000)`.
fn changed(tree: &Tree, change: impl FnOnce(&mut Tree)) -> Tree {
    let mut after = tree.clone();
    after.payment.version += 1;
    after.payment.updated_at = Time(5000);
    change(&mut after);
    after
}

#[test]
fn the_row_of_a_placement_keeps_no_images_and_undoes_to_nothing() {
    let tree = plain_tree();
    let row = entry(None, &tree);
    assert_eq!((&row.before, &row.after), (&json!(null), &json!({})));
    assert_eq!(undo(&tree, &row), Ok(None));
}

#[test]
fn images_hold_the_changed_fields_of_the_changed_nodes_alone() {
    let before = plain_tree();
    let after = changed(&before, |tree| {
        tree.shops[1].freight = Amount::UNKNOWN;
        tree.shops[1].items[0].item_discount = Amount::of(7);
        tree.payment.channel = Some("temu".into());
    });
    let (old, new) = images(Some(&before), &after);
    assert_eq!(
        old,
        json!({"1": {"channel": null, "updated_at": 1000}, "5": {"freight": 0}, "6": {"item_discount": 0}})
    );
    assert_eq!(
        new,
        json!({"1": {"channel": "temu"}, "5": {"freight": null}, "6": {"item_discount": 7}})
    );
}

#[test]
fn every_field_of_a_full_tree_has_a_group() {
    let tree = full_tree();
    let nodes = [
        (Level::Payment, serde_json::to_value(&tree.payment).unwrap(), 33),
        (Level::Shop, serde_json::to_value(&tree.shops[0]).unwrap(), 28),
        (Level::Item, serde_json::to_value(&tree.shops[0].items[0]).unwrap(), 22),
    ];
    for (level, node, fields) in nodes {
        let node = node.as_object().unwrap();
        assert_eq!(node.len(), fields, "a field of {level} is left out of the full tree");
        for field in node.keys() {
            assert!(group_of(level, field).is_some(), "{field} of {level} has no group");
        }
    }
    assert_eq!(group_of(Level::Item, "freight"), None);
}

/// Lists of facts in a node and in its facts; what is the caller's own JSON is none.
fn lists(fields: &Json, found: &mut Vec<(String, Json)>) {
    const FREE: &[&str] = &["attributes", "detail", "extra", "promotions", "source"];
    for (name, value) in fields.as_object().into_iter().flatten() {
        match value {
            _ if FREE.contains(&name.as_str()) => {}
            Json::Array(facts) => {
                found.push((name.clone(), value.clone()));
                for fact in facts {
                    lists(fact, found);
                }
            }
            fields => lists(fields, found),
        }
    }
}

#[test]
fn every_list_of_facts_stands_by_element() {
    let mut before = full_tree();
    let coupon = AppliedCoupon { code: "A".into(), amount: 1, counted: None };
    before.payment.coupons = vec![coupon.clone()];
    before.shops[0].coupons = vec![coupon];
    before.shops[0].refunds[0].failed_on = vec![Id(10)];
    let full = &before;
    let mut found = Vec::new();
    lists(&serde_json::to_value(&full.payment).unwrap(), &mut found);
    lists(&serde_json::to_value(&full.shops[0]).unwrap(), &mut found);
    lists(&serde_json::to_value(&full.shops[0].items[0]).unwrap(), &mut found);
    let emptied = changed(&before, |tree| {
        let payment = &mut tree.payment;
        payment.payments.clear();
        payment.attempts.clear();
        payment.anomalies.clear();
        payment.tags.clear();
        payment.coupons.clear();
        payment.refunds_due[0].former.clear();
        payment.refunds_due[0].again.clear();
        tree.shops[0].tags.clear();
        tree.shops[0].answers.clear();
        tree.shops[0].coupons.clear();
        tree.shops[0].delivery.clear();
        tree.shops[0].shipments[0].lines.clear();
        tree.shops[0].items[0].rates.clear();
        let refund = &mut tree.shops[0].refunds[0];
        refund.lines.clear();
        refund.parts.clear();
        refund.former.clear();
        refund.turns.clear();
        refund.failed_on.clear();
        refund.returned.clear();
        refund.restocked.clear();
    });
    let (old, new) = images(Some(&before), &emptied);
    let (mut whole, names) = (Vec::new(), |found: &[(String, Json)]| {
        found.iter().map(|(name, _)| name.clone()).collect::<std::collections::BTreeSet<_>>()
    });
    lists(&old, &mut whole);
    lists(&new, &mut whole);
    assert_eq!(names(&whole), [].into(), "a list stands whole: name it in `elements`");
    let known = [
        "again",
        "anomalies",
        "answer_by",
        "attempts",
        "coupons",
        "delivery",
        "failed_on",
        "former",
        "lines",
        "parts",
        "payments",
        "rates",
        "refunds",
        "refunds_due",
        "restocked",
        "returned",
        "shipments",
        "tags",
        "turns",
    ];
    assert_eq!(names(&found), known.map(str::to_owned).into(), "empty each list above, too");
}

/// An image as it was written before lists stood by element, of the tree on its side.
fn with_whole_lists(image: &Json, tree: &Tree) -> Json {
    let node = |id: &str| -> Json {
        let id: Id = id.parse().unwrap();
        let shop = tree.shop(id).map(|shop| serde_json::to_value(shop).unwrap());
        let mut items = tree.lines().filter(|(_, item)| item.id == id);
        shop.or_else(|| items.next().map(|(_, item)| serde_json::to_value(item).unwrap()))
            .unwrap_or_else(|| serde_json::to_value(&tree.payment).unwrap())
    };
    let mut image = image.clone();
    for (id, fields) in image.as_object_mut().into_iter().flatten() {
        for (name, value) in fields.as_object_mut().into_iter().flatten() {
            const LISTS: &[&str] = &[
                "anomalies",
                "attempts",
                "coupons",
                "delivery",
                "payments",
                "rates",
                "refunds",
                "refunds_due",
                "shipments",
                "tags",
            ];
            if LISTS.contains(&name.as_str()) {
                *value = node(id).get(name).cloned().unwrap_or_else(|| json!([]));
            }
        }
    }
    image
}

#[test]
fn every_field_goes_there_and_back() {
    let (plain, full) = (changed(&plain_tree(), |_| ()), changed(&full_tree(), |_| ()));
    for (before, after) in [(plain_tree(), full), (full_tree(), plain)] {
        assert_eq!(undo(&after, &entry(Some(&before), &after)), Ok(Some(before)));
    }
}

#[test]
fn added_nodes_go_and_removed_nodes_come_back_to_their_place() {
    let before = plain_tree();
    let after = changed(&before, |tree| {
        tree.shops.insert(0, shop(7, vec![item(8)]));
        tree.shops[1].items.remove(0);
        tree.shops[2].items.insert(0, item(9));
    });
    let row = entry(Some(&before), &after);
    assert_eq!(row.before["8"], json!(null));
    assert_eq!(row.after["3"], json!(null));
    assert_eq!(undo(&after, &row), Ok(Some(before)));
}

#[test]
fn a_row_that_does_not_fit_the_tree_is_broken() {
    let before = plain_tree();
    let after = changed(&before, |tree| tree.shops[0].tags.push("gift".into()));
    let row = entry(Some(&before), &after);
    let past_the_lane = changed(&before, |tree| tree.shops[0].tags.push("theft".into()));
    let broken = undo(&past_the_lane, &row).unwrap_err();
    assert!(broken.what.contains("`tags` of node 2"), "{broken}");
    assert!(undo(&before, &row).is_err(), "the version differs");
    let mut of_another = row.clone();
    of_another.tree = Id(99);
    assert!(undo(&after, &of_another).is_err());
    let without_node = changed(&before, |tree| drop(tree.shops.remove(0)));
    assert!(undo(&without_node, &row).is_err());
}

#[test]
fn money_in_the_parameters_brings_its_currency() {
    let tree = plain_tree();
    let mut happening = Happening {
        kind: OperationKind::Note,
        node: tree.id(),
        actor: Actor::of(ActorKind::System),
        from_status: None,
        to_status: Status::Created,
        parameters: serde_json::Map::new(),
        remark: Remark::default(),
        at: Time(0),
        happened_at: None,
    };
    assert!(
        LogEntry::between(None, &tree, happening.clone(), &docket_domain::Seat::Center)
            .parameters
            .is_empty()
    );
    happening.parameters.insert("amount".into(), json!(5));
    assert_eq!(
        LogEntry::between(None, &tree, happening, &docket_domain::Seat::Center).parameters["currency"],
        "CNY"
    );
}

/// One edit of a tree: what it does depends on the three numbers alone.
fn edit(tree: &mut Tree, (what, at, value): (u8, usize, i64)) {
    let shops = tree.shops.len();
    match what {
        0 => tree.payment.payments.push(payment_of(100 + value, "card", "r", value)),
        1 => {
            tree.payment.revoke =
                Revoke::Revoked { by: ActorKind::Timer, at: Time(value), reason: None }
        }
        2 => tree.payment.coins = Amount((value > 3).then_some(value)),
        3 => tree.shops[at % shops].freight = Amount((value > 3).then_some(value)),
        4 => tree.shops[at % shops].items[0].quantity = Quantity(value),
        5 => tree.shops[at % shops].settled_at = (value > 3).then_some(Time(value)),
        6 => tree.payment.home = Home::Branch(value.to_string()),
        7 => tree.shops.insert(at % shops, shop(1000 + value * 2, vec![item(1001 + value * 2)])),
        8 if shops > 1 => drop(tree.shops.remove(at % shops)),
        9 => tree.shops.rotate_left(at % shops),
        10 => tree.shops[at % shops].items.push(item(2000 + value)),
        11 => tree.payment.version += 3,
        12 => tree.shops[at % shops].items.reverse(),
        _ => edit_facts(tree, (what, at, value)),
    }
}

/// One edit of a list of facts: one comes, one goes, one changes, or they change places.
fn edit_facts(tree: &mut Tree, (what, at, value): (u8, usize, i64)) {
    let shops = tree.shops.len();
    let shop = &mut tree.shops[at % shops];
    let line = Line { order_id: Id(3), quantity: Quantity(value) };
    match what {
        13 => {
            let refund = full_tree().shops[0].refunds[0].clone();
            shop.refunds.push(Refund { refund_id: Id(3000 + value), ..refund });
        }
        14 => {
            if let Some(refund) = shop.refunds.last_mut() {
                refund.status = RefundStatus::Withdrawn;
                shop.answers.clear();
                refund.reason = (value > 3).then(|| "late".to_owned());
                refund.parts.clear();
                refund.returned.push(line);
            }
        }
        15 => drop(shop.refunds.pop()),
        16 => shop.refunds.reverse(),
        17 => tree.payment.payments.insert(0, payment_of(4000 + value, "card", "r", value)),
        18 => tree.payment.tags.push(value.to_string()),
        19 => tree.payment.tags.truncate(at),
        20 => {
            let detail = json!({"excess": [value], "reported": null});
            let kind = AnomalyKind::Overpaid;
            tree.payment.anomalies.insert(0, Anomaly { kind, at: Time(value), detail });
        }
        21 => shop.shipments.push(Shipment {
            shipment_id: Id(5000 + value),
            package: None,
            carrier: None,
            tracking: None,
            at: Time(value),
            by_then: false,
            state: ParcelState::Left,
            heard_at: None,
            lines: vec![line],
        }),
        22 => {
            if let Some(parcel) = shop.shipments.first_mut() {
                parcel.tracking = (value > 3).then(|| value.to_string());
                parcel.lines.push(line);
            }
        }
        _ => shop.items[0].rates.push(Rate { score: 5, text: None, at: Time(value) }),
    }
}

proptest! {
    #[test]
    fn undo_is_the_way_back(
        seed in any::<bool>(),
        edits in prop::collection::vec((0_u8..25, 0_usize..9, 0_i64..9), 0..20),
    ) {
        let before = if seed { plain_tree() } else { full_tree() };
        let mut after = changed(&before, |_| ());
        let mut numbers = 0;
        for (what, at, value) in edits {
            numbers += 10; // so that no number is given twice
            edit(&mut after, (what, at, if matches!(what, 7 | 10) { value + numbers } else { value }));
        }
        let row = entry(Some(&before), &after);
        let stored: LogEntry = serde_json::from_str(&serde_json::to_string(&row).unwrap()).unwrap();
        prop_assert_eq!(undo(&after, &stored), Ok(Some(before.clone())));
        prop_assert_eq!(redo(&before, &stored), Ok(after.clone()));
        // A row that was written before lists stood by element.
        let mut earlier = stored;
        earlier.before = with_whole_lists(&earlier.before, &before);
        earlier.after = with_whole_lists(&earlier.after, &after);
        prop_assert_eq!(undo(&after, &earlier), Ok(Some(before.clone())));
        prop_assert_eq!(redo(&before, &earlier), Ok(after));
    }
}
