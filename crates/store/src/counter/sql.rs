//! The statements that move counters. SQLite is fastest with one cached statement a row; the MySQL family moves the rows
//! of one kind that follow each other as a set, in statements that say how many rows have kept their guard.

use super::{Absent, Counter, Moved};
use crate::dialect::{self, Dialect, Shape, case, chunks, text, tuples};
use crate::plan::Statement;
use crate::value::Value;

/// How a row is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// Its first number is set.
    Set,
    /// Its numbers are moved where the row is there and keeps the guard.
    Move,
    /// Its numbers are moved, and the row is made where there is none.
    Add,
}

impl Moved {
    fn how(&self, counter: &Counter) -> How {
        if self.by.set.is_some() {
            How::Set
        } else if counter.absent == Absent::Made && self.by.bound().is_none() {
            How::Add
        } else {
            How::Move
        }
    }

    fn bound(&self, counter: &Counter) -> Value {
        Value::Int(self.by.bound().unwrap_or(counter.no_bound))
    }

    /// Whether it holds so much, if there is enough, and does nothing else.
    fn is_hold(&self) -> bool {
        let [first, second] = self.by.add;
        first == 0 && self.by.bound() == Some(second)
    }

    /// Whether one statement can write both: nothing that is set; what makes rows, wherever; what is moved, of one place.
    fn goes_with(&self, other: &Self, counter: &Counter) -> bool {
        match (self.how(counter), other.how(counter)) {
            (How::Add, How::Add) => true,
            (How::Move, How::Move) => self.shared == other.shared,
            _ => false,
        }
    }
}

/// The statements that write `moved`, in its order.
pub(super) fn statements(
    counter: &'static Counter,
    moved: &[Moved],
    dialect: Dialect,
) -> Vec<Statement> {
    if dialect == Dialect::Sqlite {
        return moved.iter().map(|one| of_one(counter, one, dialect)).collect();
    }
    let mut statements = Vec::new();
    for run in moved.chunk_by(|one, next| one.goes_with(next, counter)) {
        let mut rest = run;
        for size in chunks(run.len()) {
            let (chunk, after) = rest.split_at(size);
            statements.push(match chunk {
                [one] => of_one(counter, one, dialect),
                many => of_many(counter, many),
            });
            rest = after;
        }
    }
    statements
}

fn of_one(counter: &'static Counter, one: &Moved, dialect: Dialect) -> Statement {
    let key = one.shared.iter().chain([&one.listed]).cloned();
    let [first, second] = one.by.add.map(Value::Int);
    let (sql, values): (_, Vec<_>) = match one.how(counter) {
        How::Set => {
            let unit = counter.unit.map(|_| one.by.unit.as_ref().into());
            let set = [Value::Int(one.by.first()), second];
            (set_one(counter), set.into_iter().chain(unit).chain(key).collect())
        }
        How::Move => {
            let moved = [first, second].into_iter().chain(key).chain([one.bound(counter)]);
            (move_one(counter), moved.collect())
        }
        How::Add => return added(counter, std::slice::from_ref(one), dialect),
    };
    Statement { sql, values, must_match: Some(1) }
}

/// Several that go with each other, on the MySQL family.
fn of_many(counter: &'static Counter, moved: &[Moved]) -> Statement {
    let n = moved.len();
    if moved[0].how(counter) == How::Add {
        return added(counter, moved, Dialect::MySql);
    }
    if moved.iter().all(Moved::is_hold) {
        let rows = moved.iter().flat_map(|one| one.row(counter, one.by.add));
        let must_match = Some(2 * n as u64);
        return Statement { sql: hold(counter, n), values: rows.collect(), must_match };
    }
    let arms = |number: &dyn Fn(&Moved) -> Value| -> Vec<Value> {
        moved.iter().flat_map(|one| [one.listed.clone(), number(one)]).collect()
    };
    let mut values = arms(&|one| Value::Int(one.by.add[0]));
    values.extend(arms(&|one| Value::Int(one.by.add[1])));
    values.extend(moved[0].shared.clone());
    values.extend(moved.iter().map(|one| one.listed.clone()));
    values.extend(arms(&|one| one.bound(counter)));
    Statement { sql: move_many(counter, n), values, must_match: Some(n as u64) }
}

