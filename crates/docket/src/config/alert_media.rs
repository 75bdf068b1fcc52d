//! The shapes of what alerts are told by: addresses, people who are written to, headers.

use super::layers::Form;
use super::networks::parts;
use super::shapes::Shape;
use docket_app::Secret as HiddenText;
use docket_app::net::{Method, Url, is_mail_server, is_mailbox};
use docket_domain::story::Language;

/// The address of a receiver, or nothing; it may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct MediumUrl(pub String);

/// What signs what a receiver is told, or nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret(pub String);

/// A server of mail, or nothing; it may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct MailServer(pub String);

/// Addresses of mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailboxes(pub Vec<String>);

/// How a gateway is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpMethod(pub Method);

/// Headers, each with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headers(pub Vec<(String, HiddenText)>);

/// The language in which people are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TellingLanguage(pub Language);

/// What is never shown.
macro_rules! hidden {
    ($($name:ident),*) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("***")
            }
        }
    )*};
}
hidden!(MediumUrl, SigningSecret, MailServer);

fn shown(text: &str) -> String {
    if text.is_empty() { String::new() } else { "***".to_owned() }
}

impl Shape for MediumUrl {
    const LOOKS: (&'static str, &'static str) = (
        "an address such as https://host/path, or nothing",
        "地址，例如 https://host/path，或留空",
    );

    fn read(text: &str) -> Option<Self> {
        let is_web = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
        // Places of a template are no part of an address yet.
        let plain = text.replace(['{', '}'], "");
        let fine = text.is_empty() || plain.parse::<Url>().is_ok_and(|url| is_web(&url));
        fine.then(|| Self(text.to_owned()))
    }

    fn shown(text: &str) -> String {
        shown(text)
    }
}

impl Shape for SigningSecret {
    const LOOKS: (&'static str, &'static str) = (
        "`whsec_` with base64, or a text of at least sixteen characters",
        " `whsec_` 加 base64，或至少十六个字符的文本",
    );

    fn read(text: &str) -> Option<Self> {
        let fine = text.is_empty() || docket_app::Receiver::secret(text).is_some();
        fine.then(|| Self(text.to_owned()))
    }

    fn shown(text: &str) -> String {
        shown(text)
    }
}

impl Shape for MailServer {
    const LOOKS: (&'static str, &'static str) = (
        "a server of mail such as smtp://user:password@host:587?tls=required, or nothing",
        "邮件服务器，例如 smtp://user:password@host:587?tls=required，或留空",
    );

    fn read(text: &str) -> Option<Self> {
        (text.is_empty() || is_mail_server(text)).then(|| Self(text.to_owned()))
    }

    fn shown(text: &str) -> String {
        shown(text)
    }
}

impl Shape for Mailboxes {
    const LOOKS: (&'static str, &'static str) = (
        "addresses of mail, such as [\"ada@example.com\", \"Bob <bob@example.com>\"]",
        "邮件地址，例如 [\"ada@example.com\", \"Bob <bob@example.com>\"]",
    );

    const FORM: Form = Form::List;

    fn read(text: &str) -> Option<Self> {
        let all: Vec<String> = parts(text).map(str::to_owned).collect();
        all.iter().all(|one| is_mailbox(one)).then_some(Self(all))
    }
}

impl Shape for HttpMethod {
    const LOOKS: (&'static str, &'static str) = ("POST, PUT or GET", " POST、PUT 或 GET");

    fn read(text: &str) -> Option<Self> {
        let known = [Method::POST, Method::PUT, Method::GET];
        known.into_iter().find(|method| method.as_str() == text).map(Self)
    }
}

impl Shape for Headers {
    const LOOKS: (&'static str, &'static str) = (
        "headers, such as [\"Content-Type: application/json\", \"Authorization: Bearer x\"]",
        "请求头，例如 [\"Content-Type: application/json\", \"Authorization: Bearer x\"]",
    );

    const FORM: Form = Form::List;

    fn read(text: &str) -> Option<Self> {
        let header = |part: &str| {
            let (name, value) = part.split_once(':')?;
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
            let fine = !name.is_empty() && name.chars().all(plain);
            let is_text = value.chars().all(|c| c.is_ascii_graphic() || c == ' ');
            (fine && is_text).then(|| (name.to_owned(), HiddenText::new(value.trim())))
        };
        parts(text).map(header).collect::<Option<_>>().map(Self)
    }

    fn shown(text: &str) -> String {
        let named = parts(text).filter_map(|part| part.split_once(':'));
        named.map(|(name, _)| format!("{name}: ***")).collect::<Vec<_>>().join(", ")
    }
}

impl Shape for TellingLanguage {
    const LOOKS: (&'static str, &'static str) = ("en or zh", " en 或 zh");

    fn read(text: &str) -> Option<Self> {
        match text {
            "en" => Some(Self(Language::En)),
            "zh" => Some(Self(Language::Zh)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_alerts_are_told_by_is_read_and_what_is_secret_is_not_shown() {
        assert!(MediumUrl::read("https://host/send?to=1&text={text}").is_some());
        assert!(MediumUrl::read("").is_some() && MediumUrl::read("ftp://host/").is_none());
        assert_eq!(MediumUrl::shown("https://host/?token=hush"), "***");
        assert!(SigningSecret::read("short").is_none());
        assert!(SigningSecret::read("sixteen-or-more-of-them").is_some());
        assert!(MailServer::read("smtp://u:p@host:587?tls=required").is_some());
        assert!(MailServer::read("https://host").is_none());
        let two = Mailboxes::read("[\"ada@example.com\", \"Bob <bob@example.com>\"]");
        assert_eq!(two.map(|two| two.0.len()), Some(2));
        assert_eq!(Mailboxes::read("ada"), None);
        let headers =
            Headers::read("Content-Type: text/plain, Authorization: Bearer hush").unwrap();
        assert_eq!(headers.0[1].0, "Authorization");
        assert_eq!(headers.0[1].1.reveal(), "Bearer hush");
        assert_eq!(
            Headers::shown("Content-Type: text/plain, Authorization: Bearer hush"),
            "Content-Type: ***, Authorization: ***"
        );
        assert_eq!(Headers::read("no header"), None);
        assert!(HttpMethod::read("POST").is_some() && HttpMethod::read("DELETE").is_none());
        assert!(TellingLanguage::read("zh").is_some() && TellingLanguage::read("fr").is_none());
    }
}
