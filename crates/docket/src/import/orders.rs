//! Orders made of CSV rows: a row of the order files, the rows of its lines grouped by shop, and the rows of
//! its payments become one JSON line, as if it had been exported. What the line means, and whether it can be
//! taken, is judged where every import is judged.

use super::cell::Reading;
use super::columns::{Column, FACTS, Header, Part, WrongCell};
use super::map::{EqualRows, Fields, Map, Meaning, fits, nearest};
use super::place::{Place, Produced, Unfit};
use super::sheet::{Index, Row, Sheet, fingerprint};
use crate::failure::Failure;
use csv::StringRecord;
use docket_domain::{Currency, Json, Quantity};
use serde_json::Map as Object;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

/// Read at a time of the files that are read in order.
const READ_BYTES: usize = 256 * 1024;

/// A mapping at work on its files.
#[derive(Debug)]
pub struct Orders {
    reading: Reading,
    sheets: Vec<OrderSheet>,
    /// Which of `sheets` is being read.
    current: usize,
    /// How many bytes of sheets before that.
    behind: u64,
    items: Items,
    payments: Payments,
    /// Orders that were read.
    seen: HashSet<(u64, u64)>,
    /// Where the rows that no order asked for go on.
    orphans: (usize, usize),
}

#[derive(Debug)]
struct OrderSheet {
    sheet: Sheet,
    key: usize,
    currency: Vec<Column>,
    columns: Vec<Column>,
    status: Option<StatusColumn>,
    /// Of the one payment that the order's own row names.
    payment: Vec<Column>,
}

#[derive(Debug)]
struct StatusColumn {
    at: usize,
    name: String,
    meanings: BTreeMap<String, (Meaning, Vec<Column>)>,
}

#[derive(Debug)]
struct Items {
    index: Index,
    columns: Vec<Vec<Column>>,
    equal_rows: EqualRows,
    /// Whether the lines are the rows of the order files themselves.
    own_rows: bool,
}

#[derive(Debug)]
struct Payments {
    index: Option<Index>,
    columns: Vec<Vec<Column>>,
}

/// Which files play which part.
#[derive(Debug)]
pub struct Parts {
    orders: Vec<PathBuf>,
    items: Vec<PathBuf>,
    payments: Vec<PathBuf>,
    /// Files that play none.
    pub left_out: Vec<PathBuf>,
}

impl Parts {
    /// Tells the files apart by their names. A file with several parts, or a part without a file, is an error.
    pub fn of(map: &Map, files: &[PathBuf]) -> Result<Self, Failure> {
        let payments = map.payments.as_ref().map_or(&[][..], |payments| &payments.files);
        let patterns = [&map.orders.files[..], &map.items.files[..], payments];
        let mut found = [vec![], vec![], vec![]];
        let mut left_out = Vec::new();
        for file in files {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let plays = |patterns: &[String]| patterns.iter().any(|pattern| fits(pattern, &name));
            let parts: Vec<usize> = (0..3).filter(|part| plays(patterns[*part])).collect();
            match parts[..] {
                [] => left_out.push(file.clone()),
                [part] => found[part].push(file.clone()),
                _ => {
                    let why = format!("the mapping gives {name} more than one part");
                    return Err(Failure::usage(why));
                }
            }
        }
        for (part, section) in ["orders", "items", "payments"].into_iter().enumerate() {
            if found[part].is_empty() && !patterns[part].is_empty() {
                let names = patterns[part].join(" or ");
                let why = format!("none of the files is the one of [{section}]: {names}");
                return Err(Failure::usage(why));
            }
        }
        let [orders, items, payments] = found;
        Ok(Self { orders, items, payments, left_out })
    }
}

