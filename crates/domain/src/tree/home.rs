//! Whose order a tree is, and the word for it.

use serde::{Deserialize, Serialize};

/// Whose order a tree is: only its home decides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Home {
    /// This center.
    #[default]
    Center,
    /// A branch, by its name.
    Branch(String),
    /// A channel shop, by its shop id.
    Channel(String),
    /// A pair of sites.
    Sites,
}

impl Home {
    /// The word at the API and in the database: `center`, `branch:NAME`, `channel:SHOP`, `sites`.
    pub fn word(&self) -> String {
        match self {
            Self::Center => "center".to_owned(),
            Self::Branch(name) => format!("branch:{name}"),
            Self::Channel(shop) => format!("channel:{shop}"),
            Self::Sites => "sites".to_owned(),
        }
    }

    /// The home of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        match word.split_once(':') {
            None if word == "center" => Some(Self::Center),
            None if word == "sites" => Some(Self::Sites),
            Some(("branch", name)) => Some(Self::Branch(name.to_owned())),
            Some(("channel", shop)) => Some(Self::Channel(shop.to_owned())),
            _ => None,
        }
    }
}

impl Serialize for Home {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.word())
    }
}

impl<'de> Deserialize<'de> for Home {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_word(&word).ok_or_else(|| serde::de::Error::custom("no home of an order"))
    }
}
