//! The shapes of values: what a text must look like to be one, and what to say where it does not.

use super::layers::Form;
use crate::said::{Said, said};
use crate::zones;
use jiff::SpanRelativeTo;
use jiff::fmt::friendly::SpanParser;
use std::net::SocketAddr;
use std::path::PathBuf;
use url::Url;

/// A value that can be set, read from a text.
pub trait Shape: Sized {
    /// What it looks like, with an example, in English and in Chinese: "must be …".
    const LOOKS: (&'static str, &'static str);

    /// Whether it may be written as a list; what the list has is then read with commas between.
    const FORM: Form = Form::One;

    /// Reads it.
    fn read(text: &str) -> Option<Self>;

    /// What is wrong with a text that is none, where more can be said than what it looks like.
    fn wrong(_text: &str) -> Option<Said> {
        None
    }

    /// The text as it may be shown; secrets hide.
    fn shown(text: &str) -> String {
        text.to_owned()
    }
}

impl Shape for SocketAddr {
    const LOOKS: (&'static str, &'static str) = (
        "an address with a port, such as 127.0.0.1:7300 or [::]:7300",
        "带端口的地址，例如 127.0.0.1:7300 或 [::]:7300",
    );

    fn read(text: &str) -> Option<Self> {
        let text = text
            .strip_prefix("localhost:")
            .map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
        text.parse().ok()
    }
}

impl Shape for PathBuf {
    const LOOKS: (&'static str, &'static str) = ("a path that is not empty", "非空路径");

    fn read(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self::from(text))
    }
}

/// A number of things that wait, 1 to 1,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places(pub usize);

impl Shape for Places {
    const LOOKS: (&'static str, &'static str) =
        ("a number from 1 to 1000000", "1 到 1000000 的数字");

    fn read(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number| (1..=1_000_000).contains(number)).map(Self)
    }
}

/// A length of time in milliseconds, more than nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length(pub i64);

/// Ten years, so that no deadline leaves the range of times.
const LONGEST_MS: i64 = 3650 * 86_400_000;

impl Shape for Length {
    const LOOKS: (&'static str, &'static str) = (
        "a length of time, more than nothing and at most ten years, such as 45s, 30m, 12h, 15d or 1h30m",
        "大于零且不超过十年的时长，例如 45s、30m、12h、15d 或 1h30m",
    );

    fn read(text: &str) -> Option<Self> {
        let span = SpanParser::new().parse_span(text.trim()).ok()?;
        // Of months and years nobody knows how long they are.
        let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
        let millis = i64::try_from(length.as_millis()).ok()?;
        (1..=LONGEST_MS).contains(&millis).then_some(Self(millis))
    }
}

impl Length {
    /// As [`std::time::Duration`].
    pub const fn duration(self) -> std::time::Duration {
        std::time::Duration::from_millis(self.0.unsigned_abs())
    }
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// `true`.
    On,
    /// `false`.
    Off,
}

impl Shape for Switch {
    const LOOKS: (&'static str, &'static str) = ("true or false", " true 或 false");

    fn read(text: &str) -> Option<Self> {
        match text {
            "true" => Some(Self::On),
            "false" => Some(Self::Off),
            _ => None,
        }
    }
}

/// How the log is written to stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

impl Shape for LogFormat {
    const LOOKS: (&'static str, &'static str) = ("text or json", " text 或 json");

    fn read(text: &str) -> Option<Self> {
        match text {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// What is logged: a level, or levels by module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLevel(pub String);

impl Shape for LogLevel {
    const LOOKS: (&'static str, &'static str) = (
        "a level (error, warn, info, debug, trace) or levels by module, such as info,docket_app=debug",
        "日志级别（error、warn、info、debug、trace），或按模块设置，例如 info,docket_app=debug",
    );

    fn read(text: &str) -> Option<Self> {
        let known = |word: &str| ["off", "error", "warn", "info", "debug", "trace"].contains(&word);
        let fine = |part: &str| known(part.rsplit('=').next().unwrap_or_default().trim());
        let all = !text.trim().is_empty() && text.split(',').all(fine);
        let parsed = tracing_subscriber::filter::Targets::from_str(text);
        (all && parsed.is_ok()).then(|| Self(text.to_owned()))
    }
}

use std::str::FromStr;

/// `sqlite:PATH` or `mysql://…`; its password hides.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(pub String);

impl DatabaseUrl {
    /// `host:port` of a server; none of a file, or of a server that is reached through a socket.
    pub fn host(&self) -> Option<String> {
        let url = server(&self.0)?;
        let by_socket = url.query_pairs().any(|(name, _)| name == "socket");
        let host = url.host_str().filter(|_| !by_socket)?;
        Some(format!("{host}:{}", url.port().unwrap_or(3306)))
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&Self::shown(&self.0))
    }
}

impl Shape for DatabaseUrl {
    const LOOKS: (&'static str, &'static str) = (
        "sqlite:PATH or mysql://user:password@host:port/database",
        " sqlite:PATH 或 mysql://user:password@host:port/database",
    );

    fn read(text: &str) -> Option<Self> {
        let path = docket_store::sqlite_path(text);
        let sqlite = path.is_some_and(|path| !path.as_os_str().is_empty());
        (sqlite || server(text).is_some()).then(|| Self(text.to_owned()))
    }

    // What is no URL hides its password too, so this reads no URL.
    fn shown(text: &str) -> String {
        let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
        let Some((who, there)) = rest.rsplit_once('@') else { return text.to_owned() };
        match who.split_once(':') {
            Some((user, _)) => format!("{scheme}://{user}:***@{there}"),
            None => text.to_owned(),
        }
    }
}

/// The URL of a server of the MySQL family that names a database.
fn server(text: &str) -> Option<Url> {
    let url: Url = text.parse().ok()?;
    let is_server = matches!(url.scheme(), "mysql" | "mariadb");
    let names = url.host_str().is_some_and(|host| !host.is_empty()) && url.path() != "";
    (is_server && names).then_some(url)
}

/// A URL of the web; the parser sees to it that it has a host.
pub fn web(text: &str) -> Option<Url> {
    text.parse::<Url>().ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// The address of a Redis, or nothing for none; its password hides.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl(pub Option<String>);

impl std::fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&Self::shown(self.0.as_deref().unwrap_or_default()))
    }
}

