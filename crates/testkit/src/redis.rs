//! Redis for tests: the address of a running server, and a private server in a throw-away folder.

use std::env;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use crate::REDIS_VARIABLE;
use crate::keeper::{ThrowawayServer, free_port, server_folder};
use crate::programs::find;
use crate::wait::within;

/// How long a server may take to answer its first question.
const START_LIMIT: Duration = Duration::from_secs(30);

/// The URL of this test run's Redis: what `DOCKET_TEST_REDIS` says, else that of a private server that
/// is started on the first call and ends with this process.
///
/// # Panics
/// When no server can be found or started.
pub fn redis() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    static OWN: OnceLock<RedisServer> = OnceLock::new();
    URL.get_or_init(|| {
        env::var(REDIS_VARIABLE).unwrap_or_else(|_| {
            // Never dropped: its keeper notices the end of this process.
            let server = RedisServer::start().unwrap_or_else(|sentence| panic!("{sentence}"));
            OWN.get_or_init(|| server).url()
        })
    })
}

/// A private Redis server on a free loopback port. It keeps nothing on disk: Docket must not need it to.
#[derive(Debug)]
pub struct RedisServer {
    kept: ThrowawayServer,
    port: u16,
}

impl RedisServer {
    /// Whether this machine has the program that [`RedisServer::start`] needs.
    pub fn is_installed() -> bool {
        program().is_some()
    }

    /// Starts one and waits until it answers. The error is one sentence for people, followed by the
    /// server's last words where it has spoken.
    pub fn start() -> Result<Self, String> {
        let program = program().ok_or_else(|| {
            format!(
                "No Redis server found: install one (Debian: apt-get install redis-server), or point \
                 {REDIS_VARIABLE} at a running one, like redis://127.0.0.1:6379/."
            )
        })?;
        let mut failure = String::new();
        // Another process may take the port between our asking and the server's start.
        for _ in 0..3 {
            match Self::try_start(program.clone()) {
                Ok(server) => return Ok(server),
                Err(words) => failure = words,
            }
        }
        Err(format!("Redis does not start:\n{failure}"))
    }

    /// Ends it; [`RedisServer::start_again`] starts an empty one on the port that is answered.
    pub fn end(self) -> u16 {
        self.port
    }

    /// Starts an empty one on the port of one that ended.
    pub fn start_again(port: u16) -> Result<Self, String> {
        Self::start_on(program().ok_or("there is no Redis server any more")?, port)
    }

    fn try_start(program: PathBuf) -> Result<Self, String> {
        let port = free_port().map_err(|error| error.to_string())?;
        Self::start_on(program, port)
    }

    fn start_on(program: PathBuf, port: u16) -> Result<Self, String> {
        let folder = server_folder("redis").map_err(|error| error.to_string())?;
        let mut command = vec![program.into(), "--port".into(), port.to_string().into()];
        let settings = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"];
        command.extend(settings.map(Into::into));
        command.push(folder.path().into());
        let kept = ThrowawayServer::start(folder, &command).map_err(|error| error.to_string())?;
        let ready = within(START_LIMIT, || {
            if kept.has_ended() {
                return Some(false);
            }
            answers(port).then_some(true)
        });
        if ready == Some(true) { Ok(Self { kept, port }) } else { Err(kept.last_words()) }
    }

    /// `redis://127.0.0.1:PORT/`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.kept.pid()
    }
}

fn program() -> Option<PathBuf> {
    find(&["redis-server", "valkey-server"])
}

fn answers(port: u16) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"PING\r\n")?;
        let mut answer = [0; 5];
        stream.read_exact(&mut answer)?;
        Ok(&answer == b"+PONG")
    };
    ask().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_server_answers_until_it_is_dropped() {
        let server = RedisServer::start().unwrap();
        let port = server.port;
        assert!(answers(port));
        drop(server);
        assert!(!answers(port));
    }
}
