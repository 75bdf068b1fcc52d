//! How an order looks to a caller, in a list and in detail.

use super::order::{Child, Oddity, Order, Package};
use super::seeded::status;
use super::shop::Shop;
use serde::Serialize;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// Which lines of an order are told: those of the seller, those of co-operating warehouses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    pub seller: bool,
    pub co_warehouse: bool,
}

impl Told {
    /// All lines.
    pub const ALL: Self = Self { seller: true, co_warehouse: true };

    pub const fn has(self, child: &Child) -> bool {
        if child.is_co_warehouse { self.co_warehouse } else { self.seller }
    }
}

/// What a list gives, or what is read by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    List,
    Detail,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rendered<'a> {
    parent_order_map: Head<'a>,
    order_list: Lines<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Lines<'a> {
    Told(Vec<Line<'a>>),
    /// A line of which nothing is told.
    Broken([Nothing; 1]),
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
struct Label {
    name: &'static str,
    value: u8,
}

const fn label(name: &'static str, value: u8) -> Label {
    Label { name, value }
}

const PARENT_LABELS: [Label; 3] =
    [label("soon_to_be_overdue", 0), label("past_due", 0), label("pending_buyer_cancellation", 0)];
const LINE_LABELS: [Label; 2] = [label("US_to_CA", 0), label("customized_products", 0)];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    parent_order_sn: &'a str,
    parent_order_status: i32,
    parent_order_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    update_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expect_ship_latest_time: Option<i64>,
    parent_order_pending_finish_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest_delivery_time: Option<i64>,
    parent_shipping_time: Option<i64>,
    parent_confirm_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    site_id: Option<u32>,
    region_id: u32,
    parent_order_label: &'a [Label],
    fulfillment_warning: &'a [&'a str],
    has_shipping_fee: Option<bool>,
    order_payment_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch_order_number_list: Option<[u8; 0]>,
    shipping_method: u8,
    is_shipment_consolidated_by_main_mall: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    region_name1: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region_name2: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region_name3: Option<&'a str>,
    /// A field that no document has.
    #[serde(skip_serializing_if = "Option::is_none")]
    carbon_offset: Option<[u8; 2]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    order_sn: &'a str,
    goods_id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sku_id: Option<u64>,
    quantity: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    original_order_quantity: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    canceled_quantity_before_shipment: Option<u32>,
    order_status: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    spec: Option<&'a str>,
    original_spec_name: &'a str,
    goods_name: &'a str,
    original_goods_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    thumb_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_list: Option<[LineProduct<'a>; 1]>,
    order_label: &'a [Label],
    fulfillment_type: &'a str,
    package_abnormal_type_list: [u8; 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    inventory_deduction_warehouse_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inventory_deduction_warehouse_name: Option<&'a str>,
    order_payment_type: &'a str,
    is_cancelled_during_pending: bool,
    earliest_time_buy_shipping_label: i64,
    earliest_time_get_shipping_document: i64,
    order_shipping_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_create_time: Option<i64>,
    fulfillment_warning: &'a [&'a str],
    #[serde(skip_serializing_if = "Option::is_none")]
    package_sn_info: Option<Vec<LinePackage<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    has_uploaded_evidence: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LineProduct<'a> {
    product_id: u64,
    product_sku_id: u64,
    sold_factor: u8,
    ext_code: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LinePackage<'a> {
    package_sn: &'a str,
    package_delivery_type: u8,
    call_success: bool,
}

impl<'a> Rendered<'a> {
    pub fn of(shop: &'a Shop, order: &'a Order, told: Told, view: View) -> Self {
        let lines = order.children.iter().filter(|child| told.has(child));
        Self {
            parent_order_map: Head::of(shop, order, view),
            order_list: if order.oddities.has(Oddity::Broken) {
                Lines::Broken([Nothing {}])
            } else {
                Lines::Told(lines.map(|child| Line::of(shop, order, child, view)).collect())
            },
        }
    }
}

/// A time that has come, or null where it has not: some replies say 0 instead.
const fn time(at: i64, order: &Order) -> Option<i64> {
    if at == 0 && order.oddities.has(Oddity::Nulls) { None } else { Some(at) }
}

