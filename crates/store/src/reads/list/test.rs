//! What is tested on candidates of a list: each test looks their keys up and keeps those that pass.

use super::lead::{bounds, by_sku};
use super::stream::{Candidate, candidate};
use super::twins::twins;
use super::{Budget, Filter, Sort};
use crate::StoreError;
use crate::sql::ask::{Ask, Query};
use crate::sql::dialect::Dialect;
use crate::sql::text::{Sql, along, holes, tested};
use crate::sql::value::{Kind, Value};
use crate::tables::rows::Part;
use docket_domain::Id;
use docket_domain::words::{RefundAxis, Status, StoreStatus};
use std::collections::BTreeSet;

/// A condition on a column of the payment order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub column: &'static str,
    pub sign: &'static str,
    pub value: Value,
}

impl Condition {
    /// The test that `column` is `value`.
    pub fn is(column: &'static str, value: impl Into<Value>) -> Test {
        Test::Order(Self { column, sign: "=", value: value.into() })
    }

    pub fn text(&self) -> String {
        format!("{} {} ?", self.column, self.sign)
    }
}

/// One test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// It is found by one of these terms.
    Terms(Vec<String>),
    /// It has a line of a SKU.
    Sku(String),
    /// It is found by one of these hashes of a telephone.
    Phones(Vec<(i64, i64)>),
    /// It is found by this hash of last four digits.
    Last4(i64),
    /// What its first row says.
    Order(Condition),
    /// One of its shop orders is of one of these shops, or at one of these places.
    Part(Part, Vec<String>),
    /// One of its shop orders has these statuses.
    ShopStatus(Option<Status>, Option<StoreStatus>),
    /// One of its item orders may have this status: its own, or that of its shop order.
    ItemStatus(Status),
    /// One of its shop orders has no refund.
    NoRefund,
    /// There is another order of the same buyer and cart, placed within seconds.
    Twin,
}

impl Filter {
    /// Every test but those that are `proven`, the cheap ones first.
    pub(super) fn tests(&self, proven: &[Test]) -> Vec<Test> {
        let terms = [
            "external", "token", "tracking", "anomaly", "tag", "refund", "branch", "place",
            "delivery", "channel",
        ];
        let mut tests: Vec<_> = self.terms(terms).map(Test::Terms).collect();
        tests.extend(self.sku.clone().map(Test::Sku));
        if !self.phones.is_empty() {
            tests.push(Test::Phones(self.phones.clone()));
        }
        tests.extend(self.phone_last4.map(Test::Last4));
        tests.extend(self.id.map(|id| Condition::is("id", id)));
        tests.extend(self.buyer.as_ref().map(|buyer| Condition::is("buyer_id", buyer)));
        tests.extend(self.status.map(|status| Condition::is("status", status.code())));
        tests.extend(self.store_status.map(|status| Condition::is("store_status", status.code())));
        tests.extend(self.order_type.map(|kind| Condition::is("type", kind.code())));
        tests.extend(bounds("created_at", self.created));
        tests.extend(bounds("updated_at", self.updated));
        tests.extend(bounds("paid_at", self.paid));
        let one = |name: &String| vec![name.clone()];
        tests.extend(self.shop.as_ref().map(|shop| Test::Part(Part::Shop, one(shop))));
        tests.extend(self.only_shops.clone().map(|shops| Test::Part(Part::Shop, shops)));
        // Other places are found by their terms.
        let main = self.place.as_ref().filter(|place| *place == "main");
        tests.extend(main.map(|place| Test::Part(Part::Place, one(place))));
        tests.extend(self.only_places.clone().map(|places| Test::Part(Part::Place, places)));
        if let (Some(_), _) | (_, Some(_)) = self.shop_status {
            tests.push(Test::ShopStatus(self.shop_status.0, self.shop_status.1));
        }
        tests.extend(self.item_status.map(Test::ItemStatus));
        if self.refund == Some(RefundAxis::None) {
            tests.push(Test::NoRefund);
        }
        if self.duplicate {
            tests.push(Test::Twin);
        }
        tests.retain(|test| !proven.contains(test));
        tests
    }
}

/// What `tests` ask of the first row of an order.
fn of_order(tests: &[Test]) -> Vec<&Condition> {
    let conditions = tests.iter().filter_map(|test| match test {
        Test::Order(condition) => Some(condition),
        _ => None,
    });
    conditions.collect()
}