fn added(counter: &'static Counter, moved: &[Moved], dialect: Dialect) -> Statement {
    let rows = moved.iter().flat_map(|one| one.row(counter, one.by.add)).collect();
    Statement::any(add(counter, moved.len(), dialect), rows)
}

/// `shared = ? AND ` of a key of two.
fn shared(counter: &Counter) -> String {
    counter.shared.map_or_else(String::new, |column| format!("{column} = ? AND "))
}

/// Sets the first number of one row, keeps and moves the second: both, the unit if there is one, the key.
fn set_one(counter: &'static Counter) -> &'static str {
    text(counter.table.name, Shape::SetCounter, || {
        let ([first, second], listed) = (counter.numbers, counter.listed);
        let unit = counter.unit.map_or_else(String::new, |unit| {
            format!(", {unit} = COALESCE(?, {unit})") // what is not said stays
        });
        let (table, shared) = (counter.table.name, shared(counter));
        format!(
            "UPDATE {table} SET {first} = ?, {second} = {second} + ?{unit} WHERE {shared}{listed} = ?"
        )
    })
}

/// Moves one row: both numbers, the key, the bound of its guard.
fn move_one(counter: &'static Counter) -> &'static str {
    text(counter.table.name, Shape::MoveCounter, || {
        let ([first, second], listed) = (counter.numbers, counter.listed);
        let (table, shared, guard) = (counter.table.name, shared(counter), counter.guard);
        format!(
            "UPDATE {table} SET {first} = {first} + ?, {second} = {second} + ? \
             WHERE {shared}{listed} = ? AND {guard} ?"
        )
    })
}

/// Moves `n` rows at once: both numbers by key, the key they share, the keys, and the bounds by key.
fn move_many(counter: &'static Counter, n: usize) -> &'static str {
    text(counter.table.name, Shape::MoveCounters(n), || {
        let ([first, second], listed) = (counter.numbers, counter.listed);
        let (table, shared, guard) = (counter.table.name, shared(counter), counter.guard);
        let (by_key, keys) = (case(listed, n), tuples(1, n));
        format!(
            "UPDATE {table} SET {first} = {first} + {by_key}, {second} = {second} + {by_key} \
             WHERE {shared}{listed} IN {keys} AND {guard} {by_key}"
        )
    })
}

/// Adds so much to the second number of each of `n` rows where there is enough: rows with nothing of the first number.
/// Each row that is there and has enough counts twice. No `CASE`: it looks through its arms for each row.
fn hold(counter: &'static Counter, n: usize) -> &'static str {
    text(counter.table.name, Shape::HoldCounters(n), || {
        let (insert, guard) = (dialect::insert(counter.table, n), counter.guard);
        let held = counter.numbers[1];
        format!(
            "{insert} ON DUPLICATE KEY UPDATE \
             {held} = {held} + IF({guard} VALUES({held}), VALUES({held}), 0)"
        )
    })
}

/// Adds to `n` rows, made by it if need be.
fn add(counter: &'static Counter, n: usize, dialect: Dialect) -> &'static str {
    text(counter.table.name, Shape::AddCounters(dialect, n), || {
        let insert = dialect::insert(counter.table, n);
        let ([first, second], key) = (counter.numbers, counter.table.key_list());
        match dialect {
            Dialect::Sqlite => format!(
                "{insert} ON CONFLICT ({key}) DO UPDATE SET \
                 {first} = {first} + excluded.{first}, {second} = {second} + excluded.{second}"
            ),
            Dialect::MySql => format!(
                "{insert} ON DUPLICATE KEY UPDATE \
                 {first} = {first} + VALUES({first}), {second} = {second} + VALUES({second})"
            ),
        }
    })
}
