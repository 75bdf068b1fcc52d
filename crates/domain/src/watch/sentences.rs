//! What people read of an alert: what is wrong, and what to do about it.
//!
//! In a sentence stand `{name}`, `{count}`, `{of}`, `{why}`; `{long}` for a length of time, `{free}` and `{size}` for
//! `count` and `of` as bytes, and `{stream}` for a stream of a shop.

use super::{AlertKind, Facts};
use crate::channel::Stream;
use crate::story::Language;
use crate::time::{DAY, HOUR, MINUTE, Millis, SECOND};

/// What people read of an alert, in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertText {
    /// What is wrong: one sentence.
    pub what: String,
    /// What to do: one or two sentences.
    pub advice: &'static str,
}

/// What is said of a kind of alert: what is wrong and what to do, each in English and in Chinese.
struct Said {
    what: [&'static str; 2],
    advice: [&'static str; 2],
}

/// What people read of an alert of this kind with these figures.
pub fn alert_text(kind: AlertKind, facts: &Facts, language: Language) -> AlertText {
    let said = match kind {
        AlertKind::TokenEnds if facts.millis == 0 => TOKEN_ENDED,
        kind => said(kind),
    };
    let of = |[en, zh]: [&'static str; 2]| language.of(en, zh);
    AlertText { what: filled(of(said.what), facts, language), advice: of(said.advice) }
}

const fn said(kind: AlertKind) -> Said {
    match kind {
        AlertKind::Backlog => BACKLOG,
        AlertKind::TasksFailing => TASKS_FAILING,
        AlertKind::TasksDead => TASKS_DEAD,
        AlertKind::WorkerSilent => WORKER_SILENT,
        AlertKind::SyncOld => SYNC_OLD,
        AlertKind::SyncLong => SYNC_LONG,
        AlertKind::SyncGap => SYNC_GAP,
        AlertKind::SyncLate => SYNC_LATE,
        AlertKind::CallsFailing => CALLS_FAILING,
        AlertKind::CallsThrottled => CALLS_THROTTLED,
        AlertKind::ShopPaused => SHOP_PAUSED,
        AlertKind::TokenEnds => TOKEN_ENDS,
        AlertKind::RefundOverdue => REFUND_OVERDUE,
        AlertKind::ClockOff => CLOCK_OFF,
        AlertKind::DiskFull => DISK_FULL,
        AlertKind::LimiterSaturated => LIMITER_SATURATED,
        AlertKind::PushesStopped => PUSHES_STOPPED,
        AlertKind::PushesRefused => PUSHES_REFUSED,
        AlertKind::SkusUnmapped => SKUS_UNMAPPED,
        AlertKind::Oversold => OVERSOLD,
    }
}

const SKUS_UNMAPPED: Said = Said {
    what: [
        "{count} sales of the shop {name} have taken no stock: what was sold is not mapped to your SKUs.",
        "店铺 {name} 有 {count} 笔销售未扣库存：所售商品尚未对应到您的 SKU。",
    ],
    advice: [
        "`docket shop skus ID --unmapped` lists the codes; `docket shop map ID CODE SKU` maps one, and what waits for it is taken.",
        "用 docket shop skus ID --unmapped 查看编码，用 docket shop map ID CODE SKU 建立对应，等待的销售随即扣减。",
    ],
};

const OVERSOLD: Said = Said {
    what: [
        "More is sold or promised than there is of {count} SKUs, the first {name}.",
        "有 {count} 个 SKU 超卖，其中第一个是 {name}。",
    ],
    advice: [
        "`docket stock get` shows what stands; count it anew, or lower what the shops offer and tell the buyers.",
        "用 docket stock get 查看库存；请重新盘点，或下调各店铺的可售数量并通知买家。",
    ],
};

const BACKLOG: Said = Said {
    what: [
        "{count} tasks of the kind {name} wait; {of} may.",
        "有 {count} 个 {name} 任务在等待，上限为 {of} 个。",
    ],
    advice: [
        "See `docket tasks list --state pending`; where nothing fails, start another process.",
        "请用 docket tasks list --state pending 查看；若无失败，请增加进程。",
    ],
};

const TASKS_FAILING: Said = Said {
    what: [
        "{count} of {of} tries of {name} tasks failed within the last hour.",
        "最近一小时内 {name} 任务的 {of} 次尝试中有 {count} 次失败。",
    ],
    advice: [
        "`docket tasks list` says why they fail; what they speak to may be away.",
        "docket tasks list 会说明失败原因；对方可能不可用。",
    ],
};

const TASKS_DEAD: Said = Said {
    what: ["{count} tasks of the kind {name} were given up.", "有 {count} 个 {name} 任务已放弃。"],
    advice: [
        "`docket tasks list` shows them with the reason; mend it, then `docket tasks retry --kind`, or drop them.",
        "docket tasks list 会列出任务和原因；处理后用 docket tasks retry --kind 重试，或丢弃。",
    ],
};

const WORKER_SILENT: Said = Said {
    what: [
        "The process on {name} has given no sign of life for {long}.",
        "{name} 上的进程已有 {long}没有动静。",
    ],
    advice: [
        "See whether it runs, and what its log says. Others take its tasks up by themselves.",
        "请查看该进程是否在运行，以及它的日志。它的任务会由其他进程自动接手。",
    ],
};

const SYNC_OLD: Said = Said {
    what: [
        "The {stream} of the shop {name} were last read to their end {long} ago.",
        "店铺 {name} 的{stream}上次完整读取是在 {long}前。",
    ],
    advice: [
        "`docket shop status ID` shows its last runs and why they failed.",
        "docket shop status ID 会显示最近的运行和失败原因。",
    ],
};

const SYNC_LONG: Said = Said {
    what: [
        "A run that reads the {stream} of the shop {name} has been at work for {long}.",
        "店铺 {name} 的{stream}读取已运行 {long}。",
    ],
    advice: [
        "`docket shop status ID` shows how far it is; a first pull of many days may well take long.",
        "docket shop status ID 会显示进度；首次拉取多天数据耗时较长属正常。",
    ],
};

const SYNC_GAP: Said = Said {
    what: [
        "Of the {stream} of the shop {name} {count} windows are missing, the oldest for {long}.",
        "店铺 {name} 的{stream}有 {count} 个时间窗缺失，最久的已有 {long}。",
    ],
    advice: [
        "`docket shop status ID` shows each gap with its reason; gaps are tried again by themselves.",
        "docket shop status ID 会列出每个缺口及原因；缺口会自动重试。",
    ],
};

const SYNC_LATE: Said = Said {
    what: [
        "A change of the {stream} of the shop {name} was listed {long} late.",
        "店铺 {name} 的{stream}有一次变更迟到 {long}才列出。",
    ],
    advice: [
        "Raise `overlap` in [channels.temu] above that; until then the hourly second reading finds it.",
        "请在 [channels.temu] 中把 overlap 调到更大；在此之前，每小时的重读会补上。",
    ],
};

const CALLS_FAILING: Said = Said {
    what: [
        "{count} of {of} calls to {name} failed within the last hour.",
        "最近一小时内对 {name} 的 {of} 次调用中有 {count} 次失败。",
    ],
    advice: [
        "See what the log says of the marketplace; runs go on by themselves when it answers.",
        "请查看日志中该平台的报错；平台恢复后会自动继续。",
    ],
};

const CALLS_THROTTLED: Said = Said {
    what: [
        "{name} turned {count} of {of} calls away within the last hour: too many.",
        "最近一小时内 {name} 因调用过多拒绝了 {of} 次调用中的 {count} 次。",
    ],
    advice: [
        "See whether another program uses the same app key; pulls go on, more slowly.",
        "请确认是否有其他程序使用同一应用密钥；拉取会继续，但较慢。",
    ],
};

const SHOP_PAUSED: Said = Said {
    what: ["Nothing is asked of the shop {name}: {why}", "店铺 {name} 已暂停：{why}"],
    advice: [
        "Do what it says, then `docket shop token ID --access-token-file FILE`, or `docket shop resume ID` where the token is fine; it goes on where it stopped.",
        "按提示处理后，运行 docket shop token ID --access-token-file 文件；令牌无误时运行 docket shop resume ID。会从停下的地方继续。",
    ],
};

const TOKEN_ENDS: Said = Said {
    what: ["The token of the shop {name} ends in {long}.", "店铺 {name} 的令牌将在 {long}后到期。"],
    advice: [
        "Have the shop authorise the app again, then `docket shop token ID --access-token-file FILE`.",
        "请让店铺重新授权该应用，然后运行 docket shop token ID --access-token-file 文件。",
    ],
};

const TOKEN_ENDED: Said = Said {
    what: ["The token of the shop {name} has ended.", "店铺 {name} 的令牌已到期。"],
    advice: TOKEN_ENDS.advice,
};

const REFUND_OVERDUE: Said = Said {
    what: [
        "{count} refunds wait at their gateways, the oldest for {long}.",
        "有 {count} 笔退款在网关等待，最早的已等待 {long}。",
    ],
    advice: [
        "`docket tasks list --kind gateway_refund` says what the gateway answers; give the money back there by hand if it must be.",
        "docket tasks list --kind gateway_refund 会显示网关的应答；必要时请在网关人工退款。",
    ],
};

const CLOCK_OFF: Said = Said {
    what: ["The clock of {name} and ours differ by {long}.", "{name} 的时钟与本机相差 {long}。"],
    advice: [
        "Have the clock of this machine set by NTP; the marketplace's is used until then.",
        "请用 NTP 校准本机时钟；在此之前采用平台的时钟。",
    ],
};

const DISK_FULL: Said = Said {
    what: [
        "{free} of {size} are free where {name} keeps the database.",
        "{name} 存放数据库的磁盘剩余 {free}，共 {size}。",
    ],
    advice: [
        "Make room, or move old orders away: `docket archive`. A full disk turns orders away.",
        "请腾出空间，或用 docket archive 移走旧订单。磁盘写满后将无法接单。",
    ],
};

const LIMITER_SATURATED: Said = Said {
    what: ["Calls to {name} wait {long} for their turns.", "对 {name} 的调用排队需 {long}。"],
    advice: [
        "More is asked than the limit allows: let full passes be spread, or have the limit raised there.",
        "请求超过了限额：请分散全量拉取，或向平台申请更高限额。",
    ],
};

const PUSHES_STOPPED: Said = Said {
    what: [
        "Orders of the shop {name} change, and nothing was pushed for {long}.",
        "店铺 {name} 的订单有变更，但已有 {long}没有推送。",
    ],
    advice: [
        "See at the marketplace whether its pushes still go to this center; pulls go on without them.",
        "请在平台查看推送是否仍指向本订单中心；没有推送时，定时拉取照常进行。",
    ],
};

const PUSHES_REFUSED: Said = Said {
    what: [
        "{count} pushes at the address of {name} were refused within this hour.",
        "本小时内 {name} 的推送地址拒绝了 {count} 次推送。",
    ],
    advice: [
        "See whether the secret of an app was changed, or a shop is not connected; else somebody tries the address.",
        "请确认应用密钥是否已更换，或有店铺尚未接入；否则就是有人在试探该地址。",
    ],
};

/// A sentence with its figures; what stands in a figure is a figure's own.
fn filled(sentence: &str, facts: &Facts, language: Language) -> String {
    let mut text = String::with_capacity(sentence.len() * 2);
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let (place, after) = after.split_once('}').unwrap_or((after, ""));
        text.push_str(&figure(place, facts, language));
        rest = after;
    }
    text.push_str(rest);
    text
}

fn figure(place: &str, facts: &Facts, language: Language) -> String {
    match place {
        "name" => facts.name.clone(),
        "why" => facts.why.clone(),
        "count" => facts.count.to_string(),
        "of" => facts.of.to_string(),
        "free" => bytes(facts.count),
        "size" => bytes(facts.of),
        "long" => length(facts.millis, language),
        "stream" => match (language, Stream::from_word(&facts.why)) {
            (Language::Zh, Some(Stream::Orders)) => "订单".to_owned(),
            (Language::Zh, Some(Stream::Products)) => "商品".to_owned(),
            _ => facts.why.clone(),
        },
        _ => String::new(),
    }
}

/// A length of time, as its two largest parts.
fn length(millis: Millis, language: Language) -> String {
    const PARTS: [(Millis, &str, &str); 4] =
        [(DAY, "d", "天"), (HOUR, "h", "小时"), (MINUTE, "min", "分钟"), (SECOND, "s", "秒")];
    let mut left = millis.saturating_abs();
    let mut said = Vec::new();
    for (part, en, zh) in PARTS {
        let count = left / part;
        if said.len() < 2 && (count > 0 || part == SECOND && said.is_empty()) {
            said.push(format!("{count} {}", language.of(en, zh)));
            left -= count * part;
        }
    }
    said.join(" ")
}

/// Bytes, in the largest unit of which there are at least ten.
fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut unit, mut whole) = (0, count);
    while whole >= 10 * 1024 && unit + 1 < UNITS.len() {
        (unit, whole) = (unit + 1, whole / 1024);
    }
    format!("{whole} {}", UNITS[unit])
}
