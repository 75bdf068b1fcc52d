//! A server of the MySQL family as a URL names it, and the connections to it.
//!
//! What the URL asks of TLS is what happens: a word in it that is not known, or one that would do nothing, is
//! refused. Every connection of this crate to such a server is made here.

use super::relay::{Far, Relay};
use crate::StoreError;
use sqlx::mysql::{
    MySqlConnectOptions, MySqlConnection, MySqlPool, MySqlPoolOptions, MySqlSslMode,
};
use sqlx::{ConnectOptions, Executor};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Prepared statements a connection keeps: more than tables × sizes, else it would prepare in silence again.
const STATEMENTS: usize = 500;
/// How long a reader waits for a connection.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a server may refuse readers before they are told so: less than they wait.
pub const REFUSED: Duration = Duration::from_secs(4);

/// What may follow the `?` of a URL.
const PARAMETERS: [&str; 7] =
    ["ssl-mode", "ssl-ca", "ssl-cert", "ssl-key", "socket", "charset", "collation"];
/// Those that say something of TLS only.
const OF_TLS: [&str; 3] = ["ssl-ca", "ssl-cert", "ssl-key"];

/// Reads `url` and adds what we rely on.
pub fn options(url: &str) -> Result<MySqlConnectOptions, StoreError> {
    let malformed = |error: &dyn std::fmt::Display| {
        StoreError::Url(format!("{error}; a URL reads mysql://user@host/database"))
    };
    let read = Url::parse(url).map_err(|error| malformed(&error))?;
    let options = MySqlConnectOptions::from_url(&read).map_err(|error| malformed(&error))?;
    let given = parameters(&read).map_err(StoreError::Url)?;
    judge(&given, options.get_ssl_mode()).map_err(StoreError::Url)?;
    // An IPv6 address stands in brackets in a URL, and in none where it is connected to.
    let host = options.get_host().trim_matches(['[', ']']).to_owned();
    let options = options.host(&host);
    Ok(options.statement_cache_capacity(STATEMENTS).disable_statement_logging())
}

/// The parameters of `url`: each known, each once, each file there.
fn parameters(url: &Url) -> Result<BTreeMap<String, String>, String> {
    let mut given = BTreeMap::new();
    for (name, value) in url.query_pairs() {
        if !PARAMETERS.contains(&&*name) {
            let known = PARAMETERS.join(", ");
            return Err(format!(
                "the database URL has `{name}`, which means nothing here; known are {known}"
            ));
        }
        if OF_TLS.contains(&&*name) {
            std::fs::File::open(&*value).map_err(|error| {
                format!("the database URL names {value} as `{name}`, which cannot be read: {error}")
            })?;
        }
        if given.insert(name.to_string(), value.to_string()).is_some() {
            return Err(format!("the database URL has `{name}` twice"));
        }
    }
    Ok(given)
}

/// Whether every word on TLS has an effect under `mode`.
fn judge(given: &BTreeMap<String, String>, mode: MySqlSslMode) -> Result<(), String> {
    let has = |name| given.contains_key(name);
    let of_tls = OF_TLS.iter().find(|name| has(**name));
    match (mode, of_tls) {
        (MySqlSslMode::Disabled, Some(name)) => {
            Err(format!("the database URL has `{name}`, but ssl-mode=DISABLED uses no TLS"))
        }
        (MySqlSslMode::Preferred | MySqlSslMode::Required, _) if has("ssl-ca") => Err(
            "the database URL has `ssl-ca`, but only ssl-mode=VERIFY_CA and ssl-mode=VERIFY_IDENTITY look at \
             certificates"
                .to_owned(),
        ),
        _ if has("ssl-cert") != has("ssl-key") => {
            Err("the database URL needs `ssl-cert` and `ssl-key` together".to_owned())
        }
        _ => Ok(()),
    }
}

/// Whether `url` asks that the certificate of its server be checked.
pub fn checks_certificates(url: &str) -> Result<bool, StoreError> {
    let mode = options(url)?.get_ssl_mode();
    Ok(matches!(mode, MySqlSslMode::VerifyCa | MySqlSslMode::VerifyIdentity))
}

/// A server, and the road to it. Kept as long as its connections are made.
#[derive(Debug)]
pub struct Server {
    options: MySqlConnectOptions,
    _relay: Option<Relay>,
}

impl Server {
    /// The server of `url`, which may refuse for `patience` before a caller is told so. To be called on the runtime
    /// that the connections live on.
    pub fn of(url: &str, patience: Duration) -> Result<Self, StoreError> {
        let options = options(url)?;
        let Some(far) = relayed(&options, patience) else {
            return Ok(Self { options, _relay: None });
        };
        match Relay::start(far) {
            Ok(relay) => Ok(Self { options: options.socket(relay.place()), _relay: Some(relay) }),
            Err(error) => {
                tracing::warn!(%error, "no relay to the database: large statements over TLS will be slow");
                Ok(Self { options, _relay: None })
            }
        }
    }

    /// A connection.
    pub async fn connect(&self) -> Result<MySqlConnection, sqlx::Error> {
        self.options.connect().await
    }
}

/// Whom a relay is to reach; none where the driver's own connection does as well: without TLS each statement is
/// one write, and a socket of the system has nothing to acknowledge.
fn relayed(options: &MySqlConnectOptions, patience: Duration) -> Option<Far> {
    let plain = matches!(options.get_ssl_mode(), MySqlSslMode::Disabled);
    // The names that are taken here are those of Linux.
    if plain || options.get_socket().is_some() || !cfg!(target_os = "linux") {
        return None;
    }
    Some(Far { host: options.get_host().to_owned(), port: options.get_port(), patience })
}

/// One connection to the server of `url`.
pub async fn connect(url: &str) -> Result<MySqlConnection, StoreError> {
    Ok(Server::of(url, Duration::ZERO)?.connect().await?)
}

/// Strict values, and an isolation: the writer at READ COMMITTED, since its guards say what must still hold; reads
/// at REPEATABLE READ, so that the rows of a tree are of one moment.
pub async fn settle(
    connection: &mut MySqlConnection,
    isolation: &'static str,
) -> Result<(), sqlx::Error> {
    connection.execute("SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'").await?;
    connection.execute(isolation).await.map(drop)
}

/// The isolation of the writer.
pub const WRITES: &str = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";
/// The isolation of readers.
pub const READS: &str = "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ";

/// A pool for reads.
pub async fn pool(url: &str) -> Result<MySqlPool, StoreError> {
    let server = Server::of(url, REFUSED)?;
    let (to, pool) = (server.options.clone(), pooled(server, 8, Some(READS)));
    Ok(pool.connect_with(to).await?)
}

/// A pool that connects when it is used first, for a table of somebody else.
pub fn lazy_pool(url: &str, connections: u32) -> Result<MySqlPool, StoreError> {
    let server = Server::of(url, REFUSED)?;
    let (to, pool) = (server.options.clone(), pooled(server, connections, None));
    Ok(pool.connect_lazy_with(to))
}

/// A pool keeps what it does after it has connected, and with it the road to its server.
fn pooled(server: Server, connections: u32, isolation: Option<&'static str>) -> MySqlPoolOptions {
    let server = Arc::new(server);
    let options = MySqlPoolOptions::new().max_connections(connections).acquire_timeout(PATIENCE);
    options.after_connect(move |connection, _| {
        let server = Arc::clone(&server);
        Box::pin(async move {
            if let Some(isolation) = isolation {
                settle(connection, isolation).await?;
            }
            drop(server);
            Ok(())
        })
    })
}

#[cfg(test)]
mod tests;