/// Those of `batch` that pass all of `tests`, in the same order.
pub fn keep(
    ask: &mut dyn Ask,
    dialect: Dialect,
    mut batch: Vec<Candidate>,
    tests: &[Test],
    budget: &mut Budget,
) -> Result<Vec<Candidate>, StoreError> {
    let of_order = of_order(tests);
    let mut order_tested = false;
    for test in tests {
        // All that its first row says is tested at once.
        if matches!(test, Test::Order(_)) && std::mem::replace(&mut order_tested, true) {
            continue;
        }
        let mut passed = BTreeSet::new();
        for some in batch.chunks(budget.bounds.at_once) {
            budget.tested += some.len();
            match test {
                Test::Twin => twins(ask, dialect, some, budget, &mut passed)?,
                Test::Order(_) => {
                    let mut sql = by_id(dialect, "id", some.iter().map(|one| one.position.id));
                    conditions(&mut sql, dialect, &of_order);
                    gather(ask, "payment_order", sql, &mut passed)?;
                }
                test => gather(ask, test.table(), test.sql(dialect, some), &mut passed)?,
            }
        }
        batch.retain(|one| passed.contains(&one.position.id));
    }
    Ok(batch)
}

/// Those of `ids` whose first rows pass and that come behind the cursor, as candidates in the order of the page.
pub fn placed(
    ask: &mut dyn Ask,
    dialect: Dialect,
    filter: &Filter,
    ids: &BTreeSet<Id>,
    budget: &mut Budget,
) -> Result<Vec<Candidate>, StoreError> {
    let tests = filter.tests(&[]);
    let of_order = of_order(&tests);
    let time = match filter.sort {
        Sort::Created => "created_at",
        Sort::Updated => "updated_at",
    };
    let mut found = Vec::with_capacity(ids.len());
    for ids in ids.iter().copied().collect::<Vec<_>>().chunks(budget.bounds.at_once) {
        budget.tested += ids.len();
        let mut sql = by_id(dialect, &format!("{time}, id, created_at"), ids.iter().copied());
        conditions(&mut sql, dialect, &of_order);
        let kinds = vec![Kind::Int; 3];
        let asked = Query { table: "payment_order", sql: sql.text, kinds, values: sql.values };
        for row in ask.ask(asked)? {
            found.push(candidate(row)?);
        }
    }
    found.retain(|one| filter.cursor.is_none_or(|cursor| one.position < cursor));
    found.sort_unstable_by_key(|one| std::cmp::Reverse(one.position));
    Ok(found)
}

/// `columns` of the first rows of `ids`.
pub fn by_id(dialect: Dialect, columns: &str, ids: impl Iterator<Item = Id>) -> Sql {
    let ids: Vec<_> = padded(ids.map(Value::from).collect());
    let table = match dialect {
        // Its primary key is no index.
        Dialect::Sqlite => "payment_order NOT INDEXED".to_owned(),
        Dialect::MySql => along(dialect, "payment_order", None),
    };
    let text = format!("SELECT {columns} FROM {table} WHERE id IN ({})", holes(ids.len()));
    Sql { text, values: ids }
}

fn conditions(sql: &mut Sql, dialect: Dialect, conditions: &[&Condition]) {
    for condition in conditions {
        let column = tested(dialect, condition.column);
        sql.and(&format!("{column} {} ?", condition.sign), [condition.value.clone()]);
    }
}

/// As many keys as the next power of two, by repeating the last, so that few texts of statements exist.
fn padded<T: Clone>(mut keys: Vec<T>) -> Vec<T> {
    if let Some(last) = keys.last().cloned() {
        keys.resize(keys.len().next_power_of_two(), last);
    }
    keys
}

fn gather(
    ask: &mut dyn Ask,
    table: &'static str,
    sql: Sql,
    passed: &mut BTreeSet<Id>,
) -> Result<(), StoreError> {
    let asked = Query { table, sql: sql.text, kinds: vec![Kind::Int], values: sql.values };
    for mut row in ask.ask(asked)? {
        passed.insert(row.id()?);
    }
    Ok(())
}

