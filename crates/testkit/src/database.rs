//! A fresh, empty database of each kind that Docket runs on, gone when the test is over.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

use crate::mariadb::{MariadbAddress, mariadb};

/// The kinds of database that every test of ours must hold on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Database {
    /// One file, in process.
    Sqlite,
    /// A server of the MySQL family.
    Mariadb,
}

impl Database {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Mariadb];

    /// Makes an empty database of this kind.
    ///
    /// # Panics
    /// When it cannot: a test must not pass for want of a database.
    pub fn fresh(self) -> TestDatabase {
        let place = match self {
            Self::Sqlite => {
                let folder = tempfile::Builder::new().prefix("docket-sqlite-").tempdir();
                Place::Folder(folder.expect("the system's temporary folder takes a folder"))
            }
            Self::Mariadb => {
                let (server, name) = (mariadb(), unused_name());
                let made = server.run(&format!("create database {name} character set utf8mb4"));
                made.unwrap_or_else(|why| panic!("cannot create a test database: {why}"));
                Place::Server(server, name)
            }
        };
        TestDatabase { place }
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Mariadb => "MariaDB",
        })
    }
}

/// An empty database of its own for one test; dropped with it.
#[derive(Debug)]
pub struct TestDatabase {
    place: Place,
}

#[derive(Debug)]
enum Place {
    Folder(TempDir),
    Server(&'static MariadbAddress, String),
}

impl TestDatabase {
    /// Which kind it is.
    pub fn kind(&self) -> Database {
        match self.place {
            Place::Folder(_) => Database::Sqlite,
            Place::Server(..) => Database::Mariadb,
        }
    }

    /// What Docket's configuration takes: `sqlite:PATH` or `mysql://root@127.0.0.1:PORT/NAME`.
    pub fn url(&self) -> String {
        match &self.place {
            Place::Folder(folder) => {
                format!("sqlite:{}", folder.path().join("docket.db").display())
            }
            Place::Server(server, name) => server.url(name),
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Place::Server(server, name) = &self.place
            && let Err(why) = server.run(&format!("drop database if exists {name}"))
        {
            // Not worth failing a test that held: a private server takes it along when it ends.
            eprintln!("the test database {name} stays behind: {why}");
        }
    }
}

/// A fresh database of each kind.
pub fn databases() -> Vec<TestDatabase> {
    Database::ALL.map(Database::fresh).into()
}

/// Runs `test` on a fresh database of each kind, one after the other, and prints which: a test that fails
/// shows the last one.
pub async fn on_every_database(test: impl AsyncFn(&TestDatabase)) {
    for kind in Database::ALL {
        println!("on {kind}");
        test(&kind.fresh()).await;
    }
}

/// Several test processes may share a server, and one that the environment names may hold leftovers of a
/// killed run, so the name carries the process, a number within it, and chance.
fn unused_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let chance = RandomState::new().hash_one(count);
    format!("docket_test_{}_{count}_{chance:x}", process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_fresh_database_of_each_kind() {
        let databases = databases();
        assert_eq!(databases.iter().map(TestDatabase::kind).collect::<Vec<_>>(), Database::ALL);
        assert!(databases[0].url().starts_with("sqlite:/"));
        assert!(databases[1].url().starts_with("mysql://"));
    }

    #[test]
    fn a_database_on_a_server_is_there_and_gone_after_its_test() {
        let database = Database::Mariadb.fresh();
        let Place::Server(server, name) = &database.place else { unreachable!() };
        let (server, name) = (*server, name.clone());
        let make_table = format!("create table {name}.t (a int)");
        server.run(&make_table).unwrap();
        drop(database);
        assert!(server.run(&make_table).is_err());
    }

    #[test]
    fn a_file_is_gone_after_its_test() {
        let database = Database::Sqlite.fresh();
        let file = database.url().strip_prefix("sqlite:").unwrap().to_owned();
        std::fs::write(&file, "").unwrap();
        drop(database);
        assert!(!std::fs::exists(&file).unwrap());
    }
}
