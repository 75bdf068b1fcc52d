//! Orders and products by chance, each a function of the seed, the shop and its number: the same seed gives the
//! same shop.

use super::order::{AftersaleKind, Child, Oddities, Order, Package};
use super::product::{Product, Shelf};
use super::shop::Shop;
use crate::chance::Draws;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// How many products a shop has at the start.
const PRODUCTS: u64 = 60;

/// What the statuses of orders are.
pub mod status {
    pub const PENDING: i32 = 1;
    pub const UNSHIPPED: i32 = 2;
    pub const CANCELED: i32 = 3;
    pub const SHIPPED: i32 = 4;
    pub const DELIVERED: i32 = 5;
    pub const PARTLY_SHIPPED: i32 = 41;
    pub const PARTLY_DELIVERED: i32 = 51;
}

const ADJECTIVES: [&str; 6] = ["Small", "Red", "Folding", "Warm", "Quiet", "Sturdy"];
const NOUNS: [&str; 10] = [
    "lamp", "tea pot", "umbrella", "scarf", "desk fan", "kite", "bench", "杯子", "mirror", "clock",
];

impl Shop {
    /// Gives a new shop its products, and `count` orders that were created over the last `days` days.
    pub fn fill(&mut self, seed: u64, count: usize, days: u32, now: i64) {
        self.products = (0..PRODUCTS).map(|nth| product(seed, self.series, nth, now)).collect();
        let span = i64::from(days) * DAY;
        let step = span as f64 / count.max(1) as f64;
        for nth in 0..count {
            let within = Draws::of(seed ^ self.series, nth as u64).below((step as u64).max(1));
            let created_at = now - span + (nth as f64 * step) as i64 + within as i64;
            let order = self.make(seed, created_at.min(now), now);
            self.add(order);
        }
        self.want_some_back(seed);
    }

    /// Of what was cancelled there is a record, and some of what was delivered is wanted back.
    fn want_some_back(&mut self, seed: u64) {
        for place in 0..self.orders.len() {
            let mut draws = Draws::of(seed ^ self.series, !(place as u64));
            let order = &self.orders[place];
            let at = order.updated_at;
            let (kind, child, units, group) = if order.status == status::CANCELED {
                (AftersaleKind::Cancel, 0, order.children[0].ordered, 9)
            } else if let Some(child) = order.children.iter().position(|child| child.cancelled > 0)
            {
                (AftersaleKind::Cancel, child, order.children[child].cancelled, 9)
            } else if order.status == status::DELIVERED && draws.happens(3) {
                (AftersaleKind::Refund, 0, 1, 1 + draws.below(7) as i64)
            } else {
                continue;
            };
            self.want_back(kind, place, child, units, group, at);
        }
    }

    /// The next order by chance, created at `created_at`, as it stands at `now`.
    pub fn make(&mut self, seed: u64, created_at: i64, now: i64) -> Order {
        let nth = self.made;
        self.made += 1;
        let mut draws = Draws::of(seed, (self.series << 40) | nth);
        let digits = self.series * 1_000_000_000_000 + nth;
        let region = self.region.id();
        let confirmed = created_at + HOUR / 2 + draws.below(HOUR as u64) as i64;
        let shipped = confirmed + 6 * HOUR + draws.below(3 * DAY as u64) as i64;
        let delivered = shipped + 2 * DAY + draws.below(8 * DAY as u64) as i64;
        let lines = [1, 1, 1, 1, 1, 1, 1, 2, 2, 3][draws.below(10) as usize];
        let status = if draws.happens(4) {
            status::CANCELED
        } else if delivered <= now {
            status::DELIVERED
        } else if shipped <= now {
            let is_partial = lines > 1 && draws.happens(30);
            let half = if delivered - now < DAY {
                status::PARTLY_DELIVERED
            } else {
                status::PARTLY_SHIPPED
            };
            if is_partial { half } else { status::SHIPPED }
        } else if confirmed <= now {
            status::UNSHIPPED
        } else {
            status::PENDING
        };
        let reached = |time: i64| if time <= now && status != status::CANCELED { time } else { 0 };
        let (confirmed_at, shipped_at) = (reached(confirmed), reached(shipped));
        let mut order = Order {
            number: format!("PO-{region:03}-{digits:017}").into(),
            status,
            created_at,
            updated_at: created_at.max(confirmed_at).max(shipped_at).max(reached(delivered)),
            confirmed_at,
            shipped_at,
            listed_at: 0,
            oddities: Oddities::default(),
            children: (0..lines)
                .map(|line| Child {
                    number: format!("{region:03}-{:017}", digits * 10 + line).into(),
                    product: draws.below(self.products.len().max(1) as u64) as u32,
                    ordered: 1 + draws.below(3) as u32,
                    cancelled: 0,
                    status: child_status(status, line),
                    is_co_warehouse: false,
                    packages: vec![],
                })
                .collect(),
        };
        if draws.happens(10) {
            let is_whole = draws.happens(20);
            for child in order.children.iter_mut().skip(usize::from(!is_whole)) {
                child.is_co_warehouse = true;
            }
        }
        if draws.happens(2) {
            let child = &mut order.children[0];
            child.cancelled = 1 + draws.below(u64::from(child.ordered)) as u32;
        }
        pack(&mut order, digits, &mut draws);
        order
    }
}

