//! Keys of programs: what each may do, and who may make and end them.

use crate::access::users::named;
use crate::access::{self, Access, Principal, Scope};
use crate::{App, Error, Idempotency, Once, vault};
use docket_domain::{ActorKind, FieldError, Id, Time};
use docket_store::KeyRow;

/// A key to add.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// For whom it may speak.
    pub actors: Vec<ActorKind>,
    /// The shops it may touch; empty means all.
    pub shops: Vec<String>,
    /// The places it may touch; empty means all.
    pub places: Vec<String>,
    /// Who it issues as; its own number where left out.
    pub issuer: Option<String>,
    /// Until when it opens; for ever where left out.
    pub expires_at: Option<Time>,
}

impl NewKey {
    /// As it is stored, issuing as `issuer`.
    fn access(&self, issuer: String) -> Access {
        Access {
            scopes: self.scopes.iter().map(|scope| scope.word().to_owned()).collect(),
            actors: self.actors.clone(),
            shops: self.shops.clone(),
            places: self.places.clone(),
            issuer,
        }
    }
}

impl App {
    /// Adds a key and answers its number and its secret, which is shown this once.
    pub async fn add_key(&self, who: &Principal, key: NewKey) -> Result<(Id, String), Error> {
        let (added, secret) = self.try_add_key(who, key, None).await?;
        Ok((added.outcome(), secret))
    }

    /// The same, done once under an idempotency key. Done before, there is no secret: it was shown then.
    pub async fn add_key_once(
        &self,
        who: &Principal,
        key: NewKey,
        idempotency: Option<Idempotency>,
    ) -> Result<Once<(Id, Option<String>)>, Error> {
        let (added, secret) = self.try_add_key(who, key, idempotency).await?;
        Ok(match added {
            Once::Now(id) => Once::Now((id, Some(secret))),
            Once::Before(id) => Once::Before((id, None)),
        })
    }

    /// A secret, and the number of the key that it opens if it was added now.
    async fn try_add_key(
        &self,
        who: &Principal,
        key: NewKey,
        idempotency: Option<Idempotency>,
    ) -> Result<(Once<Id>, String), Error> {
        who.needs(Scope::Admin)?;
        named(&key.name)?;
        if key.expires_at.is_some_and(|until| until <= self.now()) {
            let message = "lies in the past".to_owned();
            let field = "expires_at".to_owned();
            return Err(FieldError { field, code: "in_the_past", message }.into());
        }
        let issuer = key.issuer.as_ref();
        if !who.covers(&key.access(String::new())) || !issuer.is_none_or(|name| who.issues_as(name))
        {
            return Err(Error::NotAllowed(
                "a key that is limited makes no key that may do more, or issues as another",
            ));
        }
        let secret = format!("dk_{}", hex::encode(vault::random::<32>()));
        let hash = access::hash(&secret);
        let made = move |id: Id, now| {
            let access = key.access(key.issuer.clone().unwrap_or_else(|| format!("key:{id}")));
            let body = serde_json::to_string(&access).expect("access is plain JSON");
            let name = key.name.clone();
            let row = KeyRow {
                id,
                name,
                hash,
                body,
                created_at: now,
                revoked_at: None,
                expires_at: key.expires_at,
                last_used_at: None,
            };
            vec![row.add()]
        };
        Ok((self.write_once(idempotency, None, made).await?, secret))
    }

    /// Every key that may do no more than the caller, with what it may do; secrets are not kept.
    pub async fn keys(&self, who: &Principal) -> Result<Vec<(KeyRow, Access)>, Error> {
        who.needs(Scope::Admin)?;
        let rows = self.store().keys().await?.into_iter().map(|key| {
            let damaged =
                |error: serde_json::Error| Error::Internal(format!("key {}: {error}", key.id));
            let access = serde_json::from_str(&key.body).map_err(damaged)?;
            Ok((key, access))
        });
        let covered = |key: &Result<(KeyRow, Access), Error>| {
            key.as_ref().map_or(true, |(_, access)| who.covers(access))
        };
        rows.filter(covered).collect()
    }

    /// Ends a key.
    pub async fn revoke_key(&self, who: &Principal, id: Id) -> Result<(), Error> {
        who.needs(Scope::Admin)?;
        if !self.keys(who).await?.iter().any(|(key, _)| key.id == id) {
            return Err(Error::NotFound { what: "key", id: id.to_string() });
        }
        self.write_numbered(move |_, now| vec![KeyRow::revoke(id, now)]).await?;
        self.inner.access.forget();
        Ok(())
    }
}
