//! What the system says of this process, under the names that Prometheus gives to such figures. Where `/proc` is not
//! as on Linux they are left out.

use crate::figures::Scrape;
use std::fs;

/// Ticks of the clock of `/proc` in a second: a constant of Linux towards programs, whatever the kernel's own is.
const TICKS: f64 = 100.0;
/// Where the fields begin that stand behind the name in `stat`: `state` is the third.
const FIRST: usize = 3;

/// Figures of a process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Process {
    cpu_seconds: f64,
    threads: u64,
    /// Since 1970.
    start_seconds: f64,
    virtual_bytes: u64,
    resident_bytes: u64,
    open_fds: u64,
    /// None where there is no limit.
    max_fds: Option<u64>,
}

impl Process {
    /// This process, now. Reads files that are no files: it blocks for a moment where many descriptors are open.
    pub fn look() -> Option<Self> {
        let read = |path: &str| fs::read_to_string(path).ok();
        let open_fds = fs::read_dir("/proc/self/fd").ok()?.count() as u64;
        let mut process = Self::of(
            &read("/proc/self/stat")?,
            &read("/proc/self/status")?,
            &read("/proc/self/limits")?,
            &read("/proc/stat")?,
        )?;
        // One of them is the look itself.
        process.open_fds = open_fds.saturating_sub(1);
        Some(process)
    }

    /// The figures in these texts.
    fn of(stat: &str, status: &str, limits: &str, machine: &str) -> Option<Self> {
        // The name of a process may have blanks and brackets.
        let fields: Vec<_> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number - FIRST)?.parse::<u64>().ok();
        let named = |text: &str, name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_ascii_whitespace().next().map(str::to_owned)
        };
        let kib = |name: &str| named(status, name)?.parse::<u64>().ok();
        let booted: f64 = named(machine, "btime")?.parse().ok()?;
        Some(Self {
            cpu_seconds: (field(14)? + field(15)?) as f64 / TICKS,
            threads: field(20)?,
            start_seconds: booted + field(22)? as f64 / TICKS,
            virtual_bytes: field(23)?,
            resident_bytes: kib("VmRSS:")? * 1024,
            open_fds: 0,
            max_fds: named(limits, "Max open files")?.parse().ok(),
        })
    }

    /// Tells them.
    pub fn tell(&self, scrape: &mut Scrape) {
        let about = "Total user and system CPU time spent in seconds.";
        scrape.counter("process_cpu_seconds_total", about, self.cpu_seconds);
        scrape.gauge("process_threads", "Number of OS threads in the process.", self.threads);
        let about = "Start time of the process since unix epoch in seconds.";
        scrape.gauge("process_start_time_seconds", about, self.start_seconds);
        let about = "Virtual memory size in bytes.";
        scrape.gauge("process_virtual_memory_bytes", about, self.virtual_bytes);
        let about = "Resident memory size in bytes.";
        scrape.gauge("process_resident_memory_bytes", about, self.resident_bytes);
        scrape.gauge("process_open_fds", "Number of open file descriptors.", self.open_fds);
        if let Some(max) = self.max_fds {
            scrape.gauge("process_max_fds", "Maximum number of open file descriptors.", max);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "Name:\tdocket\nVmPeak:\t 9 kB\nVmRSS:\t   20480 kB\n";
    const LIMITS: &str = "Limit                     Soft Limit  Hard Limit  Units\n\
        Max processes             127         127         processes\n\
        Max open files            1024        524288      files\n";
    const MACHINE: &str = "cpu  1 2 3\nbtime 1795168800\nprocesses 7\n";

    #[test]
    fn figures_are_read_from_behind_a_name_that_says_anything() {
        let stat =
            "7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 12 0 4200 1048576 5120 99";
        let process = Process::of(stat, STATUS, LIMITS, MACHINE).expect("figures");
        let expected = Process {
            cpu_seconds: 2.0,
            threads: 12,
            start_seconds: 1_795_168_842.0,
            virtual_bytes: 1_048_576,
            resident_bytes: 20 << 20,
            open_fds: 0,
            max_fds: Some(1024),
        };
        assert_eq!(process, expected);
        assert_eq!(Process::of("", STATUS, LIMITS, MACHINE), None);
    }

    #[test]
    fn this_process_has_memory_threads_and_open_files() {
        let process = Process::look().expect("this is Linux");
        assert!(process.resident_bytes > 1 << 20 && process.threads > 0, "{process:?}");
        assert!(process.open_fds >= 3 && process.start_seconds > 1.7e9, "{process:?}");
        let mut scrape = Scrape::default();
        process.tell(&mut scrape);
        let text = scrape.text();
        assert_eq!(text.matches("# TYPE process_").count(), 7, "{text}");
    }
}
