//! `docket check`: every setting in force with its origin, and whether each thing it names can be reached.
//! It changes nothing.

use crate::center::serving::{self, Running};
use crate::center::{Client, Method};
use crate::cli::Options;
use crate::config::{self, Config, Listed};
use crate::failure::Failure;
use crate::output::Output;
use docket_store::{Found, SCHEMA, peek};
use serde::Serialize;
use std::os::unix::fs::PermissionsExt;

/// What was looked at, and what was seen.
#[derive(Debug, Serialize)]
struct Finding {
    what: String,
    ok: bool,
    says: String,
}

#[derive(Debug, Serialize)]
struct Report {
    ok: bool,
    config: Vec<Listed>,
    checks: Vec<Finding>,
}

impl Finding {
    fn of(what: &str, seen: Result<String, String>) -> Self {
        let ok = seen.is_ok();
        Self { what: what.to_owned(), ok, says: seen.unwrap_or_else(|wrong| wrong) }
    }
}

/// Checks.
pub async fn run(options: &Options) -> Result<(), Failure> {
    let out = options.output();
    let config = config::load(options, None)?;
    let running = serving::running(&config);
    let checks = vec![
        Finding::of(out.say("config file", "配置文件"), Ok(config_file(&config, &out))),
        Finding::of(out.say("data folder", "数据目录"), data_folder(&config, &out)),
        Finding::of(out.say("key file", "密钥文件"), key_file(&config, &out)),
        Finding::of(out.say("database", "数据库"), database(&config, &out).await),
        Finding::of(out.say("server", "服务"), server(&config, running.as_ref(), &out).await),
    ];
    let ok = checks.iter().all(|finding| finding.ok);
    let report = Report { ok, config: config.list(), checks };
    out.show(&report, |out| print(&report, out));
    if ok {
        return Ok(());
    }
    let failed = report.checks.iter().filter(|finding| !finding.ok).count();
    Err(Failure::new(format!("{failed} of {} checks failed", report.checks.len()))
        .next("Each line marked ✗ above says what to change."))
}

fn print(report: &Report, out: &Output) {
    let head = [out.say("setting", "设置"), out.say("value", "值"), out.say("from", "来源")];
    let rows = report.config.iter();
    out.table(
        &head,
        rows.map(|listed| vec![listed.key.clone(), listed.value.clone(), listed.origin.clone()]),
    );
    out.line("");
    for Finding { what, ok, says } in &report.checks {
        out.line(&format!("{} {what}: {says}", if *ok { "✓" } else { "✗" }));
    }
}

fn config_file(config: &Config, out: &Output) -> String {
    match &config.file {
        Some(path) => path.display().to_string(),
        None => out.say("none; the defaults hold", "无，使用默认值").to_owned(),
    }
}

fn data_folder(config: &Config, out: &Output) -> Result<String, String> {
    let path = config.data.display();
    match std::fs::metadata(&config.data) {
        Ok(found) if !found.is_dir() => {
            Err(format!("{path} {}", out.say("is no folder", "不是目录")))
        }
        Ok(found) if found.permissions().readonly() => {
            Err(format!("{path} {}", out.say("cannot be written to", "不可写")))
        }
        Ok(_) => Ok(path.to_string()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(format!(
            "{path} {}",
            out.say("is not there yet; `docket serve` makes it", "尚不存在，docket serve 会建立")
        )),
        Err(error) => Err(format!("{path}: {error}")),
    }
}

fn key_file(config: &Config, out: &Output) -> Result<String, String> {
    let path = config.key_file();
    let shown = path.display();
    let found = match std::fs::metadata(&path) {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let made = out
                .say("is not there yet; `docket serve` makes it", "尚不存在，docket serve 会建立");
            return Ok(format!("{shown} {made}"));
        }
        Err(error) => return Err(format!("{shown}: {error}")),
    };
    if found.permissions().mode() & 0o077 != 0 {
        let open =
            out.say("can be read by others; run chmod 600 on it", "可被他人读取，请执行 chmod 600");
        return Err(format!("{shown} {open}"));
    }
    match std::fs::File::open(&path) {
        Ok(_) => Ok(shown.to_string()),
        Err(error) => Err(format!("{shown}: {error}")),
    }
}

async fn database(config: &Config, out: &Output) -> Result<String, String> {
    let shown = &config.database.url.text;
    match peek(&config.database_url()).await {
        Ok(Found::Nothing) => Ok(format!(
            "{shown} {}",
            out.say(
                "has no orders yet; `docket serve` makes the tables",
                "尚未建表，docket serve 会建立"
            )
        )),
        Ok(Found::Schema(version)) if version > SCHEMA => Err(format!(
            "{shown}: {} ({version} > {SCHEMA})",
            out.say("the schema is of a newer docket; use that one", "数据库结构来自更新的版本")
        )),
        Ok(Found::Schema(version)) if version < SCHEMA => Ok(format!(
            "{shown}: {} ({version} < {SCHEMA})",
            out.say(
                "the schema is of an older docket; `docket migrate` brings it up",
                "数据库结构较旧，请执行 docket migrate"
            )
        )),
        Ok(Found::Schema(version)) => Ok(format!(
            "{shown} {} ({version})",
            out.say("answers, its schema fits", "可用，结构匹配")
        )),
        Err(error) => Err(format!("{shown}: {error}")),
    }
}

async fn server(
    config: &Config,
    running: Option<&Running>,
    out: &Output,
) -> Result<String, String> {
    if let Some(running) = running {
        let asked = async {
            Client::new(&running.address, &running.token)?.ask(Method::GET, "/readyz", None).await
        };
        let runs = out.say("`docket serve` runs", "docket serve 正在运行");
        return match asked.await {
            Ok(_) => Ok(format!("{runs} (pid {}) {}", running.pid, running.address)),
            Err(failure) => Err(format!("{runs} (pid {}): {}", running.pid, failure.message)),
        };
    }
    let address = config.server.listen.value;
    match tokio::net::TcpListener::bind(address).await {
        Ok(_) => Ok(format!("{address} {}", out.say("is free", "空闲"))),
        Err(error) => Err(format!(
            "{address}: {error}; {}",
            out.say("set server.listen to another address", "请将 server.listen 设为其他地址")
        )),
    }
}
