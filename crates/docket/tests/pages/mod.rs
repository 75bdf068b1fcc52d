//! The pages of a SQLite file that no process has open: looked at, and written over.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// The pages of a SQLite file, as its format has them.
pub struct Pages {
    /// The file.
    pub path: PathBuf,
    size: u64,
}

impl Pages {
    pub fn of(data: &Path) -> Self {
        let path = data.join("docket.db");
        let file = rusqlite::Connection::open(&path).expect("a database");
        let size = file.query_row("pragma page_size", [], |row| row.get::<_, i64>(0));
        Self { path, size: size.expect("a size") as u64 }
    }

    /// The leaves of a table or index, from left to right.
    pub fn leaves(&self, name: &str) -> Vec<u64> {
        let file = rusqlite::Connection::open(&self.path).expect("a database");
        let root = "select rootpage from sqlite_master where name = ?";
        let root: i64 = file.query_row(root, [name], |row| row.get(0)).expect("it is there");
        drop(file);
        let mut leaves = Vec::new();
        self.below(root as u64, &mut leaves);
        leaves
    }

    fn below(&self, page: u64, leaves: &mut Vec<u64>) {
        let bytes = self.read(page);
        let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four"));
        let short = |at: usize| usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
        // 2 and 5 are inner pages: cells with the page to the left of each, and the rightmost in the header.
        if !matches!(bytes[0], 2 | 5) {
            return leaves.push(page);
        }
        for cell in 0..short(3) {
            self.below(number(short(12 + 2 * cell)).into(), leaves);
        }
        self.below(number(8).into(), leaves);
    }

    /// The same with the inner pages; without those that long rows go on at.
    pub fn all_below(&self, page: u64, found: &mut Vec<u64>) {
        found.push(page);
        let bytes = self.read(page);
        // The first page begins with the head of the file.
        let head = if page == 1 { 100 } else { 0 };
        let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four"));
        let short = |at: usize| usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
        if matches!(bytes[head], 2 | 5) {
            for cell in 0..short(head + 3) {
                self.all_below(number(short(head + 12 + 2 * cell)).into(), found);
            }
            self.all_below(number(head + 8).into(), found);
        }
    }

    pub fn read(&self, page: u64) -> Vec<u8> {
        let mut bytes = vec![0; self.size as usize];
        let file = fs::File::open(&self.path).expect("the file");
        file.read_exact_at(&mut bytes, (page - 1) * self.size).expect("a page");
        bytes
    }

    pub fn write(&self, page: u64, bytes: &[u8]) {
        let file = fs::File::options().write(true).open(&self.path).expect("the file");
        file.write_all_at(bytes, (page - 1) * self.size).expect("written");
    }

    pub fn spoil(&self, page: u64) {
        self.write(page, &vec![0xa5; self.size as usize]);
    }
}
