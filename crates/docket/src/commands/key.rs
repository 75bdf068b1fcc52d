//! `docket key`: keys of programs.

use crate::center::{self, Center};
use crate::cli::Options;
use crate::config::{Length, Shape as _};
use crate::failure::Failure;
use crate::log;
use crate::output::Output;
use crate::said::{Said, said};
use crate::usage::WrongValue;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// What `docket key` can do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Add a key and print it, alone and this once, on stdout
    Add(Add),
    /// List the keys; their secrets are not kept
    List,
    /// End a key
    Revoke {
        /// The key's name or number
        name: String,
    },
}

/// Arguments of `docket key add`.
#[derive(Debug, clap::Args)]
pub struct Add {
    /// What people call it; several may have one name
    name: String,
    /// What it may do: orders.read orders.write prices payments refunds privacy.read stock coupons tasks
    /// shops documents sites admin
    #[arg(long, value_name = "SCOPE,…", value_delimiter = ',', required = true, value_parser = scope)]
    scopes: Vec<String>,
    /// For whom it may speak: buyer seller store till courier gateway
    #[arg(long, value_name = "ACTOR,…", value_delimiter = ',',
        value_parser = ["buyer", "seller", "store", "till", "courier", "gateway"])]
    actors: Vec<String>,
    /// A shop it may touch; without one, all
    #[arg(long = "shop", value_name = "ID")]
    shops: Vec<String>,
    /// A place it may touch; without one, all
    #[arg(long = "place", value_name = "ID")]
    places: Vec<String>,
    /// Who its client tokens and cash references belong to; give the old key's when renewing one
    #[arg(long)]
    issuer: Option<String>,
    /// After how long it opens no more, such as 90d or 12h; without it, never
    #[arg(long, value_name = "TIME", value_parser = lifetime)]
    expires: Option<i64>,
}

/// A length of time that a key may live, in milliseconds.
fn lifetime(text: &str) -> Result<i64, WrongValue> {
    match Length::read(text) {
        Some(Length(ms)) if ms > 0 => Ok(ms),
        _ => Err(WrongValue(said!(
            "a length of time such as 90d, 12h or 30m",
            "应为时间长度，例如 90d、12h 或 30m"
        ))),
    }
}

fn scope(word: &str) -> Result<String, WrongValue> {
    if docket_app::Scope::from_word(word).is_some() {
        return Ok(word.to_owned());
    }
    let all: Vec<&str> = docket_app::Scope::ALL.iter().map(|scope| scope.word()).collect();
    let all = all.join(" ");
    Err(WrongValue(said!("the scopes are {all}", "可用的权限范围：{all}")))
}

/// Does what was asked.
pub async fn run(command: Command, options: &Options) -> Result<(), Failure> {
    log::start_quiet();
    match command {
        Command::Add(add) => {
            center::with(options, async |center| add_key(add, center, options).await).await
        }
        Command::List => {
            center::with_one_that_is_there(options, async |center| list(center, options).await)
                .await
        }
        Command::Revoke { name } => {
            center::with_one_that_is_there(options, async |center| {
                revoke(&name, center, options).await
            })
            .await
        }
    }
}

async fn add_key(add: Add, center: &Center, options: &Options) -> Result<(), Failure> {
    let mut asked = json!({
        "name": add.name, "scopes": add.scopes, "actors": add.actors,
        "shops": add.shops, "places": add.places,
    });
    if let Some(issuer) = add.issuer {
        asked["issuer"] = json!(issuer);
    }
    if let Some(lifetime) = add.expires {
        let until = Timestamp::now()
            .checked_add(SignedDuration::from_millis(lifetime))
            .map_err(|_| Failure::usage(said!("--expires is too long", "--expires 过长")))?;
        asked["expires_at"] = json!(until.to_string());
    }
    let others = live_keys(&center.get("/api/keys").await?, &add.name).len();
    let made = center.post("/api/keys", &asked).await?;
    let out = options.output();
    if others > 0 {
        let name = &add.name;
        out.note(out.tell(&said!(
            "another key is called {name} too; `docket key list` shows the numbers that tell them apart",
            "已有其他密钥名为 {name}；docket key list 显示的编号可加以区分"
        )));
    }
    out.show(&made, |out| {
        out.line(made["key"].as_str().unwrap_or_default());
        out.note(out.say("The key is shown this once.", "密钥仅显示这一次。"));
    });
    Ok(())
}

async fn list(center: &Center, options: &Options) -> Result<(), Failure> {
    let keys = center.get("/api/keys").await?;
    let out = options.output();
    out.show(&keys, |out| {
        let head = [
            out.say("number", "编号"),
            out.say("name", "名称"),
            out.say("scopes", "权限"),
            out.say("actors", "代表"),
            out.say("shops", "店铺"),
            out.say("places", "地点"),
            out.say("issuer", "签发方"),
            out.say("made", "创建时间"),
            out.say("last used", "上次使用"),
            out.say("expires", "到期时间"),
            out.say("revoked", "撤销时间"),
        ];
        let fields = [
            "key_id",
            "name",
            "scopes",
            "actors",
            "shops",
            "places",
            "issuer",
            "created_at",
            "last_used_at",
            "expires_at",
            "revoked_at",
        ];
        let row = |key: &Value| fields.map(|field| words(&key[field])).to_vec();
        out.table(&head, keys["keys"].as_array().into_iter().flatten().map(row));
    });
    Ok(())
}

/// A word, or words with blanks between.
pub fn words(value: &Value) -> String {
    match value {
        Value::String(word) => word.clone(),
        Value::Array(words) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        _ => String::new(),
    }
}

/// A sentence that the center kept, in the language of the reader.
pub fn why(value: &Value, out: &Output) -> String {
    out.tell(&Said::of_center(value.as_str().unwrap_or_default())).to_owned()
}

/// The keys that a name or a number means: of those that are called so, the ones that are still of use.
fn live_keys<'a>(keys: &'a Value, name: &str) -> Vec<&'a Value> {
    let called = |key: &&Value| key["name"] == name && key["revoked_at"].is_null();
    let all = keys["keys"].as_array().into_iter().flatten();
    all.filter(|key| key["key_id"] == name || called(key)).collect()
}

async fn revoke(name: &str, center: &Center, options: &Options) -> Result<(), Failure> {
    let keys = center.get("/api/keys").await?;
    let named = live_keys(&keys, name);
    let number = match named[..] {
        [] => {
            return Err(Failure::new(said!("there is no key {name}", "没有密钥 {name}"))
                .word("not_found")
                .next(said!("`docket key list` lists them.", "docket key list 可列出密钥。")));
        }
        [key] => key["key_id"].as_str().unwrap_or_default(),
        _ => {
            return Err(Failure::new(said!(
                "several keys are called {name}",
                "有多个密钥名为 {name}"
            ))
            .next(said!(
                "Give the number that `docket key list` shows.",
                "请给出 docket key list 显示的编号。"
            )));
        }
    };
    center.delete(&format!("/api/keys/{number}")).await?;
    let keys = center.get("/api/keys").await?;
    let mut now = keys["keys"].as_array().into_iter().flatten();
    let now = now.find(|key| key["key_id"] == number).cloned().unwrap_or_default();
    let out = options.output();
    out.show(&now, |out| out.note(&format!("{} {name}", out.say("revoked", "已撤销"))));
    Ok(())
}
