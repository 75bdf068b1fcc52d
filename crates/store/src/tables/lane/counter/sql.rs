//! The statements that move counters. SQLite is fastest with one cached statement a row; the MySQL family moves the rows
//! of one kind that follow each other as a set, in statements that say how many rows have kept their guard.

use super::{Absent, Counter, Moved};
use crate::sql::dialect::{self, Dialect, Shape, case, chunks, text, tuples};
use crate::sql::statement::Statement;
use crate::sql::value::Value;

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
        first == 0 && self.by.tally == 0 && self.by.bound() == Some(second)
    }

    /// Whether one statement can write both: nothing that is set; what makes rows, wherever; what is moved, of one place.
    fn goes_with(&self, other: &Self, counter: &Counter) -> bool {
        match (self.how(counter), other.how(counter)) {
            (How::Add, How::Add) => true,
            (How::Move, How::Move) => self.fixed == other.fixed,
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
    let key = one.fixed.iter().chain([&one.listed]).cloned();
    let [first, second] = one.by.add.map(Value::Int);
    let tally = counter.tally.map(|_| Value::Int(one.by.tally));
    let (sql, values): (_, Vec<_>) = match one.how(counter) {
        How::Set => {
            let unit = counter.unit.map(|_| one.by.unit.as_ref().into());
            let set = [Value::Int(one.by.first()), second];
            (set_one(counter), set.into_iter().chain(tally).chain(unit).chain(key).collect())
        }
        How::Move => {
            let moved = [first, second].into_iter().chain(tally).chain(key);
            let moved = moved.chain([one.bound(counter)]);
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
    if counter.tally.is_some() {
        values.extend(arms(&|one| Value::Int(one.by.tally)));
    }
    values.extend(moved[0].fixed.clone());
    values.extend(moved.iter().map(|one| one.listed.clone()));
    values.extend(arms(&|one| one.bound(counter)));
    Statement { sql: move_many(counter, n), values, must_match: Some(n as u64) }
}

fn added(counter: &'static Counter, moved: &[Moved], dialect: Dialect) -> Statement {
    let rows = moved.iter().flat_map(|one| one.row(counter, one.by.add)).collect();
    Statement::any(add(counter, moved.len(), dialect), rows)
}

/// The condition on the first column of a key of two.
fn fixed(counter: &Counter) -> String {
    counter.lookup.fixed.map_or_else(String::new, |column| format!("{column} = ? AND "))
}

/// What is added to the tally, if there is one.
fn tallied(counter: &Counter, added: &str) -> String {
    counter.tally.map_or_else(String::new, |tally| format!(", {tally} = {tally} + {added}"))
}

/// Sets the first number of one row, keeps and moves the second: both, the tally and the unit if there are such, the key.
fn set_one(counter: &'static Counter) -> &'static str {
    text(counter.lookup.table.name, Shape::SetCounter, || {
        let ([first, second], listed) = (counter.numbers, counter.lookup.list);
        let unit = counter.unit.map_or_else(String::new, |unit| {
            format!(", {unit} = COALESCE(?, {unit})") // what is not said stays
        });
        let (table, fixed) = (counter.lookup.table.name, fixed(counter));
        let tally = tallied(counter, "?");
        format!(
            "UPDATE {table} SET {first} = ?, {second} = {second} + ?{tally}{unit} \
             WHERE {fixed}{listed} = ?"
        )
    })
}

/// Moves one row: both numbers, the tally if there is one, the key, the bound of its guard.
fn move_one(counter: &'static Counter) -> &'static str {
    text(counter.lookup.table.name, Shape::MoveCounter, || {
        let ([first, second], listed) = (counter.numbers, counter.lookup.list);
        let (table, fixed, guard) = (counter.lookup.table.name, fixed(counter), counter.guard);
        let tally = tallied(counter, "?");
        format!(
            "UPDATE {table} SET {first} = {first} + ?, {second} = {second} + ?{tally} \
             WHERE {fixed}{listed} = ? AND {guard} ?"
        )
    })
}

/// Moves `n` rows at once: both numbers by key, the key they share, the keys, and the bounds by key.
fn move_many(counter: &'static Counter, n: usize) -> &'static str {
    text(counter.lookup.table.name, Shape::MoveCounters(n), || {
        let ([first, second], listed) = (counter.numbers, counter.lookup.list);
        let (table, fixed, guard) = (counter.lookup.table.name, fixed(counter), counter.guard);
        let (by_key, keys) = (case(listed, n), tuples(1, n));
        let tally = tallied(counter, &by_key);
        format!(
            "UPDATE {table} SET {first} = {first} + {by_key}, {second} = {second} + {by_key}{tally} \
             WHERE {fixed}{listed} IN {keys} AND {guard} {by_key}"
        )
    })
}

/// Adds so much to the second number of each of `n` rows where there is enough: rows with nothing of the first number.
/// Each row that is there and has enough counts twice. No `CASE`: it looks through its arms for each row.
fn hold(counter: &'static Counter, n: usize) -> &'static str {
    text(counter.lookup.table.name, Shape::HoldCounters(n), || {
        let (insert, guard) = (dialect::insert(counter.lookup.table, n), counter.guard);
        let held = counter.numbers[1];
        format!(
            "{insert} ON DUPLICATE KEY UPDATE \
             {held} = {held} + IF({guard} VALUES({held}), VALUES({held}), 0)"
        )
    })
}

/// Adds to `n` rows, made by it if need be.
fn add(counter: &'static Counter, n: usize, dialect: Dialect) -> &'static str {
    text(counter.lookup.table.name, Shape::AddCounters(dialect, n), || {
        let insert = dialect::insert(counter.lookup.table, n);
        let ([first, second], key) = (counter.numbers, counter.lookup.table.key_list());
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

#[cfg(test)]
mod tests {
    use super::super::{Counted, Guard, Move};
    use super::*;
    use crate::tables::accounts::Account;
    use crate::tables::coupons::Used;
    use crate::tables::stock::Stock;

    fn moved(fixed: &str, n: i64, add: [i64; 2], guard: Option<Guard>) -> Moved {
        let by = Move { set: None, add, tally: 0, guard, unit: None, at: None };
        Moved { fixed: Some(fixed.into()), listed: Value::Int(n), by }
    }

    /// What the statements of `moved` must match, on each kind of database.
    fn matched(counter: &'static Counter, moved: &[Moved]) -> [Vec<Option<u64>>; 2] {
        [Dialect::Sqlite, Dialect::MySql].map(|dialect| {
            let statements = statements(counter, moved, dialect);
            for Statement { sql, values, .. } in &statements {
                assert_eq!(sql.matches('?').count(), values.len(), "{sql}");
            }
            statements.iter().map(|statement| statement.must_match).collect()
        })
    }

    #[test]
    fn a_file_has_a_statement_a_row_and_a_server_one_for_all_that_go_together() {
        let enough = Some(Guard::Enough);
        let holds: Vec<_> = (0..28).map(|n| moved("main", n, [0, 1], enough)).collect();
        assert_eq!(matched(Stock::COUNTER, &holds), [vec![Some(1); 28], vec![Some(56)]]);
        // A return among them keeps every guard; another place is another statement.
        let mut mixed = holds;
        mixed[3].by = Move { add: [1, 0], guard: None, ..mixed[3].by.clone() };
        mixed.push(moved("annex", 1, [0, 1], enough));
        assert_eq!(matched(Stock::COUNTER, &mixed), [vec![Some(1); 29], vec![Some(28), Some(1)]]);
        let counts: Vec<_> = (0..4)
            .map(|n| Moved { fixed: None, ..moved("", n, [1, 0], Some(Guard::AtMost(9))) })
            .collect();
        assert_eq!(matched(Used::COUNTER, &counts), [vec![Some(1); 4], vec![Some(4)]]);
    }

    #[test]
    fn what_needs_no_guard_makes_accounts_and_the_rest_must_be_there() {
        let enough = Some(Guard::Enough);
        let mut accounts = vec![
            moved("coins", 1, [5, 0], None),
            moved("points", 1, [5, 0], None),
            moved("points", 2, [-5, 0], enough),
            moved("points", 3, [0, 5], enough),
        ];
        let [file, server] = matched(Account::COUNTER, &accounts);
        assert_eq!(file, [None, None, Some(1), Some(1)]);
        assert_eq!(server, [None, Some(2)]);
        // What is set stands alone.
        accounts[3].by.set = Some(7);
        let [_, server] = matched(Account::COUNTER, &accounts);
        assert_eq!(server, [None, Some(1), Some(1)]);
    }
}
