//! What signs events: one secret, and for a day the one that it replaced, so that a receiver can change without
//! missing anything.

use crate::access::Principal;
use crate::vault::{self, purpose};
use crate::{App, Error, Idempotency, Once};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use docket_domain::{Id, Time, time};
use docket_store::{Sealed, WebhookRow};

/// How long a secret still signs after another took its place.
const OLD: time::Millis = time::DAY;

/// A secret that was just made.
pub struct Fresh {
    /// As its receiver keeps it.
    pub shown: String,
    /// As we keep it.
    pub sealed: Sealed,
}

/// A secret that took another's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// The new one, shown this once; nothing where it was shown before.
    pub secret: Option<String>,
    /// Until when the one before signs too.
    pub old_until: Time,
}

impl App {
    /// Makes a secret.
    pub(super) fn fresh_secret(&self) -> Fresh {
        let secret = vault::random::<32>();
        Fresh {
            shown: format!("whsec_{}", BASE64.encode(secret)),
            sealed: self.inner.vault().seal_for(purpose::WEBHOOK, &secret),
        }
    }

    /// Gives a webhook another secret. The one before signs beside it for a day; one before that signs no more.
    pub async fn rotate_webhook(
        &self,
        who: &Principal,
        id: Id,
        idempotency: Option<Idempotency>,
    ) -> Result<Once<Rotated>, Error> {
        self.live_webhook(who, id).await?;
        let Fresh { shown, sealed } = self.fresh_secret();
        let rotate =
            move |id, now: Time| vec![WebhookRow::rotate(id, sealed.clone(), now.plus(OLD))];
        let done = self.write_once(idempotency, Some(id), rotate).await?;
        let old = self.live_webhook(who, id).await?.old;
        let old_until = old.map_or_else(|| self.now(), |old| old.until);
        Ok(match done {
            Once::Now(_) => Once::Now(Rotated { secret: Some(shown), old_until }),
            Once::Before(_) => Once::Before(Rotated { secret: None, old_until }),
        })
    }

    /// The secrets that sign for a webhook at `now`, the newest first.
    pub(super) fn secrets_of(
        &self,
        webhook: &WebhookRow,
        now: Time,
    ) -> Result<Vec<Vec<u8>>, Error> {
        let vault = &self.inner.vault();
        let mut secrets = vec![vault.open_for(purpose::WEBHOOK, &webhook.secret)?];
        let old = webhook.old.as_ref().filter(|old| old.until > now);
        // One that cannot be opened any more keeps nothing from being told.
        secrets.extend(old.and_then(|old| vault.open_for(purpose::WEBHOOK, &old.secret).ok()));
        Ok(secrets)
    }
}
