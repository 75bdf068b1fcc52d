//! Idempotency keys: what was done under one is not done again. What is written beside orders goes under one in `once`.

mod once;

pub use once::Once;

use crate::Error;
use docket_domain::{Id, Time};
use docket_store::{Idempotent, Need, RequestOutcome, View};

/// An idempotency key, as the edge computed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Idempotency {
    /// SHA-256 of credential and key.
    pub hash: [u8; 32],
    /// SHA-256 of method, path and body.
    pub fingerprint: [u8; 32],
}

impl Idempotency {
    /// What was answered under this key, or that it was used for something else.
    pub(crate) fn earlier(self, view: &View) -> Result<Option<Result<Idempotent, Error>>, Need> {
        let found = view.idempotency(self.hash)?;
        Ok(found.map(|found| {
            if found.fingerprint == self.fingerprint {
                Ok(found)
            } else {
                Err(Error::IdempotencyKeyReused)
            }
        }))
    }

    /// What is stored with a success.
    pub(crate) const fn kept(
        self,
        outcome: RequestOutcome,
        tree: Id,
        at: Time,
    ) -> ([u8; 32], Idempotent) {
        (self.hash, Idempotent { fingerprint: self.fingerprint, outcome, tree, at })
    }
}
