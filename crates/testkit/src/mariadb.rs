//! MariaDB for tests: the address of a running server, and a private server in a throw-away folder.
//!
//! SQL reaches the server through its own client program, so that tests can make databases without a
//! driver.

use std::env;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use crate::MYSQL_VARIABLE;
use crate::certificates::Certificates;
use crate::keeper::{ThrowawayServer, free_port, server_folder};
use crate::programs::find;
use crate::wait::within;

/// How long a server may take to answer its first question.
const START_LIMIT: Duration = Duration::from_secs(90);

/// Where a server listens, and as whom to speak to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MariadbAddress {
    user: String,
    password: String,
    host: String,
    port: u16,
}

impl MariadbAddress {
    /// Reads `mysql://USER[:PASSWORD]@HOST[:PORT]/`; a database in it is left aside. A password is taken
    /// as it stands, so it must do without `@`, `:`, `/` and `%`.
    pub fn parse(url: &str) -> Option<Self> {
        let rest = url.strip_prefix("mysql://")?;
        let (authority, _database) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, place) = authority.rsplit_once('@')?;
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let (host, port) = match place.split_once(':') {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (place, 3306),
        };
        if user.is_empty() || host.is_empty() {
            return None;
        }
        let [user, password, host] = [user, password, host].map(str::to_owned);
        Some(Self { user, password, host, port })
    }

    /// `mysql://…/` and `database`, which may be empty.
    pub fn url(&self, database: &str) -> String {
        let mut login = self.user.clone();
        if !self.password.is_empty() {
            write!(login, ":{}", self.password).expect("a String takes everything");
        }
        format!("mysql://{login}@{}:{}/{database}", self.host, self.port)
    }

    /// Runs `sql` through the server's client program; the error is what the client said.
    pub fn run(&self, sql: &str) -> Result<(), String> {
        let client = find(&["mariadb", "mysql"]).ok_or_else(|| {
            "No MariaDB client found: install one (Debian: apt-get install mariadb-client)."
                .to_owned()
        })?;
        // The password and the statement travel where other users' `ps` does not look.
        let mut client = Command::new(client)
            .args(["--no-defaults", "--protocol=tcp", "--batch"])
            .arg(format!("--host={}", self.host))
            .arg(format!("--port={}", self.port))
            .arg(format!("--user={}", self.user))
            .env("MYSQL_PWD", &self.password)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("The MariaDB client does not start: {error}"))?;
        let mut stdin = client.stdin.take().expect("stdin was asked for as a pipe");
        // A client that cannot connect ends without reading; what it says then is worth more.
        let written = stdin.write_all(sql.as_bytes());
        drop(stdin);
        let output = client.wait_with_output().map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        written.map_err(|error| error.to_string())
    }
}

/// The MariaDB server of this test run: the one `DOCKET_TEST_MYSQL` names, else a private one that is
/// started on the first call and ends with this process.
///
/// # Panics
/// When the variable is not an address, or no server can be found or started.
pub fn mariadb() -> &'static MariadbAddress {
    static ADDRESS: OnceLock<MariadbAddress> = OnceLock::new();
    static OWN: OnceLock<MariadbServer> = OnceLock::new();
    ADDRESS.get_or_init(|| {
        if let Ok(url) = env::var(MYSQL_VARIABLE) {
            return MariadbAddress::parse(&url).unwrap_or_else(|| {
                panic!("{MYSQL_VARIABLE} must look like mysql://USER@HOST:PORT/, not \"{url}\".")
            });
        }
        // Never dropped: its keeper notices the end of this process.
        let started = MariadbServer::start(MariadbServer::SMALL_POOL_MIB, Transport::Plain);
        let server = started.unwrap_or_else(|sentence| panic!("{sentence}"));
        OWN.get_or_init(|| server).address().clone()
    })
}

/// What a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// No TLS.
    Plain,
    /// TLS with [`Certificates`] of its own where a client asks for it.
    Tls,
}

/// A private MariaDB server on a free loopback port; it commits as durably as one in production.
#[derive(Debug)]
pub struct MariadbServer {
    kept: ThrowawayServer,
    address: MariadbAddress,
    certificates: Option<Certificates>,
}

impl MariadbServer {
    /// A buffer pool that is enough for tests.
    pub const SMALL_POOL_MIB: u32 = 128;

    /// Whether this machine has all programs that [`MariadbServer::start`] needs.
    pub fn is_installed() -> bool {
        Programs::find().is_some()
    }

    /// Starts one with a buffer pool of `pool_mib` that speaks `transport`, and waits until it answers. The error is one
    /// sentence for people, followed by the server's last words where it has spoken.
    pub fn start(pool_mib: u32, transport: Transport) -> Result<Self, String> {
        let programs = Programs::find().ok_or_else(|| {
            format!(
                "No MariaDB server found: install one (Debian: apt-get install mariadb-server), or \
                 point {MYSQL_VARIABLE} at a running one, like mysql://root@127.0.0.1:3306/."
            )
        })?;
        let mut failure = String::new();
        // Another process may take the port between our asking and the server's start.
        for _ in 0..3 {
            match Self::try_start(&programs, pool_mib, transport) {
                Ok(server) => return Ok(server),
                Err(words) => failure = words,
            }
        }
        Err(format!("MariaDB does not start:\n{failure}"))
    }

