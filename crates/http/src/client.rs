//! Who a request comes from: the other end of its connection, or, where that is a proxy of ours, the address that
//! the proxy heard it from.
//!
//! `X-Forwarded-For` and `Forwarded` (RFC 7239) are lists to which each proxy appends, so they are read from the
//! right, for as long as a proxy of ours says the next address. What stands left of that anybody may have written.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName};
use docket_app::{Networks, Peer};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED: HeaderName = HeaderName::from_static("forwarded");

/// An address that a proxy heard a request from; nothing where it does not say, or says it in a way of its own.
type Hop = Option<IpAddr>;

/// Replaces the peer of a request, where it has one, by its client: whoever looks at it later sees that.
pub fn found_out(request: &mut Request, proxies: &Networks) {
    if let Some(Peer(Some(peer))) = request.extensions().get::<Peer>().copied() {
        let client = address(peer, request.headers(), proxies);
        request.extensions_mut().insert(Peer(Some(client)));
    }
}

/// The client of a request that came from `peer`. Where both headers are there and do not agree, one of them may be
/// the client's own, and neither is believed.
pub fn address(peer: IpAddr, headers: &HeaderMap, proxies: &Networks) -> IpAddr {
    let peer = peer.to_canonical();
    if !proxies.contain(peer) {
        return peer;
    }
    let by = |name: &HeaderName, hops: fn(&str) -> Vec<Hop>| {
        if !headers.contains_key(name) {
            return None;
        }
        // Several lines are one list. A line that is no text tells nothing of anybody.
        let lines = headers.get_all(name).iter();
        let hops = lines.flat_map(|line| line.to_str().map_or_else(|_| vec![None], hops));
        Some(first_stranger(peer, &hops.collect::<Vec<_>>(), proxies))
    };
    match (by(&X_FORWARDED_FOR, x_forwarded_for), by(&FORWARDED, forwarded)) {
        (Some(one), Some(other)) if one != other => peer,
        (Some(client), _) | (None, Some(client)) => client,
        (None, None) => peer,
    }
}

/// The last address of `hops` that is no proxy of ours; the one before it where a proxy does not say.
fn first_stranger(peer: IpAddr, hops: &[Hop], proxies: &Networks) -> IpAddr {
    let mut client = peer;
    for hop in hops.iter().rev() {
        let Some(address) = hop else { break };
        client = *address;
        if !proxies.contain(client) {
            break;
        }
    }
    client
}

/// `203.0.113.7, 10.0.0.2`; some proxies add the port.
fn x_forwarded_for(line: &str) -> Vec<Hop> {
    line.split(',').map(str::trim).filter(|hop| !hop.is_empty()).map(node).collect()
}

/// `for=203.0.113.7;proto=https, for="[2001:db8::1]:4711"`. A line that cannot be read whole tells nothing.
fn forwarded(line: &str) -> Vec<Hop> {
    let Some(elements) = split(line, ',') else { return vec![None] };
    let elements = elements.into_iter().map(str::trim).filter(|element| !element.is_empty());
    elements.map(forwarded_for).collect()
}

/// The one `for` of an element.
fn forwarded_for(element: &str) -> Hop {
    let pairs = split(element, ';')?.into_iter().filter_map(|pair| pair.trim().split_once('='));
    let mut named = pairs.filter(|(name, _)| name.eq_ignore_ascii_case("for"));
    let (_, value) = named.next()?;
    if named.next().is_some() {
        return None;
    }
    match value.strip_prefix('"') {
        // Nothing in an address needs a backslash.
        Some(quoted) => node(quoted.strip_suffix('"')?),
        None => node(value),
    }
}

