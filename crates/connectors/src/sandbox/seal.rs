//! The signature of the sandbox gateway: HMAC-SHA256 over what a message is for, who, when, which and its body.

use super::Config;
use crate::exchange::{Message, Stamp};
use crate::fault::{Distrust, Fault};
use docket_domain::Time;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const MERCHANT: &str = "x-sandbox-merchant";
const TIMESTAMP: &str = "x-sandbox-timestamp";
const NONCE: &str = "x-sandbox-nonce";
const SIGNATURE: &str = "x-sandbox-signature";
/// Binds a signature to this protocol; another version would have another word here.
const PROTOCOL: &str = "docket-sandbox-1";

/// The headers that sign `body` for `purpose`.
pub fn headers(
    config: &Config,
    purpose: &str,
    stamp: Stamp,
    body: &[u8],
) -> [(&'static str, String); 4] {
    let (at, nonce) = (stamp.at.0.to_string(), stamp.nonce_text());
    let signed = mac(config, purpose, &at, &nonce, body).finalize().into_bytes();
    let signature = signed.iter().fold(String::with_capacity(64), |mut text, byte| {
        let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value & 15)]);
        text.extend([digit(byte >> 4), digit(*byte)]);
        text
    });
    [(MERCHANT, config.merchant.clone()), (TIMESTAMP, at), (NONCE, nonce), (SIGNATURE, signature)]
}

/// Verifies a message that is for `purpose` and came at `came_at`; gives its nonce.
pub fn verify<'a>(
    config: &Config,
    purpose: &str,
    message: &Message<'a>,
    came_at: Time,
) -> Result<&'a str, Fault> {
    let distrust = |why| Fault::Untrusted(why);
    let header = |name| message.header(name).ok_or(distrust(Distrust::Unsigned));
    let (merchant, nonce) = (header(MERCHANT)?, header(NONCE)?);
    let (at, signature) = (header(TIMESTAMP)?, header(SIGNATURE)?);
    let signature = unhex(signature).ok_or(distrust(Distrust::Unsigned))?;
    let signed_at: i64 = at.parse().map_err(|_| distrust(Distrust::Unsigned))?;
    if merchant != config.merchant {
        return Err(distrust(Distrust::OtherMerchant));
    }
    // Compared in constant time: how long it takes tells nothing of the secret.
    mac(config, purpose, at, nonce, message.body)
        .verify_slice(&signature)
        .map_err(|_| distrust(Distrust::WrongSignature))?;
    let apart = came_at.0.abs_diff(signed_at);
    if apart > config.replay_window.unsigned_abs() {
        return Err(distrust(Distrust::Stale));
    }
    Ok(nonce)
}

fn mac(config: &Config, purpose: &str, at: &str, nonce: &str, body: &[u8]) -> Hmac<Sha256> {
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(config.secret.as_bytes());
    let mut mac = mac.expect("HMAC takes keys of any length");
    // No part but the body, which is the last, can hold a line break: headers have none.
    for part in [PROTOCOL, purpose, &config.merchant, at, nonce] {
        mac.update(part.as_bytes());
        mac.update(b"\n");
    }
    mac.update(body);
    mac
}

/// 32 bytes of 64 hexadecimal digits in lower case.
fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    (!text.bytes().any(|digit| digit.is_ascii_uppercase())).then_some(bytes)
}
