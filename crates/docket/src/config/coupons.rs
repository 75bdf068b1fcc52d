//! `[ledger.coupons]`: what holds for all coupons together.

use super::Set;
use super::layers::Layers;
use super::section::{About, Listed, listed};
use super::shapes::Shape;
use crate::failure::Failure;
use crate::said::Said;
use crate::zones;
use docket_app::CouponSettings;
use docket_domain::coupon::ComesBack;

/// Each key: its name, its default and what it is.
pub const KEYS: [(&str, &str, About); 3] = [
    (
        "per_phone_day",
        "0",
        About::of(
            "How many orders with coupons one telephone may place on one day; 0 for any number. Where it is set, an
             order with coupons needs a telephone that can be read.",
            "一个电话号码一天内最多可下多少个用券的订单；0 表示不限。设置后，用券的订单须带可识别的电话号码。",
        ),
    ),
    (
        "zone",
        "UTC",
        About::of(
            "The time zone of a day, such as Asia/Shanghai, in limits of coupons.",
            "优惠券限制中“一天”所用的时区，例如 Asia/Shanghai。",
        ),
    ),
    (
        "comes_back",
        "nothing_shipped",
        About::of(
            "When a use of a coupon comes back by itself: `nothing_shipped` when its order ends and nothing was
             shipped, whoever ended it, `all_given_back` when all of it was given back, or `never`.",
            "优惠券何时自动退还：`nothing_shipped` 为订单结束且未发货时（不论由谁结束），
             `all_given_back` 为整单款项全部退还时，`never` 为从不。",
        ),
    ),
];

/// How many; 0 for any number.
struct Number(i64);

impl Shape for Number {
    const LOOKS: (&'static str, &'static str) =
        ("a number from 0 to 1000000", "0 到 1000000 的数字");

    fn read(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number| (0..=1_000_000).contains(number)).map(Self)
    }
}

/// A time zone by its name.
struct Zone(jiff::tz::TimeZone);

impl Shape for Zone {
    const LOOKS: (&'static str, &'static str) =
        ("a time zone by its name, such as Asia/Shanghai", "时区名称，例如 Asia/Shanghai");

    fn read(text: &str) -> Option<Self> {
        docket_tasks::zone::named(text).ok().map(Self)
    }

    fn wrong(text: &str) -> Option<Said> {
        zones::named(text).err()
    }
}

/// When a use comes back.
struct Back(ComesBack);

impl Shape for Back {
    const LOOKS: (&'static str, &'static str) = (
        "one of nothing_shipped, all_given_back, never",
        "nothing_shipped、all_given_back、never 之一",
    );

    fn read(text: &str) -> Option<Self> {
        ComesBack::from_word(text).map(Self)
    }
}

/// Reads the section; what is in force is added to `also`.
pub fn take(layers: &mut Layers, also: &mut Vec<Listed>) -> Result<CouponSettings, Failure> {
    let [(per_phone_day, none, _), (zone, utc, _), (comes_back, usual, _)] = KEYS;
    let most: Set<Number> = layers.take(&["ledger", "coupons", per_phone_day], none)?;
    also.push(listed(format!("ledger.coupons.{per_phone_day}"), &most));
    let zone_set: Set<Zone> = layers.take(&["ledger", "coupons", zone], utc)?;
    also.push(listed(format!("ledger.coupons.{zone}"), &zone_set));
    let back: Set<Back> = layers.take(&["ledger", "coupons", comes_back], usual)?;
    also.push(listed(format!("ledger.coupons.{comes_back}"), &back));
    let per_phone_day = Some(most.value.0).filter(|most| *most > 0);
    Ok(CouponSettings { per_phone_day, zone: zone_set.value.0, comes_back: back.value.0 })
}
