//! The map of a channel shop: which SKU of ours a code of its marketplace is, and which sales wait for a code to be mapped.

use crate::sql::ask::{Ask, Query};
use crate::sql::dialect::Lookup;
use crate::sql::table::Table;
use crate::sql::value::Kind::{Int, Text};
use crate::sql::value::{Row, Value};
use crate::tables::lane::plan::{Beside, Rows, Written};
use crate::tables::lane::view::{Layer, Need, Seen, Source};
use crate::tables::lane::{Key, View, Writes};
use crate::{Store, StoreError};
use docket_domain::record::channel::stock::Mapping;
use docket_domain::{Id, Time};
use std::collections::BTreeSet;

/// Sales of one code that are counted.
const COUNTED: usize = 1_000;

/// What codes of marketplaces are.
pub static CHANNEL_SKU: Table = Table {
    name: "channel_sku",
    columns: &[
        ("shop", Int),
        ("code", Text),
        ("sku_id", Text),
        ("place", Text),
        ("per_piece", Int),
        ("at", Int),
        ("actor", Text),
    ],
    key: 2,
};

/// Sales that wait for a code to be mapped.
pub static CHANNEL_UNMAPPED: Table = Table {
    name: "channel_unmapped",
    columns: &[("shop", Int), ("code", Text), ("tree", Int), ("title", Text), ("at", Int)],
    key: 3,
};

/// What one code is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkuMapping {
    /// In which shop.
    pub shop: Id,
    /// The seller's own code, or the marketplace's number.
    pub code: String,
    /// The SKU of ours, where it is taken from, and how much of it one piece takes.
    pub is: Mapping,
    /// Since when.
    pub at: Time,
    /// Who says so.
    pub actor: String,
}

/// What becomes of the map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SkuWrite {
    /// A code is this.
    Is(SkuMapping),
    /// A code is nothing any more.
    Nothing {
        /// In which shop.
        shop: Id,
        /// The code.
        code: String,
    },
}

/// A sale that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmapped {
    /// In which shop.
    pub shop: Id,
    /// The code that the map does not know.
    pub code: String,
    /// The order.
    pub tree: Id,
    /// What was sold, as the buyer saw it.
    pub title: Option<String>,
    /// Since when it waits.
    pub at: Time,
}

/// What becomes of sales that wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnmappedWrite {
    /// It waits; what was known of it stays.
    Waits(Unmapped),
    /// It waits for this no more.
    Over {
        /// In which shop.
        shop: Id,
        /// For which code.
        code: String,
        /// The order.
        tree: Id,
    },
}

/// A code that sales wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmappedCode {
    /// The code.
    pub code: String,
    /// What was sold by it, as a buyer saw it.
    pub title: Option<String>,
    /// Orders that wait, at most a thousand.
    pub orders: u64,
    /// Since when the first of them waits.
    pub since: Time,
}

impl SkuMapping {
    fn row(self) -> Vec<Value> {
        vec![
            self.shop.into(),
            self.code.into(),
            self.is.sku_id.into(),
            self.is.place.into(),
            self.is.per_piece.into(),
            self.at.into(),
            self.actor.into(),
        ]
    }

    fn of(mut row: Row) -> Result<Self, StoreError> {
        let (shop, code) = (row.id()?, row.text()?);
        let (sku_id, place, per_piece) = (row.text()?, row.text()?, row.quantity()?);
        let is = Mapping { sku_id, place, per_piece };
        Ok(Self { shop, code, is, at: row.time()?, actor: row.text()? })
    }
}

static BY_CODE: Lookup = Lookup { table: &CHANNEL_SKU, fixed: Some("shop"), list: "code" };

impl Seen for SkuMapping {
    type Key = (Id, String);
    type Found = Option<Self>;

    fn load(
        keys: &BTreeSet<(Id, String)>,
        from: &mut Source<'_>,
    ) -> Result<Vec<((Id, String), Self)>, StoreError> {
        let columns = keys.iter().map(|(shop, code)| (Some((*shop).into()), code.into()));
        let rows = from.rows(&BY_CODE, columns)?.into_iter().map(Self::of);
        rows.map(|row| row.map(|row| ((row.shop, row.code.clone()), row))).collect()
    }

