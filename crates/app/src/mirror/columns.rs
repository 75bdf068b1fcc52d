//! Their columns: which field of ours each holds, in their codes and their way to write times.

use super::MirrorSettings;
use docket_domain::status::{self, ShopStanding, Standing};
use docket_domain::words::{CancelKind, DeliveryStatus};
use docket_domain::{Amount, Id, ShopOrder, Time, Tree};
use docket_store::{ForeignRow, ForeignValue};
use std::collections::BTreeMap;

/// What a row of theirs is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MirrorLevel {
    /// A payment order.
    Payment,
    /// A shop order.
    Shop,
}

/// How they write times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimeForm {
    /// Seconds since 1970.
    Seconds,
    /// Milliseconds since 1970.
    Millis,
    /// `2026-11-20 18:00:00` in this time zone, such as `Asia/Shanghai`.
    Text(String),
}

/// One column of theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorColumn {
    /// As their table calls it.
    pub name: String,
    /// Which fact of ours is written into it.
    pub field: Field,
    /// Their codes for our words; a word that is not named is written as it is.
    pub codes: BTreeMap<String, ForeignValue>,
}

/// What kind of value a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A word, which may have a code of theirs.
    Word,
    /// Anything else.
    Plain,
}

/// Declares the closed list of fields.
macro_rules! fields {
    ($($variant:ident $word:literal $kind:ident;)*) => {
        /// What a column can hold. No data of people is among it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs)] // the names are those of the contract
        pub enum Field { $($variant,)* }

        impl Field {
            /// All of them, with their words.
            pub const ALL: &'static [(&'static str, Self)] = &[$(($word, Self::$variant),)*];

            /// What kind of value it is.
            pub const fn kind(self) -> FieldKind {
                match self { $(Self::$variant => FieldKind::$kind,)* }
            }
        }
    };
}

fields! {
    PaymentOrderId "payment_order_id" Plain;
    ShopOrderId "shop_order_id" Plain;
    Version "version" Plain;
    BuyerId "buyer_id" Plain;
    ShopId "shop_id" Plain;
    Place "place" Plain;
    ExternalId "external_id" Plain;
    Channel "channel" Plain;
    Type "type" Word;
    Currency "currency" Plain;
    Status "status" Word;
    StoreStatus "store_status" Word;
    PaymentStatus "payment_status" Word;
    Refund "refund" Word;
    Delivery "delivery" Word;
    CancelKind "cancel_kind" Word;
    Price "price" Plain;
    Freight "freight" Plain;
    Tax "tax" Plain;
    Payable "payable" Plain;
    Paid "paid" Plain;
    Refunded "refunded" Plain;
    CreatedAt "created_at" Plain;
    UpdatedAt "updated_at" Plain;
    PaidAt "paid_at" Plain;
    ShippedAt "shipped_at" Plain;
    ReceivedAt "received_at" Plain;
    CancelledAt "cancelled_at" Plain;
    RefundedAt "refunded_at" Plain;
    SettledAt "settled_at" Plain;
}

/// A value of ours, before it is theirs.
enum Ours {
    Id(Id),
    Number(i64),
    Amount(Amount),
    Text(Option<String>),
    Word(Option<&'static str>),
    Time(Option<Time>),
}

impl Field {
    /// Whether its values only grow.
    pub const fn grows(self) -> bool {
        matches!(self, Self::Version | Self::UpdatedAt)
    }

    /// The field of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == word).map(|(_, field)| *field)
    }

    /// What it is of a payment order; what only a shop order has is nothing, except where there is one alone.
    fn of_tree(self, tree: &Tree, stands: &Standing) -> Ours {
        let order = &tree.payment;
        let times = stands.times;
        match self {
            Self::PaymentOrderId => Ours::Id(order.id),
            Self::Version => Ours::Number(order.version.into()),
            Self::BuyerId => Ours::Text(order.buyer_id.clone()),
            Self::ExternalId => Ours::Text(order.external_id.clone()),
            Self::Channel => Ours::Text(order.channel.clone()),
            Self::Type => Ours::Word(Some(order.order_type.word())),
            Self::Currency => Ours::Text(Some(order.currency.code().to_owned())),
            Self::Status => Ours::Word(Some(stands.status.word())),
            Self::StoreStatus => Ours::Word(Some(stands.store_status.word())),
            Self::PaymentStatus => Ours::Word(Some(stands.payment_status.word())),
            Self::Price => Ours::Amount(stands.price),
            Self::Freight => Ours::Amount(stands.freight),
            Self::Tax => Ours::Amount(stands.tax),
            Self::Payable => Ours::Amount(stands.payable),
            Self::Paid => Ours::Number(stands.paid),
            Self::Refunded => Ours::Number(stands.refunded),
            Self::CreatedAt => Ours::Time(Some(order.created_at)),
            Self::UpdatedAt => Ours::Time(Some(order.updated_at)),
            Self::PaidAt => Ours::Time(times.paid_at),
            Self::ShippedAt => Ours::Time(times.shipped_at),
            Self::ReceivedAt => Ours::Time(times.received_at),
            Self::CancelledAt => Ours::Time(times.cancelled_at),
            Self::RefundedAt => Ours::Time(times.refunded_at),
            Self::SettledAt => Ours::Time(times.settled_at),
            Self::ShopOrderId
            | Self::ShopId
            | Self::Place
            | Self::Refund
            | Self::Delivery
            | Self::CancelKind => match (&tree.shops[..], &stands.shops[..]) {
                ([shop], [standing]) => self.of_shop(tree, stands, shop, standing),
                _ => Ours::Text(None),
            },
        }
    }