impl Shape for RedisUrl {
    const LOOKS: (&'static str, &'static str) =
        ("redis://host:port, or nothing for none", " redis://host:port，留空表示不用");

    fn read(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self(None));
        }
        docket_app::RedisAt::parse(text, "").ok().map(|_| Self(Some(text.to_owned())))
    }

    fn shown(text: &str) -> String {
        let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
        match rest.rsplit_once('@') {
            Some((_, there)) => format!("{scheme}://***@{there}"),
            None => text.to_owned(),
        }
    }
}

/// A word that keys of ours begin with elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix(pub String);

impl Shape for Prefix {
    const LOOKS: (&'static str, &'static str) =
        ("1 to 32 letters, digits, - and _", "1 到 32 个字母、数字、- 或 _");

    fn read(text: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let fits = (1..=32).contains(&text.len()) && text.chars().all(plain);
        fits.then(|| Self(text.to_owned()))
    }
}

/// When something runs by itself: an interval, or a cron expression with its time zone.
#[derive(Debug, Clone)]
pub struct When(pub docket_app::Every);

impl Shape for When {
    const LOOKS: (&'static str, &'static str) = (
        "an interval such as 10m, or a cron expression with its time zone such as 0 2 * * * Asia/Shanghai",
        "时间间隔，例如 10m，或带时区的 cron 表达式，例如 0 2 * * * Asia/Shanghai",
    );

    fn read(text: &str) -> Option<Self> {
        let every = match Length::read(text) {
            Some(Length(millis)) => docket_app::Every::interval(millis),
            None => text.parse(),
        };
        every.ok().map(Self)
    }

    fn wrong(text: &str) -> Option<Said> {
        match text.parse::<docket_app::Every>() {
            Err(docket_app::ScheduleError::Zone { zone, why }) => Some(zones::wrong(&zone, why)),
            Err(docket_app::ScheduleError::Never { expression }) => Some(said!(
                "`{expression}` never comes: no day of eight years fits it",
                "`{expression}` 永远不会到来：八年之内没有符合的日期"
            )),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_read_as_people_write_them() {
        for (text, ms) in
            [("30m", 1_800_000), ("15d", 1_296_000_000), ("1h30m", 5_400_000), ("45s", 45_000)]
        {
            assert_eq!(Length::read(text), Some(Length(ms)), "{text}");
        }
        for wrong in ["", "30", "m", "-1m", "1m ago", "0s", "5y", "1mo", "99999999999999d", "9999d"]
        {
            assert_eq!(Length::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_password_in_a_database_url_is_not_shown() {
        assert_eq!(DatabaseUrl::shown("mysql://a:s@c:r@h:1/d"), "mysql://a:***@h:1/d");
        assert_eq!(DatabaseUrl::shown("mysql://a@h/d"), "mysql://a@h/d");
        assert_eq!(DatabaseUrl::shown("sqlite:a.db"), "sqlite:a.db");
    }

    #[test]
    fn a_server_of_a_database_has_a_host_and_a_port() {
        let host = |url: &str| DatabaseUrl(url.to_owned()).host();
        assert_eq!(host("mysql://a:s@c@h:1/d").as_deref(), Some("h:1"));
        assert_eq!(host("mariadb://h/d?x=1").as_deref(), Some("h:3306"));
        assert_eq!(host("mysql://u@[::1]/d").as_deref(), Some("[::1]:3306"));
        assert_eq!(host("sqlite:///tmp/a.db"), None);
        assert_eq!(host("mysql://u@h/d?socket=/tmp/s"), None);
    }

    #[test]
    fn a_database_url_is_of_a_kind_we_know() {
        for fine in ["sqlite:a.db", "sqlite:///tmp/a.db", "mysql://u@h/d", "mariadb://u:p@h:3307/d"]
        {
            assert!(DatabaseUrl::read(fine).is_some(), "{fine}");
        }
        for wrong in ["", "sqlite:", "postgres://h/d", "mysql://", "mysql:///d", "docket.db"] {
            assert!(DatabaseUrl::read(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_log_level_is_a_level_or_levels_by_module() {
        for fine in ["info", "warn,docket_app=debug", "off"] {
            assert!(LogLevel::read(fine).is_some(), "{fine}");
        }
        for wrong in ["", "loud", "info,docket_app=loud"] {
            assert!(LogLevel::read(wrong).is_none(), "{wrong}");
        }
    }
}
