//! The ledgers beside orders: what an order takes part in is fixed when it is placed (`agreed`), what its
//! changes move is written with them ([`crate::lane::reactions`]), and what moves elsewhere is sent (`message`,
//! `deliver`). Here is what is set about ledgers, and which gift packs there are.

pub(crate) mod accounts;
mod agreed;
mod circuit_breaker;
pub(crate) mod coupons;
mod deliver;
mod gifts;
mod members;
mod message;
mod products;
mod slips;
mod stock;

pub use accounts::{AccountKey, ChangeAccount, NewBalance};
pub(crate) use agreed::Agreeing;
pub use coupons::{AdjustCoupon, CouponOf};
pub use gifts::SetPack;
pub use members::{MemberOf, SetMember};
pub(crate) use message::{LedgerMessage, tasks};
pub use products::SetPrice;
pub use stock::{StockChange, StockChangeKind, StockOf};

use crate::{App, Error};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use circuit_breaker::CircuitBreaker;
use docket_domain::ledger::{Ledger, LedgerLocation};
use docket_store::GiftPack;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, RwLock};
use std::time::Duration;

/// How soon a process knows of a gift pack that another one set.
const KNOW_AGAIN: Duration = Duration::from_secs(5);

/// What is set about ledgers.
#[derive(Debug, Clone, Default)]
pub struct LedgerSettings {
    /// Minor units of money to pay for one point; none where no points are given.
    pub points_per: Option<i64>,
    /// Ledgers that others keep. Stock is never among them.
    pub receivers: BTreeMap<Ledger, Receiver>,
}

/// Who keeps a ledger for us.
#[derive(Clone, PartialEq, Eq)]
pub struct Receiver {
    /// Where effects are sent.
    pub url: String,
    /// What signs them, by Standard Webhooks.
    pub secret: Vec<u8>,
    /// The same for every ledger of one address: the name of a chain.
    name: String,
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Receiver {
    /// Whoever listens at `url` and knows `secret`.
    pub fn new(url: String, secret: Vec<u8>) -> Self {
        let hash = Sha256::digest(url.as_bytes());
        let name = hex::encode(&hash[..6]);
        Self { url, secret, name }
    }

    /// The bytes of a secret: behind `whsec_` in base64, else those of the text itself; none where they are
    /// fewer than sixteen.
    pub fn secret(text: &str) -> Option<Vec<u8>> {
        let bytes = match text.strip_prefix("whsec_") {
            Some(encoded) => BASE64.decode(encoded).ok()?,
            None => text.as_bytes().to_vec(),
        };
        (bytes.len() >= 16).then_some(bytes)
    }

    /// Names the receiver in chains and in what is known of it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl LedgerSettings {
    /// Where `ledger` is kept.
    pub fn kept(&self, ledger: Ledger) -> LedgerLocation {
        if self.receivers.contains_key(&ledger) {
            LedgerLocation::Elsewhere
        } else {
            LedgerLocation::Here
        }
    }
}

/// The ledgers of one process: what is set about them, the gift packs it knows, and which receivers are down.
pub(crate) struct Ledgers {
    settings: Arc<LedgerSettings>,
    /// Read again every few seconds.
    packs: RwLock<Arc<Vec<GiftPack>>>,
    circuit_breaker: CircuitBreaker,
}

impl Ledgers {
    /// As they are set; it knows no gift pack yet.
    pub fn new(settings: Arc<LedgerSettings>) -> Self {
        let circuit_breaker = CircuitBreaker::default();
        Self { settings, packs: RwLock::default(), circuit_breaker }
    }

    /// Where `ledger` is kept.
    pub fn kept(&self, ledger: Ledger) -> LedgerLocation {
        self.settings.kept(ledger)
    }

    /// Takes note of the gift packs there are.
    pub fn know(&self, packs: Vec<GiftPack>) {
        *self.packs.write().expect("nobody panics while it is held") = Arc::new(packs);
    }

    /// What a placement agrees about ledgers by; `may_vouch` where it may say what the buyer is.
    pub fn agreeing(&self, may_vouch: bool) -> Agreeing {
        let packs = Arc::clone(&self.packs.read().expect("nobody panics while it is held"));
        Agreeing { settings: Arc::clone(&self.settings), packs, may_vouch }
    }
}

/// Knows anew which gift packs there are, until the center stops; opening it read that once.
pub(crate) async fn watch(app: App) {
    let stop = app.inner.background.stopping();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(KNOW_AGAIN) => {}
        }
        if let Err(error) = app.know_packs().await {
            tracing::debug!(%error, "gift packs are not known anew");
        }
    }
}

impl App {
    /// Reads anew which gift packs there are.
    pub(crate) async fn know_packs(&self) -> Result<(), Error> {
        self.inner.ledgers.know(self.store().gift_packs().await?);
        Ok(())
    }
}
