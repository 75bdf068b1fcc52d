//! `docket sandbox`: stand-ins of the outside, each a process of its own until it is told to stop. What they do
//! stands in `docket-sandbox`.

use crate::center::own::Door;
use crate::cli::Options;
use crate::commands::serve::StopSignals;
use crate::failure::Failure;
use crate::output::{Form, Output};
use crate::said::{Said, said};
use docket_app::Clock;
use docket_sandbox::{pay, s3, temu};
use serde_json::json;
use std::fs::File;
use std::io::BufReader;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many orders a shop of a marketplace has unless told otherwise.
const ORDERS: usize = 200;
/// How many shops people are shown how to connect.
const SHOPS_SHOWN: usize = 5;

/// What can be stood in for.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// A payment gateway that misbehaves on request
    Pay(PayArgs),
    /// A marketplace that speaks Temu's open API, misbehaves on request and tells the truth
    Temu(TemuArgs),
    /// An object store that speaks some S3: an archive to test against
    S3(S3Args),
}

/// Arguments of `docket sandbox s3`.
#[derive(Debug, clap::Args)]
pub struct S3Args {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7311")]
    listen: SocketAddr,
}

/// Arguments of `docket sandbox pay`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = behaviours())]
pub struct PayArgs {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7310")]
    listen: SocketAddr,
    /// Where all chance comes from: the same seed gives the same numbers and behaviours
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// Arguments of `docket sandbox temu`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = temu_behaviours())]
pub struct TemuArgs {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7312")]
    listen: SocketAddr,
    /// Where all chance comes from: the same seed gives the same shops, orders and tokens
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How many shops there are
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=1000))]
    shops: u16,
    /// How many orders each shop has at the start; 200, or none where there is a file of orders
    #[arg(long, value_name = "N")]
    count: Option<usize>,
    /// Over how many days back those orders were created
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
    /// How many calls an app may make in any second; 0 for as many as it likes
    #[arg(long, value_name = "N", default_value_t = temu::LIMIT)]
    limit: usize,
    /// Orders of the first shop: JSON lines as `docket export --format jsonl` writes them
    #[arg(long, value_name = "FILE")]
    orders: Option<PathBuf>,
    /// Give each shop of that file a shop of its own
    #[arg(long, requires = "orders")]
    by_shop: bool,
    /// Move the times of that file so that the newest of them is now
    #[arg(long, requires = "orders")]
    recent: bool,
}

/// Runs one of them.
pub async fn run(command: Command, options: &Options) -> Result<(), Failure> {
    match command {
        Command::Pay(args) => pay(args, &options.output()).await,
        Command::Temu(args) => temu(args, &options.output()).await,
        Command::S3(args) => s3(args, &options.output()).await,
    }
}

async fn pay(PayArgs { listen, seed }: PayArgs, out: &Output) -> Result<(), Failure> {
    let mut asked = StopSignals::listen()?;
    let Door { listener, address } = Door::open(listen).await?;
    let (merchant, secret) = (pay::MERCHANT.to_owned(), pay::SECRET.to_owned());
    let clock = Arc::new(|| Clock::System.now().0);
    let url = format!("http://{address}");
    match out.form {
        Form::Programs => {
            let secret = &secret;
            out.json(
                &json!({"listening": url, "merchant": merchant, "secret": secret, "seed": seed}),
            );
        }
        Form::People => {
            out.line(&format!("listening on {url}"));
            out.note(out.tell(&note(&url)));
        }
    }
    let settings = pay::Settings { seed, merchant, secret, clock };
    let served = pay::serve(listener, settings, async move { asked.once().await }).await;
    served.map_err(|error| ended(address, &error))
}

async fn temu(args: TemuArgs, out: &Output) -> Result<(), Failure> {
    let clock = Arc::new(|| Clock::System.now().0);
    let mut filed = args.orders.as_deref().map(orders_of).transpose()?.unwrap_or_default();
    if args.recent {
        temu::brought_up_to(&mut filed, clock() / 1000);
    }
    let seed = args.seed;
    let settings = temu::Settings {
        shops: usize::from(args.shops),
        orders: args.count.unwrap_or(if args.orders.is_some() { 0 } else { ORDERS }),
        days: args.days,
        limit: args.limit,
        filed,
        spread: if args.by_shop { temu::Spread::ByShop } else { temu::Spread::OneShop },
        ..temu::Settings::new(seed, clock)
    };
    let mut asked = StopSignals::listen()?;
    let Door { listener, address } = Door::open(args.listen).await?;
    let url = format!("http://{address}");
    let keys = temu::keys(&settings);
    match out.form {
        Form::Programs => out.json(&json!({
            "listening": url,
            "app_key": temu::APP_KEY,
            "app_secret": temu::APP_SECRET,
            "shops": keys,
            "seed": seed,
        })),
        Form::People => {
            out.line(&format!("listening on {url}"));
            out.note(out.tell(&temu_note(&url, &keys)));
        }
    }
    let served = temu::serve(listener, settings, async move { asked.once().await }).await;
    served.map_err(|error| ended(address, &error))
}

/// The orders of a file.
fn orders_of(path: &Path) -> Result<Vec<temu::Tree>, Failure> {
    let name = path.display();
    let file = File::open(path).map_err(|error| {
        let unread = said!("{name} cannot be read", "无法读取 {name}");
        Failure::new(unread.because(Said::from(&error)))
    })?;
    temu::read_orders(BufReader::new(file)).map_err(|temu::BadLine { line, reason }| {
        Failure::new(said!(
            "{name}:{line}: this is no order: {reason}",
            "{name}:{line}：不是订单：{reason}"
        ))
    })
}

