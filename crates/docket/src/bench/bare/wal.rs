//! How many pages SQLite writes into its log while orders are placed, seen from outside: the head of the
//! log's index (the `-shm` file) counts the frames of the log and says when it began anew.
//!
//! It is looked at every few milliseconds, so what is missed is what came between the last look and a new
//! beginning of the log: some hundred of 64,000 frames.

use std::cell::RefCell;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

/// How often the head is looked at.
const PERIOD: Duration = Duration::from_millis(10);

/// What the head says: which log this is, and how many frames it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head {
    salt: [u8; 8],
    frames: u32,
}

/// Reads the head at the start of the index; `None` while it is being written or if it is no such head.
fn head(bytes: &[u8; 96]) -> Option<Head> {
    // Two copies, written one after the other: equal when nobody is writing.
    let (first, second) = bytes.split_at(48);
    let number = |at: usize| Some(u32::from_ne_bytes(first.get(at..at + 4)?.try_into().ok()?));
    // Version, then at 16 the frames, at 32 two salts.
    if first != second || number(0)? != 3_007_000 {
        return None;
    }
    Some(Head { salt: first.get(32..40)?.try_into().ok()?, frames: number(16)? })
}

/// Adds up frames over the beginnings of a log.
#[derive(Debug, Default)]
struct Sum {
    last: Option<Head>,
    frames: u64,
}

impl Sum {
    fn saw(&mut self, head: Head) {
        self.frames += match self.last {
            Some(last) if last.salt == head.salt => head.frames.saturating_sub(last.frames).into(),
            Some(_) => head.frames.into(),
            None => 0,
        };
        self.last = Some(head);
    }
}

/// Counts the frames of one database for as long as it is asked to.
#[derive(Debug)]
pub struct WalCounter {
    index: Option<File>,
    sum: Rc<RefCell<Sum>>,
}

impl WalCounter {
    /// Of the SQLite file at `database`; another database counts nothing.
    pub fn new(database: Option<&Path>) -> Self {
        let index = database.and_then(|path| {
            let mut name = path.as_os_str().to_owned();
            name.push("-shm");
            File::open(name).ok()
        });
        Self { index, sum: Rc::default() }
    }

    fn look(&self) {
        let mut bytes = [0; 96];
        let read = self.index.as_ref().map(|index| index.read_exact_at(&mut bytes, 0));
        if let Some(Ok(())) = read
            && let Some(head) = head(&bytes)
        {
            self.sum.borrow_mut().saw(head);
        }
    }

    /// Counts while `work` goes on: its result, and the frames if there is a log.
    pub async fn during<T>(&self, work: impl Future<Output = T>) -> (T, Option<u64>) {
        self.look();
        let before = self.sum.borrow().frames;
        let watching = async {
            let mut ticks = tokio::time::interval(PERIOD);
            loop {
                ticks.tick().await;
                self.look();
            }
        };
        let done = tokio::select! {
            done = work => done,
            () = watching => unreachable!("the watch has no end"),
        };
        self.look();
        (done, self.index.as_ref().map(|_| self.sum.borrow().frames - before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_add_up_over_a_new_beginning_of_the_log() {
        let mut sum = Sum::default();
        for (salt, frames) in [(1, 100), (1, 150), (1, 150), (2, 30), (2, 70), (3, 5)] {
            sum.saw(Head { salt: [salt; 8], frames });
        }
        // What stood there before the first look does not count.
        assert_eq!(sum.frames, 50 + 30 + 40 + 5);
    }

    #[test]
    fn the_index_of_a_real_log_is_understood() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.sqlite");
        let database = rusqlite::Connection::open(&path).unwrap();
        database
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (a);",
            )
            .unwrap();
        let counter = WalCounter::new(Some(&path));
        counter.look();
        let insert = "INSERT INTO t VALUES (1)";
        for _ in 0..7 {
            database.execute(insert, []).unwrap();
        }
        database.execute_batch("PRAGMA wal_checkpoint(RESTART);").unwrap();
        counter.look();
        for _ in 0..5 {
            database.execute(insert, []).unwrap();
        }
        counter.look();
        // One page of the table for each commit.
        assert_eq!(counter.sum.borrow().frames, 12);
    }
}
