//! `[ledger.coupons]`: what holds for all coupons together.

use super::Set;
use super::layers::Layers;
use super::section::{Listed, listed};
use super::shapes::Shape;
use crate::failure::Failure;
use crate::said::Said;
use crate::zones;
use docket_app::CouponSettings;
use docket_domain::coupon::ComesBack;

/// Each key: its name, its default and what it is.
pub const KEYS: [(&str, &str, &str); 3] = [
    (
        "per_phone_day",
        "0",
        "How many orders with coupons one telephone may place on one day; 0 for any number. Where it is set, an
         order with coupons needs a telephone that can be read.",
    ),
    ("zone", "UTC", "The time zone of a day, such as Asia/Shanghai, in limits of coupons."),
    (
        "comes_back",
        "nothing_shipped",
        "When a use of a coupon comes back by itself: `nothing_shipped` when its order ends and nothing was
         shipped, whoever ended it, `all_given_back` when all of it was given back, or `never`.",
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
