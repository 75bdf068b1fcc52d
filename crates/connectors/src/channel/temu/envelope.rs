//! The envelope around every result: success or a code, also with status 200, and the number of the request.

use super::codes::{SUCCESS, kind};
use crate::channel::json::{Object, cut, integer, text, truth};
use crate::channel::{Fault, FaultKind, LimitScope};
use crate::exchange::Reply;

/// What is kept of what Temu said, in bytes.
const MESSAGE_BYTES_MAX: usize = 500;
const ID_BYTES_MAX: usize = 100;

/// A reply that says that it succeeded.
pub struct Opened<'a> {
    /// The text of its result.
    pub result: &'a str,
    /// Temu's number of the request.
    pub request_id: Option<String>,
}

impl<'a> Opened<'a> {
    /// The result, which has to be an object.
    pub fn object(&self) -> Result<Object<'a>, Fault> {
        Object::read(self.result).ok_or_else(|| self.garbled("the result is no object"))
    }

    /// The fault of a result that is no answer.
    pub fn garbled(&self, why: &str) -> Fault {
        self.fault(FaultKind::Garbled, None, why)
    }

    fn fault(&self, kind: FaultKind, code: Option<String>, said: &str) -> Fault {
        let message = cut(said, MESSAGE_BYTES_MAX).to_owned();
        Fault { kind, code, message, request_id: self.request_id.clone() }
    }
}

/// Opens the envelope; `body` is the body of the reply as text.
pub fn open<'a>(reply: &Reply<'_>, body: &'a str) -> Result<Opened<'a>, Fault> {
    let envelope = Object::read(body);
    let told = |name| envelope.as_ref().and_then(|fields| fields.get(name));
    let id = told("requestId").and_then(text).map(|id| cut(&id, ID_BYTES_MAX).to_owned());
    let mut opened = Opened { result: "null", request_id: id };
    let code = told("errorCode").and_then(integer);
    let said = told("errorMsg").and_then(text).unwrap_or_default();
    if let Some(code) = code.filter(|code| *code != SUCCESS) {
        return Err(opened.fault(
            kind_until(kind(code, &said), reply),
            Some(code.to_string()),
            &said,
        ));
    }
    if !(200..300).contains(&reply.status) {
        let code = format!("http_{}", reply.status);
        return Err(opened.fault(kind_until(of_status(reply.status), reply), Some(code), &said));
    }
    if envelope.is_none() {
        return Err(opened.garbled("the body is no JSON object"));
    }
    match (told("success").map(truth), code) {
        // One of the two may be missing, none may be of the wrong kind, and they may not contradict each other.
        (Some(Some(true)), _) if code.is_some() || told("errorCode").is_none() => {}
        (None, Some(_)) => {}
        (Some(Some(false)), None) => return Err(opened.fault(FaultKind::Rejected, None, &said)),
        _ => return Err(opened.garbled("it says neither success nor a code")),
    }
    opened.result = told("result").ok_or_else(|| opened.garbled("it has no result"))?;
    inner(&opened)?;
    Ok(opened)
}

/// A result may say by itself that it failed, inside an envelope of success.
fn inner(opened: &Opened<'_>) -> Result<(), Fault> {
    // Long results are lists: they say no such thing, and are not read twice.
    if opened.result.len() > 2 * MESSAGE_BYTES_MAX {
        return Ok(());
    }
    let Some(result) = Object::read(opened.result) else { return Ok(()) };
    if result.get("success").and_then(truth) != Some(false) {
        return Ok(());
    }
    let code = result.get("errorCode").and_then(integer).filter(|code| *code != SUCCESS);
    let said = result.get("errorMsg").and_then(text).unwrap_or_default();
    let kind = code.map_or(FaultKind::Rejected, |code| kind(code, &said));
    Err(opened.fault(kind, code.map(|code| code.to_string()), &said))
}

fn of_status(status: u16) -> FaultKind {
    match status {
        429 => FaultKind::Throttled { scope: LimitScope::App, until: None },
        408 | 425 | 500.. => FaultKind::Transient,
        _ => FaultKind::Rejected,
    }
}

/// With the time until which to wait, where a header says it.
fn kind_until(kind: FaultKind, reply: &Reply<'_>) -> FaultKind {
    let FaultKind::Throttled { scope, until: None } = kind else { return kind };
    let wait = reply.message.header("retry-after").and_then(|value| value.trim().parse().ok());
    let wait = wait.filter(|seconds: &i64| (0..=86_400).contains(seconds));
    FaultKind::Throttled { scope, until: wait.map(|seconds| reply.came_at.plus(seconds * 1000)) }
}
