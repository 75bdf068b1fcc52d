//! The fields of an order: one table per level names each with its group, how a change of it is kept in the log, and
//! how two copies of it come to one. A field that the table forgets does not compile.

use crate::operation::Group;
use crate::seat::Site;
use crate::words::Level;
use crate::{ItemOrder, Json, PaymentOrder, ShopOrder};
use serde::Serialize;

/// The shape of the tree as a field of L1: `[[shop order, [item orders]]]`. It stands in the images only where
/// nodes came, went or moved.
pub(super) const SHAPE: &str = "nodes";

/// How a changed field stands in the images.
#[derive(Clone, Copy)]
pub(super) enum Logged {
    /// Before and after.
    Both,
    /// Before alone: afterwards it is the time of the row.
    Before,
    /// Only where it did not rise by one, as it does with every change.
    UnlessNext,
}

/// How two copies of a field come to one. The joins themselves are the sites' matter; what each field is, is told here,
/// so that a field without one does not compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    /// Facts of both, each by its own number; they stand in the order of their numbers.
    Union,
    /// What either has.
    Set,
    /// As this site has it; the other never changes it.
    Owner(Site),
    /// The one that is further.
    Max,
    /// The one that was written last.
    Register,
    /// With everything else that was agreed, as one: the newer agreement.
    Terms,
    /// Each copy has its own; it never travels and is not compared.
    Local,
    /// Fixed at placement: the same on both.
    Origin,
}

/// One field of a level.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name in JSON.
    pub name: &'static str,
    /// With which others it changes.
    pub group: Group,
    /// How two copies of it come to one.
    pub join: Join,
}

