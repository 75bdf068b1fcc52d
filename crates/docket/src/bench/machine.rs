//! The machine under a bench, and what processes on it use: read from `/proc`, where there is one.

use crate::said::{Said, said};
use std::fs::{self, File};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// Writes after which the median of an fdatasync is told.
const SYNCS: usize = 100;

/// What every figure is to be read beside: cores, CPU, kernel, load, file system of `folder` and how long it
/// takes to make 4 KiB durable there.
pub fn describe(folder: &Path) -> Said {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let kernel = ["ostype", "osrelease"].map(|name| {
        let text = fs::read_to_string(format!("/proc/sys/kernel/{name}"));
        text.map_or_else(|_| "unknown".to_owned(), |text| text.trim().to_owned())
    });
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let model = model.unwrap_or("unknown CPU");
    let (kernel, arch) = (kernel.join(" "), std::env::consts::ARCH);
    let load = load.split(' ').next().unwrap_or_default();
    let kind = file_system(&fs::read_to_string("/proc/mounts").unwrap_or_default(), folder);
    let (folder, sync) = (folder.display(), sync_time(folder));
    let sync = sync.map_or_else(
        |error| error.to_string(),
        |took| format!("{:.2} ms", took.as_secs_f64() * 1e3),
    );
    said!(
        "{cores} cores, {model}, {kernel} {arch}, load {load}, {folder} on {kind}, fdatasync {sync}",
        "{cores} 核，{model}，{kernel} {arch}，负载 {load}，{folder} 位于 {kind}，fdatasync {sync}"
    )
}

/// The median time of an fdatasync after 4 KiB were written over in a file of `folder`. Every commit waits for
/// one, so the ratio to the bare transaction, which shares its with nobody, says little without it.
fn sync_time(folder: &Path) -> io::Result<Duration> {
    let path = folder.join("sync");
    let file = File::create(&path)?;
    let block = [1; 4096];
    file.write_all_at(&block, 0)?;
    file.sync_all()?;
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        file.write_all_at(&block, 0)?;
        let start = Instant::now();
        file.sync_data()?;
        times.push(start.elapsed());
    }
    fs::remove_file(&path)?;
    times.sort_unstable();
    Ok(times[SYNCS / 2])
}

/// The kind of file system that `folder` stands on, by the table of mounts.
fn file_system(mounts: &str, folder: &Path) -> String {
    let mount = |line: &str| {
        let mut words = line.split(' ').skip(1);
        let (at, kind) = (words.next()?.to_owned(), words.next()?.to_owned());
        folder.starts_with(&at).then_some((at.len(), kind))
    };
    // The last of the longest: a later mount hides an earlier one.
    let longest = mounts.lines().filter_map(mount).max_by_key(|(length, _)| *length);
    longest.map_or_else(|| "an unknown file system".to_owned(), |(_, kind)| kind)
}

/// A process that is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process(pub u32);

impl Process {
    /// This one.
    pub fn own() -> Self {
        Self(std::process::id())
    }

    /// The process that listens on `address` of this machine, if it may be looked at.
    pub fn listening_on(address: SocketAddr) -> Option<Self> {
        if !address.ip().is_loopback() {
            return None;
        }
        let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(fs::read_to_string);
        let sockets: Vec<String> =
            tables.iter().flatten().flat_map(|table| listeners(table, address.port())).collect();
        let pids = fs::read_dir("/proc").ok()?.flatten();
        let mut pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.find(|pid| owns_any(*pid, &sockets)).map(Self)
    }

    /// CPU time used so far, by all its threads.
    pub fn cpu(self) -> Option<Duration> {
        let ticks = cpu_ticks(&fs::read_to_string(format!("/proc/{}/stat", self.0)).ok()?)?;
        // Linux shows hundredths of a second here on every machine we know.
        Some(Duration::from_millis(ticks * 10))
    }

    /// Memory in use, in MiB.
    pub fn rss_mib(self) -> Option<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).ok()?;
        let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kib: f64 = kib.trim().trim_end_matches("kB").trim().parse().ok()?;
        Some(kib / 1024.0)
    }
}

/// User and system time of a line of `/proc/PID/stat`, in ticks.
fn cpu_ticks(stat: &str) -> Option<u64> {
    // The name may hold spaces and parentheses; the last one closes it.
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut words = rest.split(' ').skip(11);
    let (user, system): (u64, u64) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some(user + system)
}

/// The inodes of sockets that listen on `port`, in a table of `/proc/net`.
fn listeners(table: &str, port: u16) -> Vec<String> {
    let listening = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        let (_, local_port) = words.get(1)?.rsplit_once(':')?;
        let is_it = *words.get(3)? == "0A" && u16::from_str_radix(local_port, 16) == Ok(port);
        is_it.then(|| format!("socket:[{}]", words.get(9).unwrap_or(&"")))
    };
    table.lines().filter_map(listening).collect()
}

