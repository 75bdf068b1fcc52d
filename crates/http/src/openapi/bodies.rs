//! Bodies of requests, for the document alone: what is read, and what is wrong with it, is `wire`'s business.

#![allow(dead_code)] // described, never made

use super::words::{ClaimedActor, QuantityAdded, QuantityCounted};
use docket_wire::described::{
    Amount, CountryCode, CurrencyCode, Identifier, QuantityAsked, Reason, Time, Title, Version,
    Words,
};
use docket_wire::view::Number;
use docket_wire::word::{FulfilmentWord, PlatformWord, TypeWord};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::schema::{Discriminator, OneOfBuilder};
use utoipa::openapi::{Ref, RefOr, Schema};

pub use super::operations::OperationBody;

/// What `Idempotency-Key` means.
pub const IDEMPOTENCY: &str = "1 to 64 visible ASCII characters of the caller's choice. The same request \
    under the same key, within 24 hours, is done once; a later answer is marked `Idempotent-Replayed: true`";
/// What `reveal` means.
pub const REVEAL: &str = "`person`: names, telephones and addresses in full. Needs the scope \
    `privacy.read`, and is recorded";

/// Whom the caller speaks for.
#[derive(ToSchema)]
#[schema(as = Claimant)]
pub struct ClaimantBody {
    /// What it is.
    kind: ClaimedActor,
    /// The actor's number with whoever runs the key, at most 64 bytes: logged, never compared.
    id: Option<Identifier>,
    /// What people call it.
    name: Option<Title>,
}

/// How a buyer is reached. Masked in answers.
#[derive(ToSchema)]
#[schema(as = NewContact)]
pub struct ContactBody {
    /// Name.
    name: Option<Title>,
    /// Telephone, written in any way.
    phone: Option<Title>,
}

/// Where a shop order goes. Masked in answers.
#[derive(ToSchema)]
#[schema(as = NewShipTo)]
pub struct ShipToBody {
    /// Who takes it.
    name: Option<Title>,
    /// Telephone, written in any way.
    phone: Option<Title>,
    /// Country.
    country: Option<CountryCode>,
    /// Province or state.
    province: Option<Title>,
    /// City.
    city: Option<Title>,
    /// District.
    district: Option<Title>,
    /// Town or street.
    town: Option<Title>,
    /// The rest of the address.
    address: Option<Words>,
    /// Postal code.
    zip: Option<Title>,
}

/// An order to place. Amounts left out are 0.
#[derive(ToSchema)]
#[schema(as = Placement)]
pub struct PlacementBody {
    /// The buyer's account number; left out at an anonymous sale.
    buyer_id: Option<Identifier>,
    /// Name and telephone of the buyer; masked in answers.
    buyer: Option<ContactBody>,
    /// ISO 4217; every amount is in its minor units.
    currency: CurrencyCode,
    /// What is sold; `goods` where left out.
    #[serde(rename = "type")]
    order_type: Option<TypeWord>,
    /// The market: `main` where left out.
    market: Option<Identifier>,
    /// Where it is placed; `all` where left out.
    platform: Option<PlatformWord>,
    /// The channel it comes through.
    channel: Option<Identifier>,
    /// Its number there, or the caller's own; unique per channel, or per issuer without one.
    external_id: Option<Identifier>,
    /// The caller's token; unique for ever per issuer.
    client_token: Option<Identifier>,
    /// Where it came from, as the caller says; at most 4,000 bytes.
    #[schema(required = false)]
    source: Value,
    /// Free extension; at most 6,000 bytes.
    #[schema(required = false)]
    extra: Value,
    /// Labels.
    #[schema(max_items = 32)]
    tags: Option<Vec<Identifier>>,
    /// What the caller computed as payable; another total is a 409 `total_mismatch`.
    #[schema(nullable = false)]
    expected_total: Option<Amount>,
    /// The platform's discount.
    #[schema(nullable = false)]
    platform_discount: Option<Amount>,
    /// Coins, as money.
    #[schema(nullable = false)]
    coins: Option<Amount>,
    /// A third party's discount.
    #[schema(nullable = false)]
    third_party_discount: Option<Amount>,
    /// Whether prices and freights have their tax inside, so that it changes no sum; `true` where left out. Otherwise
    /// tax comes on top of them.
    tax_included: Option<bool>,
    /// Coupons, each once, at most 20. What they take off is computed and becomes part of the discounts.
    #[schema(max_items = 20)]
    coupons: Option<Vec<PlacedCoupon>>,
    /// Who places it; where left out, the only one the key may speak for.
    actor: Option<ClaimantBody>,
    /// One entry for each shop, at most 50.
    #[schema(min_items = 1, max_items = 50)]
    shops: Vec<PlacedShop>,
}

