//! What every stand-in's server is made of: a listener that runs until it is told to stop, answers in JSON,
//! connections that are dropped as asked for, and the callbacks that a stand-in sends.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1 as client;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, Uri};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::Value;
use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long to wait when the system gives no more connections.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

pub type Answer = Response<Full<Bytes>>;
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Asked to drop the connection without a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropped {
    /// It ends in order.
    Closed,
    /// The caller's system is told that it broke.
    Reset,
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "the connection is closed, as asked for",
            Self::Reset => "the connection is reset, as asked for",
        })
    }
}

impl Error for Dropped {}

/// Gives every request on `listener` to `handle` until `shutdown` is ready; then cancels `stop`, which drops what
/// is under way: a stand-in has nothing to lose.
pub async fn serve<H, F, B>(
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
    stop: &CancellationToken,
    handle: H,
) where
    H: Fn(Request<Incoming>) -> F + Clone + Unpin + Send + 'static,
    F: Future<Output = Result<Response<B>, Dropped>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let connections = TaskTracker::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = shutdown.as_mut() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let served = connection(stream, handle.clone());
                connections.spawn(stop.clone().run_until_cancelled_owned(served));
            }
            // Out of file descriptors, most likely: those in use come back.
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
    stop.cancel();
    connections.close();
    connections.wait().await;
}

/// Serves one connection until its caller goes, or is dropped as asked for: how it ends is nobody's concern.
async fn connection<H, F, B>(stream: TcpStream, handle: H)
where
    H: Fn(Request<Incoming>) -> F + Unpin + Send + 'static,
    F: Future<Output = Result<Response<B>, Dropped>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new());
    let service = service_fn(move |request| Box::pin(handle(request)));
    let mut served = http.serve_connection(TokioIo::new(stream), service);
    let ended = poll_fn(|context| served.poll_without_shutdown(context)).await;
    let asked = ended.as_ref().err().and_then(|error| error.source()?.downcast_ref::<Dropped>());
    if asked == Some(&Dropped::Reset) {
        // Nothing lingers, so that what closes the stream resets it.
        let _ = served.into_parts().io.into_inner().set_zero_linger();
    }
}

/// An answer in JSON, not signed.
pub fn json(status: u16, body: &Value) -> Answer {
    let response = Response::builder().status(status).header("content-type", "application/json");
    response
        .body(Full::from(body.to_string()))
        .expect("status and headers are valid as they stand here")
}

/// Posts JSON to `url` and gives the status of the answer.
pub async fn post(
    url: &str,
    headers: &[(&'static str, String)],
    body: Bytes,
) -> Result<u16, BoxError> {
    let uri: Uri = url.parse()?;
    let host = uri.authority().ok_or("a callback needs a host")?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::post(path)
        .header("host", host.as_str())
        .header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let request = request.body(Full::<Bytes>::from(body))?;
    let stream = TcpStream::connect((host.host(), host.port_u16().unwrap_or(80))).await?;
    let (mut sender, connection) = client::handshake(TokioIo::new(stream)).await?;
    let mut exchange = pin!(async {
        let answer = sender.send_request(request).await?;
        let status = answer.status().as_u16();
        answer.into_body().collect().await?;
        Ok(status)
    });
    tokio::select! {
        biased;
        status = exchange.as_mut() => status,
        // It may have ended behind the answer.
        _ = connection => exchange.await,
    }
}
