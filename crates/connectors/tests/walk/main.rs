//! Walks through a list that changes while it is read: a marketplace in memory, with the same code that runs against a
//! real one.

mod catalog;
mod market;
mod shelves;

use docket_connectors::channel::temu::Temu;
use docket_connectors::channel::{ChannelOrder, OrdersCall, OrdersPage, Unreadable};
use docket_connectors::channel::{
    Connector, Coverage, Direction, Freshness, Heard, Page, Paging, Pull, Span, Spans, TimeField,
    Told, Unwalkable, Walk,
};
use market::{Churn, Market, second};

const RUNS: u64 = 1_000;

fn temu() -> Pull {
    Temu.capabilities().pull.clone().expect("a list")
}

fn all(market: &Market) -> Span {
    Span::new(second(0), second(market.now)).expect("a span")
}

/// Reads some spans to the end; gives what was finished and the number of calls.
fn walk(market: &mut Market, spans: &[Span]) -> (Spans, usize) {
    let mut walk = Walk::new(spans, TimeField::Updated, &temu(), market.size);
    let (mut finished, mut calls) = (Spans::default(), 0);
    while let Some(asked) = walk.next() {
        let rows = market.page(&asked.window, &asked.page);
        calls += 1;
        match walk.heard(&rows.told()) {
            Ok(Heard::Cut) => {}
            Ok(Heard::Rows) => market.keep(&rows),
            Ok(Heard::Finished(span)) => {
                market.keep(&rows);
                finished.add(span);
            }
            Err(Unwalkable::Restless | Unwalkable::Short { .. }) => {
                walk.give_up();
            }
            Err(why) => panic!("{why}"),
        }
        market.act();
    }
    (finished, calls)
}

/// Reads the list again and again while it changes, then until nothing is missing.
fn pull(market: &mut Market) {
    let mut stream = Coverage::new(second(0), Spans::default());
    let near = Freshness { overlap: 900_000, lag: 120_000 };
    for round in 0..6 {
        if round == 4 {
            market.rest();
        }
        let due = stream.due(second(market.now), near, &Spans::default());
        let (finished, _) = walk(market, &due);
        finished.iter().for_each(|span| stream.finish(span));
        market.now += 600;
    }
    assert!(stream.mark() > Some(second(market.now - 1000)), "the mark follows");
}

/// What everybody writes first: pages forward through a window that ends now, then the next window.
fn pull_naively(market: &mut Market) {
    let mut from = 0;
    for round in 0..6 {
        if round == 4 {
            market.rest();
        }
        let to = market.now;
        let window = Span::new(second(from), second(to)).expect("a span").by(TimeField::Updated);
        for page in 1.. {
            let rows = market.page(&window, &Page::Number(page));
            market.keep(&rows);
            market.act();
            if rows.is_short() {
                break;
            }
        }
        from = to + 1;
        market.now += 600;
    }
}

#[test]
fn a_list_that_changes_while_it_is_read_loses_nothing() {
    let (mut lost, mut lost_naively) = (0, 0);
    for seed in 0..RUNS {
        let mut market = Market::new(seed, Churn::Busy);
        pull(&mut market);
        lost += market.lost();
        let mut market = Market::new(seed, Churn::Busy);
        pull_naively(&mut market);
        lost_naively += market.lost();
    }
    println!("{RUNS} seeds: {lost} lost in windows of one page, {lost_naively} read page by page");
    assert_eq!(lost, 0);
    // The same changes, read the obvious way: some orders in every run.
    assert!(lost_naively as u64 > RUNS * 4, "{lost_naively}");
}

#[test]
fn rows_that_are_listed_late_are_read_by_the_overlap() {
    for seed in 0..RUNS / 10 {
        let mut market = Market::new(seed, Churn::Late { seconds: 880 });
        pull(&mut market);
        assert_eq!(market.lost(), 0, "seed {seed}");
    }
    let beyond = (0..RUNS / 10).map(|seed| {
        let mut market = Market::new(seed, Churn::Late { seconds: 7200 });
        pull(&mut market);
        market.lost()
    });
    assert!(beyond.sum::<usize>() > 0, "later than the overlap: the daily pass has to find them");
}

#[test]
fn a_second_with_many_orders_that_change_is_read_backwards() {
    for seed in 0..RUNS / 10 {
        let mut market = Market::new(seed, Churn::Bulk);
        pull(&mut market);
        assert_eq!(market.lost(), 0, "seed {seed}");
    }
}

