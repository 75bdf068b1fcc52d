//! The config: defaults, over them `docket.toml`, over it the environment, over it the command line. Every
//! value knows where it came from. What can be set stands in `sections`, and in `deadlines`, `payments`, `coupons`,
//! `ledger` and `mirror`; nothing here acts on it.

mod alert_media;
mod alerts;
mod archive;
mod channels;
mod coupons;
mod deadlines;
mod environment;
mod file;
mod gateway_shapes;
mod keys;
mod layers;
mod ledger;
mod mirror;
mod nearest;
mod networks;
mod nightly;
mod payments;
mod schema;
mod section;
mod sections;
mod server;
mod shapes;
mod strange;
mod template;
#[cfg(test)]
mod tests;

pub use schema::Config;
pub use section::Listed;
pub use shapes::{Length, LogFormat, Shape};
pub use template::template;

use crate::cli::Options;
use crate::failure::Failure;
use crate::said::{Said, said};
use layers::{Form, Given, Layers};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The name of the config file in the data folder or the current one.
const FILE: &str = "docket.toml";
/// The data folder where none is named.
pub const DATA: &str = "docket-data";

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The config file, at this line.
    File(PathBuf, usize),
    /// An environment variable.
    Environment(String),
    /// The command line.
    Flag(&'static str),
}

impl Origin {
    /// For people.
    pub fn said(&self) -> Said {
        match self {
            Self::Default => said!("default", "默认值"),
            Self::File(path, line) => Said::as_told(format!("{}:{line}", path.display())),
            Self::Environment(name) => said!("environment {name}", "环境变量 {name}"),
            Self::Flag(flag) => Said::as_told(flag),
        }
    }
}

impl Origin {
    /// Where it stands, without words: the same in every language.
    pub fn place(&self) -> String {
        match self {
            Self::Environment(name) => name.clone(),
            Self::Default | Self::File(..) | Self::Flag(_) => self.to_string(),
        }
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(flag) => write!(f, "{flag}"),
        }
    }
}

/// A value and where it came from.
#[derive(Debug, Clone)]
pub struct Set<T> {
    /// The value.
    pub value: T,
    /// As it was written.
    pub text: String,
    /// Who wrote it.
    pub origin: Origin,
}

impl<T> std::ops::Deref for Set<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Reads the config that is in force for a command.
pub fn load(options: &Options, listen: Option<&str>) -> Result<Config, Failure> {
    let data = options.data.clone().unwrap_or_else(|| PathBuf::from(DATA));
    let path = file_of(options, &data);
    let mut layers = Layers::default();
    if let Some(path) = &path {
        layers.add(file::read(path)?)?;
    }
    layers.add(environment::read())?;
    if let Some(listen) = listen {
        let origin = Origin::Flag("--listen");
        let path = vec!["server".to_owned(), "listen".to_owned()];
        layers.add(vec![Given { path, text: listen.to_owned(), form: Form::One, origin }])?;
    }
    Config::read(layers, data, path)
}

/// `host:port` of the base of an address.
pub fn host_of(base: &str) -> Option<String> {
    gateway_shapes::BaseUrl::host(base)
}

/// The config file: the one named, else that of the data folder, else that of the current folder. One that may not be
/// looked at counts as there, so that it is told as such.
fn file_of(options: &Options, data: &Path) -> Option<PathBuf> {
    let is_there = |path: &PathBuf| {
        path.try_exists().unwrap_or_else(|error| error.kind() == ErrorKind::PermissionDenied)
    };
    let usual = || [data.join(FILE), PathBuf::from(FILE)].into_iter().find(is_there);
    options.config.clone().or_else(usual)
}
