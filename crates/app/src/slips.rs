//! What came about by an order, and the slips of what is to be weighed.

use crate::access::{Principal, Scope};
use crate::{App, Error};
use docket_domain::Id;
use docket_domain::ledger::SlipStatus;
use docket_store::{EffectRow, SlipRow};

/// Slips looked at together: a caller limited to shops or places may see few of them.
const LOOKED_AT: usize = 200;

impl App {
    /// The effects of an order, in the order in which they came about. Whoever may see only some of its shop
    /// orders sees what came about by those alone.
    pub async fn effects(&self, who: &Principal, id: Id) -> Result<Vec<EffectRow>, Error> {
        who.needs(Scope::OrdersRead)?;
        let tree = self.tree(who, id).await?;
        let mut effects = self.store().effects(tree.id()).await?;
        if !tree.shops.iter().all(|shop| who.touches(shop)) || !who.shops.is_empty() {
            let own = tree.shops.iter().filter(|shop| who.touches(shop));
            let own: Vec<String> = own.map(|shop| format!("weigh.create:{}", shop.id)).collect();
            effects.retain(|row| own.contains(&row.effect.key));
        }
        Ok(effects)
    }

    /// Weigh slips that the caller may see, after the one of shop order `after`, at most `limit`.
    pub async fn slips(
        &self,
        who: &Principal,
        (place, status): (Option<&str>, Option<SlipStatus>),
        after: Id,
        limit: usize,
    ) -> Result<Vec<SlipRow>, Error> {
        who.needs(Scope::OrdersRead)?;
        let may_see = |row: &SlipRow| {
            let of_shop = who.shops.is_empty() || who.shops.contains(&row.slip.shop_id);
            of_shop && who.sees_place(&row.slip.place)
        };
        let (mut seen, mut after) = (Vec::new(), after);
        while seen.len() < limit {
            let at_once = if who.is_unlimited() { limit } else { LOOKED_AT };
            let rows = self.store().slips(place, status, after, at_once).await?;
            let Some(last) = rows.last() else { break };
            after = last.slip.shop_order;
            let at_end = rows.len() < at_once;
            seen.extend(rows.into_iter().filter(may_see));
            if at_end {
                break;
            }
        }
        seen.truncate(limit);
        Ok(seen)
    }
}
