//! What looks after the whole database for damage, beside a running center: the pages and indexes as the database
//! itself checks them, the orders page by page, and rows that belong to nothing. What is found damaged is named and
//! passed over, so that one bad page hides no other.

use crate::database::beside::{Access, Beside, beside};
use crate::database::sqlite::sqlite_path;
use crate::keeping::orphans::{Orphan, Walk};
use crate::keeping::seals::{self, RecordedKey, SealedFor};
use crate::sql::ask::{Ask, Query};
use crate::sql::value::Kind;
use crate::tables::audit::{AuditPage, audit_page};
use crate::tables::customers::Sealed;
use crate::{Store, StoreError, installation};
use docket_domain::{Id, Seat, Time};
use sqlx::{AssertSqlSafe, Row as _};

/// A database that is looked at; see [`inspect`].
pub struct Inspecting<'a>(&'a mut Beside);

/// Has `work` look at the database of `url`, on a thread that may block; `None` where there is none yet.
pub async fn inspect<T: Send + 'static>(
    url: &str,
    work: impl FnOnce(&mut Inspecting<'_>) -> Result<T, StoreError> + Send + 'static,
) -> Result<Option<T>, StoreError> {
    beside(url, Access::Read, |database| work(&mut Inspecting(database))).await
}

/// Bytes of a file that are all looked at where nobody asked for it.
const QUICK: u64 = 256 << 20;

/// What a quick look at the pages of the SQLite file of `url` finds wrong first. A large file, and a server, are not
/// looked at.
pub async fn quick_check(url: &str) -> Result<Option<String>, StoreError> {
    let small = sqlite_path(url).and_then(|path| std::fs::metadata(path).ok());
    if small.is_none_or(|found| found.len() > QUICK) {
        return Ok(None);
    }
    let look = |database: &mut Beside| match database {
        Beside::Sqlite(connection) => {
            let said = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0));
            let said = said.map_err(StoreError::from);
            let said =
                said.or_else(
                    |error| if error.is_damage() { Ok(error.to_string()) } else { Err(error) },
                )?;
            Ok(Some(said).filter(|said| said != "ok"))
        }
        Beside::MySql { .. } => Ok(None),
    };
    Ok(beside(url, Access::Read, look).await?.flatten())
}

