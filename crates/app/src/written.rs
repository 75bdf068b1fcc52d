//! The one place where a decided change becomes what is written: its tree and log row, what it moves in every
//! ledger, and what it sends to ledgers of others. What is recorded of elsewhere does not come through here: it
//! starts nothing.

use crate::agreed::Agreed;
use crate::holds::held;
use crate::ledgers::{self, LedgerSettings};
use crate::redeem::given_back;
use crate::unique::claim_key;
use docket_domain::change::Change;
use docket_domain::ledger::{self, AccountMove, GiftStatus, Ledger, Moves};
use docket_domain::{Id, LogEntry, Time, Tree};
use docket_store::{
    AccountChange, Context, EffectRow, GiftRow, RequestOutcome, SlipRow, TreeWrite, Writes,
};
use std::sync::Arc;

/// Adds a change of the tree that was `before` to `writes`; none was before a placement. Answers the tree after.
pub(crate) fn write(
    writes: &mut Writes,
    before: Option<&Tree>,
    change: Change,
    settings: &LedgerSettings,
    cx: &mut Context<'_>,
) -> Arc<Tree> {
    let Change { tree, entry, stock, coupons, claims, new_terms } = change;
    let moves = ledger::moves(before, &tree);
    if !moves.is_empty() {
        writes.tasks.extend(ledgers::tasks(&moves.effects, &tree, &entry, settings, cx));
        add_moves(writes, moves, &tree, &entry);
    }
    let (id, at) = (tree.id(), entry.at);
    writes.stock.extend(stock.into_iter().map(held));
    writes.counts.extend(coupons.into_iter().map(given_back));
    writes.unique.extend(claims.iter().map(|claim| (claim_key(claim), id, None)));
    if new_terms {
        let terms = tree.payment.terms_version;
        writes.snapshots.push(Agreed::of(&tree).snapshot(id, terms, at));
    }
    let tree = Arc::new(tree);
    writes.trees.push(TreeWrite { tree: Arc::clone(&tree), entry });
    tree
}

/// What `moves` comes to in rows.
fn add_moves(writes: &mut Writes, moves: Moves, tree: &Tree, entry: &LogEntry) {
    let (id, at, seq) = (tree.id(), entry.at, entry.seq);
    let accounts = moves.accounts.into_iter().map(|moved| account_change(moved, tree, at));
    writes.accounts.extend(accounts);
    let effects = moves.effects.into_iter();
    writes.effects.extend(effects.map(|effect| EffectRow { tree: id, effect, seq, at }));
    for gift in moves.gifts {
        let row = GiftRow {
            tree: id,
            pack_id: gift.pack_id,
            owner: gift.owner,
            title: gift.title,
            status: gift.status,
            issued_at: at,
            ended_at: (gift.status == GiftStatus::TakenBack).then_some(at),
        };
        match gift.was {
            // Money that came back gives the buyer back what was given with the order.
            Some(GiftStatus::TakenBack) => writes.statements.push(row.give_again()),
            _ => writes.gifts.push(row),
        }
    }
    let slips = moves.slips.into_iter();
    writes.slips.extend(slips.map(|slip| SlipRow { tree: id, slip, changed_at: at }));
}

fn account_change(moved: AccountMove, tree: &Tree, at: Time) -> AccountChange {
    let AccountMove { ledger, owner, balance, held, guarded } = moved;
    let currency = (ledger == Ledger::Coins).then(|| tree.payment.currency.code().to_owned());
    AccountChange { ledger, owner, currency, count: None, balance, held, guarded, at }
}

/// Changes of trees that were there, as the store writes them, with the tree of the first.
pub(crate) fn written(
    changes: Vec<(&Tree, Change)>,
    kept: Option<(crate::Idempotency, Time)>,
    settings: &LedgerSettings,
    cx: &mut Context<'_>,
) -> (Writes, Arc<Tree>) {
    let mut writes = Writes::default();
    for (before, change) in changes {
        write(&mut writes, Some(before), change, settings, cx);
    }
    let tree = Arc::clone(&writes.trees[0].tree);
    let id: Id = tree.id();
    writes.idempotency = kept.map(|(given, now)| given.kept(RequestOutcome::Changed, id, now));
    (writes, tree)
}
