//! Networks, as operators name them: CIDR, or one address.

use ipnet::{IpNet, Ipv4Net};
use std::net::IpAddr;

/// A list of networks. An address in IPv6 clothes (`::ffff:10.0.0.1`) is the IPv4 address that it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Networks(Vec<IpNet>);

/// Why a text names no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotANetwork {
    /// It is neither an address nor CIDR.
    #[error("{0} is neither an address nor a network such as 10.0.0.0/8")]
    Unreadable(String),
    /// Bits are set behind its length: it may mean the address or the network.
    #[error(
        "{given} has bits behind its length; say {network} for the network, {address} for the one address"
    )]
    Ambiguous {
        /// As it was given.
        given: String,
        /// The network it lies in.
        network: IpNet,
        /// The address it begins with.
        address: IpAddr,
    },
}

impl Networks {
    /// Reads every one of `texts`.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, NotANetwork> {
        texts.into_iter().map(network).collect::<Result<_, _>>().map(Self)
    }

    /// Whether `address` lies in one of them.
    pub fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether none is named.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The network that `text` names.
fn network(text: &str) -> Result<IpNet, NotANetwork> {
    let unreadable = || NotANetwork::Unreadable(text.to_owned());
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(address.to_canonical().into());
    }
    let network: IpNet = text.parse().map_err(|_| unreadable())?;
    if network.trunc() != network {
        return Err(NotANetwork::Ambiguous {
            given: text.to_owned(),
            network: network.trunc(),
            address: network.addr(),
        });
    }
    // Addresses are compared as what they are, so networks are too.
    match network.addr().to_canonical() {
        IpAddr::V4(address) if network.prefix_len() >= 96 && network.addr().is_ipv6() => {
            let length = network.prefix_len() - 96;
            Ipv4Net::new(address, length).map(IpNet::V4).map_err(|_| unreadable())
        }
        _ => Ok(network),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_networks_and_single_addresses_of_both_kinds() {
        let listed = ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::ffff:172.16.0.0/108"];
        let networks = Networks::of(listed).expect("networks");
        let has = |address: &str| networks.contain(address.parse().expect("an address"));
        for inside in
            ["10.255.0.1", "::ffff:10.0.0.1", "192.0.2.7", "2001:db8:1::1", "172.31.255.255"]
        {
            assert!(has(inside), "{inside}");
        }
        for outside in ["11.0.0.1", "192.0.2.8", "2001:db9::1", "172.32.0.0", "::1"] {
            assert!(!has(outside), "{outside}");
        }
        assert!(!Networks::default().contain(IpAddr::from([10, 0, 0, 1])));
    }

    #[test]
    fn what_may_mean_two_things_is_refused_with_both() {
        let wrong = Networks::of(["10.1.2.3/8"]).expect_err("ambiguous").to_string();
        assert_eq!(
            wrong,
            "10.1.2.3/8 has bits behind its length; say 10.0.0.0/8 for the network, 10.1.2.3 for the one address"
        );
        for text in ["", "10.0.0.0/33", "localhost", "10.0.0", "fe80::1%eth0"] {
            let unreadable = NotANetwork::Unreadable(text.to_owned());
            assert_eq!(Networks::of([text]), Err(unreadable), "{text}");
        }
    }
}
