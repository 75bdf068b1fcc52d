//! Nothing of what was removed stays in the files of the database.

use crate::database::Connection;
use crate::database::files::{Files, Overwrite};
use crate::{Store, StoreError};
use std::time::Duration;
use tokio::sync::oneshot;

/// How often the log is tried that somebody still reads.
const TRIES: u32 = 60;
/// How long is waited in between; all of it is longer than a read may take.
const PAUSE: Duration = Duration::from_millis(250);

/// For as long as it is held pages that become free are overwritten, whoever gives up waiting.
pub struct FreePages<'a>(&'a Store);

impl Drop for FreePages<'_> {
    fn drop(&mut self) {
        self.0.queue().put_chore(Box::new(|connection| {
            // Where it fails more is overwritten than need be.
            let _ = connection.overwrite(Overwrite::WithinPages);
        }));
    }
}

impl Store {
    /// Has pages overwritten that become free, until what is answered is dropped.
    pub async fn overwrite_free_pages(&self) -> Result<FreePages<'_>, StoreError> {
        let held = FreePages(self);
        self.between_batches(|connection| connection.overwrite(Overwrite::FreePages)).await?;
        Ok(held)
    }

    /// Takes what was removed out of the files too. A file of more than `most` bytes is not written anew: whoever
    /// waits for the writer would wait for a second for every 100 MiB.
    pub async fn clean_files(&self, most: u64) -> Result<Files, StoreError> {
        let files = self.between_batches(move |connection| connection.rewrite(most)).await?;
        if files == Files::Server {
            return Ok(files);
        }
        for _ in 0..TRIES {
            if self.between_batches(|connection| connection.empty_log()).await? {
                return Ok(files);
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(StoreError::Unavailable("somebody reads the log all the time".into()))
    }

    /// Has the writer do something that is no transaction.
    async fn between_batches<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answered) = oneshot::channel();
        let chore = Box::new(move |connection: &mut dyn Connection| {
            // The caller may have gone; it is done all the same.
            let _ = reply.send(work(connection));
        });
        let ended = |_| StoreError::Unavailable("the writer has ended".into());
        self.queue().put_chore(chore);
        answered.await.map_err(ended)?
    }
}
