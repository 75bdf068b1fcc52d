//! What a database records of the keys that seal customers' data in it: the fingerprint of each, never a key. So a
//! process with other keys is refused before it seals something that nobody else can open, and a backup says what
//! it needs. Rows of `setting`: `key.seal.FINGERPRINT` holds the number of the key, `key.search.FINGERPRINT` is the
//! one that telephones are hashed with; ` lost` behind it says that a person gave the key up.

use crate::database::beside::{Access, Beside, beside};
use crate::sql::ask::{Ask, Query};
use crate::sql::value::{Kind, Row, Value};
use crate::tables::customers::Sealed;
use crate::tables::telephones::{PROGRESS, Renewed};
use crate::{Store, StoreError};
use docket_domain::Id;
use std::collections::BTreeMap;

/// What the names of all of them begin with.
const PREFIX: &str = "key.";
/// Behind the value of one that was given up.
const LOST: &str = " lost";
/// Sealed people read from each end of their table.
const AT_EACH_END: usize = 500;
/// Places between the ends where one more is read.
const BETWEEN: i64 = 300;
/// Sealed requests and secrets read.
const OTHERS: usize = 50;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyUse {
    /// It seals, under this number.
    Seal(u32),
    /// Telephones are hashed with it.
    Search,
}

/// A key that a database records.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordedKey {
    /// What it is for.
    pub used: KeyUse,
    /// Names it, and leads nobody to it.
    pub fingerprint: String,
    /// Whether it was given up: what it sealed stays sealed.
    pub lost: bool,
}

/// For what something was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealedFor {
    /// Customers' data of an order.
    Customer(Id),
    /// The secret of a webhook.
    Webhook,
    /// A secret of a marketplace shop.
    Channel,
    /// A placement that waits.
    Placement,
}

/// What a database says of its keys, looked at without opening it.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// The keys it records.
    pub keys: Vec<RecordedKey>,
    /// Some of what is sealed in it: the newest, the oldest, and some between.
    pub samples: Vec<(SealedFor, Sealed)>,
}

impl RecordedKey {
    fn row(&self) -> (String, String) {
        let lost = if self.lost { LOST } else { "" };
        match self.used {
            KeyUse::Seal(id) => {
                (format!("{PREFIX}seal.{}", self.fingerprint), format!("{id}{lost}"))
            }
            KeyUse::Search => (format!("{PREFIX}search.{}", self.fingerprint), format!("1{lost}")),
        }
    }

    fn of(mut row: Row) -> Result<Self, StoreError> {
        let (name, value) = (row.text()?, row.text()?);
        let corrupt = || StoreError::Corrupt {
            table: "setting",
            what: format!("{name} = {value} is no key"),
        };
        let (bare, lost) = value.strip_suffix(LOST).map_or((&*value, false), |bare| (bare, true));
        let mut parts = name.splitn(3, '.').skip(1);
        let (Some(word), Some(fingerprint)) = (parts.next(), parts.next()) else {
            return Err(corrupt());
        };
        let used = match word {
            "seal" => KeyUse::Seal(bare.parse().map_err(|_| corrupt())?),
            "search" => KeyUse::Search,
            _ => return Err(corrupt()),
        };
        Ok(Self { used, fingerprint: fingerprint.to_owned(), lost })
    }
}

fn recorded() -> Query {
    Query {
        table: "setting",
        sql: "SELECT name, value FROM setting WHERE name >= 'key.' AND name < 'key/'".to_owned(),
        kinds: vec![Kind::Text; 2],
        values: Vec::new(),
    }
}

/// The recorded keys, by use and number.
fn read(rows: Vec<Row>) -> Result<Vec<RecordedKey>, StoreError> {
    let mut keys: Vec<_> =
        rows.into_iter().map(RecordedKey::of).collect::<Result<_, StoreError>>()?;
    keys.sort();
    Ok(keys)
}

/// The keys that are recorded.
pub fn recorded_keys(ask: &mut dyn Ask) -> Result<Vec<RecordedKey>, StoreError> {
    read(ask.ask(recorded())?)
}

fn customers(tail: &str, values: Vec<Value>) -> Query {
    Query {
        table: "order_person",
        sql: format!("SELECT tree, key_id, sealed FROM order_person {tail}"),
        kinds: vec![Kind::Int, Kind::Int, Kind::Blob],
        values,
    }
}

