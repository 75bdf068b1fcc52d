//! CSV files as they stand on the disk: header, rows in order, and rows looked up by the order they belong to.
//!
//! Looking up goes through an index of one pass: per row a hash of its order, its place and its line, 24 bytes,
//! never the row itself. So memory grows with the number of rows and not with what stands in them, and files
//! larger than memory can be joined in whatever order they are.

use super::lines::{cannot_read_on, unreadable};
use super::map::Money;
use super::text::{self, Text};
use super::{own, quotes};
use crate::failure::Failure;
use crate::said::{Said, said};
use csv::{ByteRecord, Position, Reader, ReaderBuilder, StringRecord};
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

/// Read at a time when rows are looked up: about what one order needs.
const LOOK_UP_BYTES: usize = 8 * 1024;

/// How the files of a mapping are written, as far as it says.
#[derive(Debug, Clone, Copy)]
pub struct Written {
    /// What stands between their cells.
    pub delimiter: u8,
    /// How their amounts are written.
    pub money: Option<Money>,
}

/// One CSV file.
#[derive(Debug)]
pub struct Sheet {
    /// Where it is.
    pub path: PathBuf,
    /// The names of its columns.
    pub header: Vec<String>,
    /// Where a file of ours says how its amounts are written.
    pub own: Option<usize>,
    /// Whether it is an export of ours.
    pub ours: bool,
    text: Text,
    written: Written,
    /// How large the file was when it was opened.
    length: u64,
    reader: Reader<File>,
}

/// One row of a file, with its line in it, counted from 1.
#[derive(Debug)]
pub struct Row {
    /// The line it begins in.
    pub line: u64,
    /// Its cells.
    pub cells: Result<StringRecord, BadRow>,
}

/// A row that cannot be read at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadRow {
    /// It is not in the encoding of its file; what it may be in, if the file does not say its own.
    Encoding { of_file: &'static str, guess: Option<&'static str>, ours: bool },
    /// It has more or fewer cells than the header.
    Cells { has: usize, wanted: usize },
    /// A quote that opens in this line is not closed to the end of the file.
    OpenQuote { line: u64 },
}

impl BadRow {
    /// A stable code and a sentence.
    pub fn wrong(self) -> super::cell::Wrong {
        match self {
            Self::Encoding { of_file, guess: None, .. } => {
                ("bad_encoding", said!("the row is not {of_file}", "该行不是 {of_file}"))
            }
            Self::Encoding { guess: Some(guess), ours: true, .. } => (
                "bad_utf8",
                said!(
                    "the row is not UTF-8; {guess}? A mapping of one line says it for a file of docket: encoding = \"{guess}\"",
                    "该行不是 UTF-8；是 {guess} 吗？对 docket 自己的文件，只需一行的映射：encoding = \"{guess}\""
                ),
            ),
            Self::Encoding { guess: Some(guess), .. } => (
                "bad_utf8",
                said!(
                    "the row is not UTF-8; {guess}? `encoding` in the mapping says what a file is written in",
                    "该行不是 UTF-8；是 {guess} 吗？可在映射中用 encoding 写明文件的编码"
                ),
            ),
            Self::Cells { has, wanted } => (
                "wrong_cells",
                said!(
                    "the row has {has} cells; the header has {wanted}",
                    "该行有 {has} 列，表头有 {wanted} 列"
                ),
            ),
            Self::OpenQuote { line } => (
                "open_quote",
                said!(
                    "a quote opens in line {line} and is not closed: all behind it is lost",
                    "第 {line} 行的引号没有结束：其后的内容无法读取"
                ),
            ),
        }
    }
}

