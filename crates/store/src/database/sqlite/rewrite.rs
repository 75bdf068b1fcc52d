//! The file written anew, so that nothing stands in it but what is in the database.
//!
//! `secure_delete` fills what is removed or overwritten with zeros. It does not reach the copies that stay behind in a
//! page when SQLite moves rows to the pages beside it (one row in a hundred was seen to leave one), nor what was
//! removed before it was switched on. Only VACUUM leaves neither.

use crate::database::files::Overwrite;
use rusqlite::Connection;
use std::time::Duration;

/// Bytes that the file has, those of free pages among them.
pub fn bytes(connection: &Connection) -> rusqlite::Result<u64> {
    let pages = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    let bytes: i64 = connection.query_row(pages, [], |row| row.get(0))?;
    Ok(bytes.unsigned_abs())
}

/// From now on, what is overwritten of what is removed.
pub fn overwrite(connection: &Connection, what: Overwrite) -> rusqlite::Result<()> {
    connection.execute_batch(match what {
        Overwrite::WithinPages => "PRAGMA secure_delete = FAST;",
        Overwrite::FreePages => "PRAGMA secure_delete = ON;",
    })
}

/// Writes the whole file anew, all or nothing. It takes about a second for every 100 MiB, and for that time twice
/// the room.
pub fn rewrite(connection: &Connection) -> rusqlite::Result<()> {
    // The copy would be held in memory, whatever its size.
    connection.execute_batch("PRAGMA temp_store = FILE;")?;
    let written = connection.execute_batch("VACUUM;");
    connection.execute_batch("PRAGMA temp_store = MEMORY;")?;
    written
}

/// Moves the whole log into the file and cuts it to nothing; says whether that could be done now. Whoever still
/// reads an older moment keeps the log, and is not waited for.
pub fn empty_log(connection: &Connection, patience: Duration) -> rusqlite::Result<bool> {
    connection.busy_timeout(Duration::ZERO)?;
    let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
    connection.busy_timeout(patience)?;
    busy.map(|busy: i64| busy == 0)
}
