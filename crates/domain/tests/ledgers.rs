//! What an order moves in the ledgers beside it, case by case; random operations hold the same laws in
//! `anything_asked`.

mod harness;

use docket_domain::ledger::{self, Ledger, LedgerLocation};
use docket_domain::operation::Operation;
use docket_domain::price::{assemble, number};
use docket_domain::time::{HOUR, MINUTE};
use docket_domain::tree::Ledgers;
use docket_domain::{ActorKind, Amount, Id, Time, Tree};
use harness::{Harness, item, money_back, order, paid, paid_at, refund_of, shop};

/// 166.00 to pay, 100 of it by coins.
fn with_coins() -> Harness {
    let mut placement = order(vec![shop(600, vec![item(5000, 2), item(2000, 3)])]);
    placement.coins = Amount::of(100);
    Harness::place(&placement)
}

fn keys(before: &Tree, after: &Tree) -> Vec<String> {
    let moves = ledger::moves(Some(before), after);
    moves.effects.into_iter().map(|effect| effect.key).collect()
}

#[test]
fn an_order_that_takes_part_in_nothing_moves_nothing() {
    let mut next = 0;
    let mut tree = assemble(&order(vec![shop(0, vec![item(100, 1)])]), "web", Time(0)).unwrap();
    number(&mut tree, &mut || {
        next += 1;
        Id(next)
    });
    assert!(ledger::moves(None, &tree).is_empty());
}

#[test]
fn payment_brings_everything_about_at_once_and_once() {
    let mut harness = with_coins();
    let before = harness.tree.clone();
    harness.pay();
    let expected =
        ["stock.deduct", "coins.spend", "points.grant", "gift.issue:any", "gift.issue:large"];
    assert_eq!(keys(&before, &harness.tree), expected);
    let after = harness.tree.clone();
    harness.does(ActorKind::Till, paid("card", "again", 500));
    assert_eq!(keys(&after, &harness.tree), [""; 0], "money that is too much brings nothing");
}

#[test]
fn a_refund_counts_when_its_money_has_gone_and_not_before() {
    let mut harness = with_coins();
    harness.pay();
    let asked = refund_of(Some(vec![harness.units(0, 1)]));
    let before = harness.tree.clone();
    harness.does(ActorKind::Store, Operation::RefundByStore(asked));
    assert_eq!(keys(&before, &harness.tree), [""; 0]);
    let (before, refund) = (harness.tree.clone(), harness.refund(0).refund_id);
    harness.does(ActorKind::Gateway, money_back(refund));
    let expected = [format!("coins.return:{refund}"), format!("points.reverse:{refund}")];
    assert_eq!(keys(&before, &harness.tree), expected);
}

#[test]
fn late_money_that_revives_an_order_takes_its_coins_again_under_guard() {
    let mut harness = with_coins();
    let in_time = harness.at.plus(MINUTE);
    harness.wait(HOUR);
    let before = harness.tree.clone();
    assert_eq!(ledger::retaken(&before)[0].balance, -100);
    harness.does(ActorKind::Gateway, paid_at("card", "late", 16_500, in_time));
    let moves = ledger::moves(Some(&before), &harness.tree);
    let coins = moves.accounts.iter().find(|moved| moved.ledger == Ledger::Coins).unwrap();
    assert_eq!((coins.balance, coins.held, coins.guarded), (-100, 0, true));
}

#[test]
fn coins_that_others_count_are_told_and_not_counted() {
    let mut harness = with_coins();
    let mut before = harness.tree.clone();
    harness.pay();
    let mut after = harness.tree.clone();
    for tree in [&mut before, &mut after] {
        tree.payment.ledgers =
            Ledgers { coins: Some(LedgerLocation::Elsewhere), ..Ledgers::default() };
    }
    let moves = ledger::moves(Some(&before), &after);
    assert_eq!(moves.accounts, []);
    let spent = moves.effects.iter().find(|effect| effect.ledger == Ledger::Coins).unwrap();
    assert_eq!((spent.kept, spent.amount), (LedgerLocation::Elsewhere, 100));
}

#[test]
fn nobody_without_a_number_is_granted_anything() {
    let mut harness = with_coins();
    let mut before = harness.tree.clone();
    harness.pay();
    let mut after = harness.tree.clone();
    before.payment.buyer_id = None;
    after.payment.buyer_id = None;
    assert_eq!(keys(&before, &after), ["stock.deduct"]);
}
