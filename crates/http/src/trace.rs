//! What the log says of a request: who asks for what, about which order, and under which trace of its caller.
//!
//! All of it stands in the span, so that every line that is written meanwhile has it, errors included.

use axum::extract::Request;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use docket_app::Peer;
use docket_domain::Id;
use std::time::Duration;
use tracing::Span;
use tracing::field::{Empty, display};

/// Where an order is read: its number stands behind it, in requests and in `Location`.
const ORDERS: &str = "/api/orders/";
/// What is asked for again and again by whoever waits for something.
const POLLED: [&str; 10] = [
    "/api/archive",
    "/api/mirror",
    "/api/orders/{id}/payments",
    "/api/placements/{key}",
    "/api/reconcile",
    "/api/tasks",
    "/api/tasks/{id}",
    "/api/terminal/orders",
    "/api/terminal/statistics",
    "/api/webhooks/{id}/deliveries",
];

/// The span of a request. It is one of errors, so that a log that shows only these has it too.
pub fn span(request: &Request, route: &str, id: &str) -> Span {
    let client = request.extensions().get::<Peer>().and_then(|peer| peer.0);
    tracing::error_span!(
        "request",
        method = %request.method(),
        route,
        id,
        client = client.map(display),
        trace = trace_id(request.headers()),
        order = order_in(request.uri().path()).map(display),
        who = Empty
    )
}

/// One line for each request, but for those that come every few seconds and went well: they are told to whoever
/// asks for details.
pub fn answered(span: &Span, method: &Method, route: &str, response: &Response, took: Duration) {
    let location = response.headers().get(LOCATION).and_then(|path| path.to_str().ok());
    if let Some(order) = location.and_then(order_in) {
        span.record("order", display(order));
    }
    let (status, us) = (response.status(), took.as_micros() as u64);
    span.in_scope(|| {
        let status = status.as_u16();
        if is_chatter(method, route, response.status()) {
            tracing::debug!(status, us, "answered");
        } else {
            tracing::info!(status, us, "answered");
        }
    });
}

/// Probes, scrapes and pages of the document, and questions after something that is waited for.
fn is_chatter(method: &Method, route: &str, status: StatusCode) -> bool {
    let polled = method == Method::GET && POLLED.contains(&route) && status.is_success();
    polled || !(route.starts_with("/api/") || route.is_empty())
}

/// The order that a path leads to.
fn order_in(path: &str) -> Option<Id> {
    path.strip_prefix(ORDERS)?.split('/').next()?.parse().ok()
}

/// The id of the caller's trace, by W3C Trace Context: 32 digits of `traceparent`. One that is not well formed, or
/// given twice, is none.
fn trace_id(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all("traceparent").iter();
    let (Some(only), None) = (given.next(), given.next()) else { return None };
    let (version, rest) = only.to_str().ok()?.split_once('-')?;
    let (trace, rest) = rest.split_once('-')?;
    let (parent, rest) = rest.split_once('-')?;
    // Later versions may say more behind the flags.
    let (flags, more) =
        rest.split_once('-').map_or((rest, None), |(flags, more)| (flags, Some(more)));
    let hex = |text: &str, length| {
        text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let something = |text: &str| text.bytes().any(|b| b != b'0');
    let well_formed = hex(version, 2) && hex(trace, 32) && hex(parent, 16) && hex(flags, 2);
    let of_its_version = version != "ff" && (version != "00" || more.is_none());
    (well_formed && of_its_version && something(trace) && something(parent)).then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn a_trace_is_taken_as_the_standard_says_and_not_otherwise() {
        let trace = |lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("traceparent", line.parse().expect("a header"));
            }
            trace_id(&headers).map(str::to_owned)
        };
        let good = format!("00-{TRACE}-00f067aa0ba902b7-01");
        assert_eq!(trace(&[&good]).as_deref(), Some(TRACE));
        assert_eq!(trace(&[&format!("cc{}-what-comes", &good[2..])]).as_deref(), Some(TRACE));
        for bad in [
            String::new(),
            "00".to_owned(),
            good.to_uppercase(),
            format!("{good}-more"),
            format!("ff{}", &good[2..]),
            format!("0{}", &good[2..]),
            good.replace('4', "g"),
            format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{TRACE}-00f067aa0ba902b7"),
            format!("00-{TRACE}-00f067aa0ba902b7-1"),
        ] {
            assert_eq!(trace(&[&bad]), None, "{bad}");
        }
        assert_eq!(trace(&[&good, &good]), None, "twice");
    }

    #[test]
    fn an_order_is_named_by_the_path_and_by_where_a_new_one_is() {
        assert_eq!(
            order_in("/api/orders/391320997262786815/operations"),
            Some(Id(391_320_997_262_786_815))
        );
        assert_eq!(order_in("/api/orders/391320997262786815"), Some(Id(391_320_997_262_786_815)));
        for other in ["/api/orders", "/api/orders/", "/api/orders/a%0ab", "/api/tasks/7", ""] {
            assert_eq!(order_in(other), None, "{other}");
        }
    }

    #[test]
    fn probes_and_questions_that_are_repeated_are_details() {
        let chatter = |method, route, status: u16| {
            is_chatter(&method, route, StatusCode::from_u16(status).expect("a status"))
        };
        for route in
            ["/livez", "/readyz", "/metrics", "/docs", "/api/tasks", "/api/placements/{key}"]
        {
            assert!(chatter(Method::GET, route, 200), "{route}");
        }
        assert!(chatter(Method::GET, "/readyz", 503), "the reason has a line of its own");
        for (method, route, status) in [
            (Method::GET, "/api/orders/{id}", 200),
            (Method::GET, "/api/tasks", 403),
            (Method::POST, "/api/reconcile", 202),
            (Method::GET, "", 404),
        ] {
            assert!(!chatter(method, route, status), "{route}");
        }
    }

    #[test]
    fn what_is_polled_is_a_route() {
        let document = crate::openapi::described().1;
        // The till's pages come with a later release.
        let there = POLLED.iter().filter(|route| !route.starts_with("/api/terminal/"));
        for route in there {
            assert!(document["paths"].get(*route).is_some(), "{route}");
        }
    }
}
