//! The rows of an order's log: what stands in their images, and the way back.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod sample_trees;

use docket_domain::change::{Happening, group_of, images, undo};
use docket_domain::tree::{Home, Revoke};
use docket_domain::words::{Level, Status};
use docket_domain::{
    Actor, ActorKind, Amount, Id, LogEntry, OperationKind, Quantity, Remark, Time, Tree,
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
    LogEntry::between(before, after, happening)
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
        (Level::Payment, serde_json::to_value(&tree.payment).unwrap(), 31),
        (Level::Shop, serde_json::to_value(&tree.shops[0]).unwrap(), 24),
        (Level::Item, serde_json::to_value(&tree.shops[0].items[0]).unwrap(), 18),
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
    assert!(LogEntry::between(None, &tree, happening.clone()).parameters.is_empty());
    happening.parameters.insert("amount".into(), json!(5));
    assert_eq!(LogEntry::between(None, &tree, happening).parameters["currency"], "CNY");
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
        _ => tree.shops[at % shops].items.reverse(),
    }
}

proptest! {
    #[test]
    fn undo_is_the_way_back(
        seed in any::<bool>(),
        edits in prop::collection::vec((0_u8..14, 0_usize..9, 0_i64..9), 0..12),
    ) {
        let before = if seed { plain_tree() } else { full_tree() };
        let mut after = changed(&before, |_| ());
        let mut numbers = 0;
        for (what, at, value) in edits {
            numbers += 10; // so that no number is given twice
            edit(&mut after, (what, at, if matches!(what, 7 | 10) { value + numbers } else { value }));
        }
        let row = entry(Some(&before), &after);
        let stored = serde_json::from_str(&serde_json::to_string(&row).unwrap()).unwrap();
        prop_assert_eq!(undo(&after, &stored), Ok(Some(before)));
    }
}
