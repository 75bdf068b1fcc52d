//! The listener and its connections: HTTP/1.1, with limits of number, time and size, stopped without cutting
//! anyone off.

use crate::connections::{Limits, Seated, Seats, Watched};
use crate::heads::Answering;
use crate::request::Ids;
use axum::Router;
use axum::body::Body;
use docket_app::Peer;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

/// The largest head of a request.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// What is read ahead of a connection, and what waits to be written to it, at most.
const BUFFER_BYTES_MAX: usize = 64 * 1024;
/// How long requests that are under way at the end may take.
pub const STOP_TIME: Duration = Duration::from_secs(20);
/// How long to wait when the system gives no more connections.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves `router` on `listener` until `shutdown` is ready; then takes nothing new, and ends when what is
/// under way is answered, after [`STOP_TIME`] at the latest.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let (connections, stop) = (TaskTracker::new(), CancellationToken::new());
    let (ids, seats) = (Arc::new(Ids::new()), Seats::of(limits));
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = async {
            let socket = seats.socket().await;
            listener.accept().await.map(|accepted| (socket, accepted))
        };
        let accepted = tokio::select! {
            () = shutdown.as_mut() => break,
            accepted = accepted => accepted,
        };
        match accepted {
            Ok((socket, (stream, address))) => {
                let peer = Peer(Some(address.ip().to_canonical()));
                let (seated, router) = (seats.seat(socket, Instant::now()), router.clone());
                let (limits, ids) = (seats.limits().clone(), ids.clone());
                let served = connection(stream, peer, seated, limits, ids, router, stop.clone());
                connections.spawn(served);
            }
            Err(error) if is_of_the_caller(&error) => {}
            Err(error) => {
                // Out of file descriptors, most likely: those in use come back.
                tracing::warn!(%error, "no connection can be taken");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    stop.cancel();
    connections.close();
    if tokio::time::timeout(STOP_TIME, connections.wait()).await.is_err() {
        tracing::warn!(open = connections.len(), "some requests took too long to end");
    }
    Ok(())
}

fn is_of_the_caller(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Serves one connection until its caller goes, keeps us waiting for too long or has to give way, or `stop` is told.
async fn connection(
    stream: TcpStream,
    peer: Peer,
    seated: Seated,
    limits: Limits,
    ids: Arc<Ids>,
    router: Router,
    stop: CancellationToken,
) {
    // Answers are small: none of them waits for another.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection went away at once");
        return;
    }
    let seat = &seated.seat;
    let service = service_fn(|mut request: hyper::Request<hyper::body::Incoming>| {
        seat.works();
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(Arc::clone(seat));
        let answered = router.clone().oneshot(request.map(Body::new));
        async {
            let answer = answered.await;
            seat.rests();
            answer
        }
    });
    let mut http = http1::Builder::new();
    http.max_header_size(HEAD_BYTES_MAX).max_buf_size(BUFFER_BYTES_MAX);
    let stream = Answering::on(Watched::on(stream, Arc::clone(seat)), ids, peer);
    let mut served = pin!(http.serve_connection(TokioIo::new(stream), service));
    let mut look = pin!(tokio::time::sleep(Duration::ZERO));
    let mut is_stopping = false;
    loop {
        tokio::select! {
            biased;
            ended = served.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended early");
                }
                return;
            }
            () = stop.cancelled(), if !is_stopping => {
                is_stopping = true;
                served.as_mut().graceful_shutdown();
            }
            () = seat.has_to_give_way() => {
                tracing::debug!("a connection gave way to another");
                return;
            }
            () = look.as_mut() => match seat.look(&limits, Instant::now()) {
                Ok(next) => look.as_mut().reset(next),
                Err(late) => {
                    tracing::debug!(%late, "a connection was ended");
                    return;
                }
            },
        }
    }
}
