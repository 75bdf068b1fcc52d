//! Bodies of requests about shops of marketplaces, for the document.

#![allow(dead_code)] // described, never made

use super::words::{Credential, MarketplaceWord, RegionWord, RunModeWord};
use docket_wire::described::{Time, Title};
use utoipa::ToSchema;

/// A shop to connect.
#[derive(ToSchema)]
#[schema(as = NewShop)]
pub struct NewShopBody {
    /// What people call it.
    name: Title,
    /// The marketplace.
    channel: MarketplaceWord,
    /// The region it sells in, by the marketplace's word.
    region: RegionWord,
    /// Which app of ours speaks for it.
    app_key: Credential,
    /// The secret of that app.
    app_secret: Credential,
    /// What the shop lets us in with; it may be given later.
    access_token: Option<Credential>,
    /// Where the marketplace is, where that is not its usual address.
    #[schema(max_length = 1024, pattern = "^($|https?://)")]
    base_url: Option<String>,
    /// Whether what happened before it is connected is told to webhooks like what happens afterwards; false where left
    /// out.
    announce_first_pull: Option<bool>,
}

/// What is changed about a shop; what is left out stays.
#[derive(ToSchema)]
#[schema(as = SetShop)]
pub struct SetShopBody {
    /// What people call it.
    name: Option<Title>,
    /// The secret of the app.
    app_secret: Option<Credential>,
    /// What the shop lets us in with. One of another shop is refused.
    access_token: Option<Credential>,
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
