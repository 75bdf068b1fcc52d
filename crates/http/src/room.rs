//! Room for what is sent: how many bytes of bodies are held at one moment, over all requests.
//!
//! Nobody waits for room while holding some: who finds none is refused and may come again. Those who are not known
//! have a small room of their own, so that they take none from those who are.

use axum::body::Bytes;
use docket_app::LARGE_BYTES;
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What those who are not known may take of the whole.
const OF_STRANGERS: usize = 16;

/// Who sends a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// Someone whose token was looked at.
    Known,
    /// Anyone at all.
    Stranger,
}

/// The room there is, in bytes.
#[derive(Debug)]
pub struct Room {
    known: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    /// Large documents that are worked on at one moment: each becomes many times its bytes while it is read.
    turns: Arc<Semaphore>,
}

/// There is none left.
#[derive(Debug)]
pub struct NoRoom;

impl Room {
    /// Room for so many bytes.
    pub fn of(bytes: usize) -> Self {
        let strangers = (bytes / OF_STRANGERS).max(1);
        let turns = 2 * available_parallelism().map_or(1, NonZero::get);
        Self {
            known: Arc::new(Semaphore::new(bytes.saturating_sub(strangers).max(1))),
            strangers: Arc::new(Semaphore::new(strangers)),
            turns: Arc::new(Semaphore::new(turns)),
        }
    }

    /// Nothing yet, of the room for `sender`.
    pub fn share(&self, sender: Sender) -> Share {
        let of = match sender {
            Sender::Known => Arc::clone(&self.known),
            Sender::Stranger => Arc::clone(&self.strangers),
        };
        Share { of, taken: None, turn: None }
    }

    /// Waits for the turn of a document that was read whole, if it is a large one.
    pub async fn turn(&self, share: &mut Share, bytes: usize) {
        if bytes > LARGE_BYTES {
            share.turn = Arc::clone(&self.turns).acquire_owned().await.ok();
        }
    }
}

/// What one body takes of the room, until it is dropped.
#[derive(Debug)]
pub struct Share {
    of: Arc<Semaphore>,
    taken: Option<OwnedSemaphorePermit>,
    turn: Option<OwnedSemaphorePermit>,
}

impl Share {
    /// Takes so many bytes more.
    pub fn take(&mut self, bytes: usize) -> Result<(), NoRoom> {
        let bytes = u32::try_from(bytes).map_err(|_| NoRoom)?;
        let more = Arc::clone(&self.of).try_acquire_many_owned(bytes).map_err(|_| NoRoom)?;
        match &mut self.taken {
            Some(taken) => taken.merge(more),
            None => self.taken = Some(more),
        }
        Ok(())
    }

    /// Gives all of it back.
    pub fn clear(&mut self) {
        self.taken = None;
    }

    /// `bytes`, which hold this share for as long as anyone holds them.
    pub fn held_by(self, bytes: Bytes) -> Bytes {
        Bytes::from_owner(Held { bytes, _share: self })
    }
}

struct Held {
    bytes: Bytes,
    _share: Share,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_taken_until_the_last_holder_of_the_bytes_is_gone() {
        let room = Room::of(1600);
        let mut share = room.share(Sender::Known);
        assert!(share.take(1000).is_ok());
        let held = share.held_by(Bytes::from_static(b"body"));
        let again = held.slice(1..);
        drop(held);
        assert!(room.share(Sender::Known).take(501).is_err());
        assert!(room.share(Sender::Known).take(500).is_ok());
        drop(again);
        assert!(room.share(Sender::Known).take(1500).is_ok());
    }

    #[test]
    fn those_who_are_not_known_take_no_room_from_those_who_are() {
        let room = Room::of(1600);
        let mut stranger = room.share(Sender::Stranger);
        assert!(stranger.take(100).is_ok() && stranger.take(1).is_err());
        assert!(room.share(Sender::Known).take(1500).is_ok());
    }

    #[tokio::test]
    async fn large_documents_are_worked_on_a_few_at_a_time_and_small_ones_do_not_wait() {
        let room = Room::of(1 << 20);
        let turns = room.turns.available_permits();
        let mut at_work = Vec::new();
        for _ in 0..turns {
            let mut share = room.share(Sender::Known);
            room.turn(&mut share, LARGE_BYTES + 1).await;
            at_work.push(share.held_by(Bytes::new()));
        }
        room.turn(&mut room.share(Sender::Known), LARGE_BYTES).await;
        let mut next = room.share(Sender::Known);
        {
            let mut waits = std::pin::pin!(room.turn(&mut next, LARGE_BYTES + 1));
            assert!(is_pending(waits.as_mut()).await);
            at_work.pop();
            waits.await;
        }
        assert_eq!(room.turns.available_permits(), 0);
        drop((next, at_work));
        assert_eq!(room.turns.available_permits(), turns);
    }

    /// Whether it is not ready yet.
    async fn is_pending(mut future: std::pin::Pin<&mut impl Future<Output = ()>>) -> bool {
        std::future::poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx).is_pending()))
            .await
    }
}
