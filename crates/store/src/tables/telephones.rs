//! How far the telephones that orders are found by are in the form of this release: the tree up to which they were
//! made new, kept as a setting, so that the work goes on where it was broken off.

use crate::sql::dialect::{Shape, text, tuples};
use crate::sql::statement::Statement;
use crate::sql::value::{Kind, Value};
use crate::tables::customers::{ORDER_PHONE, Telephone};
use crate::{Store, StoreError};
use docket_domain::Id;

/// The setting: a number of a tree, or [`DONE`].
pub(crate) const PROGRESS: &str = "telephones";
/// What it says when nothing is left.
pub(crate) const DONE: &str = "2";

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewed {
    /// Up to this tree.
    UpTo(Id),
    /// All of them.
    All,
}

impl Renewed {
    /// Keeps how far it is.
    pub fn keep(self) -> [Statement; 2] {
        let value = match self {
            Self::UpTo(tree) => format!("after:{tree}"),
            Self::All => DONE.to_owned(),
        };
        [
            Statement::any("DELETE FROM setting WHERE name = ?", vec![Value::from(PROGRESS)]),
            Statement::any(
                "INSERT INTO setting (name, value) VALUES (?, ?)",
                vec![Value::from(PROGRESS), Value::Text(value)],
            ),
        ]
    }

    /// What the setting says; nothing where nothing was begun.
    pub(crate) fn read(value: Option<&str>) -> Self {
        match value {
            Some(DONE) => Self::All,
            Some(value) => {
                let tree = value.strip_prefix("after:").and_then(|tree| tree.parse().ok());
                Self::UpTo(tree.unwrap_or(Id(0)))
            }
            None => Self::UpTo(Id(0)),
        }
    }
}

/// Takes out by what a tree is found, but for `n` numbers of telephones: the tree, the numbers.
fn found_no_more(n: usize) -> &'static str {
    text(ORDER_PHONE.name, Shape::Own("found_no_more", n), || {
        let all = "DELETE FROM order_phone WHERE tree = ?";
        if n == 0 { all.to_owned() } else { format!("{all} AND phone NOT IN {}", tuples(1, n)) }
    })
}

/// Takes out by what `tree` is found beside `found_by`: hashes of a search key that was given up are of no use, and
/// nobody can tell them any more.
pub fn only_found_by(tree: Id, found_by: &[Telephone]) -> Statement {
    let mut numbers: Vec<_> = found_by.iter().map(|phone| Value::Int(phone.number)).collect();
    // The last again and again up to a power of two, so that few texts of statements exist.
    if let Some(last) = numbers.last().cloned() {
        numbers.resize(numbers.len().next_power_of_two(), last);
    }
    let sql = found_no_more(numbers.len());
    Statement::any(sql, [vec![tree.into()], numbers].concat())
}

impl Store {
    /// How far the telephones are made new.
    pub async fn telephones_renewed(&self) -> Result<Renewed, StoreError> {
        Ok(Renewed::read(self.setting(PROGRESS).await?.as_deref()))
    }

    /// Trees with people after `after`, at most `limit`.
    pub async fn trees_with_customers(
        &self,
        after: Id,
        limit: usize,
    ) -> Result<Vec<Id>, StoreError> {
        let sql =
            format!("SELECT tree FROM order_person WHERE tree > ? ORDER BY tree LIMIT {limit}");
        let rows = self.rows("order_person", sql, &[Kind::Int], vec![after.into()]).await?;
        rows.into_iter().map(|mut row| row.id()).collect()
    }
}