impl Inspecting<'_> {
    fn names(&mut self, sql: &'static str) -> Result<Vec<String>, StoreError> {
        let kinds = vec![Kind::Text];
        let asked = Query { table: "schema", sql: sql.to_owned(), kinds, values: Vec::new() };
        self.0.ask(asked)?.into_iter().map(|mut row| row.text()).collect()
    }

    /// The names of all tables.
    pub fn tables(&mut self) -> Result<Vec<String>, StoreError> {
        self.names(match self.0 {
            Beside::Sqlite(_) => {
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
            }
            Beside::MySql { .. } => {
                "SELECT CAST(table_name AS CHAR) FROM information_schema.tables \
                 WHERE table_schema = DATABASE() ORDER BY table_name"
            }
        })
    }

    /// What the database itself finds wrong with the pages and indexes of a table, in its words.
    pub fn check_table(&mut self, table: &str) -> Result<Vec<String>, StoreError> {
        match self.0 {
            Beside::Sqlite(connection) => {
                let check = format!("PRAGMA integrity_check(\"{}\")", table.replace('"', ""));
                let mut wrong = Vec::new();
                let said = connection.prepare(&check).and_then(|mut check| {
                    let said = check.query_map([], |row| row.get::<_, String>(0))?;
                    // What it said before it met what it cannot pass counts.
                    said.into_iter().try_for_each(|said| {
                        wrong.push(said?);
                        Ok(())
                    })
                });
                wrong.retain(|said| said != "ok");
                if let Err(error) = said
                    && wrong.is_empty()
                {
                    return damage_alone(error.into());
                }
                Ok(wrong)
            }
            Beside::MySql { runtime, connection } => {
                let check = format!("CHECK TABLE `{}`", table.replace('`', ""));
                let said = sqlx::raw_sql(AssertSqlSafe(check)).fetch_all(connection);
                let rows = match runtime.block_on(said) {
                    Ok(rows) => rows,
                    Err(error) => return damage_alone(error.into()),
                };
                let mut wrong = Vec::new();
                for row in rows {
                    let kind: String = row.try_get_unchecked(2)?;
                    let text: String = row.try_get_unchecked(3)?;
                    if kind == "error" || (kind == "status" && text == "Corrupt") {
                        wrong.push(text);
                    }
                }
                Ok(wrong)
            }
        }
    }

    /// How many orders there are.
    pub fn orders(&mut self) -> Result<u64, StoreError> {
        let sql = "SELECT COUNT(*) FROM payment_order".to_owned();
        let asked =
            Query { table: "payment_order", sql, kinds: vec![Kind::Int], values: Vec::new() };
        let counted = self.0.ask(asked)?.into_iter().next().map_or(Ok(0), |mut row| row.int());
        counted.map(|count| count as u64)
    }

    /// Whose database it is.
    pub fn seat(&mut self) -> Result<Seat, StoreError> {
        Ok(installation::read(self.0)?.map(|found| found.seat).unwrap_or_default())
    }

    /// The next orders after `after`, all of one moment.
    pub fn audits(&mut self, after: Id, limit: usize) -> Result<AuditPage, StoreError> {
        self.0.at_one_moment(Access::Read, |ask| {
            let seat = installation::read(ask)?.map(|found| found.seat).unwrap_or_default();
            audit_page(after, None, limit, &seat, ask)
        })
    }

    /// The next rows of `walk`: those that belong to nothing, and whether there are more.
    pub fn orphans(&mut self, walk: &mut Walk) -> Result<Vec<Orphan>, StoreError> {
        self.0.at_one_moment(Access::Read, |ask| walk.step(ask))
    }

    /// The keys that the database records.
    pub fn recorded_keys(&mut self) -> Result<Vec<RecordedKey>, StoreError> {
        seals::recorded_keys(self.0)
    }

    /// Sealed secrets and requests, the newest of each kind.
    pub fn other_seals(&mut self) -> Result<Vec<(SealedFor, Sealed)>, StoreError> {
        seals::others(self.0)
    }

    /// The people of orders that are in the archive, after `after`.
    pub fn archived_customers(
        &mut self,
        after: Id,
        limit: usize,
    ) -> Result<Vec<(Id, Sealed)>, StoreError> {
        let sql = format!(
            "SELECT p.tree, p.key_id, p.sealed FROM archive_order AS a JOIN order_person AS p ON p.tree = a.tree \
             WHERE a.tree > ? ORDER BY a.tree LIMIT {limit}"
        );
        let kinds = vec![Kind::Int, Kind::Int, Kind::Blob];
        let asked = Query { table: "order_person", sql, kinds, values: vec![after.into()] };
        self.0.ask(asked)?.into_iter().map(Sealed::of).collect()
    }
}

/// Damage is what was looked for; anything else (a server that has no such check) says nothing of the table.
fn damage_alone(error: StoreError) -> Result<Vec<String>, StoreError> {
    match error {
        error if error.is_damage() => Ok(vec![error.to_string()]),
        StoreError::Unavailable(why) | StoreError::Refused(why) => {
            tracing::debug!(%why, "a table was not checked by its database");
            Ok(Vec::new())
        }
        error => Err(error),
    }
}

impl Store {
    /// The next orders after `after` by number, at most `limit`, that changed at or after `since`.
    pub async fn audit(
        &self,
        after: Id,
        since: Option<Time>,
        limit: usize,
    ) -> Result<AuditPage, StoreError> {
        let seat = self.seat().clone();
        self.at_one_moment(move |ask| audit_page(after, since, limit, &seat, ask)).await
    }

    /// The next step of a walk over rows that should belong to an order.
    pub async fn orphans(&self, mut walk: Walk) -> Result<(Walk, Vec<Orphan>), StoreError> {
        self.at_one_moment(move |ask| {
            let found = walk.step(ask)?;
            Ok((walk, found))
        })
        .await
    }
}
