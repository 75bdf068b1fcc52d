//! Orders made of CSV rows: a row of the order files, the rows of its lines grouped by shop, and the rows of
//! its payments become one JSON line, as if it had been exported. What the line means, and whether it can be
//! taken, is judged where every import is judged.

use super::back::Sums;
use super::cell::Reading;
use super::columns::{Column, Header, WrongCell};
use super::fields::Part;
use super::lines::name_of;
use super::map::{Counted, Map};
use super::parts::{Joined, OrderColumns, Parts, StatusColumn};
use super::place::{Place, Produced, Unfit};
use super::sheet::{Index, Row, Sheet, fingerprint};
use super::shops::{Gathering, ShopRows, put};
use super::signs::{Sign, Signs};
use super::summed::{self, Summed};
use crate::failure::Failure;
use crate::said::said;
use csv::StringRecord;
use docket_domain::{Currency, Json};
use serde_json::Map as Object;
use std::collections::HashSet;

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
    /// How many files stand before those of lines, and before those of payments.
    before: (usize, usize),
    /// Whether the files are exports of ours.
    ours: bool,
    /// Orders that were read.
    seen: HashSet<(u64, u64)>,
    /// Where the rows that no order asked for go on.
    orphans: (usize, usize),
}

#[derive(Debug)]
struct OrderSheet {
    sheet: Sheet,
    columns: OrderColumns,
}

#[derive(Debug)]
struct Items {
    index: Index,
    columns: Vec<Vec<Column>>,
    gathering: Gathering,
    signs: Signs,
    /// Whether the lines are the rows of the order files themselves.
    own_rows: bool,
}

#[derive(Debug)]
struct Payments {
    index: Option<Index>,
    columns: Vec<Vec<Column>>,
}

