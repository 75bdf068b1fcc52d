//! What was answered under an idempotency key: stored only with a success, in its transaction.

use crate::sql::dialect::Lookup;
use crate::sql::statement::Statement;
use crate::sql::table::Table;
use crate::sql::value::Kind::{Blob, Int};
use crate::sql::value::{Row, Value};
use crate::tables::lane::plan::{Beside, Rows, Written};
use crate::tables::lane::view::{Layer, Need, Seen, Source};
use crate::tables::lane::{Key, View, Writes};
use crate::{Store, StoreError};
use docket_domain::{Id, Time};
use std::collections::BTreeSet;

/// Keys of requests.
pub static IDEMPOTENCY: Table = Table {
    name: "idempotency",
    columns: &[("hash", Blob), ("fingerprint", Blob), ("status", Int), ("tree", Int), ("at", Int)],
    key: 1,
};

/// What a request with an idempotency key has come to, once it has come to something that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestOutcome {
    /// An order that was placed.
    Placed,
    /// A placement that was accepted before it was decided, and was rejected; there is no tree.
    Rejected,
    /// A change of an order, or of something beside orders; also one that was so already.
    Changed,
}

impl RequestOutcome {
    /// As it is stored: the first release stored statuses of HTTP.
    const fn code(self) -> i64 {
        match self {
            Self::Changed => 200,
            Self::Placed => 201,
            Self::Rejected => 202,
        }
    }

    fn of(code: i64) -> Result<Self, StoreError> {
        let all = [Self::Placed, Self::Rejected, Self::Changed];
        all.into_iter().find(|outcome| outcome.code() == code).ok_or_else(|| StoreError::Corrupt {
            table: "idempotency",
            what: format!("{code} is no outcome of a request"),
        })
    }
}

/// What an idempotency key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Idempotent {
    /// SHA-256 of method, path and body.
    pub fingerprint: [u8; 32],
    /// What the request has come to.
    pub outcome: RequestOutcome,
    /// The tree it was about; where it was about none, another number that was answered.
    pub tree: Id,
    /// When it was done; the key is forgotten a day later.
    pub at: Time,
}

impl Idempotent {
    pub(crate) fn row(self, hash: [u8; 32]) -> Vec<Value> {
        vec![
            hash.into(),
            self.fingerprint.into(),
            self.outcome.code().into(),
            self.tree.into(),
            self.at.into(),
        ]
    }

    pub(crate) fn of(mut row: Row) -> Result<([u8; 32], Self), StoreError> {
        let hash = row.hash()?;
        let fingerprint = row.hash()?;
        let outcome = RequestOutcome::of(row.int()?)?;
        Ok((hash, Self { fingerprint, outcome, tree: row.id()?, at: row.time()? }))
    }

    /// Forgets keys given before `until`.
    pub fn forget_before(until: Time) -> Statement {
        Statement {
            sql: "DELETE FROM idempotency WHERE at < ?",
            values: vec![until.into()],
            must_match: None,
        }
    }
}

static BY_HASH: Lookup = Lookup { table: &IDEMPOTENCY, fixed: None, list: "hash" };

impl Seen for Idempotent {
    type Key = [u8; 32];
    type Found = Option<Self>;

    fn load(
        hashes: &BTreeSet<[u8; 32]>,
        from: &mut Source<'_>,
    ) -> Result<Vec<([u8; 32], Self)>, StoreError> {
        from.rows_by(&BY_HASH, hashes)?.into_iter().map(Self::of).collect()
    }

    fn apply(answers: &mut Layer<Self>, writes: &Writes) {
        if let Some((hash, answer)) = &writes.idempotency {
            answers.change(*hash, Some(*answer));
        }
    }
}

impl Written for Idempotent {
    const TABLE: &'static Table = &IDEMPOTENCY;

    fn add(writes: &mut Writes, rows: &mut Rows, _: &mut Beside) {
        rows.insert(writes.idempotency.take().map(|(hash, answer)| answer.row(hash)));
    }
}

impl View {
    /// What was answered under an idempotency key.
    pub fn idempotency(&self, hash: [u8; 32]) -> Result<Option<Idempotent>, Need> {
        Need::unless(self.idempotency.get(&hash), || Key::Idempotency(hash)).copied()
    }
}

impl Store {
    /// What was answered under an idempotency key.
    pub async fn idempotency(&self, hash: [u8; 32]) -> Result<Option<Idempotent>, StoreError> {
        let found = self.one(&IDEMPOTENCY, "WHERE hash = ?", hash.into(), Idempotent::of);
        Ok(found.await?.map(|(_, found)| found))
    }
}