    fn apply(skus: &mut Layer<Self>, writes: &Writes) {
        for write in &writes.channel_skus {
            match write {
                SkuWrite::Is(row) => skus.change((row.shop, row.code.clone()), Some(row.clone())),
                SkuWrite::Nothing { shop, code } => skus.change((*shop, code.clone()), None),
            }
        }
    }
}

impl Written for SkuMapping {
    const TABLE: &'static Table = &CHANNEL_SKU;

    fn add(writes: &mut Writes, rows: &mut Rows, _: &mut Beside) {
        for write in writes.channel_skus.drain(..) {
            match write {
                SkuWrite::Is(row) => rows.upsert([row.row()]),
                SkuWrite::Nothing { shop, code } => rows.delete([vec![shop.into(), code.into()]]),
            }
        }
    }
}

impl Written for Unmapped {
    const TABLE: &'static Table = &CHANNEL_UNMAPPED;

    fn add(writes: &mut Writes, rows: &mut Rows, _: &mut Beside) {
        for write in writes.channel_unmapped.drain(..) {
            match write {
                UnmappedWrite::Waits(Self { shop, code, tree, title, at }) => {
                    let row = [shop.into(), code.into(), tree.into(), title.into(), at.into()];
                    rows.insert_missing([row.into()]);
                }
                UnmappedWrite::Over { shop, code, tree } => {
                    rows.delete([vec![shop.into(), code.into(), tree.into()]]);
                }
            }
        }
    }
}

impl View {
    /// What a code of a shop is; none where the map does not say.
    pub fn channel_sku(&self, shop: Id, code: &str) -> Result<Option<&SkuMapping>, Need> {
        let key = (shop, code.to_owned());
        let found = self.channel_skus.get(&key);
        Need::unless(found, || Key::ChannelSku { shop, code: key.1.clone() }).map(Option::as_ref)
    }
}

/// The first code behind `after` that sales of a shop wait for.
fn next_code(shop: Id, after: &str) -> Query {
    let sql = "SELECT MIN(code) FROM channel_unmapped WHERE shop = ? AND code > ?".to_owned();
    let values = vec![shop.into(), after.into()];
    Query { table: "channel_unmapped", sql, kinds: vec![Text], values }
}

/// How many sales wait for a code, and since when; what was sold by the first.
fn waiting(shop: Id, code: &str) -> [Query; 2] {
    let counted = format!(
        "SELECT COUNT(*), MIN(at) FROM (SELECT at FROM channel_unmapped \
         WHERE shop = ? AND code = ? LIMIT {COUNTED}) AS t"
    );
    let titled =
        "SELECT title FROM channel_unmapped WHERE shop = ? AND code = ? ORDER BY tree LIMIT 1";
    let query = |sql: String, kinds| {
        let values = vec![shop.into(), code.into()];
        Query { table: "channel_unmapped", sql, kinds, values }
    };
    [query(counted, vec![Int, Int]), query(titled.to_owned(), vec![Text])]
}

/// The next codes that sales of a shop wait for: of each its first row and a bounded count, however many wait.
fn codes(
    ask: &mut dyn Ask,
    shop: Id,
    after: &str,
    limit: usize,
) -> Result<Vec<UnmappedCode>, StoreError> {
    let (mut after, mut found) = (after.to_owned(), Vec::new());
    while found.len() < limit {
        let row = ask.ask(next_code(shop, &after))?.pop();
        let Some(code) = row.map(|mut row| row.text_or_null()).transpose()?.flatten() else {
            break;
        };
        let [counted, titled] = waiting(shop, &code);
        let (mut orders, mut since) = (0, Time(0));
        if let Some(mut row) = ask.ask(counted)?.pop() {
            orders = row.int()? as u64;
            since = row.time_or_null()?.unwrap_or_default();
        }
        let title = ask.ask(titled)?.pop().map(|mut row| row.text_or_null()).transpose()?.flatten();
        after.clone_from(&code);
        found.push(UnmappedCode { code, title, orders, since });
    }
    Ok(found)
}

