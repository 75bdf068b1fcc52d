//! Coupons: what each is, how often it is used, adjusted with a reason, and the book of that.

use super::InPath;
use crate::answer;
use crate::auth::{Caller, Sent};
use crate::center::Center;
use crate::failure::Failure;
use crate::openapi::bodies;
use crate::openapi::coupon_bodies::{AdjustCouponBody, CouponBody};
use crate::openapi::words::{CouponClass, CouponKind, Limit};
use crate::{cursor, query};
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use docket_app::{AdjustCoupon, CouponAdjustment, CouponOf, ReturnCoupon};
use docket_domain::coupon::Worth;
use docket_wire::coupon;
use docket_wire::described::{Identifier, PageCursor, Reason};
use docket_wire::moment::Moment;
use docket_wire::view::Number;
use serde::Serialize;
use utoipa::ToSchema;

/// A coupon and how often it is used.
#[derive(Serialize, ToSchema)]
#[schema(as = Coupon)]
pub struct CouponView<'a> {
    /// What a buyer names it by.
    pub code: &'a str,
    /// What people call it.
    pub title: Option<&'a str>,
    /// The shop that gives it; null for a coupon of the platform.
    pub shop_id: Option<&'a str>,
    /// `amount` or `percent`.
    #[schema(value_type = CouponKind)]
    pub kind: &'static str,
    /// `amount`: what it takes off, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub face: Option<i64>,
    /// `percent`: the part it takes off, in hundredths of a percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub basis_points: Option<i64>,
    /// `percent`: at most so much.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cap: Option<i64>,
    /// ISO 4217.
    pub currency: &'a str,
    /// What must be left to pay of the lines it is for.
    pub min_spend: i64,
    /// `discount`, `full_reduction` or `gift`.
    #[schema(value_type = CouponClass)]
    pub class: &'static str,
    /// How often it may be used in all; null for any number.
    pub total_limit: Option<i64>,
    /// How often by one buyer.
    pub buyer_limit: Option<i64>,
    /// How often by one buyer on one day.
    pub buyer_day_limit: Option<i64>,
    /// From when on it is taken.
    pub from: Option<Moment>,
    /// Until when.
    pub until: Option<Moment>,
    /// Whether it is taken at all.
    pub active: bool,
    /// How often it was set or adjusted.
    pub version: u32,
    /// How often orders that are not paid yet hold it.
    pub held: i64,
    /// How often it was used for good.
    pub redeemed: i64,
}

impl<'a> CouponView<'a> {
    fn of(CouponOf { coupon, used }: &'a CouponOf) -> Self {
        let (kind, face, basis_points, cap) = match coupon.worth {
            Worth::Amount { face } => ("amount", Some(face), None, None),
            Worth::Percent { basis_points, cap } => ("percent", None, Some(basis_points), cap),
        };
        Self {
            code: &coupon.code,
            title: coupon.title.as_deref(),
            shop_id: coupon.shop_id.as_deref(),
            kind,
            face,
            basis_points,
            cap,
            currency: coupon.currency.code(),
            min_spend: coupon.min_spend,
            class: coupon.class.word(),
            total_limit: coupon.limits.total,
            buyer_limit: coupon.limits.per_buyer,
            buyer_day_limit: coupon.limits.per_buyer_day,
            from: coupon.from.map(Moment),
            until: coupon.until.map(Moment),
            active: coupon.active,
            version: coupon.version,
            held: used.used - used.redeemed,
            redeemed: used.redeemed,
        }
    }
}

/// One page of coupons.
#[derive(Serialize, ToSchema)]
pub struct CouponPage<'a> {
    /// By code.
    pub coupons: Vec<CouponView<'a>>,
    /// The cursor of the next page; null at the end.
    pub next: Option<String>,
}

/// One adjustment of a coupon.
#[derive(Serialize, ToSchema)]
#[schema(as = CouponAdjustment)]
pub struct LineView<'a> {
    /// Names this line of the history.
    pub adjustment_id: Number,
    /// What was added to its limit in all; null where that was left alone.
    pub delta: Option<i64>,
    /// Whether it is taken from then on; null where that was left alone.
    pub active: Option<bool>,
    /// Why, in the words of whoever did it.
    pub reason: &'a str,
    /// Who: number and name of the key or user.
    pub actor: &'a str,
    /// When it was done.
    pub at: Moment,
    /// The order of which a use was given back; null where the coupon itself was changed.
    pub order_id: Option<Number>,
}

impl<'a> LineView<'a> {
    fn of(line: &'a CouponAdjustment) -> Self {
        Self {
            adjustment_id: Number(line.id),
            delta: line.delta,
            active: line.active,
            reason: &line.reason,
            actor: &line.actor,
            at: line.at.into(),
            order_id: line.tree.map(Number),
        }
    }
}

/// The book of a coupon.
#[derive(Serialize, ToSchema)]
pub struct CouponBook<'a> {
    /// The coupon.
    pub code: &'a str,
    /// Newest first, at most 200.
    pub adjustments: Vec<LineView<'a>>,
}

/// List coupons
#[utoipa::path(
    get, path = "/api/coupons", tag = "coupons", operation_id = "list_coupons",
    params(
        ("limit" = Option<Limit>, Query, description = "Coupons of a page: 1 to 200, 50 where left out"),
        ("cursor" = Option<PageCursor>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "One page, by code", body = CouponPage<'static>))
)]
pub async fn list(
    State(center): State<Center>,
    Caller(who): Caller,
    uri: Uri,
) -> Result<Response, Failure> {
    let (limit, after) = query::read(&uri, |fields| {
        Some((query::limit(fields), query::cursor(fields, cursor::names::<1>)))
    })?;
    let after = after.map_or_else(String::new, |[code]| code);
    let page = center.app.coupon_list(&who, after, limit).await?;
    let next = page.next.map(|code| cursor::of_names([&code]));
    let coupons = page.found.iter().map(CouponView::of).collect();
    Ok(answer::json(StatusCode::OK, &CouponPage { coupons, next }))
}

