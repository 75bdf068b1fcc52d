//! Members: buyers with a level, their accounts and gifts.

use super::InPath;
use super::accounts::AccountView;
use super::gifts::GiftView;
use crate::answer;
use crate::auth::{Caller, Sent};
use crate::body::read;
use crate::center::Center;
use crate::failure::Failure;
use crate::openapi::ledger_bodies::MemberBody;
use crate::openapi::words::Limit;
use crate::{cursor, query};
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use docket_app::{Member, MemberOf, SetMember};
use docket_wire::described::{Identifier, PageCursor};
use docket_wire::kinds;
use docket_wire::moment::Moment;
use docket_wire::reader::Source;
use serde::Serialize;
use utoipa::ToSchema;

/// A member.
#[derive(Serialize, ToSchema)]
#[schema(as = Member)]
pub struct MemberView<'a> {
    /// The buyer.
    pub buyer_id: &'a str,
    /// The level.
    pub level: &'a str,
    /// Since when.
    pub joined_at: Moment,
    /// When it was last set.
    pub updated_at: Moment,
}

impl<'a> MemberView<'a> {
    fn of(member: &'a Member) -> Self {
        Self {
            buyer_id: &member.buyer_id,
            level: &member.level,
            joined_at: member.joined_at.into(),
            updated_at: member.updated_at.into(),
        }
    }
}

/// A member with what they have.
#[derive(Serialize, ToSchema)]
#[schema(as = MemberWhole)]
pub struct WholeView<'a> {
    /// The member.
    #[serde(flatten)]
    pub member: MemberView<'a>,
    /// Coins and points.
    pub accounts: Vec<AccountView<'a>>,
    /// Gift packs, newest order first, at most 200.
    pub gifts: Vec<GiftView<'a>>,
}

fn whole(member: &MemberOf) -> Response {
    let view = WholeView {
        member: MemberView::of(&member.member),
        accounts: member.accounts.iter().map(AccountView::of).collect(),
        gifts: member.gifts.iter().map(GiftView::of).collect(),
    };
    answer::json(StatusCode::OK, &view)
}

/// One page of members.
#[derive(Serialize, ToSchema)]
pub struct MemberPage<'a> {
    /// By buyer.
    pub members: Vec<MemberView<'a>>,
    /// The cursor of the next page; null at the end.
    pub next: Option<String>,
}

/// List members
#[utoipa::path(
    get, path = "/api/members", tag = "ledgers", operation_id = "list_members",
    params(
        ("limit" = Option<Limit>, Query, description = "Members of a page: 1 to 200, 50 where left out"),
        ("cursor" = Option<PageCursor>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "One page, by buyer", body = MemberPage<'static>))
)]
pub async fn list(
    State(center): State<Center>,
    Caller(who): Caller,
    uri: Uri,
) -> Result<Response, Failure> {
    let (limit, after) = query::read(&uri, |fields| {
        Some((query::limit(fields), query::cursor(fields, cursor::names::<1>)))
    })?;
    let after = after.map_or_else(String::new, |[buyer]| buyer);
    let listed = center.app.members(&who, &after, limit).await?;
    let last = listed.last().filter(|_| listed.len() == limit);
    let next = last.map(|last| cursor::of_names([&last.buyer_id]));
    let members = listed.iter().map(MemberView::of).collect();
    Ok(answer::json(StatusCode::OK, &MemberPage { members, next }))
}

/// One member
///
/// With their accounts and gifts.
#[utoipa::path(
    get, path = "/api/members/{buyer_id}", tag = "ledgers", operation_id = "get_member",
    params(("buyer_id" = Identifier, Path, description = "The buyer")),
    responses((status = 200, description = "As it is now", body = WholeView<'static>))
)]
pub async fn get(
    State(center): State<Center>,
    Caller(who): Caller,
    buyer_id: InPath,
    uri: Uri,
) -> Result<Response, Failure> {
    query::none(&uri)?;
    Ok(whole(&center.app.member(&who, &buyer_id.name("buyer_id")?).await?))
}

/// Set a member
#[utoipa::path(
    put, path = "/api/members/{buyer_id}", tag = "ledgers", operation_id = "set_member",
    params(("buyer_id" = Identifier, Path, description = "The buyer")),
    request_body(content = MemberBody, example = json!({"level": "gold"})),
    responses((status = 200, description = "As it is now", body = WholeView<'static>))
)]
pub async fn set(
    State(center): State<Center>,
    buyer_id: InPath,
    sent: Sent,
) -> Result<Response, Failure> {
    let buyer_id = buyer_id.name("buyer_id")?;
    let set = read(&sent.body, Source::Request, |fields| {
        let level = fields.required("level", kinds::identifier);
        let joined_at = fields.optional("joined_at", kinds::time);
        Some(SetMember { buyer_id, level: level?, joined_at })
    })?;
    Ok(whole(&center.app.set_member(&sent.who, set).await?))
}
