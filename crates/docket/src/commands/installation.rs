//! `docket installation`: what this database is, and what a copy of it shall be.

use crate::center::{own, serving};
use crate::cli::Options;
use crate::config::{self, Config};
use crate::failure::Failure;
use crate::log;
use crate::said::said;
use docket_app::Clock;
use docket_app::vault::random;
use docket_store::{Installation, Taken};
use serde_json::json;

/// What is asked of it.
#[derive(Debug, Clone, Copy, clap::Subcommand)]
pub enum Command {
    /// Show the number, epoch, seat and node numbers that the database records
    Show,
    /// This database file was moved or restored by hand, and the other one is never started again
    Moved,
    /// This database file is a copy, and the other one goes on: make this an installation of its own
    Another,
}

/// Does what was asked.
pub async fn run(command: Command, options: &Options) -> Result<(), Failure> {
    log::start_quiet();
    let config = config::load(options, None)?;
    let url = config.database_url();
    let found = match command {
        Command::Show => docket_store::installation(&url).await,
        Command::Moved => take(&config, Taken::Moved).await?,
        Command::Another => take(&config, Taken::Another(u128::from_be_bytes(random()))).await?,
    };
    let found = match found {
        Ok(found) => found.ok_or_else(none)?,
        Err(error) => return Err(own::told(&config, error).await.into()),
    };
    let Installation { id, epoch, seat, nodes, node } = found;
    let shown = json!({
        "installation": id, "epoch": epoch, "seat": seat.word(), "nodes": nodes.to_string(),
        "node": node,
    });
    options.output().show(&shown, |out| {
        out.line(&format!("{} {id}", out.say("installation", "安装编号")));
        out.line(&format!("{} {epoch}", out.say("epoch       ", "代次　　")));
        out.line(&format!("{} {seat}", out.say("seat        ", "席位　　")));
        out.line(&format!("{} {nodes}", out.say("nodes       ", "节点号　")));
    });
    Ok(())
}

async fn take(
    config: &Config,
    taken: Taken,
) -> Result<Result<Option<Installation>, docket_store::StoreError>, Failure> {
    if let Some(running) = serving::running(config) {
        let pid = running.pid;
        return Err(Failure::new(said!(
            "`docket serve` runs on this data folder (pid {pid})",
            "docket serve 正在使用该数据目录（pid {pid}）"
        ))
        .next(said!("Stop it first.", "请先停止它。")));
    }
    Ok(docket_store::take_file(&config.database_url(), taken, Clock::System.now()).await)
}

fn none() -> Failure {
    Failure::new(said!(
        "there is no database yet, or it is of an older release",
        "尚无数据库，或其版本较旧"
    ))
    .next(said!(
        "`docket serve` makes it; `docket migrate` brings it up.",
        "docket serve 会建立数据库；docket migrate 会升级它。"
    ))
}