fn owns_any(pid: u32, sockets: &[String]) -> bool {
    let Ok(files) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    let mut links = files.flatten().filter_map(|file| fs::read_link(file.path()).ok());
    links.any(|link| sockets.iter().any(|socket| link.as_os_str() == socket.as_str()))
}

/// CPU time that anything on this machine has used so far.
fn all_cpu() -> Option<Duration> {
    busy_ticks(&fs::read_to_string("/proc/stat").ok()?)
        .map(|ticks| Duration::from_millis(ticks * 10))
}

/// Ticks that all cores were at work, of the first line of `/proc/stat`: all but idle and waiting, and without
/// the guests, who are part of user time.
fn busy_ticks(stat: &str) -> Option<u64> {
    let words = stat.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Option<Vec<u64>> = words.split_whitespace().map(|word| word.parse().ok()).collect();
    let ticks = ticks?;
    let all: u64 = ticks.iter().take(8).sum();
    all.checked_sub(ticks.get(3)? + ticks.get(4)?)
}

/// How much of the cores processes use, each by itself, and whatever else runs on the machine.
#[derive(Debug)]
pub struct CpuWatch<const N: usize> {
    processes: [Option<Process>; N],
    used: [Option<Duration>; N],
    all: Option<Duration>,
    since: Instant,
}

/// Percent of one core.
#[derive(Debug, Clone, Copy)]
pub struct CpuUse<const N: usize> {
    /// Of each process that is watched.
    pub each: [Option<f64>; N],
    /// Of all others. It should be little: a neighbour takes what is to be measured.
    pub others: Option<f64>,
}

impl<const N: usize> CpuWatch<N> {
    /// From now on.
    pub fn start(processes: [Option<Process>; N]) -> Self {
        let used = processes.map(|process| process?.cpu());
        Self { processes, used, all: all_cpu(), since: Instant::now() }
    }

    /// Until now.
    pub fn stop(&self) -> CpuUse<N> {
        let passed = self.since.elapsed().as_secs_f64();
        let percent = |now: Option<Duration>, then: Option<Duration>| {
            Some(now?.checked_sub(then?)?.as_secs_f64() / passed * 100.0)
        };
        let each = std::array::from_fn(|place| {
            percent(self.processes[place].and_then(Process::cpu), self.used[place])
        });
        let own: f64 = each.iter().flatten().sum();
        // Ticks are coarse and interrupts belong to nobody, so a little below zero means none.
        let others = percent(all_cpu(), self.all).map(|all| (all - own).max(0.0));
        CpuUse { each, others }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_mount_names_the_file_system() {
        let mounts = "/dev/a / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/b /data xfs rw 0 0\n";
        assert_eq!(file_system(mounts, Path::new("/tmp/x")), "tmpfs");
        assert_eq!(file_system(mounts, Path::new("/temporary")), "ext4");
        assert_eq!(file_system("", Path::new("/x")), "an unknown file system");
    }

    #[test]
    fn time_is_read_past_a_name_with_a_parenthesis() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4 1 2 3 4 250 30 0 0 20 0 1 0";
        assert_eq!(cpu_ticks(stat), Some(280));
        assert_eq!(cpu_ticks("nothing"), None);
    }

    #[test]
    fn a_core_that_waits_is_not_busy() {
        let stat = "cpu  100 5 50 9000 700 1 2 3 40 0\ncpu0 1 1 1 1\n";
        assert_eq!(busy_ticks(stat), Some(161));
        assert_eq!(busy_ticks(""), None);
    }

    #[test]
    fn what_is_durable_takes_time() {
        let folder = tempfile::tempdir().unwrap();
        assert!(sync_time(folder.path()).unwrap() > Duration::ZERO);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn only_a_listening_socket_of_the_port_is_taken() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             0: 0100007F:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000   100 0 41 1 x\n\
             1: 0100007F:0CEA 0100007F:9999 01 00000000:00000000 00:00000000 00000000   100 0 42 1 x\n\
             2: 0100007F:0CEB 00000000:0000 0A 00000000:00000000 00:00000000 00000000   100 0 43 1 x\n";
        assert_eq!(listeners(table, 3306), ["socket:[41]"]);
    }

    #[test]
    fn this_process_is_found_by_what_it_listens_on() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let found = Process::listening_on(listener.local_addr().unwrap());
        assert_eq!(found, Some(Process::own()));
        assert!(Process::own().rss_mib().unwrap() > 0.5);
    }
}