impl Orders {
    /// Looks up every column, then reads the rows of lines and payments once to know where they are.
    pub fn open(map: &Map, parts: &Parts) -> Result<Self, Failure> {
        Part::Order.check(&map.orders.fields)?;
        Part::Item.check(&map.items.fields)?;
        if let Some(payments) = &map.payments {
            Part::Payment.check(&payments.fields)?;
        }
        let written = map.written();
        let own_rows = map.items.files.is_empty();
        let mut items = Joined::default();
        let mut sheets = Vec::with_capacity(parts.orders.len());
        for text in &parts.orders {
            let sheet = Sheet::open(text, written, READ_BYTES)?;
            let mut header = Header::of(&sheet);
            let columns = OrderColumns::look_up(map, &mut header)?;
            if own_rows {
                items.keys.push(columns.key);
                items.columns.push(header.columns(Part::Item, &map.items.fields, map.money)?);
            }
            header.finish(map)?;
            sheets.push(OrderSheet { sheet, columns });
        }
        let key = |key: &Option<String>| key.clone().unwrap_or_else(|| map.orders.key.clone());
        for text in &parts.items {
            items.look_up(map, text, &key(&map.items.key), Part::Item, &map.items.fields)?;
        }
        let mut paid = Joined::default();
        for text in &parts.payments {
            let Some(rows) = &map.payments else { continue };
            paid.look_up(map, text, &key(&rows.key), Part::Payment, &rows.fields)?;
        }
        // Every column is there: only now anything is read.
        let texts = if own_rows { &parts.orders } else { &parts.items };
        let items = Items {
            index: Index::build(texts, &items.keys, written)?,
            columns: items.columns,
            gathering: gathering(map),
            signs: Signs::of(&map.items),
            own_rows,
        };
        let before = if own_rows { 0 } else { parts.orders.len() };
        let index = match &parts.payments[..] {
            [] => None,
            texts => Some(Index::build(texts, &paid.keys, written)?),
        };
        Ok(Self {
            reading: map.reading().map_err(Failure::usage)?,
            sheets,
            current: 0,
            behind: 0,
            items,
            payments: Payments { index, columns: paid.columns },
            before: (before, parts.orders.len() + parts.items.len()),
            ours: map.ours,
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
            let place = Place { file: name_of(&orders.sheet.path), line: row.line };
            let this_row = vec![(self.current, 1)];
            let of_row = |order, key, rows| {
                let (place, status, summed) = (place.clone(), None, Vec::new());
                Ok(Some(Produced { place, order, key, status, rows, summed, done }))
            };
            let cells = match row.cells {
                Ok(cells) => cells,
                // It is a line too, and told with its order, or at the end if it has none.
                Err(_) if self.items.own_rows => continue,
                Err(bad) => {
                    let (code, message) = bad.wrong();
                    let unfit = Unfit::row(place.clone(), code, message);
                    return of_row(Err(unfit), None, this_row);
                }
            };
            let key = cells.get(orders.columns.key).unwrap_or_default().trim().to_owned();
            if !self.seen.insert(fingerprint(&key)) {
                // Where lines are rows of the order file, the first of them took the others along.
                if self.items.own_rows {
                    continue;
                }
                let message =
                    said!("the order stands in an earlier row already", "订单已在前面的行中");
                let unfit = Unfit::row(place.clone(), "duplicate", message);
                return of_row(Err(unfit), Some(key.into()), this_row);
            }
            let items = self.items.index.take(&key)?;
            let payments =
                self.payments.index.as_mut().map(|index| index.take(&key)).transpose()?;
            let word = self.sheets[self.current].columns.status.as_ref();
            let word =
                word.map(|status| cells.get(status.at).unwrap_or_default().trim().to_owned());
            let order = self.order(&place, &cells, &items, payments.as_deref());
            let mut rows = if self.items.own_rows { Vec::new() } else { this_row };
            rows.extend(items.iter().map(|(sheet, _)| (self.before.0 + sheet, 1)));
            let paid = payments.iter().flatten();
            rows.extend(paid.map(|(sheet, _)| (self.before.1 + sheet, 1)));
            let (order, summed) = match order {
                Ok((order, summed)) => (Ok(order.to_string().into_bytes()), summed),
                Err(unfit) => (Err(unfit), Vec::new()),
            };
            let key = Some(key.into());
            return Ok(Some(Produced { place, order, key, status: word, rows, summed, done }));
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
            let place = Place { file: name_of(&index.sheets()[sheet].path), line: row.line };
            let key = index.key(sheet, &row);
            let (code, message) = match row.cells {
                Err(bad) => bad.wrong(),
                Ok(_) => {
                    ("no_order", said!("its order is in no order file", "订单文件中没有它的订单"))
                }
            };
            let order = Err(Unfit::row(place.clone(), code, message));
            let before = if number == 0 { self.before.0 } else { self.before.1 };
            let (rows, done) = (vec![(before + sheet, 1)], self.behind);
            let (status, summed) = (None, Vec::new());
            return Ok(Some(Produced { place, order, key, status, rows, summed, done }));
        }
        self.orphans = (2, 0);
        Ok(None)
    }

    /// An order as a line, and what of it its rows had no room for.
    fn order(
        &self,
        place: &Place,
        cells: &StringRecord,
        items: &[(usize, Row)],
        payments: Option<&[(usize, Row)]>,
    ) -> Result<(Json, Vec<Summed>), Unfit> {
        let columns = &self.sheets[self.current].columns;
        let unfit = |wrong: WrongCell| Unfit::cell(place.clone(), wrong);
        let currency = currency(&columns.currency, cells).map_err(unfit)?;
        let mut order = Object::new();
        for column in columns.currency.iter().chain(&columns.fields) {
            let value = column.value(cells, &self.reading, currency).map_err(unfit)?;
            put(&mut order, &column.field, value);
        }
        let mut payments = match payments {
            Some(rows) => self.payments(rows, currency)?,
            None => self.own_payment(cells, currency).map_err(unfit)?.into_iter().collect(),
        };
        let mut summed = Vec::new();
        if self.ours {
            summed.extend(summed::payments(&mut payments, &order));
        }
        if let Some(status) = &columns.status {
            self.status(status, cells, payments.is_empty(), &mut order).map_err(unfit)?;
        }
        let mut shops = self.shops(items, currency)?;
        let of_first = ["freight", "freight_tax"].map(|name| (name, order.remove(name)));
        let ship_to = order.remove("ship_to");
        for (name, amount) in of_first {
            if let (Some(amount), Some(first)) = (amount, shops.first_mut()) {
                first.add_amount(name, &amount);
            }
        }
        let mut sums: Vec<_> = shops.iter_mut().map(ShopRows::sums).collect();
        let (all, at) = (order.remove("refunded"), order.remove("refunded_at"));
        if let Some(all) = all.as_ref().and_then(Json::as_i64) {
            let rest = all - sums.iter().map(Sums::known).sum::<i64>();
            let _ = rest > 0 && sums.iter_mut().any(|of_shop| of_shop.add(rest, at.as_ref()));
        }
        if self.ours {
            summed.extend(summed::refunds(&sums));
            let any = shops.iter().any(ShopRows::left_in_parcels);
            summed.extend(any.then_some(Summed::Parcels));
        }
        let shops = shops.into_iter().zip(&sums);
        let shops = shops.map(|(shop, sums)| shop.finish(sums, ship_to.as_ref()));
        order.insert("shops".to_owned(), Json::Array(shops.collect()));
        order.insert("payments".to_owned(), Json::Array(payments));
        Ok((Json::Object(order), summed))
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
            let known = known.join(", ");
            let message = said!(
                "`{word}` is no status word of the mapping; it knows {known}",
                "`{word}` 不是映射中的状态词；已知的有 {known}"
            );
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
            let place = Place { file: name_of(&index.sheets()[*sheet].path), line: row.line };
            let columns = &self.payments.columns[*sheet];
            let own = row.cells.as_ref().map_or(Ok(None), |cells| own_currency(columns, cells));
            let own = own.map_err(|wrong| Unfit::cell(place.clone(), wrong))?;
            let fields = self.fields(columns, &place, row, own.or(currency))?;
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
        let columns = &self.sheets[self.current].columns.payment;
        let amount = columns.iter().find(|column| column.field == "amount");
        if amount.and_then(|amount| amount.text(cells)).is_none() {
            return Ok(None);
        }
        let currency = own_currency(columns, cells)?.or(currency);
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
            let file = name_of(&self.items.index.sheets()[*sheet].path);
            let (place, columns) = (Place { file, line: row.line }, &self.items.columns[*sheet]);
            let mut item = self.fields(columns, &place, row, currency)?;
            let sign = self.items.signs.judge(&item).map_err(|(field, wrong)| {
                let column = columns.iter().find(|column| column.field == field);
                let column = column.map_or_else(|| field.to_owned(), |found| found.name.clone());
                Unfit::cell(place, WrongCell { column, wrong })
            })?;
            let shop_id = item.remove("shop_id").unwrap_or(Json::Null);
            let named = item.remove("shop_order_id").unwrap_or_else(|| shop_id.clone());
            let at = shops.iter().position(|shop| shop.named == named);
            let at = at.unwrap_or_else(|| {
                shops.push(ShopRows::of(named, shop_id));
                shops.len() - 1
            });
            let (shop, gathering) = (&mut shops[at], &self.items.gathering);
            match sign {
                Sign::Line => shop.take(item, gathering),
                Sign::Discount(amount) => shop.discount(item, &amount, gathering),
                Sign::GivenBack(quantity) => shop.given_back(item, quantity, gathering),
            }
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

/// How rows become lines by the mapping.
fn gathering(map: &Map) -> Gathering {
    let once = map.items.fields.iter().filter(|(_, value)| value.counted == Counted::Once);
    let once = once.map(|(field, _)| field.clone()).collect();
    Gathering { equal_rows: map.items.equal_rows, once }
}

/// The currency of an order: without it none of its amounts can be read.
fn currency(columns: &[Column], cells: &StringRecord) -> Result<Option<Currency>, WrongCell> {
    let Some(column) = columns.first() else { return Ok(None) };
    match column.text(cells) {
        Some(text) => named(column, &text).map(Some),
        None => Err(WrongCell {
            column: column.name.clone(),
            wrong: ("required", said!("the order has no currency", "订单没有币种")),
        }),
    }
}

/// The currency of a payment, where it names one.
fn own_currency(columns: &[Column], cells: &StringRecord) -> Result<Option<Currency>, WrongCell> {
    let column = columns.iter().find(|column| column.field == "currency");
    let Some((column, text)) = column.and_then(|column| Some((column, column.text(cells)?))) else {
        return Ok(None);
    };
    named(column, &text).map(Some)
}

/// The currency of a code, withdrawn or not.
fn named(column: &Column, text: &str) -> Result<Currency, WrongCell> {
    Currency::ever(text).ok_or_else(|| {
        let no = said!("`{text}` is no currency", "`{text}` 不是货币");
        let capitals = text.to_uppercase();
        let said = match Currency::ever(&capitals) {
            Some(_) => no.and(said!("did you mean `{capitals}`?", "是否应为 `{capitals}`？")),
            None => no.and(said!(
                "a currency is a code of ISO 4217, such as CNY; `words` of the field translate others",
                "货币用 ISO 4217 代码，例如 CNY；其他写法可用该字段的 words 转换"
            )),
        };
        WrongCell { column: column.name.clone(), wrong: ("not_a_currency", said) }
    })
}
