//! The plain sections of the config file: every key with what it is for, in both languages, its shape and its default.

use super::Set;
use super::alerts::Alerts;
use super::archive::{ArchiveUrl, Days, Name, Secret};
use super::keys::KeyText;
use super::layers::Layers;
use super::nightly::Repairs;
use super::section::{About, Field, Listed, Secrecy, Section, listed, section};
use super::server::{Connections, Drain, Size};
use super::shapes::{
    DatabaseUrl, Length, LogFormat, LogLevel, Places, Prefix, RedisUrl, Switch, When,
};
use crate::failure::Failure;
use docket_app::Networks;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

section! {
    /// Where the center listens.
    #[zh = "订单中心在哪里监听。"]
    server Server {
        /// Address and port of the HTTP interface. Port 0 takes a free one. Listen on every address
        /// (0.0.0.0:7300) only behind something that speaks TLS.
        #[zh = "HTTP 接口的地址和端口。端口 0 表示任取一个空闲端口。只有在前面有终结 TLS 的组件时，"]
        #[zh = "才可监听所有地址（0.0.0.0:7300）。"]
        listen: SocketAddr = "127.0.0.1:7300";
        /// How many connections may be open. auto: as many as the files this process may open (`ulimit -n`)
        /// leave, at most 4096. Where that many are open, the one that has waited longest for its client gives
        /// way to whoever comes; where all are at work, others are answered 503, and `/livez` still answers.
        #[zh = "最多可同时打开多少个连接。auto：取本进程可打开的文件数（`ulimit -n`）扣除其他用途后的数目，"]
        #[zh = "最多 4096。连接已满时，等待客户端最久的一个让给新来者；若全部都在处理请求，则对新来者答 503，"]
        #[zh = "而 `/livez` 仍会应答。"]
        max_connections: Connections = "auto";
        /// How long a caller may take to send the head of a request.
        #[zh = "调用方发送请求头最多可用多长时间。"]
        head_time: Length = "10s";
        /// How long a caller may take to send the body of a request.
        #[zh = "调用方发送请求体最多可用多长时间。"]
        body_time: Length = "30s";
        /// Proxies of yours, as a list of networks and addresses. A request that comes from one of them is its
        /// client's: of the last address in `X-Forwarded-For` or `Forwarded` that is none of them. Limits and the
        /// log see that address. Name none that passes on what its clients say of themselves.
        #[zh = "您自己的代理，写成网段和地址的列表。来自其中之一的请求，其客户端取 `X-Forwarded-For` 或"]
        #[zh = "`Forwarded` 中最后一个不属于这些代理的地址；限流和日志用的都是它。不要列入会原样转发客户端自称地址的代理。"]
        trusted_proxies: Networks = "[]";
        /// How long a caller may take nothing of its answer.
        #[zh = "调用方可以多长时间不接收应答。"]
        answer_time: Length = "30s";
        /// How long a connection may be idle between requests.
        #[zh = "连接在两次请求之间最多可空闲多长时间。"]
        idle_time: Length = "1m";
        /// How many bytes of bodies are held at one moment, over all requests; more are answered 503. Those who
        /// send no credentials share a sixteenth of it.
        #[zh = "所有请求的请求体合计最多占用多少字节，超出者答 503。未带凭据的请求共用其十六分之一。"]
        body_room: Size = "256MiB";
        /// How long the listener stays open after the signal to stop, while `/readyz` says 503 already, so that
        /// whoever shares out requests hears of it. auto: 0s on the loopback, 5s elsewhere.
        #[zh = "收到停止信号后监听再保持多久；其间 `/readyz` 已答 503，好让分发请求的组件得知。"]
        #[zh = "auto：回环地址为 0s，其他地址为 5s。"]
        drain: Drain = "auto";
    }
}

