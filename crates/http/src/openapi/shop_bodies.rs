//! Bodies of requests about shops of marketplaces, for the document.

#![allow(dead_code)] // described, never made

use super::words::RunModeWord;
use docket_wire::described::{Identifier, Time, Title};
use utoipa::ToSchema;

/// A shop to connect.
#[derive(ToSchema)]
#[schema(as = NewShop)]
pub struct NewShopBody {
    /// What people call it.
    name: Title,
    /// The marketplace, such as `temu`.
    channel: Identifier,
    /// The region it sells in, by the marketplace's word.
    region: Identifier,
    /// Which app of ours speaks for it.
    #[schema(max_length = 1024)]
    app_key: String,
    /// The secret of that app.
    #[schema(max_length = 1024)]
    app_secret: String,
    /// What the shop lets us in with; it may be given later.
    #[schema(max_length = 1024)]
    access_token: Option<String>,
    /// Where the marketplace is, where that is not its usual address.
    #[schema(max_length = 1024)]
    base_url: Option<String>,
}

/// What is changed about a shop; what is left out stays.
#[derive(ToSchema)]
#[schema(as = SetShop)]
pub struct SetShopBody {
    /// What people call it.
    name: Option<Title>,
    /// The secret of the app.
    #[schema(max_length = 1024)]
    app_secret: Option<String>,
    /// What the shop lets us in with. One of another shop is refused.
    #[schema(max_length = 1024)]
    access_token: Option<String>,
    /// Whether it is paused.
    paused: Option<bool>,
    /// Orders created from then on move stock.
    stock_from: Option<Time>,
}

/// How much a run reads.
#[derive(ToSchema)]
#[schema(as = StartRun)]
pub struct StartRunBody {
    /// `incremental` where left out.
    mode: Option<RunModeWord>,
}
