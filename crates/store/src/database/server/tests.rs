//! What a URL may say, and a login without TLS.

#![allow(clippy::unwrap_used)] // in a test a failed step is a failed test

use super::*;
use rsa::pkcs8::{EncodePublicKey as _, LineEnding};
use rsa::{Oaep, PrivateKey, PublicKey};
use sha1::Sha1;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

fn refused(query: &str) -> String {
    options(&format!("mysql://u:secret@h/d?{query}")).unwrap_err().to_string()
}

#[test]
fn a_word_of_a_url_that_would_do_nothing_is_refused() {
    for (query, sentence) in [
        ("ssl_mode=VERIFY_CA", "has `ssl_mode`, which means nothing here"),
        ("sslmode=required", "has `sslmode`, which means nothing here"),
        ("useSSL=true", "has `useSSL`, which means nothing here"),
        ("ssl-mode=REQUIRED&ssl-mode=DISABLED", "has `ssl-mode` twice"),
        ("ssl-mode=sometimes", "unknown value"),
        ("ssl-ca=/dev/null", "only ssl-mode=VERIFY_CA and ssl-mode=VERIFY_IDENTITY look"),
        ("ssl-mode=REQUIRED&ssl-ca=/dev/null", "only ssl-mode=VERIFY_CA and"),
        ("ssl-mode=DISABLED&ssl-cert=/dev/null&ssl-key=/dev/null", "DISABLED uses no TLS"),
        ("ssl-mode=VERIFY_CA&ssl-ca=/no/such", "names /no/such as `ssl-ca`, which cannot be read"),
        ("ssl-mode=REQUIRED&ssl-key=/dev/null", "needs `ssl-cert` and `ssl-key` together"),
    ] {
        let said = refused(query);
        assert!(said.contains(sentence), "{query}: {said}");
        assert!(!said.contains("secret"), "{said}");
    }
    for fine in [
        "mysql://u@h/d",
        "mariadb://u@h:3307/d?ssl-mode=VERIFY_IDENTITY&ssl-ca=/dev/null",
        "mysql://u@h/d?ssl-mode=verify_ca",
        "mysql://u@h/d?ssl-mode=REQUIRED&ssl-cert=/dev/null&ssl-key=/dev/null",
        "mysql://u@h/d?socket=/run/mysqld/mysqld.sock",
        "mysql://u@h/d?",
    ] {
        assert!(options(fine).is_ok(), "{fine}");
    }
}

#[test]
fn an_address_in_brackets_is_one_that_can_be_connected_to() {
    assert_eq!(options("mysql://u@[::1]:3307/d").unwrap().get_host(), "::1");
    assert_eq!(options("mysql://u@db/d").unwrap().get_host(), "db");
}

#[test]
fn a_relay_is_where_tls_may_be_and_nowhere_else() {
    let far = |url: &str| relayed(&options(url).unwrap(), Duration::ZERO);
    assert_eq!(far("mysql://u@h:3307/d").map(|far| (far.host, far.port)), Some(("h".into(), 3307)));
    assert!(far("mysql://u@h/d?ssl-mode=REQUIRED").is_some());
    assert!(far("mysql://u@h/d?ssl-mode=DISABLED").is_none());
    assert!(far("mysql://u@h/d?socket=/run/s").is_none());
}

/// A server of the kind MySQL has been since 8.0, as far as its login: it knows the password by no hash of it yet
/// and asks for it whole, sealed with its public key. MySQL cannot be installed where these tests run; that the
/// same login is let in by MySQL 9.7 was tried by hand.
struct Mysql {
    line: TcpStream,
    sequence: u8,
}

impl Mysql {
    async fn send(&mut self, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_le_bytes();
        let head = [length[0], length[1], length[2], self.sequence];
        self.line.write_all(&[&head, payload].concat()).await.unwrap();
    }

    async fn hear(&mut self) -> Vec<u8> {
        let mut head = [0; 4];
        self.line.read_exact(&mut head).await.unwrap();
        self.sequence = head[3].wrapping_add(1);
        let mut payload = vec![0; usize::from(head[0]) | usize::from(head[1]) << 8];
        self.line.read_exact(&mut payload).await.unwrap();
        payload
    }

    /// Lets in whoever seals the right password; answers what it was told. No TLS is offered.
    async fn log_in(&mut self, seals: &PrivateKey) -> String {
        const NONCE: &[u8; 20] = b"twenty letters, once";
        const CAPABILITIES: u32 = 0x0128_a208;
        let capabilities = CAPABILITIES.to_le_bytes();
        let mut greeting = b"\x0a8.4.0\0\x01\0\0\0".to_vec();
        greeting.extend_from_slice(&NONCE[..8]);
        greeting.extend([0, capabilities[0], capabilities[1], 45, 2, 0]);
        greeting.extend([capabilities[2], capabilities[3], 21]);
        greeting.extend([0; 10]);
        greeting.extend_from_slice(&NONCE[8..]);
        greeting.extend_from_slice(b"\0caching_sha2_password\0");
        self.send(&greeting).await;
        self.hear().await;
        self.send(&[1, 4]).await;
        assert_eq!(self.hear().await, [2], "the public key is asked for");
        let public = PublicKey::from(seals).to_public_key_pem(LineEnding::LF).unwrap();
        self.send(&[b"\x01", public.as_bytes()].concat()).await;
        let sealed = self.hear().await;
        let mut password = seals.decrypt(Oaep::<Sha1>::new(), &sealed).unwrap();
        password.iter_mut().zip(NONCE.iter().cycle()).for_each(|(letter, with)| *letter ^= with);
        assert_eq!(password.pop(), Some(0));
        self.send(&[0, 0, 0, 2, 0, 0, 0]).await;
        String::from_utf8(password).unwrap()
    }
}

#[tokio::test]
async fn a_login_of_mysql_without_tls_seals_the_password_with_the_key_of_the_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("mysql://docket:geheim@{}/d", listener.local_addr().unwrap());
    let mut served = JoinSet::new();
    served.spawn(async move {
        let seals = PrivateKey::new(&mut getrandom::SysRng, 2048).unwrap();
        let (line, _) = listener.accept().await.unwrap();
        let mut server = Mysql { line, sequence: 0 };
        let password = server.log_in(&seals).await;
        // What the driver settles once it is in.
        server.hear().await;
        server.send(&[0, 0, 0, 2, 0, 0, 0]).await;
        password
    });
    let connected = connect(&url).await;
    assert!(connected.is_ok(), "{connected:?}");
    assert_eq!(served.join_next().await.unwrap().unwrap(), "geheim");
}