#[test]
fn where_nothing_is_new_one_call_suffices() {
    let mut market = Market::new(1, Churn::None);
    let everything = all(&market);
    walk(&mut market, &[everything]);
    assert_eq!(market.lost(), 0);
    market.now += 3600;
    let quiet = Span::new(second(market.now - 600), second(market.now)).expect("a span");
    assert_eq!(walk(&mut market, &[quiet]).1, 1);
}

#[test]
fn a_first_pull_asks_little_more_often_than_there_are_pages() {
    let mut market = Market::of(100_000, 90 * 86_400, 100);
    let everything = all(&market);
    let (finished, calls) = walk(&mut market, &[everything]);
    assert_eq!((market.lost(), finished.iter().collect::<Vec<_>>()), (0, vec![everything]));
    assert!((1_000..1_600).contains(&calls), "{calls} calls for 1,000 pages");
}

#[test]
fn what_is_finished_is_told_piece_by_piece_from_the_oldest() {
    let market = Market::of(1_000, 10_000, 100);
    let everything = all(&market);
    let mut walk = Walk::new(&[everything], TimeField::Updated, &temu(), 100);
    let mut reached = None;
    while let Some(asked) = walk.next() {
        let rows = market.page(&asked.window, &asked.page);
        if let Ok(Heard::Finished(span)) = walk.heard(&rows.told()) {
            let expected = reached.map_or(second(0), |to: docket_domain::Time| to.plus(1000));
            assert_eq!(span.from, expected);
            reached = Some(span.to);
            let left: Vec<Span> = walk.left().collect();
            assert!(left.first().is_none_or(|next| next.from == span.to.plus(1000)));
        }
    }
    assert_eq!(reached, Some(everything.to));
}

/// A span of one second with three pages of two rows.
fn one_second() -> (Walk, Span) {
    let span = Span::new(second(5), second(5)).expect("a span");
    (Walk::new(&[span], TimeField::Updated, &temu(), 2), span)
}

fn told<'a>(numbers: &[&'a str], total: u64) -> Told<'a> {
    Told { numbers: numbers.to_vec(), total: Some(total), ..Told::default() }
}

fn asked(walk: &Walk) -> Page {
    walk.next().expect("something is left").page
}

#[test]
fn a_second_is_read_until_a_pass_finds_nothing_new() {
    let (mut walk, span) = one_second();
    let hear = |walk: &mut Walk, page: Page, numbers: &[&str], total| {
        assert_eq!(asked(walk), page);
        walk.heard(&told(numbers, total)).expect("it can be read")
    };
    assert_eq!(hear(&mut walk, Page::First, &["a", "b"], 5), Heard::Rows);
    for number in [3, 2, 1, 3, 2] {
        let rows: &[&str] = [&["a", "b"][..], &["c", "d"], &["e"]][number - 1];
        assert_eq!(hear(&mut walk, Page::Number(number as u32), rows, 5), Heard::Rows);
    }
    assert_eq!(hear(&mut walk, Page::Number(1), &["a", "b"], 5), Heard::Finished(span));
    assert_eq!(walk.next(), None);
}

#[test]
fn a_second_that_grows_is_read_again_and_given_up_after_a_while() {
    let (mut walk, _) = one_second();
    let numbers: Vec<String> = (0..40).map(|number| number.to_string()).collect();
    let mut total = 4;
    let outcome = loop {
        let page = asked(&walk).number().expect("numbers") as usize;
        let rows: Vec<&str> = numbers[..total].iter().rev().map(String::as_str).collect();
        let rows = &rows[(page - 1) * 2..(page * 2).min(total)];
        if let Err(why) = walk.heard(&told(rows, total as u64)) {
            break why;
        }
        // One more comes in every pass, before its end.
        total += usize::from(page == 2);
    };
    assert_eq!(outcome, Unwalkable::Restless);
}

#[test]
fn pages_that_are_ignored_end_the_walk() {
    let (mut walk, span) = one_second();
    assert_eq!(walk.heard(&told(&["a", "b"], 5)), Ok(Heard::Rows));
    assert_eq!(walk.heard(&told(&["a", "b"], 5)), Err(Unwalkable::NothingNew));
    assert_eq!(walk.give_up(), Some(span));
    // An empty page is no end of a list that says it has more.
    let (mut walk, _) = one_second();
    assert_eq!(walk.heard(&told(&["a", "b"], 5)), Ok(Heard::Rows));
    assert_eq!(walk.heard(&told(&[], 5)), Err(Unwalkable::NothingNew));
}

