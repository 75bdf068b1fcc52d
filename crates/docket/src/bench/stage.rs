//! The stage a bench plays on: an empty database, a key, a running server, goods on sale, and as many orders
//! as were asked for to begin with.

use super::bare::{Database, Emptying, Reader, Size, prepare};
use super::connection::Target;
use super::load::{Load, Paying, Until, put_skus_on_sale};
use super::server::{Server, add_key, add_key_of_shop};
use super::tally::Tally;
use super::{machine, orders, report};
use crate::failure::Failure;
use crate::output::Output;
use crate::said::said;
use tempfile::TempDir;

/// Connections that put goods on sale and orders in: more than enough to keep the lane's batches full.
const CLIENTS: usize = 64;

/// What every bench is asked.
#[derive(Debug, Clone, clap::Args)]
pub struct StageArgs {
    /// URL of an empty database, as docket.toml has it; a SQLite file in a temporary folder if left out
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// Drop everything the database holds before beginning
    #[arg(long)]
    pub force: bool,
    /// What the orders are made from; the same seed makes the same orders
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
}

/// A server with goods on sale.
pub struct Stage {
    folder: TempDir,
    /// What it runs on.
    pub database: Database,
    /// Where it listens, and the key for it.
    pub target: Target,
    /// The server.
    pub server: Server,
    /// More servers on the same database, which share the load.
    others: Vec<Server>,
    /// What the database held before the first order.
    pub empty: Size,
    /// What the server is told by its environment.
    settings: Vec<(String, String)>,
    seed: u64,
    out: Output,
}

/// A stage whose server is stopped.
pub struct Halted {
    folder: TempDir,
    database: Database,
    key: String,
    empty: Size,
    settings: Vec<(String, String)>,
    seed: u64,
    out: Output,
}

impl Stage {
    /// Sets it, with a server as it is by default.
    pub async fn set(args: &StageArgs, out: &Output) -> Result<Self, Failure> {
        Self::set_with(args, Vec::new(), out).await
    }

    /// Sets it, with a server that has these variables in its environment.
    pub async fn set_with(
        args: &StageArgs,
        settings: Vec<(String, String)>,
        out: &Output,
    ) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new().prefix("docket-bench-").tempdir()?;
        out.note(out.tell(&machine::describe(folder.path())));
        let database = match &args.database {
            Some(url) => Database::parse(url)?,
            None => Database::Sqlite(folder.path().join("bench.sqlite")),
        };
        let emptying = if args.force { Emptying::Forced } else { Emptying::Never };
        prepare(&database, emptying).await?;
        let key = add_key(folder.path(), &database)?;
        let server = Server::start(folder.path(), &database, &settings).await?;
        let target = Target { address: server.address, key };
        let progress = report::bar(out.say("SKUs put on sale", "商品上架"), orders::SKUS);
        let sale = put_skus_on_sale(&target, CLIENTS, progress).await;
        sale.map_err(|error| server.explain(&error))?;
        let empty = Reader::open(&database).await?.size().await?;
        let out = out.clone();
        let seed = args.seed;
        Ok(Self {
            folder,
            database,
            target,
            server,
            others: Vec::new(),
            empty,
            settings,
            seed,
            out,
        })
    }

    /// Starts one more server on the same database, with the same keys; from now on they share the load.
    pub async fn add_server(&mut self) -> Result<(), Failure> {
        let folder = self.folder.path().join(format!("serve-{}", self.others.len() + 2));
        std::fs::create_dir(&folder)?;
        let keys = "docket.keys";
        std::fs::copy(self.folder.path().join(keys), folder.join(keys))?;
        self.others.push(Server::start(&folder, &self.database, &self.settings).await?);
        Ok(())
    }

    /// A key that reads the orders of one shop alone.
    pub fn key_of_shop(&self, shop: &str) -> Result<String, Failure> {
        add_key_of_shop(self.folder.path(), &self.database, shop)
    }

    /// Places `orders` orders at full speed.
    pub async fn fill(&self, orders: u64, paying: Paying) -> Result<Tally, Failure> {
        let progress = report::bar(self.out.say("orders to begin with", "预置订单"), orders);
        let tally = self.load(CLIENTS, paying, 0, Until::Orders(orders), &progress).await?;
        progress.finish_and_clear();
        Ok(tally)
    }

    /// Places orders from number `first` on.
    pub async fn load(
        &self,
        clients: usize,
        paying: Paying,
        first: u64,
        until: Until,
        progress: &indicatif::ProgressBar,
    ) -> Result<Tally, Failure> {
        let target = |server: &Server| Target { address: server.address, ..self.target.clone() };
        let targets = [self.target.clone()].into_iter().chain(self.others.iter().map(target));
        let load = Load { targets: targets.collect(), seed: self.seed, clients, paying };
        let done = load.run(first, until, progress).await;
        done.map_err(|error| self.server.explain(&error))
    }

    /// Stops the server and starts it again on what is stored; `between` runs while nobody has the database.
    pub async fn restart(self, between: impl FnOnce(&Database)) -> Result<Self, Failure> {
        let halted = self.halt().await?;
        between(&halted.database);
        halted.start().await
    }

    /// Stops the server.
    pub async fn halt(self) -> Result<Halted, Failure> {
        let Self { folder, database, target, server, others, empty, settings, seed, out } = self;
        for server in others {
            server.stop().await?;
        }
        server.stop().await?;
        Ok(Halted { folder, database, key: target.key, empty, settings, seed, out })
    }

    /// Stops the server; the folder goes when what is answered here goes.
    pub async fn stop(self) -> Result<(TempDir, Database), Failure> {
        for server in self.others {
            server.stop().await?;
        }
        self.server.stop().await?;
        Ok((self.folder, self.database))
    }
}

impl Halted {
    /// Starts the server on what is stored.
    pub async fn start(self) -> Result<Stage, Failure> {
        let Self { folder, database, key, empty, settings, seed, out } = self;
        let server = Server::start(folder.path(), &database, &settings).await?;
        let target = Target { address: server.address, key };
        let others = Vec::new();
        Ok(Stage { folder, database, target, server, others, empty, settings, seed, out })
    }
}

/// Runs a bench to its end, or until somebody stops it; either way what it started is ended. On a thread and a
/// runtime of its own, whatever its caller runs on.
pub fn play<F>(bench: impl FnOnce() -> F + Send) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    let played = std::thread::scope(|scope| scope.spawn(|| on_own_runtime(bench())).join());
    played.unwrap_or_else(|_| {
        Err(Failure::new(said!("the bench broke off", "测试中断"))
            .next(said!("What it said above tells why.", "原因见上面的输出。")))
    })
}

fn on_own_runtime(bench: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut interrupted = signal(SignalKind::interrupt())?;
        let mut terminated = signal(SignalKind::terminate())?;
        tokio::select! {
            done = bench => done,
            _ = interrupted.recv() => Err(Failure::new(said!("interrupted", "已被中断"))),
            _ = terminated.recv() => Err(Failure::new(said!("terminated", "已被终止"))),
        }
    })
}
