//! The listener and its connections: HTTP/1.1, with limits of time and size, stopped without cutting
//! anyone off.

use crate::heads::Answering;
use crate::request::Ids;
use axum::Router;
use axum::body::Body;
use docket_app::Peer;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

/// How long a caller may take over the head of a request, which is also how long a connection may be idle.
const HEAD_TIME: Duration = Duration::from_mins(1);
/// The largest head of a request.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// How long requests that are under way at the end may take.
const STOP_TIME: Duration = Duration::from_secs(20);
/// How long to wait when the system gives no more connections.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves `router` on `listener` until `shutdown` is ready; then takes nothing new, and ends when what is
/// under way is answered.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let (connections, stop) = (TaskTracker::new(), CancellationToken::new());
    let ids = Arc::new(Ids::new());
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = shutdown.as_mut() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, address)) => {
                let peer = Peer(Some(address.ip().to_canonical()));
                let router = router.clone();
                connections.spawn(connection(stream, peer, ids.clone(), router, stop.clone()));
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

/// Serves one connection until its caller goes or `stop` is told.
async fn connection(
    stream: TcpStream,
    peer: Peer,
    ids: Arc<Ids>,
    router: Router,
    stop: CancellationToken,
) {
    // Answers are small: none of them waits for another.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection went away at once");
        return;
    }
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(peer);
        router.clone().oneshot(request.map(Body::new))
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_header_size(HEAD_BYTES_MAX);
    let stream = TokioIo::new(Answering::on(stream, ids));
    let mut served = pin!(http.serve_connection(stream, service));
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = stop.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
