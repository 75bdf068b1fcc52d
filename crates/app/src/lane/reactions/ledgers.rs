//! What an order moves of accounts, gift packs and weigh slips, and the effects that say so: done here with their
//! rows, sent to whoever keeps a ledger elsewhere.

use super::{Happened, Reaction};
use crate::ledgers::{self, LedgerSettings};
use docket_domain::change::Origin;
use docket_domain::ledger::{self, AccountMove, GiftMove, GiftStatus, Ledger};
use docket_domain::seat::Matter;
use docket_domain::{Id, Time, Tree};
use docket_store::{AccountChange, Context, EffectRow, GiftRow, Need, SlipRow, Writes};
use std::sync::Arc;

/// What moves of the ledgers, by these settings.
pub(crate) struct Ledgers(pub Arc<LedgerSettings>);

impl Reaction for Ledgers {
    fn name(&self) -> &'static str {
        "coins, points, gift packs, weigh slips, and the effects that say so"
    }

    fn matters(&self) -> &'static [Matter] {
        &[Matter::Accounts, Matter::Gifts, Matter::Slips, Matter::Stock, Matter::Coupons]
    }

    fn acts(&self, origin: Origin) -> bool {
        match origin {
            Origin::Decided | Origin::Merged => true,
            // What it moved, it moved where it was decided.
            Origin::Recorded | Origin::Followed => false,
        }
    }

    fn react(
        &self,
        happened: &Happened<'_>,
        writes: &mut Writes,
        cx: &mut Context<'_>,
    ) -> Result<(), Need> {
        let Happened { after, entry, .. } = happened;
        let mut moves = ledger::moves(happened.before, after);
        moves.retain(|matter| happened.keeps(matter));
        if moves.is_empty() {
            return Ok(());
        }
        writes.tasks.extend(ledgers::tasks(&moves.effects, after, entry, &self.0, cx));
        let (id, at, seq) = (after.id(), entry.at, entry.seq);
        let accounts = moves.accounts.into_iter().map(|moved| account_change(moved, after, at));
        writes.accounts.extend(accounts);
        let effects = moves.effects.into_iter();
        writes.effects.extend(effects.map(|effect| EffectRow { tree: id, effect, seq, at }));
        for gift in moves.gifts {
            add_gift(writes, gift, id, at);
        }
        let slips = moves.slips.into_iter();
        writes.slips.extend(slips.map(|slip| SlipRow { tree: id, slip, changed_at: at }));
        Ok(())
    }
}

fn add_gift(writes: &mut Writes, gift: GiftMove, tree: Id, at: Time) {
    let row = GiftRow {
        tree,
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

fn account_change(moved: AccountMove, tree: &Tree, at: Time) -> AccountChange {
    let AccountMove { ledger, owner, balance, held, guarded } = moved;
    let currency = (ledger == Ledger::Coins).then(|| tree.payment.currency.code().to_owned());
    AccountChange { ledger, owner, currency, count: None, balance, held, guarded, at }
}