impl Sheet {
    /// Opens a file to be read from its first row on, `buffer` bytes at a time.
    pub fn open(text: &Text, written: Written, buffer: usize) -> Result<Self, Failure> {
        let path = &text.path;
        let file = text.file().map_err(|error| unreadable(path, &error))?;
        let mut reader = ReaderBuilder::new()
            .delimiter(written.delimiter)
            .flexible(true)
            // Left to itself, the reader counts the lines of a file with CR LF one short. The CR that is left
            // at the end of the last cell goes with the blanks at its ends.
            .terminator(csv::Terminator::Any(b'\n'))
            .buffer_capacity(buffer)
            .from_reader(file);
        let header = reader.byte_headers().map_err(|error| {
            let shown = path.display();
            Failure::new(
                said!("cannot read {shown}", "无法读取 {shown}").because(Said::as_told(error)),
            )
        })?;
        let name = |name: &[u8]| String::from_utf8_lossy(name).trim().to_owned();
        let header: Vec<String> = header.iter().map(name).collect();
        if header.iter().all(String::is_empty) {
            let path = path.display();
            return Err(Failure::usage(said!("{path} has no header", "{path} 没有表头"))
                .next(said!("The first row names the columns.", "首行应为列名。")));
        }
        let length = reader.get_ref().metadata().map_or(0, |metadata| metadata.len());
        let own = own::money_column(&header);
        let (path, text) = (path.clone(), text.clone());
        let ours = own::is_ours(&header);
        Ok(Self { path, header, own, ours, text, written, length, reader })
    }

    /// What stands between its cells.
    pub const fn delimiter(&self) -> u8 {
        self.written.delimiter
    }

    /// How large the file is.
    pub const fn bytes(&self) -> u64 {
        self.length
    }

    /// How much of it was read.
    pub fn read(&self) -> u64 {
        self.reader.position().byte()
    }

    /// The next row; none at the end.
    pub fn next(&mut self) -> Result<Option<Row>, Failure> {
        let mut cells = ByteRecord::new();
        if !self.read_into(&mut cells)? {
            return Ok(None);
        }
        let line = cells.position().map_or(0, Position::line);
        let cells = match self.open_quote(&cells)? {
            Some(line) => Err(BadRow::OpenQuote { line }),
            None => self.judged(cells),
        };
        Ok(Some(Row { line, cells }))
    }

    /// Reads the next row that is not a blank line; false at the end.
    fn read_into(&mut self, cells: &mut ByteRecord) -> Result<bool, Failure> {
        loop {
            let is_row = self.reader.read_byte_record(cells);
            if !is_row.map_err(|error| self.broken(&error))? {
                return Ok(false);
            }
            if cells.len() > 1 || !cells[0].trim_ascii().is_empty() {
                if self.ours {
                    own::bare(cells, self.own, self.written.money);
                }
                return Ok(true);
            }
        }
    }

    /// The line of a quote that opens in this row and is never closed; only the last row can have one.
    fn open_quote(&self, row: &ByteRecord) -> Result<Option<u64>, Failure> {
        let Some(begin) = row.position().filter(|_| self.read() >= self.bytes()) else {
            return Ok(None);
        };
        let found = quotes::open_at_the_end(self.text.read_at(), begin, self.written.delimiter);
        found.map_err(|error| unreadable(&self.path, &error))
    }

    fn at(&mut self, entry: &Entry) -> Result<Option<Row>, Failure> {
        let mut position = Position::new();
        position.set_byte(entry.byte).set_line(entry.line);
        self.reader.seek(position).map_err(|error| self.broken(&error))?;
        self.next()
    }

    fn judged(&self, cells: ByteRecord) -> Result<StringRecord, BadRow> {
        let (has, wanted) = (cells.len(), self.header.len());
        if has != wanted {
            return Err(BadRow::Cells { has, wanted });
        }
        StringRecord::from_byte_record(cells).map_err(|error| {
            let utf8 = self.text.encoding == encoding_rs::UTF_8;
            let guess = utf8.then(|| text::guess(error.into_byte_record().as_slice()).name());
            let (of_file, ours) = (self.text.encoding.name(), self.ours);
            BadRow::Encoding { of_file, guess, ours }
        })
    }

    fn broken(&self, error: &csv::Error) -> Failure {
        Failure::new(cannot_read_on(self.path.display()).because(Said::as_told(error)))
    }
}

/// Rows that a quote has swallowed are missing from their orders: nothing of such a file can be trusted.
fn open_quote(path: &std::path::Path, line: u64) -> Failure {
    let path = path.display();
    Failure::usage(said!(
        "{path}:{line}: a quote opens here and is not closed",
        "{path}:{line}：此处的引号没有结束"
    ))
    .next(said!(
        "Close it, or write it twice where it is part of the text; nothing was taken.",
        "请补上结束的引号；若引号是内容的一部分，请写两遍。尚未导入任何订单。"
    ))
}

