//! People: logging in, who one is, and the users of an installation.

use super::InPath;
use super::keys::reach;
use crate::answer::{self, located};
use crate::auth::{Bearer, Caller, Sent, SentNothing, Unsigned};
use crate::body::read;
use crate::center::Center;
use crate::failure::Failure;
use crate::openapi::bodies::{IDEMPOTENCY, NothingBody};
use crate::openapi::user_bodies::{ChangePasswordBody, LoginBody, NewUserBody, ResetPasswordBody};
use crate::openapi::words::{ClaimedActor, RoleWord, ScopeWord};
use crate::query;
use axum::extract::{Extension, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use docket_app::{NewUser, Peer, Role};
use docket_wire::document::Node;
use docket_wire::kinds;
use docket_wire::moment::Moment;
use docket_wire::reader::{Reader, Source};
use docket_wire::view::Number;
use serde::Serialize;
use utoipa::ToSchema;

const ROLES: &[(&str, Role)] =
    &[("admin", Role::Admin), ("operator", Role::Operator), ("viewer", Role::Viewer)];

/// A login.
#[derive(Serialize, ToSchema)]
pub struct Session {
    /// What to send as `Authorization: Bearer`.
    pub token: String,
    /// Until when it is valid.
    pub expires_at: Moment,
    /// `admin`, `operator` or `viewer`.
    #[schema(value_type = Option<RoleWord>)]
    pub role: Option<&'static str>,
}

/// Whoever a request comes from.
#[derive(Serialize, ToSchema)]
pub struct Me<'a> {
    /// The number of the key or user.
    pub id: Number,
    /// What people call it.
    pub name: &'a str,
    /// The role of a user; null for a key.
    #[schema(value_type = Option<RoleWord>)]
    pub role: Option<&'static str>,
    /// What it may do.
    #[schema(value_type = Vec<ScopeWord>)]
    pub scopes: Vec<&'static str>,
    /// The kinds of actor it may speak for.
    #[schema(value_type = Vec<ClaimedActor>)]
    pub actors: Vec<&'static str>,
    /// The shops it may touch; empty means all.
    pub shops: &'a [String],
    /// The places it may touch; empty means all.
    pub places: &'a [String],
    /// Who vouches for its tokens and cash references.
    pub issuer: &'a str,
}

/// A user.
#[derive(Serialize, ToSchema)]
#[allow(clippy::struct_field_names)] // the names are those of the API
pub struct User<'a> {
    /// Names the user: the `{id}` of paths below `/api/users`.
    pub user_id: Number,
    /// The name to log in with.
    pub name: &'a str,
    /// `admin`, `operator` or `viewer`.
    #[schema(value_type = RoleWord)]
    pub role: &'a str,
    /// The shops it may touch; empty means all.
    pub shops: &'a [String],
    /// The places it may touch; empty means all.
    pub places: &'a [String],
    /// When it was added.
    pub created_at: Option<Moment>,
    /// When it was disabled; null while it may log in.
    pub disabled_at: Option<Moment>,
    /// When it last logged in; null if it never did.
    pub last_login_at: Option<Moment>,
}

impl<'a> User<'a> {
    fn of(user: &'a docket_app::User) -> Self {
        let (row, reach) = (&user.row, &user.reach);
        Self {
            user_id: Number(row.id),
            name: &row.name,
            role: &row.role,
            shops: &reach.shops,
            places: &reach.places,
            created_at: Some(row.created_at.into()),
            disabled_at: row.disabled_at.map(Moment),
            last_login_at: row.last_login_at.map(Moment),
        }
    }
}

/// Every user.
#[derive(Serialize, ToSchema)]
pub struct UserList<'a> {
    /// Oldest first.
    pub users: Vec<User<'a>>,
}

/// A password or a name, taken as it is: only whoever checks it knows what it must be.
#[allow(clippy::needless_pass_by_value)] // the shape of every kind
fn plain(reader: &mut Reader, node: Node<'_>) -> Option<String> {
    match node {
        Node::Text(text) if text.len() <= 1024 => Some(text.into_owned()),
        Node::Text(_) => reader.wrong("too_long", "must have at most 1024 bytes"),
        other => reader.wrong_type(&other, "a text"),
    }
}

/// Log in
///
/// Five failed tries of a name from one address within five minutes make these wait, and fifty of one address make
/// that wait. A hundred of a name within an hour make it wait wherever it did not log in from before; where it did,
/// what others try keeps nobody out.
#[utoipa::path(
    post, path = "/api/login", tag = "people", operation_id = "login", security(()),
    request_body(content = LoginBody, example = json!({"name": "admin", "password": "correct horse"})),
    responses((status = 200, description = "A token for twelve hours", body = Session))
)]
pub async fn login(
    State(center): State<Center>,
    peer: Option<Extension<Peer>>,
    Unsigned(body): Unsigned,
) -> Result<Response, Failure> {
    let (name, password) = read(&body, Source::Request, |fields| {
        let name = fields.required("name", plain);
        let password = fields.required("password", plain);
        Some((name?, password?))
    })?;
    let peer = peer.map_or(Peer(None), |Extension(peer)| peer);
    let (token, expires_at) = center.app.login(&name, &password, peer).await?;
    let principal = center.app.authenticate(&token).await?;
    let role = principal.role.map(Role::word);
    Ok(answer::json(StatusCode::OK, &Session { token, expires_at: expires_at.into(), role }))
}

