//! How a command reaches the order center: through the `serve` that owns the data folder, through the server
//! that was named, or, where nobody owns the folder, by opening it and serving this one process. Whichever it
//! is, commands speak the same HTTP to it.

mod client;
pub mod installation;
pub mod keys;
pub mod own;
pub mod serving;

pub use client::{Answer, Client, Method};
use own::OwnCenter;

use crate::cli::Options;
use crate::config::{self, Config};
use crate::failure::Failure;
use crate::said::said;
use docket_app::vault::Origin;
use docket_app::{App, StoreError};
use docket_store::{Found, peek};
use serde_json::Value;
use std::time::Duration;

/// How long to wait for another command that has the data folder.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How often to look whether it is free.
pub const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The order center, as a command sees it.
pub struct Center {
    client: Client,
    here: Option<OwnCenter>,
}

impl Center {
    /// Reaches the center that the options name.
    pub async fn reach(options: &Options) -> Result<Self, Failure> {
        match (&options.server, &options.key) {
            (Some(server), Some(key)) => return Ok(Self::there(Client::new(server, key)?)),
            (Some(_), None) => {
                return Err(Failure::usage(said!("--server needs a key", "--server 需要密钥"))
                    .next(said!(
                        "Give one with --key KEY or in DOCKET_KEY; `docket key add` makes one.",
                        "请用 --key KEY 或环境变量 DOCKET_KEY 给出密钥；docket key add 可新建密钥。"
                    )));
            }
            (None, _) => {}
        }
        let config = config::load(options, None)?;
        let started = tokio::time::Instant::now();
        loop {
            // Whatever database it was started on: a server of this folder is the center of this folder.
            if let Some(running) = serving::running(&config)
                && running.answers().await
            {
                return Ok(Self::there(Client::new(&running.address, &running.token)?));
            }
            let error = match OwnCenter::open(&config).await {
                Ok((here, origin)) => {
                    if origin == Origin::Made {
                        let out = options.output();
                        out.note(out.tell(&own::note_on_keys(&config)));
                    }
                    return Self::of_here(here);
                }
                Err(error) => error,
            };
            let Some(StoreError::Locked { pid, .. }) = error.store() else {
                return Err(error.into());
            };
            let running = serving::running(&config).filter(|running| Some(running.pid) == *pid);
            if let Some(running) = running {
                return Ok(Self::there(Client::new(&running.address, &running.token)?));
            }
            if started.elapsed() > PATIENCE {
                return Err(error.into());
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    fn there(client: Client) -> Self {
        Self { client, here: None }
    }

    /// The center of this process.
    pub fn of_here(here: OwnCenter) -> Result<Self, Failure> {
        Ok(Self { client: Client::new(here.address(), here.token())?, here: Some(here) })
    }

    /// The center of this process; none where it runs in another.
    pub fn app(&self) -> Option<&App> {
        self.here.as_ref().map(OwnCenter::app)
    }

    /// The way to it over HTTP.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Asks for `path`.
    pub async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.client.ask(Method::GET, path, None).await
    }

    /// Posts `body` to `path`.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.client.ask(Method::POST, path, Some(body)).await
    }

    /// Puts `body` at `path`.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.client.ask(Method::PUT, path, Some(body)).await
    }

    /// Deletes what stands at `path`.
    pub async fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.client.ask(Method::DELETE, path, None).await
    }

    /// Lets go of it: finishes what waits and closes the database, where they are ours.
    pub async fn leave(self) {
        if let Some(here) = self.here {
            here.close().await;
        }
    }
}

/// The same for what only reads: where there is no center yet, none is made.
pub async fn with_one_that_is_there<T>(
    options: &Options,
    work: impl AsyncFnOnce(&Center) -> Result<T, Failure>,
) -> Result<T, Failure> {
    if options.server.is_none() {
        let config = config::load(options, None)?;
        if !is_there(&config).await? {
            let data = config.data.display();
            let none = said!("there is no center in {data} yet", "{data} 中还没有订单中心");
            return Err(Failure::new(none).word("no_center").next(said!(
                "`docket init` or `docket serve` makes one; --data DIR names another folder.",
                "docket init 或 docket serve 会建立一个；用 --data DIR 指定其他目录。"
            )));
        }
    }
    with(options, work).await
}

/// Whether a center was made already on the database of `config`. Looks, and makes nothing.
pub async fn is_there(config: &Config) -> Result<bool, Failure> {
    if serving::running(config).is_some() {
        return Ok(true);
    }
    match peek(&config.database_url()).await {
        Ok(found) => Ok(found != Found::Nothing),
        Err(error) => Err(own::told(config, error).await.into()),
    }
}

/// Reaches the center, does `work` there and leaves it, whatever came of it.
pub async fn with<T>(
    options: &Options,
    work: impl AsyncFnOnce(&Center) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let center = Box::pin(Center::reach(options)).await?;
    let done = Box::pin(work(&center)).await;
    center.leave().await;
    done
}