/// Some of the sealed customers' data: `at_each_end` from both ends, and `between` places between them.
fn sampled(
    ask: &mut dyn Ask,
    at_each_end: usize,
    between: i64,
) -> Result<BTreeMap<Id, Sealed>, StoreError> {
    let mut found = BTreeMap::new();
    for order in ["ASC", "DESC"] {
        let tail = format!("ORDER BY tree {order} LIMIT {at_each_end}");
        for row in ask.ask(customers(&tail, Vec::new()))? {
            let (tree, sealed) = Sealed::of(row)?;
            found.insert(tree, sealed);
        }
    }
    let ends = found.first_key_value().zip(found.last_key_value());
    if found.len() < 2 * at_each_end {
        return Ok(found);
    }
    let Some((first, last)) = ends.map(|((first, _), (last, _))| (first.0, last.0)) else {
        return Ok(found);
    };
    // Numbers follow time: places that lie evenly among them find every key that was in use for a while.
    for place in 1..=between {
        let from = first + (last - first) / (between + 1) * place;
        let tail = "WHERE tree >= ? ORDER BY tree LIMIT 1".to_owned();
        for row in ask.ask(customers(&tail, vec![from.into()]))? {
            let (tree, sealed) = Sealed::of(row)?;
            found.insert(tree, sealed);
        }
    }
    Ok(found)
}

/// Sealed secrets of webhooks and requests of placements.
pub fn others(ask: &mut dyn Ask) -> Result<Vec<(SealedFor, Sealed)>, StoreError> {
    let webhooks = format!("SELECT key_id, secret FROM webhook ORDER BY id DESC LIMIT {OTHERS}");
    let placements = format!(
        "SELECT key_id, request FROM placement WHERE request IS NOT NULL ORDER BY at DESC LIMIT {OTHERS}"
    );
    let shops =
        format!("SELECT secret_key_id, secret FROM channel_shop ORDER BY id DESC LIMIT {OTHERS}");
    let tokens = format!(
        "SELECT token_key_id, token FROM channel_shop WHERE token IS NOT NULL ORDER BY id DESC LIMIT {OTHERS}"
    );
    let mut found = Vec::new();
    for (table, sql, purpose) in [
        ("webhook", webhooks, SealedFor::Webhook),
        ("placement", placements, SealedFor::Placement),
        ("channel_shop", shops, SealedFor::Channel),
        ("channel_shop", tokens, SealedFor::Channel),
    ] {
        let kinds = vec![Kind::Int, Kind::Blob];
        let rows = match ask.ask(Query { table, sql, kinds, values: Vec::new() }) {
            // The step of the schema that makes its table was not taken yet: nothing is sealed for it.
            Err(StoreError::Refused(_)) if purpose == SealedFor::Channel => Vec::new(),
            rows => rows?,
        };
        for mut row in rows {
            let key_id = row.int()? as u32;
            found.push((purpose, Sealed { key_id, bytes: row.blob()? }));
        }
    }
    Ok(found)
}

/// Looks what the database of `url` says of its keys; makes nothing. One that is not there says nothing.
pub async fn survey(url: &str) -> Result<Survey, StoreError> {
    let look = |ask: &mut Beside| {
        let keys = recorded_keys(ask)?;
        let customer = sampled(ask, AT_EACH_END, BETWEEN)?.into_iter();
        let mut samples: Vec<_> =
            customer.map(|(tree, sealed)| (SealedFor::Customer(tree), sealed)).collect();
        samples.extend(others(ask)?);
        Ok(Survey { keys, samples })
    };
    Ok(beside(url, Access::Read, look).await?.unwrap_or_default())
}

/// Whether `keys` hold all of `recorded` that were not given up, and none under a number that is another's.
fn fit(keys: &[RecordedKey], recorded: &[RecordedKey]) -> bool {
    let mut live = recorded.iter().filter(|key| !key.lost);
    live.all(|key| {
        keys.iter().any(|held| held.used == key.used && held.fingerprint == key.fingerprint)
    })
}

/// Records `keys`, in one step with a look at those that are there: where one of those is not among them, nothing
/// is recorded. Answers what is recorded afterwards.
pub async fn record_keys(
    url: &str,
    keys: Vec<RecordedKey>,
) -> Result<Vec<RecordedKey>, StoreError> {
    let write = move |database: &mut Beside| {
        database.at_one_moment(Access::Write, |database| {
            let found = recorded_keys(database)?;
            if !fit(&keys, &found) {
                return Ok(found);
            }
            let known = |key: &&RecordedKey| found.iter().any(|there| there == *key);
            let new: Vec<_> = keys.iter().filter(|key| !known(key)).collect();
            for key in &new {
                put(database, key)?;
            }
            // The one that seals from now on opens nothing that is there already.
            let sealing = keys.iter().rev().find(|key| key.used != KeyUse::Search);
            let rotated = |key: &&&RecordedKey| {
                let before = found.iter().any(|there| there.fingerprint == key.fingerprint);
                Some(**key) == sealing && !before
            };
            if !found.is_empty() && new.iter().any(|key| !rotated(&key)) {
                renew_telephones(database)?;
            }
            recorded_keys(database)
        })
    };
    let none = || StoreError::Unavailable("the database has no tables yet".into());
    beside(url, Access::Write, write).await?.ok_or_else(none)
}

