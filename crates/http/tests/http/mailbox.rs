//! A server of mail: takes what it is handed over TCP, as SMTP has it, and keeps it.

use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A letter that came.
#[derive(Debug, Clone, Default)]
pub struct Taken {
    pub from: String,
    pub to: Vec<String>,
    /// Heads and text, as they were sent.
    pub data: String,
}

/// A server on a free port, for as long as the test's runtime lives.
#[derive(Clone)]
pub struct Mailbox {
    pub url: String,
    taken: Arc<Mutex<Vec<Taken>>>,
}

impl Mailbox {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("smtp://{}", listener.local_addr().expect("it is bound"));
        let taken: Arc<Mutex<Vec<Taken>>> = Arc::default();
        let kept = Arc::clone(&taken);
        #[expect(clippy::disallowed_methods, reason = "it ends with the runtime of its test")]
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let kept = Arc::clone(&kept);
                tokio::spawn(async move { drop(serve(stream, &kept).await) });
            }
        });
        Self { url, taken }
    }

    /// Waits until `count` letters came.
    pub async fn wait_for(&self, count: usize) -> Vec<Taken> {
        for _ in 0..6_000 {
            let taken = self.taken.lock().expect("no code panics while it holds it").clone();
            if taken.len() >= count {
                assert_eq!(taken.len(), count, "{taken:#?}");
                return taken;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("fewer than {count} letters came");
    }
}

/// Speaks with one client until it goes.
async fn serve(stream: TcpStream, kept: &Mutex<Vec<Taken>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 sink ready\r\n").await?;
    let mut letter = Taken::default();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let (word, said) = line.trim_end().split_at(line.trim_end().len().min(4));
        let answer = match word.to_ascii_uppercase().as_str() {
            "EHLO" => "250-sink\r\n250 8BITMIME\r\n",
            "MAIL" => {
                letter = Taken { from: said.to_owned(), ..Taken::default() };
                "250 fine\r\n"
            }
            "RCPT" => {
                letter.to.push(said.to_owned());
                "250 fine\r\n"
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                while !letter.data.ends_with("\r\n.\r\n") {
                    if stream.read_line(&mut letter.data).await? == 0 {
                        return Ok(());
                    }
                }
                kept.lock().expect("no code panics while it holds it").push(letter.clone());
                "250 taken\r\n"
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "502 what?\r\n",
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}
