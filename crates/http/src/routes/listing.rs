//! Lists of orders, by every filter of the contract.

#![allow(unused_qualifications)] // `utoipa::path` writes them for `params(Filters)`

use super::nodes;
use crate::answer::{self, Seen};
use crate::auth::Caller;
use crate::center::Center;
use crate::failure::Failure;
use crate::openapi::rows::OrderRow;
use crate::{cursor, query};
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use docket_app::{Cursor, Listed, Orders, Principal};
use docket_domain::words::{AnomalyKind, Level};
use docket_domain::{Id, Time, status};
use docket_wire::document::Node;
use docket_wire::reader::{Fields, Reader};
use docket_wire::{Look, PaymentView, Shape, kinds, telephone, view};
use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{Ref, Required};
use utoipa::{IntoParams, ToSchema};

/// How much of each order is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expand {
    /// The node alone.
    Row,
    /// With everything below it.
    Tree,
}

/// One page of payment orders.
#[derive(Serialize, ToSchema)]
pub struct PaymentOrderPage<'a> {
    /// The orders, newest first.
    pub orders: Vec<PaymentView<'a>>,
    /// The cursor of the next page; null at the end.
    pub next: Option<String>,
}

/// One page of orders of one level.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderPage)]
struct NodePage {
    /// The orders, newest first.
    #[schema(value_type = Vec<OrderRow>)]
    orders: Vec<Value>,
    /// The cursor of the next page; null at the end.
    next: Option<String>,
}

struct ListRequest {
    orders: Orders,
    level: Level,
    expand: Expand,
    /// The order whose first nodes the page before had, and how many.
    begun: Option<(Id, usize)>,
}

/// What a list may be asked for, for the document; [`asked`] reads them.
pub struct Filters;

/// Each with the schema of its value, and what it means.
const FILTERS: &[(&str, &str, &str)] = &[
    ("level", "Level", "`payment` (default), `shop` or `item`: which nodes are listed"),
    ("id", "Number", "Any number of the tree"),
    (
        "external_id",
        "Identifier",
        "The number at its channel, of the order or of a line, or the caller's own",
    ),
    ("client_token", "Identifier", "The caller's token"),
    ("buyer", "Identifier", "The buyer's account number"),
    ("phone", "Title", "A telephone number of the order, written in any way"),
    ("phone_last4", "LastDigits", "The last four digits of one"),
    ("shop", "Identifier", "The shop"),
    ("channel", "Identifier", "The channel"),
    ("branch", "Identifier", "The branch where the order is at home"),
    ("place", "Identifier", "The place its stock stands at"),
    ("sku", "Identifier", "A SKU it has a line of"),
    ("tracking", "Identifier", "The number of a parcel, of its carrier or its marketplace"),
    ("status", "Status", "The main status"),
    ("store_status", "StoreStatus", "The status a store reads"),
    ("delivery", "DeliveryStatus", "The delivery axis"),
    ("refund", "RefundAxis", "The refund axis"),
    ("type", "OrderType", "What is sold"),
    ("tag", "Identifier", "A label"),
    ("anomaly", "AnomalyKind", "A kind of anomaly"),
    ("duplicate", "YesOrNo", "`true`: only likely duplicates (same buyer and cart within 10 s)"),
    ("created_from", "Time", "Placed at or after this time (RFC 3339)"),
    ("created_to", "Time", "Placed before this time"),
    ("paid_from", "Time", "Paid at or after this time"),
    ("paid_to", "Time", "Paid before this time"),
    ("updated_from", "Time", "Last changed at or after this time"),
    ("updated_to", "Time", "Last changed before this time"),
    ("sort", "SortWord", "`created` (default) or `updated`; newest first"),
    ("expand", "ExpandWord", "`tree`: with everything below"),
    ("limit", "Limit", "Entries of a page: 1 to 200, 50 where left out"),
    ("cursor", "PageCursor", "The `next` of the page before"),
];

