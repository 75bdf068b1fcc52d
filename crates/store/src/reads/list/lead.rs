//! Which filter of a list leads: the one that has few orders, or the one whose index narrows most and gives them in
//! the order of the page; the rest are tested on what it gives.

use super::test::{Condition, Test};
use super::{Filter, Sort};
use crate::sql::dialect::Dialect;
use crate::sql::text::Sql;
use crate::sql::value::Value;
use crate::tables::rows::Part;
use docket_domain::words::{DeliveryStatus, RefundAxis, Status};
use docket_domain::{Id, Time};

/// A range of an index. Its entries are sorted by `time` and `tree`, where it has a time.
#[derive(Debug, Clone)]
pub struct Range {
    pub table: &'static str,
    /// None for the primary key.
    pub index: Option<&'static str>,
    /// What it is sorted by; `tree` where that is no time.
    pub time: &'static str,
    pub tree: &'static str,
    /// When the order was placed.
    pub created: &'static str,
    /// What all of it has in common.
    pub fixed: Sql,
    /// The bounds of its time: from inclusive, to exclusive.
    pub within: (Option<Time>, Option<Time>),
    /// What its entries tell beside their sorting.
    pub told: &'static [&'static str],
    /// What is tested on that, without a look at rows.
    pub cover: Sql,
}

/// A filter that may lead.
#[derive(Debug, Clone)]
pub struct Lead {
    /// The one order that it names.
    pub order: Option<Id>,
    /// Else where its orders are.
    pub ranges: Vec<Range>,
    /// What need not be tested on its orders.
    pub proves: Vec<Test>,
}

/// Shops beyond which a caller's shops are tested order by order rather than looked up each.
const SHOPS_LOOKED_UP: usize = 4;

/// What is told beside its sorting by the indexes that pages are sorted by.
const BY_CREATED: [&str; 3] = ["created_at", "type", "parts"];
const BY_UPDATED: [&str; 6] = ["created_at", "paid_at", "status", "store_status", "type", "parts"];

/// Where the orders of a SKU are: table and index. A file has those that were filed, and a bounded number of lines
/// that wait for it, which are looked at one by one.
pub const fn by_sku(dialect: Dialect) -> &'static [[&'static str; 2]] {
    match dialect {
        Dialect::Sqlite => &[["item_sku", ""], ["item_sku_new", ""]],
        Dialect::MySql => &[["item_order", "item_order_sku"]],
    }
}

impl Filter {
    /// Whether the caller may see no shop or no place at all.
    pub(super) fn sees_nothing(&self) -> bool {
        let none = |only: &Option<Vec<String>>| only.as_ref().is_some_and(Vec::is_empty);
        none(&self.only_shops) || none(&self.only_places)
    }

