//! Stock that an order holds, takes and gives back: the difference of what it stands for before and after. What it moves of
//! what is on hand is a row as well, which the number is compared with.

use super::{Acts, Happened, Reaction};
use docket_domain::change::Origin;
use docket_domain::seat::Matter;
use docket_domain::{Quantity, StockMove, ledger};
use docket_store::{Context, Held, Need, StockMoved, Writes};

/// What moves of stock.
pub(crate) struct Stock;

impl Reaction for Stock {
    fn name(&self) -> &'static str {
        "stock that is held, taken or given back"
    }

    fn matters(&self) -> &'static [Matter] {
        &[Matter::Stock]
    }

    fn acts(&self, origin: Origin) -> Acts {
        match origin {
            Origin::Decided | Origin::Merged => Acts::WhereKept,
            // Its goods left another's shelves, or these before they were counted.
            Origin::Recorded | Origin::Followed => Acts::Never,
        }
    }

    fn react(
        &self,
        happened: &Happened<'_>,
        writes: &mut Writes,
        _: &mut Context<'_>,
    ) -> Result<(), Need> {
        let Happened { after, entry, .. } = happened;
        for moved in ledger::stock::moves(happened.before, after) {
            if moved.on_hand != Quantity::ZERO {
                writes.stock_moves.push(StockMoved {
                    sku_id: moved.sku_id.clone(),
                    place: moved.place.clone(),
                    tree: after.id(),
                    version: after.payment.version,
                    quantity: moved.on_hand,
                    at: entry.at,
                });
            }
            writes.stock.push(held(moved));
        }
        Ok(())
    }
}

/// A hold must find enough; what is taken or given back was held before and always fits.
fn held(moved: StockMove) -> Held {
    let StockMove { sku_id, place, on_hand, held } = moved;
    let guarded = held > Quantity::ZERO && on_hand == Quantity::ZERO;
    Held { place, sku_id, count: None, on_hand, held, guarded }
}
