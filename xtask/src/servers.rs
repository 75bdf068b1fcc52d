//! The servers that tests and benches run against: those the environment names, else private ones that
//! are started here and end with this process.

use std::env;

use docket_testkit::{MYSQL_VARIABLE, MariadbServer, REDIS_VARIABLE, RedisServer, Transport};

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
        if !missing.is_empty() {
            if !install::is_possible() {
                return Err(Failure::because(what_to_do(&missing)));
            }
            let packages: Vec<_> = missing.iter().map(|server| server.package).collect();
            install::packages(&packages)?;
        }
        let mut environment = vec![];
        let mariadb = named(MYSQL_VARIABLE, "MariaDB", || {
            let server = MariadbServer::start(MariadbServer::SMALL_POOL_MIB, Transport::Plain)?;
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

/// A private MariaDB with a buffer pool of `pool_mib` that speaks TLS too, for a bench: installed where it is
/// missing.
pub fn bench_mariadb(pool_mib: u32) -> Result<MariadbServer, Failure> {
    if !MariadbServer::is_installed() && install::is_possible() {
        install::packages(&[MARIADB.package])?;
    }
    step("start MariaDB", || {
        MariadbServer::start(pool_mib, Transport::Tls).map_err(Failure::Failed)
    })
}

/// A server that tests need.
struct Needed {
    name: &'static str,
    package: &'static str,
    variable: &'static str,
    example: &'static str,
}

const MARIADB: Needed = Needed {
    name: "MariaDB",
    package: "mariadb-server",
    variable: MYSQL_VARIABLE,
    example: "mysql://root@127.0.0.1:3306/",
};

const REDIS: Needed = Needed {
    name: "Redis",
    package: "redis-server",
    variable: REDIS_VARIABLE,
    example: "redis://127.0.0.1:6379/",
};

/// What is neither installed nor named by the environment.
fn missing() -> Vec<Needed> {
    [(MARIADB, MariadbServer::is_installed()), (REDIS, RedisServer::is_installed())]
        .into_iter()
        .filter(|(server, is_installed)| !is_installed && env::var_os(server.variable).is_none())
        .map(|(server, _)| server)
        .collect()
}

/// One sentence for somebody on whose machine we cannot install what is missing.
fn what_to_do(missing: &[Needed]) -> String {
    let all = |word: fn(&Needed) -> String, between: &str| {
        missing.iter().map(word).collect::<Vec<_>>().join(between)
    };
    format!(
        "{} not found: install what is missing (Debian: apt-get install {}), or point {} at a running server.",
        all(|server| server.name.to_owned(), " and "),
        all(|server| server.package.to_owned(), " "),
        all(|server| format!("{} ({})", server.variable, server.example), " and "),
    )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_cannot_install_is_told_what_to_install_and_how_to_do_without() {
        assert_eq!(
            what_to_do(&[MARIADB, REDIS]),
            "MariaDB and Redis not found: install what is missing (Debian: apt-get install mariadb-server \
             redis-server), or point DOCKET_TEST_MYSQL (mysql://root@127.0.0.1:3306/) and \
             DOCKET_TEST_REDIS (redis://127.0.0.1:6379/) at a running server."
        );
    }
}
