//! Letters by SMTP: one at a time, over TLS where the server's address says so.

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MessageBuilder};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use std::time::Duration;

/// How long one step of the exchange may take, and all of it.
const STEP: Duration = Duration::from_secs(15);
const WHOLE: Duration = Duration::from_mins(1);

/// A letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// From whom: an address, or a name with an address.
    pub from: String,
    /// To whom.
    pub to: Vec<String>,
    /// What it is about, one line.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// What it is known by, before the `@`: the same however often it is sent.
    pub id: String,
}

/// Why a letter was not taken: one sentence for the memory of a task.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotMailed(String);

/// Whether letters can go from and to these.
pub fn is_mailbox(text: &str) -> bool {
    text.parse::<Mailbox>().is_ok()
}

/// Whether this is the address of a server of mail: `smtp://user:password@host:587?tls=required`, `smtps://…`.
pub fn is_server(url: &str) -> bool {
    server(url).is_ok()
}

fn server(url: &str) -> Result<AsyncSmtpTransport<Tokio1Executor>, NotMailed> {
    // A process may have several centers, in tests; the first installs what all use.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url);
    // What is wrong with it may show its password.
    let builder = builder.map_err(|_| NotMailed("its server cannot be read".to_owned()))?;
    Ok(builder.timeout(Some(STEP)).build())
}

/// Hands a letter to the server at `url`.
pub async fn send(url: &str, letter: &Letter) -> Result<(), NotMailed> {
    let (server, message) = (server(url)?, message(letter)?);
    match tokio::time::timeout(WHOLE, server.send(message)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(NotMailed(told(&error))),
        Err(_) => Err(NotMailed("no answer in time".to_owned())),
    }
}

fn message(letter: &Letter) -> Result<Message, NotMailed> {
    let mailbox = |text: &String| {
        text.parse::<Mailbox>().map_err(|_| NotMailed(format!("{text} is no address of mail")))
    };
    let from = mailbox(&letter.from)?;
    let id = format!("<{}@{}>", letter.id, from.email.domain());
    let builder = Message::builder().from(from).subject(&letter.subject).message_id(Some(id));
    let to = |builder: MessageBuilder, one| Ok::<_, NotMailed>(builder.to(mailbox(one)?));
    let builder = letter.to.iter().try_fold(builder, to)?;
    let message = builder.header(ContentType::TEXT_PLAIN).body(letter.text.clone());
    message.map_err(|error| NotMailed(error.to_string()))
}

/// The innermost cause says what happened; those around it say that it did.
fn told(error: &lettre::transport::smtp::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    match error.status() {
        Some(code) => format!("the server answered {code}: {cause}"),
        None => cause.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_has_plain_heads_and_says_all_in_any_language() {
        let letter = Letter {
            from: "Docket <docket@example.com>".to_owned(),
            to: vec!["ada@example.com".to_owned(), "Bob <bob@example.com>".to_owned()],
            subject: "店铺 Garden：令牌\r\nBcc: eve@example.com".to_owned(),
            text: "店铺".repeat(400),
            id: "7".to_owned(),
        };
        let sent = String::from_utf8(message(&letter).unwrap().formatted()).unwrap();
        let (head, _) = sent.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("Message-ID: <7@example.com>"), "{head}");
        assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
        assert!(sent.is_ascii() && sent.lines().all(|line| line.len() <= 998), "{sent}");
    }

    #[test]
    fn addresses_and_servers_are_judged_before_they_are_needed() {
        assert!(is_mailbox("ada@example.com") && is_mailbox("Ada <ada@example.com>"));
        assert!(!is_mailbox("ada") && !is_mailbox(""));
        assert!(is_server("smtp://127.0.0.1:2525") && is_server("smtps://u:p@mail.example.com"));
        assert!(!is_server("https://mail.example.com") && !is_server("mail.example.com"));
    }
}
