//! The values of `[archive]`: where it is, and when things go there.

use super::Config;
use super::shapes::{Shape, web};
use docket_app::archive::{DepotAt, S3At};
use docket_domain::time::{DAY, Millis};
use std::path::{Path, PathBuf};

impl Config {
    /// The archive, if there is one.
    pub fn archive_at(&self) -> Option<docket_app::ArchiveSettings> {
        let set = &self.archive;
        Some(docket_app::ArchiveSettings {
            at: set.url.at(&self.data, &set.region.0, &set.access_key.0, &set.secret.0)?,
            log_after: set.log_after_days.millis(),
            snapshots_after: set.snapshots_after_days.millis(),
            orders_after: set.orders_after_days.millis(),
        })
    }
}

/// `off`, `file:PATH` or `s3:https://HOST:PORT/BUCKET/PREFIX`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchiveUrl {
    /// None.
    Off,
    /// A folder.
    Folder(PathBuf),
    /// A bucket: where, its name, and what names of objects begin with.
    Bucket {
        /// `https://HOST:PORT`.
        endpoint: String,
        /// Its name.
        bucket: String,
        /// Empty, or with a `/` at its end.
        prefix: String,
    },
}

impl ArchiveUrl {
    /// The archive, for a data folder and who we are at a bucket.
    fn at(&self, data: &Path, region: &str, access_key: &str, secret: &str) -> Option<DepotAt> {
        match self {
            Self::Off => None,
            Self::Folder(path) => Some(DepotAt::Folder(data.join(path))),
            Self::Bucket { endpoint, bucket, prefix } => Some(DepotAt::S3(S3At {
                endpoint: endpoint.clone(),
                bucket: bucket.clone(),
                prefix: prefix.clone(),
                region: region.to_owned(),
                access_key: access_key.to_owned(),
                secret: secret.to_owned(),
            })),
        }
    }

    fn bucket(url: &str) -> Option<Self> {
        let url = web(url)?;
        let is_bare = url.username().is_empty() && url.password().is_none();
        let (path, beside) = (&url.path()[1..], url.query().or(url.fragment()));
        let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
        let prefix = prefix.trim_matches('/');
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        if !is_bare || beside.is_some() || bucket.is_empty() || !path.chars().all(plain) {
            return None;
        }
        Some(Self::Bucket {
            endpoint: url.origin().ascii_serialization(),
            bucket: bucket.to_owned(),
            prefix: if prefix.is_empty() { String::new() } else { format!("{prefix}/") },
        })
    }
}

impl Shape for ArchiveUrl {
    const LOOKS: (&'static str, &'static str) = (
        "off, file:PATH or s3:https://HOST:PORT/BUCKET/PREFIX",
        " off、file:PATH 或 s3:https://HOST:PORT/BUCKET/PREFIX",
    );

    fn read(text: &str) -> Option<Self> {
        if text == "off" {
            return Some(Self::Off);
        }
        if let Some(path) = text.strip_prefix("file:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return (!path.is_empty()).then(|| Self::Folder(PathBuf::from(path)));
        }
        Self::bucket(text.strip_prefix("s3:")?)
    }
}

/// Days, from none to a hundred years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days(i64);

impl Days {
    /// As milliseconds.
    const fn millis(self) -> Millis {
        self.0 * DAY
    }
}

impl Shape for Days {
    const LOOKS: (&'static str, &'static str) =
        ("a number of days from 0 to 36500", "天数，0 到 36500");

    fn read(text: &str) -> Option<Self> {
        text.parse().ok().filter(|days| (0..=36_500).contains(days)).map(Self)
    }
}

/// A word that another system knows, or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(pub String);

impl Shape for Name {
    const LOOKS: (&'static str, &'static str) = ("a word without spaces", "不含空格的字词");

    fn read(text: &str) -> Option<Self> {
        (text.len() <= 256 && !text.contains(char::is_whitespace)).then(|| Self(text.to_owned()))
    }
}

/// A secret: never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Shape for Secret {
    const LOOKS: (&'static str, &'static str) = ("a secret of one line", "单行的密钥");

    fn read(text: &str) -> Option<Self> {
        (!text.contains(char::is_control)).then(|| Self(text.to_owned()))
    }

    fn shown(text: &str) -> String {
        if text.is_empty() { String::new() } else { "***".to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_off_a_folder_or_a_bucket() {
        assert_eq!(ArchiveUrl::read("off"), Some(ArchiveUrl::Off));
        assert_eq!(ArchiveUrl::read("file:old"), Some(ArchiveUrl::Folder("old".into())));
        assert_eq!(
            ArchiveUrl::read("file:///srv/old"),
            Some(ArchiveUrl::Folder("/srv/old".into()))
        );
        let bucket = |endpoint: &str, prefix: &str| {
            let (endpoint, prefix) = (endpoint.to_owned(), prefix.to_owned());
            Some(ArchiveUrl::Bucket { endpoint, bucket: "b".to_owned(), prefix })
        };
        assert_eq!(ArchiveUrl::read("s3:https://h:9/b"), bucket("https://h:9", ""));
        assert_eq!(ArchiveUrl::read("s3:http://h/b/of/docket/"), bucket("http://h", "of/docket/"));
        for wrong in [
            "",
            "on",
            "file:",
            "s3:",
            "s3:h/b",
            "s3:https://h",
            "s3:https://h/",
            "s3:https://h/b c",
            "s3:https://u:p@h/b",
        ] {
            assert_eq!(ArchiveUrl::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_secret_of_a_bucket_is_not_shown() {
        assert_eq!(Secret::shown("hush"), "***");
        assert_eq!(format!("{:?}", Secret("hush".to_owned())), "***");
    }
}
