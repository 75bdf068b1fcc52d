//! Stock that an order holds, takes and gives back: the difference of what it stands for before and after. It says
//! of what is on hand that an order moved it, which the book is compared with.

use super::{Happened, Reaction};
use docket_domain::change::Origin;
use docket_domain::seat::Matter;
use docket_domain::{Quantity, StockMove, ledger};
use docket_store::{Context, Held, Need, Writes};

/// What moves of stock.
pub(crate) struct Stock;

impl Reaction for Stock {
    fn name(&self) -> &'static str {
        "stock that is held, taken or given back"
    }

    fn matters(&self) -> &'static [Matter] {
        &[Matter::Stock]
    }

    fn acts(&self, origin: Origin) -> bool {
        match origin {
            Origin::Decided | Origin::Merged => true,
            // Its goods left another's shelves, or these before they were counted.
            Origin::Recorded | Origin::Followed => false,
        }
    }

    fn react(
        &self,
        happened: &Happened<'_>,
        writes: &mut Writes,
        _: &mut Context<'_>,
    ) -> Result<(), Need> {
        let moves = ledger::stock::moves(happened.before, happened.after);
        writes.stock.extend(moves.into_iter().map(held));
        Ok(())
    }
}

/// What sales in channel shops take.
pub(crate) struct Sales;

impl Reaction for Sales {
    fn name(&self) -> &'static str {
        "stock that sales in channel shops take"
    }

    fn matters(&self) -> &'static [Matter] {
        &[Matter::Stock]
    }

    fn acts(&self, origin: Origin) -> bool {
        // What a channel tells is recorded, and nothing else: its orders are decided there.
        origin == Origin::Recorded
    }

    fn react(
        &self,
        happened: &Happened<'_>,
        writes: &mut Writes,
        _: &mut Context<'_>,
    ) -> Result<(), Need> {
        let moves = ledger::stock::sales(happened.before, happened.after);
        writes.stock.extend(moves.into_iter().map(held));
        Ok(())
    }
}

/// A hold must find enough; what is taken or given back was held before and always fits.
fn held(moved: StockMove) -> Held {
    let StockMove { sku_id, place, on_hand, held } = moved;
    let guarded = held > Quantity::ZERO && on_hand == Quantity::ZERO;
    Held { place, sku_id, count: None, on_hand, held, moved: on_hand, guarded }
}
