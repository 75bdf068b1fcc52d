//! Bodies of requests, for the document alone: what is read, and what is wrong with it, is `wire`'s business.

#![allow(dead_code)] // described, never made

use docket_domain::ActorKind;
use docket_wire::ShipTo;
use docket_wire::log::ActorView;
use docket_wire::person::Contact;
use docket_wire::word::{FulfilmentWord, PlatformWord, TypeWord};
use serde_json::{Value, json};
use utoipa::ToSchema;

pub use super::operations::{OperationBody, example as operation_example};

/// What `Idempotency-Key` means.
pub const IDEMPOTENCY: &str = "1 to 64 visible ASCII characters of the caller's choice. The same request \
    under the same key, within 24 hours, is done once; a later answer is marked `Idempotent-Replayed: true`";
/// What `reveal` means.
pub const REVEAL: &str = "`person`: names, telephones and addresses in full. Needs the scope \
    `privacy.read`, and is recorded";

/// An order to place. Amounts left out are 0.
#[derive(ToSchema)]
#[schema(as = Placement)]
pub struct PlacementBody {
    /// The buyer's account number; left out at an anonymous sale.
    #[schema(max_length = 64)]
    buyer_id: Option<String>,
    /// Name and telephone of the buyer; masked in answers.
    #[schema(value_type = Option<Contact>)]
    buyer: Option<Contact>,
    /// ISO 4217; every amount is in its minor units.
    currency: String,
    /// What is sold; `goods` where left out.
    #[serde(rename = "type")]
    #[schema(value_type = Option<TypeWord>)]
    order_type: Option<String>,
    /// The market: `main` where left out.
    market: Option<String>,
    /// Where it is placed; `all` where left out.
    #[schema(value_type = Option<PlatformWord>)]
    platform: Option<String>,
    /// The channel it comes through.
    channel: Option<String>,
    /// Its number there, or the caller's own; unique per channel, or per issuer without one.
    #[schema(max_length = 64)]
    external_id: Option<String>,
    /// The caller's token; unique for ever per issuer.
    #[schema(max_length = 64)]
    client_token: Option<String>,
    /// Where it came from, as the caller says; at most 4,000 bytes.
    #[schema(value_type = Option<Object>)]
    source: Option<Value>,
    /// Free extension; at most 6,000 bytes.
    #[schema(value_type = Option<Object>)]
    extra: Option<Value>,
    /// Labels.
    tags: Option<Vec<String>>,
    /// What the caller computed as payable; another total is a 409 `total_mismatch`.
    #[schema(minimum = 0, nullable = false)]
    expected_total: Option<i64>,
    /// The platform's discount.
    #[schema(minimum = 0, nullable = false)]
    platform_discount: Option<i64>,
    /// Coins, as money.
    #[schema(minimum = 0, nullable = false)]
    coins: Option<i64>,
    /// A third party's discount.
    #[schema(minimum = 0, nullable = false)]
    third_party_discount: Option<i64>,
    /// Whether prices and freights have their tax inside, so that it changes no sum; `true` where left out. Otherwise
    /// tax comes on top of them.
    tax_included: Option<bool>,
    /// Coupons, each once, at most 20. What they take off is computed and becomes part of the discounts.
    #[schema(max_items = 20)]
    coupons: Option<Vec<PlacedCoupon>>,
    /// Who places it; where left out, the only one the key may speak for.
    #[schema(value_type = Option<ActorView>)]
    actor: Option<ActorKind>,
    /// One entry for each shop, at most 50.
    #[schema(min_items = 1, max_items = 50)]
    shops: Vec<PlacedShop>,
}

/// A coupon to use.
#[derive(ToSchema)]
struct PlacedCoupon {
    /// Its code.
    #[schema(max_length = 64)]
    code: String,
    /// The shop that gives it; left out for a coupon of the platform, and wherever it is clear.
    #[schema(max_length = 64)]
    shop_id: Option<String>,
}

/// One shop's part.
#[derive(ToSchema)]
struct PlacedShop {
    /// The shop.
    #[schema(max_length = 64)]
    shop_id: String,
    /// The place its stock stands at; `main` where left out.
    place: Option<String>,
    /// How it reaches the buyer; by type where left out.
    #[schema(value_type = Option<FulfilmentWord>)]
    fulfilment: Option<String>,
    /// Freight.
    #[schema(minimum = 0, nullable = false)]
    freight: Option<i64>,
    /// The tax of the freight. It is carried, never computed.
    #[schema(minimum = 0, nullable = false)]
    freight_tax: Option<i64>,
    /// The shop's discount.
    #[schema(minimum = 0, nullable = false)]
    shop_discount: Option<i64>,
    /// Where it goes; left out where nothing is shipped. Masked in answers.
    ship_to: Option<ShipTo>,
    /// The buyer's words.
    buyer_comment: Option<String>,
    /// Promotions, for the record.
    #[schema(value_type = Option<Object>)]
    promotions: Option<Value>,
    /// Labels.
    tags: Option<Vec<String>>,
    /// The lines; at most 500 in an order.
    #[schema(min_items = 1, max_items = 500)]
    items: Vec<PlacedItem>,
}

