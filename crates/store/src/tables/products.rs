//! What a SKU costs: everywhere (`place` empty), and where set at one place.

use crate::sql::dialect::Lookup;
use crate::sql::keyset;
use crate::sql::table::Table;
use crate::sql::value::Kind::{Int, Text};
use crate::sql::value::{Row, Value};
use crate::tables::lane::plan::{Beside, Rows, Written};
use crate::tables::lane::view::{Layer, Need, Seen, Source};
use crate::tables::lane::{Key, View, Writes};
use crate::{Store, StoreError};
use docket_domain::money::NotACurrency;
use docket_domain::{Currency, Time};
use std::collections::BTreeSet;

/// Prices.
pub static PRODUCT: Table = Table {
    name: "product",
    columns: &[
        ("sku_id", Text),
        ("place", Text),
        ("currency", Text),
        ("price", Int),
        ("title", Text),
        ("updated_at", Int),
    ],
    key: 2,
};

/// One price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
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
    /// Since when.
    pub updated_at: Time,
}

impl Price {
    pub(crate) fn row(self) -> Vec<Value> {
        vec![
            self.sku_id.into(),
            self.place.into(),
            self.currency.code().into(),
            self.price.into(),
            self.title.into(),
            self.updated_at.into(),
        ]
    }

    pub(crate) fn of(mut row: Row) -> Result<Self, StoreError> {
        let (sku_id, place, currency) = (row.text()?, row.text()?, row.text()?);
        let currency = Currency::ever(&currency).ok_or_else(|| row.corrupt(NotACurrency))?;
        let price = row.int()?;
        let title = row.text_or_null()?;
        Ok(Self { sku_id, place, currency, price, title, updated_at: row.time()? })
    }
}

static BY_SKU: Lookup = Lookup { table: &PRODUCT, fixed: None, list: "sku_id" };

impl Seen for Price {
    type Key = String;
    type Found = Vec<Self>;

    fn load(
        skus: &BTreeSet<String>,
        from: &mut Source<'_>,
    ) -> Result<Vec<(String, Self)>, StoreError> {
        let rows = from.rows_by(&BY_SKU, skus)?.into_iter();
        rows.map(|row| Self::of(row).map(|price| (price.sku_id.clone(), price))).collect()
    }

    fn apply(products: &mut Layer<Self>, writes: &Writes) {
        for price in &writes.products {
            let mut prices = products.get(&price.sku_id).cloned().unwrap_or_default();
            prices.retain(|known| known.place != price.place);
            prices.push(price.clone());
            products.change(price.sku_id.clone(), prices);
        }
    }
}

impl Written for Price {
    const TABLE: &'static Table = &PRODUCT;

    fn add(writes: &mut Writes, rows: &mut Rows, _: &mut Beside) {
        rows.upsert(writes.products.drain(..).map(Self::row));
    }
}

impl View {
    /// What `sku_id` costs; empty where the product table does not know it.
    pub fn prices(&self, sku_id: &str) -> Result<&[Price], Need> {
        let found = self.products.get(&sku_id.to_owned());
        Need::unless(found, || Key::Product(sku_id.to_owned())).map(Vec::as_slice)
    }
}

impl Store {
    /// What a SKU costs, by place.
    pub async fn prices(&self, sku_id: &str) -> Result<Vec<Price>, StoreError> {
        let tail = "WHERE sku_id = ? ORDER BY place";
        let rows = self.of_table(&PRODUCT, tail, vec![sku_id.into()]).await?;
        rows.into_iter().map(Price::of).collect()
    }

    /// Prices of SKUs behind a SKU and its place, in that order.
    pub async fn price_list(
        &self,
        (sku_id, place): (&str, &str),
        limit: usize,
    ) -> Result<Vec<Price>, StoreError> {
        let after = [sku_id.into(), place.into()];
        let asked = keyset::behind(self.dialect(), &PRODUCT, after, limit);
        let [rows] = self.rows_together([asked]).await?;
        rows.into_iter().map(Price::of).collect()
    }
}
