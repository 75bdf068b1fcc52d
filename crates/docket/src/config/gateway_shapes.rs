//! Values that a payment gateway is set by.

use super::shapes::{Shape, web};

/// How a payment gateway is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connector {
    /// By the protocol of `docket sandbox pay`.
    Sandbox,
    /// Not by us.
    External,
}

impl Shape for Connector {
    const LOOKS: (&'static str, &'static str) = ("sandbox or external", " sandbox 或 external");

    fn read(text: &str) -> Option<Self> {
        match text {
            "sandbox" => Some(Self::Sandbox),
            "external" => Some(Self::External),
            _ => None,
        }
    }
}

/// The base of an address on the web without a slash at its end, or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(pub Option<String>);

impl BaseUrl {
    /// `host:port`.
    pub fn host(base: &str) -> Option<String> {
        let url = web(base)?;
        Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?))
    }
}

impl Shape for BaseUrl {
    const LOOKS: (&'static str, &'static str) = (
        "an address such as https://host/path, without a question mark",
        "地址，例如 https://host/path，不含问号",
    );

    fn read(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self(None));
        }
        let plain = |c: char| c.is_ascii_graphic() && c != '?' && c != '#';
        let fits = text.len() <= 512 && text.chars().all(plain);
        let host = Self::host(text)?;
        (fits && host.len() <= 256).then(|| Self(Some(text.trim_end_matches('/').to_owned())))
    }
}

/// The number of a merchant at a gateway: it stands in headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merchant(pub String);

impl Shape for Merchant {
    const LOOKS: (&'static str, &'static str) =
        ("1 to 64 plain signs without blanks", "1 到 64 个不含空格的普通字符");

    fn read(text: &str) -> Option<Self> {
        let fits = (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }
}

/// What messages are signed with; it hides.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Shape for Secret {
    const LOOKS: (&'static str, &'static str) = ("a text that is not empty", "非空文本");

    fn read(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    fn shown(text: &str) -> String {
        if text.is_empty() { String::new() } else { "***".to_owned() }
    }
}

/// What orders call a payment gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayName(pub String);

impl Shape for GatewayName {
    const LOOKS: (&'static str, &'static str) = (
        "named with 1 to 32 letters in lower case, digits, - and _",
        "名称：1 到 32 个小写字母、数字、- 或 _",
    );

    fn read(text: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        let fits = (1..=32).contains(&text.len()) && text.chars().all(plain);
        fits.then(|| Self(text.to_owned()))
    }
}
