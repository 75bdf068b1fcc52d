//! How what we send is signed: by Standard Webhooks, events and messages to ledgers alike.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use docket_domain::Time;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The signature of Standard Webhooks, version 1.
fn signature(secret: &[u8], id: &str, seconds: i64, body: &[u8]) -> String {
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret);
    let mut mac = mac.expect("HMAC takes keys of any length");
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body);
    format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
}

/// The headers of Standard Webhooks for `body`, sent at `now` under `id` and signed with each of `secrets`.
pub fn signed(
    secrets: &[impl AsRef<[u8]>],
    id: &str,
    now: Time,
    body: &[u8],
) -> Vec<(&'static str, String)> {
    let seconds = now.0.div_euclid(1000);
    let signatures = secrets.iter().map(|secret| signature(secret.as_ref(), id, seconds, body));
    vec![
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", seconds.to_string()),
        ("webhook-signature", signatures.collect::<Vec<_>>().join(" ")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_standard() {
        // The example of the Standard Webhooks libraries.
        let secret = BASE64.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = br#"{"test": 2432232314}"#;
        assert_eq!(
            signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn while_a_secret_is_changed_both_sign() {
        let headers = signed(&[b"new", b"old"], "e-1", Time(7_000), b"{}");
        let each = [b"new", b"old"].map(|secret| signature(secret, "e-1", 7, b"{}"));
        assert_eq!(headers[2], ("webhook-signature", each.join(" ")));
    }
}