/// The listener of a stand-in ended by itself.
fn ended(address: SocketAddr, error: &std::io::Error) -> Failure {
    let ended = said!("the listener at {address} ended", "{address} 的监听已终止");
    Failure::new(ended.because(Said::from(error)))
}

async fn s3(S3Args { listen }: S3Args, out: &Output) -> Result<(), Failure> {
    let mut asked = StopSignals::listen()?;
    let Door { listener, address } = Door::open(listen).await?;
    let settings = s3::Settings {
        bucket: s3::BUCKET.to_owned(),
        region: s3::REGION.to_owned(),
        access_key: s3::ACCESS_KEY.to_owned(),
        secret: s3::SECRET.to_owned(),
        clock: Arc::new(|| Clock::System.now().0),
    };
    let url = format!("http://{address}");
    out.show(
        &json!({"listening": url, "bucket": s3::BUCKET, "region": s3::REGION,
                "access_key": s3::ACCESS_KEY, "secret": s3::SECRET}),
        |out| {
            let (bucket, key, secret) = (s3::BUCKET, s3::ACCESS_KEY, s3::SECRET);
            out.line(&format!("listening on {url}"));
            out.note(out.tell(&said!(
                "an object store for tests: [archive] url = \"s3:{url}/{bucket}\", access_key = \"{key}\", secret = \"{secret}\"",
                "测试用对象存储：[archive] url = \"s3:{url}/{bucket}\"，access_key = \"{key}\"，secret = \"{secret}\""
            )));
        },
    );
    let served = s3::serve(listener, settings, async move { asked.once().await }).await;
    served.map_err(|error| ended(address, &error))
}

/// One word of behaviour, for `--help`.
fn behaviour((word, number, does): (&str, u64, &str)) -> String {
    // A word without a use for a number has none to show.
    let word = if does.contains(" N ") { format!("{word}={number}") } else { word.to_owned() };
    format!("  {word:20} {does}")
}

/// Every way in which a marketplace misbehaves, for `--help`.
fn temu_behaviours() -> String {
    let head = "Words of behaviour, at /control: `{\"behave\":\"error=503\",\"for\":{\"shop\":\"634418210000001\",\
                \"type\":\"bg.order.list.v2.get\",\"page\":2,\"calls\":3,\"seconds\":60}}`; what `for` leaves out \
                holds for all calls, and `type` may be what a type begins with.";
    let lines = std::iter::once(head.to_owned()).chain(temu::words().map(behaviour));
    lines.collect::<Vec<_>>().join("\n")
}

/// How it is used, for people.
fn temu_note(url: &str, keys: &[temu::Key]) -> Said {
    let shops: Vec<String> = keys
        .iter()
        .take(SHOPS_SHOWN)
        .map(|temu::Key { mall_id, access_token, region, .. }| {
            format!(
                "docket shop add shop-{mall_id} --channel temu --region {region} --base-url {url} --app-key {} \
                 --app-secret-file <(echo {}) --access-token-file <(echo {access_token})",
                temu::APP_KEY,
                temu::APP_SECRET
            )
        })
        .collect();
    said!(
        "a marketplace for tests; connect its shops:\n{shops}\n\
         misbehave:  curl -X POST {url}/control -d '{{\"behave\":\"error=503\",\"for\":{{\"calls\":3}}}}'\n\
         the truth, and all words of behaviour:  curl {url}/control",
        "测试用电商平台；接入其店铺：\n{shops}\n\
         异常行为：curl -X POST {url}/control -d '{{\"behave\":\"error=503\",\"for\":{{\"calls\":3}}}}'\n\
         真实状态与全部行为词：curl {url}/control",
        shops = shops.join("\n"),
        url = url,
    )
}

/// Every way to misbehave, for `--help`.
fn behaviours() -> String {
    let head = "A center started with DOCKET_PAYMENTS__SANDBOX__CONNECTOR=sandbox pays through it, under the name \
                `sandbox`.\n\nWords of behaviour, in the title of a payment (`Tea behave: late=5000 duplicate`) or at \
                /control:";
    let any = "  any                  one of them, by the seed and the payment's number";
    let lines = std::iter::once(head.to_owned()).chain(pay::words().map(behaviour));
    lines.chain([any.to_owned()]).collect::<Vec<_>>().join("\n")
}

/// How it is used, for people.
fn note(url: &str) -> Said {
    said!(
        "a payment gateway for tests: merchant {merchant}, secret {secret}\n\
         pay:        curl -X POST {url}/pay/PAYMENT   (-d '{{\"outcome\":\"fail\"}}', or open it in a browser)\n\
         misbehave:  curl -X POST {url}/control -d '{{\"behave\":\"duplicate late=5000\"}}'\n\
         the truth, and all words of behaviour:  curl {url}/control",
        "测试用支付网关：商户 {merchant}，密钥 {secret}\n\
         付款：curl -X POST {url}/pay/支付单号  （-d '{{\"outcome\":\"fail\"}}'，或用浏览器打开）\n\
         异常行为：curl -X POST {url}/control -d '{{\"behave\":\"duplicate late=5000\"}}'\n\
         真实状态与全部行为词：curl {url}/control",
        merchant = pay::MERCHANT,
        secret = pay::SECRET,
        url = url,
    )
}
