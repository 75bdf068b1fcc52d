//! What SKUs cost: set by whoever keeps the catalogue, checked at placement.

use crate::access::{Principal, Scope};
use crate::pages::{Page, page};
use crate::{App, Error};
use docket_domain::Currency;
use docket_store::{Context, Key, Price, Priority, View, Writes};

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
        self.inner.lane.run(Priority::Interactive, keys, work).await?;
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

    /// Prices that the caller may see, behind a SKU and its place: one page of at most `limit`.
    pub async fn price_list(
        &self,
        who: &Principal,
        after: (String, String),
        limit: usize,
    ) -> Result<Page<Price, (String, String)>, Error> {
        who.needs(Scope::Stock).or_else(|_| who.needs(Scope::OrdersRead))?;
        who.needs_places()?;
        let sees = |price: &Price| who.sees_place(&price.place);
        let place = |price: &Price| (price.sku_id.clone(), price.place.clone());
        let piece = |(sku_id, place): (String, String), n| async move {
            self.store().price_list((&sku_id, &place), n).await
        };
        page(limit, after, sees, place, piece).await
    }
}
