//! What was ordered: the heading, each shop order, each line with its price down to its last share.

use super::voice::{Axis, Voice, each, text};
use crate::output::Output;
use serde_json::Value;

/// Prints the order from its top down.
pub fn print(order: &Value, voice: &Voice, out: &Output) {
    out.line(&heading(order, voice));
    out.line(&format!("  {}", circumstances(order, voice)));
    out.line(&format!("  {}", price(order, voice)));
    deadline(order, "  ", voice, out);
    for shop in each(order, "shops") {
        print_shop(shop, voice, out);
    }
}

fn heading(order: &Value, voice: &Voice) -> String {
    let mut parts = vec![
        voice.status(Axis::Main, order).unwrap_or_default().to_owned(),
        format!("{} {}", voice.say("to pay", "应付"), voice.money(&order["payable"])),
    ];
    if !super::is_paid_unseen(order) {
        parts.push(format!("{} {}", voice.say("paid", "已付"), voice.money(&order["paid"])));
    }
    if order["refunded"].as_i64() != Some(0) {
        parts.push(format!(
            "{} {}",
            voice.say("refunded", "已退"),
            voice.money(&order["refunded"])
        ));
    }
    let number = text(order, "order_id").unwrap_or_default();
    let there: Vec<&str> =
        ["channel", "external_id"].iter().filter_map(|name| text(order, name)).collect();
    let there = if there.is_empty() { String::new() } else { format!(" ({})", there.join(" ")) };
    let comma = voice.comma();
    let colon = voice.colon();
    format!("{} {number}{there}{colon}{}", voice.say("Order", "订单"), parts.join(comma))
}

fn circumstances(order: &Value, voice: &Voice) -> String {
    let mut parts = Vec::new();
    let mut add = |label: &str, value: Option<&str>| {
        parts.extend(value.map(|value| format!("{label} {value}")));
    };
    let spoken = |name: &str| Some(voice.word(order, name)).filter(|word| !word.is_empty());
    add(voice.say("buyer", "买家"), text(order, "buyer_id"));
    add(voice.say("type", "类型"), spoken("type"));
    add(voice.say("platform", "平台"), spoken("platform"));
    add(voice.say("market", "市场"), spoken("market"));
    add(voice.say("home", "归属"), spoken("home"));
    let placed = voice.time(&order["created_at"]);
    add(voice.say("placed", "下单"), Some(&format!("{placed} ({})", voice.zone())));
    add(voice.say("terms", "条款版本"), Some(&order["terms_version"].to_string()));
    add(voice.say("version", "版本"), Some(&order["version"].to_string()));
    let tags: Vec<&str> = each(order, "tags").filter_map(Value::as_str).collect();
    add(voice.say("tags", "标签"), (!tags.is_empty()).then(|| tags.join(" ")).as_deref());
    parts.join(voice.comma())
}

/// How the payable comes about.
fn price(order: &Value, voice: &Voice) -> String {
    // A caller limited to shops sees an order's coins as nothing; an amount of money or its share.
    let coins = order["coins"].as_i64().unwrap_or_default();
    let third = &order["third_party_discount"];
    let tax = voice.bare(&order["tax"]);
    let (on_top, inside) = match order["tax_included"].as_bool() {
        Some(false) => (format!(" + {} {tax}", voice.say("tax", "税")), String::new()),
        _ if has_tax(order) => {
            (String::new(), format!("{}{tax}", voice.say("; tax inside: ", "；其中含税 ")))
        }
        _ => Default::default(),
    };
    format!(
        "{} {} + {} {}{on_top} − {} {} − {} {} = {}{inside}",
        voice.say("price", "价格"),
        voice.bare(&order["price"]),
        voice.say("freight", "运费"),
        voice.bare(&order["freight"]),
        voice.say("coins", "金币"),
        voice.bare(&Value::from(coins)),
        voice.say("third party", "第三方"),
        voice.bare(third),
        voice.money(&order["payable"]),
    )
}

/// Whether a node carries tax, or may: nobody knows.
fn has_tax(node: &Value) -> bool {
    node.get("tax").is_some_and(|tax| tax.as_i64() != Some(0))
}

fn deadline(node: &Value, indent: &str, voice: &Voice, out: &Output) {
    let deadline = &node["deadline"];
    if !deadline.is_object() {
        return;
    }
    let stopped =
        if deadline["stopped"] == true { voice.say(" (stopped)", "（已暂停）") } else { "" };
    let label = voice.say("deadline", "期限");
    let (kind, at) = (voice.word(deadline, "kind"), voice.time(&deadline["at"]));
    out.line(&format!("{indent}{label}{}{kind} {at}{stopped}", voice.colon()));
}

