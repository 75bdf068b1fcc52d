//! `docket orders`: lists of orders by the filters of the API, and one order without its story (`docket explain`
//! tells that).

use super::explain;
use crate::center::{self, Center};
use crate::cli::Options;
use crate::failure::Failure;
use crate::log;
use crate::output::Output;
use crate::said::said;
use explain::{Axis, Voice, text};
use serde_json::Value;

/// What `docket orders` can do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List orders, newest first: one page
    List(Box<List>),
    /// Show one order: what was ordered, and what happened to money and goods
    Show {
        /// The number of the order or of any of its parts, or the number it has elsewhere
        order: String,
    },
}

/// Declares the filters once: the flag, the name at the API, what it is for.
macro_rules! filters {
    ($($field:ident $flag:literal $name:literal $about:literal;)*) => {
        /// Arguments of `docket orders list`: the filters of the API.
        #[derive(Debug, Default, clap::Args)]
        pub struct List {
            $(
                #[doc = $about]
                #[arg(long = $flag, value_name = "VALUE")]
                $field: Option<String>,
            )*
            /// Only likely duplicates: same buyer and cart within 10 s
            #[arg(long)]
            duplicate: bool,
            /// At most so many
            #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
            limit: u32,
            /// Go on where the page before ended
            #[arg(long)]
            cursor: Option<String>,
        }

        impl List {
            /// The filters that are given, by their names at the API.
            fn given(&self) -> impl Iterator<Item = (&'static str, &str)> {
                [$(($name, self.$field.as_deref()),)*]
                    .into_iter()
                    .filter_map(|(name, value)| Some((name, value?)))
            }
        }
    };
}

filters! {
    level "level" "level" "What is listed: payment, shop or item orders";
    id "id" "id" "Any number of the tree";
    external_id "external-id" "external_id" "The number at its channel, of the order or of a line, or the caller's own";
    client_token "client-token" "client_token" "The caller's token";
    buyer "buyer" "buyer" "The buyer's account number";
    phone "phone" "phone" "A telephone number of the order, written in any way";
    phone_last4 "phone-last4" "phone_last4" "The last four digits of one";
    shop "shop" "shop" "The shop";
    channel "channel" "channel" "The channel";
    branch "branch" "branch" "The branch where the order is at home";
    place "place" "place" "The place its stock stands at";
    sku "sku" "sku" "A SKU it has a line of";
    tracking "tracking" "tracking" "The number of a parcel, of its carrier or its marketplace";
    status "status" "status" "The main status";
    store_status "store-status" "store_status" "The status a store reads";
    delivery "delivery" "delivery" "The delivery axis";
    refund "refund" "refund" "The refund axis";
    order_type "type" "type" "What is sold";
    tag "tag" "tag" "A label";
    anomaly "anomaly" "anomaly" "A kind of anomaly";
    created_from "created-from" "created_from" "Placed at or after this time (RFC 3339)";
    created_to "created-to" "created_to" "Placed before this time";
    paid_from "paid-from" "paid_from" "Paid at or after this time";
    paid_to "paid-to" "paid_to" "Paid before this time";
    updated_from "updated-from" "updated_from" "Last changed at or after this time";
    updated_to "updated-to" "updated_to" "Last changed before this time";
    sort "sort" "sort" "By when they were `created` or `updated`";
}

/// Does what was asked.
pub async fn run(command: Command, options: &Options) -> Result<(), Failure> {
    log::start_quiet();
    let out = options.output();
    center::with_one_that_is_there(options, async |center| match &command {
        Command::List(wanted) => list(wanted, center, &out).await,
        Command::Show { order } => {
            let order = center
                .get(&format!("/api/orders/{}", super::named::order(order, center).await?))
                .await?;
            out.show(&order, |out| explain::order(&order, out));
            Ok(())
        }
    })
    .await
}

async fn list(wanted: &List, center: &Center, out: &Output) -> Result<(), Failure> {
    let mut path = format!("/api/orders?limit={}", wanted.limit);
    let duplicate = wanted.duplicate.then_some(("duplicate", "true"));
    let cursor = wanted.cursor.as_deref().map(|cursor| ("cursor", cursor));
    for (name, value) in wanted.given().chain(duplicate).chain(cursor) {
        path.extend(["&", name, "=", &super::path_part(value)?]);
    }
    let page = center.get(&path).await?;
    out.show(&page, |out| print(&page, out));
    Ok(())
}

fn print(page: &Value, out: &Output) {
    let head = [
        out.say("order", "订单"),
        out.say("placed", "下单"),
        out.say("status", "状态"),
        out.say("buyer, shop or SKU", "买家、店铺或 SKU"),
        out.say("to pay", "应付"),
        out.say("paid", "已付"),
        out.say("number elsewhere", "外部编号"),
    ];
    let row = |order: &Value| {
        let voice = Voice::new(out.language, order);
        let word = |name: &str| text(order, name).unwrap_or_default().to_owned();
        let whose = ["sku_id", "shop_id", "buyer_id"].iter().find_map(|name| text(order, name));
        let money = |names: &[&str]| {
            let named = names.iter().map(|name| &order[*name]).find(|amount| !amount.is_null());
            named.map(|amount| voice.money(amount)).unwrap_or_default()
        };
        vec![
            word("order_id"),
            voice.time(&order["created_at"]),
            voice.status(Axis::Main, order).unwrap_or_default().to_owned(),
            whose.unwrap_or_default().to_owned(),
            money(&["payable", "to_pay"]),
            if explain::is_paid_unseen(order) { String::new() } else { money(&["paid"]) },
            word("external_id"),
        ]
    };
    out.table(&head, explain::each(page, "orders").map(row));
    if explain::each(page, "orders").next().is_none() {
        out.note(out.say("No order here.", "这里没有订单。"));
    }
    if let Some(next) = text(page, "next") {
        out.note(out.tell(&said!(
            "There may be more: the same with --cursor {next}",
            "可能还有更多：加上 --cursor {next} 继续"
        )));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_order_that_is_paid_shows_no_sum_of_payments_that_nobody_told() {
        let told = |payable: i64, payments: Value| {
            explain::is_paid_unseen(&json!({
                "payment_status": "paid", "paid": 0, "refunded": 0, "payable": payable,
                "payments": payments,
            }))
        };
        assert!(told(500, json!([])));
        assert!(!told(0, json!([])), "nothing was to pay");
        assert!(!told(500, json!([{"amount": 500}])), "what came is due back");
        assert!(!explain::is_paid_unseen(&json!({"payment_status": "unpaid", "paid": 0})));
    }

    #[test]
    fn a_filter_is_named_as_at_the_api() {
        let wanted = List {
            order_type: Some("takeaway".to_owned()),
            phone_last4: Some("0001".to_owned()),
            ..List::default()
        };
        let given: Vec<_> = wanted.given().collect();
        assert_eq!(given, [("phone_last4", "0001"), ("type", "takeaway")]);
    }
}