/// A coupon to use.
#[derive(ToSchema)]
struct PlacedCoupon {
    /// The code by which it is known, exactly as it was put.
    code: Identifier,
    /// The shop that gives it; left out for a coupon of the platform, and wherever it is clear.
    shop_id: Option<Identifier>,
}

/// One shop's part.
#[derive(ToSchema)]
struct PlacedShop {
    /// The shop.
    shop_id: Identifier,
    /// The place its stock stands at; `main` where left out.
    place: Option<Identifier>,
    /// How it reaches the buyer; by type where left out.
    fulfilment: Option<FulfilmentWord>,
    /// Freight.
    #[schema(nullable = false)]
    freight: Option<Amount>,
    /// The tax of the freight. It is carried, never computed.
    #[schema(nullable = false)]
    freight_tax: Option<Amount>,
    /// The shop's discount.
    #[schema(nullable = false)]
    shop_discount: Option<Amount>,
    /// Where it goes; left out where nothing is shipped. Masked in answers.
    ship_to: Option<ShipToBody>,
    /// The buyer's words.
    buyer_comment: Option<Words>,
    /// Promotions, for the record.
    #[schema(required = false)]
    promotions: Value,
    /// Labels.
    #[schema(max_items = 32)]
    tags: Option<Vec<Identifier>>,
    /// The lines; at most 500 in an order.
    #[schema(min_items = 1, max_items = 500)]
    items: Vec<PlacedItem>,
}

/// One line.
#[derive(ToSchema)]
struct PlacedItem {
    /// The SKU.
    sku_id: Identifier,
    /// The article it belongs to.
    item_id: Option<Identifier>,
    /// What the buyer saw.
    title: Option<Title>,
    /// Where its picture is: an address or a path of the caller's, never fetched.
    image: Option<Words>,
    /// What tells it from others of its SKU, such as an engraving: free JSON, carried unread.
    #[schema(required = false)]
    attributes: Value,
    /// Where it is delivered from.
    deliver_area_id: Option<Identifier>,
    /// By which code.
    deliver_code: Option<Identifier>,
    /// Free extension.
    #[schema(required = false)]
    extra: Value,
    /// How much: above 0, below 10⁶, up to three places; whole units unless it is sold by weight.
    quantity: QuantityAsked,
    /// The price of one unit.
    list_price: Amount,
    /// The discount for the line.
    #[schema(nullable = false)]
    item_discount: Option<Amount>,
    /// The tax of the line. It is carried, never computed.
    #[schema(nullable = false)]
    tax: Option<Amount>,
    /// Whether it is sold by weight.
    weighed: Option<bool>,
}

/// How one wants to pay.
#[derive(ToSchema)]
#[schema(as = StartPayment)]
pub struct StartPaymentBody {
    /// The tender.
    tender: Identifier,
    /// The gateway to ask; left out where a till takes the money itself.
    gateway: Option<Identifier>,
    /// How much; all that is left where left out.
    #[schema(nullable = false)]
    amount: Option<Amount>,
    /// The terms the payer saw; others are a 409 `terms_conflict`.
    terms_version: Option<Version>,
    /// The version of the order the caller saw; another one is a 409 `version_conflict`.
    expected_version: Option<Version>,
    /// Who asks; where left out, the only one the key may speak for.
    actor: Option<ClaimantBody>,
}

/// What to change about a task that is run again.
#[derive(ToSchema)]
#[schema(as = RetryTask)]
pub struct RetryBody {
    /// What the handler is told from now on; as before where left out.
    #[schema(value_type = Option<Object>)]
    payload: Option<Value>,
}

/// Nothing to say: `{}`.
#[derive(ToSchema)]
#[schema(as = Nothing)]
pub struct NothingBody {}

/// Which tasks to run again.
#[derive(ToSchema)]
#[schema(as = RetryTasks)]
pub struct RetryTasksBody {
    /// The kind whose dead tasks run again.
    kind: Identifier,
}

/// What a run is asked for.
#[derive(ToSchema)]
#[schema(as = Reconcile)]
pub struct ReconcileBody {
    /// Whether it repairs what a program can repair safely; it only tells where left out.
    repair: Option<bool>,
    /// The classes of differences it looks for; all where left out.
    #[schema(max_items = 64)]
    classes: Option<Vec<Identifier>>,
    /// Only orders that changed since then.
    since: Option<Time>,
}

