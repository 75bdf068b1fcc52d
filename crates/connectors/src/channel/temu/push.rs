//! Pushes of Temu: one event, encrypted with the app's secret and signed with it over headers and clear text.

use super::lists::{number_of, short};
use crate::channel::json::{Object, seconds, text};
use crate::channel::private::without_people;
use crate::channel::{AppSecrets, Push, PushBody, PushEvent, PushKind, PushRefused, Secret};
use aes::Aes128;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, KeyIvInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

const APP_KEY: &str = "x-tm-app-key";
const EVENT_CODE: &str = "x-tm-event-code";
const TIMESTAMP: &str = "x-tm-timestamp";
const EXT_PARAM: &str = "x-tm-ext-param";
const SIGNATURE: &str = "x-tm-signature";
/// What stands in the signature under this name is the clear text.
const EVENT_DATA: &str = "eventData";

/// Verifies and reads a push.
pub fn verify(push: &Push<'_>, secrets: &AppSecrets) -> Result<PushEvent, PushRefused> {
    let header = |name| push.message.header(name).ok_or(PushRefused::Unsigned);
    let (app_key, code) = (header(APP_KEY)?, header(EVENT_CODE)?);
    let (timestamp, signature) = (header(TIMESTAMP)?, header(SIGNATURE)?);
    // Hexadecimal digits of either case.
    let signature = hex::decode(signature.trim()).map_err(|_| PushRefused::Unsigned)?;
    if secrets.of(app_key).next().is_none() {
        return Err(PushRefused::UnknownApp);
    }
    let sealed = sealed(push.message.body).ok_or(PushRefused::WrongSignature)?;
    let signed = [(APP_KEY, app_key), (EVENT_CODE, code), (TIMESTAMP, timestamp)];
    let told = push.message.header(EXT_PARAM);
    let opened = secrets.of(app_key).find_map(|secret| {
        let clear = decrypt(secret, &sealed)?;
        // The guide signs with this header or without it, and leaves it out where it is empty.
        let variants = [told, None, Some("{}")];
        let fits = |ext| is_signed(secret, &signed, ext, &clear, &signature);
        variants.into_iter().any(fits).then_some(clear)
    });
    let clear = opened.ok_or(PushRefused::WrongSignature)?;
    let clear = str::from_utf8(&clear).map_err(|_| PushRefused::Unreadable("it is no text"))?;
    read(app_key, code, timestamp, clear)
}

/// The encrypted event of a body.
fn sealed(body: &[u8]) -> Option<Vec<u8>> {
    let body = Object::read(str::from_utf8(body).ok()?)?;
    STANDARD.decode(text(body.get(EVENT_DATA)?)?.trim()).ok()
}

/// The clear text. Key and first block are the beginning of the secret: whoever reads it knows little, since what proves
/// where it comes from is the signature.
fn decrypt(secret: &Secret, sealed: &[u8]) -> Option<Vec<u8>> {
    let key: [u8; 16] = secret.reveal().as_bytes().get(..16)?.try_into().ok()?;
    let cipher = cbc::Decryptor::<Aes128>::new(&key.into(), &key.into());
    let mut bytes = sealed.to_vec();
    cipher.decrypt_padded::<Pkcs7>(&mut bytes).ok().map(<[u8]>::to_vec)
}

/// Whether this is the signature: names and values, sorted by name, one behind the other.
fn is_signed(
    secret: &Secret,
    headers: &[(&str, &str); 3],
    ext: Option<&str>,
    clear: &[u8],
    signature: &[u8],
) -> bool {
    let mut parts: Vec<(&str, &[u8])> =
        headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    parts.extend(ext.map(|value| (EXT_PARAM, value.as_bytes())));
    parts.push((EVENT_DATA, clear));
    parts.sort_unstable_by_key(|(name, _)| *name);
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.reveal().as_bytes());
    let mut mac = mac.expect("HMAC takes keys of any length");
    for (name, value) in parts {
        mac.update(name.as_bytes());
        mac.update(value);
    }
    // Compared in constant time: how long it takes tells nothing of the secret.
    mac.verify_slice(signature).is_ok()
}

fn read(app_key: &str, code: &str, sent: &str, clear: &str) -> Result<PushEvent, PushRefused> {
    let told = Object::read(clear).ok_or(PushRefused::Unreadable("it is no object"))?;
    let payload = without_people(clear);
    let happened_at = told.get("updateTime").and_then(seconds);
    // An event that tells its time is the same however often it is sent. One that does not might happen twice, so the time
    // of sending tells two apart; at worst one is read back twice.
    let sent_at = if happened_at.is_some() { "" } else { sent };
    let mut key = Sha256::new();
    for part in [app_key, code, sent_at, &payload] {
        key.update((part.len() as u64).to_be_bytes());
        key.update(part);
    }
    Ok(PushEvent {
        key: hex::encode(&key.finalize()[..16]),
        app_key: app_key.to_owned(),
        shop: number_of(&told, "mallId"),
        order: number_of(&told, "parentOrderSn"),
        kind: kind(code),
        status: short(&told, "orderStatus"),
        happened_at,
        body: PushBody::Hint,
        payload,
    })
}

fn kind(code: &str) -> PushKind {
    match code {
        "bg_order_status_change_event" => PushKind::OrderChanged,
        "bg_cancel_order_status_change" => PushKind::CancelChanged,
        "bg_trade_logistics_address_changed" => PushKind::AddressChanged,
        "bg_aftersales_status_change" => PushKind::AftersaleChanged,
        "bg_open_event_test" => PushKind::Test,
        other => PushKind::Other(other.chars().take(64).collect()),
    }
}
