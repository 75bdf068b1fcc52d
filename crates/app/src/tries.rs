//! Failed logins of late, by name and by where they came from.

use crate::Error;
use docket_domain::{Time, time};
use rustc_hash::FxHashMap;
use std::net::IpAddr;
use std::sync::Mutex;

/// Failed tries of a name, within [`WINDOW`], after which it must wait.
const OF_NAME_MAX: usize = 5;
/// The same of an address. It is higher: many people may stand behind one proxy.
const OF_PEER_MAX: usize = 50;
const WINDOW: time::Millis = 5 * time::MINUTE;
/// Names and addresses whose tries are remembered before old ones are forgotten.
const REMEMBERED_MAX: usize = 10_000;

/// Where a login comes from: the address of the connection, where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Peer(pub Option<IpAddr>);

/// Whose tries are counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Counted {
    Name(String),
    Peer(IpAddr),
}

impl Counted {
    const fn most(&self) -> usize {
        match self {
            Self::Name(_) => OF_NAME_MAX,
            Self::Peer(_) => OF_PEER_MAX,
        }
    }
}

/// A try that was counted.
#[derive(Debug)]
pub(crate) struct Tried {
    name: String,
    peer: Peer,
    at: Time,
}

/// When tries failed.
#[derive(Debug, Default)]
pub(crate) struct Tries(Mutex<FxHashMap<Counted, Vec<Time>>>);

impl Tries {
    /// Counts a try as failed before its password is looked at, so that tries at the same moment count too.
    pub fn begin(&self, name: &str, peer: Peer, now: Time) -> Result<Tried, Error> {
        let mut tries = self.0.lock().expect("no code panics while it holds the tries");
        if tries.len() > REMEMBERED_MAX {
            tries.retain(|_, failed| failed.iter().any(|at| now.since(*at) < WINDOW));
        }
        let counted = [Some(Counted::Name(name.to_owned())), peer.0.map(Counted::Peer)];
        let counted = counted.into_iter().flatten();
        for one in counted.clone() {
            let most = one.most();
            let failed = tries.entry(one).or_default();
            failed.retain(|at| now.since(*at) < WINDOW);
            if let Some(first) = failed.first().filter(|_| failed.len() >= most) {
                let seconds = (WINDOW - now.since(*first)).max(1000) as u64 / 1000;
                return Err(Error::TooManyTries { seconds });
            }
        }
        for one in counted {
            tries.entry(one).or_default().push(now);
        }
        Ok(Tried { name: name.to_owned(), peer, at: now })
    }

    /// Forgets the tries of the name, and of its address this one.
    pub fn succeeded(&self, tried: &Tried) {
        let mut tries = self.0.lock().expect("no code panics while it holds the tries");
        tries.remove(&Counted::Name(tried.name.clone()));
        if let Some(failed) = tried.peer.0.and_then(|peer| tries.get_mut(&Counted::Peer(peer)))
            && let Some(this) = failed.iter().position(|at| *at == tried.at)
        {
            failed.remove(this);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_tries_many_names_must_wait_and_others_need_not() {
        let (tries, now) = (Tries::default(), Time(0));
        let at = |last| Peer(Some(IpAddr::from([10, 0, 0, last])));
        for name in 0..OF_PEER_MAX {
            tries.begin(&name.to_string(), at(1), now).expect("each name for the first time");
        }
        let refused = tries.begin("another", at(1), now).expect_err("too many of this address");
        assert!(matches!(refused, Error::TooManyTries { seconds: 300 }), "{refused}");
        tries.begin("another", at(2), now).expect("another address");
        tries.begin("another", at(1), Time(WINDOW)).expect("later");
    }

    #[test]
    fn logins_that_succeed_are_not_counted() {
        let (tries, peer) = (Tries::default(), Peer(Some(IpAddr::from([10, 0, 0, 1]))));
        for _ in 0..=OF_PEER_MAX {
            let tried = tries.begin("mei", peer, Time(0)).expect("none failed");
            tries.succeeded(&tried);
        }
    }
}
