//! Bodies of requests about shops of marketplaces, for the document.

#![allow(dead_code)] // described, never made

use super::words::{Credential, MarketplaceWord, RegionWord, RunModeWord};
use docket_wire::described::{Identifier, QuantityAsked, Time, Title};
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
    /// Orders created from then on take stock.
    stock_from: Option<Time>,
    /// What codes of its marketplace are; those that are not named stay what they are.
    #[schema(max_items = 500)]
    sku_map: Option<Vec<SetSkuBody>>,
}

/// What a code of a shop is from now on.
#[derive(ToSchema)]
#[schema(as = SetSku)]
pub struct SetSkuBody {
    /// The seller's own code, or the marketplace's number of the SKU.
    #[schema(min_length = 1, max_length = 255)]
    code: String,
    /// The SKU of ours, which was counted at that place; null where the code is to be nothing any more.
    #[schema(required = true)]
    sku_id: Option<Identifier>,
    /// Where it is taken from; `main` where left out.
    place: Option<Identifier>,
    /// How much of it one piece takes; 1 where left out.
    per_piece: Option<QuantityAsked>,
}

/// How much a run reads.
#[derive(ToSchema)]
#[schema(as = StartRun)]
pub struct StartRunBody {
    /// `incremental` where left out.
    mode: Option<RunModeWord>,
}
