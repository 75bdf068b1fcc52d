//! A clock that is set back: inside one order, time does not fall.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod harness;
mod reports;

use docket_domain::operation::{Operation, RefundAsked};
use docket_domain::time::{DAY, HOUR, MINUTE};
use docket_domain::{ActorKind, Time};
use harness::*;
use reports::{Mode, NOW, recorded, report, take_down};

use ActorKind::{Buyer, Gateway, Store, Till};

#[test]
fn what_happens_after_the_clock_was_set_back_happens_no_earlier_than_what_was_before() {
    let mut harness = parcels();
    harness.at = harness.at.plus(MINUTE);
    harness.does(Till, paid("cash", "r-1", 16600));
    let paid_at = harness.at;
    harness.at = harness.at.plus(-DAY);
    harness.does(Buyer, Operation::RequestRefund(RefundAsked::default()));
    harness.does(Store, Operation::AgreeRefund { refund_id: None });
    let id = harness.refund(0).refund_id;
    harness.does(Gateway, money_back(id));
    let times: Vec<Time> = harness.log[1..].iter().map(|entry| entry.at).collect();
    assert_eq!(times, [paid_at; 4]);
    let refund = harness.refund(0);
    assert_eq!((refund.created_at, refund.ended_at), (paid_at, Some(paid_at)));
    // It goes on with the clock as soon as that has caught up.
    harness.at = paid_at.plus(HOUR);
    harness.does(Store, Operation::Tag { add: vec!["late".into()], remove: vec![] });
    assert_eq!(harness.log.last().unwrap().at, paid_at.plus(HOUR));
}

#[test]
fn deadlines_wait_for_the_clock_and_pass_no_earlier_than_the_order_changed() {
    let mut harness = parcels();
    let placed_at = harness.at;
    harness.at = placed_at.plus(-DAY);
    assert!(!harness.timer(), "nothing is due yet");
    harness.at = placed_at.plus(31 * MINUTE);
    assert!(harness.timer());
    assert_eq!(harness.log.last().unwrap().at, placed_at.plus(31 * MINUTE));
}

#[test]
fn a_report_that_is_taken_down_after_the_clock_was_set_back_changes_the_order_no_earlier() {
    let first = recorded(&report());
    let mut more = report();
    more.placement.tags.push("vip".into());
    more.total = docket_domain::Amount::of(1);
    let change = take_down(Some(&first.tree), &more, Mode::History, Time(NOW.0 - DAY));
    let change = change.unwrap().expect("it says something new");
    assert_eq!(change.entry.at, first.entry.at);
    assert_eq!(change.tree.payment.updated_at, NOW);
}
