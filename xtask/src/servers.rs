//! The servers that tests and benches run against: those the environment names, else private ones that
//! are started here and end with this process.

use std::env;

use docket_testkit::{MYSQL_VARIABLE, MariadbServer, REDIS_VARIABLE, RedisServer};

use crate::step::step;
use crate::{Failure, install};

/// Running servers. Private ones are gone when this is dropped, and however this process ends.
pub struct Servers {
    environment: Vec<(&'static str, String)>,
    _mariadb: Option<MariadbServer>,
    _redis: Option<RedisServer>,
}

impl Servers {
    /// Starts what the environment does not name, and installs what is missing where that is possible.
    pub fn start() -> Result<Self, Failure> {
        let missing = missing();
        if !missing.is_empty() && install::is_possible() {
            install::packages(&missing)?;
        }
        let mut environment = vec![];
        let mariadb = named(MYSQL_VARIABLE, "MariaDB", || {
            let server = MariadbServer::start(MariadbServer::SMALL_POOL_MIB)?;
            environment.push((MYSQL_VARIABLE, server.address().url("")));
            Ok(server)
        })?;
        let redis = named(REDIS_VARIABLE, "Redis", || {
            let server = RedisServer::start()?;
            environment.push((REDIS_VARIABLE, server.url()));
            Ok(server)
        })?;
        Ok(Self { environment, _mariadb: mariadb, _redis: redis })
    }

    /// The variables that tell tests where the private servers are.
    pub fn environment(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.environment.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

/// A private MariaDB with a buffer pool of `pool_mib`, for a bench: installed where it is missing.
pub fn bench_mariadb(pool_mib: u32) -> Result<MariadbServer, Failure> {
    if !MariadbServer::is_installed() && install::is_possible() {
        install::packages(&[MARIADB_PACKAGE])?;
    }
    step("start MariaDB", || MariadbServer::start(pool_mib).map_err(Failure::Failed))
}

const MARIADB_PACKAGE: &str = "mariadb-server";
const REDIS_PACKAGE: &str = "redis-server";

fn missing() -> Vec<&'static str> {
    let mut missing = vec![];
    if env::var_os(MYSQL_VARIABLE).is_none() && !MariadbServer::is_installed() {
        missing.push(MARIADB_PACKAGE);
    }
    if env::var_os(REDIS_VARIABLE).is_none() && !RedisServer::is_installed() {
        missing.push(REDIS_PACKAGE);
    }
    missing
}

/// `start` as a step, unless `variable` names a server already.
fn named<T>(
    variable: &str,
    server: &str,
    start: impl FnOnce() -> Result<T, String>,
) -> Result<Option<T>, Failure> {
    if let Ok(url) = env::var(variable) {
        eprintln!("==> {server}: {url} (from {variable})");
        return Ok(None);
    }
    step(&format!("start {server}"), || start().map_err(Failure::Failed)).map(Some)
}
