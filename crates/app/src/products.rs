//! What SKUs cost: set by whoever keeps the catalogue, checked at placement.

use crate::access::{Principal, Scope};
use crate::{App, Error};
use docket_domain::Currency;
use docket_store::{Context, Key, Price, Priority, View, Writes};

/// Rows looked at together: a caller limited to places may see few of them.
const LOOKED_AT: usize = 200;

/// A price to set.
#[derive(Debug, Clone)]
pub struct SetPrice {
    /// The SKU.
    pub sku_id: String,
    /// Where it holds; empty for everywhere else.
    pub place: String,
    /// In which currency.
    pub currency: Currency,
    /// Minor units for one unit.
    pub price: i64,
    /// What people call it.
    pub title: Option<String>,
}

impl App {
    /// Sets what a SKU costs, everywhere or at one place, and answers all its prices.
    pub async fn set_price(&self, who: &Principal, set: SetPrice) -> Result<Vec<Price>, Error> {
        who.needs(Scope::Stock)?;
        who.needs_places()?;
        self.check_place(who, &set.place)?;
        let sku_id = set.sku_id.clone();
        let work = move |view: &View, cx: &mut Context<'_>| {
            view.prices(&set.sku_id)?;
            let price = Price {
                sku_id: set.sku_id.clone(),
                place: set.place.clone(),
                currency: set.currency,
                price: set.price,
                title: set.title.clone(),
                updated_at: cx.now,
            };
            Ok((Some(Writes { products: vec![price], ..Writes::default() }), ()))
        };
        let keys = vec![Key::Product(sku_id.clone())];
        self.inner.lane.run(Priority::People, keys, work).await?;
        self.prices(who, &sku_id).await
    }

    /// What a SKU costs, by place.
    pub async fn prices(&self, who: &Principal, sku_id: &str) -> Result<Vec<Price>, Error> {
        who.needs(Scope::Stock).or_else(|_| who.needs(Scope::OrdersRead))?;
        who.needs_places()?;
        let mut prices = self.store().prices(sku_id).await?;
        prices.retain(|price| who.sees_place(&price.place));
        Ok(prices)
    }

    /// Prices after (`sku_id`, `place`) that the caller may see, at most `limit`.
    pub async fn price_list(
        &self,
        who: &Principal,
        after: (&str, &str),
        limit: usize,
    ) -> Result<Vec<Price>, Error> {
        who.needs(Scope::Stock).or_else(|_| who.needs(Scope::OrdersRead))?;
        who.needs_places()?;
        let (mut seen, mut after) = (Vec::new(), (after.0.to_owned(), after.1.to_owned()));
        while seen.len() < limit {
            let listed = self.store().price_list((&after.0, &after.1), LOOKED_AT).await?;
            let Some(last) = listed.last() else { break };
            after = (last.sku_id.clone(), last.place.clone());
            let at_end = listed.len() < LOOKED_AT;
            seen.extend(listed.into_iter().filter(|price| who.sees_place(&price.place)));
            if at_end {
                break;
            }
        }
        seen.truncate(limit);
        Ok(seen)
    }
}