fn print_shop(shop: &Value, voice: &Voice, out: &Output) {
    let mut words: Vec<&str> = [Axis::Main, Axis::Store, Axis::Delivery, Axis::Refund]
        .iter()
        .filter_map(|axis| voice.status(*axis, shop))
        .collect();
    words.dedup(); // `paid` is a word of two axes
    out.line("");
    out.line(&format!(
        "{} {} ({}){}{}",
        voice.say("Shop", "店铺"),
        text(shop, "shop_id").unwrap_or_default(),
        text(shop, "order_id").unwrap_or_default(),
        voice.colon(),
        words.join(voice.comma()),
    ));
    let comma = voice.comma();
    out.line(&format!(
        "  {}{comma}{} {}{}{} {}{comma}{} {}{comma}{} {}{comma}{} {}",
        voice.word(shop, "fulfilment"),
        voice.say("place", "地点"),
        text(shop, "place").unwrap_or_default(),
        voice.say("; ", "；"),
        voice.say("price", "价格"),
        voice.bare(&shop["price"]),
        voice.say("freight", "运费"),
        voice.bare(&shop["freight"]),
        voice.say("shop discount", "店铺优惠"),
        voice.bare(&shop["shop_discount"]),
        voice.say("to pay", "应付"),
        voice.money(&shop["to_pay"]),
    ));
    let freight = &shop["freight_shares"];
    if freight["coins"].as_i64() != Some(0) || freight["third_party"].as_i64() != Some(0) {
        out.line(&format!(
            "  {}{}{} {}{comma}{} {}",
            voice.say("shares of the freight", "运费分摊"),
            voice.colon(),
            voice.say("coins", "金币"),
            voice.bare(&freight["coins"]),
            voice.say("third party", "第三方"),
            voice.bare(&freight["third_party"]),
        ));
    }
    if has_tax(shop) {
        out.line(&format!(
            "  {} {}{comma}{} {}",
            voice.say("tax", "税"),
            voice.bare(&shop["tax"]),
            voice.say("of the freight", "其中运费税"),
            voice.bare(&shop["freight_tax"]),
        ));
    }
    deadline(shop, "  ", voice, out);
    items(shop, voice, out);
}

/// Where the tax of lines stands, if any has one.
const BEHIND_DISCOUNT: usize = 4;

fn items(shop: &Value, voice: &Voice, out: &Output) {
    let taxed = each(shop, "items").any(has_tax);
    let mut head = vec![
        voice.say("SKU", "SKU"),
        voice.say("quantity", "数量"),
        voice.say("list price", "单价"),
        voice.say("own discount", "商品优惠"),
        voice.say("price", "价格"),
        voice.say("shop share", "店铺分摊"),
        voice.say("platform share", "平台分摊"),
        voice.say("coins", "金币"),
        voice.say("third party", "第三方"),
        voice.say("to pay", "应付"),
        voice.say("refunded", "已退"),
        voice.say("status", "状态"),
    ];
    if taxed {
        head.insert(BEHIND_DISCOUNT, voice.say("tax", "税"));
    }
    let row = |item: &Value| {
        let shares = &item["shares"];
        let name = [text(item, "sku_id"), text(item, "title")];
        let refunded = format!(
            "{} ({})",
            voice.bare(&item["refunded"]),
            text(item, "refunded_quantity").unwrap_or("0")
        );
        let mut cells = vec![
            name.into_iter().flatten().collect::<Vec<_>>().join(" "),
            text(item, "quantity").unwrap_or_default().to_owned(),
            voice.bare(&item["list_price"]),
            voice.bare(&item["item_discount"]),
            voice.bare(&item["price"]),
            voice.bare(&shares["shop"]),
            voice.bare(&shares["platform"]),
            voice.bare(&shares["coins"]),
            voice.bare(&shares["third_party"]),
            voice.bare(&item["to_pay"]),
            refunded,
            voice.status(Axis::Main, item).unwrap_or_default().to_owned(),
        ];
        if taxed {
            cells.insert(BEHIND_DISCOUNT, voice.bare(&item["tax"]));
        }
        cells
    };
    out.table(&head, each(shop, "items").map(row));
}
