//! The table of who decides what where, walked whole: every operation, actor, home and seat.

#![allow(clippy::disallowed_methods)] // whether the page is to be blessed is asked of the environment

use docket_domain::seat::{Elsewhere, Matter, Seat, Site, decides, site_of};
use docket_domain::tree::Home;
use docket_domain::{ActorKind, OperationKind};
use std::fmt::Write as _;

fn homes() -> [Home; 5] {
    let (north, south) = ("north".to_owned(), "south".to_owned());
    [
        Home::Center,
        Home::Branch(north),
        Home::Branch(south),
        Home::Channel("11".to_owned()),
        Home::Sites,
    ]
}

fn seats() -> [Seat; 4] {
    [
        Seat::Center,
        Seat::Branch("north".to_owned()),
        Seat::Site(Site::Buyers),
        Seat::Site(Site::Sellers),
    ]
}

#[test]
fn everything_is_decided_at_one_place_at_most_and_a_copy_names_its_home() {
    let mut walked = 0;
    for operation in OperationKind::ALL {
        for actor in ActorKind::ALL {
            for home in homes() {
                let places = seats().into_iter().filter_map(|seat| {
                    walked += 1;
                    let decided = decides(*operation, *actor, &home, &seat);
                    let at_home = seat.is_home_of(&home);
                    match &decided {
                        Ok(()) => assert!(at_home, "{operation} {actor} {home:?} {seat}"),
                        Err(Elsewhere::Home(named)) => {
                            assert!(!at_home && *named == home, "{operation} {actor} {seat}");
                        }
                        Err(Elsewhere::Site(site)) => {
                            let there = decides(*operation, *actor, &home, &Seat::Site(*site));
                            assert!(at_home && there.is_ok(), "{operation} {actor} {site}");
                        }
                    }
                    decided.is_ok().then_some(seat)
                });
                let places = places.count();
                let expected = match (&home, site_of(*operation, *actor)) {
                    (Home::Channel(_), _) => 0,
                    (Home::Branch(name), _) => usize::from(name == "north"),
                    (Home::Sites, None) => 2,
                    (Home::Sites, Some(_)) | (Home::Center, _) => 1,
                };
                assert_eq!(places, expected, "{operation} {actor} {home:?}");
            }
        }
    }
    assert_eq!(walked, OperationKind::ALL.len() * ActorKind::ALL.len() * 5 * 4);
}

#[test]
fn whoever_may_ask_for_something_has_a_site_that_decides_it() {
    for operation in OperationKind::ALL {
        for actor in operation.definition().who {
            let repairs = *actor == ActorKind::System;
            assert_eq!(site_of(*operation, *actor).is_none(), repairs, "{operation} {actor}");
        }
    }
}

#[test]
fn what_an_order_moves_is_kept_at_one_place() {
    for matter in Matter::ALL {
        for home in homes() {
            let kept = seats().into_iter().filter(|seat| seat.keeps(matter, &home));
            // Goods of a channel shop stand on the shelves of the center that pulls it.
            let ours = matter == Matter::Stock && matches!(&home, Home::Channel(_));
            for seat in kept.clone() {
                let here = if ours { seat == Seat::Center } else { seat.is_home_of(&home) };
                assert!(here, "{matter:?} of {home:?} at {seat}");
            }
            let elsewhere = matches!(&home, Home::Channel(_)) && !ours
                || matches!(&home, Home::Branch(name) if name == "south");
            assert_eq!(kept.count(), usize::from(!elsewhere), "{matter:?} of {home:?}");
        }
    }
}

#[test]
fn seats_are_read_as_they_are_written() {
    for seat in seats() {
        assert_eq!(Seat::from_word(&seat.word()).as_ref(), Some(&seat));
        assert!(seat.is_home_of(&seat.home()));
    }
    for wrong in ["", "branch", "branch:", "sites", "sites:third", "Center"] {
        assert_eq!(Seat::from_word(wrong), None, "{wrong}");
    }
}

/// The page that people read is this table.
#[test]
fn the_table_of_the_page_is_the_one_in_force() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/who-decides-where.md");
    let mut table = String::from("| operation |");
    let short = |actor: &ActorKind| format!(" {actor} |");
    table.extend(ActorKind::ALL.iter().map(short));
    table.push_str("\n|---|");
    table.extend(ActorKind::ALL.iter().map(|_| "---|"));
    for operation in OperationKind::ALL {
        let _ = write!(table, "\n| `{operation}` |");
        for actor in ActorKind::ALL {
            let asks = operation.definition().who.contains(actor);
            let _ = match (asks, site_of(*operation, *actor)) {
                (false, _) => write!(table, "  |"),
                (true, Some(site)) => write!(table, " {site} |"),
                (true, None) => write!(table, " either |"),
            };
        }
    }
    table.push_str("\n\n| what an order moves | kept at |\n|---|---|\n");
    for matter in Matter::ALL {
        let _ = writeln!(table, "| {matter:?} | {} |", matter.site());
    }
    println!("{table}");
    let (begin, end) = ("<!-- table -->\n", "<!-- end -->\n");
    let text = std::fs::read_to_string(page).expect("the page");
    let (head, rest) = text.split_once(begin).expect("a beginning");
    let (stands, tail) = rest.split_once(end).expect("an end");
    if std::env::var_os("DOCKET_BLESS").is_some() {
        let text = format!("{head}{begin}{table}{end}{tail}");
        return std::fs::write(page, text).expect("space");
    }
    assert_eq!(
        stands, table,
        "DOCKET_BLESS=1 cargo test -p docket-domain --test who_decides_where"
    );
}