    /// What it is of a shop order.
    fn of_shop(
        self,
        tree: &Tree,
        whole: &Standing,
        shop: &ShopOrder,
        stands: &ShopStanding,
    ) -> Ours {
        let times = stands.times;
        match self {
            Self::ShopOrderId => Ours::Id(shop.id),
            Self::ShopId => Ours::Text(Some(shop.shop_id.clone())),
            Self::Place => Ours::Text(Some(shop.place.clone())),
            Self::Status => Ours::Word(Some(stands.status.word())),
            Self::StoreStatus => Ours::Word(Some(stands.store_status.word())),
            Self::Refund => Ours::Word(Some(stands.refund_status.word())),
            Self::Delivery => Ours::Word(stands.delivery_status.map(DeliveryStatus::word)),
            Self::CancelKind => Ours::Word(stands.cancel_kind.map(CancelKind::word)),
            Self::Price => Ours::Amount(stands.price),
            Self::Freight => Ours::Amount(shop.freight),
            Self::Tax => Ours::Amount(stands.tax),
            Self::Payable => Ours::Amount(stands.to_pay),
            Self::Refunded => Ours::Number(stands.refunded),
            Self::PaidAt => Ours::Time(times.paid_at),
            Self::ShippedAt => Ours::Time(times.shipped_at),
            Self::ReceivedAt => Ours::Time(times.received_at),
            Self::CancelledAt => Ours::Time(times.cancelled_at),
            Self::RefundedAt => Ours::Time(times.refunded_at),
            Self::SettledAt => Ours::Time(times.settled_at),
            of_the_tree => of_the_tree.of_tree(tree, whole),
        }
    }
}

impl TimeForm {
    fn written(&self, at: Time) -> ForeignValue {
        match self {
            Self::Seconds => ForeignValue::Int(at.0.div_euclid(1000)),
            Self::Millis => ForeignValue::Int(at.0),
            Self::Text(zone) => {
                ForeignValue::Text(docket_wire::moment::in_zone(at, zone).unwrap_or_default())
            }
        }
    }
}

fn theirs(settings: &MirrorSettings, column: &MirrorColumn, ours: Ours) -> ForeignValue {
    let text = |text: Option<String>| text.map_or(ForeignValue::Null, ForeignValue::Text);
    match ours {
        Ours::Id(id) => ForeignValue::Int(id.0),
        Ours::Number(number) => ForeignValue::Int(number),
        Ours::Amount(amount) => amount.known().map_or(ForeignValue::Null, ForeignValue::Int),
        Ours::Text(words) => text(words),
        Ours::Word(word) => {
            let code = column.codes.get(word.unwrap_or("none")).cloned();
            code.unwrap_or_else(|| text(word.map(str::to_owned)))
        }
        Ours::Time(at) => at.map_or(ForeignValue::Null, |at| settings.times.written(at)),
    }
}

/// Their rows of `tree`: one, or one for each shop order.
pub(super) fn rows(settings: &MirrorSettings, tree: &Tree) -> Vec<ForeignRow> {
    let stands = status::of(tree);
    let row = |key: Id, of: &dyn Fn(Field) -> Ours| {
        let mut guard = None;
        let mut values = Vec::with_capacity(settings.columns.len());
        for column in &settings.columns {
            let value = theirs(settings, column, of(column.field));
            if column.field.grows() && guard.is_none() {
                guard = Some(value);
            } else {
                values.push(value);
            }
        }
        ForeignRow {
            key: ForeignValue::Int(key.0),
            guard: guard.unwrap_or(ForeignValue::Null),
            values,
        }
    };
    match settings.level {
        MirrorLevel::Payment => vec![row(tree.id(), &|field| field.of_tree(tree, &stands))],
        MirrorLevel::Shop => {
            let shops = tree.shops.iter().zip(&stands.shops);
            let one = |(shop, standing): (&ShopOrder, &ShopStanding)| {
                row(shop.id, &|field| field.of_shop(tree, &stands, shop, standing))
            };
            shops.map(one).collect()
        }
    }
}