impl IntoParams for Filters {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let parameter = |(name, kind, description): &(&str, &str, &str)| {
            ParameterBuilder::new()
                .name(*name)
                .parameter_in(ParameterIn::Query)
                .required(Required::False)
                .description(Some(*description))
                .schema(Some(Ref::from_schema_name(*kind)))
                .build()
        };
        FILTERS.iter().map(parameter).collect()
    }
}

#[allow(clippy::needless_pass_by_value)] // the shape of every kind
fn last4(reader: &mut Reader, node: Node<'_>) -> Option<String> {
    match &node {
        Node::Text(text) if text.chars().count() == 4 && telephone::digits(text).is_some() => {
            telephone::digits(text)
        }
        _ => reader.wrong("not_digits", "must be four digits"),
    }
}

fn span(
    fields: &mut Fields<'_, '_>,
    from: &'static str,
    to: &'static str,
) -> (Option<Time>, Option<Time>) {
    (fields.optional(from, kinds::time), fields.optional(to, kinds::time))
}

fn asked(fields: &mut Fields<'_, '_>) -> ListRequest {
    let level = fields.optional("level", kinds::word).unwrap_or(Level::Payment);
    let orders = Orders {
        level: Some(level),
        id: fields.optional("id", kinds::id),
        external_id: fields.optional("external_id", kinds::identifier),
        client_token: fields.optional("client_token", kinds::identifier),
        buyer: fields.optional("buyer", kinds::identifier),
        phone: fields.optional("phone", kinds::title),
        phone_last4: fields.optional("phone_last4", last4),
        shop: fields.optional("shop", kinds::identifier),
        channel: fields.optional("channel", kinds::identifier),
        branch: fields.optional("branch", kinds::identifier),
        place: fields.optional("place", kinds::identifier),
        sku: fields.optional("sku", kinds::identifier),
        tracking: fields.optional("tracking", kinds::identifier),
        status: fields.optional("status", kinds::word),
        store_status: fields.optional("store_status", kinds::word),
        delivery: fields.optional("delivery", kinds::word),
        refund: fields.optional("refund", kinds::word),
        order_type: fields.optional("type", kinds::word),
        tag: fields.optional("tag", kinds::identifier),
        anomaly: fields
            .optional("anomaly", kinds::word::<AnomalyKind>)
            .map(|kind| kind.word().to_owned()),
        duplicate: fields.optional("duplicate", query::yes_or_no).unwrap_or_default(),
        created: span(fields, "created_from", "created_to"),
        paid: span(fields, "paid_from", "paid_to"),
        updated: span(fields, "updated_from", "updated_to"),
        by_update: fields
            .optional("sort", query::one_of(&[("created", false), ("updated", true)]))
            .unwrap_or_default(),
        limit: query::limit(fields),
        cursor: None,
    };
    let (cursor, begun) = from(fields, level);
    let orders = Orders { cursor, ..orders };
    let expand = fields.optional("expand", query::one_of(&[("tree", Expand::Tree)]));
    ListRequest { orders, level, expand: expand.unwrap_or(Expand::Row), begun }
}

/// Where a page goes on. One that goes on inside an order begins with that order again.
fn from(fields: &mut Fields<'_, '_>, level: Level) -> (Option<Cursor>, Option<(Id, usize)>) {
    if level == Level::Payment {
        return (query::cursor(fields, cursor::order), None);
    }
    match query::cursor(fields, cursor::nodes) {
        None => (None, None),
        Some((whole, None)) => (Some(whole), None),
        Some((Cursor { at, id }, Some(shown))) => {
            (Some(Cursor { at, id: Id(id.0.saturating_add(1)) }), Some((id, shown)))
        }
    }
}