impl<'a> Head<'a> {
    fn of(shop: &'a Shop, order: &'a Order, view: View) -> Self {
        let odd = order.oddities;
        let whole = !odd.has(Oddity::Bare);
        let in_detail = |name| matches!(view, View::Detail).then_some(name);
        Self {
            parent_order_sn: &order.number,
            parent_order_status: order.status,
            parent_order_time: order.created_at,
            update_time: matches!(view, View::List).then_some(order.updated_at),
            expect_ship_latest_time: whole.then_some(order.created_at + 3 * DAY),
            parent_order_pending_finish_time: order.created_at + HOUR,
            latest_delivery_time: whole.then_some(order.created_at + 12 * DAY),
            parent_shipping_time: time(order.shipped_at, order),
            parent_confirm_time: time(order.confirmed_at, order),
            site_id: whole.then_some(100),
            region_id: shop.region.id(),
            parent_order_label: if odd.has(Oddity::Unlabelled) { &[] } else { &PARENT_LABELS },
            fulfillment_warning: if odd.has(Oddity::Novel) { &["SHIP_BY_BALLOON"] } else { &[] },
            has_shipping_fee: (!odd.has(Oddity::Nulls)).then_some(true),
            order_payment_type: if odd.has(Oddity::Novel) { "BARTER" } else { "PPD" },
            batch_order_number_list: whole.then_some([]),
            shipping_method: 1,
            is_shipment_consolidated_by_main_mall: false,
            region_name1: in_detail("United States"),
            region_name2: in_detail("California"),
            region_name3: in_detail("Los Angeles"),
            carbon_offset: odd.has(Oddity::Novel).then_some([1, 2]),
        }
    }
}

impl<'a> Line<'a> {
    fn of(shop: &'a Shop, order: &'a Order, child: &'a Child, view: View) -> Self {
        let product = &shop.products[child.product as usize];
        let odd = order.oddities;
        let whole = !odd.has(Oddity::Bare);
        let is_shipped = matches!(child.status, status::SHIPPED | status::DELIVERED);
        let shipped_at = if is_shipped { order.shipped_at } else { 0 };
        let in_detail = matches!(view, View::Detail);
        let of_warehouse = |text| child.is_co_warehouse.then_some(text);
        Self {
            order_sn: &child.number,
            goods_id: product.goods_id,
            sku_id: whole.then_some(product.sku_id),
            quantity: child.ordered.saturating_sub(child.cancelled),
            original_order_quantity: whole.then_some(child.ordered),
            canceled_quantity_before_shipment: whole.then_some(child.cancelled),
            order_status: child.status,
            spec: whole.then_some("One size"),
            original_spec_name: "One size",
            goods_name: &product.name,
            original_goods_name: &product.name,
            thumb_url: whole.then_some("https://img.example.com/thumb.jpg"),
            product_list: whole.then_some([LineProduct {
                product_id: product.goods_id,
                product_sku_id: product.sku_id,
                sold_factor: 1,
                ext_code: &product.code,
            }]),
            order_label: if odd.has(Oddity::Unlabelled) { &[] } else { &LINE_LABELS },
            fulfillment_type: match child.is_co_warehouse {
                _ if odd.has(Oddity::Novel) => "fulfillByBalloon",
                true => "fulfillByCooperativeWarehouse",
                false => "fulfillBySeller",
            },
            package_abnormal_type_list: [],
            inventory_deduction_warehouse_id: of_warehouse("WH-7"),
            inventory_deduction_warehouse_name: of_warehouse("Warehouse seven"),
            order_payment_type: "PPD",
            is_cancelled_during_pending: child.status == status::CANCELED,
            earliest_time_buy_shipping_label: order.created_at + HOUR,
            earliest_time_get_shipping_document: order.created_at + HOUR,
            order_shipping_time: time(shipped_at, order),
            order_create_time: whole.then_some(order.created_at),
            fulfillment_warning: &[],
            package_sn_info: in_detail.then(|| {
                child.packages.iter().map(|parcel| LinePackage::of(child, parcel)).collect()
            }),
            has_uploaded_evidence: in_detail.then_some(false),
        }
    }
}

impl<'a> LinePackage<'a> {
    fn of(child: &Child, package: &'a Package) -> Self {
        Self {
            package_sn: &package.number,
            package_delivery_type: delivery_type(child),
            call_success: package.is_bought,
        }
    }
}

/// Bought through the marketplace: 2 by the seller, 4 by a co-operating warehouse.
pub const fn delivery_type(child: &Child) -> u8 {
    if child.is_co_warehouse { 4 } else { 2 }
}