/// The parts between `by`, but for those within quotes; nothing where a quote has no end.
fn split(text: &str, by: char) -> Option<Vec<&str>> {
    let (mut parts, mut from, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, sign) in text.char_indices() {
        match sign {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            sign if sign == by && !quoted => {
                parts.push(&text[from..at]);
                from = at + by.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    (!quoted).then_some(parts)
}

/// An address with or without a port. `unknown` and names that hide (`_proxy7`) are none.
fn node(text: &str) -> Hop {
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok();
    let plain = || text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    plain().or_else(|| bracketed().map(IpAddr::V6)).or_else(with_port).map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, lines: &[(HeaderName, &str)]) -> String {
        let proxies = Networks::of(["10.0.0.0/8", "fd00::/8"]).expect("networks");
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, value.parse().expect("a header"));
        }
        address(peer.parse().expect("an address"), &headers, &proxies).to_string()
    }

    #[test]
    fn the_client_is_the_last_address_that_is_no_proxy_of_ours() {
        for (peer, list, client) in [
            ("10.0.0.1", "203.0.113.7", "203.0.113.7"),
            // What the client wrote itself stands left of what our proxy heard.
            ("10.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7"),
            ("10.0.0.1", "198.51.100.1,203.0.113.7,10.1.1.1,  10.2.2.2", "203.0.113.7"),
            ("::ffff:10.0.0.1", "2001:db8::7", "2001:db8::7"),
            ("fd00::1", "[2001:db8::7]:4711", "2001:db8::7"),
            ("10.0.0.1", "203.0.113.7:4711", "203.0.113.7"),
            ("10.0.0.1", "::ffff:203.0.113.7", "203.0.113.7"),
            // Everyone is a proxy of ours: the first of them asks.
            ("10.0.0.1", "10.9.9.9, 10.1.1.1", "10.9.9.9"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("10.0.0.1", "unknown", "10.0.0.1"),
            ("10.0.0.1", "203.0.113.7, unknown, 10.1.1.1", "10.1.1.1"),
            ("10.0.0.1", "203.0.113.7, 10.1.1.1 or so", "10.0.0.1"),
            // A stranger tells what it likes.
            ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
            ("203.0.113.9", "10.0.0.1", "203.0.113.9"),
        ] {
            assert_eq!(seen(peer, &[(X_FORWARDED_FOR, list)]), client, "{peer} {list}");
        }
    }

    #[test]
    fn the_header_of_the_standard_tells_the_same() {
        for (list, client) in [
            ("for=203.0.113.7;proto=https;by=10.0.0.1", "203.0.113.7"),
            ("For=198.51.100.1, proto=http;FOR=\"203.0.113.7:80\" , for=10.1.1.1", "203.0.113.7"),
            ("for=\"[2001:db8::7]:4711\"", "2001:db8::7"),
            // A comma or a quote within quotes divides nothing.
            (r#"for=203.0.113.7;host="a,\"b;for=198.51.100.1""#, "203.0.113.7"),
            ("for=_hidden", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
            ("for=203.0.113.7;for=198.51.100.1", "10.0.0.1"),
            ("for=203.0.113.7, for=\"10.1.1.1", "10.0.0.1"),
        ] {
            assert_eq!(seen("10.0.0.1", &[(FORWARDED, list)]), client, "{list}");
        }
        assert_eq!(seen("203.0.113.9", &[(FORWARDED, "for=198.51.100.1")]), "203.0.113.9");
    }

    #[test]
    fn several_lines_are_one_list_and_headers_that_disagree_are_not_believed() {
        let lines = [(X_FORWARDED_FOR, "203.0.113.7"), (X_FORWARDED_FOR, "10.1.1.1")];
        assert_eq!(seen("10.0.0.1", &lines), "203.0.113.7");
        let agree = [(X_FORWARDED_FOR, "203.0.113.7"), (FORWARDED, "for=203.0.113.7")];
        assert_eq!(seen("10.0.0.1", &agree), "203.0.113.7");
        let forged = [(X_FORWARDED_FOR, "203.0.113.7"), (FORWARDED, "for=198.51.100.1")];
        assert_eq!(seen("10.0.0.1", &forged), "10.0.0.1");
    }
}
