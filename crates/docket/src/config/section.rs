//! A section of the config: its keys with what each is for and its default, declared once. The typed values, the
//! commented file and the list of what is in force are made of that.

use super::Set;
use crate::said::Said;
use docket_domain::story::Language;

/// What a comment of the config file says, in both languages; it may have several lines.
#[derive(Debug, Clone, Copy)]
pub struct About {
    en: &'static str,
    zh: &'static str,
}

impl About {
    /// The same in English and in Chinese.
    pub const fn of(en: &'static str, zh: &'static str) -> Self {
        Self { en, zh }
    }

    /// The lines for whoever reads this language.
    pub fn lines(self, language: Language) -> impl Iterator<Item = &'static str> {
        let text = match language {
            Language::En => self.en,
            Language::Zh => self.zh,
        };
        text.lines().map(str::trim)
    }
}

/// A key of the config file.
pub struct Field {
    /// Its name.
    pub key: &'static str,
    /// What it is for.
    pub about: About,
    /// The value where nobody sets it.
    pub default: &'static str,
    /// Whether it can be given as `…_file` too.
    pub secrecy: Secrecy,
}

/// Whether a value is kept out of sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrecy {
    /// Anyone may read it.
    Open,
    /// It may hold a password.
    Secret,
}

/// A section of the config file.
pub struct Section {
    /// Its name.
    pub name: &'static str,
    /// What it is about.
    pub about: About,
    /// Its keys.
    pub fields: &'static [Field],
}

/// A value in force, for `docket check`.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Listed {
    /// `section.key`.
    pub key: String,
    /// As it may be shown.
    pub value: String,
    /// Where it came from.
    pub origin: String,
    /// The same, for people.
    #[serde(skip)]
    pub from: Said,
}

/// Declares a section: a struct of its values and the table of its fields. What each is for stands before it, in
/// English as its documentation, in Chinese line by line as `zh`. A field marked `secret` may be given in a file of
/// its own.
macro_rules! section {
    ($(#[doc = $about:literal])+ $(#[zh = $about_zh:literal])+ $section:ident $name:ident {
        $($(#[doc = $doc:literal])+ $(#[zh = $zh:literal])+
            $key:ident: $shape:ty = $default:literal $($secret:ident)?;)*
    }) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone)]
        pub struct $name { $($(#[doc = $doc])+ pub $key: Set<$shape>,)* }

        impl $name {
            pub(super) const SECTION: Section = Section {
                name: stringify!($section),
                about: About::of(concat!($($about, "\n"),+), concat!($($about_zh, "\n"),+)),
                fields: &[$(Field {
                    key: stringify!($key),
                    about: About::of(concat!($($doc, "\n"),+), concat!($($zh, "\n"),+)),
                    default: $default,
                    secrecy: section!(@secrecy $($secret)?),
                },)*],
            };

            pub(super) fn take(layers: &mut Layers, data: &Path) -> Result<Self, Failure> {
                let section = stringify!($section);
                Ok(Self {
                    $($key: section!(@take layers, data, [section, stringify!($key)], $default, $($secret)?)?,)*
                })
            }

            pub(super) fn list(&self) -> Vec<Listed> {
                let section = stringify!($section);
                vec![$(listed(format!("{section}.{}", stringify!($key)), &self.$key),)*]
            }
        }
    };
    (@secrecy) => { Secrecy::Open };
    (@secrecy secret) => { Secrecy::Secret };
    (@take $layers:ident, $data:ident, $path:expr, $default:literal,) => {{
        let _ = $data;
        $layers.take(&$path, $default)
    }};
    (@take $layers:ident, $data:ident, $path:expr, $default:literal, secret) => {
        $layers.take_secret(&$path, $default, $data)
    };
}
pub(super) use section;

/// A value as `docket check` lists it.
pub fn listed<T>(key: String, set: &Set<T>) -> Listed {
    let origin = &set.origin;
    Listed { key, value: set.text.clone(), origin: origin.to_string(), from: origin.said() }
}
