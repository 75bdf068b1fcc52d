//! What no problem tells, and people read all the same: in findings, in readiness, and of what was tried.

/// Whole sentences.
pub const KEPT: &[(&str, &str)] = &[
    // What is kept of tasks, webhooks and the archive.
    ("the receiver answered {}", "接收方返回 {1}"),
    ("the receiver answered {} and asked for time", "接收方返回 {1}，并要求稍后再试"),
    ("the ledger answered {}", "账本返回 {1}"),
    ("the gateway has not decided yet", "网关尚未给出结果"),
    ("the gateway {} is not configured", "网关 {1} 未配置"),
    ("ended by a person", "人工停用"),
    ("dropped by {}", "由 {1} 丢弃"),
    ("its order is not there", "订单不存在"),
    ("there is no such file", "文件不存在"),
    ("it is no backup of docket", "不是 docket 的备份"),
    ("{}: there is no such file", "{1}：文件不存在"),
    ("{}: it is no backup of docket", "{1}：不是 docket 的备份"),
    (
        "the database holds {} orders; a backup is restored into one that holds none",
        "数据库中已有 {1} 个订单；备份只能恢复到没有订单的数据库",
    ),
    ("no answer in time", "超时未响应"),
    ("{}: its SHA-256 is another", "{1}：SHA-256 不符"),
    ("{}: it has {} bytes, not {}", "{1}：有 {2} 字节，应为 {3}"),
    ("{}: it lacks order {}", "{1}：缺少订单 {2}"),
    ("the archive has no object {}", "归档中没有对象 {1}"),
    // Keys: what findings and readiness say of them.
    ("sealed under key {}, which is not here", "由密钥 {1} 加密，该密钥不在此处"),
    ("sealed under key {}, which was given up", "由密钥 {1} 加密，该密钥已放弃"),
    ("no key that is here opens it", "此处没有密钥能将其解开"),
    ("people that can be read", "可读取的个人信息"),
    (
        "the database records key {} (fingerprint {}), which is not in {}; bring the newer key file there: it is taken in within seconds",
        "数据库登记了密钥 {1}（指纹 {2}），而 {3} 中没有该密钥；请将较新的密钥文件放到那里，数秒内会自动读入",
    ),
    (
        "the database records key {} (fingerprint {}), which is not in {}; give this process the newer keys and start it again",
        "数据库登记了密钥 {1}（指纹 {2}），而 {3} 中没有该密钥；请为此进程提供较新的密钥并重启",
    ),
    (
        "the people of {} orders seen so far cannot be opened with the keys that are here, such as those of {}; `docket reconcile --class sealed_away` finds all of them",
        "目前已发现 {1} 个订单的个人信息无法用此处的密钥解开，例如订单 {2}；docket reconcile --class sealed_away 可列出全部",
    ),
    (
        "{}; `docket check --deep` says how far it goes, and what to do",
        "{1}；docket check --deep 会说明损坏范围和处理办法",
    ),
];