section! {
    /// Where orders are kept.
    #[zh = "订单存放在哪里。"]
    database Database {
        /// `sqlite:PATH` (a path that is not absolute lies in the data folder) or
        /// `mysql://user:password@host:port/database` for MySQL 8, MariaDB 10.11 and later, or TiDB. Over a
        /// network add `?ssl-mode=VERIFY_IDENTITY&ssl-ca=/path/of/ca.pem`: TLS, and the certificate must be signed
        /// by that authority, or by one the system trusts, for this host. `VERIFY_CA` takes any host, `REQUIRED`
        /// any certificate, `PREFERRED` (where nothing is said) even no TLS; `DISABLED` uses none. A client
        /// certificate: `ssl-cert`, `ssl-key`. A socket: `socket=/run/mysqld/mysqld.sock`.
        #[zh = "`sqlite:路径`（相对路径位于数据目录中），或 `mysql://user:password@host:port/database`，"]
        #[zh = "支持 MySQL 8、MariaDB 10.11 及更高版本或 TiDB。跨网络时请加上"]
        #[zh = "`?ssl-mode=VERIFY_IDENTITY&ssl-ca=/path/of/ca.pem`：使用 TLS，且证书须由该机构（或系统信任的机构）"]
        #[zh = "为此主机签发。`VERIFY_CA` 不核对主机名，`REQUIRED` 接受任何证书，`PREFERRED`（默认）甚至允许不用 TLS，"]
        #[zh = "`DISABLED` 不用 TLS。客户端证书：`ssl-cert`、`ssl-key`。套接字：`socket=/run/mysqld/mysqld.sock`。"]
        url: DatabaseUrl = "sqlite:docket.db" secret;
        /// Whether `docket serve` brings the schema of an older release up by itself. Where several
        /// processes share a database, say false and run `docket migrate` before them.
        #[zh = "`docket serve` 是否自动把旧版本的库结构升级。多个进程共用一个数据库时，请设为 false，"]
        #[zh = "并在启动它们之前运行 `docket migrate`。"]
        upgrade: Switch = "true";
        /// How long one read may take. What takes longer is broken off and answered with 503 `too_slow`; so is
        /// what nobody waits for any more.
        #[zh = "一次读取最多可用多长时间。超时者被中断并答 503 `too_slow`；已无人等待的读取同样会被中断。"]
        read_deadline: Length = "10s";
    }
}

section! {
    /// How orders are taken. Markets of your own stand in [orders.markets] as name = number, from 100.
    #[zh = "如何接收订单。自定义的市场写在 [orders.markets] 中：名称 = 编号，编号从 100 起。"]
    orders Orders {
        /// How many requests may wait for the writer, of people and of bulk work each; more are answered 503.
        #[zh = "最多有多少个请求等待写入，人工请求和批量任务分别计算；超出者答 503。"]
        queue: Places = "4096";
        /// How often one side (the buyer, or seller and store) may ask for money back of one shop order; requests
        /// that were withdrawn or rejected count. More is answered 409, as with each of the following. What has
        /// happened (news of gateways, channels, imports) is always taken.
        #[zh = "一个店铺订单中，一方（买家，或商家与门店）最多可申请退款多少次；已撤回和被拒绝的也计入。"]
        #[zh = "超出者答 409，以下各项亦然。已经发生的事（网关、渠道、导入的消息）总会记下。"]
        max_refunds: Places = "200";
        /// Shipments of one shop order.
        #[zh = "一个店铺订单的发货次数上限。"]
        max_shipments: Places = "200";
        /// Payments of an order that tills report, and payments of nothing.
        #[zh = "一个订单中收银台上报的付款，以及金额为零的付款的次数上限。"]
        max_payments: Places = "200";
        /// Attempts to pay of an order.
        #[zh = "一个订单的付款尝试次数上限。"]
        max_attempts: Places = "20";
        /// Notes on an order.
        #[zh = "一个订单的备注数上限。"]
        max_notes: Places = "200";
        /// Labels on an order, and on each of its shop orders.
        #[zh = "一个订单及其每个店铺订单的标签数上限。"]
        max_tags: Places = "50";
        /// Days by which receipt of a shop order may be put off in all.
        #[zh = "一个店铺订单的收货期限合计最多可延长多少天。"]
        max_extended_days: Places = "180";
        /// Changes of an order after which no words, labels or new terms are taken any more; what moves goods or
        /// money always goes on.
        #[zh = "订单改动超过此数后，不再接受备注、标签和新的条款；货物和资金的变动始终接受。"]
        max_changes: Places = "2000";
    }
}

