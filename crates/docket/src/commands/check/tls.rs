//! Whether somebody on the way to a database server can read along, or pass for it.

use crate::config::Config;
use crate::said::{Said, said};
use docket_store::{Encryption, encryption};
use std::net::IpAddr;

/// What protects the connection to the server of a database; nothing to say of a file, or of a server that does
/// not answer, which is told beside the database itself.
pub async fn look(config: &Config) -> Option<Result<Said, Said>> {
    let found = encryption(&config.database_url()).await.ok()??;
    let host = config.database.url.host()?;
    Some(judge(&found, is_this_machine(&host)))
}

fn judge(found: &Encryption, here: bool) -> Result<Said, Said> {
    let ask = || {
        said!(
            "ssl-mode=VERIFY_IDENTITY and ssl-ca=FILE in database.url make it certain",
            "在 database.url 中加上 ssl-mode=VERIFY_IDENTITY 和 ssl-ca=文件 即可确保"
        )
    };
    match found {
        Encryption::Checked(tls) => Ok(said!(
            "{tls}, and the certificate of the server is checked",
            "{tls}，并已校验服务器证书"
        )),
        Encryption::Unchecked(tls) if here => {
            Ok(said!("{tls}, on this machine", "{tls}，位于本机"))
        }
        Encryption::None if here => Ok(said!("no TLS, on this machine", "无 TLS，位于本机")),
        Encryption::Unchecked(tls) => Err(said!(
            "{tls}, but nobody checks whose certificate it is",
            "{tls}，但未校验服务器证书"
        )
        .and(ask())),
        Encryption::None => Err(said!(
            "no TLS: whoever listens on the way reads orders and passwords",
            "无 TLS：途中任何人都可读取订单与密码"
        )
        .and(ask())),
    }
}

/// Whether `host`, with its port, is this machine.
fn is_this_machine(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name).trim_matches(['[', ']']);
    name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_can_read_is_a_warning_and_this_machine_is_none() {
        let tls = || "TLSv1.3".to_owned();
        for (found, elsewhere) in [
            (Encryption::Checked(tls()), true),
            (Encryption::Unchecked(tls()), false),
            (Encryption::None, false),
        ] {
            assert!(judge(&found, true).is_ok(), "{found:?}");
            assert_eq!(judge(&found, false).is_ok(), elsewhere, "{found:?}");
        }
        for here in ["localhost:3306", "127.0.0.1:3306", "[::1]:3306"] {
            assert!(is_this_machine(here), "{here}");
        }
        assert!(!is_this_machine("db:3306"));
    }
}
