//! The schema: by which steps it is made (`migrate`), and which one a database has (`peek`).

#[cfg(test)]
pub mod counting;
pub mod migrate;
pub mod peek;