section! {
    /// Redis rings for tasks between processes, so that idle ones need not look. Nothing is kept in it: away,
    /// slow or emptied it changes how soon something happens, never whether.
    #[zh = "用 Redis 在进程之间唤醒任务，空闲进程便无需轮询。其中不保存任何东西："]
    #[zh = "连不上、变慢或被清空，只影响某事多快发生，不影响它是否发生。"]
    redis Redis {
        /// `redis://user:password@host:port`; none where empty.
        #[zh = "`redis://user:password@host:port`；留空表示不用。"]
        url: RedisUrl = "" secret;
        /// What the names of our keys begin with.
        #[zh = "我们的键名以什么开头。"]
        prefix: Prefix = "docket";
    }
}

section! {
    /// Durable tasks: what happens outside, later.
    #[zh = "持久任务：稍后在外部完成的事。"]
    tasks Tasks {
        /// How long a stopping process waits for tasks that run; what is left is taken up by others.
        #[zh = "进程停止时等待正在运行的任务多长时间；余下的由其他进程接手。"]
        grace: Length = "20s";
        /// Classes of differences that the nightly run of reconcile repairs, separated by commas; none where
        /// empty. The others it only tells.
        #[zh = "夜间核对时自动修复的差异类别，以逗号分隔；留空表示不修复。其余类别只报告。"]
        nightly_repairs: Repairs = "status_stale";
    }
}

section! {
    /// Webhooks: who is told of every change of an order. `docket webhook add` adds one.
    #[zh = "Webhook：订单的每次改动通知谁。用 `docket webhook add` 添加。"]
    webhooks Webhooks {
        /// Networks that events may be sent to though they are not for everyone, as a list of networks and addresses:
        /// loopback, private, link-local and others like them are refused elsewhere. Events go through no proxy.
        /// Payment gateways, ledgers and the archive are yours to name: where they are is not limited.
        #[zh = "允许发送事件的非公网网段，写成网段和地址的列表；未列入的回环、私有、链路本地等地址一律拒绝。"]
        #[zh = "事件不经代理发送。支付网关、账本和归档由您自行指定，其地址不受此限。"]
        allow: Networks = "[]";
    }
}

section! {
    /// What runs by itself: an interval such as 10m, or a cron expression with its time zone, such as
    /// 0 2 * * * Asia/Shanghai. One process of all runs each.
    #[zh = "自动运行的事：可写间隔（如 10m），或带时区的 cron 表达式（如 0 2 * * * Asia/Shanghai）。"]
    #[zh = "每次只由所有进程中的一个运行。"]
    schedules Schedules {
        /// Forgets old idempotency keys, logins that ran out, and tasks that were finished a week ago.
        #[zh = "清理旧的幂等键、过期的登录，以及一周前完成的任务。"]
        housekeeping: When = "1h";
        /// Moves what is old to the archive, where there is one.
        #[zh = "把旧数据移入归档（如已设置归档）。"]
        archive: When = "0 3 * * * UTC";
        /// Finds out whether the books agree: `docket reconcile`, at night.
        #[zh = "核对各账是否一致：在夜间运行 `docket reconcile`。"]
        reconcile: When = "0 3 * * * UTC";
    }
}