/// The rows of several files, by the order they belong to.
#[derive(Debug)]
pub struct Index {
    sheets: Vec<Sheet>,
    /// Per sheet: the column that names the order.
    keys: Vec<usize>,
    entries: Vec<Entry>,
    /// Per entry: whether an order has asked for it.
    used: Vec<bool>,
    /// Those that none has asked for, once they are asked for.
    orphans: Option<Vec<Entry>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    hash: u64,
    sheet: u32,
    byte: u64,
    line: u64,
}

/// A row of an [`Index`]: which of its sheets it stands in, and the row.
pub type Found = (usize, Row);

fn hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// What is kept of the name of an order that was read: so wide that two orders never have the same.
pub fn fingerprint(key: &str) -> (u64, u64) {
    let mut hasher = DefaultHasher::new();
    (1_u8, key).hash(&mut hasher);
    (hash(key), hasher.finish())
}

impl Index {
    /// Reads every row of `texts` once. `keys` are the columns that name the order, one a file.
    pub fn build(texts: &[Text], keys: &[usize], written: Written) -> Result<Self, Failure> {
        let mut entries = Vec::new();
        let mut sheets = Vec::with_capacity(texts.len());
        for (number, text) in texts.iter().enumerate() {
            let mut sheet = Sheet::open(text, written, 64 * 1024)?;
            let mut cells = ByteRecord::new();
            while sheet.read_into(&mut cells)? {
                if let Some(line) = sheet.open_quote(&cells)? {
                    return Err(open_quote(&text.path, line));
                }
                let key = cells.get(keys[number]).unwrap_or_default();
                let place = cells.position();
                entries.push(Entry {
                    hash: hash(String::from_utf8_lossy(key).trim()),
                    sheet: number as u32,
                    byte: place.map_or(0, Position::byte),
                    line: place.map_or(0, Position::line),
                });
            }
            sheets.push(Sheet::open(text, written, LOOK_UP_BYTES)?);
        }
        entries.sort_unstable();
        let used = vec![false; entries.len()];
        Ok(Self { sheets, keys: keys.to_vec(), entries, used, orphans: None })
    }

    /// Its files.
    pub fn sheets(&self) -> &[Sheet] {
        &self.sheets
    }

    /// The order that a row of one of its sheets names.
    pub fn key(&self, sheet: usize, row: &Row) -> Option<Box<str>> {
        let cell = row.cells.as_ref().ok()?.get(self.keys[sheet])?.trim();
        (!cell.is_empty()).then(|| cell.into())
    }

    /// The rows of an order, in the order of the files. Each row is given once.
    pub fn take(&mut self, key: &str) -> Result<Vec<Found>, Failure> {
        let hash = hash(key);
        let first = self.entries.partition_point(|entry| entry.hash < hash);
        let mut found = Vec::new();
        for at in first..self.entries.len() {
            let entry = self.entries[at];
            if entry.hash != hash {
                break;
            }
            if self.used[at] {
                continue;
            }
            let sheet = entry.sheet as usize;
            let Some(row) = self.sheets[sheet].at(&entry)? else { continue };
            let mine = match &row.cells {
                Ok(cells) => cells.get(self.keys[sheet]).is_some_and(|cell| cell.trim() == key),
                // Its cells cannot be compared; the hash must do.
                Err(_) => true,
            };
            if mine {
                self.used[at] = true;
                found.push((sheet, row));
            }
        }
        Ok(found)
    }

