//! The API of a center as a command asks it: JSON over HTTP or HTTPS, on connections that are kept.

use crate::failure::Failure;
use crate::said::{Said, said};
use docket_app::net::{Direct, Headers, Limits, NoReply, Url};
use docket_domain::story::Language;
use serde_json::Value;
use std::time::Duration;

pub use docket_app::net::{Method, StatusCode};

/// A page of an export is the longest that is answered, by far below this.
const LIMITS: Limits = Limits { time: Duration::from_mins(2), bytes: 256 << 20 };

/// A way to one server.
#[derive(Clone)]
pub struct Client {
    way: Direct,
    /// Without a slash at its end: what stands before every path.
    base: String,
    /// Of a URL with TLS.
    is_sealed: bool,
    /// `host:port`, for sentences.
    host: String,
    token: String,
}

/// An answer as it came.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Its header of this name, in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

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
                "Give a URL such as http://127.0.0.1:7300 or https://docket.example.com.",
                "请给出类似 http://127.0.0.1:7300 或 https://docket.example.com 的地址。"
            ))
        };
        let read = url.parse::<Url>().ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let read = read.ok_or_else(|| {
            wrong(said!(
                "{url} is no http:// or https:// URL",
                "{url} 不是 http:// 或 https:// 地址"
            ))
        })?;
        let is_bare = read.username().is_empty() && read.password().is_none();
        if !is_bare || read.query().is_some() || read.fragment().is_some() {
            return Err(wrong(said!(
                "{url} has more than a host, a port and a path",
                "{url} 除主机、端口和路径外还有其他内容"
            )));
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Failure::usage(said!(
                "the key has characters that no key has",
                "密钥含有非法字符"
            ))
            .next(said!("Copy it whole.", "请完整复制密钥。")));
        }
        let (host, port) = (read.host_str().unwrap_or_default(), read.port_or_known_default());
        Ok(Self {
            way: Direct::to(&read),
            base: read.as_str().trim_end_matches('/').to_owned(),
            is_sealed: read.scheme() == "https",
            host: format!("{host}:{}", port.unwrap_or_default()),
            token: token.to_owned(),
        })
    }

    /// The same way to the same server, for another who speaks with `token`.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// Asks with JSON and answers the JSON of a success.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let body = body.map_or_else(Vec::new, |body| body.to_string().into_bytes());
        self.send(method, path, Vec::new(), body).await?.success()
    }

    /// Sends one request and answers whatever comes back. A body is JSON where no header says otherwise.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        mut headers: Headers,
        body: Vec<u8>,
    ) -> Result<Answer, Failure> {
        let url = format!("{}{path}", self.base).parse::<Url>().map_err(|error| {
            Failure::new(
                said!("{path} cannot be asked for", "无法请求 {path}")
                    .because(Said::as_told(error)),
            )
            .next(said!("Check the names in it.", "请检查其中的名称。"))
        })?;
        if !body.is_empty() && !headers.iter().any(|(name, _)| *name == "content-type") {
            headers.push(("content-type", "application/json".to_owned()));
        }
        headers.push(("authorization", format!("Bearer {}", self.token)));
        let reply = self.way.send(method, url, headers, body, LIMITS).await;
        let reply = reply.map_err(|why| self.no_reply(why))?;
        let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::BAD_GATEWAY);
        let body = reply.body.map_err(|too_long| {
            let limit = too_long.limit;
            Failure::new(said!(
                "the answer of {host} is longer than {limit} bytes",
                "{host} 的响应超过 {limit} 字节",
                host = self.host
            ))
            .next(said!("Ask for less at once.", "请减少一次请求的数据量。"))
        })?;
        Ok(Answer { status, headers: reply.headers, body })
    }

    fn no_reply(&self, why: NoReply) -> Failure {
        let host = &self.host;
        let failure = match why {
            NoReply::Unreached(why) => {
                let away = said!("{host} cannot be reached", "无法连接 {host}");
                Failure::new(away.because(Said::as_told(why))).next(if self.is_sealed {
                    said!(
                        "Check the address. An authority of your own is trusted where SSL_CERT_FILE names the file of \
                         its certificate.",
                        "请检查地址。如使用自建 CA，请让 SSL_CERT_FILE 指向其证书文件。"
                    )
                } else {
                    said!(
                        "Check the address, and that `docket serve` is running there.",
                        "请检查地址，并确认 docket serve 正在那里运行。"
                    )
                })
            }
            NoReply::Late => Failure::new(said!(
                "{host} did not answer within {seconds} s",
                "{host} 在 {seconds} 秒内未响应",
                seconds = LIMITS.time.as_secs()
            ))
            .next(said!(
                "Look at its log; what was asked may still be done.",
                "请查看其日志；请求可能仍会被执行。"
            )),
            NoReply::Broken(why) => {
                let broke = said!("the connection to {host} broke", "与 {host} 的连接中断");
                Failure::new(broke.because(Said::as_told(why))).next(said!(
                    "Ask again with the same Idempotency-Key, or look whether it was done.",
                    "请用相同的 Idempotency-Key 重试，或查看是否已完成。"
                ))
            }
        };
        failure.word("unreachable")
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
    let mut wrong = Vec::new();
    for error in problem["errors"].as_array().into_iter().flatten() {
        let (field, what) = (error["field"].as_str(), error["message"].as_str());
        if let (Some(field), Some(what)) = (field, what) {
            let what = Said::of_center(what);
            message = message.and(Said::as_told(field).because(what.clone()));
            wrong.push((field.to_owned(), what));
        }
    }
    let (en, zh) = (message.to(Language::En), message.to(Language::Zh));
    let failure = Failure::new(Said::of(en.to_owned(), format!("{cause}：{zh}")));
    Failure { wrong, ..failure.next(next).word(code) }
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
        500 if code == "damaged" => ("数据库已损坏", super::own::damaged()),
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
        let read = |url: &str| Client::new(url, "k").map(|client| (client.host, client.base));
        let fine = |host: &str, base: &str| (host.to_owned(), base.to_owned());
        assert_eq!(read("http://a:7300").ok(), Some(fine("a:7300", "http://a:7300")));
        assert_eq!(read("http://a/docket/").ok(), Some(fine("a:80", "http://a/docket")));
        assert_eq!(read("http://[::1]:7300/").ok(), Some(fine("[::1]:7300", "http://[::1]:7300")));
        assert_eq!(read("http://[::1]").ok(), Some(fine("[::1]:80", "http://[::1]")));
        assert_eq!(read("https://a").ok(), Some(fine("a:443", "https://a")));
        for wrong in ["a:7300", "http://", "ftp://a", "", "http://u:p@a", "http://a/?x=1"] {
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
