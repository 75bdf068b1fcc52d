//! A road to a server on which nothing waits for an acknowledgement: what the driver says is handed on as it is.
//!
//! The driver opens its TCP connections without `TCP_NODELAY`, and TLS makes a record of every 16 KiB, each a write
//! of its own: the end of a large statement then waits until the server, which waits for that end, acknowledges
//! what came before (40 ms). So the driver speaks to a socket of this process, and its bytes, which it has sealed
//! itself, go on over a connection that is opened as it should be. Nothing here reads what is handed on.

use crate::error::UNREACHED;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader, copy_buf, sink};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::task::TaskTracker;

/// The most that is handed on in one write, in bytes: four records of TLS.
const PIECE: usize = 64 * 1024;
/// How long between two tries to reach a server that refuses, and to take up a caller when there are no
/// descriptors left.
const PAUSE: Duration = Duration::from_millis(50);

/// Where a server listens, and how long it is waited for while it refuses.
#[derive(Debug, Clone)]
pub struct Far {
    /// A name or an address.
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// How long.
    pub patience: Duration,
}

/// Takes up the driver's connections for as long as it is kept; those that it took up go on until they end.
#[derive(Debug)]
pub struct Relay {
    place: PathBuf,
    _listening: JoinSet<()>,
}

impl Relay {
    /// Listens, on the runtime of the caller, for this process alone.
    pub fn start(far: Far) -> io::Result<Self> {
        let (listener, place) = listen()?;
        let mut listening = JoinSet::new();
        listening.spawn(async move {
            let carried = TaskTracker::new();
            loop {
                match listener.accept().await {
                    Ok((near, _)) if is_ours(&near) => {
                        drop(carried.spawn(carry(near, far.clone())));
                    }
                    Ok(_) => tracing::warn!("another process called at the relay of the database"),
                    // Out of descriptors, most likely: who waits is taken up when there are some again.
                    Err(_) => sleep(PAUSE).await,
                }
            }
        });
        Ok(Self { place, _listening: listening })
    }

    /// Where the driver calls.
    pub fn place(&self) -> &Path {
        &self.place
    }
}

/// A name that no file system holds and that ends with the process; processes of one network may share numbers.
fn listen() -> io::Result<(UnixListener, PathBuf)> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    loop {
        let place = format!("\0docket-{}-{}", std::process::id(), NEXT.fetch_add(1, Relaxed));
        match UnixListener::bind(&place) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            bound => return bound.map(|listener| (listener, PathBuf::from(place))),
        }
    }
}

fn is_ours(near: &UnixStream) -> bool {
    let caller = near.peer_cred().ok().and_then(|caller| caller.pid());
    caller.is_some_and(|caller| u32::try_from(caller) == Ok(std::process::id()))
}

async fn carry(mut near: UnixStream, far: Far) {
    let reached = tokio::select! {
        reached = reach(&far) => reached,
        () = given_up(&near) => return,
    };
    match reached {
        Ok(server) => {
            let (answered, ask) = server.into_split();
            hand_on(near, answered, ask).await;
        }
        Err(error) => {
            // Nobody is there to hear it who is not told by the end of the connection too.
            let _ = near.write_all(&unreached(&far, &error)).await;
        }
    }
}

/// Until the driver hangs up: it says nothing before the server did.
async fn given_up(near: &UnixStream) {
    let waits = |read: io::Result<usize>| {
        read.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    };
    while near.readable().await.is_ok() && waits(near.try_read(&mut [0])) {}
}

async fn reach(far: &Far) -> io::Result<TcpStream> {
    let begun = Instant::now();
    loop {
        match TcpStream::connect((far.host.as_str(), far.port)).await {
            Err(error)
                if error.kind() == io::ErrorKind::ConnectionRefused
                    && begun.elapsed() < far.patience =>
            {
                sleep(PAUSE).await;
            }
            connected => {
                let server = connected?;
                server.set_nodelay(true)?;
                return Ok(server);
            }
        }
    }
}

/// Until the driver has said its last. A server that hangs up, as it does when it is told to, ends only what it
/// says itself: the driver takes its leave of TLS after that, which a connection of TCP would bear too.
async fn hand_on(
    mut near: UnixStream,
    answered: impl AsyncRead + Unpin,
    mut ask: impl AsyncWrite + Unpin,
) {
    let (asked, mut answer) = near.split();
    let mut asked = BufReader::with_capacity(PIECE, asked);
    let mut answered = BufReader::with_capacity(PIECE, answered);
    // How it ended, the driver sees: its own end closes.
    tokio::select! {
        _ = copy_buf(&mut asked, &mut ask) => return,
        _ = copy_buf(&mut answered, &mut answer) => {}
    }
    let _ = answer.shutdown().await;
    let _ = copy_buf(&mut asked, &mut sink()).await;
}

/// What a server of the family says instead of its greeting, so that the driver tells the reason.
fn unreached(far: &Far, error: &io::Error) -> Vec<u8> {
    let said = format!("#HY000cannot reach {}:{}: {error}", far.host, far.port);
    let mut packet = vec![0xff];
    packet.extend(UNREACHED.to_le_bytes());
    packet.extend(said.bytes().take(512));
    let mut whole = vec![packet.len() as u8, (packet.len() >> 8) as u8, 0, 0];
    whole.append(&mut packet);
    whole
}

#[cfg(test)]
mod tests;