    /// The row number `from` of those that no order has asked for, as they stand in the files, and where to go
    /// on. To be asked for when every order was read.
    pub fn orphan(&mut self, from: usize) -> Result<Option<(usize, Found)>, Failure> {
        let (entries, used) = (&self.entries, &self.used);
        let orphans = self.orphans.get_or_insert_with(|| {
            let unused = entries.iter().zip(used).filter(|(_, used)| !**used);
            let mut unused: Vec<Entry> = unused.map(|(entry, _)| *entry).collect();
            unused.sort_unstable_by_key(|entry| (entry.sheet, entry.byte));
            unused
        });
        let Some(&entry) = orphans.get(from) else { return Ok(None) };
        let sheet = entry.sheet as usize;
        let row = self.sheets[sheet].at(&entry)?;
        let row = row.unwrap_or(Row { line: entry.line, cells: Ok(StringRecord::new()) });
        Ok(Some((from + 1, (sheet, row))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMA: Written = Written { delimiter: b',', money: None };

    /// A file with this text, which goes when the test ends.
    fn file(bytes: &[u8]) -> (tempfile::NamedTempFile, Text) {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), bytes).expect("it takes bytes");
        let text = Text::open(file.path(), None, &[]).expect("it is UTF-8 at its beginning");
        (file, text)
    }

    fn lines_of(index: &mut Index, key: &str) -> Vec<(u64, String)> {
        let rows = index.take(key).expect("the files can be read");
        let text = |row: Row| (row.line, row.cells.expect("a good row")[1].trim().to_owned());
        rows.into_iter().map(|(_, row)| text(row)).collect()
    }

    #[test]
    fn a_first_mark_of_byte_order_is_no_part_of_the_first_column() {
        let (_file, text) = file(b"\xef\xbb\xbforder,a\n1,x\n2,y\n");
        assert_eq!(Sheet::open(&text, COMMA, 1024).unwrap().header, ["order", "a"]);
        let mut index = Index::build(&[text], &[0], COMMA).unwrap();
        assert_eq!(lines_of(&mut index, "2"), [(3, "y".to_owned())]);
        assert_eq!(lines_of(&mut index, "1"), [(2, "x".to_owned())]);
    }

    #[test]
    fn rows_are_found_wherever_they_stand_and_given_once() {
        for end in ["\n", "\r\n"] {
            let one = "order,a\n1,\"x\ny\"\n2,y\n1,z\n".replace('\n', end);
            let two = ["order,a", "1,w", "", ""].join(end);
            let ((_one, one), (_two, two)) = (file(one.as_bytes()), file(two.as_bytes()));
            let mut index = Index::build(&[one, two], &[0, 0], COMMA).unwrap();
            let inside = format!("x{end}y");
            let wanted = [(2, inside), (5, "z".to_owned()), (2, "w".to_owned())];
            assert_eq!(lines_of(&mut index, "1"), wanted);
            assert_eq!(lines_of(&mut index, "1"), []);
            assert_eq!(lines_of(&mut index, "3"), []);
            let (next, (sheet, row)) = index.orphan(0).unwrap().expect("order 2 was not asked for");
            assert_eq!((sheet, row.line), (0, 4));
            assert!(index.orphan(next).unwrap().is_none());
        }
    }

    #[test]
    fn rows_without_an_order_come_as_they_stand_in_the_file() {
        let rows: Vec<String> = (1..100).map(|n| format!("{n},x")).collect();
        let (_file, text) = file(format!("order,a\n{}\n", rows.join("\n")).as_bytes());
        let mut index = Index::build(&[text], &[0], COMMA).unwrap();
        index.take("7").unwrap();
        let (mut lines, mut from) = (Vec::new(), 0);
        while let Some((next, (_, row))) = index.orphan(from).unwrap() {
            lines.push(row.line);
            from = next;
        }
        assert_eq!(lines, (2..=100).filter(|line| *line != 8).collect::<Vec<_>>());
    }

    #[test]
    fn a_quote_that_is_never_closed_is_named_with_the_line_it_opens_in() {
        let (_file, text) = file(b"order,a\n1,\"x\ny\"\n2,5\" pipe\n3,\"ab\"\"c\n4,y\n5,z\n");
        let mut sheet = Sheet::open(&text, COMMA, 1024).unwrap();
        let mut rows = Vec::new();
        while let Some(row) = sheet.next().unwrap() {
            rows.push((row.line, row.cells.err()));
        }
        let open = BadRow::OpenQuote { line: 5 };
        assert_eq!(rows, [(2, None), (4, None), (5, Some(open))]);
        let failure = Index::build(&[text], &[0], COMMA).unwrap_err();
        assert!(failure.message.contains(":5: a quote opens here"), "{failure:?}");
        assert_eq!(failure.code, 2);
    }

    #[test]
    fn rows_that_cannot_be_read_are_told_and_not_skipped() {
        let (_file, text) = file(b"order,a\n1,x,more\n1,\xd6\xd0\n1,y\n");
        let mut index = Index::build(&[text], &[0], COMMA).unwrap();
        let rows = index.take("1").unwrap();
        let bad: Vec<_> =
            rows.iter().map(|(_, row)| (row.line, row.cells.as_ref().err())).collect();
        let cells = BadRow::Cells { has: 3, wanted: 2 };
        let chinese = BadRow::Encoding { of_file: "UTF-8", guess: Some("GBK"), ours: false };
        assert_eq!(bad, [(2, Some(&cells)), (3, Some(&chinese)), (4, None)]);
    }
}
