//! Shops of marketplaces, with what they are spoken to with, sealed.

use crate::sql::ask::Query;
use crate::sql::dialect::{self, Lookup};
use crate::sql::statement::Statement;
use crate::sql::table::Table;
use crate::sql::value::Kind::{Blob, Int, Text};
use crate::sql::value::{Row, Value, json};
use crate::tables::customers::Sealed;
use crate::tables::lane::plan::{Beside, Rows, Written};
use crate::tables::lane::view::{Layer, Need, Seen, Source};
use crate::tables::lane::{Key, View, Writes};
use crate::{Store, StoreError};
use docket_domain::{Id, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Shops of marketplaces.
pub static CHANNEL_SHOP: Table = Table {
    name: "channel_shop",
    columns: &[
        ("id", Int),
        ("version", Int),
        ("channel", Text),
        ("name", Text),
        ("app_key", Text),
        ("secret_key_id", Int),
        ("secret", Blob),
        ("token_key_id", Int),
        ("token", Blob),
        ("created_at", Int),
        ("body", Text),
    ],
    key: 1,
};

/// One shop of a marketplace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelShop {
    /// Its number here; orders name it as their shop.
    pub id: Id,
    /// How often it was changed; 1 when it was added.
    pub version: u32,
    /// The marketplace, such as `temu`.
    pub channel: String,
    /// What people call it.
    pub name: String,
    /// Which app of ours speaks for it there.
    pub app_key: String,
    /// The secret of that app, sealed.
    pub secret: Sealed,
    /// What the shop lets us in with, sealed; none until it is given.
    pub token: Option<Sealed>,
    /// Since when.
    pub created_at: Time,
    /// What is not searched.
    pub more: ShopFacts,
}

/// What is known of a shop and not searched by.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ShopFacts {
    /// The region it sells in, by the marketplace's word.
    pub region: String,
    /// Its number there, once a token told it: a token of another is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mall: Option<String>,
    /// Where the marketplace is, where that is not its usual address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// When the token ends, by the marketplace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_until: Option<Time>,
    /// When it was last looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_checked_at: Option<Time>,
    /// What the token may ask for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// What the token was found not to allow: it is not asked for until there is another token.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes_missing: Vec<String>,
    /// Behind which of its orders amounts are still to be asked for, since a token came that allows it; none where
    /// nothing is to be made up for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amounts_after: Option<String>,
    /// Whether what happened before it was connected is told like what happens now.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub announce_first_pull: bool,
    /// Why nothing is asked of it for the time being.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<Pause>,
    /// Orders created from then on take stock, once the shop has a map.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stock_from: Option<Time>,
    /// Whether it has one: whoever keeps no stock here is not told of what is not mapped.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_mapped: bool,
}

/// Why a shop is paused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Since when.
    pub at: Time,
    /// By whom: a word, `person`, or that of a fault.
    pub cause: String,
    /// What happened and what to do, in one sentence.
    pub why: String,
}

impl ChannelShop {
    fn row(&self) -> Vec<Value> {
        let token = self.token.as_ref();
        vec![
            self.id.into(),
            self.version.into(),
            Value::from(&self.channel),
            Value::from(&self.name),
            Value::from(&self.app_key),
            self.secret.key_id.into(),
            self.secret.bytes.clone().into(),
            token.map(|token| token.key_id).into(),
            token.map(|token| token.bytes.clone()).into(),
            self.created_at.into(),
            json(&self.more),
        ]
    }

    /// Shops after `after`, in the order they were added.
    pub(super) fn page(after: Id, limit: usize) -> Query {
        let tail = format!("WHERE id > ? ORDER BY id LIMIT {limit}");
        Query::of(&CHANNEL_SHOP, &tail, vec![after.into()])
    }

    pub(super) fn of(mut row: Row) -> Result<Self, StoreError> {
        let (id, version) = (row.id()?, row.int()? as u32);
        let (channel, name, app_key) = (row.text()?, row.text()?, row.text()?);
        let secret = Sealed { key_id: row.int()? as u32, bytes: row.blob()? };
        let token = row.int_or_null()?.zip(row.blob_or_null()?);
        let token = token.map(|(key_id, bytes)| Sealed { key_id: key_id as u32, bytes });
        let (created_at, more) = (row.time()?, row.json()?);
        Ok(Self { id, version, channel, name, app_key, secret, token, created_at, more })
    }

    /// Writes it: new where its version is 1, else over the version before it, or the piece is decided again.
    fn put(&self) -> Statement {
        if self.version == 1 {
            return Statement::any(dialect::insert(&CHANNEL_SHOP, 1), self.row());
        }
        let sql = "UPDATE channel_shop SET version = ?, name = ?, app_key = ?, secret_key_id = ?, \
                   secret = ?, token_key_id = ?, token = ?, body = ? WHERE id = ? AND version = ?";
        let token = self.token.as_ref();
        let values = vec![
            self.version.into(),
            Value::from(&self.name),
            Value::from(&self.app_key),
            self.secret.key_id.into(),
            self.secret.bytes.clone().into(),
            token.map(|token| token.key_id).into(),
            token.map(|token| token.bytes.clone()).into(),
            json(&self.more),
            self.id.into(),
            (self.version - 1).into(),
        ];
        Statement { sql, values, must_match: Some(1) }
    }
}

static BY_ID: Lookup = Lookup { table: &CHANNEL_SHOP, fixed: None, list: "id" };

impl Seen for ChannelShop {
    type Key = Id;
    type Found = Option<Arc<Self>>;

    fn load(ids: &BTreeSet<Id>, from: &mut Source<'_>) -> Result<Vec<(Id, Arc<Self>)>, StoreError> {
        let rows = from.rows_by(&BY_ID, ids)?.into_iter().map(Self::of);
        rows.map(|shop| shop.map(|shop| (shop.id, Arc::new(shop)))).collect()
    }

    fn apply(shops: &mut Layer<Self>, writes: &Writes) {
        for shop in &writes.channel_shops {
            shops.change(shop.id, Some(Arc::new(shop.clone())));
        }
    }
}

impl Written for ChannelShop {
    const TABLE: &'static Table = &CHANNEL_SHOP;

    fn add(writes: &mut Writes, _: &mut Rows, beside: &mut Beside) {
        beside.statements.extend(writes.channel_shops.drain(..).map(|shop| shop.put()));
    }
}

impl View {
    /// A shop of a marketplace.
    pub fn channel_shop(&self, id: Id) -> Result<Option<&Arc<ChannelShop>>, Need> {
        Need::unless(self.channel_shops.get(&id), || Key::ChannelShop(id)).map(Option::as_ref)
    }
}

impl Store {
    /// Shops after `after`, in the order they were added.
    pub async fn channel_shops(
        &self,
        after: Id,
        limit: usize,
    ) -> Result<Vec<ChannelShop>, StoreError> {
        let [rows] = self.rows_together([ChannelShop::page(after, limit)]).await?;
        rows.into_iter().map(ChannelShop::of).collect()
    }

    /// One shop.
    pub async fn channel_shop(&self, id: Id) -> Result<Option<ChannelShop>, StoreError> {
        let sql = format!("SELECT {} FROM channel_shop WHERE id = ?", CHANNEL_SHOP.column_list());
        let kinds = CHANNEL_SHOP.kinds();
        let rows = self.rows("channel_shop", sql, &kinds, vec![id.into()]).await?;
        rows.into_iter().next().map(ChannelShop::of).transpose()
    }
}