/// One line.
#[derive(ToSchema)]
struct PlacedItem {
    /// The SKU.
    #[schema(max_length = 64)]
    sku_id: String,
    /// The article it belongs to.
    item_id: Option<String>,
    /// What the buyer saw.
    #[schema(max_length = 128)]
    title: Option<String>,
    /// Its picture.
    image: Option<String>,
    /// Its attributes.
    #[schema(value_type = Option<Object>)]
    attributes: Option<Value>,
    /// Where it is delivered from.
    deliver_area_id: Option<String>,
    /// By which code.
    deliver_code: Option<String>,
    /// Free extension.
    #[schema(value_type = Option<Object>)]
    extra: Option<Value>,
    /// How much: above 0, below 10⁶, up to three places; whole units unless it is sold by weight.
    quantity: String,
    /// The price of one unit.
    #[schema(minimum = 0)]
    list_price: i64,
    /// The discount for the line.
    #[schema(minimum = 0, nullable = false)]
    item_discount: Option<i64>,
    /// The tax of the line. It is carried, never computed.
    #[schema(minimum = 0, nullable = false)]
    tax: Option<i64>,
    /// Whether it is sold by weight.
    weighed: Option<bool>,
}

/// How one wants to pay.
#[derive(ToSchema)]
#[schema(as = StartPayment)]
pub struct StartPaymentBody {
    /// The tender.
    #[schema(max_length = 64)]
    tender: String,
    /// The gateway to ask; left out where a till takes the money itself.
    gateway: Option<String>,
    /// How much; all that is left where left out.
    #[schema(minimum = 0, nullable = false)]
    amount: Option<i64>,
    /// The terms the payer saw; others are a 409 `terms_conflict`.
    #[schema(minimum = 1)]
    terms_version: Option<u32>,
    /// The version of the order the caller saw; another one is a 409 `version_conflict`.
    #[schema(minimum = 1)]
    expected_version: Option<u32>,
    /// Who asks; where left out, the only one the key may speak for.
    #[schema(value_type = Option<ActorView>)]
    actor: Option<ActorKind>,
}

/// Name and password.
#[derive(ToSchema)]
#[schema(as = Login)]
pub struct LoginBody {
    name: String,
    password: String,
}

/// Another password of one's own.
#[derive(ToSchema)]
#[schema(as = ChangePassword)]
pub struct ChangePasswordBody {
    /// The present one.
    old: String,
    /// At least 8 characters.
    new: String,
}

/// Another password of a user.
#[derive(ToSchema)]
#[schema(as = ResetPassword)]
pub struct ResetPasswordBody {
    /// At least 8 characters.
    password: String,
}

/// A user to add.
#[derive(ToSchema)]
#[schema(as = NewUser)]
pub struct NewUserBody {
    /// The name to log in with.
    name: String,
    /// `admin`: everything. `operator`: everything but `admin` and `privacy.read`. `viewer`: `orders.read`.
    role: String,
    /// At least 8 characters.
    #[schema(min_length = 8, max_length = 256)]
    password: String,
    /// The shops it may touch; all where left out.
    shops: Option<Vec<String>>,
    /// The places it may touch; all where left out.
    places: Option<Vec<String>>,
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
    /// Their kind.
    kind: String,
}

/// What a run is asked for.
#[derive(ToSchema)]
#[schema(as = Reconcile)]
pub struct ReconcileBody {
    /// Whether it repairs what a program can repair safely; it only tells where left out.
    repair: Option<bool>,
    /// The classes of differences it looks for; all where left out.
    classes: Option<Vec<String>>,
    /// Only orders that changed since then.
    since: Option<String>,
}

/// Where a backfill goes on.
#[derive(ToSchema)]
#[schema(as = MirrorBackfill)]
pub struct BackfillBody {
    /// The `next` of the page before; from the first order where left out.
    after: Option<String>,
}

/// Where a comparison goes on, and what it does about what it finds.
#[derive(ToSchema)]
#[schema(as = MirrorVerify)]
pub struct VerifyBody {
    /// The `next` of the page before; from the first order where left out.
    after: Option<String>,
    /// Whether rows that differ are queued to be written anew.
    repair: Option<bool>,
}

/// Who is to be forgotten.
#[derive(ToSchema)]
#[schema(as = ForgetBuyer)]
pub struct ForgetBody {
    /// The buyer, as orders name it.
    buyer_id: String,
}