/// A coupon
#[utoipa::path(
    get, path = "/api/coupons/{code}", tag = "coupons", operation_id = "get_coupon",
    params(("code" = Identifier, Path, description = "The coupon")),
    responses((status = 200, description = "What it is and how often it is used", body = CouponView<'static>))
)]
pub async fn get(
    State(center): State<Center>,
    Caller(who): Caller,
    code: InPath,
    uri: Uri,
) -> Result<Response, Failure> {
    query::none(&uri)?;
    let found = center.app.coupon(&who, &code.name("code")?).await?;
    Ok(answer::json(StatusCode::OK, &CouponView::of(&found)))
}

/// Set a coupon
///
/// New, or in place of the one before: what is left out is not set any more. Orders that have it keep what it
/// took off; what was used stays used.
#[utoipa::path(
    put, path = "/api/coupons/{code}", tag = "coupons", operation_id = "set_coupon",
    params(("code" = Identifier, Path, description = "The coupon")),
    request_body(content = CouponBody, example = json!({
        "title": "10 off from 50", "kind": "amount", "face": 1000, "currency": "CNY", "min_spend": 5000,
        "class": "full_reduction", "total_limit": 1000, "buyer_limit": 3, "buyer_day_limit": 1,
    })),
    responses((status = 200, description = "What it is now", body = CouponView<'static>))
)]
pub async fn set(
    State(center): State<Center>,
    code: InPath,
    sent: Sent,
) -> Result<Response, Failure> {
    let coupon = {
        let code = code.name("code")?;
        sent.body.read_by(|body| coupon::read(code, body))?
    };
    let set = center.app.set_coupon(&sent.who, coupon).await?;
    Ok(answer::json(StatusCode::OK, &CouponView::of(&set)))
}

/// Adjust a coupon
///
/// Adds to its limit in all, or says that it is taken no more, or again.
#[utoipa::path(
    post, path = "/api/coupons/{code}/adjustments", tag = "coupons", operation_id = "adjust_coupon",
    params(
        ("code" = Identifier, Path, description = "The coupon"),
        ("Idempotency-Key" = Option<String>, Header, description = bodies::IDEMPOTENCY),
    ),
    request_body(content = AdjustCouponBody, example = json!({"limit": -100, "reason": "campaign cut"})),
    responses((status = 200, description = "What it is now", body = CouponView<'static>))
)]
pub async fn adjust(
    State(center): State<Center>,
    code: InPath,
    sent: Sent,
) -> Result<Response, Failure> {
    let (delta, active, reason) = sent.body.read_by(coupon::read_adjustment)?;
    let asked = AdjustCoupon { code: code.name("code")?, delta, active, reason };
    let done = center.app.adjust_coupon(&sent.who, asked, sent.idempotency).await?;
    Ok(answer::once(done, |found| answer::json(StatusCode::OK, &CouponView::of(&found))))
}

/// A use of a coupon that is given back.
#[derive(ToSchema)]
#[schema(as = ReturnCoupon)]
#[allow(dead_code)] // only described
pub struct ReturnCouponBody {
    /// The order that used it, by any of its numbers.
    order_id: Number,
    /// Why, in the words of whoever did it.
    reason: Reason,
    /// Who gives it back; the caller itself where it is left out.
    actor: Option<bodies::ClaimantBody>,
}

/// Give one use of a coupon back
///
/// Of an order that used it, once, with a reason that stands in the book of the coupon and in the log of the
/// order. What the coupon took off the order stays taken off.
#[utoipa::path(
    post, path = "/api/coupons/{code}/returns", tag = "coupons", operation_id = "return_coupon",
    params(
        ("code" = Identifier, Path, description = "The coupon"),
        ("Idempotency-Key" = Option<String>, Header, description = bodies::IDEMPOTENCY),
    ),
    request_body(content = ReturnCouponBody, example = json!({"order_id": "1152921504606846976", "reason": "goodwill"})),
    responses((status = 200, description = "What it is now, and how often it is used", body = CouponView<'static>))
)]
pub async fn give_back(
    State(center): State<Center>,
    code: InPath,
    sent: Sent,
) -> Result<Response, Failure> {
    let (order, reason, actor) = sent.body.read_by(coupon::read_return)?;
    let asked = ReturnCoupon { code: code.name("code")?, order, reason, actor };
    let done = center.app.return_coupon(&sent.who, asked, sent.idempotency).await?;
    Ok(answer::once(done, |found| answer::json(StatusCode::OK, &CouponView::of(&found))))
}

/// The book of a coupon
#[utoipa::path(
    get, path = "/api/coupons/{code}/adjustments", tag = "coupons", operation_id = "list_coupon_adjustments",
    params(("code" = Identifier, Path, description = "The coupon")),
    responses((status = 200, description = "Adjustments, newest first", body = CouponBook<'static>))
)]
pub async fn book(
    State(center): State<Center>,
    Caller(who): Caller,
    code: InPath,
    uri: Uri,
) -> Result<Response, Failure> {
    query::none(&uri)?;
    let code = code.name("code")?;
    let lines = center.app.coupon_book(&who, &code).await?;
    let adjustments = lines.iter().map(LineView::of).collect();
    Ok(answer::json(StatusCode::OK, &CouponBook { code: &code, adjustments }))
}
