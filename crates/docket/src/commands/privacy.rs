//! `docket privacy`: the keys that seal people's data. What is sealed names its key, so what was sealed before stays
//! readable for as long as the old keys are there; the database records which there must be.

use crate::center::{keys, own};
use crate::cli::Options;
use crate::config::{self, Config};
use crate::failure::Failure;
use crate::output::Output;
use crate::said::{Said, said};
use docket_app::vault::{KeySource, VaultError, fresh_keys};
use docket_app::{KeyWord, KeysError, OpenError, compare_keys, highest_key};
use docket_store::{RecordedKey, give_up_key, record_keys, survey};
use serde_json::json;
use std::path::PathBuf;

/// What `docket privacy` can do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the keys that the database records, and whether they are here
    List,
    /// Print fresh keys for a center that has none yet: to give to its processes as privacy.keys
    New,
    /// Add a new key; from its next start on, `serve` seals with it
    Rotate,
    /// Take in the keys of another key file: what they sealed can be opened
    Adopt {
        /// The other key file
        file: PathBuf,
    },
    /// Give up a key that is lost for good: the center starts without it, what it sealed stays sealed
    GiveUp {
        /// The fingerprint of the key, as `docket privacy list` shows it
        fingerprint: String,
        /// Really
        #[arg(long)]
        yes: bool,
    },
}

/// Does it.
pub async fn run(command: Command, options: &Options) -> Result<(), Failure> {
    let out = options.output();
    if let Command::New = command {
        out.line(&fresh_keys());
        return Ok(());
    }
    let config = config::load(options, None)?;
    match command {
        Command::New => Ok(()),
        Command::List => list(&config, &out).await,
        Command::Rotate => rotate(&config, &out).await,
        Command::Adopt { file } => adopt(&config, file, &out).await,
        Command::GiveUp { fingerprint, yes } => give_up(&config, &fingerprint, yes, &out).await,
    }
}

async fn refused(config: &Config, error: OpenError) -> Failure {
    match error {
        OpenError::Keys(error) => own::OpenError::Keys(error).into(),
        OpenError::Store(error) => own::told(config, error).await.into(),
    }
}

fn unchanged(error: VaultError) -> Failure {
    Failure::new(keys::said(&KeysError::Unreadable(error))).next(said!(
        "Nothing was changed; `docket check` says what is wrong with the keys.",
        "未作任何改动；docket check 会说明密钥的问题所在。"
    ))
}

async fn list(config: &Config, out: &Output) -> Result<(), Failure> {
    let url = config.database_url();
    let recorded = match survey(&url).await {
        Ok(found) => found.keys,
        Err(error) => return Err(own::told(config, error).await.into()),
    };
    let place = config.keys();
    let held = place.read().map_err(unchanged)?.map(|vault| vault.keys()).unwrap_or_default();
    let mut all = recorded.clone();
    let is_new = |key: &&RecordedKey| {
        !recorded.iter().any(|known| known.used == key.used && known.fingerprint == key.fingerprint)
    };
    all.extend(held.iter().filter(is_new).cloned());
    let here = |key: &RecordedKey| {
        held.iter().any(|held| held.used == key.used && held.fingerprint == key.fingerprint)
    };
    let shown: Vec<_> = all
        .iter()
        .map(|key| {
            json!({
                "key": key.used.word(), "fingerprint": key.fingerprint, "here": here(key),
                "recorded": recorded.contains(key), "given_up": key.lost,
            })
        })
        .collect();
    out.show(&json!({"place": place.named(), "keys": shown}), |out| {
        let head = [
            out.say("key", "密钥"),
            out.say("fingerprint", "指纹"),
            out.say("here", "在此处"),
            out.say("state", "状态"),
        ];
        let state = |key: &RecordedKey| match (key.lost, recorded.contains(key)) {
            (true, _) => out.say("given up", "已放弃"),
            (false, true) => out.say("recorded", "已登记"),
            (false, false) => out.say("not recorded yet", "尚未登记"),
        };
        let row = |key: &RecordedKey| {
            let here = if here(key) { out.say("yes", "是") } else { out.say("no", "否") };
            vec![key.used.word(), key.fingerprint.clone(), here.to_owned(), state(key).to_owned()]
        };
        out.table(&head, all.iter().map(row));
    });
    Ok(())
}

/// Records the keys that are here now, where there is a database.
async fn record(config: &Config) -> Result<(), Failure> {
    let url = config.database_url();
    let Some(vault) = config.keys().read().map_err(unchanged)? else { return Ok(()) };
    let there = match docket_store::peek(&url).await {
        Ok(found) => found != docket_store::Found::Nothing,
        Err(error) => return Err(own::told(config, error).await.into()),
    };
    if there && let Err(error) = record_keys(&url, vault.keys()).await {
        return Err(own::told(config, error).await.into());
    }
    Ok(())
}

