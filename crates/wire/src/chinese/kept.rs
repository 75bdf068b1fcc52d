//! What no problem tells, and people read all the same: in findings, in readiness, and of what was tried.

/// Whole sentences.
pub const KEPT: &[(&str, &str)] = &[
    // What to do when a marketplace does not answer, behind what it said.
    (
        "{}. Set the clock of this machine: it is minutes off.",
        "{1}。请校准本机时钟：误差达数分钟。",
    ),
    (
        "{}. Enter the app secret again: requests are not believed.",
        "{1}。请重新填写应用密钥：平台不认可请求的签名。",
    ),
    (
        "{}. Fetch a new token in the marketplace's seller center and enter it.",
        "{1}。请在平台的卖家中心获取新令牌并填写。",
    ),
    (
        "{}. Let the marketplace grant the app this permission, then enter the new token.",
        "{1}。请让平台为应用开通该权限，然后填写新令牌。",
    ),
    (
        "The token does not allow {}: what that would tell stays unknown, and it is asked for no more. Let the \
         marketplace grant the app this permission, then enter the new token.",
        "令牌未授权 {1}：相关数据保持未知，不再询问。请让平台为应用开通该权限，然后填写新令牌。",
    ),
    (
        "{}. Look at the app in the marketplace's partner center: it is not let in.",
        "{1}。请到平台的合作伙伴中心检查应用：应用未获准访问。",
    ),
    (
        "{}. Enter the token of this shop: the one given belongs to another.",
        "{1}。请填写本店铺的令牌：给出的令牌属于另一家店铺。",
    ),
    (
        "{}. Look in the seller center whether it still exists.",
        "{1}。请到卖家中心确认它是否仍然存在。",
    ),
    (
        "{}. Read what the marketplace says: it will refuse again.",
        "{1}。请查看平台的说明：同样的请求仍会被拒绝。",
    ),
    (
        "{}. If it lasts, give the marketplace's support the number of the request.",
        "{1}。如果持续出现，请将请求编号提供给平台客服。",
    ),
    ("{}, code {}, request {}: {}", "{1}，代码 {2}，请求 {3}：{4}"),
    // Why a shop is paused.
    (
        "Paused by a person; `docket shop resume` goes on.",
        "由人工暂停；用 docket shop resume 恢复。",
    ),
    ("Nothing is asked of the shop {}: {}", "店铺 {1} 已暂停：{2}"),
    // Why an order or a product of a marketplace was set aside.
    ("Line {} has no number.", "第 {1} 行没有编号。"),
    ("Line {} is no object.", "第 {1} 行不是对象。"),
    ("Line {} says no quantity.", "行 {1} 没有数量。"),
    ("The order has no number.", "订单没有编号。"),
    ("The package has no number.", "包裹没有编号。"),
    ("The product has no number.", "商品没有编号。"),
    ("The row is no object.", "该行不是对象。"),
    // Why a stretch of time of a marketplace could not be read.
    (
        "a page brought no order that the pages before it did not have",
        "某一页没有带来前面各页之外的订单",
    ),
    ("a page has {} rows where its total wants {}", "某一页有 {1} 行，而按总数应有 {2} 行"),
    (
        "rows kept coming into one second however often it was read",
        "某一秒内的订单在反复读取时仍不断增加",
    ),
    ("no order of a full page is of the time that was asked for", "整页订单都不在所查询的时间内"),
    (
        "a second has more orders than a page and does not say how many",
        "某一秒的订单超过一页，且未说明总数",
    ),
    ("a row has no number that can be read", "某一行没有可读取的编号"),
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
