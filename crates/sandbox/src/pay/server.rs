//! Which road a request takes.

use super::{Answer, Dropped, Gateway, Settings, control, json, merchant, payer};
use crate::http;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::{Method, Request};
use serde_json::json;
use std::io;
use std::sync::Arc;
use tokio::net::TcpListener;

const BODY_BYTES_MAX: usize = 64 * 1024;

/// Serves a gateway on `listener` until `shutdown` is ready; then drops what is under way: it holds no money.
pub async fn serve(
    listener: TcpListener,
    settings: Settings,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let gateway = Gateway::new(settings);
    let served = gateway.clone();
    http::serve(listener, shutdown, &gateway.stop, move |request| answer(served.clone(), request))
        .await;
    gateway.jobs.close();
    gateway.jobs.wait().await;
    Ok(())
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
