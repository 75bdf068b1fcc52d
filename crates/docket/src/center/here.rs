//! A center opened by this process: by `serve`, or by a command that found the data folder free, which then
//! serves itself on the loopback for as long as it takes.

use crate::config::Config;
use crate::failure::Failure;
use docket_app::vault::{Origin, Vault, VaultError};
use docket_app::{App, Clock, Principal, vault};
use docket_store::StoreError;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Why a center cannot be opened. No error of the standard kind: that would become a failure without the
/// sentence on what to do next.
#[derive(Debug)]
pub enum OpenError {
    /// The database.
    Store(StoreError),
    /// The key file.
    Vault(VaultError),
    /// The data folder or the loopback.
    Machine {
        /// Which of them.
        what: String,
        /// What happened.
        error: std::io::Error,
    },
}

impl OpenError {
    /// What the store said, if it was the store.
    pub const fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// The sentence on what to do next, for each cause.
impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let next = match &error {
            OpenError::Store(StoreError::Locked { .. }) => {
                "Stop that process, or name another data folder with --data."
            }
            OpenError::Store(StoreError::Schema(_)) => {
                "See `docket migrate --help`; keep a copy of the database first."
            }
            OpenError::Store(StoreError::Url(_)) => {
                "Set database.url in docket.toml or DOCKET_DATABASE__URL."
            }
            OpenError::Store(_) => "`docket check` says what is in force and what can be reached.",
            OpenError::Vault(VaultError::Malformed { .. }) => {
                "Bring the key file back from its copy; without it people's data cannot be read."
            }
            OpenError::Vault(_) | OpenError::Machine { .. } => {
                "Check that this user may read and write there, or name another folder with --data."
            }
        };
        let failure = match &error {
            OpenError::Store(error) => Self::new(error),
            OpenError::Vault(error) => Self::new(error),
            OpenError::Machine { what, error } => Self::new(format!("{what}: {error}")),
        };
        failure.next(next)
    }
}

/// Opens the center of `config` and says where its keys came from.
pub async fn open(config: &Config) -> Result<(App, Origin), OpenError> {
    let what = || format!("the data folder {}", config.data.display());
    std::fs::create_dir_all(&config.data)
        .map_err(|error| OpenError::Machine { what: what(), error })?;
    let (vault, origin) = Vault::open(&config.key_file()).map_err(OpenError::Vault)?;
    let app = App::open(config.settings(), vault, Clock::System).await.map_err(OpenError::Store)?;
    Ok((app, origin))
}

/// What is said once of a key file that was made.
pub fn note_on_keys(config: &Config) -> String {
    let path = config.key_file();
    format!(
        "made the key file {}: it seals people's data; keep a copy of it, apart from the database",
        path.display()
    )
}

/// A token for this process alone.
pub fn fresh_token() -> String {
    format!("dl_{}", vault::hex(&vault::random::<32>()))
}

/// A center of this process, served on the loopback.
pub struct Here {
    app: App,
    address: String,
    token: String,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl Here {
    /// Opens the center of `config` and serves it on a free port of the loopback. Nothing runs by itself:
    /// a command does what it was asked to, and no more.
    pub async fn open(config: &Config) -> Result<Self, OpenError> {
        let (app, origin) = open(config).await?;
        if origin == Origin::Made {
            anstream::eprintln!("{}", note_on_keys(config));
        }
        Self::serve(app, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await
    }

    /// Serves `app` at `address`.
    pub async fn serve(app: App, address: SocketAddr) -> Result<Self, OpenError> {
        let bound = async {
            let listener = TcpListener::bind(address).await?;
            let address = listener.local_addr()?;
            std::io::Result::Ok((listener, address))
        };
        let bound = bound.await;
        let (listener, address) = bound.map_err(|error| OpenError::Machine {
            what: format!("the address {address}"),
            error,
        })?;
        let token = fresh_token();
        app.accept(&token, Principal::local());
        let router = docket_http::router(app.clone(), docket_http::Options::default());
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let serving = TaskTracker::new().spawn(async move {
            if let Err(error) = docket_http::serve(listener, router, stopped).await {
                tracing::error!(%error, "the listener ended");
            }
        });
        Ok(Self { app, address: format!("http://{address}"), token, stop, serving })
    }

    /// The center.
    pub const fn app(&self) -> &App {
        &self.app
    }

    /// Where it is served.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What this process speaks to it with.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Takes nothing new, finishes what runs, closes the database.
    pub async fn close(self) {
        self.stop.cancel();
        // A panic in there was reported where it happened.
        let _ = self.serving.await;
        self.app.stop().await;
    }
}
