//! A small HTTP/1.1 client for JSON: one connection, kept, and made again when it was closed. No TLS: it is for
//! a center on this machine or in this network.

use crate::failure::Failure;
use crate::said::{Said, said};
use bytes::Bytes;
use docket_domain::story::Language;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

pub use hyper::Method;

/// How long an answer may take.
const LIMIT: Duration = Duration::from_mins(2);

/// A way to one server.
pub struct Client {
    /// `host:port`.
    host: String,
    /// What stands before every path; empty or `/…` without a slash at its end.
    prefix: String,
    authorization: HeaderValue,
    line: Mutex<Line>,
}

/// The connection, and what drives it; dropped together.
#[derive(Default)]
struct Line {
    sender: Option<SendRequest<Full<Bytes>>>,
    _driver: JoinSet<()>,
}

/// An answer as it came.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Answer {
    /// Its body as JSON; null where there is none.
    pub fn json(&self) -> Result<Value, Failure> {
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.body).map_err(|_| {
            Failure::new(said!(
                "the server answered {status} with something that is not JSON",
                "服务器返回 {status}，内容不是 JSON",
                status = self.status
            ))
            .next(said!("Check that --server names a Docket.", "请确认 --server 指向 Docket。"))
        })
    }

    /// The body of a success, or why it is none.
    pub fn success(&self) -> Result<Value, Failure> {
        if self.status.is_success() {
            self.json()
        } else {
            Err(failure(self.status, &self.json()?))
        }
    }
}

impl Client {
    /// A client of the server at `url` that speaks with `token`.
    pub fn new(url: &str, token: &str) -> Result<Self, Failure> {
        let wrong = |what: Said| {
            Failure::usage(what).next(said!(
                "Give a URL such as http://127.0.0.1:7300.",
                "请给出类似 http://127.0.0.1:7300 的地址。"
            ))
        };
        if url.starts_with("https://") {
            return Err(wrong(said!(
                "{url}: this command speaks plain HTTP, not TLS",
                "{url}：此命令只支持 HTTP，不支持 TLS"
            )));
        }
        let rest = url
            .strip_prefix("http://")
            .ok_or_else(|| wrong(said!("{url} is no http:// URL", "{url} 不是 http:// 地址")))?;
        let (host, prefix) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if host.is_empty() {
            return Err(wrong(said!("{url} names no host", "{url} 没有主机名")));
        }
        let with_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let authorization = HeaderValue::from_str(&format!("Bearer {token}"));
        let mut authorization = authorization.map_err(|_| {
            Failure::usage(said!("the key has characters that no key has", "密钥含有非法字符"))
                .next(said!("Copy it whole.", "请完整复制密钥。"))
        })?;
        authorization.set_sensitive(true);
        Ok(Self {
            host: if with_port { host.to_owned() } else { format!("{host}:80") },
            prefix: prefix.trim_end_matches('/').to_owned(),
            authorization,
            line: Mutex::default(),
        })
    }

    /// Another connection to the same server, which speaks with `token`.
    pub fn with_token(&self, token: &str) -> Result<Self, Failure> {
        Self::new(&format!("http://{}{}", self.host, self.prefix), token)
    }

    /// Asks with JSON and answers the JSON of a success.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let body = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        self.send(method, path, &[], body).await?.success()
    }

    /// Sends one request and answers whatever comes back.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(HeaderName, HeaderValue)],
        body: Bytes,
    ) -> Result<Answer, Failure> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.prefix));
        request = request.header(HOST, &self.host).header(AUTHORIZATION, &self.authorization);
        if !body.is_empty() && !headers.iter().any(|(name, _)| name == CONTENT_TYPE) {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body)).map_err(|error| {
            Failure::new(
                said!("{path} cannot be asked for", "无法请求 {path}")
                    .because(Said::as_told(error)),
            )
            .next(said!("Check the names in it.", "请检查其中的名称。"))
        })?;
        match tokio::time::timeout(LIMIT, self.exchange(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(Failure::new(said!(
                "{host} did not answer within {seconds} s",
                "{host} 在 {seconds} 秒内未响应",
                host = self.host,
                seconds = LIMIT.as_secs()
            ))
            .word("unreachable")
            .next(said!(
                "Look at its log; what was asked may still be done.",
                "请查看其日志；请求可能仍会被执行。"
            ))),
        }
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer, Failure> {
        let lost = |error: hyper::Error| {
            let broke =
                said!("the connection to {host} broke", "与 {host} 的连接中断", host = self.host);
            Failure::new(broke.because(Said::as_told(error))).word("unreachable").next(said!(
                "Ask again with the same Idempotency-Key, or look whether it was done.",
                "请用相同的 Idempotency-Key 重试，或查看是否已完成。"
            ))
        };
        let mut line = self.line.lock().await;
        let fit = match &mut line.sender {
            Some(sender) => sender.ready().await.is_ok(),
            None => false,
        };
        if !fit {
            *line = self.connect().await?;
        }
        let sender = line.sender.as_mut().expect("a line that was connected has a sender");
        let (parts, body) = sender.send_request(request).await.map_err(lost)?.into_parts();
        let body = body.collect().await.map_err(lost)?.to_bytes();
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }

    async fn connect(&self) -> Result<Line, Failure> {
        let away = |error: Said| {
            let host = &self.host;
            Failure::new(said!("{host} cannot be reached", "无法连接 {host}").because(error))
                .word("unreachable")
                .next(said!(
                    "Check the address, and that `docket serve` is running there.",
                    "请检查地址，并确认 docket serve 正在那里运行。"
                ))
        };
        let stream =
            TcpStream::connect(&self.host).await.map_err(|error| away(Said::from(&error)))?;
        // A small request must not wait for the acknowledgement of the one before.
        stream.set_nodelay(true).map_err(|error| away(Said::from(&error)))?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| away(Said::as_told(error)))?;
        let mut driver = JoinSet::new();
        driver.spawn(async move {
            // How it ended is heard by whoever waits for an answer.
            let _ = connection.await;
        });
        Ok(Line { sender: Some(sender), _driver: driver })
    }
}

