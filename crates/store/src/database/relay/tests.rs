//! The relay, tried with real servers and real connections.

#![allow(clippy::unwrap_used)] // in a test a failed step is a failed test

use super::*;
use crate::database::server;
use docket_testkit::{MariadbServer, Transport};
use sqlx::ConnectOptions as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

fn loopback(port: u16) -> Far {
    Far { host: "127.0.0.1".to_owned(), port, patience: Duration::ZERO }
}

/// A way to a server that counts.
struct Counted<W> {
    to: W,
    writes: Arc<AtomicU64>,
    bytes: Arc<AtomicU64>,
}

impl<W: AsyncWrite + Unpin> AsyncWrite for Counted<W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.to).poll_write(cx, bytes);
        if let Poll::Ready(Ok(count)) = &written {
            self.writes.fetch_add(1, Relaxed);
            self.bytes.fetch_add(*count as u64, Relaxed);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.to).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.to).poll_shutdown(cx)
    }
}

/// The driver writes a record of TLS at a time, of 16 KiB at most: a statement of a megabyte takes 62 of them.
#[tokio::test]
async fn a_large_statement_over_tls_is_a_few_writes_and_none_waits() {
    const MEGABYTE: usize = 1_000_000;
    let tls = MariadbServer::start(MariadbServer::SMALL_POOL_MIB, Transport::Tls).unwrap();
    let url = tls.address().url("");
    let port = url.rsplit(':').next().unwrap().trim_end_matches('/').parse().unwrap();
    let (writes, bytes) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
    let (listener, place) = listen().unwrap();
    let (counted, counted_bytes) = (Arc::clone(&writes), Arc::clone(&bytes));
    let mut carried = JoinSet::new();
    carried.spawn(async move {
        let (near, _) = listener.accept().await.unwrap();
        let server = reach(&loopback(port)).await.unwrap();
        assert!(server.nodelay().unwrap(), "the end of a statement would wait");
        let (answered, to) = server.into_split();
        hand_on(near, answered, Counted { to, writes: counted, bytes: counted_bytes }).await;
    });
    let authority = tls.certificates().authority.display().to_string();
    let url = format!("{url}?ssl-mode=VERIFY_IDENTITY&ssl-ca={authority}");
    let mut driver = server::options(&url).unwrap().socket(place).connect().await.unwrap();
    let cipher: (String, String) = sqlx::query_as("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
        .fetch_one(&mut driver)
        .await
        .unwrap();
    assert!(cipher.1.starts_with("TLS_"), "{cipher:?}");
    let length = "SELECT CAST(LENGTH(?) AS SIGNED)";
    // Once before counting, so that what is counted is the statement alone.
    let _: i64 =
        sqlx::query_scalar(length).bind(vec![0_u8; 9]).fetch_one(&mut driver).await.unwrap();
    let before = (writes.load(Relaxed), bytes.load(Relaxed));
    let heard: i64 =
        sqlx::query_scalar(length).bind(vec![7_u8; MEGABYTE]).fetch_one(&mut driver).await.unwrap();
    assert_eq!(heard, MEGABYTE as i64);
    let (writes, bytes) = (writes.load(Relaxed) - before.0, bytes.load(Relaxed) - before.1);
    let records = (MEGABYTE / (16 * 1024) + 1) as u64;
    assert!(bytes > MEGABYTE as u64, "it went past what counts: {bytes} bytes");
    assert!(writes < records / 2, "{writes} writes of {records} records");
}

#[tokio::test]
async fn who_is_not_reached_is_named_with_the_reason() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = format!("mysql://root@{closed}/docket?ssl-mode=REQUIRED");
    let error = server::connect(&url).await.unwrap_err();
    let why = format!("cannot reach {closed}: Connection refused (os error 111)");
    assert!(error.is_unavailable() && error.to_string().ends_with(&why), "{error}");
    let error = server::pool(&url).await.unwrap_err();
    assert!(error.is_unavailable() && error.to_string().ends_with(&why), "{error}");
}

/// A server that refuses for a while, as one that starts does, is waited for.
#[tokio::test]
async fn a_server_that_starts_is_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let far = Far { patience: Duration::from_mins(1), ..loopback(address.port()) };
    let relay = Relay::start(far).unwrap();
    let mut driver = UnixStream::connect(relay.place()).await.unwrap();
    let server = loop {
        match TcpListener::bind(address).await {
            Ok(server) => break server,
            Err(_) => sleep(PAUSE).await,
        }
    };
    let (mut taken, _) = server.accept().await.unwrap();
    taken.write_all(b"greeting").await.unwrap();
    let mut heard = [0; 8];
    driver.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"greeting");
}

/// The end of either side is the end of the other, with all that was said before.
#[tokio::test]
async fn who_hangs_up_is_not_kept_waiting_for() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let relay = Relay::start(loopback(server.local_addr().unwrap().port())).unwrap();
    let meet = async || {
        let driver = UnixStream::connect(relay.place()).await.unwrap();
        let (taken, _) = server.accept().await.unwrap();
        (driver, taken)
    };
    let mut heard = Vec::new();
    let (mut driver, mut taken) = meet().await;
    driver.write_all(b"quit").await.unwrap();
    drop(driver);
    taken.read_to_end(&mut heard).await.unwrap();
    let (mut driver, mut taken) = meet().await;
    taken.write_all(b" ended").await.unwrap();
    drop(taken);
    driver.read_to_end(&mut heard).await.unwrap();
    assert_eq!(heard, b"quit ended");
    // Who is in the middle of a word then may end it, and reads why the server left.
    driver.write_all(b"too late").await.unwrap();
}

/// Connections outlive what took them up: one that was made is not cut when no more are made.
#[tokio::test]
async fn a_connection_outlives_its_relay() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let relay = Relay::start(loopback(server.local_addr().unwrap().port())).unwrap();
    let mut driver = UnixStream::connect(relay.place()).await.unwrap();
    let (mut taken, _) = server.accept().await.unwrap();
    let place = relay.place().to_owned();
    drop(relay);
    while UnixStream::connect(&place).await.is_ok() {
        tokio::task::yield_now().await;
    }
    driver.write_all(b"still here").await.unwrap();
    let mut heard = [0; 10];
    taken.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"still here");
}

/// Another process, which any on the machine may be, is shown to the door: perl stands in for it.
#[tokio::test]
async fn no_other_process_is_let_through() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let relay = Relay::start(loopback(server.local_addr().unwrap().port())).unwrap();
    let name = relay.place().to_str().unwrap().trim_start_matches('\0').to_owned();
    let call = "use Socket; socket(S, PF_UNIX, SOCK_STREAM, 0) or die; \
                connect(S, pack('Sa*', 1, \"\\0$ARGV[0]\")) or die; print 'in'; sysread(S, $_, 9)";
    let stranger = tokio::task::spawn_blocking(move || {
        std::process::Command::new("perl").args(["-e", call, &name]).output().unwrap()
    });
    let stranger = stranger.await.unwrap();
    assert!(stranger.status.success() && stranger.stdout == b"in", "{stranger:?}");
    // Who was let through would be with the server by now: we come after it.
    let _ours = UnixStream::connect(relay.place()).await.unwrap();
    let (_first, _) = server.accept().await.unwrap();
    let second = tokio::select! {
        second = server.accept() => second.is_ok(),
        () = sleep(PAUSE) => false,
    };
    assert!(!second, "a stranger was let through");
}
