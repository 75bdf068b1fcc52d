//! An order at a glance, line by line: its heading, each shop order, each line, each anomaly.

use super::{Language, money, sentence_of_anomaly, status_word};
use crate::status::{ItemStanding, ShopStanding, Standing};
use crate::words::{Level, RefundAxis};
use crate::{Amount, Currency, Id, ItemOrder, ShopOrder, Tree};

/// One line of the outline; levels are shown by indent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// The level of its node.
    pub level: Level,
    /// Its node.
    pub id: Id,
    /// What is to be read.
    pub text: String,
}

/// The outline of `tree`, which stands as `standing`.
pub fn outline(tree: &Tree, standing: &Standing, language: Language) -> Vec<Outline> {
    let currency = tree.payment.currency;
    let heading =
        Outline { level: Level::Payment, id: tree.id(), text: heading(tree, standing, language) };
    let mut lines = vec![heading];
    for anomaly in &tree.payment.anomalies {
        let text = format!("! {}", sentence_of_anomaly(anomaly, language));
        lines.push(Outline { level: Level::Payment, id: tree.id(), text });
    }
    for (shop, standing) in tree.shops.iter().zip(&standing.shops) {
        let text = shop_line(shop, standing, currency, language);
        lines.push(Outline { level: Level::Shop, id: shop.id, text });
        for (item, standing) in shop.items.iter().zip(&standing.items) {
            let text = item_line(item, standing, currency, language);
            lines.push(Outline { level: Level::Item, id: item.id, text });
        }
    }
    lines
}

fn heading(tree: &Tree, standing: &Standing, language: Language) -> String {
    let currency = tree.payment.currency;
    let mut parts = vec![
        status_word(standing.status, language).to_owned(),
        format!(
            "{} {}",
            language.of("to pay", "应付"),
            amount(standing.payable, currency, language)
        ),
        format!(
            "{} {}",
            language.of("paid", "已付"),
            money(standing.paid, Some(currency), language)
        ),
    ];
    if standing.refunded > 0 {
        let refunded = money(standing.refunded, Some(currency), language);
        parts.push(format!("{} {refunded}", language.of("refunded", "已退")));
    }
    let number = tree.id();
    let there = tree.payment.external_id.as_deref();
    let there = match (there, tree.payment.channel.as_deref()) {
        (Some(external), Some(channel)) => format!(" ({channel} {external})"),
        (Some(external), None) => format!(" ({external})"),
        (None, _) => String::new(),
    };
    match language {
        Language::En => format!("Order {number}{there}: {}", parts.join(", ")),
        Language::Zh => format!("订单 {number}{there}：{}", parts.join("，")),
    }
}

fn shop_line(
    shop: &ShopOrder,
    standing: &ShopStanding,
    currency: Currency,
    language: Language,
) -> String {
    let mut parts = vec![
        status_word(standing.status, language).to_owned(),
        status_word(standing.store_status, language).to_owned(),
        amount(standing.to_pay, currency, language),
    ];
    parts.dedup(); // `paid` is a word of both axes
    if let Some(delivery) = standing.delivery_status {
        parts.push(status_word(delivery, language).to_owned());
    }
    if standing.refund_status != RefundAxis::None {
        parts.push(status_word(standing.refund_status, language).to_owned());
    }
    let numbers = shop.shipments.iter().filter_map(|parcel| parcel.tracking.as_deref());
    let numbers: Vec<&str> = numbers.collect();
    if !numbers.is_empty() {
        parts.push(format!("{} {}", language.of("parcels", "运单"), numbers.join(" ")));
    }
    match language {
        Language::En => format!("Shop {}: {}", shop.shop_id, parts.join(", ")),
        Language::Zh => format!("店铺 {}：{}", shop.shop_id, parts.join("，")),
    }
}

fn item_line(
    item: &ItemOrder,
    standing: &ItemStanding,
    currency: Currency,
    language: Language,
) -> String {
    let mut parts = vec![
        status_word(standing.status, language).to_owned(),
        amount(standing.to_pay, currency, language),
    ];
    if standing.refunded > 0 {
        let refunded = money(standing.refunded, Some(currency), language);
        parts.push(format!("{} {refunded}", language.of("refunded", "已退")));
    }
    let title = item.title.as_deref().map_or_else(String::new, |title| format!(" {title}"));
    let name = format!("{} × {}{title}", item.quantity, item.sku_id);
    match language {
        Language::En => format!("{name}: {}", parts.join(", ")),
        Language::Zh => format!("{name}：{}", parts.join("，")),
    }
}

fn amount(amount: Amount, currency: Currency, language: Language) -> String {
    match amount.known() {
        Some(minor) => money(minor, Some(currency), language),
        None => language.of("an unknown amount", "未知金额").to_owned(),
    }
}