/// Log out
///
/// Ends the login that asks. A key is ended with `DELETE /api/keys/{id}`.
#[utoipa::path(
    post, path = "/api/logout", tag = "people", operation_id = "logout",
    request_body(content = NothingBody, example = json!({})),
    responses((status = 204, description = "Ended"))
)]
pub async fn logout(
    State(center): State<Center>,
    Bearer(token): Bearer,
    sent: SentNothing,
) -> Result<Response, Failure> {
    center.app.logout(&sent.who, &token).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Change one's own password
///
/// Ends the other logins of the one who asks.
#[utoipa::path(
    post, path = "/api/me/password", tag = "people", operation_id = "change_password",
    request_body(content = ChangePasswordBody, example = json!({"old": "correct horse", "new": "battery staple"})),
    responses((status = 204, description = "Changed"))
)]
pub async fn change_password(
    State(center): State<Center>,
    peer: Option<Extension<Peer>>,
    Bearer(token): Bearer,
    sent: Sent,
) -> Result<Response, Failure> {
    let (old, new) = read(&sent.body, Source::Request, |fields| {
        let (old, new) = (fields.required("old", plain), fields.required("new", plain));
        Some((old?, new?))
    })?;
    let peer = peer.map_or(Peer(None), |Extension(peer)| peer);
    center.app.change_password(&sent.who, &token, (&old, &new), peer).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Who one is
#[utoipa::path(
    get, path = "/api/me", tag = "people", operation_id = "me",
    responses((status = 200, description = "The caller", body = Me<'static>))
)]
pub async fn me(Caller(who): Caller, uri: Uri) -> Result<Response, Failure> {
    query::none(&uri)?;
    Ok(answer::json(
        StatusCode::OK,
        &Me {
            id: Number(who.id),
            name: &who.name,
            role: who.role.map(Role::word),
            scopes: who.scopes.words(),
            actors: who.actors.iter().map(|actor| actor.word()).collect(),
            shops: &who.shops,
            places: &who.places,
            issuer: &who.issuer,
        },
    ))
}

/// List users
#[utoipa::path(
    get, path = "/api/users", tag = "people", operation_id = "list_users",
    responses((status = 200, description = "Every user", body = UserList<'static>))
)]
pub async fn list(
    State(center): State<Center>,
    Caller(who): Caller,
    uri: Uri,
) -> Result<Response, Failure> {
    query::none(&uri)?;
    let users = center.app.users(&who).await?;
    let users = users.iter().map(User::of).collect();
    Ok(answer::json(StatusCode::OK, &UserList { users }))
}

/// Add a user
#[utoipa::path(
    post, path = "/api/users", tag = "people", operation_id = "add_user",
    params(("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY)),
    request_body(content = NewUserBody, example = json!({"name": "mei", "role": "operator", "password": "correct horse", "shops": ["11"]})),
    responses((status = 201, description = "Added", body = User<'static>))
)]
pub async fn add(State(center): State<Center>, sent: Sent) -> Result<Response, Failure> {
    let new = read(&sent.body, Source::Request, |fields| {
        let name = fields.required("name", kinds::identifier);
        let role = fields.required("role", query::one_of(ROLES));
        let password = fields.required("password", plain);
        let reach = reach(fields);
        Some(NewUser { name: name?, role: role?, reach, password: password? })
    })?;
    let added = center.app.add_user(&sent.who, new, sent.idempotency).await?;
    Ok(answer::once(added, |user| {
        let id = user.row.id;
        located(answer::json(StatusCode::CREATED, &User::of(&user)), "/api/users", id)
    }))
}

/// Give a user another password
///
/// Ends its logins.
#[utoipa::path(
    post, path = "/api/users/{id}/password", tag = "people", operation_id = "reset_password",
    params(("id" = Number, Path, description = "The number of the user")),
    request_body(content = ResetPasswordBody, example = json!({"password": "battery staple"})),
    responses((status = 200, description = "The user", body = User<'static>))
)]
pub async fn reset_password(
    State(center): State<Center>,
    id: InPath,
    sent: Sent,
) -> Result<Response, Failure> {
    let password = read(&sent.body, Source::Request, |fields| fields.required("password", plain))?;
    let user = center.app.reset_password(&sent.who, id.number("user")?, &password).await?;
    Ok(answer::json(StatusCode::OK, &User::of(&user)))
}

/// Enable a user
///
/// One that was disabled may log in again, with the password it had.
#[utoipa::path(
    post, path = "/api/users/{id}/enable", tag = "people", operation_id = "enable_user",
    params(("id" = Number, Path, description = "The number of the user")),
    request_body(content = NothingBody, example = json!({})),
    responses((status = 200, description = "The user", body = User<'static>))
)]
pub async fn enable(
    State(center): State<Center>,
    id: InPath,
    sent: SentNothing,
) -> Result<Response, Failure> {
    let user = center.app.enable_user(&sent.who, id.number("user")?).await?;
    Ok(answer::json(StatusCode::OK, &User::of(&user)))
}

/// Disable a user
///
/// Ends its logins. Its name stays in the log.
#[utoipa::path(
    delete, path = "/api/users/{id}", tag = "people", operation_id = "disable_user",
    params(("id" = Number, Path, description = "The number of the user")),
    responses((status = 204, description = "Disabled"))
)]
pub async fn disable(
    State(center): State<Center>,
    Caller(who): Caller,
    id: InPath,
    uri: Uri,
) -> Result<Response, Failure> {
    query::none(&uri)?;
    center.app.disable_user(&who, id.number("user")?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
