//! What a request is signed with. Nothing of it is ever shown.

use std::fmt;

/// A text that must not stand in a log.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text from being shown.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for signing, sealing and sending.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Who asks, in whose name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The number of our app at the marketplace.
    pub app_key: String,
    /// What belongs to it.
    pub app_secret: Secret,
    /// What the seller gave our app; empty only for [`Call::ExchangeCode`](super::Call::ExchangeCode).
    pub access_token: Secret,
    /// The marketplace's number of the shop (Temu: the mall), for marketplaces that sign it or want it named.
    pub shop: String,
}

/// The secret of one app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppSecret {
    /// The number of the app.
    pub app_key: String,
    /// What belongs to it.
    pub app_secret: Secret,
}

/// The apps that we have at a marketplace. One app may stand here twice while its secret is exchanged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AppSecrets(pub Vec<AppSecret>);

impl AppSecrets {
    /// The secrets of an app.
    pub fn of<'a>(&'a self, app_key: &'a str) -> impl Iterator<Item = &'a Secret> {
        self.0.iter().filter(move |app| app.app_key == app_key).map(|app| &app.app_secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_not_shown() {
        let secret = |text: &str| Secret::new(text);
        let credentials = Credentials {
            app_key: "app".into(),
            app_secret: secret("hidden-1"),
            access_token: secret("hidden-2"),
            shop: "m-1".into(),
        };
        assert!(!format!("{credentials:?}").contains("hidden"));
    }
}
