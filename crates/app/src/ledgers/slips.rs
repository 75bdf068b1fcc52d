//! What came about by an order, and the slips of what is to be weighed.

use crate::access::{Principal, Scope};
use crate::pages::{Page, page};
use crate::{App, Error};
use docket_domain::Id;
use docket_domain::ledger::SlipStatus;
use docket_store::{EffectRow, SlipRow};

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

    /// Weigh slips that the caller may see, behind the one of shop order `after`: one page of at most `limit`.
    pub async fn slips(
        &self,
        who: &Principal,
        (place, status): (Option<&str>, Option<SlipStatus>),
        after: Id,
        limit: usize,
    ) -> Result<Page<SlipRow, Id>, Error> {
        who.needs(Scope::OrdersRead)?;
        let sees = |row: &SlipRow| {
            let of_shop = who.shops.is_empty() || who.shops.contains(&row.slip.shop_id);
            of_shop && who.sees_place(&row.slip.place)
        };
        let piece = |after, n| self.store().slips(place, status, after, n);
        page(limit, after, sees, |row| row.slip.shop_order, piece).await
    }
}