/// Where a backfill goes on.
#[derive(ToSchema)]
#[schema(as = MirrorBackfill)]
pub struct BackfillBody {
    /// The `next` of the page before; from the first order where left out.
    after: Option<Number>,
}

/// Where a comparison goes on, and what it does about what it finds.
#[derive(ToSchema)]
#[schema(as = MirrorVerify)]
pub struct VerifyBody {
    /// The `next` of the page before; from the first order where left out.
    after: Option<Number>,
    /// Whether rows that differ are queued to be written anew.
    repair: Option<bool>,
}

/// Who is to be forgotten.
#[derive(ToSchema)]
#[schema(as = ForgetBuyer)]
pub struct ForgetBody {
    /// The buyer, as orders name it.
    buyer_id: Identifier,
}

/// A webhook to add.
#[derive(ToSchema)]
#[schema(as = NewWebhook)]
pub struct NewWebhookBody {
    /// Where events are sent: `http://` or `https://`.
    #[schema(max_length = 1024, pattern = "^https?://")]
    url: String,
    /// The events it is told of, such as `order.paid`; all where left out.
    #[schema(max_items = 64)]
    events: Option<Vec<Identifier>>,
}

/// What is told again.
#[derive(ToSchema)]
#[schema(as = ReplayWebhook)]
pub struct ReplayBody {
    /// Everything about this order.
    order_id: Option<Number>,
    /// Everything that happened from this moment on.
    from: Option<Time>,
    /// And before this one; now where left out.
    to: Option<Time>,
}

/// What was counted.
#[derive(ToSchema)]
#[schema(as = Count)]
pub struct CountBody {
    /// The place; `main` where left out.
    place: Option<Identifier>,
    /// What is there.
    on_hand: QuantityCounted,
    /// Why it was counted.
    reason: Reason,
}

/// What is added or taken.
#[derive(ToSchema)]
#[schema(as = NewAdjustment)]
pub struct AdjustmentBody {
    /// The place; `main` where left out.
    place: Option<Identifier>,
    /// What is added; negative to take.
    delta: QuantityAdded,
    /// Why, in the words of whoever did it.
    reason: Reason,
}

/// A price to set.
#[derive(ToSchema)]
#[schema(as = NewPrice)]
pub struct PriceBody {
    /// Where it holds; everywhere else where left out.
    place: Option<Identifier>,
    /// ISO 4217.
    currency: CurrencyCode,
    /// Minor units for one unit.
    price: Amount,
    /// What people call it.
    title: Option<Title>,
}

/// What is to come back from the archive: an order, or all to which something happened in a span of time.
#[derive(ToSchema)]
#[schema(as = RestoreArchived)]
pub struct RestoreArchivedBody {
    /// Any number of the order.
    order_id: Option<Number>,
    /// From when; with `to`, where there is no `order_id`.
    from: Option<Time>,
    /// Until before when; now where left out.
    to: Option<Time>,
}

/// One of several schemas, told apart by the word of `field`.
pub fn one_of<W: Into<String>, N: AsRef<str>>(
    meaning: &str,
    field: &str,
    alternatives: impl IntoIterator<Item = (W, N)>,
) -> RefOr<Schema> {
    let mut one_of = OneOfBuilder::new().description(Some(meaning));
    let mut mapping = Vec::new();
    for (word, name) in alternatives {
        let to = Ref::from_schema_name(name.as_ref());
        mapping.push((word.into(), to.ref_location.clone()));
        one_of = one_of.item(to);
    }
    one_of.discriminator(Some(Discriminator::with_mapping(field, mapping))).into()
}

/// An order with every step of the price: payable 11500.
pub fn placement_example() -> Value {
    json!({
        "buyer_id": "1001", "currency": "CNY", "type": "goods", "platform": "h5", "market": "main",
        "expected_total": 11500, "platform_discount": 500, "coins": 100,
        "actor": {"kind": "buyer", "id": "1001"},
        "shops": [{
            "shop_id": "11", "freight": 600, "shop_discount": 300,
            "ship_to": {
                "name": "Ada Lin", "phone": "13800000000", "country": "CN", "province": "Zhejiang", "city": "Hangzhou",
                "address": "1 Lake Road"
            },
            "items": [{
                "sku_id": "1", "title": "Green tea, 250 g", "quantity": "2", "list_price": 6000,
                "item_discount": 200
            }]
        }]
    })
}
