//! Somebody who is told of events: a server that keeps what it is sent and answers what it is asked to.

use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One request that came.
#[derive(Debug, Clone)]
pub struct Received {
    pub headers: BTreeMap<String, String>,
    pub text: String,
    pub body: Value,
}

type Answer = dyn Fn(&Received) -> u16 + Send + Sync;

/// A server on a free port, for as long as the test's runtime lives.
#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    told: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    /// Answers each request with the status that `answer` says.
    pub async fn start(answer: impl Fn(&Received) -> u16 + Send + Sync + 'static) -> Self {
        Self::saying(0, answer).await
    }

    /// The same, and says so many bytes besides.
    pub async fn saying(
        bytes: usize,
        answer: impl Fn(&Received) -> u16 + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/hook", listener.local_addr().expect("it is bound"));
        let told: Arc<Mutex<Vec<Received>>> = Arc::default();
        let (kept, answer): (_, Arc<Answer>) = (Arc::clone(&told), Arc::new(answer));
        #[expect(clippy::disallowed_methods, reason = "it ends with the runtime of its test")]
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, answer) = (Arc::clone(&kept), Arc::clone(&answer));
                tokio::spawn(async move { drop(serve(stream, &kept, &*answer, bytes).await) });
            }
        });
        Self { url, told }
    }

    /// What came so far.
    pub fn told(&self) -> Vec<Received> {
        self.told.lock().expect("no code panics while it holds it").clone()
    }

    /// Waits until `count` requests came, and a moment longer for one too many.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        for _ in 0..6_000 {
            if self.told().len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        let told = self.told();
        assert_eq!(told.len(), count, "{told:#?}");
        told
    }
}

/// Serves one connection until it is closed.
async fn serve(
    mut stream: TcpStream,
    kept: &Mutex<Vec<Received>>,
    answer: &Answer,
    says: usize,
) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    loop {
        let head = loop {
            if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
        };
        let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
        let headers: BTreeMap<_, _> = text
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let length = headers.get("content-length").and_then(|length| length.parse().ok());
        let end = head + length.unwrap_or(0_usize);
        while bytes.len() < end {
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
        }
        let text = String::from_utf8_lossy(&bytes[head..end]).into_owned();
        let body = serde_json::from_str(&text).unwrap_or_default();
        bytes.drain(..end);
        let told = Received { headers, text, body };
        let status = answer(&told);
        kept.lock().expect("no code panics while it holds it").push(told);
        let words = "x".repeat(says);
        let reply = format!("HTTP/1.1 {status} Said\r\ncontent-length: {says}\r\n\r\n{words}");
        stream.write_all(reply.as_bytes()).await?;
    }
}
