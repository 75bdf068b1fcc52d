//! A database made ready for a bench: it must be empty, since a bench counts what it finds at the end.

use super::{Database, mysql};
use crate::failure::Failure;
use crate::said::said;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use std::fs;
use std::path::{Path, PathBuf};

/// What happens to a database that holds something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Emptying {
    /// It is refused.
    Never,
    /// All of its tables are dropped.
    Forced,
}

/// Makes sure that `database` is empty.
pub async fn prepare(database: &Database, emptying: Emptying) -> Result<(), Failure> {
    match database {
        Database::Sqlite(path) => prepare_file(path, emptying),
        Database::MySql(url) => prepare_schema(url, emptying).await,
    }
}

fn refuse(what: impl std::fmt::Display) -> Failure {
    Failure::usage(said!("{what} is not empty", "{what} 不是空的")).next(said!(
        "A bench needs a database of its own. Name an empty one, or give --force to drop all it holds.",
        "测试需要专用的数据库。请指定空数据库，或用 --force 删除其中全部内容。"
    ))
}

fn prepare_file(path: &Path, emptying: Emptying) -> Result<(), Failure> {
    let beside = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    if !path.exists() {
        return Ok(());
    }
    if emptying == Emptying::Never {
        return Err(refuse(path.display()));
    }
    let files = [path.to_owned(), beside("-wal"), beside("-shm"), path.with_extension("bare")];
    for file in files.iter().filter(|file| file.exists()) {
        fs::remove_file(file)?;
    }
    Ok(())
}

async fn prepare_schema(url: &str, emptying: Emptying) -> Result<(), Failure> {
    let mut connection = mysql::connect(url).await?;
    let named = "SELECT CAST(table_name AS CHAR) FROM information_schema.tables \
         WHERE table_schema = DATABASE()";
    let tables: Vec<String> = sqlx::query_scalar(named).fetch_all(&mut connection).await?;
    if !tables.is_empty() && emptying == Emptying::Never {
        return Err(refuse(format_args!("the database, with {} tables,", tables.len())));
    }
    connection.execute("SET SESSION foreign_key_checks = 0").await?;
    for table in tables {
        let quoted = table.replace('`', "``");
        connection.execute(AssertSqlSafe(format!("DROP TABLE `{quoted}`"))).await?;
    }
    Ok(connection.close().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_exists_is_only_taken_by_force() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.sqlite");
        let database = Database::Sqlite(path.clone());
        prepare(&database, Emptying::Never).await.unwrap();
        fs::write(&path, "orders").unwrap();
        assert_eq!(prepare(&database, Emptying::Never).await.unwrap_err().code, 2);
        assert!(path.exists());
        prepare(&database, Emptying::Forced).await.unwrap();
        assert!(!path.exists());
    }
}
