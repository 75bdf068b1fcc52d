//! A center opened by this process: by `serve`, or by a command that found the data folder free, which then
//! serves itself on the loopback for as long as it takes.

use super::{installation, keys};
use crate::config::Config;
use crate::failure::{Failure, check_tells};
use crate::said::{Said, said};
use docket_app::vault::Origin;
use docket_app::{App, Clock, Keys, KeysError, Principal, Settings, StoreError, vault};
use docket_store::private;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;
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
    /// The keys.
    Keys(KeysError),
    /// The server of the database, which is away.
    Away {
        /// `host:port`.
        host: String,
        /// What happened.
        error: std::io::Error,
    },
    /// The data folder.
    Folder {
        /// Which.
        path: PathBuf,
        /// What happened.
        error: std::io::Error,
    },
    /// The address to listen on.
    Address {
        /// Which.
        address: SocketAddr,
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
            OpenError::Store(StoreError::Locked { .. }) => said!(
                "Stop that process, or name another data folder with --data.",
                "请停止该进程，或用 --data 指定其他数据目录。"
            ),
            OpenError::Store(StoreError::Schema(_)) => said!(
                "See `docket migrate --help`; keep a copy of the database first.",
                "请参阅 docket migrate --help，并先备份数据库。"
            ),
            OpenError::Store(StoreError::Url(_)) => said!(
                "Set database.url in docket.toml or DOCKET_DATABASE__URL.",
                "请在 docket.toml 中设置 database.url，或设置 DOCKET_DATABASE__URL。"
            ),
            OpenError::Store(StoreError::NotThis(not)) => installation::next(not),
            OpenError::Store(error) if error.is_damage() => damaged(),
            OpenError::Store(_) => check_tells(),
            OpenError::Away { .. } => said!(
                "Start the database, or set database.url to where it runs.",
                "请启动数据库，或将 database.url 设为其实际地址。"
            ),
            OpenError::Keys(error) => keys::next(error),
            OpenError::Folder { .. } => said!(
                "Check that this user may read and write there, or name another folder with --data.",
                "请确认当前用户可在此读写，或用 --data 指定其他目录。"
            ),
            OpenError::Address { .. } => said!(
                "Name another address with --listen, for example --listen 127.0.0.1:0 for a free port.",
                "请用 --listen 指定其他地址，例如 --listen 127.0.0.1:0 使用空闲端口。"
            ),
        };
        let word = match &error {
            OpenError::Store(StoreError::Locked { .. }) => "locked",
            OpenError::Store(StoreError::Unavailable(_)) | OpenError::Away { .. } => "unreachable",
            OpenError::Store(StoreError::NotThis(not)) => installation::word(not),
            OpenError::Store(error) if error.is_damage() => "damaged",
            OpenError::Keys(error) => keys::word(error),
            _ => "failed",
        };
        Self::new(error.said()).next(next).word(word)
    }
}

impl OpenError {
    fn said(&self) -> Said {
        match self {
            Self::Store(StoreError::Locked { path, pid }) => {
                let who = pid.map_or(String::new(), |pid| format!(" (pid {pid})"));
                said!(
                    "{path} is in use by another docket process{who}",
                    "{path} 正被另一个 docket 进程使用{who}"
                )
            }
            Self::Store(StoreError::Unavailable(why)) => {
                said!("the database cannot be used", "数据库不可用").because(Said::as_told(why))
            }
            Self::Store(StoreError::NotThis(not)) => installation::said(not),
            Self::Store(error) => Said::of(error.to_string(), format!("数据库不可用：{error}")),
            Self::Keys(error) => keys::said(error),
            Self::Away { host, error } => {
                said!("cannot reach {host}", "无法连接 {host}").because(error)
            }
            Self::Folder { path, error } => {
                let path = path.display();
                said!("the data folder {path} cannot be used", "数据目录 {path} 不可用")
                    .because(error)
            }
            Self::Address { address, error } => {
                said!("{address} cannot be listened on", "无法监听 {address}").because(error)
            }
        }
    }
}

/// Opens the center of `config` and says where its keys came from.
pub async fn open(config: &Config) -> Result<(App, Origin), OpenError> {
    let app = open_with(config, config.settings(), Keys::In(config.keys())).await?;
    let origin = app.keys_origin();
    Ok((app, origin))
}

