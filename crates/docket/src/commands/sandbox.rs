//! `docket sandbox`: stand-ins of the outside, each a process of its own until it is told to stop. What they do
//! stands in `docket-sandbox`.

use crate::center::own::Door;
use crate::cli::Options;
use crate::commands::serve::StopSignals;
use crate::failure::Failure;
use crate::output::{Form, Output};
use crate::said::{Said, said};
use docket_app::Clock;
use docket_sandbox::{pay, s3};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;

/// What can be stood in for.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// A payment gateway that misbehaves on request
    Pay(PayArgs),
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

/// Runs one of them.
pub async fn run(command: Command, options: &Options) -> Result<(), Failure> {
    match command {
        Command::Pay(args) => pay(args, &options.output()).await,
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
    served.map_err(|error| {
        let ended = said!("the listener at {address} ended", "{address} 的监听已终止");
        Failure::new(ended.because(Said::from(&error)))
    })
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
    served.map_err(|error| {
        let ended = said!("the listener at {address} ended", "{address} 的监听已终止");
        Failure::new(ended.because(Said::from(&error)))
    })
}

/// Every way to misbehave, for `--help`.
fn behaviours() -> String {
    let line = |(word, number, does): (&str, u64, &str)| {
        // A word without a use for a number has none to show.
        let word = if does.contains(" N ") { format!("{word}={number}") } else { word.to_owned() };
        format!("  {word:20} {does}")
    };
    let head = "A center started with DOCKET_PAYMENTS__SANDBOX__CONNECTOR=sandbox pays through it, under the name \
                `sandbox`.\n\nWords of behaviour, in the title of a payment (`Tea behave: late=5000 duplicate`) or at \
                /control:";
    let any = "  any                  one of them, by the seed and the payment's number";
    let lines = std::iter::once(head.to_owned()).chain(pay::words().map(line));
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
