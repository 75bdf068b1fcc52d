//! Where objects lie: a folder, or a bucket of an S3-compatible store. Three verbs, and no more is asked of either.

use crate::net::{Headers, Limits, Method, Net, TooLong};
use docket_store::private;
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a signature is valid.
const SIGNED_FOR: Duration = Duration::from_mins(10);
/// Bytes of an answer that is no object.
const WORDS: usize = 2048;

/// Where an archive is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DepotAt {
    /// A folder.
    Folder(PathBuf),
    /// A bucket.
    S3(S3At),
}

/// Where a bucket is, and who we are there.
#[derive(Clone, PartialEq, Eq)]
pub struct S3At {
    /// `https://host:port`.
    pub endpoint: String,
    /// Its name; it stands in the path.
    pub bucket: String,
    /// What names of objects begin with; empty, or with a `/` at its end.
    pub prefix: String,
    /// Such as `us-east-1`.
    pub region: String,
    /// The public half of our credentials there.
    pub access_key: String,
    /// The secret half; it signs and is never sent.
    pub secret: String,
}

impl fmt::Debug for S3At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.endpoint, self.bucket, self.prefix)
    }
}

/// Why an object could not be moved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DepotError {
    /// The archive answers, and has no such object.
    #[error("the archive has no object {0}")]
    Missing(String),
    /// The object is longer than it was written.
    #[error("the object {name} of the archive is longer than {most} bytes")]
    TooLong {
        /// The object's name, below the prefix.
        name: String,
        /// How long it may be.
        most: usize,
    },
    /// The archive does not answer, or refuses.
    #[error("the archive cannot be reached: {0}")]
    Away(String),
}

/// A way to an archive.
pub(super) enum Depot<'a> {
    Folder(&'a Path),
    S3 { net: &'a Net, bucket: Box<Bucket>, prefix: &'a str, credentials: Credentials },
}

impl<'a> Depot<'a> {
    /// The archive at `at`; nothing is asked of it yet.
    pub fn of(at: &'a DepotAt, net: &'a Net) -> Result<Self, DepotError> {
        match at {
            DepotAt::Folder(path) => Ok(Self::Folder(path)),
            DepotAt::S3(at) => {
                let wrong = |why: &dyn fmt::Display| DepotError::Away(format!("{at:?}: {why}"));
                let endpoint = at.endpoint.parse().map_err(|error| wrong(&error))?;
                let (name, region) = (at.bucket.clone(), at.region.clone());
                let bucket = Bucket::new(endpoint, UrlStyle::Path, name, region);
                Ok(Self::S3 {
                    net,
                    bucket: Box::new(bucket.map_err(|error| wrong(&error))?),
                    prefix: &at.prefix,
                    credentials: Credentials::new(at.access_key.clone(), at.secret.clone()),
                })
            }
        }
    }

    /// Makes the folder, if it is one: who writes there first does not have to.
    pub async fn prepare(&self) -> Result<(), DepotError> {
        let Self::Folder(root) = self else { return Ok(()) };
        let root = root.to_path_buf();
        let made = move || private::folder(&root).map_err(|error| no_folder(&root, &error));
        blocking("", made).await
    }

