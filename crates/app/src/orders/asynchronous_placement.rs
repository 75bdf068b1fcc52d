//! Placements answered before they are decided (`Prefer: respond-async`): what was asked is committed, sealed,
//! with the task that decides it, and its caller asks again under its own key.
//!
//! The task places under the same idempotency key, so it may die anywhere and run again.

use crate::access::{Access, Principal, Scope};
use crate::orders::outcomes::Became;
use crate::tasks::{Policy, Task, failed};
use crate::vault::{Vault, purpose};
use crate::{App, Error, Idempotency};
use docket_domain::{Id, Json};
use docket_store::{Key, NewTask, PlacementRow, Priority, RequestOutcome, Sealed, View, Writes};
use docket_tasks::{Handled, Job, Outcome};
use docket_wire::Problem;
use serde::{Deserialize, Serialize};

/// How far a placement is.
#[derive(Debug, Clone, PartialEq)]
pub enum Accepted {
    /// It waits to be decided.
    Creating,
    /// It became this order.
    Placed(Id),
    /// It became none: the problem that its caller would have been answered.
    Rejected(Json),
}

/// Who asked for what, as it is sealed until it is decided.
#[derive(Serialize, Deserialize)]
struct SealedRequest {
    id: Id,
    name: String,
    access: Access,
    body: String,
}

/// Decides a placement that was accepted, by its idempotency key.
#[derive(Serialize, Deserialize)]
pub(crate) struct DecidePlacement {
    hash: [u8; 32],
    fingerprint: [u8; 32],
}

fn state(row: &PlacementRow) -> Accepted {
    match (row.tree, &row.reason) {
        (Some(tree), _) => Accepted::Placed(tree),
        (None, Some(reason)) => {
            Accepted::Rejected(serde_json::from_str(reason).unwrap_or(Json::Null))
        }
        (None, None) => Accepted::Creating,
    }
}

