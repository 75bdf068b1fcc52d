//! `[payments.NAME]`: the payment gateways, each under the name that orders call it by.

use super::gateway_shapes::{BaseUrl, Connector, GatewayName, Merchant, Secret};
use super::layers::{self, Given, Layers, dotted};
use super::nearest::nearest;
use super::section::{About, Listed, listed};
use super::{Origin, Set};
use crate::failure::Failure;
use crate::said::said;
use docket_app::{Connector as At, GatewayAt};
use std::collections::BTreeMap;
use std::path::Path;

/// The section.
pub const SECTION: &str = "payments";
/// Its keys, their defaults, and what they are for.
pub const KEYS: [(&str, &str, About); 5] = [
    (
        "connector",
        "sandbox",
        About::of(
            "How it is spoken to: `sandbox` (`docket sandbox pay`), or `external` where somebody else speaks to it
             and reports by the API.",
            "如何与它通信：`sandbox`（即 `docket sandbox pay`），或 `external`（由他方与它通信，并通过 API 上报）。",
        ),
    ),
    ("url", "http://127.0.0.1:7310", About::of("Its base address.", "它的基础地址。")),
    ("merchant", "docket", About::of("Who we are there.", "我们在它那里的商户号。")),
    (
        "secret",
        "sandbox",
        About::of(
            "What both sides sign with. Or secret_file = \"FILE\".",
            "双方签名所用的密钥。也可写 secret_file = \"文件\"。",
        ),
    ),
    (
        "callback_url",
        "",
        About::of(
            "The public address of this center, to which callbacks go; where it listens, if empty.",
            "本订单中心接收回调的公网地址；留空则为其监听地址。",
        ),
    ),
];
/// The file that holds the secret.
const SECRET_FILE: &str = "secret_file";

/// Takes every gateway.
pub fn take(
    layers: &mut Layers,
    also: &mut Vec<Listed>,
    data: &Path,
) -> Result<Vec<GatewayAt>, Failure> {
    let mut named: BTreeMap<String, Vec<Given>> = BTreeMap::new();
    for given in layers.take_under(SECTION)? {
        let [_, name, key] = &given.path[..] else {
            return Err(unknown(&given.path, &given.origin));
        };
        let known = KEYS.iter().any(|(known, ..)| known == key) || key == SECRET_FILE;
        if !known {
            return Err(unknown(&given.path, &given.origin));
        }
        named.entry(name.clone()).or_default().push(given);
    }
    let mut gateways = Vec::new();
    for (name, given) in named {
        let path = [SECTION.to_owned(), name.clone()];
        let origin = given[0].origin.clone();
        layers::read::<GatewayName>(&path, &name, origin)?;
        let mut own = Layers::default();
        own.add(given)?;
        gateways.push(gateway(&name, &mut own, also, data)?);
    }
    Ok(gateways)
}

fn gateway(
    name: &str,
    own: &mut Layers,
    also: &mut Vec<Listed>,
    data: &Path,
) -> Result<GatewayAt, Failure> {
    let default = |key: &str| KEYS.iter().find(|(known, ..)| *known == key).map_or("", |key| key.1);
    let connector: Set<Connector> =
        own.take(&[SECTION, name, "connector"], default("connector"))?;
    let url: Set<BaseUrl> = own.take(&[SECTION, name, "url"], default("url"))?;
    let merchant: Set<Merchant> = own.take(&[SECTION, name, "merchant"], default("merchant"))?;
    let secret: Set<Secret> =
        own.take_secret(&[SECTION, name, "secret"], default("secret"), data)?;
    let callback: Set<BaseUrl> =
        own.take(&[SECTION, name, "callback_url"], default("callback_url"))?;
    let key = |key: &str| format!("{SECTION}.{name}.{key}");
    also.push(listed(key("connector"), &connector));
    let connector = match connector.value {
        Connector::External => At::External,
        Connector::Sandbox => {
            let Some(there) = url.value.0.clone() else {
                let empty = layers::cannot_be_used(&key("url"), "", &url.origin);
                return Err(empty.next(said!(
                    "Give the base address of the gateway, such as http://127.0.0.1:7310.",
                    "请填写网关的地址，例如 http://127.0.0.1:7310。"
                )));
            };
            also.extend([
                listed(key("url"), &url),
                listed(key("merchant"), &merchant),
                listed(key("secret"), &secret),
                listed(key("callback_url"), &callback),
            ]);
            At::Sandbox { url: there, merchant: merchant.value.0, secret: secret.value.0 }
        }
    };
    Ok(GatewayAt { name: name.to_owned(), connector, callback_url: callback.value.0 })
}

fn unknown(path: &[String], origin: &Origin) -> Failure {
    let failure = super::strange::no_setting(&dotted(path), &origin.said());
    let keys = KEYS.iter().map(|(key, ..)| *key).chain([SECRET_FILE]);
    let near = match path {
        [_, name, key] => nearest(key, keys).map(|key| format!("{SECTION}.{name}.{key}")),
        _ => None,
    };
    match near {
        Some(near) => failure.next(said!("Did you mean {near}?", "是否应为 {near}？")),
        None => failure.next(said!(
            "A gateway is set as [payments.NAME] with connector, url, merchant, secret and callback_url.",
            "网关写作 [payments.名称]，其下有 connector、url、merchant、secret、callback_url。"
        )),
    }
}
