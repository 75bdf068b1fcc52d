//! Orders of marketplace shops: what was told of each beside the tree made of it, and theirs beside ours.

use super::{Class, Finds, Paired, Repair, Seen};
use docket_domain::Tree;
use docket_domain::channel::PackageState;
use docket_domain::tree::Home;

pub(crate) static ROW_MISSING: Class = Class {
    word: "channel_row_missing",
    sentence: [
        "Of order {order}, which is {subject} at its marketplace, nothing is kept of what was told of it: neither its \
         parcels nor its absence would be noticed.",
        "订单 {order}（平台单号 {subject}）没有平台数据的留存：其包裹和缺失都无从发现。",
    ],
    finds: Finds::InChannel(row_missing),
    repair: Repair::ReadAgain,
};

pub(crate) static ASIDE: Class = Class {
    word: "channel_order_aside",
    sentence: [
        "{subject} of a marketplace is kept aside and is no order here: {stands}",
        "平台订单 {subject} 已搁置，未成为本地订单：{stands}",
    ],
    finds: Finds::InChannel(aside),
    repair: Repair::ReadAgain,
};

pub(crate) static STATUS: Class = Class {
    word: "channel_status_differs",
    sentence: [
        "Order {order} says that its marketplace's status is {stands}, and what was told of {subject} last is {should}.",
        "订单 {order} 记录的平台状态为 {stands}，而平台最近对 {subject} 的说法是 {should}。",
    ],
    finds: Finds::InChannel(status_differs),
    repair: Repair::ReadAgain,
};

pub(crate) static PARCELS: Class = Class {
    word: "channel_parcels_differ",
    sentence: [
        "The parcels of {subject} are known, and order {order} shows {stands} that left with a number.",
        "{subject} 的包裹号已经查到，而订单 {order} 中带包裹号的已发包裹数为 {stands}。",
    ],
    finds: Finds::InChannel(parcels_differ),
    repair: Repair::ReadAgain,
};

pub(crate) static GAP: Class = Class {
    word: "channel_gap",
    sentence: [
        "A part of what shop {subject} lists could not be read: {stands}",
        "店铺 {subject} 的列表有一部分未能读取：{stands}",
    ],
    finds: Finds::OfShop,
    repair: Repair::PullAgain,
};

pub(crate) static MISSING: Class = Class {
    word: "channel_orders_missing",
    sentence: [
        "Of shop {subject} the marketplace listed {should} orders, and {stands} are here.",
        "店铺 {subject}：平台列出 {should} 个订单，本地有 {stands} 个。",
    ],
    finds: Finds::OfShop,
    repair: Repair::PullAgain,
};

pub(crate) static PRODUCTS: Class = Class {
    word: "channel_products_missing",
    sentence: [
        "Of shop {subject} the lists of the last full pass had {should} products, and {stands} are here.",
        "店铺 {subject}：上次全量拉取的列表共有 {should} 个商品，本地有 {stands} 个。",
    ],
    finds: Finds::OfShop,
    repair: Repair::PullAgain,
};

pub(crate) static HIDDEN: Class = Class {
    word: "channel_orders_hidden",
    sentence: [
        "Of shop {subject} {stands} orders are here that no list of the marketplace has: they were told of otherwise, and \
         what becomes of them is told by pushes alone.",
        "店铺 {subject} 有 {stands} 个订单不在平台的任何列表中：它们来自其他途径，其后的变化只有推送会告知。",
    ],
    finds: Finds::OfShop,
    repair: Repair::Nothing,
};

/// The number that the marketplace of a shop gave a tree that is at home there.
pub(crate) fn number_at(tree: &Tree) -> Option<(docket_domain::Id, &str)> {
    let Home::Channel(shop) = &tree.payment.home else { return None };
    let number = tree.payment.external_id.as_deref()?;
    Some((shop.parse().ok()?, number))
}

fn row_missing(paired: &Paired<'_>) -> Option<Seen> {
    let here = paired.tree.and_then(number_at);
    let is_of_it = here == Some((paired.shop, paired.number));
    (paired.row.is_none() && is_of_it).then(|| Seen::new(paired.number, 0, 1))
}

fn aside(paired: &Paired<'_>) -> Option<Seen> {
    let row = paired.row.filter(|row| row.tree.is_none())?;
    let why = row.note.as_deref().unwrap_or("-");
    Some(Seen::new(paired.number, why, &row.status))
}

fn status_differs(paired: &Paired<'_>) -> Option<Seen> {
    let (row, tree) = (paired.row?, paired.tree?);
    let heard = tree.shops.first()?.channel_status.as_ref();
    let heard = heard.map_or("-", |heard| &heard.word);
    // Of a row that could never be read there is no status.
    (!row.status.is_empty() && row.status != heard)
        .then(|| Seen::new(paired.number, heard, &row.status))
}

fn parcels_differ(paired: &Paired<'_>) -> Option<Seen> {
    let (row, shop) = (paired.row?, paired.tree?.shops.first()?);
    let mut left = shop.shipments.iter().filter(|parcel| parcel.has_left()).peekable();
    let is_known = row.packages == PackageState::Known && left.peek().is_some();
    (is_known && left.all(|parcel| parcel.package.is_none()))
        .then(|| Seen::new(paired.number, 0, 1))
}
