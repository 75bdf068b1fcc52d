//! Where people may have events sent: nowhere that only this machine, its network or its cloud can reach, unless the
//! operator allows it. Whoever may add a webhook could otherwise ask around there by way of us.
//!
//! What counts is the address that is connected to: a name is looked up for the connection, and what it leads to is
//! looked at then, so that it cannot change in between.

use crate::Networks;
use ipnet::{Ipv4Net, Ipv6Net};
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// An address that events are not sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{address} is {what}, and [webhooks] allow does not name it")]
pub struct Refused {
    /// In its plain form: IPv4 where it only wears IPv6.
    pub address: IpAddr,
    /// What kind of address it is, with its article.
    pub what: &'static str,
}

const fn v4(address: [u8; 4], length: u8) -> Ipv4Net {
    let [a, b, c, d] = address;
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

/// A network of IPv6 by the first parts of its address.
const fn v6(first: [u16; 3], length: u8) -> Ipv6Net {
    let [a, b, c] = first;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), length)
}

const PRIVATE: &str = "a private address";
const LINK_LOCAL: &str = "a link-local address";
const LOOPBACK: &str = "a loopback address";
const METADATA: &str = "the address of a cloud's metadata";
const MULTICAST: &str = "a multicast address";
const RESERVED: &str = "a reserved address";
const SHARED: &str = "an address that a carrier shares out";
const TRANSLATED: &str = "an address of a translation between IPv6 and IPv4";
const UNSPECIFIED: &str = "no address of any one machine";

/// By IANA's registry of special-purpose addresses; the first that fits is told. Networks for documentation lead
/// nowhere and are left out.
const V4: [(Ipv4Net, &str); 16] = [
    (v4([169, 254, 169, 254], 32), METADATA),
    (v4([100, 100, 100, 200], 32), METADATA),
    // In the public range, and reached from machines of that cloud alone.
    (v4([168, 63, 129, 16], 32), METADATA),
    (v4([192, 0, 0, 192], 32), METADATA),
    (v4([0, 0, 0, 0], 8), UNSPECIFIED),
    (v4([127, 0, 0, 0], 8), LOOPBACK),
    (v4([10, 0, 0, 0], 8), PRIVATE),
    (v4([172, 16, 0, 0], 12), PRIVATE),
    (v4([192, 168, 0, 0], 16), PRIVATE),
    (v4([169, 254, 0, 0], 16), LINK_LOCAL),
    (v4([100, 64, 0, 0], 10), SHARED),
    (v4([192, 0, 0, 0], 24), RESERVED),
    (v4([192, 88, 99, 0], 24), RESERVED),
    (v4([198, 18, 0, 0], 15), RESERVED),
    (v4([224, 0, 0, 0], 4), MULTICAST),
    (v4([240, 0, 0, 0], 4), RESERVED),
];

const V6: [(Ipv6Net, &str); 11] = [
    (Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 128), UNSPECIFIED),
    (Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128), LOOPBACK),
    (Ipv6Net::new_assert(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), 128), METADATA),
    (v6([0xfc00, 0, 0], 7), PRIVATE),
    (v6([0xfe80, 0, 0], 10), LINK_LOCAL),
    (v6([0xfec0, 0, 0], 10), PRIVATE),
    (v6([0xff00, 0, 0], 8), MULTICAST),
    // Where in them the IPv4 address stands is known to their networks alone.
    (v6([0x64, 0xff9b, 1], 48), TRANSLATED),
    (v6([0x2001, 0, 0], 32), TRANSLATED),
    (v6([0x100, 0, 0], 64), RESERVED),
    (v6([0x5f00, 0, 0], 16), RESERVED),
];

/// The IPv4 address that an IPv6 address stands for: mapped, compatible, translated (NAT64, SIIT), 6to4 or ISATAP.
fn within(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let last = |bits: u128| Ipv4Addr::from_bits(bits as u32);
    let bits = address.to_bits();
    match address.segments() {
        [0x2002, ..] => Some(last(bits >> 80)),
        [0, 0, 0, 0, 0, 0 | 0xffff, ..]
        | [0, 0, 0, 0, 0xffff, 0, ..]
        | [0x64, 0xff9b, 0, 0, 0, 0, ..]
        | [_, _, _, _, 0 | 0x200, 0x5efe, ..] => Some(last(bits)),
        _ => None,
    }
}

