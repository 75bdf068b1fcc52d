//! What a SKU costs: everywhere (`place` empty), and where set at one place.

use crate::StoreError;
use crate::value::{Row, Value};
use docket_domain::money::NotACurrency;
use docket_domain::{Currency, Time};

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