section! {
    /// The archive: what is old leaves the database, stays readable, and comes back by `docket archive restore`.
    #[zh = "归档：旧数据离开数据库，仍可查阅，并可用 `docket archive restore` 取回。"]
    archive Archive {
        /// `off`; `file:PATH` for a folder (one that is not absolute lies in the data folder); or
        /// `s3:https://HOST:PORT/BUCKET/PREFIX` for a store that speaks S3. It is no backup: keep one of it too.
        #[zh = "`off` 表示不归档；`file:路径` 为目录（相对路径位于数据目录中）；"]
        #[zh = "或 `s3:https://HOST:PORT/BUCKET/PREFIX`，即兼容 S3 的存储。归档不是备份：请另行备份。"]
        url: ArchiveUrl = "off";
        /// The region of the bucket.
        #[zh = "存储桶所在的区域。"]
        region: Name = "us-east-1";
        /// The access key of the bucket.
        #[zh = "存储桶的访问密钥。"]
        access_key: Name = "";
        /// Its secret.
        #[zh = "与该访问密钥配对的私有密钥。"]
        secret: Secret = "" secret;
        /// Days after which the log of an order that did not change leaves; 0 for at once.
        #[zh = "订单多少天没有改动后，其日志移入归档；0 表示立即。"]
        log_after_days: Days = "90";
        /// The same of what was agreed.
        #[zh = "订单多少天没有改动后，其约定版本移入归档；0 表示立即。"]
        snapshots_after_days: Days = "90";
        /// Days after which a finished order that did not change leaves whole; it is then found by its numbers
        /// alone.
        #[zh = "已结束的订单多少天没有改动后整单移入归档；此后只能按其编号查到。"]
        orders_after_days: Days = "730";
    }
}

section! {
    /// People's data.
    #[zh = "个人信息。"]
    privacy Privacy {
        /// The file of the keys that seal people's data; in the data folder where it is not absolute.
        /// It is made, readable by its owner alone, where the database records no keys yet. Without it people's
        /// data cannot be read: keep a copy, apart from the database. Processes that share a database share the
        /// keys: give each of them a copy of this file; one with other keys does not start.
        #[zh = "加密个人信息的密钥文件；相对路径位于数据目录中。数据库尚未登记任何密钥时会自动生成，仅所有者可读。"]
        #[zh = "没有它就无法读取个人信息：请另存一份，与数据库分开存放。共用一个数据库的进程共用密钥："]
        #[zh = "请给每个进程一份此文件；密钥不同的进程不会启动。"]
        key_file: PathBuf = "docket.keys";
        /// The keys themselves, as `docket privacy new` prints them, instead of a file: for containers. Where they
        /// are given, `key_file` is not looked at.
        #[zh = "不用文件而直接给出密钥（由 `docket privacy new` 打印），适用于容器。给出后不再查看 `key_file`。"]
        keys: KeyText = "" secret;
    }
}

section! {
    /// What the center says of itself, on stderr.
    #[zh = "订单中心输出到 stderr 的日志。"]
    log Log {
        /// `text` for people or `json` for programs.
        #[zh = "`text` 供人阅读，`json` 供程序读取。"]
        format: LogFormat = "text";
        /// error, warn, info, debug or trace; by module as well: `info,docket_app=debug`.
        #[zh = "error、warn、info、debug 或 trace；也可按模块设置：`info,docket_app=debug`。"]
        level: LogLevel = "info";
    }
}

section! {
    /// Figures for monitoring.
    #[zh = "供监控使用的指标。"]
    telemetry Telemetry {
        /// Whether `/metrics` is served, in the format of Prometheus.
        #[zh = "是否提供 `/metrics`（Prometheus 格式）。"]
        metrics: Switch = "true";
    }
}

/// Every section that is a plain table of keys, in the order of the file.
pub const SECTIONS: [&Section; 12] = [
    &Server::SECTION,
    &Database::SECTION,
    &Redis::SECTION,
    &Orders::SECTION,
    &Tasks::SECTION,
    &Webhooks::SECTION,
    &Schedules::SECTION,
    &Alerts::SECTION,
    &Archive::SECTION,
    &Privacy::SECTION,
    &Log::SECTION,
    &Telemetry::SECTION,
];
