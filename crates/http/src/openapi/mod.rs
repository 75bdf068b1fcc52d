//! The `OpenAPI` document: collected from the routes, with bodies of requests and failures described here.
//!
//! It is checked in as `openapi.json`; a test compares.

#![allow(unused_qualifications)] // `derive(ToSchema)` writes them

pub mod bodies;
pub mod coupon_bodies;
mod failures;
mod finish;
pub mod ledger_bodies;
pub mod monitoring_bodies;
mod operations;
pub mod report;
pub mod rows;
pub mod shop_bodies;
pub mod user_bodies;
pub mod words;

use crate::center::Center;
use crate::routes::{
    accounts, archive, callbacks, catalog, coupons, docs, effects, forget, gifts, health, history,
    imports, keys, listing, members, metrics, mirror, monitoring, orders, parcels, payments,
    products, pushes, reconcile, shops, skus, stock, sync, tasks, users, webhooks,
};
use axum::Router;
use serde_json::Value;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Docket",
        description = "An order center: orders are trees, changes are operations.\n\n\
            Ids are texts, amounts are whole numbers of minor units beside their `currency`, quantities are \
            decimal texts with up to three places, times are RFC 3339. Every failure is a problem (RFC 9457) \
            with a stable `code`. Every answer carries `x-request-id`.\n\n\
            To speak, send `Authorization: Bearer` and behind it a key or a login. A program has a key: \
            `docket key add NAME --scopes orders.read,orders.write --actors buyer` prints one, this once; its \
            scopes say what it may do, its actors for whom it may speak. A person logs in with `POST /api/login`, \
            name and password, and sends the `token` of the answer; `docket user add NAME --role operator` makes \
            a user. `GET /api/me` says who one is.\n\n\
            The head of a request has at most 32 KiB; a larger one is a 431 `head_too_large`, and closes the \
            connection.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    tags(
        (name = "orders", description = "Placing, reading and changing orders"),
        (name = "payments", description = "Paying for them"),
        (name = "history", description = "What happened to them"),
        (name = "stock", description = "What stands where"),
        (name = "products", description = "What SKUs cost"),
        (name = "coupons", description = "What takes something off, and how often"),
        (name = "ledgers", description = "Coins, points, gift packs, members, weigh slips, and what orders moved of them"),
        (name = "shops", description = "Shops of marketplaces, and what is pulled of them"),
        (name = "people", description = "Users and keys"),
        (name = "tasks", description = "What happens outside later, and at its times"),
        (name = "webhooks", description = "Who is told of every change"),
        (name = "operation", description = "For whoever runs it"),
    ),
    security(("bearer" = [])),
    components(schemas(
        docket_wire::Problem, docket_wire::described::Amount, docket_wire::described::Identifier,
        docket_wire::described::LanguageCode, docket_wire::described::PageCursor, docket_wire::described::Time,
        docket_wire::described::Title, docket_wire::described::Version, docket_wire::described::Words,
        bodies::ClaimantBody, bodies::ShipToBody, operations::LineBody, operations::TaxedBody,
        operations::WeighedBody, words::AccountLedger, words::AlertStateWord, words::ChainKey, words::ExpandWord, words::DayWord, words::LastDigits,
        words::Limit, words::RevealWord, words::SortWord, words::YesOrNo,
        docket_wire::word::AnomalyWord, docket_wire::word::DeliveryWord, docket_wire::word::LevelWord,
        docket_wire::word::OperationWord, docket_wire::word::RefundAxisWord, words::SlipStatusWord, words::TaskStateWord,
    )),
    modifiers(&Bearer),
)]
struct Described;

/// How callers say who they are.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.add_security_scheme("bearer", bearer);
    }
}

