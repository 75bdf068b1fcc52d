//! The `OpenAPI` document: collected from the routes, with the failures described once for all of them.

pub mod bodies;

use crate::center::Center;
use crate::routes::{docs, health, listing, orders};
use axum::Router;
use axum::routing::get;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[derive(OpenApi)]
#[openapi(info(title = "Docket", description = "x"))]
struct Described;

/// The routes and the document that describes them.
pub fn described() -> (Router<Center>, Document) {
    let router = OpenApiRouter::with_openapi(Described::openapi())
        .routes(routes!(orders::place, listing::list))
        .routes(routes!(orders::quote))
        .routes(routes!(orders::get))
        .routes(routes!(orders::operate))
        .routes(routes!(health::livez))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics));
    let (router, document) = router.split_for_parts();
    let router = router
        .route("/", get(docs::root))
        .route("/docs", get(docs::read))
        .route("/api/openapi.json", get(docs::openapi));
    (router, document)
}

/// The document, as it is served and checked in.
pub fn document() -> String {
    let (_, document) = described();
    serde_json::to_string_pretty(&document).expect("the document is plain JSON")
}
