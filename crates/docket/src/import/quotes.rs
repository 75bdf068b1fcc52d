//! Quotes of CSV that open and are never closed. The reader of CSV takes all to the end of the file for one cell
//! then, and says nothing; where it began is found here.

use csv::Position;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::Path;

/// Where in a row a byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// At the beginning of a cell.
    Begin,
    /// In a cell without quotes.
    Bare,
    /// Between quotes, which opened in this line.
    Quoted(u64),
    /// Behind a quote between quotes, which opened in this line: the end, or the first of two.
    Quote(u64),
}

/// The line in which the quote opens that is still open at the end of the file; `from` is where a row begins.
pub fn open_at_the_end(
    path: &Path,
    from: &Position,
    delimiter: u8,
) -> std::io::Result<Option<u64>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(from.byte()))?;
    let mut reader = BufReader::with_capacity(64 * 1024, file);
    let (mut at, mut line) = (At::Begin, from.line());
    loop {
        let bytes = reader.fill_buf()?;
        let length = bytes.len();
        if length == 0 {
            break;
        }
        for &byte in bytes {
            at = match (at, byte) {
                (At::Begin, b'"') => At::Quoted(line),
                (At::Quoted(opened), b'"') => At::Quote(opened),
                // Two quotes are one of the text.
                (At::Quote(opened), b'"') | (At::Quoted(opened), _) => At::Quoted(opened),
                (_, b'\n') => At::Begin,
                (_, byte) if byte == delimiter => At::Begin,
                _ => At::Bare,
            };
            line += u64::from(byte == b'\n');
        }
        reader.consume(length);
    }
    Ok(match at {
        At::Quoted(opened) => Some(opened),
        _ => None,
    })
}
