//! Who sent a message: the signature of Standard Webhooks, version 1.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Seconds by which the clocks of sender and receiver may differ. An older message may be one that somebody
/// recorded and sends again.
const APART_MAX: u64 = 300;

/// Why a message is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// A header is missing or makes no sense.
    Headers,
    /// It is too old, or from the future.
    Time,
    /// Nobody who knows the secret signed it.
    Signature,
}

/// Whether `body` was signed with `secret` under `id` at about `now`, in seconds since 1970. `given` are the values
/// of `webhook-timestamp` and `webhook-signature`; several signatures stand side by side while a secret changes.
pub fn verify(
    secret: &[u8],
    id: &str,
    given: (&str, &str),
    body: &[u8],
    now: u64,
) -> Result<(), Refused> {
    let (timestamp, signatures) = given;
    let sent: u64 = timestamp.parse().map_err(|_| Refused::Headers)?;
    if now.abs_diff(sent) > APART_MAX {
        return Err(Refused::Time);
    }
    let mut mac =
        <Hmac<Sha256> as KeyInit>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    let signed = |signature: &str| {
        let encoded = signature.strip_prefix("v1,")?;
        let bytes = BASE64.decode(encoded).ok()?;
        // Compared in constant time.
        mac.clone().verify_slice(&bytes).ok()
    };
    let known = signatures.split(' ').find_map(signed);
    known.ok_or(Refused::Signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks libraries.
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const SIGNED: (&str, &str) = ("1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    const BODY: &[u8] = br#"{"test": 2432232314}"#;

    fn secret() -> Vec<u8> {
        BASE64.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap()
    }

    #[test]
    fn what_was_signed_a_moment_ago_is_believed() {
        assert_eq!(verify(&secret(), ID, SIGNED, BODY, 1_614_265_400), Ok(()));
        let two = format!("v1,AAAA {}", SIGNED.1);
        assert_eq!(verify(&secret(), ID, (SIGNED.0, &two), BODY, 1_614_265_330), Ok(()));
    }

    #[test]
    fn anything_else_is_not() {
        let at = 1_614_265_330;
        let refused = |secret: &[u8], id, given, body| verify(secret, id, given, body, at).err();
        assert_eq!(verify(&secret(), ID, SIGNED, BODY, at + 301), Err(Refused::Time));
        assert_eq!(refused(b"another", ID, SIGNED, BODY), Some(Refused::Signature));
        assert_eq!(refused(&secret(), "other", SIGNED, BODY), Some(Refused::Signature));
        assert_eq!(refused(&secret(), ID, SIGNED, b"{}"), Some(Refused::Signature));
        assert_eq!(refused(&secret(), ID, ("soon", SIGNED.1), BODY), Some(Refused::Headers));
        assert_eq!(refused(&secret(), ID, (SIGNED.0, "v2,x"), BODY), Some(Refused::Signature));
    }
}