impl Test {
    const fn table(&self) -> &'static str {
        match self {
            Self::Terms(_) => "order_term",
            Self::Sku(_) => "item_order",
            Self::Phones(_) | Self::Last4(_) => "order_phone",
            Self::Order(_) | Self::Twin => "payment_order",
            Self::Part(..) | Self::ShopStatus(..) | Self::ItemStatus(_) | Self::NoRefund => {
                "shop_order"
            }
        }
    }

    /// The numbers of those of `candidates` that pass.
    fn sql(&self, dialect: Dialect, candidates: &[Candidate]) -> Sql {
        match self {
            Self::Terms(terms) => {
                let mut sql = Sql::default();
                for (at, term) in terms.iter().enumerate() {
                    if at > 0 {
                        sql.text.push_str(" UNION ALL ");
                    }
                    sql.append(&by_pair(dialect, [self.table(), "", "term"], term, candidates));
                }
                sql
            }
            Self::Sku(sku) => {
                let [table, index] = by_sku(dialect)[0];
                let mut sql = by_pair(dialect, [table, index, "sku_id"], sku, candidates);
                // Those that wait stand by their orders.
                if let Some([table, _]) = by_sku(dialect).get(1) {
                    let mut waiting = by_tree(dialect, table, None, candidates);
                    waiting.and("sku_id = ?", [sku.into()]);
                    sql.text.push_str(" UNION ALL ");
                    sql.append(&waiting);
                }
                sql
            }
            Self::Phones(ways) => {
                let mut sql = by_tree(dialect, self.table(), Some("order_phone_tree"), candidates);
                let way = vec!["(last4 = ? AND phone = ?)"; ways.len()].join(" OR ");
                let values = ways.iter().flat_map(|(last4, phone)| [*last4, *phone]);
                sql.and(&format!("({way})"), values.map(Value::Int));
                sql
            }
            Self::Last4(last4) => {
                let mut sql = by_tree(dialect, self.table(), Some("order_phone_tree"), candidates);
                sql.and("last4 = ?", [Value::Int(*last4)]);
                sql
            }
            Self::Part(part, names) => {
                let mut sql = by_tree(dialect, self.table(), None, candidates);
                let listed = holes(names.len());
                let column = tested(dialect, part.column());
                sql.and(&format!("{column} IN ({listed})"), names.iter().map(Value::from));
                sql
            }
            Self::ShopStatus(status, store_status) => {
                let mut sql = by_tree(dialect, self.table(), None, candidates);
                let status = status.map(|status| ("status", status.code()));
                let store_status = store_status.map(|status| ("store_status", status.code()));
                for (column, code) in status.into_iter().chain(store_status) {
                    let column = tested(dialect, column);
                    sql.and(&format!("{column} = ?"), [code.into()]);
                }
                sql
            }
            Self::ItemStatus(status) => {
                let mut sql = Self::ShopStatus(Some(*status), None).sql(dialect, candidates);
                // Its column is empty where it is that of its shop order.
                let mut of_item = by_tree(dialect, "item_order", None, candidates);
                of_item.and(&format!("{} = ?", tested(dialect, "status")), [status.code().into()]);
                sql.text.push_str(" UNION ALL ");
                sql.append(&of_item);
                sql
            }
            Self::NoRefund => {
                let mut sql = by_tree(dialect, self.table(), None, candidates);
                sql.and("refund_status = ?", [RefundAxis::None.code().into()]);
                sql
            }
            Self::Order(_) | Self::Twin => unreachable!("they have statements of their own"),
        }
    }
}

/// Rows of the trees of `candidates`, by the tree that their key or an index begins with.
fn by_tree(dialect: Dialect, table: &str, index: Option<&str>, candidates: &[Candidate]) -> Sql {
    let trees: Vec<_> = padded(candidates.iter().map(|one| Value::from(one.position.id)).collect());
    let table = along(dialect, table, index);
    let text = format!("SELECT tree FROM {table} WHERE tree IN ({})", holes(trees.len()));
    Sql { text, values: trees }
}

/// Entries of one word in an index over word, time of placement and tree, each looked up by all three. SQLite looks
/// up pairs of a table of values; the MySQL family makes ranges of an OR.
fn by_pair(
    dialect: Dialect,
    [table, index, column]: [&str; 3],
    word: &str,
    candidates: &[Candidate],
) -> Sql {
    let pair = |one: &Candidate| [Value::from(one.created_at), Value::from(one.position.id)];
    let pairs: Vec<_> = padded(candidates.iter().map(pair).collect());
    let n = pairs.len();
    let table = along(dialect, &format!("{table} AS t"), (!index.is_empty()).then_some(index));
    let pairs = pairs.into_iter().flatten();
    match dialect {
        Dialect::Sqlite => Sql {
            text: format!(
                "SELECT t.tree FROM (VALUES {}) AS v CROSS JOIN {table} WHERE t.{column} = ? \
                 AND t.created_at = v.column1 AND t.tree = v.column2",
                vec!["(?, ?)"; n].join(", ")
            ),
            values: pairs.chain([word.into()]).collect(),
        },
        Dialect::MySql => Sql {
            text: format!(
                "SELECT t.tree FROM {table} WHERE t.{column} = ? AND ({})",
                vec!["(t.created_at = ? AND t.tree = ?)"; n].join(" OR ")
            ),
            values: std::iter::once(word.into()).chain(pairs).collect(),
        },
    }
}
