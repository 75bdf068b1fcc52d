//! Counters: rows of two numbers that any number of processes move at once – stock, how often coupons are used, accounts.
//!
//! They carry no version. What the pieces of a batch do to one row is added up, and written over what stands there under
//! its guard: where that fails the batch is in conflict, is decided again from fresh rows and then in halves, until whose
//! guard it is stands alone. Rows are moved in the order of their keys and before the trees, so that two processes cannot
//! deadlock. A [`Counter`] says all that is particular to a table; [`Counted`] ties it to what pieces do.

mod sql;

use crate::StoreError;
use crate::database::Connection;
use crate::sql::dialect::Lookup;
use crate::sql::value::Value;
use crate::tables::lane::view::{Layer, Seen};
use docket_domain::Time;
use std::collections::BTreeMap;

/// A table of counters, as data: every statement is made from it.
#[derive(Debug)]
pub struct Counter {
    /// Where, and by which columns its rows are found: those of one statement share the fixed one.
    pub lookup: Lookup,
    /// The number that may be set, and the one that moves beside it.
    pub numbers: [&'static str; 2],
    /// A column that is only added to, if there is one: it is no part of the row that pieces see.
    pub tally: Option<&'static str>,
    /// What a guard compares with its bound, and how.
    pub guard: &'static str,
    /// The bound that every row keeps, for moves without a guard that go with guarded ones.
    pub no_bound: i64,
    /// What becomes of a move where there is no row.
    pub absent: Absent,
    /// The column that says of what the numbers are, if there is one. One that is left says since when there is the row.
    pub unit: Option<&'static str>,
}

/// What becomes of a move where there is no row; one that is set is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// A conflict: who moves it has seen it.
    Conflict,
    /// Where the batch saw none, it begins with nothing and is moved under the guard.
    Begins,
    /// What needs no guard makes the row; the rest is a conflict.
    Made,
}

/// What must hold of a row before it is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// There is enough of the first number beside the second for what is taken.
    Enough,
    /// The first number is so much at most afterwards, where it grows.
    AtMost(i64),
}

/// What one piece does to one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// The first number from now on, whatever it was.
    pub set: Option<i64>,
    /// Added to both numbers.
    pub add: [i64; 2],
    /// Added to the tally, where there is one.
    pub tally: i64,
    /// What must hold before.
    pub guard: Option<Guard>,
    /// Of what the numbers are, where that is said.
    pub unit: Option<String>,
    /// When: of a row that is made.
    pub at: Option<Time>,
}

impl Move {
    /// The moves of two pieces, one after the other, as one. Of two guards the later piece has read the newer one.
    fn and(&mut self, later: Self) {
        if later.set.is_some() {
            self.set = later.set;
            self.add[0] = 0;
        }
        self.add[0] += later.add[0];
        self.add[1] += later.add[1];
        self.tally += later.tally;
        self.guard = later.guard.or(self.guard);
        self.unit = later.unit.or(self.unit.take());
    }

    fn is_nothing(&self) -> bool {
        self.set.is_none() && self.add == [0, 0] && self.tally == 0
    }

    /// The first number of a row that this move makes.
    fn first(&self) -> i64 {
        self.set.unwrap_or(0) + self.add[0]
    }

    /// What the guard compares with: none where nothing is taken, or nobody guards it.
    fn bound(&self) -> Option<i64> {
        let [first, second] = self.add;
        match self.guard? {
            Guard::Enough => Some(second - first).filter(|taken| *taken > 0),
            Guard::AtMost(most) => (first > 0).then_some(most - first),
        }
    }
}

/// A row of a counter: what a piece calls it, and what it does to it.
pub trait Counted: Seen<Found = Option<Self>> + Clone {
    /// What one piece does to one row.
    type Change;
    /// Its table.
    const COUNTER: &'static Counter;
    /// Of which row.
    fn key(change: &Self::Change) -> Self::Key;
    /// The columns of its key: the fixed one, if there is one, and the listed one.
    fn columns(key: &Self::Key) -> (Option<Value>, Value);
    /// The change as its numbers move.
    fn moved(change: Self::Change) -> Move;
    /// The row after it; none is a row of nothing.
    fn after(row: Option<Self>, change: &Self::Change) -> Self;
}

/// What a batch moves of one row, with the key of the row.
#[derive(Debug)]
struct Moved {
    fixed: Option<Value>,
    listed: Value,
    by: Move,
}

impl Moved {
    /// The whole row with these numbers.
    fn row(&self, counter: &Counter, numbers: [i64; 2]) -> Vec<Value> {
        let value = |(name, _): &(&str, _)| {
            if *name == counter.lookup.list {
                self.listed.clone()
            } else if let Some(at) = counter.numbers.iter().position(|number| number == name) {
                Value::Int(numbers[at])
            } else if counter.lookup.fixed == Some(*name) {
                self.fixed.clone().unwrap_or(Value::Null)
            } else if counter.unit == Some(*name) {
                self.by.unit.as_ref().into()
            } else {
                self.by.at.into()
            }
        };
        counter.lookup.table.columns.iter().map(value).collect()
    }
}

/// What a batch moves of the rows of one table, added up.
#[derive(Debug)]
pub struct Moves<T: Counted>(BTreeMap<T::Key, Move>);

impl<T: Counted> Default for Moves<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Counted> Moves<T> {
    /// Adds what one piece does.
    pub fn add(&mut self, changes: Vec<T::Change>) {
        for change in changes {
            let key = T::key(&change);
            let moved = T::moved(change);
            match self.0.get_mut(&key) {
                Some(before) => before.and(moved),
                None => {
                    self.0.insert(key, moved);
                }
            }
        }
    }

    /// Writes it, over the rows that the batch saw before.
    pub fn write(
        &mut self,
        rows: &Layer<T>,
        connection: &mut dyn Connection,
    ) -> Result<(), StoreError> {
        let (mut made, mut begun, mut moved) = (Vec::new(), Vec::new(), Vec::new());
        let counter = T::COUNTER;
        for (key, by) in std::mem::take(&mut self.0) {
            if by.is_nothing() {
                continue;
            }
            let (fixed, listed) = T::columns(&key);
            let one = Moved { fixed, listed, by };
            let before = rows.before(&key).map(Option::is_some);
            if one.by.set.is_some() && before != Some(true) {
                made.push(one.row(counter, [one.by.first(), one.by.add[1]]));
                continue;
            }
            if counter.absent == Absent::Begins && before == Some(false) {
                begun.push(one.row(counter, [0, 0]));
            }
            moved.push(one);
        }
        if !made.is_empty() {
            // One that another process has made meanwhile is a conflict.
            connection.insert(counter.lookup.table, &made)?;
        }
        if !begun.is_empty() {
            connection.insert_missing(counter.lookup.table, &begun)?;
        }
        let statements = sql::statements(counter, &moved, connection.dialect());
        statements.iter().try_for_each(|statement| connection.execute_exactly(statement))
    }
}