/// Shows keys that must be put where they are given; where they stand in a file, nothing is to be done.
fn show_text(text: Option<&str>, place: &KeySource, out: &Output) {
    let Some(text) = text else { return };
    out.line(text);
    let place = place.named();
    out.note(out.tell(&said!(
        "Give this text to every process in the place of {place}; the key is recorded by the first that starts with it.",
        "请将此文本提供给每个进程，替换 {place}；首个以其启动的进程会登记该密钥。"
    )));
}

/// What is done with keys that changed.
const fn brought(as_text: bool, out: &Output) -> &'static str {
    if as_text {
        return out.say(
            "Keep a copy, and restart the processes with it.",
            "请另存一份，并用它重启各进程。",
        );
    }
    out.say(
        "Keep a copy, and bring it to every process on this database: each takes it in within seconds.",
        "请另存一份，并放到使用此数据库的每个进程处：它们会在数秒内读入。",
    )
}

async fn rotate(config: &Config, out: &Output) -> Result<(), Failure> {
    let place = config.keys();
    let compared = compare_keys(&config.database_url(), &place).await;
    let (survey, _) = match compared {
        Ok(compared) => compared,
        Err(error) => return Err(refused(config, error).await),
    };
    let rotated = place.rotate(highest_key(&survey.keys)).map_err(unchanged)?;
    if rotated.text.is_none() {
        record(config).await?;
    }
    let (id, named) = (rotated.id, place.named());
    let shown = json!({"key_file": named, "key": id, "keys": rotated.text});
    out.show(&shown, |out| {
        if rotated.text.is_none() {
            out.line(&format!("{} {id}: {named}", out.say("new key", "新密钥")));
        }
        show_text(rotated.text.as_deref(), &place, out);
        out.note(brought(rotated.text.is_some(), out));
    });
    Ok(())
}

async fn adopt(config: &Config, file: PathBuf, out: &Output) -> Result<(), Failure> {
    let place = config.keys();
    let recorded = match survey(&config.database_url()).await {
        Ok(found) => found.keys,
        Err(error) => return Err(own::told(config, error).await.into()),
    };
    let other = KeySource::File(file);
    let (taken, text) = place.adopt(&other, &recorded).map_err(|error| match error {
        KeysError::Unreadable(error) => unchanged(error),
        error => own::OpenError::Keys(error).into(),
    })?;
    if text.is_none() {
        record(config).await?;
    }
    let named = place.named();
    out.show(&json!({"key_file": named, "adopted": taken, "keys": text}), |out| {
        let count = taken.len();
        if text.is_none() {
            out.line(
                out.tell(&said!(
                    "{named}: {count} keys taken in",
                    "{named}：已纳入 {count} 个密钥"
                )),
            );
        }
        show_text(text.as_deref(), &place, out);
        if count > 0 {
            out.note(brought(text.is_some(), out));
        }
    });
    Ok(())
}

async fn give_up(
    config: &Config,
    fingerprint: &str,
    yes: bool,
    out: &Output,
) -> Result<(), Failure> {
    let held = config.keys().read().map_err(unchanged)?.map(|vault| vault.keys());
    if held.is_some_and(|held| held.iter().any(|key| key.fingerprint == fingerprint)) {
        let place = config.keys().named();
        return Err(Failure::new(said!(
            "the key {fingerprint} is not lost: {place} holds it",
            "密钥 {fingerprint} 并未丢失：{place} 中有该密钥"
        ))
        .next(nothing_changed()));
    }
    if !yes {
        return Err(Failure::usage(said!(
            "what key {fingerprint} sealed can never be read again once the key is given up and gone",
            "放弃密钥 {fingerprint} 后，由它加密的内容将无法再读取"
        ))
        .next(said!(
            "Say --yes if no copy of it is left anywhere.",
            "若确认已无任何副本，请加上 --yes。"
        )));
    }
    let key = match give_up_key(&config.database_url(), fingerprint).await {
        Ok(Some(key)) => key,
        Ok(None) => {
            return Err(Failure::new(said!(
                "the database records no key {fingerprint}",
                "数据库中没有登记密钥 {fingerprint}"
            ))
            .word("not_found")
            .next(said!(
                "`docket privacy list` shows those that it does.",
                "docket privacy list 可列出已登记的密钥。"
            )));
        }
        Err(error) => return Err(own::told(config, error).await.into()),
    };
    let word = key.used.word();
    out.show(&json!({"key": word, "fingerprint": fingerprint, "given_up": true}), |out| {
        out.line(out.tell(&said!("gave up key {word} {fingerprint}", "已放弃密钥 {word} {fingerprint}")));
        out.note(out.say(
            "Orders stay; the people it sealed are shown as sealed. Should the key be found, take it in with \
             `docket privacy adopt FILE`; do not put the file in the place of a newer one.",
            "订单保留；由它加密的个人信息显示为无法读取。若日后找到该密钥，请用 docket privacy adopt FILE 纳入，\
             不要用它覆盖较新的密钥文件。",
        ));
    });
    Ok(())
}

fn nothing_changed() -> Said {
    said!("Nothing was changed.", "未作任何改动。")
}
