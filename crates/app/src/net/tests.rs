//! Requests to servers of a few lines, which do what real ones should not.

use super::*;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A server that says `answer` to each request, and leaves.
async fn says(answer: Vec<u8>) -> String {
    served(async move |mut stream| {
        // Who has heard enough leaves before everything is said.
        let _ = stream.write_all(&answer).await;
    })
    .await
}

/// A server that reads the head of each request and has `answer` do the rest. Ends with its test.
async fn served(answer: impl AsyncFn(TcpStream) + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let serving = async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut heard = Vec::new();
            while !heard.ends_with(b"\r\n\r\n") {
                heard.push(stream.read_u8().await.expect("a head"));
            }
            answer(stream).await;
        }
    };
    tokio::task::spawn_local(serving);
    url
}

fn http(headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).expect("it fits");
    encoder.finish().expect("it fits")
}

async fn get(url: &str, limits: Limits) -> Result<Reply, NoReply> {
    Net::default().send(Method::GET, url, Headers::new(), Vec::new(), limits).await
}

fn of_bytes(bytes: usize) -> Limits {
    Limits { bytes, ..Limits::MESSAGE }
}

#[tokio::test(flavor = "local")]
async fn a_reply_of_one_byte_more_than_is_allowed_is_refused_and_not_cut() {
    let url = says(http("retry-after: 7\r\n", b"0123456789")).await;
    let whole = get(&url, of_bytes(10)).await.expect("a reply");
    assert_eq!(whole.body.as_deref(), Ok(&b"0123456789"[..]));
    let refused = get(&url, of_bytes(9)).await.expect("its head");
    assert_eq!(refused.body, Err(TooLong { limit: 9 }));
    assert_eq!((refused.status, refused.retry_after), (200, Some(7)), "the head is told");
}

#[tokio::test(flavor = "local")]
async fn a_reply_in_gzip_is_inflated_and_its_limit_is_of_what_it_becomes() {
    let said = "茶".repeat(1_000);
    let packed = gzip(said.as_bytes());
    assert!(packed.len() < said.len() / 10);
    let url = says(http("content-encoding: gzip\r\n", &packed)).await;
    let whole = get(&url, of_bytes(said.len())).await.expect("a reply");
    assert_eq!(whole.body.as_deref(), Ok(said.as_bytes()));
    assert!(whole.headers.iter().all(|(name, _)| name != "content-encoding"));
    let refused = get(&url, of_bytes(said.len() - 1)).await.expect("its head");
    assert_eq!(refused.body, Err(TooLong { limit: said.len() - 1 }));
    let broken = says(http("content-encoding: gzip\r\n", &packed[..packed.len() / 2])).await;
    let broken = get(&broken, of_bytes(said.len())).await;
    assert!(matches!(broken, Err(NoReply::Broken(_))), "{broken:?}");
}

/// 256 MiB that travel as 256 KiB: no more of it is inflated than is allowed, and what does not end is left.
#[tokio::test(flavor = "local")]
async fn a_bomb_of_gzip_is_refused_before_it_is_inflated() {
    let packed = gzip(&vec![0; 256 << 20]);
    assert!(packed.len() < 300 << 10, "{}", packed.len());
    let url = served(async move |mut stream| {
        // More is announced than comes: whoever would read it whole would wait for it.
        let head = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 9999999\r\n\r\n";
        let _ = stream.write_all(head.as_bytes()).await;
        let _ = stream.write_all(&packed).await;
        let _ = stream.read_u8().await;
    })
    .await;
    let refused = get(&url, Limits::MESSAGE).await.expect("its head");
    assert_eq!(refused.body, Err(TooLong { limit: Limits::MESSAGE.bytes }));
}

/// Every byte comes in time, and the reply would never end: the time is that of the whole exchange.
#[tokio::test(flavor = "local")]
async fn a_server_that_drips_is_left_when_the_time_is_over() {
    let drips = async |mut stream: TcpStream| {
        let mut said = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while said.is_ok() {
            tokio::time::sleep(Duration::from_millis(1)).await;
            said = stream.write_all(b".").await;
        }
    };
    let limits = Limits { time: Duration::from_millis(100), bytes: usize::MAX };
    assert_eq!(get(&served(drips).await, limits).await, Err(NoReply::Late));
    let silent = async |mut stream: TcpStream| drop(stream.read_u8().await);
    assert_eq!(get(&served(silent).await, limits).await, Err(NoReply::Late));
}

#[tokio::test(flavor = "local")]
async fn who_was_never_reached_was_asked_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let nobody = format!("http://{}/", listener.local_addr().expect("an address"));
    drop(listener);
    let unreached = get(&nobody, Limits::MESSAGE).await;
    assert!(matches!(unreached, Err(NoReply::Unreached(_))), "{unreached:?}");
    let leaves = served(async |stream| drop(stream)).await;
    let broken = get(&leaves, Limits::MESSAGE).await;
    assert!(matches!(broken, Err(NoReply::Broken(_))), "{broken:?}");
}
