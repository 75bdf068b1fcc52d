//! AWS Signature Version 4 in the query of a URL, verified as its specification says and with nothing of the
//! client's: who signs otherwise is refused.

use super::Settings;
use hmac::{Hmac, KeyInit, Mac};
use hyper::{Method, Uri};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// How long a signature may be valid, seconds.
const EXPIRES_MAX: i64 = 604_800;
/// How far the clock of a caller may be ahead, milliseconds.
const AHEAD_MAX: i64 = 300_000;

/// Whether a request is signed by the caller who may; otherwise the code of S3 that says why not.
pub fn verify(
    settings: &Settings,
    method: &Method,
    uri: &Uri,
    host: &str,
) -> Result<(), &'static str> {
    let query =
        parameters(uri.query().unwrap_or_default()).ok_or("AuthorizationQueryParametersError")?;
    let get = |name: &str| query.get(name).map(String::as_str).ok_or("AccessDenied");
    if get("X-Amz-Algorithm")? != ALGORITHM || get("X-Amz-SignedHeaders")? != "host" {
        return Err("AuthorizationQueryParametersError");
    }
    let at = get("X-Amz-Date")?;
    let began = millis(at).ok_or("AuthorizationQueryParametersError")?;
    let day = &at[..8];
    let scope = format!("{day}/{}/s3/aws4_request", settings.region);
    let (access_key, asked) =
        get("X-Amz-Credential")?.split_once('/').ok_or("AuthorizationQueryParametersError")?;
    if access_key != settings.access_key {
        return Err("InvalidAccessKeyId");
    }
    if asked != scope {
        return Err("AuthorizationQueryParametersError");
    }
    let expires: i64 = get("X-Amz-Expires")?.parse().unwrap_or(0);
    let now = (settings.clock)();
    if !(1..=EXPIRES_MAX).contains(&expires)
        || now > began + expires * 1000
        || began > now + AHEAD_MAX
    {
        return Err("AccessDenied");
    }
    let signed = canonical(method, uri.path(), &query, host);
    let text = format!("{ALGORITHM}\n{at}\n{scope}\n{}", hex::encode(Sha256::digest(signed)));
    let mut key = mac(format!("AWS4{}", settings.secret).as_bytes(), day);
    for part in [settings.region.as_str(), "s3", "aws4_request"] {
        key = mac(&key, part);
    }
    // A stand-in keeps nothing that comparing in constant time would protect.
    if hex::encode(mac(&key, &text)) == get("X-Amz-Signature")? {
        Ok(())
    } else {
        Err("SignatureDoesNotMatch")
    }
}

/// The request as it is signed: the path as it was sent, the parameters in order, the one header, no body.
fn canonical(method: &Method, path: &str, query: &BTreeMap<String, String>, host: &str) -> String {
    let signed = query.iter().filter(|(name, _)| *name != "X-Amz-Signature");
    let pairs: Vec<_> =
        signed.map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
    format!("{method}\n{path}\n{}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD", pairs.join("&"))
}

/// The parameters of a query, by name.
fn parameters(query: &str) -> Option<BTreeMap<String, String>> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((unescaped(name)?, unescaped(value)?))
        })
        .collect()
}

fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let pair = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&pair).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let escape =
        |byte: u8| if plain(byte) { (byte as char).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(escape).collect()
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key);
    let mut mac = mac.expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Milliseconds since 1970 of `20130524T000000Z`.
fn millis(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if bytes.len() != 16 || bytes[8] != b'T' || bytes[15] != b'Z' {
        return None;
    }
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    let (hour, minute, second) = (number(9, 11)?, number(11, 13)?, number(13, 15)?);
    // Years are counted from March, so that the day a leap year adds is the last of its year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let of_era = year.rem_euclid(400);
    let days = of_era * 365 + of_era / 4 - of_era / 100 + (153 * month + 2) / 5 + day - 1;
    let days = year.div_euclid(400) * 146_097 + days - 719_468;
    Some(((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    /// The example of the specification of signatures in a query.
    const EXAMPLE: &str = "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
        &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
        &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
        &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
    const BEGAN: i64 = 1_369_353_600_000;

    fn judged(url: &str, method: &Method, now: i64) -> Result<(), &'static str> {
        let settings = Settings {
            bucket: "examplebucket".to_owned(),
            region: "us-east-1".to_owned(),
            access_key: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
            clock: Arc::new(move || now),
        };
        verify(&settings, method, &url.parse().unwrap(), "examplebucket.s3.amazonaws.com")
    }

    #[test]
    fn the_example_of_the_specification_is_verified() {
        assert_eq!(millis("20130524T000000Z"), Some(BEGAN));
        assert_eq!(judged(EXAMPLE, &Method::GET, BEGAN), Ok(()));
    }

    #[test]
    fn what_is_signed_otherwise_late_or_by_another_is_refused() {
        let refused = |url: &str, method, now| judged(url, &method, now).unwrap_err();
        assert_eq!(refused(EXAMPLE, Method::PUT, BEGAN), "SignatureDoesNotMatch");
        let other = EXAMPLE.replacen("test", "rest", 1);
        assert_eq!(refused(&other, Method::GET, BEGAN), "SignatureDoesNotMatch");
        assert_eq!(refused(EXAMPLE, Method::GET, BEGAN + 86_400_001), "AccessDenied");
        assert_eq!(refused(EXAMPLE, Method::GET, BEGAN - 300_001), "AccessDenied");
        let other = EXAMPLE.replacen("AKIA", "AKIB", 1);
        assert_eq!(refused(&other, Method::GET, BEGAN), "InvalidAccessKeyId");
        assert_eq!(refused("/test.txt", Method::GET, BEGAN), "AccessDenied");
        assert_eq!(
            refused("/test.txt?%zz", Method::GET, BEGAN),
            "AuthorizationQueryParametersError"
        );
    }
}
