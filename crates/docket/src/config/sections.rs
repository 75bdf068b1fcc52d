//! The plain sections of the config file: every key with what it is for, in both languages, its shape and its default.

use super::Set;
use super::archive::{ArchiveUrl, Days, Name, Secret};
use super::keys::KeyText;
use super::layers::Layers;
use super::nightly::Repairs;
use super::section::{Field, Listed, Secrecy, Section, listed, section};
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
    server Server {
        /// Address and port of the HTTP interface. Port 0 takes a free one. Listen on every address
        /// (0.0.0.0:7300) only behind something that speaks TLS.
        listen: SocketAddr = "127.0.0.1:7300";
        /// How many connections may be open. auto: as many as the files this process may open (`ulimit -n`)
        /// leave, at most 4096. Where that many are open, the one that has waited longest for its client gives
        /// way to whoever comes; where all are at work, others are answered 503, and `/livez` still answers.
        max_connections: Connections = "auto";
        /// How long a caller may take to send the head of a request.
        head_time: Length = "10s";
        /// How long a caller may take to send the body of a request.
        body_time: Length = "30s";
        /// Proxies of yours, as a list of networks and addresses. A request that comes from one of them is its
        /// client's: of the last address in `X-Forwarded-For` or `Forwarded` that is none of them. Limits and the
        /// log see that address. Name none that passes on what its clients say of themselves.
        trusted_proxies: Networks = "[]";
        /// How long a caller may take nothing of its answer.
        answer_time: Length = "30s";
        /// How long a connection may be idle between requests.
        idle_time: Length = "1m";
        /// How many bytes of bodies are held at one moment, over all requests; more are answered 503. Those who
        /// send no credentials share a sixteenth of it.
        body_room: Size = "256MiB";
        /// How long the listener stays open after the signal to stop, while `/readyz` says 503 already, so that
        /// whoever shares out requests hears of it. auto: 0s on the loopback, 5s elsewhere.
        drain: Drain = "auto";
    }
}

section! {
    /// Where orders are kept.
    database Database {
        /// `sqlite:PATH` (a path that is not absolute lies in the data folder) or
        /// `mysql://user:password@host:port/database` for MySQL 8, MariaDB 10.11 and later, or TiDB. Over a
        /// network add `?ssl-mode=VERIFY_IDENTITY&ssl-ca=/path/of/ca.pem`: TLS, and the certificate must be signed
        /// by that authority, or by one the system trusts, for this host. `VERIFY_CA` takes any host, `REQUIRED`
        /// any certificate, `PREFERRED` (where nothing is said) even no TLS; `DISABLED` uses none. A client
        /// certificate: `ssl-cert`, `ssl-key`. A socket: `socket=/run/mysqld/mysqld.sock`.
        url: DatabaseUrl = "sqlite:docket.db" secret;
        /// Whether `docket serve` brings the schema of an older release up by itself. Where several
        /// processes share a database, say false and run `docket migrate` before them.
        upgrade: Switch = "true";
        /// How long one read may take. What takes longer is broken off and answered with 503 `too_slow`; so is
        /// what nobody waits for any more.
        read_deadline: Length = "10s";
    }
}

section! {
    /// How orders are taken. Markets of your own stand in [orders.markets] as name = number, from 100.
    orders Orders {
        /// How many requests may wait for the writer, of people and of bulk work each; more are answered 503.
        queue: Places = "4096";
        /// How often one side (the buyer, or seller and store) may ask for money back of one shop order; requests
        /// that were withdrawn or rejected count. More is answered 409, as with each of the following. What has
        /// happened (news of gateways, channels, imports) is always taken.
        max_refunds: Places = "200";
        /// Shipments of one shop order.
        max_shipments: Places = "200";
        /// Payments of an order that tills report, and payments of nothing.
        max_payments: Places = "200";
        /// Attempts to pay of an order.
        max_attempts: Places = "20";
        /// Notes on an order.
        max_notes: Places = "200";
        /// Labels on an order, and on each of its shop orders.
        max_tags: Places = "50";
        /// Days by which receipt of a shop order may be put off in all.
        max_extended_days: Places = "180";
        /// Changes of an order after which no words, labels or new terms are taken any more; what moves goods or
        /// money always goes on.
        max_changes: Places = "2000";
    }
}