    /// Writes an object, over one of its name. It is on disk when this answers.
    pub async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), DepotError> {
        match self {
            Self::Folder(root) => {
                let path = root.join(name);
                blocking(name, move || write_whole(&path, &bytes)).await
            }
            Self::S3 { bucket, prefix, credentials, .. } => {
                let key = format!("{prefix}{name}");
                let url = bucket.put_object(Some(credentials), &key).sign(SIGNED_FOR);
                self.ask(Method::PUT, url.as_str(), name, bytes, WORDS).await.map(drop)
            }
        }
    }

    /// Reads an object of at most `most` bytes; a longer one is refused.
    pub async fn get(&self, name: &str, most: usize) -> Result<Vec<u8>, DepotError> {
        match self {
            Self::Folder(root) => {
                let (root, path) = (root.to_path_buf(), root.join(name));
                let bytes = blocking(name, move || {
                    // A folder that is not mounted is away; it has not lost its objects.
                    std::fs::metadata(&root).map_err(|error| no_folder(&root, &error))?;
                    let mut bytes = Vec::new();
                    File::open(&path)?.take(most as u64 + 1).read_to_end(&mut bytes)?;
                    Ok(bytes)
                });
                Some(bytes.await?)
                    .filter(|bytes| bytes.len() <= most)
                    .ok_or_else(|| too_long(name, most))
            }
            Self::S3 { bucket, prefix, credentials, .. } => {
                let key = format!("{prefix}{name}");
                let url = bucket.get_object(Some(credentials), &key).sign(SIGNED_FOR);
                self.ask(Method::GET, url.as_str(), name, Vec::new(), most).await
            }
        }
    }

    /// Removes an object, if it is there.
    pub async fn delete(&self, name: &str) -> Result<(), DepotError> {
        let removed = match self {
            Self::Folder(root) => {
                let path = root.join(name);
                blocking(name, move || std::fs::remove_file(&path)).await
            }
            Self::S3 { bucket, prefix, credentials, .. } => {
                let key = format!("{prefix}{name}");
                let url = bucket.delete_object(Some(credentials), &key).sign(SIGNED_FOR);
                self.ask(Method::DELETE, url.as_str(), name, Vec::new(), WORDS).await.map(drop)
            }
        };
        match removed {
            Err(DepotError::Missing(_)) => Ok(()),
            other => other,
        }
    }

    /// Writes, reads and removes a small object.
    pub async fn probe(&self) -> Result<(), DepotError> {
        let (name, bytes) = (format!("probe-{}", std::process::id()), b"docket".to_vec());
        self.put(&name, bytes.clone()).await?;
        let read = self.get(&name, WORDS).await;
        self.delete(&name).await?;
        if read? == bytes {
            return Ok(());
        }
        Err(DepotError::Away("it gives back something else than it took".to_owned()))
    }

    async fn ask(
        &self,
        method: Method,
        url: &str,
        name: &str,
        body: Vec<u8>,
        most: usize,
    ) -> Result<Vec<u8>, DepotError> {
        let Self::S3 { net, .. } = self else {
            return Err(DepotError::Away("it is no bucket".to_owned()));
        };
        // What is no object may be longer than one.
        let limits = Limits::object(most.max(WORDS));
        let reply = net.send(method, url, Headers::new(), body, limits).await;
        let reply = reply.map_err(|error| DepotError::Away(error.to_string()))?;
        let fits = |body: Vec<u8>| {
            if body.len() > most { Err(TooLong { limit: most }) } else { Ok(body) }
        };
        let body = reply.body.and_then(fits);
        let words = || String::from_utf8_lossy(body.as_deref().unwrap_or_default()).into_owned();
        match reply.status {
            200..=299 => body.map_err(|_| too_long(name, most)),
            // A bucket that is not there is no object that is not there.
            404 if !words().contains("NoSuchBucket") => Err(DepotError::Missing(name.to_owned())),
            status => Err(DepotError::Away(format!("it answered {status}{}", code_of(&words())))),
        }
    }
}

fn too_long(name: &str, most: usize) -> DepotError {
    DepotError::TooLong { name: name.to_owned(), most }
}

/// The code in an answer of S3, which is XML.
fn code_of(words: &str) -> String {
    let code = words.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    code.map_or_else(String::new, |(code, _)| format!(" ({code})"))
}

fn no_folder(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, format!("{}: {error}", path.display()))
}

/// Runs what waits for a disk on a thread that may wait.
async fn blocking<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, DepotError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => {
            Err(DepotError::Missing(name.to_owned()))
        }
        Ok(Err(error)) => Err(DepotError::Away(error.to_string())),
        Err(error) => Err(DepotError::Away(error.to_string())),
    }
}

/// A file under its name is whole and on disk, or not there.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let away = |error: io::Error| io::Error::other(format!("{}: {error}", path.display()));
    let folder = path.parent().unwrap_or(Path::new("."));
    private::folder(folder).map_err(away)?;
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    private::file_to_be(&part).map_err(away)?;
    let file = File::options().write(true).truncate(true).open(&part);
    let mut file = file.map_err(away)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(away)?;
    std::fs::rename(&part, path).map_err(away)?;
    // The name is on disk when its folder is, and the folder's when the one above is.
    File::open(folder)?.sync_all()?;
    folder.parent().map_or(Ok(()), |above| File::open(above)?.sync_all())
}