    /// A range of `table` that is sorted by the time of placement.
    fn by_created(
        &self,
        [table, index, tree]: [&'static str; 3],
        condition: &str,
        values: Vec<Value>,
    ) -> Range {
        let mut fixed = Sql::default();
        fixed.and(condition, values);
        Range {
            table,
            index: (!index.is_empty()).then_some(index),
            time: "created_at",
            tree,
            created: "created_at",
            fixed,
            within: self.created,
            told: &[],
            cover: Sql::default(),
        }
    }

    fn of_order(&self, index: &'static str, condition: &str, value: Value) -> Vec<Range> {
        vec![self.by_created(["payment_order", index, "id"], condition, vec![value])]
    }

    fn of_sku(&self, dialect: Dialect, sku: &String) -> Vec<Range> {
        let of = |[table, index]: [&'static str; 2]| {
            self.by_created([table, index, "tree"], "sku_id = ?", vec![sku.into()])
        };
        by_sku(dialect).iter().copied().map(of).collect()
    }

    fn of_terms(&self, terms: &[String]) -> Vec<Range> {
        let of = |term: &String| {
            self.by_created(["order_term", "", "tree"], "term = ?", vec![term.into()])
        };
        terms.iter().map(of).collect()
    }

    /// The index of shop orders leads with their status, so each is asked for in turn.
    fn of_shop<'s>(&'s self, shop: &'s String) -> impl Iterator<Item = Range> + 's {
        let (status, _) = self.shop_status;
        let all = Status::ALL.iter().filter(move |one| status.is_none_or(|status| status == **one));
        all.map(move |status| {
            let values = vec![Value::from(shop), status.code().into()];
            let of = ["shop_order", "shop_order_shop", "tree"];
            self.by_created(of, "shop_id = ? AND status = ?", values)
        })
    }

    fn of_phones(condition: &str, values: Vec<Value>) -> Range {
        let mut fixed = Sql::default();
        fixed.and(condition, values);
        Range {
            table: "order_phone",
            index: None,
            time: "tree",
            tree: "tree",
            created: "created_at",
            fixed,
            within: (None, None),
            told: &[],
            cover: Sql::default(),
        }
    }

    /// The terms of kinds that are named, as they are stored; an order has one of those that stand together. The number
    /// of an order at its channel may be meant, or that of a line of it.
    pub(super) fn terms<const N: usize>(
        &self,
        kinds: [&str; N],
    ) -> impl Iterator<Item = Vec<String>> {
        let refund = self.refund.filter(|refund| *refund != RefundAxis::None);
        let named = kinds.map(|kind| {
            let word = match kind {
                "external" => self.external_id.as_deref(),
                "token" => self.client_token.as_deref(),
                "tracking" => self.tracking.as_deref(),
                "anomaly" => self.anomaly.as_deref(),
                "tag" => self.tag.as_deref(),
                "refund" => refund.map(RefundAxis::word),
                "delivery" => self.delivery.map(DeliveryStatus::word),
                "branch" => self.branch.as_deref(),
                "place" => self.place.as_deref().filter(|place| *place != "main"),
                "channel" => self.channel.as_deref(),
                _ => None,
            };
            let of_line = (kind == "external").then_some("line");
            let kinds = std::iter::once(kind).chain(of_line);
            word.map(|word| kinds.map(|kind| format!("{kind}:{word}")).collect())
        });
        named.into_iter().flatten()
    }

    /// The filters that may lead, the one that is likely to narrow most first.
    pub(super) fn leads(&self, dialect: Dialect) -> Vec<Lead> {
        let mut leads = Vec::new();
        if let Some(id) = self.id {
            leads.push(Lead { order: Some(id), ranges: Vec::new(), proves: Vec::new() });
        }
        let mut lead = |ranges: Vec<Range>, mut proves: Vec<Test>| {
            if ranges.iter().all(|range| range.time == "created_at") {
                proves.extend(bounds("created_at", self.created));
            }
            leads.push(Lead { order: None, ranges, proves });
        };
        for terms in self.terms(["external", "token"]) {
            lead(self.of_terms(&terms), vec![Test::Terms(terms)]);
        }
        if !self.phones.is_empty() {
            let way = |(last4, phone): &(i64, i64)| {
                let values = vec![Value::Int(*last4), Value::Int(*phone)];
                Self::of_phones("last4 = ? AND phone = ?", values)
            };
            lead(self.phones.iter().map(way).collect(), vec![Test::Phones(self.phones.clone())]);
        }
        for terms in self.terms(["tracking"]) {
            lead(self.of_terms(&terms), vec![Test::Terms(terms)]);
        }
        if let Some(buyer) = &self.buyer {
            let ranges = self.of_order("payment_order_buyer", "buyer_id = ?", buyer.into());
            lead(ranges, vec![Condition::is("buyer_id", buyer)]);
        }
        for terms in self.terms(["anomaly"]) {
            lead(self.of_terms(&terms), vec![Test::Terms(terms)]);
        }
        if let Some(last4) = self.phone_last4 {
            let ranges = vec![Self::of_phones("last4 = ?", vec![Value::Int(last4)])];
            lead(ranges, vec![Test::Last4(last4)]);
        }
        if let Some(sku) = &self.sku {
            let ranges = self.of_sku(dialect, sku);
            lead(ranges, vec![Test::Sku(sku.clone())]);
        }
        for terms in self.terms(["tag"]) {
            lead(self.of_terms(&terms), vec![Test::Terms(terms)]);
        }
        if let Some(shop) = &self.shop {
            let proves = Test::Part(Part::Shop, vec![shop.clone()]);
            lead(self.of_shop(shop).collect(), vec![proves]);
        }
        for terms in self.terms(["refund"]) {
            lead(self.of_terms(&terms), vec![Test::Terms(terms)]);
        }
        if let Some(shops) = self.only_shops.as_ref().filter(|shops| shops.len() <= SHOPS_LOOKED_UP)
        {
            let ranges = shops.iter().flat_map(|shop| self.of_shop(shop)).collect();
            lead(ranges, vec![Test::Part(Part::Shop, shops.clone())]);
        }
        for terms in self.terms(["branch", "place", "delivery", "channel"]) {
            lead(self.of_terms(&terms), vec![Test::Terms(terms)]);
        }
        if let Some(status) = self.status {
            let ranges = self.of_order("payment_order_status", "status = ?", status.code().into());
            lead(ranges, vec![Condition::is("status", status.code())]);
        }
        if let Some(status) = self.store_status {
            let index = "payment_order_store_status";
            let ranges = self.of_order(index, "store_status = ?", status.code().into());
            lead(ranges, vec![Condition::is("store_status", status.code())]);
        }
        self.add_span(&mut leads);
        leads
    }

    /// Orders of a span of the time that the page is not sorted by.
    fn add_span(&self, leads: &mut Vec<Lead>) {
        let (sort, (from, to)) = match self.sort {
            Sort::Created => (Sort::Updated, self.updated),
            Sort::Updated => (Sort::Created, self.created),
        };
        if from.is_some() || to.is_some() {
            leads.push(self.sorted_by(sort));
        }
    }

    /// The first of `leads` that gives its orders in the order of the page.
    pub(super) fn streamed<'l>(&self, leads: &'l [Lead]) -> Option<&'l Lead> {
        let gives = |lead: &&Lead| {
            let mut ranges = lead.ranges.iter();
            lead.order.is_none() && ranges.all(|range| range.time == self.time())
        };
        leads.iter().find(gives)
    }

    /// All orders in the order of the page.
    pub(super) fn all(&self) -> Lead {
        self.sorted_by(self.sort)
    }

    const fn time(&self) -> &'static str {
        match self.sort {
            Sort::Created => "created_at",
            Sort::Updated => "updated_at",
        }
    }

    /// All orders by a time within its bounds; what the index tells of them is tested on it.
    fn sorted_by(&self, sort: Sort) -> Lead {
        let (index, time, within, told) = match sort {
            Sort::Created => ("payment_order_created", "created_at", self.created, &BY_CREATED[..]),
            Sort::Updated => ("payment_order_updated", "updated_at", self.updated, &BY_UPDATED[..]),
        };
        let (mut cover, mut proves) = (Sql::default(), Vec::new());
        for test in self.tests(&[]) {
            match &test {
                Test::Order(condition) if told.contains(&condition.column) => {
                    cover.and(&condition.text(), [condition.value.clone()]);
                    proves.push(test);
                }
                // Its bit may be another's too: those that pass are tested all the same.
                Test::Part(part, names) => {
                    let bits = names.iter().fold(0, |bits, name| bits | part.bit(name));
                    cover.and("COALESCE(parts, -1) & ? <> 0", [Value::Int(bits)]);
                }
                _ => {}
            }
        }
        let range = Range {
            table: "payment_order",
            index: Some(index),
            time,
            tree: "id",
            created: "created_at",
            fixed: Sql::default(),
            within,
            told,
            cover,
        };
        proves.extend(bounds(time, within));
        Lead { order: None, ranges: vec![range], proves }
    }
}

/// The bounds of a time, as conditions.
pub fn bounds(column: &'static str, (from, to): (Option<Time>, Option<Time>)) -> Vec<Test> {
    let from = from.map(|from| Condition { column, sign: ">=", value: from.into() });
    let to = to.map(|to| Condition { column, sign: "<", value: to.into() });
    from.into_iter().chain(to).map(Test::Order).collect()
}
