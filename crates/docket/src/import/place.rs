//! What comes out of the files of an import: an order as a JSON line, or why a row is none, each with the file
//! and line it stands in.

use super::columns::WrongCell;
use super::summed::Summed;
use crate::said::Said;
use docket_domain::story::Language;
use serde::{Serialize, Serializer};

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The name of the file.
    pub file: String,
    /// Counted from 1.
    pub line: u64,
}

/// An order that was read, or a row that is none.
#[derive(Debug)]
pub struct Produced {
    /// Where it stands.
    pub place: Place,
    /// A JSON line.
    pub order: Result<Vec<u8>, Unfit>,
    /// What the source calls the order, where that is known without reading it.
    pub key: Option<Box<str>>,
    /// The status word of the source.
    pub status: Option<String>,
    /// Rows of the files that it is made of: which file, and how many.
    pub rows: Vec<(usize, u64)>,
    /// What of it its rows had no room for.
    pub summed: Vec<Summed>,
    /// Bytes of the files that were read until here.
    pub done: u64,
}

/// Why a row is no order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unfit {
    /// Where: not always the row of the order, it may be one of its lines or payments.
    #[serde(flatten)]
    pub place: Place,
    /// What the source calls the order; left out of JSON lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Box<str>>,
    /// The column, or the field of the order; empty for the row as a whole.
    pub field: Box<str>,
    /// A stable code.
    pub code: Box<str>,
    /// What is wrong; programs are told in English.
    #[serde(serialize_with = "in_english")]
    pub message: Said,
}

fn in_english<S: Serializer>(said: &Said, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(said.to(Language::En))
}

impl Unfit {
    /// The row as a whole.
    pub fn row(place: Place, code: &'static str, message: Said) -> Self {
        Self { place, order: None, field: "".into(), code: code.into(), message }
    }

    /// One of its cells.
    pub fn cell(place: Place, wrong: WrongCell) -> Self {
        let WrongCell { column, wrong: (code, message) } = wrong;
        Self { field: column.into(), ..Self::row(place, code, message) }
    }
}