/// Opens it with these keys and brings its schema up, whatever is set about that.
pub async fn upgraded(config: &Config, keys: Keys) -> Result<App, OpenError> {
    let settings = Settings { upgrade: true, ..config.settings() };
    open_with(config, settings, keys).await
}

async fn open_with(config: &Config, settings: Settings, keys: Keys) -> Result<App, OpenError> {
    private::folder(&config.data)
        .map_err(|error| OpenError::Folder { path: config.data.clone(), error })?;
    match App::open(settings, keys, Clock::System).await {
        Ok(app) => Ok(app),
        Err(docket_app::OpenError::Keys(error)) => Err(OpenError::Keys(error)),
        Err(docket_app::OpenError::Store(error)) => Err(told(config, error).await),
    }
}

/// What to do about a database that is damaged.
pub fn damaged() -> Said {
    said!(
        "`docket check --deep` says how far it goes; restore the last backup with `docket restore` into an empty one.",
        "docket check --deep 会说明损坏范围；请用 docket restore 将最近的备份恢复到空数据库。"
    )
}

/// How long a server of a database may take to take a connection.
const KNOCK: Duration = Duration::from_secs(3);

/// What the store said, in plain words: of a server that is away a driver only says that it waited in vain.
pub async fn told(config: &Config, error: StoreError) -> OpenError {
    let host = config.database.url.host();
    let (StoreError::Unavailable(_), Some(host)) = (&error, host) else {
        return OpenError::Store(error);
    };
    let knocked = tokio::time::timeout(KNOCK, tokio::net::TcpStream::connect(&host)).await;
    match knocked {
        Ok(Ok(_)) => OpenError::Store(error),
        Ok(Err(error)) => OpenError::Away { host, error },
        Err(_) => OpenError::Away { host, error: std::io::ErrorKind::TimedOut.into() },
    }
}

/// What is said once of a key file that was made.
pub fn note_on_keys(config: &Config) -> Said {
    let path = config.keys().named();
    said!(
        "made the key file {path}: it seals people's data; keep a copy of it, apart from the database",
        "已建立密钥文件 {path}：它用于加密个人信息；请另存一份，与数据库分开保管"
    )
}

/// A token for this process alone.
pub fn fresh_token() -> String {
    format!("dl_{}", hex::encode(vault::random::<32>()))
}

/// An address that this process listens on.
pub struct Door {
    /// What listens.
    pub listener: TcpListener,
    /// Where, with the port that was taken.
    pub address: SocketAddr,
}

impl Door {
    /// Listens at `address`.
    pub async fn open(address: SocketAddr) -> Result<Self, OpenError> {
        let opened = async {
            let listener = TcpListener::bind(address).await?;
            let address = listener.local_addr()?;
            std::io::Result::Ok(Self { listener, address })
        };
        opened.await.map_err(|error| OpenError::Address { address, error })
    }
}

/// A center of this process, served on the loopback.
pub struct OwnCenter {
    app: App,
    address: String,
    token: String,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl OwnCenter {
    /// Opens the center of `config` and serves it on a free port of the loopback; says where its keys came
    /// from. Nothing runs by itself: a command does what it was asked to, and no more.
    pub async fn open(config: &Config) -> Result<(Self, Origin), OpenError> {
        // Nobody waits for it but the one who asks.
        let settings = Settings { rewritten_at_once: u64::MAX, ..config.settings() };
        let app = open_with(config, settings, Keys::In(config.keys())).await?;
        let origin = app.keys_origin();
        let door = Door::open(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        Ok((Self::serve(app, door), origin))
    }

    /// Serves `app` at `door`.
    pub fn serve(app: App, Door { listener, address }: Door) -> Self {
        let token = fresh_token();
        app.accept(&token, Principal::local());
        let router = docket_http::router(app.clone(), docket_http::Options::default());
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let serving = TaskTracker::new().spawn(async move {
            if let Err(error) =
                docket_http::serve(listener, router, docket_http::Limits::default(), stopped).await
            {
                tracing::error!(%error, "the listener ended");
            }
        });
        Self { app, address: format!("http://{address}"), token, stop, serving }
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
