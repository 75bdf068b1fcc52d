//! `docket check`: every setting in force with its origin, and whether each thing it names can be reached.
//! It changes nothing, but for a small object that it writes to the archive and removes. `keys` looks at what seals
//! people's data, `deep` through the whole database for damage; `ready` asks the running center one question.

mod deep;
mod finding;
mod keys;
mod ready;
mod tls;

use crate::center::own;
use crate::center::serving::{self, Running};
use crate::center::{Client, Method};
use crate::cli::Options;
use crate::config::{self, Config, Listed};
use crate::failure::Failure;
use crate::output::Output;
use crate::said::{Said, said};
use docket_app::mirror::MirrorSettings;
use docket_app::{Connector, GatewayAt};
use docket_store::{
    Found, SCHEMA, StoreError, TelephonesLeft, peek, private, quick_check, sqlite_path,
    telephones_left,
};
use finding::{Finding, Mark};
use serde::Serialize;
use serde_json::Value;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a gateway may take to take a connection.
const KNOCK: Duration = Duration::from_secs(3);

#[derive(Debug, Serialize)]
struct Report {
    ok: bool,
    config: Vec<Listed>,
    checks: Vec<Finding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deep: Option<Value>,
}

/// Arguments of `docket check`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Look through the whole database for damage, too: pages, indexes, logs, keys, rows that belong to nothing
    #[arg(long)]
    deep: bool,
    /// Ask the running center whether it takes orders, and nothing else: for the health check of a container
    #[arg(long, conflicts_with = "deep")]
    ready: bool,
}

/// Checks.
pub async fn run(args: Args, options: &Options) -> Result<(), Failure> {
    let out = options.output();
    let config = config::load(options, None)?;
    if args.ready {
        return ready::look(&config, &out).await;
    }
    let running = serving::running(&config);
    let (keys, people) = keys::look(&config, args.deep).await;
    let mut checks = vec![
        Finding::of(out.say("config file", "配置文件"), &Ok(config_file(&config)), &out),
        Finding::of(out.say("data folder", "数据目录"), &data_folder(&config), &out),
        Finding::seen(out.say("key file", "密钥文件"), &keys, &out),
        Finding::of(out.say("database", "数据库"), &database(&config, &args).await, &out),
        server(&config, &args, running.as_ref(), &out).await,
        Finding::of_help(out.say("connections", "连接数"), &connections(&config), &out),
        Finding::of_help("Redis", &redis(&config).await, &out),
        Finding::of_help(out.say("archive", "归档"), &archive(&config, &args).await, &out),
        Finding::of_help(out.say("permissions", "文件权限"), &permissions(&config), &out),
    ];
    if let Some(found) = tls::look(&config).await {
        checks.push(Finding::of_help(out.say("way to the database", "数据库连接"), &found, &out));
    }
    if let Some(found) = telephones(&config).await {
        checks.push(Finding::of_help(out.say("telephones", "电话号码"), &found, &out));
    }
    if let Some(people) = &people {
        checks.push(Finding::seen(out.say("people's data", "个人信息"), people, &out));
    }
    if let Some(mirror) = &config.mirror {
        let found = mirror_table(mirror).await;
        checks.push(Finding::of_help(out.say("mirror", "镜像"), &found, &out));
    }
    for gateway in &config.gateways {
        let what = format!("{} {}", out.say("gateway", "支付网关"), gateway.name);
        checks.push(Finding::of_help(&what, &reach(gateway).await, &out));
    }
    let mut deep = None;
    if args.deep {
        let (found, given_up, shown) = deep::look(&config, &out).await;
        checks.push(Finding::of(out.say("damage", "损坏"), &found, &out));
        if let Some(given_up) = given_up {
            let seen = (Mark::Warning, given_up);
            checks.push(Finding::seen(out.say("keys given up", "已放弃的密钥"), &seen, &out));
        }
        deep = shown;
    }
    let ok = checks.iter().all(|finding| finding.ok);
    let report = Report { ok, config: config.list(), checks, deep };
    out.show(&report, |out| print(&report, out));
    if ok {
        return Ok(());
    }
    let failed = report.checks.iter().filter(|finding| !finding.ok).count();
    let all = report.checks.len();
    Err(Failure::new(said!(
        "{failed} of {all} checks failed",
        "{all} 项检查中有 {failed} 项未通过"
    ))
    .next(said!(
        "Each line marked ✗ above says what to change.",
        "上面标有 ✗ 的各行说明了需要修改之处。"
    )))
}

