//! Pages of lists of which a caller may see a part: looked at piece by piece until a page is full, or until enough
//! was looked at. Then it ends short, with where the next one goes on.

use crate::Error;
use docket_store::StoreError;

/// Rows that are looked at together, and for one page.
const LOOKED_AT: usize = 250;
const LOOKED_AT_MAX: usize = 2_000;

/// One page, and behind what the next one goes on; none at the end.
#[derive(Debug, Clone)]
pub struct Page<T, C> {
    /// At most so many as were asked for, in the order of the list.
    pub found: Vec<T>,
    /// Behind what the next page goes on.
    pub next: Option<C>,
}

impl<T, C> Page<T, C> {
    /// The same of what `turn` makes of all that was found.
    pub(crate) fn map<U>(self, turn: impl FnOnce(Vec<T>) -> Vec<U>) -> Page<U, C> {
        Page { found: turn(self.found), next: self.next }
    }
}

/// A page of `limit` rows that the caller `sees`. `piece` reads so many rows behind a place in the list; `place` is
/// that of a row.
pub(crate) async fn page<T, C: Clone, F: Future<Output = Result<Vec<T>, StoreError>>>(
    limit: usize,
    after: C,
    sees: impl Fn(&T) -> bool,
    place: impl Fn(&T) -> C,
    piece: impl Fn(C, usize) -> F,
) -> Result<Page<T, C>, Error> {
    page_until(|found| (found.len() > limit).then_some(limit), after, sees, place, piece).await
}

/// The same of as many rows as `full` says, once there is one more.
pub(crate) async fn page_until<T, C: Clone, F: Future<Output = Result<Vec<T>, StoreError>>>(
    full: impl Fn(&[T]) -> Option<usize>,
    mut after: C,
    sees: impl Fn(&T) -> bool,
    place: impl Fn(&T) -> C,
    piece: impl Fn(C, usize) -> F,
) -> Result<Page<T, C>, Error> {
    let (mut found, mut looked_at) = (Vec::new(), 0);
    while looked_at < LOOKED_AT_MAX {
        let rows = piece(after.clone(), LOOKED_AT).await?;
        let ended = rows.len() < LOOKED_AT;
        looked_at += rows.len();
        if let Some(last) = rows.last() {
            after = place(last);
        }
        found.extend(rows.into_iter().filter(&sees));
        if let Some(enough) = full(&found) {
            found.truncate(enough);
            let next = found.last().map(&place);
            return Ok(Page { found, next });
        }
        if ended {
            return Ok(Page { found, next: None });
        }
    }
    Ok(Page { found, next: Some(after) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    /// Walks a list of `all` numbers of which every `nth` is seen; answers what was found, and the most that was
    /// looked at for a page.
    async fn walk(all: usize, nth: usize, limit: usize) -> (Vec<usize>, usize) {
        let (mut found, mut after, mut dearest) = (Vec::new(), Some(0), 0);
        while let Some(from) = after {
            let looked_at = AtomicUsize::new(0);
            let piece = |after: usize, n: usize| {
                let rows: Vec<_> = (after + 1..=all).take(n).collect();
                looked_at.fetch_add(rows.len(), Relaxed);
                std::future::ready(Ok(rows))
            };
            let page = page(limit, from, |n| n % nth == 0, |n| *n, piece).await.unwrap();
            assert!(page.found.len() <= limit);
            found.extend(page.found);
            after = page.next;
            dearest = dearest.max(looked_at.into_inner());
        }
        (found, dearest)
    }

    #[tokio::test]
    async fn pages_join_whatever_part_of_a_list_is_seen_and_look_at_so_much() {
        for (all, nth, limit) in [
            (0, 1, 50),
            (50, 1, 50),
            (51, 1, 50),
            (9_000, 1, 200),
            (9_000, 7, 50),
            (9_000, 8_000, 50),
            (5_000, 6_000, 1),
        ] {
            let (found, dearest) = walk(all, nth, limit).await;
            assert_eq!(found, (1..=all).filter(|n| n % nth == 0).collect::<Vec<_>>());
            assert!(dearest <= LOOKED_AT_MAX, "{dearest}");
        }
    }
}
