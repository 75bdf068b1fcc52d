//! Failed logins of late: by name and where they came from, and by either alone.
//!
//! Strangers can fail under any name, so nothing that they do may keep its owner out: whoever logged in well from an
//! address before is counted for that name and address alone.

use crate::Error;
use docket_domain::{Time, time};
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Mutex;

/// Failed tries of a name from one network, within their window, after which it must wait.
const OF_PAIR: Limit = Limit { most: 5, window: 5 * time::MINUTE };
/// Of a network under all names: many people may stand behind one address.
const OF_NETWORK: Limit = Limit { most: 50, window: 5 * time::MINUTE };
/// Of a name from all networks that it never logged in from: what many machines guess together.
const OF_NAME: Limit = Limit { most: 100, window: time::HOUR };
/// Names and networks whose tries are remembered; beyond that those that were tried longest ago are forgotten.
const REMEMBERED_MAX: usize = 10_000;
/// How long a login that went well is remembered, and how many are.
const KNOWN: time::Millis = 30 * time::DAY;
/// The longest name of a user. A longer one is nobody's, and counts for its network alone.
const NAME_BYTES_MAX: usize = 64;

/// Where a request comes from: the address of its client, where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Peer(pub Option<IpAddr>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Limit {
    most: usize,
    window: time::Millis,
}

/// What one party has to itself: an IPv4 address, or a /64 of IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Network(IpAddr);

impl Network {
    fn of(peer: Peer) -> Option<Self> {
        Some(Self(match peer.0?.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (!0 << 64)).into(),
            address @ IpAddr::V4(_) => address,
        }))
    }
}

/// Whose tries are counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Counted {
    Pair(String, Option<Network>),
    Network(Network),
    Name(String),
}

impl Counted {
    const fn limit(&self) -> Limit {
        match self {
            Self::Pair(..) => OF_PAIR,
            Self::Network(_) => OF_NETWORK,
            Self::Name(_) => OF_NAME,
        }
    }
}

/// A try that was counted.
#[derive(Debug)]
pub(crate) struct Tried {
    name: String,
    network: Option<Network>,
    counted: Vec<Counted>,
    at: Time,
}

/// When tries failed, and what went well. The keys are strangers' words: they are hashed with a secret.
#[derive(Debug, Default)]
pub(crate) struct LoginThrottle(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    failed: HashMap<Counted, Failed>,
    /// When a name last logged in well from a network.
    well: HashMap<(String, Option<Network>), Time>,
}

#[derive(Debug, Default)]
struct Failed {
    /// When, at most as often as is allowed.
    at: VecDeque<Time>,
    /// When it was tried last, also where it had to wait: what is under attack is not forgotten.
    tried: Time,
}

impl LoginThrottle {
    /// Counts a try as failed before its password is looked at, so that tries at the same moment count too.
    pub fn begin(&self, name: &str, peer: Peer, now: Time) -> Result<Tried, Error> {
        let mut held = self.0.lock().expect("no code panics while it holds the tries");
        let (name, network) = (name.to_owned(), Network::of(peer));
        let counted = held.counted(&name, network, now);
        for one in &counted {
            let Limit { most, window } = one.limit();
            let Some(failed) = held.failed.get_mut(one) else { continue };
            failed.tried = now;
            failed.at.retain(|at| now.since(*at) < window);
            if let Some(first) = failed.at.front().filter(|_| failed.at.len() >= most) {
                let seconds = (window - now.since(*first)).max(1000) as u64 / 1000;
                return Err(Error::TooManyTries { seconds });
            }
        }
        for one in &counted {
            let failed = held.failed.entry(one.clone()).or_default();
            failed.tried = now;
            failed.at.push_back(now);
        }
        forget_oldest(&mut held.failed, |failed| failed.tried);
        Ok(Tried { name, network, counted, at: now })
    }

    /// Takes the try back, forgets those of the name from its network, and remembers that it went well.
    pub fn succeeded(&self, tried: Tried) {
        let mut held = self.0.lock().expect("no code panics while it holds the tries");
        let Tried { name, network, counted, at } = tried;
        for one in counted {
            let Some(failed) = held.failed.get_mut(&one) else { continue };
            if let Some(this) = failed.at.iter().position(|failed| *failed == at) {
                failed.at.remove(this);
            }
            if failed.at.is_empty() || matches!(one, Counted::Pair(..)) {
                held.failed.remove(&one);
            }
        }
        held.well.insert((name, network), at);
        forget_oldest(&mut held.well, |at| *at);
    }
}

