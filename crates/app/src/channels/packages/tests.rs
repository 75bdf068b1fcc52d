//! The row of an order after looks for its parcels, and when an order has all of them.

use super::look::NEVER;
use super::*;
use docket_connectors::channel::{ChannelLine, Held, PackageRef};

fn row() -> ChannelOrderRow {
    ChannelOrderRow {
        shop: Id(1),
        number: "P-1".to_owned(),
        tree: Some(Id(2)),
        status: "4".to_owned(),
        created_at: None,
        updated_at: Some(Time(DAY)),
        seen_at: Time(DAY),
        read_at: Time(DAY),
        listed: true,
        fingerprint: 3,
        packages: PackageState::Waiting,
        looks: 0,
        tries: 0,
        wait_since: Some(Time(DAY)),
        next_look_at: Some(Time(DAY)),
        note: None,
        payload: Vec::new(),
    }
}

fn looked(row: ChannelOrderRow, at: Time, found: Found) -> ChannelOrderRow {
    Look { at, found: Some(found), money: Money::NotAsked }.after(row)
}

#[test]
fn parcels_that_are_known_are_looked_at_once_more_and_then_never() {
    let first = looked(row(), Time(DAY), Found::All);
    assert_eq!((first.packages, first.next_look_at), (PackageState::Known, Some(Time(2 * DAY))));
    let second = looked(first, Time(2 * DAY), Found::All);
    assert_eq!((second.packages, second.next_look_at), (PackageState::Known, None));
    let old = looked(row(), Time(20 * DAY), Found::All);
    assert_eq!((old.packages, old.next_look_at), (PackageState::Known, None), "it left long ago");
}

#[test]
fn nothing_yet_comes_to_an_end_that_says_why() {
    let (mut now, mut row, mut looks) = (Time(DAY), row(), 0);
    while let Some(at) = row.next_look_at {
        now = now.plus(at.since(now).max(0));
        row = looked(row, now, Found::NotYet);
        looks += 1;
        assert!(looks < 100, "it ends");
    }
    assert_eq!(
        (row.packages, row.note.as_deref()),
        (PackageState::Never, Some(&*format!("\n{NEVER}")))
    );
    assert_eq!((looks, row.looks), (17, 17));
}

#[test]
fn a_look_that_fails_five_times_has_failed_and_one_between_that_works_begins_anew() {
    let fails = |row| looked(row, Time(DAY), Found::Nothing("no".to_owned()));
    let mut failed = row();
    for tries in 1..=5 {
        assert_ne!(failed.packages, PackageState::Failed);
        failed = fails(failed);
        assert_eq!(failed.tries, tries);
    }
    assert_eq!((failed.packages, failed.next_look_at), (PackageState::Failed, None));
    assert_eq!((failed.looks, failed.note.as_deref()), (0, Some("\nno")));
    let between = looked(fails(fails(row())), Time(DAY), Found::NotYet);
    assert_eq!((between.tries, between.looks, between.note), (0, 1, None));
}

#[test]
fn a_line_that_left_is_complete_with_a_parcel_of_this_order_alone() {
    let line = |number: &str, stage| ChannelLine {
        number: number.to_owned(),
        stage: Some(stage),
        ..ChannelLine::default()
    };
    let mut order = ChannelOrder {
        number: "P-1".to_owned(),
        lines: vec![
            line("a", Stage::Shipped),
            line("b", Stage::Unshipped),
            line("c", Stage::Shipped),
        ],
        ..ChannelOrder::default()
    };
    let missing: Vec<_> = without_parcel(&order, &[]).collect();
    assert_eq!(missing, ["a", "c"], "what is still here needs none");
    order.lines[0].packages =
        Some(vec![PackageRef { number: "K-1".to_owned(), ..PackageRef::default() }]);
    let held = |order: &str| Package {
        numbers: vec!["K-2".to_owned()],
        holds: vec![Held { order: order.to_owned(), line: Some("c".to_owned()), units: None }],
        ..Package::default()
    };
    assert!(!is_complete(&order, &[held("P-2")]), "a parcel of another order");
    assert!(is_complete(&order, &[held("P-1")]));
}

#[test]
fn what_was_odd_when_it_was_told_stays_whatever_looks_come_to() {
    let odd = ChannelOrderRow { note: Some("an unknown status".to_owned()), ..row() };
    let fails = |row| looked(row, Time(DAY), Found::Nothing("no answer".to_owned()));
    let failed = fails(fails(odd.clone()));
    assert_eq!(failed.note.as_deref(), Some("an unknown status\nno answer"));
    let found = looked(failed.clone(), Time(DAY), Found::All);
    assert_eq!(found.note.as_deref(), Some("an unknown status"), "the failure is over");
    // And told anew, its last look stays.
    let told = |row: &ChannelOrderRow, odd: Option<&str>| {
        Notes::of(row).after_told(odd.map(str::to_owned))
    };
    assert_eq!(told(&failed, Some("another")).as_deref(), Some("another\nno answer"));
    assert_eq!(told(&failed, None).as_deref(), Some("\nno answer"));
    assert_eq!(told(&found, None), None);
}

#[test]
fn a_look_for_money_alone_changes_nothing_of_parcels_and_is_tried_again() {
    let alone = |row, money| Look { at: Time(DAY), found: None, money }.after(row);
    let here = ChannelOrderRow { packages: PackageState::NotYet, wait_since: None, ..row() };
    let told = alone(here.clone(), Money::Told);
    assert_eq!((told.packages, told.looks, told.next_look_at), (PackageState::NotYet, 1, None));
    let (mut failed, mut tried) = (here.clone(), 0);
    while failed.next_look_at.is_some() {
        failed = alone(failed, Money::Failed("no".to_owned()));
        tried += 1;
        assert!(tried < 100, "it ends");
    }
    assert_eq!((tried, failed.packages), (5, PackageState::NotYet), "and no parcel has failed");
    // It left meanwhile: the look for its parcels is still to come.
    assert_eq!(alone(row(), Money::Told), row());
    // Of parcels that are known, what the buyer paid is asked for once more.
    let both = |row, found, money| Look { at: Time(DAY), found: Some(found), money }.after(row);
    let known = both(row(), Found::All, Money::Failed("no".to_owned()));
    assert_eq!((known.packages, known.tries, known.looks), (PackageState::Known, 1, 0));
    assert_eq!(known.next_look_at, Some(Time(DAY + 30_000)), "sooner than the next look");
    assert!(!look::is_for_parcels(&known));
    let then = alone(known, Money::Told);
    assert_eq!((then.packages, then.looks, then.tries), (PackageState::Known, 1, 0));
    assert_eq!(then.next_look_at, Some(Time(2 * DAY)), "parcels are looked at once more");
}
