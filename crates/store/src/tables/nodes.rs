//! Node numbers: granted, never guessed. A process leases one of 0–255 and raises its mark before ids of
//! later ticks leave the process; whoever takes the number over starts behind that mark.

use crate::database::Connection;
use crate::error::NotThis;
use crate::node::{Node, Nodes};
use crate::sql::dialect::Lookup;
use crate::sql::statement::Statement;
use crate::sql::table::Table;
use crate::sql::value::Kind::{Int, Text};
use crate::sql::value::{Row, Value};
use crate::{Store, StoreError};
use docket_domain::Time;

/// Node numbers and who holds them.
pub static NODE: Table = Table {
    name: "node",
    columns: &[("node", Int), ("holder", Text), ("held_until", Int), ("mark", Int)],
    key: 1,
};

/// How long a lease lasts without being renewed.
pub const LEASE_MS: i64 = 60_000;

/// How far a mark is raised ahead: 16 s of ticks, so that few batches write it.
pub const MARK_AHEAD: i64 = 4096;

/// Raises the mark of `node`, which `holder` must still hold.
pub fn raise_mark(node: u16, holder: &str, mark: i64) -> Statement {
    Statement {
        sql: "UPDATE node SET mark = ? WHERE node = ? AND holder = ?",
        values: vec![Value::Int(mark), node.into(), holder.into()],
        must_match: Some(1),
    }
}

/// Gives `node` back at a moment, with the mark that its ids have reached: whoever takes it next goes on from there and
/// waits for no lease.
pub fn give_back(node: u16, holder: &str, mark: i64, now: Time) -> Statement {
    Statement {
        sql: "UPDATE node SET mark = ?, held_until = ? WHERE node = ? AND holder = ?",
        values: vec![Value::Int(mark), now.plus(-1).into(), node.into(), holder.into()],
        must_match: None,
    }
}

/// Renews the lease of `node`.
pub fn renew(node: u16, holder: &str, until: Time) -> Statement {
    Statement {
        sql: "UPDATE node SET held_until = ? WHERE node = ? AND holder = ?",
        values: vec![until.into(), node.into(), holder.into()],
        must_match: Some(1),
    }
}

/// Takes `node` over from whoever held it until before `now`.
pub fn take(node: u16, holder: &str, now: Time) -> Statement {
    Statement {
        sql: "UPDATE node SET holder = ?, held_until = ? WHERE node = ? AND held_until < ?",
        values: vec![holder.into(), now.plus(LEASE_MS).into(), node.into(), now.into()],
        must_match: None,
    }
}

/// Takes `node` for the first time; a conflict if somebody was faster.
pub fn claim(node: u16, holder: &str, now: Time) -> Statement {
    Statement {
        sql: "INSERT INTO node (node, holder, held_until, mark) VALUES (?, ?, ?, 0)",
        values: vec![node.into(), holder.into(), now.plus(LEASE_MS).into()],
        must_match: None,
    }
}

/// The mark in a `node` row.
pub fn mark_of(mut row: Row) -> Result<i64, StoreError> {
    (0..3).for_each(|_| row.skip());
    row.int()
}

/// A node by its number.
static BY_NUMBER: Lookup = Lookup { table: &NODE, fixed: None, list: "node" };

/// Takes the first node number of the installation's that is free, or one whose lease has run out. A SQLite file has
/// one owner at a time, who takes the first whatever its lease says.
pub fn take_free(
    connection: &mut dyn Connection,
    range: Nodes,
    own: Option<u16>,
    taken: &[(u16, Time)],
    holder: &str,
    now: Time,
    exclusive: bool,
) -> Result<Node, StoreError> {
    let own = if exclusive { own } else { None };
    for number in own.map_or(range, |own| Nodes { first: own, last: own }).all() {
        let statement = match taken.iter().find(|(node, _)| *node == number) {
            Some((_, held_until)) if exclusive => take(number, holder, held_until.plus(1)),
            Some((_, held_until)) if *held_until < now => take(number, holder, now),
            Some(_) => continue,
            None => claim(number, holder, now),
        };
        connection.begin()?;
        match connection.execute(&statement) {
            Ok(1) => {
                // Read after the row is ours: whoever held it may have raised its mark until now.
                let rows = connection.fetch(&BY_NUMBER, None, &[number.into()])?;
                let mark = rows.into_iter().next().map_or(Ok(0), mark_of)?;
                connection.commit()?;
                return Ok(Node { number, holder: holder.to_owned(), mark });
            }
            Ok(_) | Err(StoreError::Conflict) => connection.rollback(),
            Err(error) => {
                connection.rollback();
                return Err(error);
            }
        }
    }
    Err(NotThis::NodesTaken(range).into())
}

impl Store {
    /// How many processes there are: those that hold a node number.
    pub async fn live_nodes(&self, now: Time) -> Result<u32, StoreError> {
        let sql = "SELECT COUNT(*) FROM node WHERE held_until >= ?";
        let rows = self.rows("node", sql, &[Int], vec![now.into()]).await?;
        let count = rows.into_iter().next().map(|mut row| row.int()).transpose()?;
        Ok(count.unwrap_or(1).max(1) as u32)
    }
}
