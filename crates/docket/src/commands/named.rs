//! Orders as people name them: by any of our numbers, or by the number that their source gave them. Both are found
//! wherever the order is, in the archive too.

use super::path_part;
use crate::center::Center;
use crate::failure::Failure;
use crate::said::said;
use docket_domain::Id;
use serde_json::Value;

/// Orders with one number of a source that are told at most.
const LISTED: usize = 5;

/// Our number of the order that `named` names.
pub async fn order(named: &str, center: &Center) -> Result<String, Failure> {
    let own = match named.parse::<Id>() {
        Ok(_) => match center.get(&format!("/api/orders/{named}")).await {
            Ok(_) => return Ok(named.to_owned()),
            Err(failure) if failure.word != "not_found" => return Err(failure),
            Err(failure) => Some(failure),
        },
        Err(_) => None,
    };
    let path = format!("/api/orders?external_id={}&limit={LISTED}", path_part(named)?);
    let found = center.get(&path).await?;
    let numbers: Vec<&str> = found["orders"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|order| order["order_id"].as_str())
        .collect();
    match (&numbers[..], own) {
        ([one], _) => Ok((*one).to_owned()),
        ([], Some(failure)) => Err(failure),
        ([], None) => Err(Failure::new(said!(
            "there is no order {named}, neither by our numbers nor by those of a source",
            "没有订单 {named}：既不是本中心的编号，也不是来源的编号"
        ))
        .word("not_found")),
        (several, _) => Err(Failure::usage(said!(
            "several orders are called {named} by their sources",
            "有多个订单的来源编号是 {named}"
        ))
        .next(one_of(several, &found))),
    }
}

/// The orders that may be meant, each with the channel it came through.
fn one_of(numbers: &[&str], found: &Value) -> crate::said::Said {
    let channel = |number: &str| {
        let orders = found["orders"].as_array().into_iter().flatten();
        let order = orders.into_iter().find(|order| order["order_id"] == number);
        order.and_then(|order| order["channel"].as_str()).unwrap_or("-").to_owned()
    };
    let listed: Vec<_> =
        numbers.iter().map(|number| format!("{number} ({})", channel(number))).collect();
    let listed = listed.join(", ");
    said!("Name one of ours: {listed}.", "请用本中心的编号：{listed}。")
}