impl Orders {
    /// Looks up every column, then reads the rows of lines and payments once to know where they are.
    pub fn open(map: &Map, parts: &Parts) -> Result<Self, Failure> {
        Part::Order.check(&map.orders.fields)?;
        Part::Item.check(&map.items.fields)?;
        if let Some(payments) = &map.payments {
            Part::Payment.check(&payments.fields)?;
        }
        let delimiter = map.delimiter as u8;
        let own_rows = map.items.files.is_empty();
        let mut items = Joined::default();
        let mut sheets = Vec::with_capacity(parts.orders.len());
        for path in &parts.orders {
            let sheet = Sheet::open(path, delimiter, READ_BYTES)?;
            let mut header = Header::of(&sheet);
            let opened = order_columns(map, &mut header)?;
            if own_rows {
                items.keys.push(opened.key);
                items.columns.push(header.columns(Part::Item, &map.items.fields)?);
            }
            header.finish(map)?;
            sheets.push(OrderSheet::of(opened, sheet));
        }
        let key = |key: &Option<String>| key.clone().unwrap_or_else(|| map.orders.key.clone());
        for path in &parts.items {
            items.look_up(map, path, &key(&map.items.key), Part::Item, &map.items.fields)?;
        }
        let mut paid = Joined::default();
        for path in &parts.payments {
            let Some(rows) = &map.payments else { continue };
            paid.look_up(map, path, &key(&rows.key), Part::Payment, &rows.fields)?;
        }
        // Every column is there: only now anything is read.
        let paths = if own_rows { &parts.orders } else { &parts.items };
        let index = Index::build(paths, &items.keys, delimiter)?;
        let equal_rows = map.items.equal_rows;
        let items = Items { index, columns: items.columns, equal_rows, own_rows };
        let index = match &parts.payments[..] {
            [] => None,
            paths => Some(Index::build(paths, &paid.keys, delimiter)?),
        };
        Ok(Self {
            reading: map.reading().map_err(Failure::usage)?,
            sheets,
            current: 0,
            behind: 0,
            items,
            payments: Payments { index, columns: paid.columns },
            seen: HashSet::new(),
            orphans: (0, 0),
        })
    }

    /// Bytes of the order files: how far [`Orders::next`] goes.
    pub fn bytes(&self) -> u64 {
        self.sheets.iter().map(|orders| orders.sheet.bytes()).sum()
    }

    /// The next order, or the next row that belongs to none; nothing at the end.
    pub fn next(&mut self) -> Result<Option<Produced>, Failure> {
        while let Some(orders) = self.sheets.get_mut(self.current) {
            let Some(row) = orders.sheet.next()? else {
                self.behind += orders.sheet.read();
                self.current += 1;
                continue;
            };
            let done = self.behind + orders.sheet.read();
            let place = Place { file: file_name(&orders.sheet.path), line: row.line };
            let produced = |order, status| Produced { place: place.clone(), order, status, done };
            let cells = match row.cells {
                Ok(cells) => cells,
                Err(bad) => {
                    let (code, message) = bad.wrong();
                    let unfit = Unfit::row(place.clone(), code, message);
                    return Ok(Some(produced(Err(unfit), None)));
                }
            };
            let key = cells.get(orders.key).unwrap_or_default().trim().to_owned();
            if !self.seen.insert(fingerprint(&key)) {
                // Where lines are rows of the order file, the first of them took the others along.
                if self.items.own_rows {
                    continue;
                }
                let message = format!("order {key} stands in an earlier row already");
                let unfit = Unfit::row(place.clone(), "duplicate", message);
                return Ok(Some(produced(Err(unfit), None)));
            }
            let items = self.items.index.take(&key)?;
            let payments =
                self.payments.index.as_mut().map(|index| index.take(&key)).transpose()?;
            let word = self.sheets[self.current].status.as_ref();
            let word =
                word.map(|status| cells.get(status.at).unwrap_or_default().trim().to_owned());
            let order = self.order(&place, &cells, &items, payments.as_deref());
            return Ok(Some(produced(order.map(|order| order.to_string().into_bytes()), word)));
        }
        self.orphan()
    }