/// A problem of the server as a failure of the command: its words, which are English, and the same in Chinese as far as
/// this release knows them.
fn failure(status: StatusCode, problem: &Value) -> Failure {
    let text = |name: &str| problem[name].as_str().filter(|text| !text.is_empty());
    let code = text("code").unwrap_or("unknown").to_owned();
    let (cause, next) = meaning(status, &code);
    let reason = status.canonical_reason().unwrap_or("no success").to_lowercase();
    let mut message = Said::of_center(text("detail").or_else(|| text("title")).unwrap_or(&reason));
    for error in problem["errors"].as_array().into_iter().flatten() {
        let (field, what) = (error["field"].as_str(), error["message"].as_str());
        if let (Some(field), Some(what)) = (field, what) {
            message = message.and(Said::as_told(field).because(Said::of_center(what)));
        }
    }
    let (en, zh) = (message.to(Language::En), message.to(Language::Zh));
    Failure::new(Said::of(en.to_owned(), format!("{cause}：{zh}"))).next(next).word(code)
}

/// What a status means, in Chinese, before the server's own words, and what to do next.
fn meaning(status: StatusCode, code: &str) -> (&'static str, Said) {
    match status.as_u16() {
        409 if code == "wrong_state" => (
            "状态不允许",
            said!(
                "Look at its state first; nothing was changed.",
                "请先查看其状态；未作任何改动。"
            ),
        ),
        409 if code.ends_with("_off") => (
            "未配置",
            said!(
                "Set it in docket.toml, look at it with `docket check`, and start `docket serve` anew if it runs.",
                "请在 docket.toml 中设置，用 docket check 检查；如 docket serve 正在运行，请重启。"
            ),
        ),
        500 if code == "damaged" => ("数据库已损坏", super::here::damaged()),
        503 if code == "database_moved" => (
            "数据库文件不在原处",
            said!(
                "Put the database file back in its place, or stop the server and start it on the right one.",
                "请将数据库文件放回原处，或停止服务后在正确的文件上重新启动。"
            ),
        ),
        503 if code == "archive_unreachable" => (
            "归档不可达",
            said!(
                "`docket check` says whether the archive can be reached.",
                "docket check 会说明归档是否可达。"
            ),
        ),
        401 => (
            "密钥无效",
            said!(
                "Check the key: it may be wrong, revoked, or of another center.",
                "请检查密钥：可能有误、已撤销，或属于其他订单中心。"
            ),
        ),
        403 => (
            "没有权限",
            said!(
                "Use a key that may do this; `docket key add` makes one.",
                "请使用有此权限的密钥；docket key add 可新建。"
            ),
        ),
        404 => ("未找到", said!("Check the number or name.", "请检查编号或名称。")),
        429 | 503 => ("服务繁忙", said!("Try again in a moment.", "请稍后重试。")),
        500 => ("服务器内部错误", said!("Its log says more.", "详情见其日志。")),
        status => (
            "请求被拒绝",
            said!(
                "The server answered {status}, code {code}.",
                "服务器返回 {status}，代码 {code}。"
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_a_host_and_may_have_port_and_prefix() {
        let read = |url: &str| Client::new(url, "k").map(|client| (client.host, client.prefix));
        let fine = |host: &str, prefix: &str| (host.to_owned(), prefix.to_owned());
        assert_eq!(read("http://a:7300").ok(), Some(fine("a:7300", "")));
        assert_eq!(read("http://a/docket/").ok(), Some(fine("a:80", "/docket")));
        assert_eq!(read("http://[::1]:7300/").ok(), Some(fine("[::1]:7300", "")));
        assert_eq!(read("http://[::1]").ok(), Some(fine("[::1]:80", "")));
        for wrong in ["https://a", "a:7300", "http://", "ftp://a", ""] {
            assert_eq!(read(wrong).err().map(|failure| failure.code), Some(2), "{wrong}");
        }
    }

    #[test]
    fn a_problem_becomes_a_sentence_with_its_wrong_fields() {
        let problem = serde_json::json!({
            "title": "Invalid", "code": "invalid", "detail": "the request has 1 wrong field(s)",
            "errors": [
                {"field": "name", "code": "empty", "message": "must not be empty"},
                {"field": "of_later", "code": "new", "message": "of a later release"},
            ],
        });
        let said = failure(StatusCode::UNPROCESSABLE_ENTITY, &problem);
        let told = |language| {
            let next = said.next.as_ref().map(|next| next.to(language));
            (said.message.to(language), next.unwrap_or_default())
        };
        let wanted = "the request has 1 wrong field(s); name: must not be empty; of_later: of a later release";
        assert_eq!(told(Language::En), (wanted, "The server answered 422, code invalid."));
        let wanted =
            "请求被拒绝：请求中有 1 个错误的字段；name：不能为空；of_later：of a later release";
        assert_eq!(told(Language::Zh), (wanted, "服务器返回 422，代码 invalid。"));
        assert_eq!(said.word, "invalid");
        let gateway = failure(StatusCode::BAD_GATEWAY, &Value::Null);
        assert_eq!(gateway.message.to(Language::En), "bad gateway");
    }
}
