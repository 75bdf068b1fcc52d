//! What was agreed, changed while it may be: lines and discounts dropped, prices adjusted, another address. Decided in
//! `decide::terms`.

use super::definition::{AtLeastOne, Class, Definition, Event, Group, Repeats, SHOP_ORDER, WRITES};
use super::field::{Field, FieldKind, LINES};
use super::given::TaxAsked;
use super::list::{Operation, OperationKind};
use crate::ActorKind::{Buyer, Seller, Store};

/// Amounts of a shop order as they are to be from now on, in minor units. What is left out stays: nobody computes
/// the tax of another price here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriceAsked {
    /// The shop discount.
    pub shop_discount: Option<i64>,
    /// The freight.
    pub freight: Option<i64>,
    /// The tax of the freight.
    pub freight_tax: Option<i64>,
    /// Taxes of lines, each of the whole line.
    pub taxes: Vec<TaxAsked>,
    /// The terms the caller saw, if they must still hold.
    pub expected_terms_version: Option<u32>,
}

const PLATFORM_DISCOUNT: Field = Field::amount("platform_discount", NEW_AMOUNT, "0");
const THIRD_PARTY_DISCOUNT: Field = Field::amount("third_party_discount", NEW_AMOUNT, "0");
const SHOP_DISCOUNT: Field = Field::amount("shop_discount", NEW_AMOUNT, "400");
const FREIGHT: Field = Field::amount("freight", NEW_AMOUNT, "500");
const FREIGHT_TAX: Field =
    Field::amount("freight_tax", "The new tax of the freight; as before where left out", "30");
const TAXES: Field = Field::optional(
    "lines",
    FieldKind::Taxes,
    "The new tax of whole lines; as before where left out",
    r#"[{"order_id": "4311810304", "tax": 65}]"#,
);
const TERMS_SEEN: Field =
    Field::optional("expected_terms_version", FieldKind::Version, "The terms the asker saw", "1");
const SHIP_TO: Field = Field::required(
    "ship_to",
    FieldKind::ShipTo,
    "The new address",
    r#"{"name": "Ada Lin", "city": "Hangzhou"}"#,
);
const NEW_AMOUNT: &str = "The new amount";

pub(super) static DROP: Definition = Definition {
    kind: OperationKind::Drop,
    target: SHOP_ORDER,
    who: &[Store, Buyer],
    scopes: WRITES,
    class: Class::Terms,
    // New terms may leave nothing to pay, and that hands a sale at the counter over.
    groups: &[Group::Terms, Group::Logistics],
    timer_site: None,
    repeats: Repeats::WithinLimit,
    fields: &[LINES, PLATFORM_DISCOUNT, THIRD_PARTY_DISCOUNT],
    at_least_one: None,
    read: |given| {
        Some(Operation::Drop {
            lines: given.lines(&LINES),
            platform_discount: given.amount(&PLATFORM_DISCOUNT),
            third_party_discount: given.amount(&THIRD_PARTY_DISCOUNT),
        })
    },
    event: Event::Is("order.terms_changed"),
    sentence: (
        "Taken out of the order[: {lines}][; platform discount {platform_discount}][; third-party discount {third_party_discount}][; {payable} to pay][ (terms version {terms_version})]",
        "从订单中移除[：{lines}][；平台优惠 {platform_discount}][；第三方优惠 {third_party_discount}][；应付 {payable}][（条款第 {terms_version} 版）]",
    ),
    unusual: None,
};

pub(super) static ADJUST_PRICE: Definition = Definition {
    kind: OperationKind::AdjustPrice,
    target: SHOP_ORDER,
    who: &[Seller, Store],
    scopes: WRITES,
    class: Class::Terms,
    groups: &[Group::Terms, Group::Logistics],
    timer_site: None,
    repeats: Repeats::WithinLimit,
    fields: &[SHOP_DISCOUNT, FREIGHT, FREIGHT_TAX, TAXES, TERMS_SEEN],
    at_least_one: Some(AtLeastOne {
        fields: &["shop_discount", "freight", "freight_tax", "lines"],
        message: "needs `shop_discount`, `freight`, `freight_tax` or `lines` with their `tax`",
    }),
    read: |given| {
        Some(Operation::AdjustPrice(PriceAsked {
            shop_discount: given.amount(&SHOP_DISCOUNT),
            freight: given.amount(&FREIGHT),
            freight_tax: given.amount(&FREIGHT_TAX),
            taxes: given.taxes(&TAXES).unwrap_or_default(),
            expected_terms_version: given.version(&TERMS_SEEN),
        }))
    },
    event: Event::Is("order.terms_changed"),
    sentence: (
        "Price adjusted[; shop discount {shop_discount}][; freight {freight}][; tax {tax}][; {payable} to pay][ (terms version {terms_version})]",
        "调整价格[；店铺优惠 {shop_discount}][；运费 {freight}][；税 {tax}][；应付 {payable}][（条款第 {terms_version} 版）]",
    ),
    unusual: None,
};

pub(super) static CHANGE_ADDRESS: Definition = Definition {
    kind: OperationKind::ChangeAddress,
    target: SHOP_ORDER,
    who: &[Buyer, Seller],
    scopes: WRITES,
    class: Class::Terms,
    groups: &[Group::Address, Group::Terms, Group::Logistics],
    timer_site: None,
    repeats: Repeats::WithinLimit,
    fields: &[SHIP_TO, FREIGHT, FREIGHT_TAX],
    at_least_one: None,
    read: |given| {
        let (freight, freight_tax) = (given.amount(&FREIGHT), given.amount(&FREIGHT_TAX));
        Some(Operation::ChangeAddress { freight, freight_tax })
    },
    event: Event::Is("order.address_changed"),
    sentence: (
        "Ship-to changed[; freight {freight}][; {payable} to pay][ (terms version {terms_version})]",
        "修改收货地址[；运费 {freight}][；应付 {payable}][（条款第 {terms_version} 版）]",
    ),
    unusual: None,
};
