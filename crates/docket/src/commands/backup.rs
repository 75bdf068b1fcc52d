//! `docket backup` and `docket restore`: the whole database in one file, and back into one that is empty.

use crate::center::{here, serving};
use crate::cli::Options;
use crate::config::{self, Config};
use crate::failure::Failure;
use crate::log;
use crate::output::Output;
use crate::said::{Said, said};
use docket_app::Clock;
use docket_store::StoreError;
use serde_json::json;
use std::path::PathBuf;
use std::time::Instant;

/// Arguments of both.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file of the backup
    file: PathBuf,
}

/// Tells of each table that was copied, on a terminal.
fn telling(out: &Output) -> impl Fn(&str, u64) + Send + 'static {
    let bar = crate::bench::bar(out.say("tables", "数据表"), docket_store::tables());
    move |_, _| bar.inc(1)
}

async fn failed(config: &Config, error: StoreError) -> Failure {
    match error {
        StoreError::Refused(message) | StoreError::Schema(message) => {
            Failure::new(Said::as_told(message))
                .word("refused")
                .next(said!("Nothing was changed.", "未作任何改动。"))
        }
        error => here::told(config, error).await.into(),
    }
}

/// Makes a backup; the center may be running.
pub async fn backup(args: Args, options: &Options) -> Result<(), Failure> {
    log::start_quiet();
    let config = config::load(options, None)?;
    let (out, began) = (options.output(), Instant::now());
    let made = docket_store::backup(&config.database_url(), &args.file, telling(&out)).await;
    let made = match made {
        Ok(made) => made,
        Err(error) => return Err(failed(&config, error).await),
    };
    let (file, keys) = (args.file.display(), config.key_file());
    let shown = json!({
        "file": args.file, "rows": made.rows, "bytes": made.bytes,
        "seconds": began.elapsed().as_secs_f64(), "key_file": keys
    });
    out.show(&shown, |out| {
        let (rows, kib) = (made.rows, made.bytes >> 10);
        out.line(
            out.tell(&said!("{file}: {rows} rows, {kib} KiB", "{file}：{rows} 行，{kib} KiB")),
        );
        let keys = keys.display();
        if config.archive_at().is_some() {
            let archive = &config.archive.url.text;
            out.note(out.tell(&said!(
                "What is in the archive is not in it, only where it lies: keep {archive} too.",
                "归档内容不在其中，只记录了位置：请同时保留 {archive}。"
            )));
        }
        out.note(out.tell(&said!(
            "People's data in it is sealed with {keys}: keep that file too, apart from the backup.",
            "其中的个人信息由 {keys} 加密：请另行保存该文件，并与备份分开存放。"
        )));
    });
    Ok(())
}

/// Restores a backup into a database that holds no orders.
pub async fn restore(args: Args, options: &Options) -> Result<(), Failure> {
    log::start_quiet();
    let config = config::load(options, None)?;
    if let Some(running) = serving::running(&config) {
        let pid = running.pid;
        return Err(Failure::new(said!(
            "`docket serve` runs on this data folder (pid {pid})",
            "docket serve 正在使用该数据目录（pid {pid}）"
        ))
        .next(said!("Stop it, then restore.", "请先停止它，再恢复。")));
    }
    let out = options.output();
    let (url, now) = (config.database_url(), Clock::System.now());
    let restored = docket_store::restore(&url, &args.file, now, telling(&out)).await;
    let restored = match restored {
        Ok(restored) => restored,
        Err(error) => return Err(failed(&config, error).await),
    };
    let (orders, rows) = (restored.orders, restored.rows);
    out.show(&json!({"orders": orders, "rows": rows}), |out| {
        out.line(out.tell(&said!(
            "restored {orders} orders, {rows} rows",
            "已恢复 {orders} 个订单，{rows} 行"
        )));
        if !config.key_file().exists() {
            let keys = config.key_file();
            let keys = keys.display();
            out.note(out.tell(&said!(
                "Put the key file of the center that was backed up at {keys}: without it people's data cannot be read.",
                "请将原订单中心的密钥文件放到 {keys}，否则无法读取个人信息。"
            )));
        }
    });
    Ok(())
}