    /// The next row of a line or payment whose order is in no order file.
    fn orphan(&mut self) -> Result<Option<Produced>, Failure> {
        let indexes = [Some(&mut self.items.index), self.payments.index.as_mut()];
        for (number, index) in indexes.into_iter().enumerate().skip(self.orphans.0) {
            let Some(index) = index else { continue };
            let from = if number == self.orphans.0 { self.orphans.1 } else { 0 };
            let Some((next, (sheet, row))) = index.orphan(from)? else { continue };
            self.orphans = (number, next);
            let place = Place { file: file_name(&index.sheets()[sheet].path), line: row.line };
            let (code, message) = match row.cells {
                Err(bad) => bad.wrong(),
                Ok(_) => ("no_order", "its order is in no order file".to_owned()),
            };
            let order = Err(Unfit::row(place.clone(), code, message));
            return Ok(Some(Produced { place, order, status: None, done: self.behind }));
        }
        self.orphans = (2, 0);
        Ok(None)
    }

    fn order(
        &self,
        place: &Place,
        cells: &StringRecord,
        items: &[(usize, Row)],
        payments: Option<&[(usize, Row)]>,
    ) -> Result<Json, Unfit> {
        let orders = &self.sheets[self.current];
        let unfit = |wrong: WrongCell| Unfit::cell(place.clone(), wrong);
        let currency = currency(&orders.currency, cells);
        let mut order = Object::new();
        for column in orders.currency.iter().chain(&orders.columns) {
            let value = column.value(cells, &self.reading, currency).map_err(unfit)?;
            put(&mut order, &column.field, value);
        }
        let payments = match payments {
            Some(rows) => self.payments(rows, currency)?,
            None => self.own_payment(cells, currency).map_err(unfit)?.into_iter().collect(),
        };
        if let Some(status) = &orders.status {
            self.status(status, cells, payments.is_empty(), &mut order).map_err(unfit)?;
        }
        let mut shops = self.shops(items, currency)?;
        let freight = order.remove("freight");
        let ship_to = order.remove("ship_to");
        if let (Some(freight), Some(first)) = (freight, shops.first_mut()) {
            first.add_amount("freight", freight);
        }
        let shops = shops.into_iter().map(|shop| shop.finish(ship_to.as_ref()));
        order.insert("shops".to_owned(), Json::Array(shops.collect()));
        order.insert("payments".to_owned(), Json::Array(payments));
        Ok(Json::Object(order))
    }

    /// What the status word says, and the facts that follow from it.
    fn status(
        &self,
        status: &StatusColumn,
        cells: &StringRecord,
        is_unpaid: bool,
        order: &mut Object<String, Json>,
    ) -> Result<(), WrongCell> {
        let word = cells.get(status.at).unwrap_or_default().trim();
        let Some((meaning, facts)) = status.meanings.get(word) else {
            let known: Vec<_> = status.meanings.keys().map(String::as_str).collect();
            let message =
                format!("`{word}` is no status word of the mapping; it knows {}", known.join(", "));
            return Err(WrongCell {
                column: status.name.clone(),
                wrong: ("unknown_status", message),
            });
        };
        let paid = meaning.when_paid.as_ref().filter(|_| !is_unpaid);
        put(order, "status", Some(Json::from(paid.unwrap_or(&meaning.status).as_str())));
        for fact in facts {
            put(order, &fact.field, fact.value(cells, &self.reading, None)?);
        }
        Ok(())
    }

    fn payments(
        &self,
        rows: &[(usize, Row)],
        currency: Option<Currency>,
    ) -> Result<Vec<Json>, Unfit> {
        let Some(index) = &self.payments.index else { return Ok(Vec::new()) };
        let mut payments = Vec::with_capacity(rows.len());
        for (sheet, row) in rows {
            let place = Place { file: file_name(&index.sheets()[*sheet].path), line: row.line };
            let columns = &self.payments.columns[*sheet];
            let fields = self.fields(columns, &place, row, currency)?;
            payments.push(Json::Object(fields));
        }
        Ok(payments)
    }

    /// The payment that the order's own row names, if it names an amount.
    fn own_payment(
        &self,
        cells: &StringRecord,
        currency: Option<Currency>,
    ) -> Result<Option<Json>, WrongCell> {
        let columns = &self.sheets[self.current].payment;
        let amount = columns.iter().find(|column| column.field == "amount");
        if amount.and_then(|amount| amount.text(cells)).is_none() {
            return Ok(None);
        }
        let mut payment = Object::new();
        for column in columns {
            put(&mut payment, &column.field, column.value(cells, &self.reading, currency)?);
        }
        Ok(Some(Json::Object(payment)))
    }

