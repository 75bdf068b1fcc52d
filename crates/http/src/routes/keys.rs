//! Keys of programs.

use super::InPath;
use crate::answer::{self, located};
use crate::auth::{Caller, Sent};
use crate::body::{JsonBody, read};
use crate::center::Center;
use crate::failure::Failure;
use crate::openapi::bodies::IDEMPOTENCY;
use crate::openapi::user_bodies::NewKeyBody;
use crate::openapi::words::{ClaimedActor, ScopeWord};
use crate::query;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use docket_app::{Access, KeyRow, NewKey, Reach, Scope};
use docket_domain::ActorKind;
use docket_wire::document::Node;
use docket_wire::kinds;
use docket_wire::moment::Moment;
use docket_wire::reader::{Fields, Reader, Source};
use docket_wire::view::Number;
use serde::Serialize;
use utoipa::ToSchema;

/// Shops or places a key or a user may be limited to.
const LIMITED_TO_MAX: usize = 200;

/// A key.
#[derive(Serialize, ToSchema)]
#[schema(as = Key)]
pub struct KeyView<'a> {
    /// Names the key: the `{id}` of paths below `/api/keys`.
    pub key_id: Number,
    /// What people call it.
    pub name: &'a str,
    /// The secret, told once: when the key is made. Left out ever after.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub key: Option<String>,
    /// What it may do.
    #[schema(value_type = Vec<ScopeWord>)]
    pub scopes: Vec<&'a str>,
    /// The kinds of actor it may speak for.
    #[schema(value_type = Vec<ClaimedActor>)]
    pub actors: Vec<&'static str>,
    /// The shops it may touch; empty means all.
    pub shops: &'a [String],
    /// The places it may touch; empty means all.
    pub places: &'a [String],
    /// Who it issues tokens and cash references as. Give it to the key that follows this one.
    pub issuer: String,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub created_at: Option<Moment>,
    /// When it was ended; null while it opens.
    pub revoked_at: Option<Moment>,
    /// Until when it opens; null for ever.
    pub expires_at: Option<Moment>,
    /// When it was last used, to within a minute; null if it never was.
    pub last_used_at: Option<Moment>,
}

impl<'a> KeyView<'a> {
    fn of((row, access): &'a (KeyRow, Access)) -> Self {
        Self {
            key_id: Number(row.id),
            name: &row.name,
            key: None,
            scopes: access.scopes.iter().map(String::as_str).collect(),
            actors: access.actors.iter().map(|actor| actor.word()).collect(),
            shops: &access.shops,
            places: &access.places,
            issuer: access.issuer.clone(),
            created_at: Some(row.created_at.into()),
            revoked_at: row.revoked_at.map(Moment),
            expires_at: row.expires_at.map(Moment),
            last_used_at: row.last_used_at.map(Moment),
        }
    }
}

/// Every key.
#[derive(Serialize, ToSchema)]
pub struct KeyList<'a> {
    /// Oldest first.
    pub keys: Vec<KeyView<'a>>,
}

#[allow(clippy::needless_pass_by_value)] // the shape of every kind
fn scope(reader: &mut Reader, node: Node<'_>) -> Option<Scope> {
    let Node::Text(word) = &node else { return reader.wrong_type(&node, "a word") };
    let known = Scope::from_word(word);
    known.or_else(|| {
        let words: Vec<_> = Scope::ALL.iter().map(|scope| scope.word()).collect();
        reader.wrong("not_a_word", format!("must be one of: {}", words.join(", ")))
    })
}

fn actor(reader: &mut Reader, node: Node<'_>) -> Option<ActorKind> {
    match kinds::word(reader, node)? {
        ActorKind::Timer | ActorKind::System => {
            reader.wrong("not_a_word", "acts by itself; nobody may speak for it")
        }
        kind => Some(kind),
    }
}

/// The shops and places that a key or a user is to be limited to.
pub(super) fn reach(fields: &mut Fields<'_, '_>) -> Reach {
    let mut limit = |name| {
        let listed = fields
            .optional(name, |reader, node| reader.list(node, LIMITED_TO_MAX, kinds::identifier));
        listed.unwrap_or_default()
    };
    Reach { shops: limit("shops"), places: limit("places") }
}

fn read_key(body: &JsonBody) -> Result<NewKey, docket_wire::Unreadable> {
    read(body, Source::Request, |fields| {
        let name = fields.required("name", kinds::identifier);
        let scopes = fields.required("scopes", |reader, node| reader.list(node, 64, scope));
        let actors = fields.optional("actors", |reader, node| reader.list(node, 64, actor));
        let Reach { shops, places } = reach(fields);
        let issuer = fields.optional("issuer", kinds::identifier);
        let expires_at = fields.optional("expires_at", kinds::time);
        let actors = actors.unwrap_or_default();
        Some(NewKey { name: name?, scopes: scopes?, actors, shops, places, issuer, expires_at })
    })
}

/// List keys
#[utoipa::path(
    get, path = "/api/keys", tag = "people", operation_id = "list_keys",
    responses((status = 200, description = "Every key, without secrets", body = KeyList<'static>))
)]
pub async fn list(
    State(center): State<Center>,
    Caller(who): Caller,
    uri: Uri,
) -> Result<Response, Failure> {
    query::none(&uri)?;
    let keys = center.app.keys(&who).await?;
    let keys = keys.iter().map(KeyView::of).collect();
    Ok(answer::json(StatusCode::OK, &KeyList { keys }))
}

/// Add a key
///
/// The answer tells the secret, this once.
#[utoipa::path(
    post, path = "/api/keys", tag = "people", operation_id = "add_key",
    params(("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY)),
    request_body(content = NewKeyBody, example = json!({
        "name": "till 3", "scopes": ["orders.read", "orders.write", "payments"], "actors": ["till"],
        "places": ["main"]
    })),
    responses((status = 201, description = "Added", body = KeyView<'static>))
)]
pub async fn add(State(center): State<Center>, sent: Sent) -> Result<Response, Failure> {
    let new = read_key(&sent.body)?;
    let added = center.app.add_key_once(&sent.who, new.clone(), sent.idempotency).await?;
    Ok(answer::once(added, |(id, key)| {
        let view = KeyView {
            key_id: Number(id),
            name: &new.name,
            key,
            scopes: new.scopes.iter().map(|scope| scope.word()).collect(),
            actors: new.actors.iter().map(|actor| actor.word()).collect(),
            shops: &new.shops,
            places: &new.places,
            issuer: new.issuer.clone().unwrap_or_else(|| format!("key:{id}")),
            created_at: None,
            revoked_at: None,
            expires_at: new.expires_at.map(Moment),
            last_used_at: None,
        };
        located(answer::json(StatusCode::CREATED, &view), "/api/keys", id)
    }))
}

/// End a key
#[utoipa::path(
    delete, path = "/api/keys/{id}", tag = "people", operation_id = "revoke_key",
    params(("id" = Number, Path, description = "The number of the key")),
    responses((status = 204, description = "Ended"))
)]
pub async fn revoke(
    State(center): State<Center>,
    Caller(who): Caller,
    id: InPath,
    uri: Uri,
) -> Result<Response, Failure> {
    query::none(&uri)?;
    center.app.revoke_key(&who, id.number("key")?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
