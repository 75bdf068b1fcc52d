//! `docket serve`: runs the center until it is told to stop.

use crate::center::here;
use crate::center::serving::{self, Running};
use crate::center::{LOOK_AGAIN, PATIENCE};
use crate::cli::Options;
use crate::config::{self, Config};
use crate::failure::Failure;
use crate::log;
use docket_app::vault::Origin;
use docket_app::{App, Principal};
use docket_store::StoreError;
use std::net::SocketAddr;
use std::pin::pin;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Arguments of `docket serve`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:7300]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
}

/// Runs the center.
pub async fn run(args: Args, options: &Options) -> Result<(), Failure> {
    let mut asked = Asked::listen()?;
    let config = config::load(options, args.listen.as_deref())?;
    log::start(&config);
    let (app, origin) = open(&config).await?;
    if origin == Origin::Made {
        options.output().note(&here::note_on_keys(&config));
    }
    let served = serve(&config, options, &app, &mut asked).await;
    app.stop().await;
    served
}

/// Opens the center; waits for a passing command that has the data folder, not for another `serve`.
async fn open(config: &Config) -> Result<(App, Origin), Failure> {
    let started = tokio::time::Instant::now();
    loop {
        let error = match here::open(config).await {
            Ok(opened) => return Ok(opened),
            Err(error) => error,
        };
        let Some(StoreError::Locked { pid, .. }) = error.store() else { return Err(error.into()) };
        let serves = serving::running(config).is_some_and(|running| Some(running.pid) == *pid);
        if serves || started.elapsed() > PATIENCE {
            return Err(error.into());
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

async fn serve(
    config: &Config,
    options: &Options,
    app: &App,
    asked: &mut Asked,
) -> Result<(), Failure> {
    let (listener, address) = bind(*config.server.listen).await?;
    let token = here::fresh_token();
    app.accept(&token, Principal::local());
    let router = docket_http::router(app.clone(), config.http());
    let announced = Running::this(address, token).announce(&config.data)?;
    app.start();
    tracing::info!(%address, database = %config.database.url.text, "taking orders");
    options.output().line(&format!("listening on http://{address}"));
    let stop = CancellationToken::new();
    let mut serving = pin!(docket_http::serve(listener, router, stop.clone().cancelled_owned()));
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = asked.once() => {
            tracing::info!("stopping: finishing what runs; ask again to stop at once");
            stop.cancel();
            tokio::select! {
                ended = serving.as_mut() => ended,
                () = asked.once() => {
                    drop(announced);
                    let stopped = Failure::new("stopped at once; what ran was not finished")
                        .next("Nothing that was answered is lost.");
                    stopped.report();
                    // The database is made for processes that end like this.
                    std::process::exit(1);
                }
            }
        }
    };
    drop(announced);
    ended.map_err(|error| Failure::new(format!("the listener at {address} ended: {error}")))?;
    tracing::info!("stopped");
    Ok(())
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Failure> {
    let bound = async {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        std::io::Result::Ok((listener, address))
    };
    bound.await.map_err(|error| {
        Failure::new(format!("{address} cannot be listened on: {error}")).next(
            "Name another address with --listen, for example --listen 127.0.0.1:0 for a free port.",
        )
    })
}

/// The signals that ask a process to stop.
pub struct Asked {
    terminate: Signal,
    interrupt: Signal,
}

impl Asked {
    /// Listens for them from now on.
    pub fn listen() -> Result<Self, Failure> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits until one comes.
    pub async fn once(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