    /// Rows of lines brought together by shop, in the order they come.
    fn shops(
        &self,
        rows: &[(usize, Row)],
        currency: Option<Currency>,
    ) -> Result<Vec<ShopRows>, Unfit> {
        let mut shops: Vec<ShopRows> = Vec::new();
        for (sheet, row) in rows {
            let file = file_name(&self.items.index.sheets()[*sheet].path);
            let place = Place { file, line: row.line };
            let mut item = self.fields(&self.items.columns[*sheet], &place, row, currency)?;
            let shop_id = item.remove("shop_id").unwrap_or(Json::Null);
            let at = shops.iter().position(|shop| shop.shop_id == shop_id);
            let at = at.unwrap_or_else(|| {
                shops.push(ShopRows { shop_id, fields: Object::new(), items: Vec::new() });
                shops.len() - 1
            });
            shops[at].take(item, self.items.equal_rows);
        }
        Ok(shops)
    }

    fn fields(
        &self,
        columns: &[Column],
        place: &Place,
        row: &Row,
        currency: Option<Currency>,
    ) -> Result<Object<String, Json>, Unfit> {
        let cells = row.cells.as_ref().map_err(|bad| {
            let (code, message) = bad.wrong();
            Unfit::row(place.clone(), code, message)
        })?;
        let mut fields = Object::new();
        for column in columns {
            let value = column.value(cells, &self.reading, currency);
            let value = value.map_err(|wrong| Unfit::cell(place.clone(), wrong))?;
            put(&mut fields, &column.field, value);
        }
        Ok(fields)
    }
}

/// Columns of an order file, looked up.
struct OrderColumns {
    key: usize,
    currency: Vec<Column>,
    columns: Vec<Column>,
    status: Option<StatusColumn>,
    payment: Vec<Column>,
}

impl OrderSheet {
    fn of(columns: OrderColumns, sheet: Sheet) -> Self {
        let OrderColumns { key, currency, columns, status, payment } = columns;
        Self { sheet, key, currency, columns, status, payment }
    }
}

fn order_columns(map: &Map, header: &mut Header<'_>) -> Result<OrderColumns, Failure> {
    let key = header.find(&map.orders.key)?;
    let columns = header.columns(Part::Order, &map.orders.fields)?;
    // Amounts can only be read when the currency is known.
    let (currency, columns) = columns.into_iter().partition(|column| column.field == "currency");
    let status = match &map.orders.status {
        None => None,
        Some(words) => {
            let mut meanings = BTreeMap::new();
            for (word, meaning) in &words.words {
                check_facts(&meaning.facts)?;
                let facts = header.columns(Part::Order, &meaning.facts)?;
                meanings.insert(word.clone(), (meaning.clone(), facts));
            }
            let at = header.find(&words.column)?;
            Some(StatusColumn { at, name: words.column.clone(), meanings })
        }
    };
    let own = map.payments.as_ref().filter(|payments| payments.files.is_empty());
    let payment =
        own.map(|payments| header.columns(Part::Payment, &payments.fields)).transpose()?;
    let payment = payment.unwrap_or_default();
    Ok(OrderColumns { key, currency, columns, status, payment })
}

fn check_facts(facts: &Fields) -> Result<(), Failure> {
    match facts.keys().find(|fact| !FACTS.contains(&fact.as_str())) {
        None => Ok(()),
        Some(fact) => {
            let nearest = nearest(fact, FACTS.iter().copied());
            let nearest = nearest.map(|name| format!("; did you mean `{name}`?"));
            let why = format!("the mapping sets the fact `{fact}`, which is none");
            Err(Failure::usage(why + &nearest.unwrap_or_default()))
        }
    }
}

/// Files of one part while their columns are looked up.
#[derive(Default)]
struct Joined {
    keys: Vec<usize>,
    columns: Vec<Vec<Column>>,
}