impl Remembered {
    /// Whose a try of `name` from `network` is.
    fn counted(&self, name: &str, network: Option<Network>, now: Time) -> Vec<Counted> {
        let of_network = network.map(Counted::Network);
        if name.len() > NAME_BYTES_MAX {
            return of_network.into_iter().collect();
        }
        let pair = Counted::Pair(name.to_owned(), network);
        let well = self.well.get(&(name.to_owned(), network));
        if well.is_some_and(|at| now.since(*at) < KNOWN) {
            return vec![pair];
        }
        [Some(pair), of_network, Some(Counted::Name(name.to_owned()))]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// Keeps within [`REMEMBERED_MAX`]: forgets a quarter at once, that which is `latest` longest ago.
fn forget_oldest<K: Eq + Hash, V>(remembered: &mut HashMap<K, V>, latest: impl Fn(&V) -> Time) {
    if remembered.len() <= REMEMBERED_MAX {
        return;
    }
    let mut times: Vec<_> = remembered.values().map(&latest).collect();
    let quarter = times.len() / 4;
    let (_, oldest, _) = times.select_nth_unstable(quarter);
    let (oldest, mut left) = (*oldest, quarter);
    // Many may be of one moment: no more of them go than must.
    remembered.retain(|_, value| {
        let goes = left > 0 && latest(value) <= oldest;
        left -= usize::from(goes);
        !goes
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(last: u16) -> Peer {
        Peer(Some(IpAddr::from([10, 0, (last >> 8) as u8, last as u8])))
    }

    fn seconds(refused: Result<Tried, Error>) -> u64 {
        match refused {
            Err(Error::TooManyTries { seconds }) => seconds,
            other => panic!("must wait: {other:?}"),
        }
    }

    /// Fails as often as is allowed.
    fn fail(tries: &LoginThrottle, name: &str, peer: Peer, times: usize) {
        for _ in 0..times {
            tries.begin(name, peer, Time(0)).expect("not yet too many");
        }
    }

    #[test]
    fn five_failures_of_a_name_from_one_address_make_that_pair_wait_alone() {
        let tries = LoginThrottle::default();
        fail(&tries, "mei", v4(1), 5);
        assert_eq!(seconds(tries.begin("mei", v4(1), Time(0))), 300);
        tries.begin("mei", v4(2), Time(0)).expect("another address");
        tries.begin("lin", v4(1), Time(0)).expect("another name");
        tries.begin("mei", v4(1), Time(OF_PAIR.window)).expect("later");
    }

    #[test]
    fn an_address_that_tries_many_names_must_wait_and_others_need_not() {
        let tries = LoginThrottle::default();
        for name in 0..OF_NETWORK.most {
            fail(&tries, &name.to_string(), v4(1), 1);
        }
        assert_eq!(seconds(tries.begin("another", v4(1), Time(0))), 300);
        tries.begin("another", v4(2), Time(0)).expect("another address");
        tries.begin("another", v4(1), Time(OF_NETWORK.window)).expect("later");
    }

    #[test]
    fn strangers_lock_nobody_out_who_logged_in_well_before() {
        let (tries, own) = (LoginThrottle::default(), v4(9));
        let tried = tries.begin("mei", own, Time(0)).expect("the first");
        tries.succeeded(tried);
        for last in 0..20 {
            fail(&tries, "mei", v4(100 + last), 5);
        }
        assert_eq!(seconds(tries.begin("mei", v4(10), Time(0))), 3600, "the name is under attack");
        tries.begin("lin", v4(10), Time(0)).expect("other names are not");
        for name in 0..OF_NETWORK.most {
            let _ = tries.begin(&name.to_string(), own, Time(0));
        }
        seconds(tries.begin("lin", own, Time(0)));
        let tried = tries.begin("mei", own, Time(0)).expect("it knows the way");
        tries.succeeded(tried);
        seconds(tries.begin("mei", v4(10), Time(0)));
        fail(&tries, "mei", own, 5);
        seconds(tries.begin("mei", own, Time(0)));
        let much_later = Time(KNOWN + OF_NAME.window);
        tries.begin("mei", v4(10), much_later).expect("the attack has ended");
    }

    #[test]
    fn fifty_bad_logins_of_strangers_slow_nobody_else() {
        let tries = LoginThrottle::default();
        for last in 0..50 {
            fail(&tries, "mei", v4(last), 1);
        }
        tries.begin("mei", v4(99), Time(0)).expect("never seen before, and yet free");
    }

    #[test]
    fn addresses_of_one_network_of_ipv6_are_one() {
        let tries = LoginThrottle::default();
        let at = |text: &str| Peer(Some(text.parse().expect("an address")));
        for last in 0..5 {
            fail(&tries, "mei", at(&format!("2001:db8:0:1:{last:x}::1")), 1);
        }
        seconds(tries.begin("mei", at("2001:db8:0:1::ffff"), Time(0)));
        tries.begin("mei", at("2001:db8:0:2::1"), Time(0)).expect("another network");
        fail(&tries, "lin", v4(1), 5);
        seconds(tries.begin("lin", at("::ffff:10.0.0.1"), Time(0)));
    }

    #[test]
    fn logins_that_succeed_are_not_counted() {
        let tries = LoginThrottle::default();
        for _ in 0..=OF_NAME.most {
            let tried = tries.begin("mei", v4(1), Time(0)).expect("none failed");
            tries.succeeded(tried);
        }
        assert!(tries.0.lock().unwrap().failed.is_empty());
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_attacked_are_forgotten_last() {
        let tries = LoginThrottle::default();
        fail(&tries, &"x".repeat(1000), v4(7), 1);
        assert_eq!(tries.0.lock().unwrap().failed.len(), 1, "no name of a user is so long");
        for each in 0..30_000_u32 {
            let peer = Peer(Some(IpAddr::V6(Ipv6Addr::from_bits(u128::from(each) << 64))));
            let now = Time(i64::from(each));
            let tried = tries.begin(&format!("user-{each}"), peer, now).expect("the first of each");
            if each % 2 == 0 {
                tries.succeeded(tried);
            }
            let _ = tries.begin("mei", v4(1), now);
        }
        let held = tries.0.lock().unwrap();
        assert!(held.failed.len() <= REMEMBERED_MAX, "{}", held.failed.len());
        assert!(held.well.len() <= REMEMBERED_MAX, "{}", held.well.len());
        assert!(held.failed.contains_key(&Counted::Pair("mei".to_owned(), Network::of(v4(1)))));
        drop(held);
        seconds(tries.begin("mei", v4(1), Time(30_000)));
    }
}
