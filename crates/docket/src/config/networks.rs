//! Networks as they are written in the config: a list of CIDR and of single addresses.

use super::layers::Form;
use super::shapes::Shape;
use crate::said::{Said, said};
use docket_app::{Networks, NotANetwork};

/// The parts of a list: `a, b`, or as TOML and JSON write it.
pub fn parts(text: &str) -> impl Iterator<Item = &str> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let parts = bare.split(',').map(|part| part.trim().trim_matches(['"', '\'']));
    parts.filter(|part| !part.is_empty())
}

impl Shape for Networks {
    const LOOKS: (&'static str, &'static str) = (
        "a list of networks and addresses, such as [\"10.0.0.0/8\", \"fd00::/8\", \"192.0.2.7\"]",
        "网络和地址的列表，例如 [\"10.0.0.0/8\", \"fd00::/8\", \"192.0.2.7\"]",
    );

    const FORM: Form = Form::List;

    fn read(text: &str) -> Option<Self> {
        Self::of(parts(text)).ok()
    }

    fn wrong(text: &str) -> Option<Said> {
        Some(match Self::of(parts(text)).err()? {
            NotANetwork::Unreadable(part) => {
                said!("{part} is no network", "{part} 不是网络")
            }
            NotANetwork::Ambiguous { given, network, address } => said!(
                "{given} has bits behind its length; say {network} for the network, {address} for the one address",
                "{given} 的前缀之后仍有非零位；整个网络请写 {network}，单个地址请写 {address}"
            ),
        })
    }
}
