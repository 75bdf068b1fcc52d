//! `docket serve`: runs the center until it is told to stop.

use crate::center::own::{self, Door, OpenError};
use crate::center::serving::{self, Running};
use crate::center::{LOOK_AGAIN, PATIENCE};
use crate::cli::Options;
use crate::config::{self, Config};
use crate::failure::Failure;
use crate::log;
use crate::output::Output;
use crate::said::{Said, said};
use docket_app::vault::Origin;
use docket_app::{App, Principal, StoreError};
use docket_http::STOP_TIME;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
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
    let mut asked = StopSignals::listen()?;
    let config = config::load(options, args.listen.as_deref())?;
    log::start(&config);
    // The door comes first: where it cannot be had, no folder is left behind.
    let door = door(&config).await?;
    let (app, origin) = open(&config).await?;
    let out = options.output();
    if origin == Origin::Made {
        out.note(out.tell(&own::note_on_keys(&config)));
    }
    let served = serve(&config, &out, &app, door, &mut asked).await;
    app.stop().await;
    served
}

/// Opens the center; waits for a passing command that has the data folder, not for another `serve`.
async fn open(config: &Config) -> Result<(App, Origin), Failure> {
    let started = tokio::time::Instant::now();
    loop {
        let error = match own::open(config).await {
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

/// Listens; where the `serve` of this very folder is why it cannot, that is said.
async fn door(config: &Config) -> Result<Door, Failure> {
    let error = match Door::open(*config.server.listen).await {
        Ok(door) => return Ok(door),
        Err(error) => error,
    };
    match (&error, serving::running(config)) {
        (OpenError::Address { .. }, Some(Running { address, pid, .. })) => {
            let data = config.data.display();
            Err(Failure::new(said!(
                "docket serve runs on {data} already (pid {pid}), at {address}",
                "docket serve 已在 {data} 上运行（pid {pid}），地址 {address}"
            ))
            .next(said!(
                "Stop that process, or name another folder and address with --data and --listen.",
                "请停止该进程，或用 --data 和 --listen 指定其他目录和地址。"
            )))
        }
        _ => Err(error.into()),
    }
}

async fn serve(
    config: &Config,
    out: &Output,
    app: &App,
    Door { listener, address }: Door,
    asked: &mut StopSignals,
) -> Result<(), Failure> {
    let token = own::fresh_token();
    app.accept(&token, Principal::local());
    app.listens_at(&format!("http://{}", reachable(address)));
    let options = config.http();
    let leaving = options.leaving.clone();
    let router = docket_http::router(app.clone(), options);
    let announced = Running::this(address, token).announce(&config.data)?;
    app.start();
    tracing::info!(%address, database = %config.database.url.text, "taking orders");
    let allowed = config.connections();
    if let Some(asked) = allowed.asked {
        let (connections, files) = (allowed.connections, allowed.files);
        tracing::warn!(asked, connections, files, "fewer connections than server.max_connections");
    }
    out.line(&format!("listening on http://{address}"));
    let stop = CancellationToken::new();
    let stopped = stop.clone().cancelled_owned();
    let mut serving = pin!(docket_http::serve(listener, router, config.limits(), stopped));
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = asked.once() => {
            leaving.cancel();
            let drain = config.drain();
            tracing::info!(
                closes_in_s = drain.as_secs(),
                requests_have_s = STOP_TIME.as_secs(),
                "stopping: /readyz answers 503, then the listener closes, then what runs is finished; ask again to \
                 stop at once"
            );
            let drained = async {
                tokio::time::sleep(drain).await;
                stop.cancel();
                std::future::pending::<()>().await;
            };
            tokio::select! {
                ended = serving.as_mut() => ended,
                () = drained => unreachable!("it has no end"),
                () = asked.once() => {
                    drop(announced);
                    let stopped = said!(
                        "stopped at once; what ran was not finished",
                        "已立即停止；正在执行的请求没有完成"
                    );
                    Failure::new(stopped)
                        .next(said!(
                            "Nothing that was answered is lost.",
                            "已答复的请求不会丢失。"
                        ))
                        .report(out);
                    // The database is made for processes that end like this.
                    std::process::exit(1);
                }
            }
        }
    };
    drop(announced);
    ended.map_err(|error| {
        let ended = said!("the listener at {address} ended", "{address} 的监听已终止");
        Failure::new(ended.because(Said::from(&error)))
    })?;
    tracing::info!("stopped");
    Ok(())
}

/// An address that a gateway on this machine can call: of a listener on every address, the loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// The signals that ask a process to stop.
pub struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
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
