//! `[deadlines]`: lengths for every order, over them by order type, by channel and by shop.

use super::layers::{self, Form, Given, Layers, dotted};
use super::section::{About, Listed, listed};
use super::shapes::Length;
use super::strange::{no_setting, unknown};
use super::{Origin, Set};
use crate::failure::Failure;
use crate::said::said;
use docket_app::{Deadlines, LengthOf, Overlay};
use docket_domain::deadline::Policy;
use docket_domain::words::OrderType;

/// Each key: its name, its default, what it is, and its place in a policy.
pub const KEYS: &[(&str, &str, About, LengthOf)] = &[
    (
        "pay_by",
        "30m",
        About::of("To pay; then the order is revoked.", "付款期限；逾期则撤销订单。"),
        |policy| &mut policy.pay_by,
    ),
    (
        "accept_by",
        "10m",
        About::of(
            "For a store to take a takeaway order; then it is rejected.",
            "门店接受外卖订单的期限；逾期则视为拒单。",
        ),
        |policy| &mut policy.accept_by,
    ),
    (
        "receive_by",
        "15d",
        About::of(
            "From shipped to received; then it counts as received.",
            "从发货到收货的期限；逾期则视为已收货。",
        ),
        |policy| &mut policy.receive_by,
    ),
    (
        "receive_by_takeaway",
        "1d",
        About::of(
            "From picked up by the courier to received.",
            "从骑手取餐到收货的期限；逾期则视为已收货。",
        ),
        |policy| &mut policy.receive_by_takeaway,
    ),
    (
        "settle_after",
        "7d",
        About::of("From received to settled.", "从收货到完成的时间。"),
        |policy| &mut policy.settle_after,
    ),
    (
        "answer_goods",
        "3d",
        About::of(
            "To answer a refund request for goods; then it is agreed.",
            "答复商品退款申请的期限；逾期则视为同意。",
        ),
        |policy| &mut policy.answer_goods,
    ),
    (
        "answer_takeaway",
        "1d",
        About::of(
            "To answer a refund request for takeaway; then it is agreed.",
            "答复外卖退款申请的期限；逾期则视为同意。",
        ),
        |policy| &mut policy.answer_takeaway,
    ),
    (
        "answer_seller_cancel",
        "3d",
        About::of(
            "To answer a seller's wish to cancel; then it is refused.",
            "答复卖家取消请求的期限；逾期则视为拒绝。",
        ),
        |policy| &mut policy.answer_seller_cancel,
    ),
    (
        "retry_revoke",
        "5m",
        About::of("Between two tries of a revoke that failed.", "撤销失败后，两次重试的间隔。"),
        |policy| &mut policy.retry_revoke,
    ),
    (
        "rest_at_least",
        "1d",
        About::of(
            "The least that runs on after a refund stopped a deadline.",
            "因退款而暂停的期限，恢复后至少还剩多长时间。",
        ),
        |policy| &mut policy.rest_at_least,
    ),
    (
        "rate_again",
        "30d",
        About::of(
            "After receipt, how long a second rating is taken.",
            "收货后多长时间内可以追加评价。",
        ),
        |policy| &mut policy.rate_again,
    ),
];

/// Reads the section; what was set by type, channel and shop is added to `also` beside what is in force.
pub fn take(layers: &mut Layers, also: &mut Vec<Listed>) -> Result<Deadlines, Failure> {
    let mut deadlines = Deadlines::default();
    for (key, default, _, length) in KEYS {
        let set: Set<Length> = layers.take(&["deadlines", key], default)?;
        *length(&mut deadlines.default) = set.0;
        also.push(listed(format!("deadlines.{key}"), &set));
    }
    let takeaway = ["deadlines".to_owned(), "takeaway".to_owned(), "pay_by".to_owned()];
    let mut named = layers.take_under("deadlines")?;
    if !named.iter().any(|given| given.path == takeaway) {
        let minutes = Policy::takeaway().pay_by / docket_domain::time::MINUTE;
        named.push(Given {
            path: takeaway.to_vec(),
            text: format!("{minutes}m"),
            form: Form::One,
            origin: Origin::Default,
        });
    }
    for given in named {
        let (overlay, key) = place(&mut deadlines, &given)?;
        let found = KEYS.iter().find(|(known, ..)| *known == key);
        let Some((_, _, _, length)) = found else {
            return Err(unknown(&given.path, &given.origin));
        };
        let set: Set<Length> = layers::read(&given.path, &given.text, given.origin.clone())?;
        overlay.0.push((*length, set.0));
        also.push(listed(dotted(&given.path), &set));
    }
    Ok(deadlines)
}

/// Whose deadlines a key sets, and which.
fn place<'a, 'b>(
    deadlines: &'a mut Deadlines,
    given: &'b Given,
) -> Result<(&'a mut Overlay, &'b str), Failure> {
    match &given.path[..] {
        [_, word, key] => match OrderType::from_word(word) {
            Some(order_type) => Ok((deadlines.by_type.entry(order_type).or_default(), key)),
            None => Err(no_type(word, given)),
        },
        [_, by, name, key] if by == "shop" => {
            Ok((deadlines.by_shop.entry(name.clone()).or_default(), key))
        }
        [_, by, name, key] if by == "channel" => {
            Ok((deadlines.by_channel.entry(name.clone()).or_default(), key))
        }
        path => Err(unknown(path, &given.origin)),
    }
}

fn no_type(word: &str, given: &Given) -> Failure {
    let words = OrderType::ALL.iter().map(|known| known.word()).chain(["shop.ID", "channel.NAME"]);
    let (setting, origin) = (dotted(&given.path), given.origin.said());
    let failure = no_setting(&setting, &origin);
    if let Some(near) = super::nearest::nearest(word, words.clone()) {
        return failure
            .next(said!("Did you mean [deadlines.{near}]?", "是否应为 [deadlines.{near}]？"));
    }
    let words = words.collect::<Vec<_>>().join(", ");
    failure.next(said!("[deadlines.…] takes {words}.", "[deadlines.…] 可用：{words}。"))
}
