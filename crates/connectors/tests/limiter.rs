//! The limiter: never one call too many in any second, everybody's turn comes, and what is fresh comes first.

use docket_connectors::channel::temu::Temu;
use docket_connectors::channel::{Connector, Limit, LimitScope, Pace, Purpose, Turns};
use docket_domain::Time;
use proptest::prelude::*;

fn temu() -> Limit {
    Temu.capabilities().limits[0]
}

/// When calls are sent by whoever asks at these pauses, and again whenever it is told to.
fn sent(pace: &mut Pace, pauses: &[i64]) -> Vec<i64> {
    let (mut now, mut sent) = (0, Vec::new());
    for pause in pauses {
        now += pause;
        while let Err(at) = pace.take(Time(now)) {
            assert!(at.0 > now, "it says a later moment");
            now = at.0;
        }
        sent.push(now);
    }
    sent
}

/// The most calls in any stretch of so many milliseconds, both its ends included.
fn most_within(sent: &[i64], length: i64) -> usize {
    let from =
        |first: usize| sent[first..].iter().take_while(|at| **at - sent[first] <= length).count();
    (0..sent.len()).map(from).max().unwrap_or(0)
}

#[test]
fn whoever_always_asks_gets_nineteen_a_second_and_never_twenty_one() {
    let mut pace = Pace::new(temu());
    let sent = sent(&mut pace, &vec![0; 2_000]);
    assert!(most_within(&sent, 1_000) <= 20);
    let each_second = 2_000.0 / (*sent.last().expect("calls") as f64 / 1_000.0);
    assert!(each_second >= 19.0, "{each_second}");
}

#[test]
fn processes_that_do_not_speak_to_each_other_take_their_parts() {
    for processes in [2_u32, 3, 7, 20] {
        let mut all = Vec::new();
        for process in 0..processes {
            let mut pace = Pace::new(temu());
            pace.share_among(processes);
            let mut pauses = vec![0; 200];
            pauses[0] = i64::from(process) * 7;
            all.extend(sent(&mut pace, &pauses));
        }
        all.sort_unstable();
        assert!(most_within(&all, 1_000) <= 20, "{processes}: {}", most_within(&all, 1_000));
    }
}

#[test]
fn a_marketplace_that_asks_for_time_gets_it() {
    let mut pace = Pace::new(temu());
    assert_eq!(pace.take(Time(100)), Ok(()));
    pace.hold(Time(5_000));
    assert_eq!(pace.take(Time(200)), Err(Time(5_000)));
    pace.hold(Time(300));
    assert_eq!(pace.take(Time(4_999)), Err(Time(5_000)), "an earlier end ends nothing");
    assert_eq!(pace.take(Time(5_000)), Ok(()));
}

proptest! {
    #[test]
    fn never_one_too_many_in_any_stretch(
        calls in 1..50_u32,
        per in 200..5_000_i64,
        pauses in proptest::collection::vec(0..400_i64, 1..200),
        jitter in 0..20_i64,
    ) {
        let limit = Limit { scope: LimitScope::App, calls, per };
        let mut pace = Pace::new(limit);
        let sent = sent(&mut pace, &pauses);
        prop_assert!(most_within(&sent, per) <= calls as usize);
        // What takes up to two hundredths of the stretch longer on its way does not make one too many either.
        let jitter = jitter.min(per / 50);
        let late = |(number, at): (usize, &i64)| at + (number as i64 % 2) * jitter;
        let mut arrived: Vec<i64> = sent.iter().enumerate().map(late).collect();
        arrived.sort_unstable();
        prop_assert!(most_within(&arrived, per - 1) <= calls as usize);
    }

    #[test]
    fn everybodys_turn_comes_in_the_order_of_each(
        waits in proptest::collection::vec((0..3_usize, 0..5_u8), 1..300),
        taken in proptest::collection::vec(any::<bool>(), 300),
    ) {
        let purposes = [Purpose::Fresh, Purpose::Enrich, Purpose::Full];
        let (mut turns, mut out) = (Turns::new(), Vec::new());
        for (number, (purpose, shop)) in waits.iter().enumerate() {
            turns.wait(purposes[*purpose], *shop, number);
            if taken[number] {
                out.extend(turns.turn());
            }
        }
        while let Some(turn) = turns.turn() {
            out.push(turn);
        }
        prop_assert!(turns.is_empty());
        prop_assert_eq!(out.len(), waits.len());
        for (purpose, shop) in waits.iter().map(|(purpose, shop)| (purposes[*purpose], *shop)) {
            let of = out.iter().filter(|turn| (turn.0, turn.1) == (purpose, shop));
            prop_assert!(of.map(|turn| turn.2).is_sorted());
        }
    }
}

fn backlog(shops: u32, calls: u32) -> Turns<u32, u32> {
    let mut turns = Turns::new();
    for call in 0..calls {
        for shop in 0..shops {
            for purpose in [Purpose::Fresh, Purpose::Enrich, Purpose::Full] {
                turns.wait(purpose, shop, call);
            }
        }
    }
    turns
}

#[test]
fn where_all_wait_turns_go_by_weight_and_shops_take_turns() {
    let mut turns = backlog(10, 100);
    let mut count = |purpose| {
        let turns = std::iter::from_fn(|| turns.turn()).take(100);
        turns.filter(|turn| turn.0 == purpose).count()
    };
    assert_eq!((count(Purpose::Fresh), count(Purpose::Enrich), count(Purpose::Full)), (60, 30, 10));
    let mut turns = backlog(10, 100);
    let fresh: Vec<u32> = std::iter::from_fn(|| turns.turn())
        .filter(|turn| turn.0 == Purpose::Fresh)
        .map(|turn| turn.1)
        .take(20)
        .collect();
    assert_eq!(fresh, (0..10).chain(0..10).collect::<Vec<_>>());
}

#[test]
fn a_shop_that_asks_little_does_not_wait_for_those_that_ask_much() {
    let mut turns = Turns::new();
    for call in 0..10_000 {
        turns.wait(Purpose::Full, "large", call);
        turns.wait(Purpose::Enrich, "large", call);
    }
    for _ in 0..5_000 {
        turns.turn();
    }
    turns.wait(Purpose::Enrich, "small", 0);
    turns.wait(Purpose::Fresh, "small", 0);
    let before = |purpose: Purpose, turns: &mut Turns<&str, i32>| {
        std::iter::from_fn(|| turns.turn())
            .position(|turn| (turn.0, turn.1) == (purpose, "small"))
            .expect("its turn comes")
    };
    assert_eq!(before(Purpose::Fresh, &mut turns), 0, "what is fresh is next");
    assert!(before(Purpose::Enrich, &mut turns) <= 3);
}

#[test]
fn who_idled_has_no_turns_to_make_up_for() {
    let mut turns = Turns::new();
    for call in 0..1_000 {
        turns.wait(Purpose::Fresh, 1, call);
    }
    for _ in 0..900 {
        turns.turn();
    }
    // Full passes idled all the while; now they get one turn of seven, not nine hundred.
    for call in 0..1_000 {
        turns.wait(Purpose::Full, 1, call);
    }
    let next: Vec<Purpose> =
        std::iter::from_fn(|| turns.turn()).map(|turn| turn.0).take(70).collect();
    let full = next.iter().filter(|purpose| **purpose == Purpose::Full).count();
    assert!((9..=11).contains(&full), "{full}");
}
