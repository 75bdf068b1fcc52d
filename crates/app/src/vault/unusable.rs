//! Why keys cannot be used: for whoever tells people, in their language.

/// Why keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Reading or writing failed.
    #[error("{path}: {error}")]
    File {
        /// The key file as it was named.
        path: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// They are no keys of ours.
    #[error("{path} is not a key file: {what}")]
    Malformed {
        /// The key file, or by what they were given.
        path: String,
        /// What is wrong.
        what: Malformed,
    },
}

/// What is wrong with what should be keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It is empty.
    #[error("it is empty")]
    Empty,
    /// It is not the JSON of keys.
    #[error("it is not the JSON text that `docket privacy new` prints")]
    NotJson,
    /// It has no key that seals.
    #[error("it holds no sealing key")]
    NoSealKey,
    /// One of its keys is none.
    #[error("a key in it is not of 64 hexadecimal digits")]
    BadKey,
}
