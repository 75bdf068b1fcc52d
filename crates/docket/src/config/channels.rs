//! `[channels.temu]`: how shops of a marketplace are pulled.

use super::Set;
use super::layers::Layers;
use super::section::{About, Listed, listed};
use super::shapes::{Length, Shape, Switch};
use crate::failure::Failure;
use docket_app::ChannelSettings;
use docket_domain::time::{HOUR, MINUTE};

/// Each key: its name, its default and what it is.
pub const KEYS: [(&str, &str, About); 8] = [
    (
        "interval",
        "10m",
        About::of(
            "How often each shop is asked for what has changed.",
            "每隔多久向每个店铺询问一次变更。",
        ),
    ),
    (
        "full_days",
        "90",
        About::of(
            "How many days back the first pull of a shop reads, and a full one.",
            "店铺首次拉取以及全量拉取回溯多少天。",
        ),
    ),
    (
        "overlap",
        "15m",
        About::of(
            "How far each pull reaches back behind the end of the one before: what a marketplace lists late is found.",
            "每次拉取向上一次的结束时刻之前回溯多久：平台迟到的数据借此找到。",
        ),
    ),
    (
        "calls_per_second",
        "20",
        About::of(
            "How many calls in any second Temu allows one app at one address, all of its shops and all processes
             together; 0 for any number.",
            "Temu 允许同一应用在同一地址任意一秒内的调用次数（所有店铺、所有进程合计）；0 表示不限。",
        ),
    ),
    (
        "packages",
        "true",
        About::of(
            "Whether package numbers are looked for when something was shipped, and what buyers paid, order by order.",
            "是否逐单查询已发货订单的包裹号以及买家支付的金额。",
        ),
    ),
    (
        "products",
        "true",
        About::of("Whether products are read too.", "是否同时拉取商品。"),
    ),
    (
        "full_at",
        "02:00",
        About::of(
            "When in the day, in UTC, the full pulls of orders begin: each shop has its own moment of the four hours from
             then on; off for never.",
            "每天何时（UTC）开始订单全量拉取：各店铺在其后四小时内错开；off 表示从不。",
        ),
    ),
    (
        "products_full_at",
        "03:00",
        About::of("The same of products.", "商品全量拉取的开始时刻，规则同上。"),
    ),
];

/// How many calls.
struct Calls(u32);

impl Shape for Calls {
    const LOOKS: (&'static str, &'static str) = ("a number from 0 to 10000", "0 到 10000 的数字");

    fn read(text: &str) -> Option<Self> {
        text.parse().ok().filter(|calls| *calls <= 10_000).map(Self)
    }
}

/// How many days.
struct Days(u32);

impl Shape for Days {
    const LOOKS: (&'static str, &'static str) =
        ("a number of days from 1 to 3650", "天数，1 到 3650");

    fn read(text: &str) -> Option<Self> {
        text.parse().ok().filter(|days| (1..=3_650).contains(days)).map(Self)
    }
}

/// When in the day something begins, if ever.
struct Clock(Option<i64>);

impl Shape for Clock {
    const LOOKS: (&'static str, &'static str) =
        ("a time of the day in UTC such as 02:00, or off", "UTC 时刻，例如 02:00，或 off");

    fn read(text: &str) -> Option<Self> {
        if text == "off" {
            return Some(Self(None));
        }
        let (hours, minutes) = text.split_once(':')?;
        let number = |text: &str, below: i64| -> Option<i64> {
            let digits = text.len() == 2 && text.bytes().all(|digit| digit.is_ascii_digit());
            digits.then(|| text.parse().ok())?.filter(|number| *number < below)
        };
        Some(Self(Some(number(hours, 24)? * HOUR + number(minutes, 60)? * MINUTE)))
    }
}

/// Reads the section; what is in force is added to `also`.
pub fn take(layers: &mut Layers, also: &mut Vec<Listed>) -> Result<ChannelSettings, Failure> {
    let [
        (interval, every, _),
        (full_days, ninety, _),
        (overlap, quarter, _),
        (rate, twenty, _),
        (packages, on, _),
        (products, listed_too, _),
        (full_at, two, _),
        (products_full_at, three, _),
    ] = KEYS;
    let every: Set<Length> = layers.take(&["channels", "temu", interval], every)?;
    also.push(listed(format!("channels.temu.{interval}"), &every));
    let days: Set<Days> = layers.take(&["channels", "temu", full_days], ninety)?;
    also.push(listed(format!("channels.temu.{full_days}"), &days));
    let back: Set<Length> = layers.take(&["channels", "temu", overlap], quarter)?;
    also.push(listed(format!("channels.temu.{overlap}"), &back));
    let calls: Set<Calls> = layers.take(&["channels", "temu", rate], twenty)?;
    also.push(listed(format!("channels.temu.{rate}"), &calls));
    let looks: Set<Switch> = layers.take(&["channels", "temu", packages], on)?;
    also.push(listed(format!("channels.temu.{packages}"), &looks));
    let lists: Set<Switch> = layers.take(&["channels", "temu", products], listed_too)?;
    also.push(listed(format!("channels.temu.{products}"), &lists));
    let nightly: Set<Clock> = layers.take(&["channels", "temu", full_at], two)?;
    also.push(listed(format!("channels.temu.{full_at}"), &nightly));
    let all_products: Set<Clock> = layers.take(&["channels", "temu", products_full_at], three)?;
    also.push(listed(format!("channels.temu.{products_full_at}"), &all_products));
    Ok(ChannelSettings {
        products: lists.value == Switch::On,
        full_at: nightly.value.0,
        products_full_at: all_products.value.0,
        packages: looks.value == Switch::On,
        calls_per_second: calls.value.0,
        interval: every.value.0.max(1_000),
        full_days: days.value.0,
        overlap: back.value.0,
        ..ChannelSettings::default()
    })
}
