//! What a batch of pieces sees: the rows it loaded, and over them what its own pieces have changed so far.
//!
//! Rows are loaded with one statement a table on the MySQL family, for keys of two columns one for each value of the first;
//! on SQLite with one cached statement a key. What was looked for and is not there is known to be absent.

use crate::StoreError;
use crate::database::Connection;
use crate::sql::dialect::Lookup;
use crate::sql::value::{Row, Value};
use crate::tables::lane::counter::Counted;
use crate::tables::lane::{Key, Writes};
use docket_domain::Seat;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::hash::Hash;

/// More must be loaded before a piece can decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need(pub Vec<Key>);

impl Need {
    /// What was found, or `key` is needed.
    pub(crate) fn unless<T>(found: Option<T>, key: impl FnOnce() -> Key) -> Result<T, Self> {
        found.ok_or_else(|| Self(vec![key()]))
    }
}

/// Something of the database that pieces see, by a key.
pub trait Seen: Sized + 'static {
    /// What it is found by.
    type Key: Clone + Ord + Hash + Debug;
    /// What is found under one key: a row or none, or all there are.
    type Found: Found + Debug;
    /// What is found under `keys`.
    fn load(keys: &BTreeSet<Self::Key>, from: &mut Source<'_>) -> Result<Loaded<Self>, StoreError>;
    /// Lets the pieces that follow see what one piece writes.
    fn apply(_: &mut Layer<Self>, _: &Writes) {}
}

/// Rows of what is seen, each with its key.
pub type Loaded<T> = Vec<(<T as Seen>::Key, <<T as Seen>::Found as Found>::Row)>;

/// What is found under one key; by default nothing.
pub trait Found: Default {
    /// A row.
    type Row;
    /// Takes one more row in.
    fn put(&mut self, row: Self::Row);
}

impl<T> Found for Option<T> {
    type Row = T;

    fn put(&mut self, row: T) {
        *self = Some(row);
    }
}

impl<T> Found for Vec<T> {
    type Row = T;

    fn put(&mut self, row: T) {
        self.push(row);
    }
}

/// Where rows are loaded from.
pub struct Source<'a> {
    /// The writer's own connection, inside its open transaction.
    pub connection: &'a mut dyn Connection,
    /// Who is here.
    pub seat: &'a Seat,
}

impl Source<'_> {
    /// The rows of keys: of each the value of the fixed column, where the key has two, and that of the listed one.
    pub fn rows(
        &mut self,
        lookup: &'static Lookup,
        keys: impl IntoIterator<Item = (Option<Value>, Value)>,
    ) -> Result<Vec<Row>, StoreError> {
        let mut found = Vec::new();
        let mut keys = keys.into_iter().peekable();
        while let Some((fixed, first)) = keys.next() {
            let mut listed = vec![first];
            while let Some((_, next)) = keys.next_if(|(other, _)| *other == fixed) {
                listed.push(next);
            }
            let mut rows = self.connection.fetch(lookup, fixed.as_ref(), &listed)?;
            if found.is_empty() {
                found = rows;
            } else {
                found.append(&mut rows);
            }
        }
        Ok(found)
    }

    /// The rows of keys of one column.
    pub fn rows_by<'k, K: Clone + Into<Value> + 'k>(
        &mut self,
        lookup: &'static Lookup,
        keys: impl IntoIterator<Item = &'k K>,
    ) -> Result<Vec<Row>, StoreError> {
        self.rows(lookup, keys.into_iter().map(|key| (None, key.clone().into())))
    }
}

/// Rows as loaded, and as changed by this batch.
#[derive(Debug)]
pub struct Layer<T: Seen> {
    loaded: FxHashMap<T::Key, T::Found>,
    changed: FxHashMap<T::Key, T::Found>,
}

impl<T: Seen> Default for Layer<T> {
    fn default() -> Self {
        Self { loaded: FxHashMap::default(), changed: FxHashMap::default() }
    }
}

impl<T: Seen> Layer<T> {
    /// As it stands now, if that is known.
    pub fn get(&self, key: &T::Key) -> Option<&T::Found> {
        self.changed.get(key).or_else(|| self.loaded.get(key))
    }

    /// As it was before this batch, if that was loaded.
    pub fn before(&self, key: &T::Key) -> Option<&T::Found> {
        self.loaded.get(key)
    }

    /// Everything this batch changed, in no order.
    pub fn changed(&self) -> impl Iterator<Item = &T::Found> {
        self.changed.values()
    }

    /// As it stands from now on.
    pub fn change(&mut self, key: T::Key, found: T::Found) {
        self.changed.insert(key, found);
    }

    /// Forgets what the batch changed.
    pub fn begin_again(&mut self) {
        self.changed.clear();
    }

    /// Adds `key` to what is `wanted`, unless it is known.
    pub fn want(&self, key: T::Key, wanted: &mut BTreeSet<T::Key>) {
        if self.get(&key).is_none() {
            wanted.insert(key);
        }
    }

    /// Loads what is found under `keys`.
    pub fn load(
        &mut self,
        keys: BTreeSet<T::Key>,
        from: &mut Source<'_>,
    ) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        let rows = T::load(&keys, from)?;
        for key in keys {
            self.loaded.insert(key, T::Found::default());
        }
        for (key, row) in rows {
            self.loaded.entry(key).or_default().put(row);
        }
        Ok(())
    }
}

impl<T: Counted> Layer<T> {
    /// Moves rows. One that nobody has looked at stays unknown: whoever wants it has it loaded first.
    pub fn moved(&mut self, changes: &[T::Change]) {
        for change in changes {
            let key = T::key(change);
            let Some(row) = self.get(&key) else { continue };
            let row = T::after(row.clone(), change);
            self.change(key, Some(row));
        }
    }
}
