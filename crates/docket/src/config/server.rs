//! Values of `[server]`, and how many connections the system allows.

use super::Config;
use super::shapes::{Length, Shape};
use docket_http::{Limits, SPARE};
use rustix::process::{Resource, getrlimit};
use std::time::Duration;

/// As many connections are enough for one process; each may take some 64 KiB while its request is read.
const CONNECTIONS_MAX: usize = 4096;
/// Files that are not connections: the database, the log, what is called outside.
const OTHER_FILES: (usize, usize) = (64, 256);
/// How long the listener stays open for those who have not heard yet that this process stops.
const DRAIN: Duration = Duration::from_secs(5);

/// How many connections may be open; none where the system decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections(Option<usize>);

impl Shape for Connections {
    const LOOKS: (&'static str, &'static str) =
        ("auto or a number from 1 to 1000000", " auto 或 1 到 1000000 的数字");

    fn read(text: &str) -> Option<Self> {
        if text == "auto" {
            return Some(Self(None));
        }
        let number = text.parse().ok().filter(|number| (1..=1_000_000).contains(number));
        number.map(|number| Self(Some(number)))
    }
}

/// How long after the signal to stop the listener closes; none where it follows from the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drain(Option<Duration>);

/// A load balancer that looks once an hour is none.
const DRAIN_MAX: Duration = Duration::from_hours(1);

impl Shape for Drain {
    const LOOKS: (&'static str, &'static str) = (
        "auto or a length of time up to 1h, such as 0s or 10s",
        " auto 或不超过 1h 的时长，例如 0s 或 10s",
    );

    fn read(text: &str) -> Option<Self> {
        match text {
            "auto" => Some(Self(None)),
            "0s" => Some(Self(Some(Duration::ZERO))),
            _ => {
                let length = Length::read(text)?.duration();
                (length <= DRAIN_MAX).then_some(Self(Some(length)))
            }
        }
    }
}

/// A number of bytes, from 1 MiB to 64 GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub usize);

impl Shape for Size {
    const LOOKS: (&'static str, &'static str) =
        ("a size from 1MiB to 64GiB, such as 256MiB", "1MiB 到 64GiB 的大小，例如 256MiB");

    fn read(text: &str) -> Option<Self> {
        let (number, shift) = match text.strip_suffix("MiB") {
            Some(number) => (number, 20),
            None => (text.strip_suffix("GiB")?, 30),
        };
        let bytes = number.trim().parse::<usize>().ok()?.checked_mul(1 << shift)?;
        (1 << 20..=64 << 30).contains(&bytes).then_some(Self(bytes))
    }
}

/// How many connections there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowed {
    /// Those that are open at one moment.
    pub connections: usize,
    /// How many were asked for, if the system allows fewer.
    pub asked: Option<usize>,
    /// Files that this process may have open; none where there is no limit.
    pub files: Option<usize>,
}

impl Allowed {
    /// What is asked for, within what `files` leave.
    fn of(Connections(asked): Connections, files: Option<usize>) -> Self {
        let left = files.map_or(usize::MAX, |files| {
            let (least, most) = OTHER_FILES;
            files.saturating_sub((files / 4).clamp(least, most) + SPARE).max(1)
        });
        let connections = asked.unwrap_or(CONNECTIONS_MAX).min(left);
        Self { connections, asked: asked.filter(|asked| *asked > connections), files }
    }
}

impl Config {
    /// How many connections there may be, by what is set and what the system allows.
    pub fn connections(&self) -> Allowed {
        let files = getrlimit(Resource::Nofile).current;
        let files = files.and_then(|files| usize::try_from(files).ok());
        Allowed::of(self.server.max_connections.value, files)
    }

    /// What is set about connections.
    pub fn limits(&self) -> Limits {
        Limits {
            connections: self.connections().connections,
            head_time: self.server.head_time.duration(),
            idle_time: self.server.idle_time.duration(),
            answer_time: self.server.answer_time.duration(),
        }
    }

    /// How long after the signal to stop the listener closes: at once where only this machine can reach it.
    pub fn drain(&self) -> Duration {
        let here = self.server.listen.value.ip().is_loopback();
        self.server.drain.0.unwrap_or(if here { Duration::ZERO } else { DRAIN })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_stay_below_the_files_a_process_may_open() {
        let of = |asked, files| Allowed::of(Connections(asked), files).connections;
        assert_eq!(of(None, Some(1024)), 704);
        assert_eq!(of(None, Some(1 << 20)), CONNECTIONS_MAX);
        assert_eq!(of(None, None), CONNECTIONS_MAX);
        assert_eq!(of(Some(100_000), None), 100_000);
        assert_eq!(of(Some(100), Some(1024)), 100);
        for files in 0..5000 {
            let allowed = Allowed::of(Connections(Some(4000)), Some(files));
            let open = allowed.connections + SPARE;
            assert!(
                open + OTHER_FILES.0 <= files.max(1 + SPARE + OTHER_FILES.0),
                "{files}: {open}"
            );
            assert_eq!(allowed.asked.is_some(), allowed.connections < 4000, "{files}");
        }
    }

    #[test]
    fn sizes_and_drains_read_as_people_write_them() {
        assert_eq!(Size::read("256MiB"), Some(Size(256 << 20)));
        assert_eq!(Size::read("2 GiB"), Some(Size(2 << 30)));
        for wrong in ["", "256", "0MiB", "65GiB", "-1MiB", "1KiB", "99999999999999999999MiB"] {
            assert_eq!(Size::read(wrong), None, "{wrong}");
        }
        assert_eq!(Drain::read("0s"), Some(Drain(Some(Duration::ZERO))));
        assert_eq!(Drain::read("10s"), Some(Drain(Some(Duration::from_secs(10)))));
        for wrong in ["", "0", "5", "2h", "never"] {
            assert_eq!(Drain::read(wrong), None, "{wrong}");
        }
        for wrong in ["", "0", "-1", "1000001", "many"] {
            assert_eq!(Connections::read(wrong), None, "{wrong}");
        }
    }
}