/// Orders, what they move, and what they are made of.
fn of_orders(router: OpenApiRouter<Center>) -> OpenApiRouter<Center> {
    router
        .routes(routes!(orders::place, listing::list))
        .routes(routes!(orders::quote))
        .routes(routes!(orders::get))
        .routes(routes!(orders::operate, history::of_order))
        .routes(routes!(history::activities))
        .routes(routes!(history::snapshots))
        .routes(routes!(history::across))
        .routes(routes!(payments::start, payments::get))
        .routes(routes!(payments::placement))
        .routes(routes!(callbacks::take))
        .routes(routes!(callbacks::list))
        .routes(routes!(stock::list))
        .routes(routes!(stock::get, stock::count))
        .routes(routes!(stock::adjust, stock::book))
        .routes(routes!(products::list))
        .routes(routes!(products::get, products::set))
        .routes(routes!(coupons::list))
        .routes(routes!(coupons::get, coupons::set))
        .routes(routes!(coupons::adjust, coupons::book))
        .routes(routes!(coupons::give_back))
        .routes(routes!(accounts::list))
        .routes(routes!(accounts::get, accounts::set))
        .routes(routes!(accounts::adjust, accounts::book))
        .routes(routes!(gifts::list))
        .routes(routes!(gifts::get, gifts::set))
        .routes(routes!(members::list))
        .routes(routes!(members::get, members::set))
        .routes(routes!(effects::of_order))
        .routes(routes!(effects::slips))
}

/// Work that is done later, users, and what is for whoever runs it.
fn of_the_center(router: OpenApiRouter<Center>) -> OpenApiRouter<Center> {
    router
        .routes(routes!(tasks::list))
        .routes(routes!(tasks::retry_all))
        .routes(routes!(tasks::get))
        .routes(routes!(tasks::retry))
        .routes(routes!(tasks::drop))
        .routes(routes!(tasks::schedules))
        .routes(routes!(mirror::state))
        .routes(routes!(mirror::backfill))
        .routes(routes!(mirror::verify))
        .routes(routes!(reconcile::begin, reconcile::get))
        .routes(routes!(webhooks::list, webhooks::add))
        .routes(routes!(webhooks::get, webhooks::remove))
        .routes(routes!(webhooks::replay))
        .routes(routes!(webhooks::rotate))
        .routes(routes!(webhooks::test))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(shops::list, shops::add))
        .routes(routes!(shops::get, shops::set))
        .routes(routes!(skus::list))
        .routes(routes!(skus::unmapped))
        .routes(routes!(sync::pull_orders, sync::stop_orders))
        .routes(routes!(sync::orders_progress))
        .routes(routes!(sync::completeness))
        .routes(routes!(catalog::list, catalog::pull, catalog::end))
        .routes(routes!(catalog::how_far))
        .routes(routes!(pushes::take, pushes::take_without_body))
        .routes(routes!(parcels::start))
        .routes(routes!(parcels::list))
        .routes(routes!(parcels::statistics))
        .routes(routes!(monitoring::alerts))
        .routes(routes!(monitoring::alert))
        .routes(routes!(monitoring::acknowledge))
        .routes(routes!(monitoring::silence))
        .routes(routes!(monitoring::health))
        .routes(routes!(archive::list))
        .routes(routes!(archive::due))
        .routes(routes!(archive::count))
        .routes(routes!(listing::archived))
        .routes(routes!(archive::run))
        .routes(routes!(archive::restore))
        .routes(routes!(archive::verify))
        .routes(routes!(users::login))
        .routes(routes!(users::logout))
        .routes(routes!(users::change_password))
        .routes(routes!(users::reset_password))
        .routes(routes!(users::enable))
        .routes(routes!(users::me))
        .routes(routes!(users::list, users::add))
        .routes(routes!(users::disable))
        .routes(routes!(forget::forget))
        .routes(routes!(keys::list, keys::add))
        .routes(routes!(keys::revoke))
        .routes(routes!(imports::take))
        .routes(routes!(health::livez))
        .routes(routes!(health::readyz))
        .routes(routes!(metrics::metrics))
        .routes(routes!(docs::root))
        .routes(routes!(docs::read))
        .routes(routes!(docs::openapi))
}

/// The routes and the document that describes them.
pub fn described() -> (Router<Center>, Value) {
    let router = of_the_center(of_orders(OpenApiRouter::with_openapi(Described::openapi())));
    let (router, document) = router.split_for_parts();
    let mut document = serde_json::to_value(document).expect("the document is plain JSON");
    let operate = &mut document["paths"]["/api/orders/{id}/operations"]["post"];
    operate["requestBody"]["content"]["application/json"]["examples"] = operations::examples();
    failures::describe(&mut document);
    finish::finish(&mut document);
    rows::describe(&mut document);
    (router, document)
}

/// The document, as it is served and checked in.
pub fn document() -> String {
    let (_, document) = described();
    let mut text = serde_json::to_string_pretty(&document).expect("the document is plain JSON");
    text.push('\n');
    text
}
