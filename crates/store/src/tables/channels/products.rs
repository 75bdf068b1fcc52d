//! What marketplaces told of products: by a fingerprint of each an edit is seen where no time tells of it.

use crate::sql::statement::Statement;
use crate::sql::table::Table;
use crate::sql::text::holes;
use crate::sql::value::Kind::{Blob, Int, Text};
use crate::sql::value::{Row, Value, json};
use crate::tables::lane::Writes;
use crate::tables::lane::plan::{Beside, Rows, Written};
use crate::{Store, StoreError};
use docket_domain::{Id, Time};
use serde::{Deserialize, Serialize};

/// Products of marketplaces.
pub static CHANNEL_PRODUCT: Table = Table {
    name: "channel_product",
    columns: &[
        ("shop", Int),
        ("number", Text),
        ("bucket", Text),
        ("status", Text),
        ("fingerprint", Int),
        ("seen_at", Int),
        ("read_at", Int),
        ("gone_at", Int),
        ("body", Text),
        ("payload", Blob),
    ],
    key: 2,
};

/// Products whose numbers one statement looks up.
const TOGETHER: usize = 200;

const BEFORE: &str =
    "SELECT number, bucket, fingerprint, seen_at, gone_at FROM channel_product WHERE shop = ?";

/// What a marketplace told of one product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelProductRow {
    /// Of which shop.
    pub shop: Id,
    /// Its number there.
    pub number: String,
    /// The list it stands in.
    pub bucket: String,
    /// Their own word of its state.
    pub status: Option<String>,
    /// Of all that was told.
    pub fingerprint: i64,
    /// When it was first seen here, by their clock.
    pub seen_at: Time,
    /// When what is held here was read, by their clock.
    pub read_at: Time,
    /// Since when no list has it, by their clock; none while one has.
    pub gone_at: Option<Time>,
    /// What is not searched.
    pub more: ChannelProductFacts,
    /// As it was told, zstd.
    pub payload: Vec<u8>,
}

/// What is known of a product and not searched by.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ChannelProductFacts {
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The seller's own code of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// A picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// What it costs, in minor units, and the three letters of the currency where they are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<(i64, Option<String>)>,
    /// How many there are, as the marketplace has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<i64>,
    /// When it was made there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Time>,
    /// When its state changed last there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Time>,
    /// What is sold of it: their number of each, and the seller's own code.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skus: Vec<(String, Option<String>)>,
}

/// What a reading of a product is held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductBefore {
    /// Its number.
    pub number: String,
    /// The list it stood in.
    pub bucket: String,
    /// Of what was told.
    pub fingerprint: i64,
    /// When it was first seen.
    pub seen_at: Time,
    /// Whether no list had it.
    pub is_gone: bool,
}

/// What becomes of products.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProductWrite {
    /// This was told of it.
    Told(Box<ChannelProductRow>),
    /// No list has it any more.
    Gone {
        /// Of which shop.
        shop: Id,
        /// Its number.
        number: String,
        /// Since when, by the marketplace's clock.
        at: Time,
    },
}

impl ChannelProductRow {
    fn row(self) -> Vec<Value> {
        vec![
            self.shop.into(),
            self.number.into(),
            self.bucket.into(),
            self.status.into(),
            Value::Int(self.fingerprint),
            self.seen_at.into(),
            self.read_at.into(),
            self.gone_at.into(),
            json(&self.more),
            self.payload.into(),
        ]
    }

    fn of(mut row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            shop: row.id()?,
            number: row.text()?,
            bucket: row.text()?,
            status: row.text_or_null()?,
            fingerprint: row.int()?,
            seen_at: row.time()?,
            read_at: row.time()?,
            gone_at: row.time_or_null()?,
            more: row.json()?,
            payload: row.blob()?,
        })
    }
}

impl Written for ChannelProductRow {
    const TABLE: &'static Table = &CHANNEL_PRODUCT;

    fn add(writes: &mut Writes, rows: &mut Rows, beside: &mut Beside) {
        for write in writes.channel_products.drain(..) {
            match write {
                ProductWrite::Told(product) => rows.upsert([product.row()]),
                ProductWrite::Gone { shop, number, at } => {
                    let sql =
                        "UPDATE channel_product SET gone_at = ? WHERE shop = ? AND number = ?";
                    let values = vec![at.into(), shop.into(), number.into()];
                    beside.statements.push(Statement::any(sql, values));
                }
            }
        }
    }
}

impl Store {
    /// What these products of a shop are held against, of those that are known.
    pub async fn products_before(
        &self,
        shop: Id,
        numbers: &[&str],
    ) -> Result<Vec<ProductBefore>, StoreError> {
        let mut found = Vec::with_capacity(numbers.len());
        for numbers in numbers.chunks(TOGETHER) {
            let sql = format!("{BEFORE} AND number IN ({})", holes(numbers.len()));
            let mut values = vec![Value::from(shop)];
            values.extend(numbers.iter().map(|number| Value::from(*number)));
            found.extend(self.before(sql, values).await?);
        }
        Ok(found)
    }

    /// The same of so many products of a shop, by number behind `after`.
    pub async fn products_before_behind(
        &self,
        shop: Id,
        after: &str,
        limit: usize,
    ) -> Result<Vec<ProductBefore>, StoreError> {
        let sql = format!("{BEFORE} AND number > ? ORDER BY number LIMIT {limit}");
        self.before(sql, vec![shop.into(), after.into()]).await
    }

    async fn before(
        &self,
        sql: String,
        values: Vec<Value>,
    ) -> Result<Vec<ProductBefore>, StoreError> {
        let kinds = [Text, Text, Int, Int, Int];
        let rows = self.rows("channel_product", sql, &kinds, values).await?;
        let read = rows.into_iter().map(|mut row| {
            Ok(ProductBefore {
                number: row.text()?,
                bucket: row.text()?,
                fingerprint: row.int()?,
                seen_at: row.time()?,
                is_gone: row.int_or_null()?.is_some(),
            })
        });
        read.collect()
    }

    /// So many products of a shop, by number behind `after`.
    pub async fn channel_products(
        &self,
        shop: Id,
        after: &str,
        limit: usize,
    ) -> Result<Vec<ChannelProductRow>, StoreError> {
        let sql = format!(
            "SELECT {} FROM channel_product WHERE shop = ? AND number > ? ORDER BY number LIMIT {limit}",
            CHANNEL_PRODUCT.column_list()
        );
        let values = vec![shop.into(), after.into()];
        let rows = self.rows("channel_product", sql, &CHANNEL_PRODUCT.kinds(), values).await?;
        rows.into_iter().map(ChannelProductRow::of).collect()
    }
}