fn print(report: &Report, out: &Output) {
    let head = [out.say("setting", "设置"), out.say("value", "值"), out.say("from", "来源")];
    let rows = report.config.iter();
    out.table(
        &head,
        rows.map(|listed| {
            vec![listed.key.clone(), listed.value.clone(), out.tell(&listed.from).to_owned()]
        }),
    );
    out.line("");
    for Finding { what, mark, says, .. } in &report.checks {
        out.line(&format!("{} {what}: {says}", mark.sign()));
    }
    if let Some(found) = &report.deep {
        deep::print(found, out);
    }
}

fn config_file(config: &Config) -> Said {
    match &config.file {
        Some(path) => Said::as_told(path.display()),
        None => said!("none; the defaults hold", "无，使用默认值"),
    }
}

fn data_folder(config: &Config) -> Result<Said, Said> {
    let path = config.data.display();
    match std::fs::metadata(&config.data) {
        Ok(found) if !found.is_dir() => Err(said!("{path} is no folder", "{path} 不是目录")),
        Ok(_) => takes_files(&config.data).map(|()| Said::as_told(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            takes_files(nearest_that_is_there(&config.data))
                .map_err(|why| said!("{path} cannot be made", "无法建立 {path}").because(why))?;
            Ok(said!(
                "{path} is not there yet; `docket serve` makes it",
                "{path} 尚不存在，docket serve 会建立"
            ))
        }
        Err(error) => Err(Said::as_told(path).because(&error)),
    }
}

/// The folder in which the first missing part of `path` would be made.
fn nearest_that_is_there(path: &Path) -> &Path {
    let found = path.ancestors().skip(1).find(|above| above.exists());
    match found {
        Some(above) if !above.as_os_str().is_empty() => above,
        _ => Path::new("."),
    }
}

/// Whether a file can be made in `folder`; it has no name and is gone at once.
fn takes_files(folder: &Path) -> Result<(), Said> {
    tempfile::tempfile_in(folder).map(drop).map_err(|error| {
        let folder = folder.display();
        // Its own message repeats the path.
        let bare = error.raw_os_error().map_or(error, io::Error::from_raw_os_error);
        said!("{folder} cannot be written to", "{folder} 不可写").because(&bare)
    })
}

async fn database(config: &Config, args: &Args) -> Result<Said, Said> {
    let shown = &config.database.url.text;
    match peek(&config.database_url()).await {
        Ok(Found::Nothing) => {
            // What lies in the data folder was looked at with it.
            let path = sqlite_path(&config.database_url());
            let folder = path.as_deref().and_then(Path::parent);
            if let Some(folder) = folder.filter(|folder| *folder != config.data) {
                takes_files(folder)?;
            }
            Ok(said!(
                "{shown} has no orders yet; `docket serve` makes the tables",
                "{shown} 尚未建表，docket serve 会建立"
            ))
        }
        Ok(Found::Schema(version)) if version > SCHEMA => Err(said!(
            "{shown}: the schema is of a newer docket; use that one ({version} > {SCHEMA})",
            "{shown}：数据库结构来自更新的版本，请使用该版本（{version} > {SCHEMA}）"
        )),
        Ok(Found::Schema(version)) if version < SCHEMA => Ok(said!(
            "{shown}: the schema is of an older docket; `docket migrate` brings it up ({version} < {SCHEMA})",
            "{shown}：数据库结构较旧，请执行 docket migrate（{version} < {SCHEMA}）"
        )),
        Ok(Found::Schema(version)) => match quick_check(&config.database_url()).await {
            Ok(None) => Ok(said!(
                "{shown} answers, its schema fits ({version})",
                "{shown} 可用，结构匹配（{version}）"
            )),
            Ok(Some(wrong)) => {
                let damaged = said!("{shown} is damaged", "{shown} 已损坏")
                    .because(Said::as_told(wrong.replace('\n', " ")));
                // How far it goes, and what to do, is said below where that is looked for.
                Err(if args.deep { damaged } else { damaged.and(own::damaged()) })
            }
            Err(error) => Err(unusable(config, error).await),
        },
        Err(error) => Err(unusable(config, error).await),
    }
}

/// How many connections there may be; a warning where the system allows fewer than were asked for.
fn connections(config: &Config) -> Result<Said, Said> {
    let allowed = config.connections();
    let connections = allowed.connections;
    let files = allowed.files.map_or("∞".to_owned(), |files| files.to_string());
    match allowed.asked {
        None => Ok(said!(
            "at most {connections}, of {files} open files",
            "最多 {connections} 个（可打开文件数 {files}）"
        )),
        Some(asked) => Err(said!(
            "{connections} instead of {asked}: {files} open files leave no more; raise `ulimit -n` or lower server.max_connections",
            "{connections} 个，少于设置的 {asked}：可打开文件数只有 {files}；请提高 ulimit -n 或调低 server.max_connections"
        )),
    }
}

async fn unusable(config: &Config, error: StoreError) -> Said {
    let why = Failure::from(own::told(config, error).await);
    Said::as_told(&config.database.url.text).because(why.message)
}

/// Whether files that hold orders or passwords can be read by others.
fn permissions(config: &Config) -> Result<Said, Said> {
    let mut files: Vec<PathBuf> = config.file.iter().cloned().collect();
    if let Some(path) = sqlite_path(&config.database_url()) {
        for ending in ["", "-wal", "-shm"] {
            let mut name = path.as_os_str().to_owned();
            name.push(ending);
            files.push(name.into());
        }
    }
    let open = files.iter().filter(|file| private::is_open_to_others(file).unwrap_or(false));
    let open: Vec<_> = open.map(|file| file.display().to_string()).collect();
    if open.is_empty() {
        return Ok(said!(
            "only this user can read config and database",
            "仅当前用户可读取配置与数据库"
        ));
    }
    let open = open.join(", ");
    Err(said!(
        "others can read {open}; run chmod 600 on them",
        "他人可读取 {open}；请执行 chmod 600"
    ))
}

/// Whether a gateway takes connections; orders are placed without it, and what waits for it waits.
async fn reach(gateway: &GatewayAt) -> Result<Said, Said> {
    let Connector::Sandbox { url, .. } = &gateway.connector else {
        return Ok(said!("spoken to by somebody else", "由外部程序对接"));
    };
    let host = config::host_of(url).unwrap_or_default();
    match tokio::time::timeout(KNOCK, tokio::net::TcpStream::connect(&host)).await {
        Ok(Ok(_)) => Ok(Said::as_told(url)),
        Ok(Err(error)) => Err(Said::as_told(url).because(&error)),
        Err(_) => Err(said!("{url} does not answer", "{url} 没有应答")),
    }
}

/// Whether orders of the release before are found by every way to write their telephones; nothing to say where
/// there are no tables of this release.
async fn telephones(config: &Config) -> Option<Result<Said, Said>> {
    let url = config.database_url();
    if !matches!(peek(&url).await, Ok(Found::Schema(SCHEMA))) {
        return None;
    }
    Some(match telephones_left(&url).await {
        Ok(TelephonesLeft { waiting: 0, sealed_away: 0 }) => Ok(said!(
            "every order is found by its telephones however they are written",
            "所有订单均可按电话号码的各种写法查到"
        )),
        Ok(TelephonesLeft { waiting: 0, sealed_away: 1 }) => Err(said!(
            "1 order is not found by its telephones: the key that sealed them was given up; should it be found, \
             `docket privacy adopt FILE`",
            "1 个订单无法按电话查到：加密它的密钥已放弃；若日后找到，请执行 docket privacy adopt FILE"
        )),
        Ok(TelephonesLeft { waiting: 0, sealed_away }) => Err(said!(
            "{sealed_away} orders are not found by their telephones: the keys that sealed them were given up; should \
             they be found, `docket privacy adopt FILE`",
            "{sealed_away} 个订单无法按电话查到：加密它们的密钥已放弃；若日后找到，请执行 docket privacy adopt FILE"
        )),
        Ok(TelephonesLeft { waiting, .. }) => Err(said!(
            "those of {waiting} orders are still to be made new; until then these orders are found as they were \
             before, or after a search key was given up not at all",
            "还有 {waiting} 个订单的电话索引待更新；在此之前，这些订单只能按原有方式查到；若搜索密钥已放弃，则暂时查不到"
        )
        .and(said!("`docket serve` does it by itself", "docket serve 会自动完成"))),
        Err(error) => Err(Said::as_told(error)),
    })
}

async fn redis(config: &Config) -> Result<Said, Said> {
    let Some(at) = config.redis_at() else {
        return Ok(said!("none; processes look for tasks themselves", "无，各进程自行查找任务"));
    };
    let shown = &config.redis.url.text;
    match at.answers().await {
        Ok(()) => Ok(said!("{shown} answers", "{shown} 可用")),
        Err(error) => Err(Said::as_told(shown).because(&error).and(said!(
            "tasks start some seconds later until it is back",
            "恢复之前，任务会晚几秒开始"
        ))),
    }
}

async fn archive(config: &Config, args: &Args) -> Result<Said, Said> {
    let Some(at) = config.archive_at() else {
        return Ok(said!("none; everything stays in the database", "无，所有数据留在数据库中"));
    };
    let shown = &config.archive.url.text;
    match at.probe().await {
        // All objects may be many, and far away: that is a look of its own.
        Ok(()) if args.deep => Ok(said!(
            "{shown} takes and gives; `docket archive verify` looks into its objects",
            "{shown} 可写可读；docket archive verify 会检查其中的对象"
        )),
        Ok(()) => Ok(said!("{shown} takes and gives", "{shown} 可写可读")),
        Err(error) => Err(Said::as_told(shown).because(Said::as_told(error)).and(said!(
            "what is old stays in the database until it is back",
            "恢复之前，旧数据留在数据库中"
        ))),
    }
}

/// Whether the old table can be read; changes wait for it.
async fn mirror_table(mirror: &MirrorSettings) -> Result<Said, Said> {
    let table = &mirror.table;
    match mirror.probe().await {
        Ok(()) => Ok(said!("the table {table} can be read", "表 {table} 可读")),
        Err(error) => Err(said!("the table {table}", "表 {table}")
            .because(Said::as_told(error))
            .and(said!("changes wait until it can be written", "在可写之前，改动会等待"))),
    }
}

async fn server(config: &Config, args: &Args, running: Option<&Running>, out: &Output) -> Finding {
    let what = out.say("server", "服务");
    let Some(Running { address, token, pid }) = running else {
        return Finding::of(what, &door(config).await, out);
    };
    let asked = async { Client::new(address, token)?.ask(Method::GET, "/readyz", None).await };
    match asked.await {
        Ok(said) => {
            let degraded = said["degraded"].as_array().into_iter().flatten();
            // Redis is looked at by itself, and the whole database where that is asked for.
            let degraded: Vec<_> = degraded
                .filter(|part| part["part"] != "redis")
                .filter(|part| !args.deep || part["part"] != "database")
                .filter_map(|part| part["says"].as_str())
                .map(Said::of_center)
                .collect();
            let runs = said!(
                "`docket serve` runs (pid {pid}) {address}",
                "docket serve 正在运行（pid {pid}）{address}"
            );
            let Some(degraded) = degraded.into_iter().reduce(Said::and) else {
                return Finding::of(what, &Ok(runs), out);
            };
            let seen = Err(runs.because(degraded));
            Finding::of_help(what, &seen, out)
        }
        Err(failure) => {
            let runs =
                said!("`docket serve` runs (pid {pid})", "docket serve 正在运行（pid {pid}）");
            Finding::of(what, &Err(runs.because(failure.message)), out)
        }
    }
}

/// Whether the address is free.
async fn door(config: &Config) -> Result<Said, Said> {
    let address = config.server.listen.value;
    match tokio::net::TcpListener::bind(address).await {
        Ok(_) => Ok(said!("{address} is free", "{address} 空闲")),
        Err(error) => Err(Said::as_told(address)
            .because(&error)
            .and(said!("set server.listen to another address", "请将 server.listen 设为其他地址"))),
    }
}