/// Records that the key of this fingerprint is lost for good; answers it, if it is one of the database's.
pub async fn give_up_key(url: &str, fingerprint: &str) -> Result<Option<RecordedKey>, StoreError> {
    let fingerprint = fingerprint.to_owned();
    let write = move |database: &mut Beside| {
        database.at_one_moment(Access::Write, |database| {
            let found = recorded_keys(database)?;
            let key = found.into_iter().find(|key| key.fingerprint == fingerprint);
            let Some(key) = key else { return Ok(None) };
            let key = RecordedKey { lost: true, ..key };
            put(database, &key)?;
            if key.used == KeyUse::Search {
                renew_telephones(database)?;
            }
            Ok(Some(key))
        })
    };
    Ok(beside(url, Access::Write, write).await?.flatten())
}

/// All telephones are to be made new: with another search key, or of people that are opened again.
fn renew_telephones(database: &mut Beside) -> Result<(), StoreError> {
    let sql = "DELETE FROM setting WHERE name = ?";
    database.execute(sql, &[Value::from(PROGRESS)]).map(drop)
}

/// Orders that are not found by their telephones as they should be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TelephonesLeft {
    /// Their telephones are still to be made new.
    pub waiting: u64,
    /// The search key was given up, and so was the key that sealed their people: they wait for that.
    pub sealed_away: u64,
}

/// Of how many orders with people in the database of `url` the telephones are not made new.
pub async fn telephones_left(url: &str) -> Result<TelephonesLeft, StoreError> {
    let look = |ask: &mut Beside| {
        let progress = Query {
            table: "setting",
            sql: "SELECT value FROM setting WHERE name = ?".to_owned(),
            kinds: vec![Kind::Text],
            values: vec![PROGRESS.into()],
        };
        let progress = ask.ask(progress)?.pop().map(|mut row| row.text()).transpose()?;
        let progress = Renewed::read(progress.as_deref());
        let mut left = TelephonesLeft::default();
        if let Renewed::UpTo(tree) = progress {
            left.waiting = count_customers(ask, "tree > ?", vec![tree.into()])?;
        }
        let keys = recorded_keys(ask)?;
        let lost = keys.iter().filter(|key| key.lost);
        let numbers = lost.clone().filter_map(|key| match key.used {
            KeyUse::Seal(id) => Some(Value::Int(id.into())),
            KeyUse::Search => None,
        });
        let mut values: Vec<_> = numbers.collect();
        if !values.is_empty() && lost.clone().any(|key| key.used == KeyUse::Search) {
            let places = vec!["?"; values.len()].join(", ");
            let mut these = format!("key_id IN ({places})");
            if let Renewed::UpTo(tree) = progress {
                these.push_str(" AND tree <= ?");
                values.push(tree.into());
            }
            left.sealed_away = count_customers(ask, &these, values)?;
        }
        Ok(left)
    };
    Ok(beside(url, Access::Read, look).await?.unwrap_or_default())
}

fn count_customers(ask: &mut Beside, these: &str, values: Vec<Value>) -> Result<u64, StoreError> {
    let count = Query {
        table: "order_person",
        sql: format!("SELECT COUNT(*) FROM order_person WHERE {these}"),
        kinds: vec![Kind::Int],
        values,
    };
    let count = ask.ask(count)?.pop().map(|mut row| row.int()).transpose()?;
    Ok(count.unwrap_or_default().cast_unsigned())
}

fn put(database: &mut Beside, key: &RecordedKey) -> Result<(), StoreError> {
    let (name, value) = key.row();
    database.execute("DELETE FROM setting WHERE name = ?", &[Value::from(&name)])?;
    let insert = "INSERT INTO setting (name, value) VALUES (?, ?)";
    database.execute(insert, &[name.into(), value.into()]).map(drop)
}

impl Store {
    /// The keys that this database records.
    pub async fn recorded_keys(&self) -> Result<Vec<RecordedKey>, StoreError> {
        let Query { table, sql, kinds, values } = recorded();
        read(self.rows(table, sql, &kinds, values).await?)
    }

    /// Some of the sealed customers' data: as many as `at_each_end` of the newest and of the oldest, and of `between` places.
    pub async fn some_customers(
        &self,
        at_each_end: usize,
        between: i64,
    ) -> Result<Vec<(Id, Sealed)>, StoreError> {
        let found = self.at_one_moment(move |ask| sampled(ask, at_each_end, between)).await?;
        Ok(found.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_from_its_row_as_it_was() {
        for (used, lost) in
            [(KeyUse::Seal(1), false), (KeyUse::Seal(12), true), (KeyUse::Search, true)]
        {
            let key = RecordedKey { used, fingerprint: "0123456789abcdef".to_owned(), lost };
            let (name, value) = key.row();
            let row = Row::new("setting", vec![name.into(), value.into()]);
            assert_eq!(RecordedKey::of(row).unwrap(), key);
        }
        let strange = Row::new("setting", vec!["key.seal.x".into(), "one".into()]);
        assert!(matches!(RecordedKey::of(strange), Err(StoreError::Corrupt { .. })));
    }
}
