//! The thread that moves SQLite's log into the database, beside the writer.

use super::{Place, open};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::mpsc;

/// Moves the log into the database whenever woken, on a connection of its own, and tells how far it came.
pub fn checkpoint_when_woken(place: &Place, woken: &mpsc::Receiver<()>, moved: &AtomicU32) {
    let mut connection = None;
    while woken.recv().is_ok() {
        if connection.is_none() {
            connection = place.check().and_then(|()| open(place.path())).ok();
        }
        let Some(open) = &connection else { continue };
        match checkpoint(open) {
            Ok(frames) => moved.store(frames, Relaxed),
            Err(error) => {
                tracing::warn!(%error, "a checkpoint failed; the log grows until one succeeds");
                connection = None;
            }
        }
    }
}

/// One passive checkpoint: waits for nobody, and answers how many frames of the log are in the database.
pub fn checkpoint(connection: &rusqlite::Connection) -> rusqlite::Result<u32> {
    connection
        .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get::<_, i64>(2))
        .map(|moved| u32::try_from(moved).unwrap_or(0))
}