/// Declares the fields of a level: name in JSON, field, group, how its change is kept, and how copies of it join.
macro_rules! fields {
    ($table:ident, $node:ident { $($name:literal $field:ident $group:ident $kept:ident ($($join:tt)*),)* }
        children { $($child:ident)? }) => {
        const $table: &[Field] =
            &[$(Field { name: $name, group: Group::$group, join: Join::$($join)* },)*];

        impl Node for $node {
            fn differing(&self, after: &Self, each: &mut dyn FnMut(&'static str, Logged, Json, Json)) {
                // Written out without `..`: a new field must be named here, or this does not compile.
                let Self { $($field: _,)* $($child: _,)? } = self;
                $(if self.$field != after.$field {
                    each($name, Logged::$kept, json(&self.$field), json(&after.$field));
                })*
            }
        }
    };
}

/// A node of the tree without its children.
pub(super) trait Node: Serialize {
    /// Calls `each` with name, rule, old and new value of every field that differs.
    fn differing(&self, after: &Self, each: &mut dyn FnMut(&'static str, Logged, Json, Json));
}

fields! { PAYMENT_FIELDS, PaymentOrder {
    "id" id Origin Both (Origin),
    "version" version Bookkeeping UnlessNext (Local),
    "terms_version" terms_version Terms Both (Terms),
    "terms_at" terms_at Terms Both (Terms),
    "home" home Origin Both (Origin),
    "type" order_type Origin Both (Origin),
    "market" market Origin Both (Origin),
    "platform" platform Origin Both (Origin),
    "channel" channel Origin Both (Origin),
    "external_id" external_id Origin Both (Origin),
    "issuer" issuer Origin Both (Origin),
    "client_token" client_token Origin Both (Origin),
    "source" source Origin Both (Origin),
    "buyer_id" buyer_id Origin Both (Origin),
    "currency" currency Terms Both (Terms),
    "visible" visible Visibility Both (Local),
    "extra" extra Origin Both (Origin),
    "tags" tags Labels Both (Set),
    "platform_discount" platform_discount Terms Both (Terms),
    "coupons" coupons Terms Both (Terms),
    "coins" coins Terms Both (Terms),
    "third_party_discount" third_party_discount Terms Both (Terms),
    "tax_included" tax Terms Both (Terms),
    "payments" payments Money Both (Union),
    "attempts" attempts Money Both (Union),
    "refunds_due" refunds_due Money Both (Union),
    "revoke" revoke Money Both (Max),
    "deadline" deadline Deadlines Both (Local),
    "pay_by" pay_by Deadlines Both (Local),
    "reported_payment" reported_payment Money Both (Owner(Site::Buyers)),
    "notes" notes Notes Both (Local),
    "anomalies" anomalies Bookkeeping Both (Local),
    "ledgers" ledgers Terms Both (Origin),
    "created_at" created_at Origin Both (Origin),
    "updated_at" updated_at Bookkeeping Before (Local),
} children {} }

fields! { SHOP_FIELDS, ShopOrder {
    "id" id Origin Both (Origin),
    "shop_id" shop_id Origin Both (Origin),
    "place" place Origin Both (Origin),
    "fulfilment" fulfilment Origin Both (Origin),
    "shop_discount" shop_discount Terms Both (Terms),
    "coupons" coupons Terms Both (Terms),
    "freight" freight Terms Both (Terms),
    "freight_tax" freight_tax Terms Both (Terms),
    "freight_shares" freight_shares Terms Both (Terms),
    "has_ship_to" has_ship_to Address Both (Register),
    "buyer_comment" buyer_comment Notes Both (Owner(Site::Buyers)),
    "seller_comment" seller_comment Notes Both (Owner(Site::Sellers)),
    "promotions" promotions Terms Both (Terms),
    "tags" tags Labels Both (Set),
    "dropped_at" dropped_at Terms Both (Terms),
    "dropped_by" dropped_by Terms Both (Terms),
    "shipments" shipments Logistics Both (Union),
    "delivery" delivery Logistics Both (Union),
    "reported" reported Logistics Both (Owner(Site::Sellers)),
    "channel_status" channel_status Logistics Both (Owner(Site::Sellers)),
    "received" received Logistics Both (Owner(Site::Buyers)),
    "refunds" refunds Refunds Both (Union),
    "receive_by" receive_by Deadlines Both (Local),
    "extended_by" extended_by Logistics Both (Max),
    "settled_at" settled_at Settlement Both (Owner(Site::Sellers)),
    "deadline" deadline Deadlines Both (Local),
    "answer_by" answers Deadlines Both (Local),
    "heard" heard Bookkeeping Both (Local),
    "created_at" created_at Origin Both (Origin),
    "updated_at" updated_at Bookkeeping Before (Local),
} children { items } }

fields! { ITEM_FIELDS, ItemOrder {
    "id" id Origin Both (Origin),
    "sku_id" sku_id Terms Both (Terms),
    "external_id" external_id Terms Both (Terms),
    "item_id" item_id Terms Both (Terms),
    "title" title Terms Both (Terms),
    "image" image Terms Both (Terms),
    "attributes" attributes Terms Both (Terms),
    "deliver_area_id" deliver_area_id Terms Both (Terms),
    "deliver_code" deliver_code Terms Both (Terms),
    "extra" extra Terms Both (Terms),
    "list_price" list_price Terms Both (Terms),
    "quantity" quantity Terms Both (Terms),
    "cancelled_quantity" cancelled_quantity Logistics Both (Owner(Site::Sellers)),
    "item_discount" item_discount Terms Both (Terms),
    "tax" tax Terms Both (Terms),
    "shares" shares Terms Both (Terms),
    "weighed" weighed Terms Both (Terms),
    "weighed_as" weighed_as Logistics Both (Owner(Site::Sellers)),
    "holds_stock" holds_stock Terms Both (Terms),
    "allocations" allocations Bookkeeping Both (Local),
    "dropped_at" dropped_at Terms Both (Terms),
    "rates" rates Ratings Both (Owner(Site::Buyers)),
    "heard" heard Bookkeeping Both (Local),
} children {} }

/// The fields of a level.
pub const fn fields_of(level: Level) -> &'static [Field] {
    match level {
        Level::Payment => PAYMENT_FIELDS,
        Level::Shop => SHOP_FIELDS,
        Level::Item => ITEM_FIELDS,
    }
}

/// The group of a field of a node, by its name in JSON; none for a name that no node of this level has.
pub fn group_of(level: Level, field: &str) -> Option<Group> {
    if level == Level::Payment && field == SHAPE {
        return Some(Group::Terms);
    }
    fields_of(level).iter().find(|known| known.name == field).map(|known| known.group)
}

pub(super) fn json<T: Serialize>(value: &T) -> Json {
    serde_json::to_value(value)
        .expect("every field of an order serialises: its map keys are strings")
}