    fn try_start(programs: &Programs, pool_mib: u32, transport: Transport) -> Result<Self, String> {
        let folder = server_folder("mariadb").map_err(|error| error.to_string())?;
        let as_user =
            if rustix::process::geteuid().is_root() { vec!["--user=root"] } else { vec![] };
        let data = option("--datadir", &folder.path().join("data"));
        let output = Command::new(&programs.install)
            .args(["--no-defaults", "--skip-test-db", "--skip-name-resolve"])
            .arg("--auth-root-authentication-method=normal")
            .arg(&data)
            .args(&as_user)
            .output()
            .map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }

        let port = free_port().map_err(|error| error.to_string())?;
        let mut command: Vec<OsString> =
            vec![programs.server.clone().into(), "--no-defaults".into()];
        command.extend(as_user.iter().map(OsString::from));
        command.push(data);
        command.push(option("--socket", &folder.path().join("socket")));
        command.push(option("--pid-file", &folder.path().join("pid")));
        command.push(format!("--port={port}").into());
        command.push(format!("--innodb-buffer-pool-size={pool_mib}M").into());
        command.extend(SETTINGS.map(OsString::from));
        let certificates = match transport {
            Transport::Plain => None,
            Transport::Tls => Some(Certificates::make(folder.path()).map_err(|e| e.to_string())?),
        };
        // Newer servers would make a certificate of their own.
        if certificates.is_none() {
            command.push("--skip-ssl".into());
        }
        if let Some(files) = &certificates {
            command.push(option("--ssl-ca", &files.authority));
            command.push(option("--ssl-cert", &files.server));
            command.push(option("--ssl-key", &files.key));
        }
        let kept = ThrowawayServer::start(folder, &command).map_err(|error| error.to_string())?;

        let address = MariadbAddress {
            user: "root".to_owned(),
            password: String::new(),
            host: "127.0.0.1".to_owned(),
            port,
        };
        let server = Self { kept, address, certificates };
        server.wait_until_it_answers()?;
        Ok(server)
    }

    /// Kills it as a power cut would, starts it again on what it had written, and waits until it answers. The
    /// error is its last words.
    pub fn start_again(&mut self) -> Result<(), String> {
        self.kept.start_again().map_err(|error| error.to_string())?;
        self.wait_until_it_answers()
    }

    fn wait_until_it_answers(&self) -> Result<(), String> {
        let Self { kept, address, .. } = self;
        let answers = || TcpStream::connect((address.host.as_str(), address.port)).is_ok();
        let ready = within(START_LIMIT, || {
            if kept.has_ended() {
                return Some(false);
            }
            (answers() && address.run("do 0").is_ok()).then_some(true)
        });
        if ready == Some(true) { Ok(()) } else { Err(kept.last_words()) }
    }

    /// Where it listens.
    pub fn address(&self) -> &MariadbAddress {
        &self.address
    }

    /// The files of its TLS.
    ///
    /// # Panics
    /// When it speaks [`Transport::Plain`].
    pub fn certificates(&self) -> &Certificates {
        self.certificates.as_ref().expect("it was started with TLS")
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.kept.pid()
    }
}

/// As durable as production, and open to loopback only.
const SETTINGS: [&str; 7] = [
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--skip-log-bin",
    "--innodb-flush-log-at-trx-commit=1",
    "--innodb-log-file-size=256M",
    "--max-connections=500",
    "--character-set-server=utf8mb4",
];

fn option(name: &str, path: &Path) -> OsString {
    let mut option = OsString::from(format!("{name}="));
    option.push(path);
    option
}

struct Programs {
    server: PathBuf,
    install: PathBuf,
}

impl Programs {
    fn find() -> Option<Self> {
        find(&["mariadb", "mysql"])?;
        let server = find(&["mariadbd"])?;
        Some(Self { server, install: find(&["mariadb-install-db", "mysql_install_db"])? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_written() {
        for url in ["mysql://root@127.0.0.1:3307/", "mysql://docket:s3cret@db:3306/"] {
            assert_eq!(MariadbAddress::parse(url).unwrap().url(""), url);
        }
        let address = MariadbAddress::parse("mysql://root@db/left_aside").unwrap();
        assert_eq!(address.url("orders"), "mysql://root@db:3306/orders");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "root@127.0.0.1:3306", "mysql://127.0.0.1:3306/", "mysql://root@db:port/"]
        {
            assert_eq!(MariadbAddress::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_statement_that_fails_says_why() {
        let error = mariadb().run("drop database no_such_database").unwrap_err();
        assert!(error.contains("no_such_database"), "{error}");
    }
}
