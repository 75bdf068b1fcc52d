//! What tests need of the real world: a database server, a fresh database of each kind, a running
//! `docket serve`, an API document to hold answers against, chance that can be replayed, and waiting for a
//! condition.
//!
//! Nothing here knows Docket: databases are made through the server's own client program, and the
//! binary is handed in by its path. Nothing is ever skipped: where something is missing, the test
//! fails with one sentence that says what to install.

pub mod contract;
pub mod keeper;
pub mod programs;

mod certificates;
mod database;
mod mariadb;
mod random;
mod redis;
mod serve;
mod wait;

pub use certificates::Certificates;
pub use database::{Database, TestDatabase, databases, on_every_database};
pub use mariadb::{MariadbAddress, MariadbServer, Transport, mariadb};
pub use random::{Random, SEED_VARIABLE};
pub use redis::{RedisServer, redis};
pub use serve::{Serve, ServeCommand};
pub use wait::{eventually, within};

/// Names a running MariaDB server for the tests: `mysql://USER[:PASSWORD]@HOST:PORT/`, without a
/// database. The user must be allowed to create and drop databases.
pub const MYSQL_VARIABLE: &str = "DOCKET_TEST_MYSQL";

/// Names a running Redis server for the tests: `redis://HOST:PORT/`.
pub const REDIS_VARIABLE: &str = "DOCKET_TEST_REDIS";
