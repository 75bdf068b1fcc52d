//! Stock and accounts that orders hold: what a placement takes, and whether late money may take it again.

use docket_domain::decide::Holds;
use docket_domain::{Quantity, Refusal, Tree, ledger};
use docket_store::{Need, View};
use std::collections::BTreeMap;

/// Marks the lines whose SKU is tracked, and refuses what there is not enough of.
pub(crate) fn hold_stock(tree: &mut Tree, view: &View) -> Result<Result<(), Refusal>, Need> {
    let mut wanted: BTreeMap<(String, String), Quantity> = BTreeMap::new();
    for shop in &mut tree.shops {
        for item in &mut shop.items {
            if view.stock(&shop.place, &item.sku_id)?.is_some() {
                item.holds_stock = true;
                *wanted.entry((shop.place.clone(), item.sku_id.clone())).or_default() +=
                    item.quantity;
            }
        }
    }
    let mut short = Vec::new();
    for ((place, sku_id), quantity) in wanted {
        let stock = view.stock(&place, &sku_id)?;
        if stock.is_some_and(|stock| stock.available() < quantity) {
            short.push(sku_id);
        }
    }
    short.dedup();
    Ok(if short.is_empty() { Ok(()) } else { Err(Refusal::OutOfStock { skus: short }) })
}

/// Whether all of the stock of `holds` can be held now. A row that was not loaded counts as not available.
pub(crate) fn can_hold(view: &View, holds: Holds<'_>) -> bool {
    holds.stock.iter().all(|moved| match view.stock(&moved.place, &moved.sku_id) {
        Ok(Some(stock)) => stock.available() >= moved.held,
        Ok(None) | Err(_) => false,
    })
}

/// Whether what a revoked order had of accounts can be taken again. One that was not loaded counts as empty, and
/// so does one that was set to another currency meanwhile.
pub(crate) fn can_retake(view: &View, tree: &Tree) -> bool {
    ledger::retaken(tree).iter().all(|moved| match view.account(moved.ledger, &moved.owner) {
        Ok(Some(account)) => {
            let own = account.currency.as_deref();
            own.is_none_or(|own| own == tree.payment.currency.code())
                && account.available() >= moved.held - moved.balance
        }
        Ok(None) | Err(_) => false,
    })
}