/// List orders
///
/// Newest first, in pages without totals. A page looks at a bounded number of orders: where filters match few of
/// them, it may be short or empty and still have a `next`. There is more as long as there is a `next`.
#[utoipa::path(
    get, path = "/api/orders", tag = "orders", operation_id = "list_orders", params(Filters),
    responses((status = 200, description = "One page", body = NodePage))
)]
pub async fn list(
    State(center): State<Center>,
    Caller(who): Caller,
    uri: Uri,
) -> Result<Response, Failure> {
    let asked = query::read(&uri, |fields| Some(asked(fields)))?;
    let listed = center.app.orders(&who, &asked.orders).await?;
    let next = listed.next.map(cursor::of_order);
    Ok(page(&center, &who, &asked, &listed, next))
}

/// List orders of the archive
///
/// Those that left whole, in the order of their numbers. Every filter is tested on the order itself, so a page may
/// be short or empty and have a `next`.
#[utoipa::path(
    get, path = "/api/archive/orders", tag = "operation", operation_id = "list_archived_orders",
    params(Filters),
    responses((status = 200, description = "One page", body = PaymentOrderPage<'static>))
)]
pub async fn archived(
    State(center): State<Center>,
    Caller(who): Caller,
    uri: Uri,
) -> Result<Response, Failure> {
    let asked = query::read(&uri, |fields| Some(asked(fields)))?;
    let asked = ListRequest { level: Level::Payment, ..asked };
    let listed = center.app.archived_page(&who, &asked.orders).await?;
    let next = listed.next.map(cursor::of_order);
    Ok(page(&center, &who, &asked, &listed, next))
}

fn page(
    center: &Center,
    who: &Principal,
    asked: &ListRequest,
    listed: &Listed,
    next: Option<String>,
) -> Response {
    let (settings, now) = (center.app.settings(), center.app.now());
    let whole = asked.expand == Expand::Tree || asked.level != Level::Payment;
    let shape = if whole { Shape::Tree } else { Shape::Row };
    let standings: Vec<_> = listed.orders.iter().map(|(tree, _)| status::of(tree)).collect();
    let seen: Vec<_> = listed.orders.iter().map(|(tree, _)| Seen::by(who, tree)).collect();
    let orders = listed.orders.iter().zip(&standings).zip(&seen);
    let views = orders.map(|(((tree, customer), standing), seen)| {
        let look = Look { shape, ..answer::look(settings, tree, seen, now) };
        let face = customer.masked();
        view::view(tree, standing, face, &look)
    });
    if asked.level == Level::Payment {
        return answer::json(StatusCode::OK, &PaymentOrderPage { orders: views.collect(), next });
    }
    let mut page = NodePage { orders: Vec::new(), next };
    let mut orders = listed.orders.iter().zip(views).peekable();
    while let Some(((tree, _), view)) = orders.next() {
        let view = serde_json::to_value(view).expect("an order is plain JSON");
        let nodes = nodes::matching(view, asked.level, &asked.orders, asked.expand);
        let shown = asked.begun.filter(|(id, _)| *id == tree.id()).map_or(0, |(_, shown)| shown);
        let room = asked.orders.limit - page.orders.len();
        let left = nodes.len().saturating_sub(shown);
        page.orders.extend(nodes.into_iter().skip(shown).take(room));
        let order = &tree.payment;
        let at = if asked.orders.by_update { order.updated_at } else { order.created_at };
        let cursor = Cursor { at, id: tree.id() };
        if left > room {
            page.next = Some(cursor::of_nodes(cursor, shown + room));
            break;
        }
        if left == room && orders.peek().is_some() {
            page.next = Some(cursor::of_order(cursor));
            break;
        }
    }
    answer::json(StatusCode::OK, &page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_filter_that_is_read_is_described_and_none_else() {
        for (name, ..) in FILTERS {
            let uri: Uri = format!("/?{name}=").parse().expect("a path");
            let told = format!("{:?}", query::read(&uri, |fields| Some(asked(fields))).err());
            assert!(!told.contains("unknown_field"), "{name}: {told}");
        }
        let uri: Uri = format!("/?{}", "x").parse().expect("a path");
        let told = format!("{:?}", query::read(&uri, |fields| Some(asked(fields))).err());
        assert!(told.contains("unknown_field"), "{told}");
    }
}
