//! `[ledger.*]`: how many points are granted, and who keeps a ledger for us.

use super::layers::Layers;
use super::nearest::nearest;
use super::section::{About, Listed, listed};
use super::shapes::{Shape, web};
use super::{Origin, Set};
use crate::failure::Failure;
use crate::said::{Said, said};
use docket_app::{LedgerSettings, Receiver};
use docket_domain::ledger::Ledger;
use docket_domain::story::Language;
use std::path::Path;

/// Ledgers that others may keep. Stock stays here.
pub const REMOTE: [Ledger; 5] =
    [Ledger::Points, Ledger::Coins, Ledger::Coupons, Ledger::Gifts, Ledger::Slips];

/// The keys of each, with what they are for and an example.
pub const KEYS: [(&str, About, &str); 3] = [
    (
        "per",
        About::of(
            "[ledger.points] alone: minor units of money to pay for one point. No points where left out.",
            "仅用于 [ledger.points]：每付多少最小货币单位得一个积分。不设置则不发积分。",
        ),
        "100",
    ),
    (
        "url",
        About::of(
            "Where effects are sent if others keep this ledger; it is kept here where left out.",
            "此账本由他方维护时，变动发往何处；不设置则在此处维护。",
        ),
        "https://ledgers.example.com/docket",
    ),
    (
        "secret",
        About::of(
            "What signs them, by Standard Webhooks: whsec_ and base64, or any text.",
            "用于签名的密钥（Standard Webhooks）：whsec_ 加 base64，或任意文本。",
        ),
        "at least sixteen bytes",
    ),
];

/// The known key that was probably meant by `key` behind `before`.
pub fn likely(before: &[String], key: &str) -> Option<String> {
    let words = REMOTE.iter().map(|ledger| ledger.word());
    let word = nearest(before.first()?, words)?;
    let names = KEYS.iter().map(|(key, ..)| *key).chain(["secret_file"]);
    let key = nearest(key, names.filter(|key| *key != "per" || word == "points"))?;
    Some(format!("ledger.{word}.{key}"))
}

/// Reads the section; what was set is added to `also`.
pub fn take(
    layers: &mut Layers,
    also: &mut Vec<Listed>,
    data: &Path,
) -> Result<LedgerSettings, Failure> {
    let mut settings = LedgerSettings::default();
    let per: Set<PerPoint> = layers.take(&["ledger", "points", "per"], "")?;
    settings.points_per = per.value.0;
    note(also, "ledger.points.per".to_owned(), &per);
    for ledger in REMOTE {
        let word = ledger.word();
        let url: Set<ReceiverUrl> = layers.take(&["ledger", word, "url"], "")?;
        let secret: Set<SigningSecret> =
            layers.take_secret(&["ledger", word, "secret"], "", data)?;
        note(also, format!("ledger.{word}.url"), &url);
        note(also, format!("ledger.{word}.secret"), &secret);
        match (url.value.0, secret.value.0) {
            (None, None) => {}
            (Some(url), Some(secret)) => {
                settings.receivers.insert(ledger, Receiver::new(url, secret));
            }
            (Some(_), None) => return Err(half(word, "secret", &url.origin)),
            (None, Some(_)) => return Err(half(word, "url", &secret.origin)),
        }
    }
    Ok(settings)
}

fn note<T>(also: &mut Vec<Listed>, key: String, set: &Set<T>) {
    if set.origin != Origin::Default {
        also.push(listed(key, set));
    }
}

fn half(word: &str, missing: &str, origin: &Origin) -> Failure {
    let from = origin.said();
    let said = Said::of(
        format!("ledger.{word} has no {missing} ({})", from.to(Language::En)),
        format!("ledger.{word} 缺少 {missing}（{}）", from.to(Language::Zh)),
    );
    Failure::new(said).next(said!(
        "A ledger that others keep has both url and secret (or secret_file).",
        "由他方维护的账本须同时设置 url 和 secret（或 secret_file）。"
    ))
}

/// Minor units of money for one point, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PerPoint(Option<i64>);

impl Shape for PerPoint {
    const LOOKS: (&'static str, &'static str) =
        ("a number from 1 to 999999999 of minor units", "1 到 999999999 的最小货币单位数");

    fn read(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self(None));
        }
        let number = text.parse().ok().filter(|number| (1..1_000_000_000).contains(number))?;
        Some(Self(Some(number)))
    }
}

/// Where effects are sent, if anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ReceiverUrl(Option<String>);

impl Shape for ReceiverUrl {
    const LOOKS: (&'static str, &'static str) =
        ("an address such as https://host/path", "地址，例如 https://host/path");

    fn read(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self(None));
        }
        let plain = !text.contains(char::is_whitespace) && text.len() <= 1024;
        (plain && web(text).is_some()).then(|| Self(Some(text.to_owned())))
    }
}

/// What signs messages; never shown.
#[derive(Clone, PartialEq, Eq)]
struct SigningSecret(Option<Vec<u8>>);

impl std::fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Shape for SigningSecret {
    const LOOKS: (&'static str, &'static str) = (
        "whsec_ and base64, or any text of at least 16 bytes",
        " whsec_ 加 base64，或至少 16 字节的文本",
    );

    fn read(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self(None));
        }
        Receiver::secret(text).map(|bytes| Self(Some(bytes)))
    }

    fn shown(text: &str) -> String {
        if text.is_empty() { String::new() } else { "***".to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{environment, file};
    use super::*;

    fn read(
        text: &str,
        variables: &[(&str, &str)],
    ) -> Result<(LedgerSettings, Vec<Listed>), String> {
        let mut layers = Layers::default();
        let owned = variables.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        let read = file::parse(Path::new("docket.toml"), text).and_then(|file| {
            layers.add(file)?;
            layers.add(environment::of(owned))?;
            let mut also = Vec::new();
            Ok((take(&mut layers, &mut also, Path::new("data"))?, also))
        });
        read.map_err(|failure| failure.message.to(Language::En).to_owned())
    }

    #[test]
    fn points_and_receivers_are_set_and_their_secrets_are_not_shown() {
        let text = "[ledger.points]\nper = 100\nurl = \"https://host/points\"\n";
        let secret = [("DOCKET_LEDGER__POINTS__SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")];
        let (settings, listed) = read(text, &secret).expect("a config");
        assert_eq!(settings.points_per, Some(100));
        let receiver = &settings.receivers[&Ledger::Points];
        assert_eq!((receiver.url.as_str(), receiver.secret.len()), ("https://host/points", 24));
        assert!(listed.iter().any(|one| one.key == "ledger.points.secret" && one.value == "***"));
        assert_eq!(read("", &[]).expect("nothing set").0.receivers.len(), 0);
    }

    #[test]
    fn half_a_receiver_and_wrong_values_are_refused() {
        let url = "url = \"https://host\"\n";
        for (text, said) in [
            (format!("[ledger.gifts]\n{url}"), "ledger.gifts has no secret (docket.toml:2)"),
            (
                "[ledger.slips]\nsecret = \"0123456789abcdef\"\n".to_owned(),
                "ledger.slips has no url (docket.toml:2)",
            ),
            (
                "[ledger.points]\nper = 0\n".to_owned(),
                "ledger.points.per = \"0\" (docket.toml:2) cannot be used",
            ),
            (
                "[ledger.coins]\nsecret = \"short\"\n".to_owned(),
                "ledger.coins.secret = \"***\" (docket.toml:2) cannot be used",
            ),
        ] {
            assert_eq!(read(&text, &[]).expect_err("refused"), said);
        }
    }
}
