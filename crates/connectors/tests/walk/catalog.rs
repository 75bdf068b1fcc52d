//! Passes through all products: what is there is never called gone, and what is gone is found out.

use super::market::second;
use super::shelves::{SHELVES, Shelves, keeps, pass_naively};
use super::temu;
use docket_connectors::channel::{Catalog, Page, ProductsPage, Pull, Span, TimeField, Unreadable};
use std::collections::BTreeMap;

const OVERLAP: i64 = 60_000;
const RUNS: u64 = 300;

fn small_pages() -> Pull {
    Pull { page_size_max: 20, ..temu() }
}

/// Reads all; gives the products that were met, with when we first met them.
fn read(pass: &mut Catalog, shelves: &mut Shelves, known: &mut BTreeMap<String, i64>) {
    while let Some(asked) = pass.next(second(shelves.now)) {
        let page = shelves.page(&asked);
        match pass.heard(&page) {
            Ok(heard) if keeps(heard) => {
                for product in page.products {
                    known.entry(product.number).or_insert(shelves.now);
                }
            }
            Ok(_) => {}
            Err(_) => drop(pass.give_up()),
        }
        shelves.act();
    }
}

fn full(shelves: &Shelves) -> Catalog {
    Catalog::full(&SHELVES, &small_pages(), second(0), second(shelves.now), OVERLAP)
}

#[test]
fn what_is_there_is_never_gone_and_what_is_gone_is_found_out() {
    let (mut passes, mut found, mut wrongly_naive) = (0, 0, 0);
    for seed in 0..RUNS {
        let mut shelves = Shelves::new(seed, 300);
        let mut known: BTreeMap<String, i64> =
            shelves.numbers().map(|number| (number, 0)).collect();
        let mut pass = full(&shelves);
        read(&mut pass, &mut shelves, &mut known);
        for (number, since) in &known {
            match pass.is_gone(number, second(*since)) {
                Some(true) => {
                    assert!(!shelves.has(number), "seed {seed}: {number} is there");
                    found += 1;
                }
                Some(false) => {}
                None => continue,
            }
            passes += 1;
        }
        // Nothing happens any more: the next pass knows exactly what is there.
        shelves.rests = true;
        shelves.now += 3_600;
        let mut pass = full(&shelves);
        read(&mut pass, &mut shelves, &mut known);
        for (number, since) in &known {
            assert_eq!(
                pass.is_gone(number, second(*since)),
                Some(!shelves.has(number)),
                "seed {seed}"
            );
        }
        assert!(shelves.numbers().all(|number| known.contains_key(&number)), "seed {seed}");

        let mut shelves = Shelves::new(seed, 300);
        let before: Vec<String> = shelves.numbers().collect();
        let window =
            Span::new(second(0), second(shelves.now)).expect("a span").by(TimeField::Created);
        let seen = pass_naively(&mut shelves, 20, window);
        let lost = |number: &&String| !seen.contains(number) && shelves.has(number);
        wrongly_naive += before.iter().filter(lost).count();
    }
    assert!(passes > 10_000 && found > 100, "{passes} {found}");
    assert!(
        wrongly_naive > 300,
        "page by page, products that are there are missed: {wrongly_naive}"
    );
}

#[test]
fn a_pass_that_could_not_read_all_calls_nothing_gone() {
    let mut shelves = Shelves::new(1, 50);
    shelves.rests = true;
    let mut pass = full(&shelves);
    let mut given_up = false;
    while let Some(asked) = pass.next(second(shelves.now)) {
        if !given_up {
            given_up = true;
            assert!(pass.give_up().is_some());
            continue;
        }
        pass.heard(&shelves.page(&asked)).expect("a page");
    }
    assert_eq!(pass.is_gone("nobody", second(0)), None);
}

#[test]
fn a_row_that_names_no_product_might_be_any() {
    let shelves = Shelves::new(1, 0);
    let mut pass = full(&shelves);
    let refused = vec![Unreadable { number: None, reason: String::new(), raw: String::new() }];
    let page = ProductsPage { refused, total: Some(1), ..ProductsPage::default() };
    pass.next(second(shelves.now)).expect("a page");
    pass.heard(&page).expect("a page");
    while let Some(asked) = pass.next(second(shelves.now)) {
        pass.heard(&shelves.page(&asked)).expect("a page");
    }
    assert_eq!(pass.is_gone("1", second(0)), None);
}

#[test]
fn what_changed_is_one_call_a_shelf_and_calls_nothing_gone() {
    let mut shelves = Shelves::new(1, 300);
    shelves.now += 5_000;
    let (since, now) = (second(shelves.now - 600), second(shelves.now));
    let mut pass = Catalog::changed(&SHELVES, &small_pages(), since, now, OVERLAP);
    let mut calls = 0;
    while let Some(asked) = pass.next(now) {
        assert_eq!(asked.page, Page::First);
        assert_eq!(asked.window.expect("a window").by, TimeField::Updated);
        pass.heard(&shelves.page(&asked)).expect("a page");
        calls += 1;
    }
    assert_eq!((calls, pass.is_gone("1", second(0))), (4, None));
    assert!(shelves.made_at("1") < shelves.now);
}
