//! A step on a server of the MySQL family, where every statement that makes or alters a table commits by itself.
//!
//! How many statements of the step are taken is written down beside them, and each before it is begun. Whoever
//! died is followed by one who goes on with the next; only of the statement that was begun last nobody knows
//! whether the server took it, and so that one alone may find that it was. What a step changes in rows must come to
//! the same when it is done twice.

use super::{statements, stopped};
use crate::{StoreError, failpoint};
use sqlx::mysql::{MySqlConnection, MySqlDatabaseError};

/// Only there while a step is taken.
const MADE: &str = "CREATE TABLE IF NOT EXISTS schema_progress \
                    (step BIGINT NOT NULL PRIMARY KEY, taken BIGINT NOT NULL, begun BIGINT NOT NULL)";

/// How far a step has come: statements that are taken for certain, and those that were begun.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Progress {
    taken: usize,
    begun: usize,
}

impl Progress {
    async fn of(connection: &mut MySqlConnection, step: usize) -> Result<Self, sqlx::Error> {
        let read = "SELECT taken, begun FROM schema_progress WHERE step = ?";
        let row: Option<(i64, i64)> =
            sqlx::query_as(read).bind(step as i64 + 1).fetch_optional(connection).await?;
        Ok(row.map_or_else(Self::default, |(taken, begun)| Self {
            taken: taken as usize,
            begun: begun as usize,
        }))
    }

    async fn write(self, connection: &mut MySqlConnection, step: usize) -> Result<(), sqlx::Error> {
        let written = "REPLACE INTO schema_progress (step, taken, begun) VALUES (?, ?, ?)";
        let query = sqlx::query(written).bind(step as i64 + 1);
        let query = query.bind(self.taken as i64).bind(self.begun as i64);
        query.execute(connection).await.map(drop)
    }
}

/// Takes the step that is number `step` from 0, or what is left of it.
pub async fn take(
    connection: &mut MySqlConnection,
    step: usize,
    sql: &'static str,
) -> Result<(), StoreError> {
    sqlx::raw_sql(MADE).execute(&mut *connection).await?;
    let found = Progress::of(connection, step).await?;
    let mut in_doubt = found.begun > found.taken;
    for (n, statement) in statements(sql).enumerate().skip(found.taken) {
        Progress { taken: n, begun: n + 1 }.write(connection, step).await?;
        failpoint::reach("migrate", "begun");
        match sqlx::raw_sql(statement).execute(&mut *connection).await {
            Ok(_) => {}
            Err(error) if in_doubt && says_that_it_is_there(&error) => {}
            Err(error) => {
                if matches!(error, sqlx::Error::Database(_)) {
                    // The server says that nothing came of it: whoever tries again must not think that something did.
                    Progress { taken: n, begun: n }.write(connection, step).await?;
                }
                return Err(stopped(step, statement, &error));
            }
        }
        failpoint::reach("migrate", "taken");
        in_doubt = false;
    }
    let done = "INSERT INTO schema_version (version) VALUES (?)";
    sqlx::query(done).bind(step as i64 + 1).execute(&mut *connection).await?;
    failpoint::reach("migrate", "told");
    sqlx::raw_sql("DROP TABLE schema_progress").execute(&mut *connection).await?;
    Ok(())
}

/// Whether a table, column or index that a statement makes is there already, or one that it drops is gone.
fn says_that_it_is_there(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(reply) = error else { return false };
    let reply = reply.try_downcast_ref::<MySqlDatabaseError>();
    matches!(reply.map(MySqlDatabaseError::number), Some(1050 | 1060 | 1061 | 1068 | 1091))
}
