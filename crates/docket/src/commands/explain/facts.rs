//! What happened to money and goods: payments, refunds due, shipments, refunds, and what contradicts.

use super::voice::{Axis, Voice, each, text};
use crate::output::Output;
use docket_domain::story;
use docket_domain::tree::Anomaly;
use docket_domain::words::AnomalyKind;
use serde_json::Value;

/// Prints every kind of fact that is there.
pub fn print(order: &Value, voice: &Voice, out: &Output) {
    payments(order, voice, out);
    attempts(order, voice, out);
    dues(order, voice, out);
    shipments(order, voice, out);
    refunds(order, voice, out);
    anomalies(order, voice, out);
}

/// A title and its lines, where there are any.
fn list(title: &str, lines: impl IntoIterator<Item = String>, out: &Output) {
    let mut lines = lines.into_iter().peekable();
    if lines.peek().is_none() {
        return;
    }
    out.line("");
    out.line(title);
    for line in lines {
        out.line(&format!("  {line}"));
    }
}

fn payments(order: &Value, voice: &Voice, out: &Output) {
    let lines = each(order, "payments").map(|paid| {
        // Money is told in the currency it came in, whatever the order is in.
        let voice = &Voice::new(voice.language(), paid);
        let mut line = format!(
            "{} {} {} {}",
            voice.time(&paid["paid_at"]),
            voice.money(&paid["amount"]),
            text(paid, "tender").unwrap_or_default(),
            text(paid, "reference").unwrap_or_default(),
        );
        if paid["refunded"].as_i64().is_some_and(|refunded| refunded > 0) {
            let refunded = voice.say("given back", "已退回");
            line = format!("{line}{}{refunded} {}", voice.comma(), voice.money(&paid["refunded"]));
        }
        line
    });
    list(voice.say("Payments", "支付"), lines, out);
}

fn attempts(order: &Value, voice: &Voice, out: &Output) {
    let lines = each(order, "attempts").map(|attempt| {
        format!(
            "{} {} {} {}{}{}",
            voice.time(&attempt["created_at"]),
            voice.money(&attempt["amount"]),
            text(attempt, "tender").unwrap_or_default(),
            text(attempt, "gateway").unwrap_or_default(),
            voice.colon(),
            voice.word(attempt, "status"),
        )
    });
    list(voice.say("Attempts to pay", "支付尝试"), lines, out);
}

fn dues(order: &Value, voice: &Voice, out: &Output) {
    let lines = each(order, "refunds_due").map(|due| {
        format!(
            "{} {}{}{}{}{}",
            voice.time(&due["created_at"]),
            voice.money(&due["amount"]),
            voice.colon(),
            voice.status(Axis::Cause, due).unwrap_or_default(),
            voice.comma(),
            voice.word(due, "status"),
        )
    });
    list(voice.say("Money due back", "应退款项"), lines, out);
}

fn shipments(order: &Value, voice: &Voice, out: &Output) {
    let lines = each(order, "shops").flat_map(|shop| {
        each(shop, "shipments").map(move |parcel| {
            let carrier = [text(parcel, "carrier"), text(parcel, "tracking")];
            format!(
                "{} {} {}{}{} {}",
                parcel_time(parcel, voice),
                voice.say("shop", "店铺"),
                text(shop, "shop_id").unwrap_or_default(),
                voice.colon(),
                lines_of(parcel, shop, voice),
                carrier.into_iter().flatten().collect::<Vec<_>>().join(" "),
            )
        })
    });
    list(voice.say("Shipments", "发货"), lines, out);
}

/// When a parcel left, or what it is where it has not.
fn parcel_time(parcel: &Value, voice: &Voice) -> String {
    match text(parcel, "state") {
        Some("void") => voice.say("void", "已作废").to_owned(),
        Some(_) => voice.say("not sent", "未发出").to_owned(),
        None => voice.time(&parcel["at"]),
    }
}

fn refunds(order: &Value, voice: &Voice, out: &Output) {
    let lines = each(order, "shops").flat_map(|shop| {
        each(shop, "refunds").map(move |refund| {
            let comma = voice.comma();
            let mut line = format!(
                "{} {} {}{}{}{comma}{}{comma}{} {}",
                voice.time(&refund["created_at"]),
                voice.say("shop", "店铺"),
                text(shop, "shop_id").unwrap_or_default(),
                voice.colon(),
                voice.word(refund, "kind"),
                voice.word(refund, "status"),
                voice.money(&refund["amount"]),
                lines_of(refund, shop, voice),
            );
            line.truncate(line.trim_end().len());
            for (name, en, zh) in [
                ("freight", "freight", "运费"),
                ("tax", "with tax of", "含税"),
                ("goodwill", "goodwill", "补偿"),
                ("cut", "cut by", "减少"),
            ] {
                if refund[name].as_i64().is_some_and(|amount| amount > 0) {
                    let money = voice.money(&refund[name]);
                    line = format!("{line}{comma}{} {money}", voice.say(en, zh));
                }
            }
            if let Some(reason) = text(refund, "reason") {
                line = format!("{line}{comma}{reason}");
            }
            if !refund["answer_by"].is_null() {
                let by = voice.say("answer by", "答复期限");
                line = format!("{line}{comma}{by} {}", voice.time(&refund["answer_by"]));
            }
            line
        })
    });
    list(voice.say("Refunds", "退款"), lines, out);
}

/// `2 × tea, 1 × pot`: the lines of a fact by their SKUs.
fn lines_of(fact: &Value, shop: &Value, voice: &Voice) -> String {
    let line = |line: &Value| {
        let item = each(shop, "items").find(|item| item["order_id"] == line["order_id"]);
        let sku = item.and_then(|item| text(item, "sku_id")).unwrap_or_default();
        format!("{} × {sku}", text(line, "quantity").unwrap_or_default())
    };
    each(fact, "lines").map(line).collect::<Vec<_>>().join(voice.comma())
}

fn anomalies(order: &Value, voice: &Voice, out: &Output) {
    let lines = each(order, "anomalies").map(|anomaly| {
        let kind = text(anomaly, "kind").unwrap_or_default();
        let said = AnomalyKind::from_word(kind).map_or_else(
            || kind.to_owned(),
            |kind| {
                let at = docket_wire::moment::parse(text(anomaly, "at").unwrap_or_default());
                let anomaly =
                    Anomaly { kind, at: at.unwrap_or_default(), detail: anomaly["detail"].clone() };
                story::sentence_of_anomaly(&anomaly, voice.language())
            },
        );
        format!("! {} {said}", voice.time(&anomaly["at"]))
    });
    list(voice.say("What contradicts", "矛盾"), lines, out);
}
