//! The MySQL family: how rows are asked for, and the one connection of the writer.
//!
//! The writer's thread runs a small runtime and waits for each reply; it is the round trips that cost, so
//! statements carry as many rows as there are.

mod readers;

pub use readers::Readers;

use super::server::{Server, WRITES, settle};
use super::{Connection, GuardedRow};
use crate::StoreError;
use crate::database::figures::Figures;
use crate::database::files::{Files, Overwrite};
use crate::sql::ask::{self, Ask};
use crate::sql::dialect::{self, Dialect, Lookup};
use crate::sql::statement::Statement;
use crate::sql::table::Table;
use crate::sql::value::{Kind, Row, Value};
use sqlx::mysql::{MySqlArguments, MySqlConnection, MySqlRow};
use sqlx::{AssertSqlSafe, Executor, MySql, Row as _};
use std::error::Error as _;
use std::time::Duration;

type Query<'q> = sqlx::query::Query<'q, MySql, MySqlArguments>;

/// Binds one more value.
pub fn bind<'q>(query: Query<'q>, value: &'q Value) -> Query<'q> {
    match value {
        Value::Null => query.bind(None::<i64>),
        Value::Int(number) => query.bind(*number),
        Value::Text(text) => query.bind(text.as_str()),
        Value::Blob(bytes) => query.bind(bytes.as_slice()),
    }
}

/// The rows of a query, read with the kinds it names.
pub async fn query<'e>(
    executor: impl Executor<'e, Database = MySql>,
    table: &'static str,
    sql: &str,
    kinds: &[Kind],
    bound: &[Value],
) -> Result<Vec<Row>, StoreError> {
    let query = bound.iter().fold(sqlx::query(AssertSqlSafe(sql)), bind);
    let rows = query.fetch_all(executor).await?;
    rows.into_iter().map(|row| Ok(Row::new(table, values(&row, kinds)?))).collect()
}

/// The values of a row, read with the kinds of its columns.
pub fn values(row: &MySqlRow, kinds: &[Kind]) -> Result<Vec<Value>, StoreError> {
    let value = |(column, kind): (usize, &Kind)| {
        Ok(match kind {
            Kind::Int => row.try_get_unchecked::<Option<i64>, _>(column)?.into(),
            Kind::Text => row.try_get_unchecked::<Option<String>, _>(column)?.into(),
            Kind::Blob => row.try_get_unchecked::<Option<Vec<u8>>, _>(column)?.into(),
        })
    };
    kinds.iter().enumerate().map(value).collect()
}

/// Whether the driver and the server no longer understand each other, so that nothing more can be asked on their
/// connection. An error that the server sent leaves it as it was.
fn left_broken(error: &StoreError) -> bool {
    let said = error.source().and_then(|source| source.downcast_ref::<sqlx::Error>());
    said.is_some_and(|error| !matches!(error, sqlx::Error::Database(_)))
}

/// The writing connection.
pub struct Writer {
    server: Server,
    runtime: tokio::runtime::Runtime,
    connection: Option<MySqlConnection>,
    open: bool,
}

impl Writer {
    /// Connects the writer to `url`, from a thread that may block.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| StoreError::Unavailable(error.into()))?;
        let server = {
            let _on = runtime.enter();
            Server::of(url, Duration::ZERO)?
        };
        let mut writer = Self { server, runtime, connection: None, open: false };
        writer.reconnect()?;
        Ok(writer)
    }

    fn parts(&mut self) -> Result<(&tokio::runtime::Runtime, &mut MySqlConnection), StoreError> {
        match &mut self.connection {
            Some(connection) => Ok((&self.runtime, connection)),
            None => Err(StoreError::Unavailable("the connection was lost".into())),
        }
    }

    fn run<'v>(
        &mut self,
        sql: &'static str,
        values: impl IntoIterator<Item = &'v Value>,
    ) -> Result<u64, StoreError> {
        let query = values.into_iter().fold(sqlx::query(sql), bind);
        let (runtime, connection) = self.parts()?;
        let done = runtime.block_on(query.execute(connection));
        done.map(|done| done.rows_affected()).map_err(|error| self.failed(error))
    }

    /// Turns a driver's error into ours; a broken connection is dropped, to be made anew.
    fn failed(&mut self, error: sqlx::Error) -> StoreError {
        self.heeded(error.into())
    }

    /// The same for one that is ours already.
    fn heeded(&mut self, error: StoreError) -> StoreError {
        if error.is_unavailable() || left_broken(&error) {
            self.connection = None;
            self.open = false;
        }
        error
    }

    fn in_chunks(
        &mut self,
        rows: &[Vec<Value>],
        sql: impl Fn(usize) -> &'static str,
    ) -> Result<(), StoreError> {
        let mut rest = rows;
        for size in dialect::chunks(rows.len()) {
            let (chunk, after) = rest.split_at(size);
            self.run(sql(size), chunk.iter().flatten())?;
            rest = after;
        }
        Ok(())
    }
}

impl Ask for Writer {
    fn ask(&mut self, asked: ask::Query) -> Result<Vec<Row>, StoreError> {
        let ask::Query { table, sql, kinds, values } = asked;
        let (runtime, connection) = self.parts()?;
        let rows = runtime.block_on(query(connection, table, &sql, &kinds, &values));
        rows.map_err(|error| self.heeded(error))
    }
}

