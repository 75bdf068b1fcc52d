//! Who is here: the seat of an installation, and the one table of who decides what where.
//!
//! Homes are absolute words, the same on every copy of an order. What is asked of an order is decided by its home
//! alone; where two sites are one home, each decides what its side of the order may do. Everywhere else the order
//! is a copy.

use crate::ActorKind;
use crate::operation::OperationKind;
use crate::tree::Home;
use crate::words::words;
use std::fmt;

words! {
    /// One of two sites that are a home together. Its number is that of its rows in the log.
    pub enum Site {
        /// Where buyers are served.
        Buyers = 1 "buyers",
        /// Where sellers are served.
        Sellers = 2 "sellers",
    }
}

/// What an installation is among those that hold the same orders. It is given once, when its database is made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Seat {
    /// Alone, or a hub with branches.
    #[default]
    Center,
    /// A branch, by its name.
    Branch(String),
    /// One of two sites.
    Site(Site),
}

impl Seat {
    /// The word in the database: `center`, `branch:NAME`, `sites:buyers`, `sites:sellers`.
    pub fn word(&self) -> String {
        match self {
            Self::Center => "center".to_owned(),
            Self::Branch(name) => format!("branch:{name}"),
            Self::Site(site) => format!("sites:{site}"),
        }
    }

    /// The seat of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        match word.split_once(':') {
            None if word == "center" => Some(Self::Center),
            Some(("branch", name)) if !name.is_empty() => Some(Self::Branch(name.to_owned())),
            Some(("sites", site)) => Site::from_word(site).map(Self::Site),
            _ => None,
        }
    }

    /// Whose orders are placed here.
    pub fn home(&self) -> Home {
        match self {
            Self::Center => Home::Center,
            Self::Branch(name) => Home::Branch(name.clone()),
            Self::Site(_) => Home::Sites,
        }
    }

    /// Whether an order of `home` is at home here; otherwise it is a copy, which nothing of ours touches but the
    /// road that brought it.
    pub fn is_home_of(&self, home: &Home) -> bool {
        match home {
            Home::Center => *self == Self::Center,
            Home::Branch(there) => matches!(self, Self::Branch(here) if here == there),
            Home::Sites => matches!(self, Self::Site(_)),
            Home::Channel(_) => false,
        }
    }

    /// The number of the rows that are written to the log here.
    pub const fn log_site(&self) -> u8 {
        match self {
            Self::Center | Self::Branch(_) => 0,
            Self::Site(site) => site.code() as u8,
        }
    }
}

impl fmt::Display for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.word())
    }
}

/// Where something is decided that is not decided here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Elsewhere {
    /// At the home of the order, of which this is a copy.
    Home(Home),
    /// At the other site of its home.
    Site(Site),
}

/// Whether `operation` of an `actor` on an order of `home` is decided at `seat`, or else where.
///
/// # Errors
/// The place that decides.
pub fn decides(
    operation: OperationKind,
    actor: ActorKind,
    home: &Home,
    seat: &Seat,
) -> Result<(), Elsewhere> {
    if !seat.is_home_of(home) {
        return Err(Elsewhere::Home(home.clone()));
    }
    if let (Seat::Site(here), Some(site)) = (seat, site_of(operation, actor))
        && *here != site
    {
        return Err(Elsewhere::Site(site));
    }
    Ok(())
}

/// The site that decides an operation of an order whose home is two sites; none where either does.
///
/// People act where they are served. A deadline passes where the right ends that it guards: what a buyer waited too
/// long with at the buyers', what a seller waited too long with at the sellers'.
pub const fn site_of(operation: OperationKind, actor: ActorKind) -> Option<Site> {
    use ActorKind as A;
    match actor {
        A::Buyer | A::Till | A::Gateway => Some(Site::Buyers),
        A::Seller | A::Store | A::Courier => Some(Site::Sellers),
        // Repairs and what was heard of elsewhere are taken down where they are noticed.
        A::System => None,
        // That nothing is left to do is noted by each site of its own deadlines.
        A::Timer => operation.definition().timer_site,
    }
}

/// What an order moves beside itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Matter {
    /// Money: payments, attempts and refunds at gateways, and the references that payments claim.
    Money,
    /// The stock that it holds.
    Stock,
    /// How often its coupons are used.
    Coupons,
    /// The coins and points of its buyer.
    Accounts,
    /// The gift packs it brings.
    Gifts,
    /// The slips of what is sold by weight.
    Slips,
}

impl Matter {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Money, Self::Stock, Self::Coupons, Self::Accounts, Self::Gifts, Self::Slips];

    /// The site that keeps it, of an order whose home is two sites.
    pub const fn site(self) -> Site {
        match self {
            Self::Money | Self::Stock | Self::Coupons | Self::Accounts | Self::Gifts => {
                Site::Buyers
            }
            Self::Slips => Site::Sellers,
        }
    }
}

impl Seat {
    /// Whether `matter` of an order of `home` is kept and moved here. A channel shop's order is decided at its channel, but
    /// its goods stand on the shelves of the center that pulls it.
    pub fn keeps(&self, matter: Matter, home: &Home) -> bool {
        match self {
            Self::Center if matter == Matter::Stock && matches!(home, Home::Channel(_)) => true,
            Self::Site(here) => *home == Home::Sites && *here == matter.site(),
            Self::Center | Self::Branch(_) => self.is_home_of(home),
        }
    }
}
