//! What is in an object: JSON lines, compressed; the first says what it is, each other is one row.

use super::depot::{Depot, DepotError};
use crate::Error;
use docket_domain::{Id, Time};
use docket_store::{KeptRow, Segment, SegmentKind, SegmentState, StoreError};
use docket_wire::moment;
use sha2::{Digest, Sha256};
use std::io::Write;

/// Bytes of lines after which an object is full: moving it away ends in seconds, and so does reading one order of it.
const FULL: usize = 8 << 20;
/// Rows after which it is.
const ROWS_MAX: u32 = 25_000;
/// What lines are compressed with: fast, and small enough.
const LEVEL: i32 = 6;

/// An object in the making.
pub(super) struct Draft {
    kind: SegmentKind,
    lines: zstd::Encoder<'static, Vec<u8>>,
    bytes: usize,
    /// Trees so far.
    pub trees: u32,
    rows: u32,
    from: Time,
    to: Time,
}

fn broken(error: &std::io::Error) -> Error {
    Error::Internal(format!("an object of the archive cannot be compressed: {error}"))
}

impl Draft {
    /// An object without rows.
    pub fn new(kind: SegmentKind) -> Result<Self, Error> {
        let mut lines = zstd::Encoder::new(Vec::new(), LEVEL).map_err(|error| broken(&error))?;
        let word = kind.word();
        writeln!(lines, "{{\"archive\":\"docket\",\"version\":1,\"kind\":\"{word}\"}}")
            .map_err(|error| broken(&error))?;
        Ok(Self {
            kind,
            lines,
            bytes: 0,
            trees: 0,
            rows: 0,
            from: Time(i64::MAX),
            to: Time(i64::MIN),
        })
    }

    /// Adds the rows of one tree.
    pub fn add(&mut self, rows: &[KeptRow]) -> Result<(), Error> {
        for row in rows {
            let line = row.line();
            writeln!(self.lines, "{line}").map_err(|error| broken(&error))?;
            self.bytes += line.len();
            (self.from, self.to) = (self.from.min(row.at()), self.to.max(row.at()));
        }
        self.rows += rows.len() as u32;
        self.trees += 1;
        Ok(())
    }

    /// Whether no more should be added.
    pub const fn is_full(&self) -> bool {
        self.bytes >= FULL || self.rows >= ROWS_MAX
    }

    /// The object, named by what it is of and by what it is, and its segment.
    pub fn finish(self) -> Result<(Segment, Vec<u8>), Error> {
        let object = self.lines.finish().map_err(|error| broken(&error))?;
        let sha256: [u8; 32] = Sha256::digest(&object).into();
        let word = self.kind.word();
        let (from, to) = (day_and_time(self.from), day_and_time(self.to));
        let segment = Segment {
            id: Id(0),
            kind: self.kind,
            name: format!("{word}/{word}-{from}-{to}-{}.jsonl.zst", hex::encode(sha256)),
            from: self.from,
            to: self.to,
            trees: self.trees,
            rows: self.rows,
            bytes: object.len() as u64,
            sha256,
            state: SegmentState::Moving,
            away: 0,
            created_at: Time(0),
        };
        Ok((segment, object))
    }
}

/// `20261120T100000Z`.
fn day_and_time(time: Time) -> String {
    let mut buffer = [0; 24];
    let text = moment::format(time, &mut buffer);
    let (seconds, _) = text.split_once('.').unwrap_or((text, ""));
    format!("{}Z", seconds.replace(['-', ':'], ""))
}

/// Why an object cannot be used.
pub(super) enum Unread {
    /// The archive does not answer.
    Away(String),
    /// The archive has no such object, or another one under its name.
    Damaged(String),
}

impl From<Unread> for Error {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Away(why) => Self::ArchiveUnreachable(why),
            Unread::Damaged(what) => Self::ArchiveDamaged(what),
        }
    }
}

/// An object that was read and is what its segment says.
pub(super) struct Object {
    lines: String,
}

impl Object {
    /// Reads the object of `segment` and compares length and hash.
    pub async fn read(depot: &Depot<'_>, segment: &Segment) -> Result<Self, Unread> {
        let bytes = match depot.get(&segment.name, segment.bytes as usize).await {
            Ok(bytes) => bytes,
            Err(error @ (DepotError::Missing(_) | DepotError::TooLong { .. })) => {
                return Err(Unread::Damaged(error.to_string()));
            }
            Err(error @ DepotError::Away(_)) => return Err(Unread::Away(error.to_string())),
        };
        let damaged = |what: String| Unread::Damaged(format!("{}: {what}", segment.name));
        if bytes.len() as u64 != segment.bytes {
            let (is, was) = (bytes.len(), segment.bytes);
            return Err(damaged(format!("it has {is} bytes, not {was}")));
        }
        if <[u8; 32]>::from(Sha256::digest(&bytes)) != segment.sha256 {
            return Err(damaged("its SHA-256 is another".to_owned()));
        }
        let lines = zstd::decode_all(&bytes[..]).map_err(|error| damaged(error.to_string()))?;
        let lines = String::from_utf8(lines).map_err(|error| damaged(error.to_string()))?;
        Ok(Self { lines })
    }

    fn rows(&self) -> impl Iterator<Item = &str> {
        self.lines.lines().skip(1)
    }

    /// The rows of one tree.
    pub fn of_tree(&self, tree: Id) -> Result<Vec<KeptRow>, StoreError> {
        let beginning = KeptRow::beginning(tree);
        let of_tree = self.rows().filter(|line| line.starts_with(&beginning));
        of_tree.map(KeptRow::parse).collect()
    }

    /// Every tree with its rows, as they were written.
    pub fn trees(&self) -> Result<Vec<(Id, Vec<KeptRow>)>, StoreError> {
        let mut trees: Vec<(Id, Vec<KeptRow>)> = Vec::new();
        for line in self.rows() {
            let row = KeptRow::parse(line)?;
            match trees.last_mut() {
                Some((tree, rows)) if *tree == row.tree() => rows.push(row),
                _ => trees.push((row.tree(), vec![row])),
            }
        }
        Ok(trees)
    }
}
