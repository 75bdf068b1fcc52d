//! The table of what follows a change, walked whole and held against its page.

#![allow(clippy::disallowed_methods)] // whether the page is to be blessed is asked of the environment

use crate::gateways::Gateways;
use crate::lane::reactions::{self, Reaction as _, Reactions};
use crate::lane::redeem::CouponSettings;
use crate::mirror::Keeper;
use docket_domain::change::Origin;
use std::fmt::Write as _;
use std::sync::Arc;

fn reactions() -> Reactions {
    let gateways = Arc::new(Gateways::of(&[]));
    super::reactions(
        CouponSettings::default(),
        Arc::default(),
        Arc::default(),
        gateways,
        Keeper::Idle,
    )
}

/// What moves nothing that is kept at one place follows every change; what moves something, of no copy that follows.
#[test]
fn what_moves_something_says_what_and_a_copy_moves_nothing() {
    for reaction in reactions().0 {
        let (name, moves) = (reaction.name(), !reaction.matters().is_empty());
        let everywhere = Origin::ALL.iter().all(|origin| reaction.acts(*origin));
        assert_eq!(moves, !everywhere, "{name}");
        assert!(!moves || !reaction.acts(Origin::Followed), "{name}");
        // What channels tell is decided there; all else that follows anything follows what is decided here.
        let of_channels = name == reactions::Sales.name();
        assert_eq!(reaction.acts(Origin::Decided), !of_channels, "{name}");
    }
}

/// The page that people read is this table.
#[test]
fn the_table_of_the_page_is_the_one_in_force() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/what-follows-a-change.md");
    let mut table = String::from("| what is written |");
    table.extend(Origin::ALL.iter().map(|origin| format!(" {} |", origin.word())));
    table.push_str("\n|---|---|---|---|---|\n");
    for reaction in reactions().0 {
        let _ = write!(table, "| {} |", reaction.name());
        for origin in Origin::ALL {
            table.push_str(match (reaction.acts(origin), reaction.matters().is_empty()) {
                (true, true) => " always |",
                (true, false) => " where it is kept |",
                (false, _) => " |",
            });
        }
        table.push('\n');
    }
    let (begin, end) = ("<!-- table -->\n", "<!-- end -->\n");
    let text = std::fs::read_to_string(page).expect("the page");
    let (head, rest) = text.split_once(begin).expect("a beginning");
    let (stands, tail) = rest.split_once(end).expect("an end");
    if std::env::var_os("DOCKET_BLESS").is_some() {
        let text = format!("{head}{begin}{table}{end}{tail}");
        return std::fs::write(page, text).expect("space");
    }
    assert_eq!(stands, table, "DOCKET_BLESS=1 cargo test -p docket-app --lib wiring");
}