impl App {
    /// Accepts a placement that was read already, to be decided later; the same request again is answered with
    /// how far it is.
    pub async fn place_later(
        &self,
        who: &Principal,
        body: &[u8],
        given: Idempotency,
    ) -> Result<Accepted, Error> {
        who.needs(Scope::OrdersWrite)?;
        if let Some(accepted) = self.accepted(given).await? {
            return Ok(accepted);
        }
        let asked = SealedRequest {
            id: who.id,
            name: who.name.clone(),
            access: who.access(),
            body: String::from_utf8_lossy(body).into_owned(),
        };
        let asked = serde_json::to_vec(&asked).expect("a request is plain JSON");
        let sealed = self.inner.vault().seal_for(purpose::PLACEMENT, &asked);
        let Idempotency { hash, fingerprint } = given;
        let decide = DecidePlacement { hash, fingerprint };
        let write = move |_: &View, cx: &mut docket_store::Context<'_>| {
            let row = PlacementRow {
                hash,
                fingerprint,
                request: Some(sealed.clone()),
                tree: None,
                reason: None,
                at: cx.now,
            };
            let unique_key = format!("{}:{}", DecidePlacement::KIND, hex::encode(hash));
            let task = NewTask { unique_key: Some(unique_key), ..decide.new_task(cx) };
            let statements = vec![row.add()];
            Ok((Some(Writes { statements, tasks: vec![task], ..Writes::default() }), ()))
        };
        self.inner.lane.run(Priority::Interactive, Vec::new(), write).await?;
        self.inner.outcomes.count(Became::Accepted);
        // Another request may have been sooner under this key: what is there is what counts.
        Ok(self.accepted(given).await?.unwrap_or(Accepted::Creating))
    }

    /// How far the placement under a key is, if one was accepted or decided under it.
    async fn accepted(&self, given: Idempotency) -> Result<Option<Accepted>, Error> {
        if let Some(row) = self.store().placement(given.hash).await? {
            if row.fingerprint != given.fingerprint {
                return Err(Error::IdempotencyKeyReused);
            }
            return Ok(Some(state(&row)));
        }
        Ok(self.done_before(Some(given)).await?.map(Accepted::Placed))
    }

    /// How far the placement is that was accepted under this key; asked where placing says that there is one.
    pub async fn placed_later(&self, given: Idempotency) -> Result<Accepted, Error> {
        let gone = || Error::NotFound { what: "placement", id: hex::encode(given.hash) };
        self.accepted(given).await?.ok_or_else(gone)
    }

    /// What became of the placement under an idempotency key of the caller's, if there was one.
    pub async fn placement(
        &self,
        who: &Principal,
        hash: [u8; 32],
    ) -> Result<Option<Accepted>, Error> {
        who.needs(Scope::OrdersWrite).or_else(|_| who.needs(Scope::OrdersRead))?;
        if let Some(row) = self.store().placement(hash).await? {
            return Ok(Some(state(&row)));
        }
        let kept = self.store().idempotency(hash).await?;
        let placed = kept.filter(|kept| kept.outcome == RequestOutcome::Placed);
        Ok(placed.map(|kept| Accepted::Placed(kept.tree)))
    }

    /// Decides a placement that was accepted.
    async fn decide_placement(&self, task: &DecidePlacement) -> Result<(), Error> {
        let Some(row) = self.store().placement(task.hash).await? else { return Ok(()) };
        let Some(sealed) = &row.request else { return Ok(()) };
        let asked = self.inner.vault().open_for(purpose::PLACEMENT, sealed)?;
        let asked: SealedRequest = serde_json::from_slice(&asked)
            .map_err(|error| Error::Internal(format!("a sealed request: {error}")))?;
        let who = asked.access.principal(asked.id, asked.name);
        let given = Idempotency { hash: task.hash, fingerprint: task.fingerprint };
        let placed =
            docket_wire::placement::read(asked.body.as_bytes(), &self.inner.settings.markets);
        let hash = task.hash;
        let became = match placed {
            Ok(placed) => {
                self.place(&who, placed, Some(given)).await.map(|answer| answer.tree.id())
            }
            Err(unread) => Err(Error::Internal(format!("a request that was read: {unread:?}"))),
        };
        match became {
            Ok(tree) => {
                let placed = PlacementRow::placed(hash, tree);
                self.write_numbered(move |_, _| vec![placed.clone()]).await.map(drop)
            }
            Err(error @ (Error::Unavailable(_) | Error::Busy | Error::Internal(_))) => Err(error),
            Err(error) => self.reject(given, reason(error)).await,
        }
    }

    /// Rejects a placement whose buyer was forgotten before it was decided.
    pub(crate) async fn reject_forgotten(&self, given: Idempotency) -> Result<(), Error> {
        let says = "its buyer was forgotten before it was decided".to_owned();
        let problem = Problem::rejected("buyer_forgotten", says);
        let reason = serde_json::to_string(&problem).expect("a problem is plain JSON");
        self.reject(given, reason).await
    }

    /// Writes that a placement was rejected. Its key stands for that from then on, also for those who do not ask
    /// to be answered later; unless one of them was sooner, and has an order.
    async fn reject(&self, given: Idempotency, reason: String) -> Result<(), Error> {
        let write = move |view: &View, cx: &mut docket_store::Context<'_>| {
            let mut writes = Writes::default();
            match given.earlier(view)? {
                Some(Ok(kept)) => {
                    writes.statements = vec![PlacementRow::placed(given.hash, kept.tree)];
                }
                Some(Err(error)) => return Ok((None, Err(error))),
                None => {
                    writes.statements = vec![PlacementRow::rejected(given.hash, &reason)];
                    writes.idempotency = Some(given.kept(RequestOutcome::Rejected, Id(0), cx.now));
                }
            }
            Ok((Some(writes), Ok(())))
        };
        let keys = vec![Key::Idempotency(given.hash)];
        self.inner.lane.run(Priority::Interactive, keys, write).await?
    }
}

/// Whose order a sealed request is to become; nothing where that cannot be told.
pub(crate) fn buyer_of(vault: &Vault, sealed: &Sealed) -> Option<String> {
    let asked: SealedRequest =
        serde_json::from_slice(&vault.open_for(purpose::PLACEMENT, sealed).ok()?).ok()?;
    let body: Json = serde_json::from_str(&asked.body).ok()?;
    body.get("buyer_id")?.as_str().map(ToOwned::to_owned)
}

/// The problem that the caller would have been answered.
fn reason(error: Error) -> String {
    let problem = match error {
        Error::Refused(refusal) => Problem::rejected_for(*refusal),
        other => {
            let code = match &other {
                Error::ClientTokenReused { .. } => "client_token_reused",
                Error::ExternalIdTaken { .. } => "external_id_taken",
                Error::IdempotencyKeyReused => "idempotency_key_reused",
                Error::ActorNotAllowed(_) => "actor_not_allowed",
                Error::Forbidden(_) => "scope_missing",
                _ => "not_allowed",
            };
            Problem::rejected(code, other.to_string())
        }
    };
    serde_json::to_string(&problem).expect("a problem is plain JSON")
}

impl Task for DecidePlacement {
    const KIND: &'static str = "placement";
    const POLICY: Policy = Policy::EXCHANGE;

    async fn run(self, app: App, _: Job) -> Handled {
        match app.decide_placement(&self).await {
            Ok(()) => Outcome::Done,
            Err(error) => failed(&app, &error, 1_000),
        }
        .into()
    }
}