#[test]
fn a_page_with_fewer_rows_than_it_says_is_no_page() {
    let (mut walk, _) = one_second();
    let short = Unwalkable::Short { rows: 1, total: 2 };
    assert_eq!(walk.heard(&told(&["a"], 2)), Err(short));
    assert_eq!(asked(&walk), Page::First, "it can be asked for again");
    assert_eq!(walk.heard(&told(&[], 9)), Err(Unwalkable::Short { rows: 0, total: 9 }));
    let (from, to) = (second(0), second(99));
    let mut walk =
        Walk::new(&[Span::new(from, to).expect("a span")], TimeField::Updated, &temu(), 2);
    assert_eq!(
        walk.heard(&told(&["a"], 9)),
        Ok(Heard::Cut),
        "only what is not cut has to be whole"
    );
    let (mut walk, _) = one_second();
    let none = Told { numbers: vec!["a", "b"], total: None, ..Told::default() };
    assert_eq!(walk.heard(&none), Err(Unwalkable::NoTotal));
}

#[test]
fn a_list_that_ignores_the_time_ends_the_walk() {
    let (from, to) = (second(0), second(1_000_000));
    let spans = [Span::new(from, to).expect("a span")];
    let mut walk = Walk::new(&spans, TimeField::Updated, &temu(), 2);
    let other = Told { outside: 2, ..told(&["a", "b"], 5_000) };
    assert_eq!(walk.heard(&other), Err(Unwalkable::OtherTime));
}

#[test]
fn a_hole_is_narrowed_and_its_neighbours_are_read() {
    let mut market = Market::of(500, 1_000, 100);
    let mut walk = Walk::new(&[all(&market)], TimeField::Updated, &temu(), 100);
    let (bad, mut holes, mut calls) = (second(333), vec![], 0);
    while let Some(asked) = walk.next() {
        calls += 1;
        if asked.window.from <= bad && bad <= asked.window.to {
            if !walk.narrow() {
                holes.extend(walk.give_up());
            }
            continue;
        }
        let rows = market.page(&asked.window, &asked.page);
        if walk.heard(&rows.told()) != Ok(Heard::Cut) {
            market.keep(&rows);
        }
    }
    assert_eq!(holes, [Span::new(bad, bad).expect("a span")]);
    assert_eq!(market.lost(), market.of_second(333), "what is lost is in the hole");
    assert!(calls < 40, "{calls}");
}

#[test]
fn a_list_with_cursors_is_followed_day_by_day() {
    let paging = Pull { paging: Paging::Cursor, direction: Direction::OldestFirst, ..temu() };
    let days = Span::new(second(0), second(3 * 86_400 - 1)).expect("a span");
    let mut walk = Walk::new(&[days], TimeField::Updated, &paging, 100);
    for day in 0..3 {
        let window = walk.next().expect("a day").window;
        assert_eq!(
            (window.from, window.to),
            (second(day * 86_400), second((day + 1) * 86_400 - 1))
        );
        let token = Page::Token("next".into());
        let first = Told { next: Some(token.clone()), ..told(&["a"], 0) };
        assert_eq!(walk.heard(&first), Ok(Heard::Rows));
        assert_eq!(asked(&walk), token);
        if day == 2 {
            assert_eq!(walk.heard(&first), Err(Unwalkable::NothingNew), "the same page again");
            return;
        }
        assert_eq!(walk.heard(&told(&["b"], 0)), Ok(Heard::Finished(Span::from(window))));
    }
}

#[test]
fn a_page_tells_the_walk_its_numbers_and_what_lies_outside_of_its_window() {
    let window = Span::new(second(10), second(19)).expect("a span").by(TimeField::Created);
    let asked = OrdersCall { window, page: Page::First, size: 100 };
    let order = |number: &str, at: i64| ChannelOrder {
        number: number.into(),
        created_at: Some(second(at)),
        ..ChannelOrder::default()
    };
    let refused = |number: Option<&str>| Unreadable {
        number: number.map(str::to_owned),
        reason: String::new(),
        raw: String::new(),
    };
    let page = OrdersPage {
        orders: vec![order("a", 9), order("b", 10), order("c", 19), order("d", 20)],
        refused: vec![refused(Some("e")), refused(None)],
        total: Some(6),
        ..OrdersPage::default()
    };
    let told = Told::of(&asked, &page);
    assert_eq!(told.numbers, ["a", "b", "c", "d", "e"]);
    assert_eq!((told.unnumbered, told.outside, told.total), (1, 2, Some(6)));
}
