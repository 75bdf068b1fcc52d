//! Work on what came from outside that takes a while when there is much of it, done away from the threads that serve
//! everyone.

use tokio::runtime::{Handle, RuntimeFlavor};

/// From so many bytes on, reading takes long enough that others would notice.
pub const LARGE_BYTES: usize = 64 << 10;

/// Does `work` on so many bytes. While it does a large one, the runtime goes on with all others on another thread.
pub fn aside<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    // A runtime of one thread, as tests have, can give nothing away.
    let is_shared = || {
        Handle::try_current()
            .is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread)
    };
    if bytes > LARGE_BYTES && is_shared() { tokio::task::block_in_place(work) } else { work() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{RecvTimeoutError, channel};
    use std::time::Duration;
    use tokio_util::task::TaskTracker;

    /// What a piece of work on so many bytes hears from another task of the one worker there is.
    fn heard(bytes: usize) -> Result<(), RecvTimeoutError> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build();
        let runtime = runtime.expect("a runtime of one worker");
        let tasks = TaskTracker::new();
        let (say, hear) = channel();
        let patience = if bytes > LARGE_BYTES { 60_000 } else { 50 };
        let worked = runtime.spawn({
            let tasks = tasks.clone();
            async move {
                tasks.spawn(async move { say.send(()) });
                aside(bytes, || hear.recv_timeout(Duration::from_millis(patience)))
            }
        });
        runtime.block_on(worked).expect("it ends")
    }

    #[test]
    fn a_large_piece_of_work_holds_up_nobody_else() {
        assert_eq!(heard(LARGE_BYTES + 1), Ok(()));
        assert_eq!(heard(LARGE_BYTES), Err(RecvTimeoutError::Timeout), "the test can fail");
    }
}
