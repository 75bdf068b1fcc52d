//! A center behind something that speaks TLS: commands reach it by `--server https://…`, and ask whom they trust.

#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use docket_testkit::{Certificates, ServeCommand};
use run::{DOCKET, Ran, command, docket, run};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What stands in front: takes TLS off and hands on to `behind`.
struct Front {
    port: u16,
    _runtime: tokio::runtime::Runtime,
}

impl Front {
    fn start(files: &Certificates, behind: &str) -> Self {
        let chain = CertificateDer::pem_file_iter(&files.server).expect("a file");
        let chain = chain.collect::<Result<_, _>>().expect("certificates");
        let key = PrivateKeyDer::from_pem_file(&files.key).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider);
        let config = config.with_safe_default_protocol_versions().expect("versions");
        let config = config.with_no_client_auth().with_single_cert(chain, key).expect("they fit");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let behind = behind.strip_prefix("http://").expect("a URL").to_owned();
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        #[expect(clippy::disallowed_methods, reason = "it ends with its runtime")]
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, behind) = (acceptor.clone(), behind.clone());
                tokio::spawn(async move {
                    let Ok(mut sealed) = acceptor.accept(stream).await else { return };
                    let mut center = TcpStream::connect(&behind).await.expect("a center");
                    // Whoever leaves first ends both.
                    let _ = copy_bidirectional(&mut sealed, &mut center).await;
                });
            }
        });
        Self { port, _runtime: runtime }
    }
}

/// A command in a folder where there is no center.
fn asked(folder: &Path, server: &str, key: &str, trusted: Option<&Path>) -> Ran {
    let words = ["tasks", "list", "--json", "--server", server, "--key", key];
    let mut command = command(folder, &words);
    command.env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR");
    run(match trusted {
        Some(file) => command.env("SSL_CERT_FILE", file),
        None => &mut command,
    })
}

#[test]
fn commands_speak_https_and_trust_whom_the_system_or_the_environment_names() {
    let (data, elsewhere) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let files = Certificates::make(elsewhere.path()).expect("certificates");
    let serve = ServeCommand::new(DOCKET, data.path()).start();
    let words = ["key", "add", "t", "--scopes", "tasks", "--issuer", "test"];
    let key = docket(data.path(), &words).fine().trim().to_owned();
    let front = Front::start(&files, serve.base_url());
    let server = format!("https://127.0.0.1:{}", front.port);
    let asked = |server: &str, trusted| asked(elsewhere.path(), server, &key, trusted);

    asked(&server, Some(&files.authority)).json();
    // Whoever is not trusted is sent no key.
    for trusted in [None, Some(&*files.stranger)] {
        let said = asked(&server, trusted).refused(1);
        let (problem, advice) = ("invalid peer certificate: UnknownIssuer", "SSL_CERT_FILE");
        assert!(said.contains(problem) && said.contains(advice), "{said}");
    }
    let named = server.replace("127.0.0.1", "localhost");
    let said = asked(&named, Some(&files.authority)).refused(1);
    assert!(said.contains("invalid peer certificate"), "it is for an address alone: {said}");
    let plain = server.replace("https", "http");
    let said = asked(&plain, Some(&files.authority)).refused(1);
    assert!(said.contains("broke"), "{said}");
}