/// What kind of address this is, if it is one of those that nothing is sent to.
fn kind(address: IpAddr) -> Option<&'static str> {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            V4.iter().find(|(network, _)| network.contains(&address)).map(|(_, what)| *what)
        }
        IpAddr::V6(address) => {
            let found = V6.iter().find(|(network, _)| network.contains(&address));
            let own = found.map(|(_, what)| *what);
            own.or_else(|| within(address).and_then(|inner| kind(inner.into())))
        }
    }
}

/// Refuses an address that is not for everyone, unless `allowed` names it.
pub fn judge(address: IpAddr, allowed: &Networks) -> Result<(), Refused> {
    let Some(what) = kind(address) else { return Ok(()) };
    let inner = match address.to_canonical() {
        IpAddr::V6(address) => within(address).map(IpAddr::V4),
        IpAddr::V4(_) => None,
    };
    let named = [Some(address), inner].into_iter().flatten().any(|one| allowed.contain(one));
    if named { Ok(()) } else { Err(Refused { address: address.to_canonical(), what }) }
}

/// The address that stands in the place of a name; the parser has read every way of writing one.
fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.parse().ok()
}

/// Those of `found` that may be connected to; refused where none of them may.
fn permitted(
    found: impl Iterator<Item = SocketAddr>,
    allowed: &Networks,
) -> Result<Vec<SocketAddr>, Refused> {
    let (mut fine, mut refused) = (Vec::new(), None);
    for address in found {
        match judge(address.ip(), allowed) {
            Ok(()) => fine.push(address),
            Err(why) => refused = refused.or(Some(why)),
        }
    }
    match refused {
        Some(refused) if fine.is_empty() => Err(refused),
        _ => Ok(fine),
    }
}

/// Refuses an address in the place of a name. Nobody looks it up, so no [`Guard`] sees it.
pub fn judge_literal(url: &Url, allowed: &Networks) -> Result<(), Refused> {
    literal(url).map_or(Ok(()), |address| judge(address, allowed))
}

/// Refuses a URL that leads nowhere else now. A name that leads nowhere yet may lead somewhere later.
pub async fn judge_url(url: &Url, allowed: &Networks) -> Result<(), Refused> {
    if let Some(address) = literal(url) {
        return judge(address, allowed);
    }
    let Some(host) = url.host_str() else { return Ok(()) };
    match tokio::net::lookup_host((host, 0)).await {
        Ok(found) => permitted(found, allowed).map(drop),
        Err(_) => Ok(()),
    }
}

