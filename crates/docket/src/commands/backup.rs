//! `docket backup` and `docket restore`: the whole database in one file, and back into one that is empty.

use super::serve::StopSignals;
use crate::center::{keys, own, serving};
use crate::cli::Options;
use crate::config::{self, Config};
use crate::failure::Failure;
use crate::log;
use crate::output::Output;
use crate::said::{Said, said};
use docket_app::{Clock, KeyWord, KeysError, compare_keys};
use docket_store::{RecordedKey, StoreError};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
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
        error @ (StoreError::Refused(_) | StoreError::Schema(_)) => {
            let message = match &error {
                StoreError::Refused(why) => why.to_string(),
                error => error.to_string(),
            };
            Failure::new(Said::of_center(&message))
                .word("refused")
                .next(said!("Nothing was changed.", "未作任何改动。"))
        }
        StoreError::File { path, error } if error.kind() == std::io::ErrorKind::AlreadyExists => {
            Failure::new(said!("{path} is there already", "{path} 已存在")).word("refused").next(
                said!("Nothing was changed; name another file.", "未作任何改动；请指定其他文件。"),
            )
        }
        StoreError::File { path, error } => {
            let cannot = said!("the file {path} cannot be written", "无法写入文件 {path}");
            Failure::new(cannot.because(&error)).word("file").next(said!(
                "Name another file, in a folder where this user may write.",
                "请指定其他文件，其所在目录须存在且当前用户可写。"
            ))
        }
        error => own::told(config, error).await.into(),
    }
}

/// Makes a backup; the center may be running.
pub async fn backup(args: Args, options: &Options) -> Result<(), Failure> {
    log::start_quiet();
    let mut asked = StopSignals::listen()?;
    let config = config::load(options, None)?;
    let (out, began) = (options.output(), Instant::now());
    let (url, place) = (config.database_url(), config.keys());
    // What it says of the keys must be true: nobody can read a backup with others.
    let known = match compare_keys(&url, &place).await {
        Ok((known, _)) => known.keys,
        Err(docket_app::OpenError::Keys(error)) => {
            return Err(own::OpenError::Keys(error).into());
        }
        // What is wrong with the database is said by whoever copies it.
        Err(docket_app::OpenError::Store(_)) => Vec::new(),
    };
    let stopped = Arc::new(AtomicBool::new(false));
    let noted = Arc::clone(&stopped);
    let made = docket_store::backup(&url, &args.file, telling(&out), async move {
        asked.once().await;
        noted.store(true, Relaxed);
    });
    let made = match made.await {
        Ok(made) => made,
        Err(_) if stopped.load(Relaxed) => {
            return Err(Failure::new(said!("the backup was broken off", "备份已中止"))
                .word("interrupted")
                .next(said!("Nothing is left of it.", "未留下任何文件。")));
        }
        Err(error) => return Err(failed(&config, error).await),
    };
    let (file, keys) = (args.file.display(), place.named());
    let shown = json!({
        "file": args.file, "rows": made.rows, "bytes": made.bytes,
        "seconds": began.elapsed().as_secs_f64(), "key_file": keys, "keys": shown_keys(&known),
    });
    out.show(&shown, |out| {
        let (rows, kib) = (made.rows, made.bytes >> 10);
        out.line(
            out.tell(&said!("{file}: {rows} rows, {kib} KiB", "{file}：{rows} 行，{kib} KiB")),
        );
        if config.archive_at().is_some() {
            let archive = &config.archive.url.text;
            out.note(out.tell(&said!(
                "What is in the archive is not in it, only where it lies: keep {archive} too.",
                "归档内容不在其中，只记录了位置：请同时保留 {archive}。"
            )));
        }
        let listed = keys::listed(&known);
        out.note(out.tell(&said!(
            "People's data in it is sealed with {keys} ({listed}): keep that file too, apart from the backup.",
            "其中的个人信息由 {keys} 加密（{listed}）：请另行保存该文件，并与备份分开存放。"
        )));
    });
    Ok(())
}

fn shown_keys(keys: &[RecordedKey]) -> Vec<serde_json::Value> {
    let live = keys.iter().filter(|key| !key.lost);
    live.map(|key| json!({"key": key.used.word(), "fingerprint": key.fingerprint})).collect()
}

/// What a restored database needs beside itself.
struct Needed {
    /// The keys it records.
    keys: Vec<RecordedKey>,
    /// Whether those that are here are they, and else what is wrong.
    fit: Result<(), KeysError>,
}

impl Needed {
    async fn by(config: &Config) -> Result<Self, Failure> {
        let url = config.database_url();
        let keys = match docket_store::survey(&url).await {
            Ok(found) => found.keys,
            Err(error) => return Err(failed(config, error).await),
        };
        match compare_keys(&url, &config.keys()).await {
            Ok(_) => Ok(Self { keys, fit: Ok(()) }),
            Err(docket_app::OpenError::Keys(error)) => Ok(Self { keys, fit: Err(error) }),
            Err(docket_app::OpenError::Store(error)) => Err(failed(config, error).await),
        }
    }

    fn tell(&self, config: &Config, out: &Output) {
        let (place, listed) = (config.keys().named(), keys::listed(&self.keys));
        if !self.keys.is_empty() {
            out.note(out.tell(&said!(
                "It needs the key file of the center that was backed up, with the keys {listed}.",
                "它需要原订单中心的密钥文件，其中应有密钥 {listed}。"
            )));
        }
        match &self.fit {
            Ok(()) if self.keys.is_empty() => {}
            Ok(()) => out.note(out.tell(&said!("{place} holds them.", "{place} 中已有这些密钥。"))),
            Err(error) => {
                out.note(&format!("! {}", out.tell(&keys::said(error))));
                out.note(&format!("  {}", out.tell(&keys::next(error))));
            }
        }
        if config.archive_at().is_some() {
            let archive = &config.archive.url.text;
            out.note(out.tell(&said!(
                "What was in the archive is read from {archive}.",
                "归档内容从 {archive} 读取。"
            )));
        }
    }
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
    let needed = Needed::by(&config).await?;
    let (orders, rows) = (restored.orders, restored.rows);
    let shown = json!({
        "orders": orders, "rows": rows, "key_file": config.keys().named(),
        "keys": shown_keys(&needed.keys), "keys_fit": needed.fit.is_ok(), "replaced": restored.replaced,
    });
    out.show(&shown, |out| {
        needed.tell(&config, out);
        if let Some(before) = &restored.replaced {
            out.note(out.tell(&said!(
                "Here was installation {before}, without orders; from now on it is the one of the backup.",
                "此处原为安装 {before}（没有订单）；今后即为备份所属的安装。"
            )));
        }
        out.line(out.tell(&said!(
            "restored {orders} orders, {rows} rows",
            "已恢复 {orders} 个订单，{rows} 行"
        )));
    });
    Ok(())
}