impl Joined {
    fn look_up(
        &mut self,
        map: &Map,
        path: &Path,
        key: &str,
        part: Part,
        fields: &Fields,
    ) -> Result<(), Failure> {
        let sheet = Sheet::open(path, map.delimiter as u8, 1024)?;
        let mut header = Header::of(&sheet);
        self.keys.push(header.find(key)?);
        self.columns.push(header.columns(part, fields)?);
        header.finish(map)
    }
}

/// The rows of one shop order.
struct ShopRows {
    shop_id: Json,
    fields: Object<String, Json>,
    items: Vec<Object<String, Json>>,
}

impl ShopRows {
    /// Takes a row: what is the shop's is added to the shop, the rest is a line.
    fn take(&mut self, mut item: Object<String, Json>, equal_rows: EqualRows) {
        for field in ["freight", "shop_discount"] {
            if let Some(amount) = item.remove(field) {
                self.add_amount(field, amount);
            }
        }
        for field in ["place", "fulfilment", "buyer_comment"] {
            if let Some(value) = item.remove(field) {
                self.fields.entry(field).or_insert(value);
            }
        }
        if equal_rows == EqualRows::Merge && self.merge(&item) {
            return;
        }
        self.items.push(item);
    }

    /// Adds the row to a line that differs in nothing but its quantity. Discounts are of a line, not of a
    /// unit, and are added as well.
    fn merge(&mut self, item: &Object<String, Json>) -> bool {
        const ADDED: [&str; 2] = ["quantity", "item_discount"];
        let same = |line: &Object<String, Json>| {
            let counts = |key: &str| !ADDED.contains(&key);
            let mine = line.iter().filter(|(key, _)| counts(key));
            mine.eq(item.iter().filter(|(key, _)| counts(key)))
        };
        let Some(line) = self.items.iter_mut().find(|line| same(line)) else { return false };
        let quantity = |line: &Object<String, Json>| -> Option<Quantity> {
            line.get("quantity")?.as_str()?.parse().ok()
        };
        let (Some(mine), Some(more)) = (quantity(line), quantity(item)) else { return false };
        line.insert("quantity".to_owned(), Json::from((mine + more).to_string()));
        if let Some(more) = item.get("item_discount") {
            let sum = added(line.get("item_discount"), more);
            line.insert("item_discount".to_owned(), sum);
        }
        true
    }

    /// Adds to an amount of the shop order. An unknown part makes the sum unknown.
    fn add_amount(&mut self, field: &str, amount: Json) {
        let sum = added(self.fields.get(field), &amount);
        self.fields.insert(field.to_owned(), sum);
    }

    fn finish(mut self, ship_to: Option<&Json>) -> Json {
        if !self.shop_id.is_null() {
            self.fields.insert("shop_id".to_owned(), self.shop_id);
        }
        if let Some(ship_to) = ship_to {
            self.fields.insert("ship_to".to_owned(), ship_to.clone());
        }
        let items = self.items.into_iter().map(Json::Object).collect();
        self.fields.insert("items".to_owned(), Json::Array(items));
        Json::Object(self.fields)
    }
}

fn added(known: Option<&Json>, more: &Json) -> Json {
    let known = known.map_or(Some(0), Json::as_i64);
    known.zip(more.as_i64()).and_then(|(a, b)| a.checked_add(b)).map_or(Json::Null, Json::from)
}

fn currency(columns: &[Column], cells: &StringRecord) -> Option<Currency> {
    columns.first()?.text(cells)?.parse().ok()
}

/// Sets a field, which may stand one level down: `ship_to.city`.
fn put(object: &mut Object<String, Json>, field: &str, value: Option<Json>) {
    let Some(value) = value else { return };
    let Some((above, below)) = field.split_once('.') else {
        object.insert(field.to_owned(), value);
        return;
    };
    let inner = object.entry(above).or_insert_with(|| Json::Object(Object::new()));
    if let Json::Object(inner) = inner {
        inner.insert(below.to_owned(), value);
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
