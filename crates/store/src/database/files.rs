//! What stays of removed rows in the files of a database, and what is overwritten of them.

/// What the files of a database hold of what was removed from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Files {
    /// Nothing: the file was written anew, its log is empty.
    Clean,
    /// Pieces, where rows were moved between pages: the file is larger than what is written anew at once.
    Large,
    /// Whatever the server keeps: its logs and its free pages are not ours.
    Server,
}

/// What is overwritten of rows that are removed from a SQLite file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overwrite {
    /// What stands in pages that are written anyway.
    WithinPages,
    /// Pages that become free, too: a placement then writes 8.7 pages, and 8.4 else.
    FreePages,
}
