//! The listener, and which road a request takes.

use super::{Answer, Dropped, Gateway, Settings, control, json, merchant, payer};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

const BODY_BYTES_MAX: usize = 64 * 1024;
/// How long to wait when the system gives no more connections.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves a gateway on `listener` until `shutdown` is ready; then drops what is under way: it holds no money.
pub async fn serve(
    listener: TcpListener,
    settings: Settings,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let gateway = Gateway::new(settings);
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = shutdown.as_mut() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let served = connection(gateway.clone(), stream);
                let stop = gateway.stop.clone();
                gateway.connections.spawn(stop.run_until_cancelled_owned(served));
            }
            // Out of file descriptors, most likely: those in use come back.
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
    gateway.stop.cancel();
    for under_way in [&gateway.connections, &gateway.jobs] {
        under_way.close();
        under_way.wait().await;
    }
    Ok(())
}

/// Serves one connection until its caller goes, or is dropped as asked for: how it ends is nobody's concern.
async fn connection(gateway: Arc<Gateway>, stream: TcpStream) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let service = service_fn(move |request| answer(gateway.clone(), request));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new());
    let _ = http.serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(gateway: Arc<Gateway>, request: Request<Incoming>) -> Result<Answer, Dropped> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_BYTES_MAX).collect().await else {
        return Ok(json(413, &json!({"code": "too_large"})));
    };
    let (path, body) = (head.uri.path(), body.to_bytes());
    let payment = path.strip_prefix("/pay/");
    match (&head.method, payment) {
        (&Method::POST, Some(id)) => Ok(payer::act(&gateway, id, &body)),
        (&Method::GET, Some(id)) => Ok(payer::page(&gateway, id)),
        (&Method::POST, None) if path == "/control" => Ok(control::wish(&gateway, &body)),
        (&Method::GET, None) if path == "/control" => Ok(json(200, &control::truth(&gateway))),
        (&Method::POST, None) => {
            let host = head.headers.get("host").and_then(|host| host.to_str().ok());
            merchant::answer(&gateway, path, &head.headers, host.unwrap_or("localhost"), &body)
                .await
        }
        _ => Ok(json(404, &json!({"code": "no_such_path"}))),
    }
}
