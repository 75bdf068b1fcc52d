//! Whom a request comes from: the secret of a key or the token of a session resolved, and believed for some seconds.

use super::login_throttle::LoginThrottle;
use super::{Access, Principal, hash, role};
use crate::{App, Clock, Error};
use docket_domain::{Id, Time};
use docket_store::Store;
use rustc_hash::FxHashMap;
use std::sync::{Arc, Mutex};

/// How long a resolved token is believed without asking the database again.
const BELIEVED_MS: i64 = 5_000;
/// Tokens remembered at most.
const REMEMBERED_MAX: usize = 10_000;

/// Keys that were used and not noted yet, each with when it was.
type Used = FxHashMap<Id, Time>;
type Believed = FxHashMap<[u8; 32], (Arc<Principal>, Time)>;

/// What tells callers apart in one process: tokens resolved a moment ago, and logins that failed.
pub(crate) struct Authenticator {
    store: Arc<Store>,
    clock: Clock,
    login_throttle: LoginThrottle,
    believed: Mutex<Believed>,
    used: Mutex<Used>,
    /// Tokens this process gave out itself; they live as long as it does.
    accepted: Mutex<FxHashMap<[u8; 32], Arc<Principal>>>,
}

impl Authenticator {
    /// One that asks `store`.
    pub fn new(store: Arc<Store>, clock: Clock) -> Self {
        Self {
            store,
            clock,
            login_throttle: LoginThrottle::default(),
            believed: Mutex::default(),
            used: Mutex::default(),
            accepted: Mutex::default(),
        }
    }

    /// Who tries to log in too often.
    pub const fn login_throttle(&self) -> &LoginThrottle {
        &self.login_throttle
    }

    /// Accepts `token` as `principal` for as long as this process lives.
    fn accept(&self, token: &str, principal: Principal) {
        let mut accepted = self.accepted.lock().expect("no code panics while it holds the tokens");
        accepted.insert(hash(token), Arc::new(principal));
    }

    /// Resolves the secret of a key or the token of a session.
    async fn authenticate(&self, secret: &str) -> Result<Arc<Principal>, Error> {
        let (hash, now) = (hash(secret), self.clock.now());
        if let Some(principal) = self.known(&hash, now) {
            return Ok(principal);
        }
        let principal = match self.principal_of_key(hash, now).await? {
            Some(principal) => principal,
            None => self.principal_of_session(hash, now).await?,
        };
        let principal = Arc::new(principal);
        self.believe(hash, Arc::clone(&principal), now);
        Ok(principal)
    }

    async fn principal_of_key(
        &self,
        hash: [u8; 32],
        now: Time,
    ) -> Result<Option<Principal>, Error> {
        let Some(key) = self.store.key(hash).await?.filter(|key| key.revoked_at.is_none()) else {
            return Ok(None);
        };
        if key.expires_at.is_some_and(|until| until <= now) {
            let expired =
                "this key has expired: ask whoever made it for another of the same issuer";
            return Err(Error::Unauthenticated(expired));
        }
        self.note(key.id, now);
        let damaged =
            |error: serde_json::Error| Error::Internal(format!("key {}: {error}", key.id));
        let access: Access = serde_json::from_str(&key.body).map_err(damaged)?;
        Ok(Some(access.principal(key.id, key.name)))
    }

    async fn principal_of_session(&self, hash: [u8; 32], now: Time) -> Result<Principal, Error> {
        let invalid = Error::Unauthenticated("this token is not valid, or no longer");
        let Some(session) = self.store.session(hash).await? else { return Err(invalid) };
        let user = self.store.user_of(session.user).await?;
        match user.filter(|user| user.disabled_at.is_none() && session.expires_at > now) {
            Some(user) => role::principal(&user),
            None => Err(invalid),
        }
    }

    fn known(&self, hash: &[u8; 32], now: Time) -> Option<Arc<Principal>> {
        let accepted = self.accepted.lock().expect("no code panics while it holds the tokens");
        if let Some(principal) = accepted.get(hash) {
            return Some(Arc::clone(principal));
        }
        drop(accepted);
        let believed = self.believed.lock().expect("no code panics while it holds the cache");
        let (principal, since) = believed.get(hash)?;
        ((0..BELIEVED_MS).contains(&now.since(*since))).then(|| Arc::clone(principal))
    }

    fn believe(&self, hash: [u8; 32], principal: Arc<Principal>, now: Time) {
        let mut believed = self.believed.lock().expect("no code panics while it holds the cache");
        if believed.len() >= REMEMBERED_MAX {
            believed.clear();
        }
        believed.insert(hash, (principal, now));
    }

    fn note(&self, key: Id, now: Time) {
        self.used.lock().expect("no code panics while it holds the keys").insert(key, now);
    }

    /// The keys that were used since this was asked last.
    pub fn take_used(&self) -> impl Iterator<Item = (Id, Time)> + use<> {
        std::mem::take(&mut *self.used.lock().expect("no code panics while it holds the keys"))
            .into_iter()
    }

    /// Believes nothing any more: a key or user changed.
    pub fn forget(&self) {
        self.believed.lock().expect("no code panics while it holds the cache").clear();
    }
}

impl App {
    /// Accepts `token` as `principal` for as long as this process lives: for whoever may read the token's
    /// file, that is, commands of the same data folder.
    pub fn accept(&self, token: &str, principal: Principal) {
        self.inner.access.accept(token, principal);
    }

    /// Resolves the secret of a key or the token of a session.
    pub async fn authenticate(&self, secret: &str) -> Result<Arc<Principal>, Error> {
        self.inner.access.authenticate(secret).await
    }
}
