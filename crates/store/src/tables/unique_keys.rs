//! What may exist once: client tokens, external ids, payment references, and whose each is.

use crate::sql::dialect::Lookup;
use crate::sql::table::Table;
use crate::sql::text::{LISTED_MAX, holes};
use crate::sql::value::Kind::{Blob, Int, Text};
use crate::sql::value::{Row, Value};
use crate::tables::lane::plan::{Beside, Rows, Written};
use crate::tables::lane::view::{Layer, Need, Seen, Source};
use crate::tables::lane::{Key, View, Writes};
use crate::{Store, StoreError};
use docket_domain::Id;
use std::collections::BTreeSet;

/// What may exist once.
pub static UNIQUE_KEY: Table = Table {
    name: "unique_key",
    columns: &[("name", Text), ("tree", Int), ("fingerprint", Blob)],
    key: 1,
};

/// Whose a unique key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unique {
    /// The payment order's number.
    pub tree: Id,
    /// Of the request that took it, where the same request may come again.
    pub fingerprint: Option<[u8; 32]>,
}

static BY_NAME: Lookup = Lookup { table: &UNIQUE_KEY, fixed: None, list: "name" };

impl Seen for Unique {
    type Key = String;
    type Found = Option<Self>;

    fn load(
        names: &BTreeSet<String>,
        from: &mut Source<'_>,
    ) -> Result<Vec<(String, Self)>, StoreError> {
        let read = |mut row: Row| {
            let (name, tree) = (row.text()?, row.id()?);
            Ok((name, Self { tree, fingerprint: row.hash_or_null()? }))
        };
        from.rows_by(&BY_NAME, names)?.into_iter().map(read).collect()
    }

    fn apply(unique: &mut Layer<Self>, writes: &Writes) {
        for (name, tree, fingerprint) in &writes.unique {
            let taken = Self { tree: *tree, fingerprint: *fingerprint };
            unique.change(name.clone(), Some(taken));
        }
    }
}

impl Written for Unique {
    const TABLE: &'static Table = &UNIQUE_KEY;

    fn add(writes: &mut Writes, rows: &mut Rows, _: &mut Beside) {
        let taken = writes.unique.drain(..);
        rows.insert(taken.map(|(name, tree, print)| vec![name.into(), tree.into(), print.into()]));
    }
}

impl View {
    /// Whose the unique key `name` is.
    pub fn unique(&self, name: &str) -> Result<Option<Unique>, Need> {
        Need::unless(self.unique.get(&name.to_owned()), || Key::Unique(name.to_owned())).copied()
    }
}

impl Store {
    /// Whose a unique key is.
    pub async fn unique(&self, name: &str) -> Result<Option<Id>, StoreError> {
        self.one(&UNIQUE_KEY, "WHERE name = ?", name.into(), |mut row| {
            row.skip();
            row.id()
        })
        .await
    }

    /// Whose these unique keys are; those that are nobody's are left out.
    pub async fn owners(&self, names: &[String]) -> Result<Vec<(String, Id)>, StoreError> {
        let mut found = Vec::with_capacity(names.len());
        for names in names.chunks(LISTED_MAX) {
            let tail = format!("WHERE name IN ({})", holes(names.len()));
            let listed = names.iter().map(Value::from).collect();
            for mut row in self.of_table(&UNIQUE_KEY, &tail, listed).await? {
                found.push((row.text()?, row.id()?));
            }
        }
        Ok(found)
    }
}
