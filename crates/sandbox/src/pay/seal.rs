//! Signatures, both ways: HMAC-SHA256 over what a message is for, who, when, which and its body, line by line. A
//! request is taken once, and only within five minutes of its time.

use super::Settings;
use hmac::{Hmac, KeyInit, Mac};
use hyper::HeaderMap;
use sha2::Sha256;
use std::collections::BTreeSet;

/// How far the time of a request may lie from our clock, in milliseconds.
const WINDOW: i64 = 300_000;
const PROTOCOL: &str = "docket-sandbox-1";

/// The headers of a signature, in the order of its lines; the signature itself stands in [`SIGNATURE`].
const MERCHANT: &str = "x-sandbox-merchant";
const TIMESTAMP: &str = "x-sandbox-timestamp";
const NONCE: &str = "x-sandbox-nonce";
const SIGNATURE: &str = "x-sandbox-signature";

/// The requests of the last minutes.
#[derive(Debug, Default)]
pub struct Seen(BTreeSet<(i64, String)>);

impl Seen {
    /// Remembers a request; false where it came before.
    pub fn is_new(&mut self, at: i64, nonce: &str, now: i64) -> bool {
        // What is too old to be taken need not be remembered.
        self.0 = self.0.split_off(&(now - WINDOW, String::new()));
        self.0.insert((at, nonce.to_owned()))
    }
}

/// Verifies a request; gives its time and nonce, or a word for what is wrong with it.
pub fn verify<'a>(
    settings: &Settings,
    purpose: &str,
    headers: &'a HeaderMap,
    body: &[u8],
) -> Result<(i64, &'a str), &'static str> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).ok_or("unsigned");
    let (merchant, at) = (header(MERCHANT)?, header(TIMESTAMP)?);
    let (nonce, signature) = (header(NONCE)?, header(SIGNATURE)?);
    if merchant != settings.merchant {
        return Err("unknown_merchant");
    }
    let mut signed = [0; 32];
    hex::decode_to_slice(signature, &mut signed).map_err(|_| "unsigned")?;
    mac(settings, purpose, at, nonce, body).verify_slice(&signed).map_err(|_| "wrong_signature")?;
    let at: i64 = at.parse().map_err(|_| "unsigned")?;
    let apart = (settings.clock)().abs_diff(at);
    if apart > WINDOW.unsigned_abs() { Err("stale") } else { Ok((at, nonce)) }
}

/// The headers that sign `body` at `at`.
pub fn headers(
    settings: &Settings,
    purpose: &str,
    at: i64,
    nonce: &str,
    body: &[u8],
) -> [(&'static str, String); 4] {
    let at = at.to_string();
    let signed = mac(settings, purpose, &at, nonce, body).finalize().into_bytes();
    [
        (MERCHANT, settings.merchant.clone()),
        (TIMESTAMP, at),
        (NONCE, nonce.to_owned()),
        (SIGNATURE, hex::encode(signed)),
    ]
}

fn mac(settings: &Settings, purpose: &str, at: &str, nonce: &str, body: &[u8]) -> Hmac<Sha256> {
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(settings.secret.as_bytes());
    let mut mac = mac.expect("HMAC takes keys of any length");
    mac.update([PROTOCOL, purpose, &settings.merchant, at, nonce, ""].join("\n").as_bytes());
    mac.update(body);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_new_once_while_it_could_be_taken() {
        let mut seen = Seen::default();
        assert!(seen.is_new(1_000_000, "a", 1_000_000));
        assert!(!seen.is_new(1_000_000, "a", 1_000_000 + WINDOW));
        assert!(seen.is_new(1_000_000 + WINDOW, "b", 1_000_001 + WINDOW));
        assert_eq!(seen.0.len(), 1, "what is too old is forgotten");
    }
}