/// Looks names up for connections, and hands on only what may be connected to.
#[derive(Debug)]
pub struct Guard(pub Arc<Networks>);

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = Arc::clone(&self.0);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let fine = permitted(found, &allowed)?;
            Ok(Box::new(fine.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().expect("a URL")
    }

    #[test]
    fn what_only_we_could_reach_is_refused_however_it_is_written() {
        let nobody = Networks::default();
        for (text, what) in [
            ("http://127.0.0.1:9/hook", LOOPBACK),
            ("http://127.1/", LOOPBACK),
            ("http://0x7f.0.0.1/", LOOPBACK),
            ("http://2130706433/", LOOPBACK),
            ("http://017700000001/", LOOPBACK),
            ("http://%31%32%37.0.0.1/", LOOPBACK),
            ("http://127.0.0.1./", LOOPBACK),
            ("http://user:password@127.0.0.1/", LOOPBACK),
            ("http://0.0.0.0/", UNSPECIFIED),
            ("http://0.1.2.3/", UNSPECIFIED),
            ("https://10.1.2.3/", PRIVATE),
            ("https://172.31.255.255/", PRIVATE),
            ("https://192.168.0.1/", PRIVATE),
            ("http://169.254.169.254/latest/meta-data/", METADATA),
            ("http://100.100.100.200/", METADATA),
            ("http://168.63.129.16/", METADATA),
            ("http://[fd00:ec2::254]/", METADATA),
            ("http://169.254.1.1/", LINK_LOCAL),
            ("http://100.64.0.1/", SHARED),
            ("http://224.0.0.251/", MULTICAST),
            ("http://255.255.255.255/", RESERVED),
            ("http://[::]/", UNSPECIFIED),
            ("http://[::1]/", LOOPBACK),
            ("http://[fe80::1]/", LINK_LOCAL),
            ("http://[fd12::1]/", PRIVATE),
            ("http://[fec0::1]/", PRIVATE),
            ("http://[ff02::1]/", MULTICAST),
            // IPv4 in other clothes.
            ("http://[::ffff:127.0.0.1]/", LOOPBACK),
            ("http://[::ffff:a9fe:a9fe]/", METADATA),
            ("http://[::127.0.0.1]/", LOOPBACK),
            ("http://[::ffff:0:10.0.0.1]/", PRIVATE),
            ("http://[64:ff9b::10.0.0.1]/", PRIVATE),
            ("http://[64:ff9b::a9fe:a9fe]/", METADATA),
            ("http://[64:ff9b:1::8.8.8.8]/", TRANSLATED),
            ("http://[2002:7f00:1::1]/", LOOPBACK),
            ("http://[2001:0:808:808::1]/", TRANSLATED),
            ("http://[2a00:1450::5efe:192.168.0.1]/", PRIVATE),
        ] {
            let refused = judge_literal(&url(text), &nobody).expect_err(text);
            assert_eq!(refused.what, what, "{text}");
        }
    }

    #[test]
    fn what_everyone_can_reach_is_not() {
        for text in [
            "https://example.com/hook",
            "https://8.8.8.8/",
            "https://172.32.0.1/",
            "https://100.128.0.1/",
            "https://203.0.113.7/",
            "https://[2606:4700::1111]/",
            "https://[::ffff:8.8.8.8]/",
            "https://[64:ff9b::8.8.8.8]/",
            "https://[2002:808:808::1]/",
        ] {
            assert_eq!(judge_literal(&url(text), &Networks::default()), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_the_operator_names_is_allowed_and_nothing_beside_it() {
        let allowed = Networks::of(["10.0.0.0/8", "::1"]).expect("networks");
        for text in [
            "http://10.1.2.3/",
            "http://[::ffff:10.1.2.3]/",
            "http://[64:ff9b::10.1.2.3]/",
            "http://[::1]/",
        ] {
            assert_eq!(judge_literal(&url(text), &allowed), Ok(()), "{text}");
        }
        for text in ["http://127.0.0.1/", "http://192.168.0.1/", "http://[64:ff9b::192.168.0.1]/"] {
            assert!(judge_literal(&url(text), &allowed).is_err(), "{text}");
        }
    }

    #[test]
    fn of_the_addresses_of_a_name_only_those_that_may_be_are_connected_to() {
        let nobody = Networks::default();
        let at = |text: &str| SocketAddr::new(text.parse().expect("an address"), 0);
        let both = [at("10.0.0.1"), at("8.8.8.8"), at("::1")];
        assert_eq!(permitted(both.into_iter(), &nobody), Ok(vec![at("8.8.8.8")]));
        let refused = permitted([at("10.0.0.1"), at("::1")].into_iter(), &nobody);
        let first = Refused { address: at("10.0.0.1").ip(), what: PRIVATE };
        assert_eq!(refused, Err(first));
        assert_eq!(
            first.to_string(),
            "10.0.0.1 is a private address, and [webhooks] allow does not name it"
        );
        assert_eq!(permitted([].into_iter(), &nobody), Ok(vec![]), "it leads nowhere");
    }

    #[tokio::test]
    async fn a_name_is_judged_by_where_it_leads() {
        let refused = judge_url(&url("http://localhost:9/"), &Networks::default()).await;
        assert_eq!(refused.expect_err("our own").what, LOOPBACK);
        let own = Networks::of(["127.0.0.0/8", "::1"]).expect("networks");
        assert_eq!(judge_url(&url("http://localhost:9/"), &own).await, Ok(()));
        let found = Guard(Arc::default()).resolve("localhost".parse().expect("a name")).await;
        let refused = found.map(Iterator::count).expect_err("nothing to connect to");
        assert!(refused.downcast_ref::<Refused>().is_some(), "{refused}");
        let found = Guard(Arc::new(own)).resolve("localhost".parse().expect("a name")).await;
        assert!(found.expect("addresses").count() > 0);
    }
}
