//! `[channels.temu]`: how shops of a marketplace are pulled.

use super::Set;
use super::layers::Layers;
use super::section::{About, Listed, listed};
use super::shapes::{Length, Shape, Switch};
use crate::failure::Failure;
use docket_app::ChannelSettings;

/// Each key: its name, its default and what it is.
pub const KEYS: [(&str, &str, About); 5] = [
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
            "Whether package numbers are looked for, order by order, when something was shipped.",
            "发货后是否逐单查询包裹号。",
        ),
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

/// Reads the section; what is in force is added to `also`.
pub fn take(layers: &mut Layers, also: &mut Vec<Listed>) -> Result<ChannelSettings, Failure> {
    let [
        (interval, every, _),
        (full_days, ninety, _),
        (overlap, quarter, _),
        (rate, twenty, _),
        (packages, on, _),
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
    Ok(ChannelSettings {
        packages: looks.value == Switch::On,
        calls_per_second: calls.value.0,
        interval: every.value.0.max(1_000),
        full_days: days.value.0,
        overlap: back.value.0,
        ..ChannelSettings::default()
    })
}
