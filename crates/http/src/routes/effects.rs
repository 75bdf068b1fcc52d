//! What came about by an order in the ledgers beside it, and the slips of what is to be weighed.

use super::InPath;
use crate::answer;
use crate::auth::Caller;
use crate::center::Center;
use crate::failure::Failure;
use crate::openapi::words::{EffectWord, KeptWord, LedgerWord, Limit, SlipStatusWord};
use crate::{cursor, query};
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use docket_app::{EffectRow, SlipRow};
use docket_domain::ledger::{SlipLine, SlipStatus};
use docket_domain::{Id, Json};
use docket_wire::described::{Identifier, PageCursor};
use docket_wire::kinds;
use docket_wire::moment::Moment;
use docket_wire::view::{HowMuch, Number};
use serde::Serialize;
use utoipa::ToSchema;

/// One effect of an order.
#[derive(Serialize, ToSchema)]
#[schema(as = Effect)]
pub struct EffectView<'a> {
    /// Unique in the order: `stock.deduct`, `coins.spend`, `points.grant`, `gift.issue:PACK`,
    /// `weigh.create:SHOP_ORDER`, `points.reverse:REFUND`, `points.restore:REFUND:1` where its money came back, …
    pub effect: &'a str,
    /// `stock`, `coupons`, `coins`, `points`, `gifts` or `slips`.
    #[schema(value_type = LedgerWord)]
    pub ledger: &'static str,
    /// `here`, or `elsewhere` where it was sent to whoever keeps the ledger.
    #[schema(value_type = KeptWord)]
    pub kept: &'static str,
    /// `deduct`, `grant`, `issue`, `create`, `redeem`, `reverse` or `return`.
    #[schema(value_type = EffectWord)]
    pub kind: &'static str,
    /// The buyer whose ledger it is.
    pub owner: Option<&'a str>,
    /// How much: minor units of money, points, pieces, or thousandths of a unit of goods.
    pub amount: i64,
    /// What falls to each line, and what else the ledger needs to know.
    #[schema(value_type = serde_json::Value)]
    pub detail: &'a Json,
    /// The row of the order's log that caused it.
    pub seq: u32,
    /// When it came about: at the change that caused it.
    pub at: Moment,
}

/// The effects of an order.
#[derive(Serialize, ToSchema)]
pub struct EffectList<'a> {
    /// In the order in which they came about.
    pub effects: Vec<EffectView<'a>>,
}

impl<'a> EffectView<'a> {
    fn of(row: &'a EffectRow) -> Self {
        let effect = &row.effect;
        Self {
            effect: &effect.key,
            ledger: effect.ledger.word(),
            kept: effect.kept.word(),
            kind: effect.kind.word(),
            owner: effect.owner.as_deref(),
            amount: effect.amount,
            detail: &effect.detail,
            seq: row.seq,
            at: row.at.into(),
        }
    }
}

/// A weigh slip.
#[derive(Serialize, ToSchema)]
#[schema(as = WeighSlip)]
pub struct SlipView<'a> {
    /// The payment order.
    pub tree: Number,
    /// The shop order that is weighed: ask it to `weigh`.
    pub order_id: Number,
    /// The shop.
    pub shop_id: &'a str,
    /// Where.
    pub place: &'a str,
    /// `awaiting`, `weighed`, or `void` where everything was given back before.
    #[schema(value_type = SlipStatusWord)]
    pub status: &'static str,
    /// What is to be weighed.
    pub lines: Vec<SlipLineView<'a>>,
    /// When the order was paid.
    pub created_at: Moment,
    /// When the slip last changed.
    pub changed_at: Moment,
}

/// One line of a weigh slip.
#[derive(Serialize, ToSchema)]
#[schema(as = WeighSlipLine)]
pub struct SlipLineView<'a> {
    /// The item order.
    pub order_id: Number,
    /// The SKU.
    pub sku_id: &'a str,
    /// What the buyer saw.
    pub title: Option<&'a str>,
    /// How much was ordered.
    pub ordered: HowMuch,
    /// What the scales said; null until then.
    pub weighed: Option<HowMuch>,
}

impl<'a> SlipView<'a> {
    fn of(row: &'a SlipRow) -> Self {
        let line = |line: &'a SlipLine| SlipLineView {
            order_id: Number(line.order_id),
            sku_id: &line.sku_id,
            title: line.title.as_deref(),
            ordered: HowMuch(line.ordered),
            weighed: line.weighed.map(HowMuch),
        };
        Self {
            tree: Number(row.tree),
            order_id: Number(row.slip.shop_order),
            shop_id: &row.slip.shop_id,
            place: &row.slip.place,
            status: row.slip.status.word(),
            lines: row.slip.lines.iter().map(line).collect(),
            created_at: row.slip.created_at.into(),
            changed_at: row.changed_at.into(),
        }
    }
}

/// One page of weigh slips.
#[derive(Serialize, ToSchema)]
pub struct SlipPage<'a> {
    /// By shop order.
    pub weigh_slips: Vec<SlipView<'a>>,
    /// The cursor of the next page; null at the end.
    pub next: Option<String>,
}

/// The effects of an order
///
/// What it moved in the ledgers beside it, each effect once.
#[utoipa::path(
    get, path = "/api/orders/{id}/effects", tag = "ledgers", operation_id = "list_effects",
    params(("id" = Number, Path, description = "Any number of the tree")),
    responses((status = 200, description = "Every effect", body = EffectList<'static>))
)]
pub async fn of_order(
    State(center): State<Center>,
    Caller(who): Caller,
    id: InPath,
    uri: Uri,
) -> Result<Response, Failure> {
    query::none(&uri)?;
    let rows = center.app.effects(&who, id.number("order")?).await?;
    let effects = rows.iter().map(EffectView::of).collect();
    Ok(answer::json(StatusCode::OK, &EffectList { effects }))
}

/// List weigh slips
///
/// Payment makes one for each shop order with lines sold by weight; the operation `weigh` fills it.
#[utoipa::path(
    get, path = "/api/weigh-slips", tag = "ledgers", operation_id = "list_weigh_slips",
    params(
        ("place" = Option<Identifier>, Query, description = "At this place alone"),
        ("status" = Option<SlipStatusWord>, Query, description = "`awaiting`, `weighed` or `void`"),
        ("limit" = Option<Limit>, Query, description = "Slips of a page: 1 to 200, 50 where left out"),
        ("cursor" = Option<PageCursor>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "One page, by shop order", body = SlipPage<'static>))
)]
pub async fn slips(
    State(center): State<Center>,
    Caller(who): Caller,
    uri: Uri,
) -> Result<Response, Failure> {
    let words = SlipStatus::ALL.iter().map(|status| (status.word(), *status));
    let words: Vec<(&str, SlipStatus)> = words.collect();
    let (place, status, limit, after) = query::read(&uri, |fields| {
        let place = fields.optional("place", kinds::identifier);
        let status = fields.optional("status", query::one_of(&words));
        let limit = query::limit(fields);
        Some((place, status, limit, query::cursor(fields, cursor::number)))
    })?;
    let wanted = (place.as_deref(), status);
    let page = center.app.slips(&who, wanted, after.unwrap_or(Id(0)), limit).await?;
    let next = page.next.map(cursor::of_number);
    let weigh_slips = page.found.iter().map(SlipView::of).collect();
    Ok(answer::json(StatusCode::OK, &SlipPage { weigh_slips, next }))
}