/// How many sales of a shop wait for a code to be mapped, at most a thousand.
pub(super) fn unmapped_count(ask: &mut dyn Ask, shop: Id) -> Result<u64, StoreError> {
    let sql = format!(
        "SELECT COUNT(*) FROM (SELECT tree FROM channel_unmapped WHERE shop = ? LIMIT {COUNTED}) AS t"
    );
    let asked =
        Query { table: "channel_unmapped", sql, kinds: vec![Int], values: vec![shop.into()] };
    ask.ask(asked)?.pop().map_or(Ok(0), |mut row| Ok(row.int()? as u64))
}

impl Store {
    /// What codes of a shop are, behind one of them.
    pub async fn channel_skus(
        &self,
        shop: Id,
        after: &str,
        limit: usize,
    ) -> Result<Vec<SkuMapping>, StoreError> {
        let tail = format!("WHERE shop = ? AND code > ? ORDER BY code LIMIT {limit}");
        let rows = self.of_table(&CHANNEL_SKU, &tail, vec![shop.into(), after.into()]).await?;
        rows.into_iter().map(SkuMapping::of).collect()
    }

    /// Codes that sales of a shop wait for, behind one of them.
    pub async fn unmapped_codes(
        &self,
        shop: Id,
        after: &str,
        limit: usize,
    ) -> Result<Vec<UnmappedCode>, StoreError> {
        let after = after.to_owned();
        self.at_one_moment(move |ask| codes(ask, shop, &after, limit)).await
    }

    /// Whether the map of a shop knows `code`.
    pub async fn is_mapped(&self, shop: Id, code: &str) -> Result<bool, StoreError> {
        let tail = "WHERE shop = ? AND code = ?";
        let rows = self.of_table(&CHANNEL_SKU, tail, vec![shop.into(), code.into()]).await?;
        Ok(!rows.is_empty())
    }

    /// Orders that wait for a code, behind one of them.
    pub async fn waiting_for_code(
        &self,
        shop: Id,
        code: &str,
        after: Id,
        limit: usize,
    ) -> Result<Vec<Id>, StoreError> {
        let sql = format!(
            "SELECT tree FROM channel_unmapped WHERE shop = ? AND code = ? AND tree > ? \
             ORDER BY tree LIMIT {limit}"
        );
        let values = vec![shop.into(), code.into(), after.into()];
        let rows = self.rows("channel_unmapped", sql, &[Int], values).await?;
        rows.into_iter().map(|mut row| row.id()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::counting::{as_ask, insert, open};
    use docket_testkit::Database;

    #[test]
    fn a_page_of_codes_costs_the_same_however_many_sales_wait() {
        for database in Database::ALL {
            let fresh = database.fresh();
            let mut counted = open(database, &fresh.url());
            let row = |code: i64, tree: i64| -> Vec<Value> {
                let code = format!("code-{code:02}");
                vec![Value::Int(1), code.into(), Value::Int(tree), "tea".into(), Value::Int(tree)]
            };
            let rows = (0..10).flat_map(|code| (0..3_000).map(move |tree| row(code, tree)));
            let columns = CHANNEL_UNMAPPED.column_list();
            insert(&mut *counted, "channel_unmapped", &columns, rows.collect());
            let (before, nothing) = (counted.count(), counted.count());
            let found = codes(&mut as_ask(&mut *counted), Id(1), "", 4).unwrap();
            let cost = counted.count() - nothing - (nothing - before);
            println!("on {database}, four codes of three thousand sales each cost {cost}");
            let each = if database == Database::Sqlite { 20 } else { 2 };
            assert!(cost <= 4 * (COUNTED as u64 + 10) * each, "on {database} they cost {cost}");
            let names: Vec<_> = found.iter().map(|found| found.code.as_str()).collect();
            assert_eq!(names, ["code-00", "code-01", "code-02", "code-03"]);
            assert_eq!(found[0].orders, COUNTED as u64);
            assert_eq!((found[0].since, found[0].title.as_deref()), (Time(0), Some("tea")));
            let last = codes(&mut as_ask(&mut *counted), Id(1), "code-08", 4).unwrap();
            assert_eq!(last.len(), 1);
            assert_eq!(unmapped_count(&mut as_ask(&mut *counted), Id(1)).unwrap(), COUNTED as u64);
            assert_eq!(unmapped_count(&mut as_ask(&mut *counted), Id(2)).unwrap(), 0);
        }
    }
}