section! {
    /// Redis rings for tasks between processes, so that idle ones need not look. Nothing is kept in it: away,
    /// slow or emptied it changes how soon something happens, never whether.
    redis Redis {
        /// `redis://user:password@host:port`; none where empty.
        url: RedisUrl = "" secret;
        /// What the names of our keys begin with.
        prefix: Prefix = "docket";
    }
}

section! {
    /// Durable tasks: what happens outside, later.
    tasks Tasks {
        /// How long a stopping process waits for tasks that run; what is left is taken up by others.
        grace: Length = "20s";
        /// Classes of differences that the nightly run of reconcile repairs, separated by commas; none where
        /// empty. The others it only tells.
        nightly_repairs: Repairs = "status_stale";
    }
}

section! {
    /// Webhooks: who is told of every change of an order. `docket webhook add` adds one.
    webhooks Webhooks {
        /// Networks that events may be sent to though they are not for everyone, as a list of networks and addresses:
        /// loopback, private, link-local and others like them are refused elsewhere. Events go through no proxy.
        /// Payment gateways, ledgers and the archive are yours to name: where they are is not limited.
        allow: Networks = "[]";
    }
}

section! {
    /// What runs by itself: an interval such as 10m, or a cron expression with its time zone, such as
    /// 0 2 * * * Asia/Shanghai. One process of all runs each.
    schedules Schedules {
        /// Forgets old idempotency keys, logins that ran out, and tasks that were finished a week ago.
        housekeeping: When = "1h";
        /// Moves what is old to the archive, where there is one.
        archive: When = "0 3 * * * UTC";
        /// Finds out whether the books agree: `docket reconcile`, at night.
        reconcile: When = "0 3 * * * UTC";
    }
}

section! {
    /// The archive: what is old leaves the database, stays readable, and comes back by `docket archive restore`.
    archive Archive {
        /// `off`; `file:PATH` for a folder (one that is not absolute lies in the data folder); or
        /// `s3:https://HOST:PORT/BUCKET/PREFIX` for a store that speaks S3. It is no backup: keep one of it too.
        url: ArchiveUrl = "off";
        /// The region of the bucket.
        region: Name = "us-east-1";
        /// The access key of the bucket.
        access_key: Name = "";
        /// Its secret.
        secret: Secret = "" secret;
        /// Days after which the log of an order that did not change leaves; 0 for at once.
        log_after_days: Days = "90";
        /// The same of what was agreed.
        snapshots_after_days: Days = "90";
        /// Days after which a finished order that did not change leaves whole; it is then found by its numbers
        /// alone.
        orders_after_days: Days = "730";
    }
}

section! {
    /// People's data.
    privacy Privacy {
        /// The file of the keys that seal people's data; in the data folder where it is not absolute.
        /// It is made, readable by its owner alone, where the database records no keys yet. Without it people's
        /// data cannot be read: keep a copy, apart from the database. Processes that share a database share the
        /// keys: give each of them a copy of this file; one with other keys does not start.
        key_file: PathBuf = "docket.keys";
        /// The keys themselves, as `docket privacy new` prints them, instead of a file: for containers. Where they
        /// are given, `key_file` is not looked at.
        keys: KeyText = "" secret;
    }
}

section! {
    /// What the center says of itself, on stderr.
    log Log {
        /// `text` for people or `json` for programs.
        format: LogFormat = "text";
        /// error, warn, info, debug or trace; by module as well: `info,docket_app=debug`.
        level: LogLevel = "info";
    }
}

section! {
    /// Figures for monitoring.
    telemetry Telemetry {
        /// Whether `/metrics` is served, in the format of Prometheus.
        metrics: Switch = "true";
    }
}

/// Every section that is a plain table of keys, in the order of the file.
pub const SECTIONS: [&Section; 11] = [
    &Server::SECTION,
    &Database::SECTION,
    &Redis::SECTION,
    &Orders::SECTION,
    &Tasks::SECTION,
    &Webhooks::SECTION,
    &Schedules::SECTION,
    &Archive::SECTION,
    &Privacy::SECTION,
    &Log::SECTION,
    &Telemetry::SECTION,
];