/// The status of a line of an order: of a partial one the first line is ahead of the others.
pub fn child_status(parent: i32, line: u64) -> i32 {
    match (parent, line) {
        (status::PARTLY_SHIPPED, 0) | (status::PARTLY_DELIVERED, 1..) => status::SHIPPED,
        (status::PARTLY_SHIPPED, _) => status::UNSHIPPED,
        (status::PARTLY_DELIVERED, 0) => status::DELIVERED,
        (status, _) => status,
    }
}

/// Gives the lines that were shipped their packages.
pub fn pack(order: &mut Order, digits: u64, draws: &mut Draws) {
    let parcel = |nth: usize| Package {
        number: format!("PK-{digits:016}{nth}").into(),
        is_bought: true,
        is_confirmed: true,
        parts: vec![],
    };
    let way = draws.below(100);
    for (line, child) in order.children.iter_mut().enumerate() {
        let is_sent = matches!(child.status, status::SHIPPED | status::DELIVERED);
        child.packages = match way {
            // A label bought and nothing handed over, or nothing at all.
            _ if child.status == status::UNSHIPPED && way < 10 => {
                vec![Package { is_confirmed: false, ..parcel(0) }]
            }
            _ if !is_sent => vec![],
            0..75 => vec![parcel(0)],
            75..90 => vec![parcel(line)],
            90..94 => vec![parcel(0), parcel(line + 1)],
            // One box with numbers of its own for what is in it.
            94 => vec![Package { parts: vec![parcel(1).number, parcel(2).number], ..parcel(0) }],
            95..97 => vec![Package { is_bought: false, ..parcel(0) }],
            // Never any: what was sold is digital, or goes by letter.
            _ => vec![],
        };
    }
}

fn product(seed: u64, series: u64, nth: u64, now: i64) -> Product {
    let mut draws = Draws::of(!seed, (series << 40) | nth);
    let adjective = ADJECTIVES[draws.below(ADJECTIVES.len() as u64) as usize];
    let noun = NOUNS[draws.below(NOUNS.len() as u64) as usize];
    Product {
        goods_id: 601_099_000_000_000 + series * 1_000_000 + nth,
        sku_id: 17_592_000_000_000 + series * 1_000_000 + nth,
        name: format!("{adjective} {noun} {nth}"),
        // Some sellers give no number of their own.
        code: if nth % 10 == 9 { String::new() } else { format!("S{series}-{nth:03}") },
        price: 199 + draws.below(20_000) as i64,
        quantity: draws.below(500) as u32,
        shelf: match nth % 20 {
            17 => Shelf::Unpublished,
            18 => Shelf::Draft,
            19 => Shelf::Deleted,
            _ => Shelf::Listed,
        },
        created_at: now - (PRODUCTS - nth) as i64 * DAY,
        shelved_at: now - (PRODUCTS - nth) as i64 * DAY + HOUR,
    }
}