/// Answers on a thread that may block, in one transaction of the pool: everything of one moment.
pub struct Moment<'a> {
    pub runtime: &'a tokio::runtime::Handle,
    pub connection: &'a mut MySqlConnection,
}

impl Ask for Moment<'_> {
    fn ask(&mut self, asked: ask::Query) -> Result<Vec<Row>, StoreError> {
        let ask::Query { table, sql, kinds, values } = asked;
        self.runtime.block_on(query(&mut *self.connection, table, &sql, &kinds, &values))
    }
}

impl Connection for Writer {
    fn dialect(&self) -> Dialect {
        Dialect::MySql
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        // A statement that was refused may have cost the connection; who comes next is not to pay for it.
        if self.connection.is_none() {
            self.reconnect()?;
        }
        let (runtime, connection) = self.parts()?;
        // Text protocol: BEGIN cannot be prepared everywhere.
        let begun = runtime.block_on(connection.execute("BEGIN"));
        begun.map_err(|error| self.failed(error))?;
        self.open = true;
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        let (runtime, connection) = self.parts()?;
        let done = runtime.block_on(connection.execute("COMMIT"));
        done.map_err(|error| self.failed(error))?;
        self.open = false;
        Ok(())
    }

    fn rollback(&mut self) {
        if !self.open {
            return;
        }
        self.open = false;
        if let Ok((runtime, connection)) = self.parts()
            && runtime.block_on(connection.execute("ROLLBACK")).is_err()
        {
            self.connection = None;
        }
    }

    fn fetch(
        &mut self,
        lookup: &'static Lookup,
        fixed: Option<&Value>,
        keys: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        let kinds = lookup.table.kinds();
        let mut found = Vec::with_capacity(keys.len());
        for chunk in keys.chunks(512) {
            // Padded to a power of two by repeating the last key, so that statements repeat.
            let size = chunk.len().next_power_of_two();
            let padding = std::iter::repeat_n(&chunk[chunk.len() - 1], size - chunk.len());
            let values: Vec<_> = fixed.into_iter().chain(chunk).chain(padding).cloned().collect();
            let sql = dialect::select(lookup, size);
            let (runtime, connection) = self.parts()?;
            let rows = runtime.block_on(query(connection, lookup.table.name, sql, &kinds, &values));
            found.append(&mut rows.map_err(|error| self.heeded(error))?);
        }
        Ok(found)
    }

    fn insert(&mut self, table: &'static Table, rows: &[Vec<Value>]) -> Result<(), StoreError> {
        self.in_chunks(rows, |size| dialect::insert(table, size))
    }

    fn insert_missing(
        &mut self,
        table: &'static Table,
        rows: &[Vec<Value>],
    ) -> Result<(), StoreError> {
        self.in_chunks(rows, |size| dialect::insert_ignore(table, size))
    }

    fn upsert(&mut self, table: &'static Table, rows: &[Vec<Value>]) -> Result<(), StoreError> {
        self.in_chunks(rows, |size| dialect::upsert(table, size))
    }

    fn replace_versions(
        &mut self,
        table: &'static Table,
        rows: &[GuardedRow],
    ) -> Result<(), StoreError> {
        let mut rest = rows;
        for size in dialect::chunks(rows.len()) {
            let (chunk, after) = rest.split_at(size);
            let ids = chunk.iter().map(|guarded| guarded.row[0].clone());
            let arms = chunk.iter().flat_map(|g| [g.row[0].clone(), Value::Int(g.over)]);
            let values: Vec<_> = ids.chain(arms).collect();
            if self.run(dialect::guard_versions(table, size), &values)? != size as u64 {
                return Err(StoreError::Conflict);
            }
            rest = after;
        }
        let mut rest = rows;
        for size in dialect::chunks(rows.len()) {
            let (chunk, after) = rest.split_at(size);
            let values = chunk.iter().flat_map(|guarded| &guarded.row);
            self.run(dialect::upsert(table, size), values)?;
            rest = after;
        }
        Ok(())
    }

    fn delete(&mut self, table: &'static Table, keys: &[Vec<Value>]) -> Result<(), StoreError> {
        keys.iter().try_for_each(|key| self.run(dialect::delete(table), key).map(drop))
    }

    fn execute(&mut self, statement: &Statement) -> Result<u64, StoreError> {
        self.run(statement.sql, &statement.values)
    }

    fn rest(&mut self, _: &Figures) {}

    fn overwrite(&mut self, _: Overwrite) -> Result<(), StoreError> {
        Ok(())
    }

    fn rewrite(&mut self, _: u64) -> Result<Files, StoreError> {
        Ok(Files::Server)
    }

    fn empty_log(&mut self) -> Result<bool, StoreError> {
        Ok(true)
    }

    fn finish(&mut self) {}

    fn is_lost(&self) -> bool {
        self.connection.is_none()
    }

    fn reconnect(&mut self) -> Result<(), StoreError> {
        self.open = false;
        let connected = self.runtime.block_on(async {
            let mut connection = self.server.connect().await?;
            settle(&mut connection, WRITES).await?;
            Ok::<_, sqlx::Error>(connection)
        });
        self.connection = Some(connected?);
        Ok(())
    }
}