/// A webhook to add.
#[derive(ToSchema)]
#[schema(as = NewWebhook)]
pub struct NewWebhookBody {
    /// Where events are sent: `http://` or `https://`.
    url: String,
    /// The events it is told of, such as `order.paid`; all where left out.
    events: Option<Vec<String>>,
}

/// What is told again.
#[derive(ToSchema)]
#[schema(as = ReplayWebhook)]
pub struct ReplayBody {
    /// Everything about this order.
    order_id: Option<String>,
    /// Everything that happened from this moment on.
    from: Option<String>,
    /// And before this one; now where left out.
    to: Option<String>,
}

/// A key to add.
#[derive(ToSchema)]
#[schema(as = NewKey)]
pub struct NewKeyBody {
    /// What people call it.
    name: String,
    /// What it may do: `orders.read`, `orders.write`, `prices`, `payments`, `refunds`, `privacy.read`,
    /// `stock`, `coupons`, `tasks`, `shops`, `documents`, `sites`, `admin`.
    scopes: Vec<String>,
    /// The kinds of actor it may speak for: `buyer`, `seller`, `store`, `till`, `courier`, `gateway`.
    actors: Option<Vec<String>>,
    /// The shops it may touch; all where left out.
    shops: Option<Vec<String>>,
    /// The places it may touch; all where left out.
    places: Option<Vec<String>>,
    /// Who it issues tokens and cash references as: that of the key it follows. Its own number where left out.
    issuer: Option<String>,
    /// Until when it opens (RFC 3339); for ever where left out.
    expires_at: Option<String>,
}

/// What was counted.
#[derive(ToSchema)]
#[schema(as = Count)]
pub struct CountBody {
    /// The place; `main` where left out.
    place: Option<String>,
    /// What is there.
    on_hand: String,
    /// Why it was counted.
    reason: String,
}

/// What is added or taken.
#[derive(ToSchema)]
#[schema(as = NewAdjustment)]
pub struct AdjustmentBody {
    /// The place; `main` where left out.
    place: Option<String>,
    /// What is added; negative to take.
    delta: String,
    /// Why.
    reason: String,
}

/// A price to set.
#[derive(ToSchema)]
#[schema(as = NewPrice)]
pub struct PriceBody {
    /// Where it holds; everywhere else where left out.
    place: Option<String>,
    /// ISO 4217.
    currency: String,
    /// Minor units for one unit.
    #[schema(minimum = 0)]
    price: i64,
    /// What people call it.
    title: Option<String>,
}

/// What is to come back from the archive: an order, or all to which something happened in a span of time.
#[derive(ToSchema)]
#[schema(as = RestoreArchived)]
pub struct RestoreArchivedBody {
    /// Any number of the order.
    order_id: Option<String>,
    /// From when; with `to`, where there is no `order_id`.
    from: Option<String>,
    /// Until before when; now where left out.
    to: Option<String>,
}

/// A coupon to set.
#[derive(ToSchema)]
#[schema(as = NewCoupon)]
pub struct CouponBody {
    /// What people call it.
    #[schema(max_length = 128)]
    title: Option<String>,
    /// The shop that gives it; left out for a coupon of the platform.
    #[schema(max_length = 64)]
    shop_id: Option<String>,
    /// `amount` (with `face`) or `percent` (with `basis_points` and perhaps `cap`).
    kind: String,
    /// What it takes off, in minor units; 0 for a gift alone.
    #[schema(minimum = 0)]
    face: Option<i64>,
    /// The part of what is left to pay that it takes off, in hundredths of a percent.
    #[schema(minimum = 0, maximum = 10000)]
    basis_points: Option<i64>,
    /// At most so much, in minor units.
    #[schema(minimum = 1)]
    cap: Option<i64>,
    /// ISO 4217; orders in another currency do not take it.
    currency: String,
    /// What must be left to pay of the lines it is for; 0 where left out.
    #[schema(minimum = 0)]
    min_spend: Option<i64>,
    /// `discount` where left out, `full_reduction` or `gift`.
    class: Option<String>,
    /// How often it may be used in all; any number of times where left out.
    #[schema(minimum = 0)]
    total_limit: Option<i64>,
    /// How often by one buyer.
    #[schema(minimum = 0)]
    buyer_limit: Option<i64>,
    /// How often by one buyer on one day; of `full_reduction` and `gift` alone.
    #[schema(minimum = 0)]
    buyer_day_limit: Option<i64>,
    /// From when on it is taken (RFC 3339).
    from: Option<String>,
    /// Until when; not at that moment any more.
    until: Option<String>,
    /// Whether it is taken at all; true where left out.
    active: Option<bool>,
}

/// What is changed about a coupon.
#[derive(ToSchema)]
#[schema(as = AdjustCoupon)]
pub struct AdjustCouponBody {
    /// Added to its limit in all; negative to take from it.
    limit: Option<i64>,
    /// Whether it is taken from now on.
    active: Option<bool>,
    /// Why.
    reason: String,
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
