//! `serve.json` in the data folder: how commands find the running `serve`. Readable by its owner alone, for
//! its token may do everything. A file whose process is gone counts for nothing.

use crate::config::Config;
use crate::failure::Failure;
use crate::said::said;
use rustix::process::{Pid, test_kill_process};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const FILE: &str = "serve.json";

/// A running `serve`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Running {
    /// `http://…`, as commands on this machine reach it.
    pub address: String,
    /// What they speak with.
    pub token: String,
    /// Its process.
    pub pid: u32,
}

/// The file, removed when the process stops in order.
#[derive(Debug)]
pub struct Announced(PathBuf);

impl Running {
    /// This process, serving at `address`.
    pub fn this(address: SocketAddr, token: String) -> Self {
        let mut reached = address;
        if address.ip().is_unspecified() {
            reached.set_ip(match address.ip() {
                IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
                IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
            });
        }
        Self { address: format!("http://{reached}"), token, pid: std::process::id() }
    }

    /// Leaves the file in `data`.
    pub fn announce(&self, data: &Path) -> Result<Announced, Failure> {
        let path = data.join(FILE);
        let text = serde_json::to_string(self).expect("an address and a token are plain JSON");
        let fresh = data.join(format!("{FILE}.{}", self.pid));
        let write = || {
            let mut file = std::fs::File::options()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&fresh)?;
            file.write_all(text.as_bytes())?;
            std::fs::rename(&fresh, &path)
        };
        write().map_err(|error| {
            let path = path.display();
            Failure::new(said!("{path} cannot be written", "无法写入 {path}").because(&error)).next(
                said!(
                    "Check that this user may write to the data folder.",
                    "请确认当前用户可写数据目录。"
                ),
            )
        })?;
        Ok(Announced(path))
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        // Another process may have put its own in the place.
        if read(&self.0).is_some_and(|running| running.pid == std::process::id()) {
            let _ = std::fs::remove_file(&self.0);
        }
    }
}

/// The `serve` that runs on the data folder, if one does.
pub fn running(config: &Config) -> Option<Running> {
    read(&config.data.join(FILE)).filter(Running::lives)
}

impl Running {
    /// Whether something listens at its address: its number may have passed to another process since.
    pub async fn answers(&self) -> bool {
        let address = self.address.trim_start_matches("http://");
        tokio::net::TcpStream::connect(address).await.is_ok()
    }

    fn lives(&self) -> bool {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        // A process of another user lives as well.
        pid.is_some_and(|pid| !matches!(test_kill_process(pid), Err(rustix::io::Errno::SRCH)))
    }
}

fn read(path: &Path) -> Option<Running> {
    serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_reach_a_server_of_every_address_over_the_loopback() {
        let reached = |address: &str| {
            let address = address.parse().expect("an address");
            Running::this(address, "t".to_owned()).address
        };
        assert_eq!(reached("0.0.0.0:7300"), "http://127.0.0.1:7300");
        assert_eq!(reached("[::]:7300"), "http://[::1]:7300");
        assert_eq!(reached("10.0.0.5:7300"), "http://10.0.0.5:7300");
    }

    #[test]
    fn a_file_of_a_process_that_is_gone_counts_for_nothing() {
        let mut running = Running::this("127.0.0.1:1".parse().expect("an address"), "t".to_owned());
        assert!(running.lives());
        running.pid = i32::MAX as u32; // above the highest number that Linux gives
        assert!(!running.lives());
    }

    #[test]
    fn the_file_goes_with_its_process_and_not_with_another_one() {
        let data = tempfile::tempdir().expect("a folder");
        let running = Running::this("127.0.0.1:1".parse().expect("an address"), "t".to_owned());
        drop(running.announce(data.path()).expect("written"));
        assert!(read(&data.path().join(FILE)).is_none());
        let announced = running.announce(data.path()).expect("written");
        let other = Running { pid: running.pid + 1, ..running };
        std::fs::write(data.path().join(FILE), serde_json::to_string(&other).expect("JSON"))
            .expect("written");
        drop(announced);
        assert!(read(&data.path().join(FILE)).is_some());
    }
}
