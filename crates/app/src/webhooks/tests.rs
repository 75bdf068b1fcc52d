//! What webhooks are told of orders that a marketplace reports.

#[path = "../../../domain/tests/channel_reports/mod.rs"]
#[allow(unreachable_pub)] // it is shared with tests of other crates
mod channel_reports;

use super::Outbox;
use crate::lane::reactions::{Changes, Reactions};
use channel_reports::{report, shipped, take_down};
use docket_domain::change::Change;
use docket_domain::{Id, IdSource, Seat, Time, Tree};
use docket_store::{Context, Sealed, View, WebhookRow};
use std::sync::Arc;

/// How many deliveries follow `change`, where one webhook wants everything.
fn told(before: Option<&Arc<Tree>>, change: Change, silent: bool) -> usize {
    let outbox = Arc::new(Outbox::default());
    outbox.know(vec![WebhookRow {
        id: Id(1),
        url: "https://example.com".to_owned(),
        events: Vec::new(),
        secret: Sealed { key_id: 1, bytes: Vec::new() },
        created_at: Time(0),
        disabled_at: None,
        why: None,
        old: None,
    }]);
    let (mut changes, _) = Changes::one(before, change);
    changes.silent = silent;
    let mut ids = IdSource::new(1, 0);
    let mut cx = Context { now: Time(0), ids: &mut ids, seat: &Seat::Center };
    let reactions = Reactions(vec![Box::new(outbox)]);
    reactions.writes(changes, &View::default(), &mut cx).expect("it asks for nothing").tasks.len()
}

#[test]
fn orders_of_a_marketplace_are_told_unless_they_are_no_news() {
    let first = || take_down(None, &report()).expect("an order").expect("a change");
    assert_eq!(told(None, first(), false), 1);
    assert_eq!(told(None, first(), true), 0, "it happened before the shop was connected");
    let tree = Arc::new(first().tree);
    let next = take_down(Some(&tree), &shipped(2500, 3000)).expect("an order").expect("a change");
    assert_eq!(told(Some(&tree), next, false), 1);
    let same = take_down(Some(&tree), &report()).expect("an order");
    assert_eq!(same, None, "what says nothing new is no change, so nobody is told");
}
