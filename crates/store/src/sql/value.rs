//! The three kinds of value both databases share, and a row of them.

use crate::StoreError;
use docket_domain::{Id, Quantity, Time};

/// A value bound to a statement or read from a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// Absent.
    Null,
    /// Whole number.
    Int(i64),
    /// Text, UTF-8.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

/// How a column is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// As [`Value::Int`].
    Int,
    /// As [`Value::Text`].
    Text,
    /// As [`Value::Blob`].
    Blob,
}

/// One row, read from the front.
#[derive(Debug)]
pub struct Row {
    table: &'static str,
    values: std::vec::IntoIter<Value>,
}

impl Row {
    /// A row of `table`.
    pub fn new(table: &'static str, values: Vec<Value>) -> Self {
        Self { table, values: values.into_iter() }
    }

    /// All values that were not read yet.
    pub fn rest(self) -> Vec<Value> {
        self.values.collect()
    }

    /// How long its texts and bytes are that were not read yet.
    pub fn bytes(&self) -> usize {
        let length = |value: &Value| match value {
            Value::Null | Value::Int(_) => 0,
            Value::Text(text) => text.len(),
            Value::Blob(bytes) => bytes.len(),
        };
        self.values.as_slice().iter().map(length).sum()
    }

    /// A complaint about this row.
    pub fn corrupt(&self, what: impl std::fmt::Display) -> StoreError {
        StoreError::Corrupt { table: self.table, what: what.to_string() }
    }

    /// Passes over one value.
    pub fn skip(&mut self) {
        self.values.next();
    }

    /// The next value, a number or nothing.
    pub fn int_or_null(&mut self) -> Result<Option<i64>, StoreError> {
        match self.values.next() {
            Some(Value::Int(number)) => Ok(Some(number)),
            Some(Value::Null) => Ok(None),
            other => Err(self.corrupt(format_args!("a number was expected, not {other:?}"))),
        }
    }

    /// The next value, a number.
    pub fn int(&mut self) -> Result<i64, StoreError> {
        self.int_or_null()?.ok_or_else(|| self.corrupt("a number is missing"))
    }

    /// The next value, text or nothing.
    pub fn text_or_null(&mut self) -> Result<Option<String>, StoreError> {
        match self.values.next() {
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(Value::Null) => Ok(None),
            other => Err(self.corrupt(format_args!("text was expected, not {other:?}"))),
        }
    }

    /// The next value, text.
    pub fn text(&mut self) -> Result<String, StoreError> {
        self.text_or_null()?.ok_or_else(|| self.corrupt("text is missing"))
    }

    /// The next value, bytes.
    pub fn blob(&mut self) -> Result<Vec<u8>, StoreError> {
        match self.values.next() {
            Some(Value::Blob(bytes)) => Ok(bytes),
            other => Err(self.corrupt(format_args!("bytes were expected, not {other:?}"))),
        }
    }

    /// The next value, bytes or nothing.
    pub fn blob_or_null(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        match self.values.next() {
            Some(Value::Null) => Ok(None),
            Some(Value::Blob(bytes)) => Ok(Some(bytes)),
            other => Err(self.corrupt(format_args!("bytes were expected, not {other:?}"))),
        }
    }

    /// The next value, thirty-two bytes.
    pub fn hash(&mut self) -> Result<[u8; 32], StoreError> {
        let bytes = self.blob()?;
        bytes.try_into().map_err(|_| self.corrupt("a hash has 32 bytes"))
    }

    /// The next value, thirty-two bytes or nothing.
    pub fn hash_or_null(&mut self) -> Result<Option<[u8; 32]>, StoreError> {
        match self.values.next() {
            Some(Value::Null) => Ok(None),
            Some(Value::Blob(bytes)) => {
                bytes.try_into().map(Some).map_err(|_| self.corrupt("a hash has 32 bytes"))
            }
            other => Err(self.corrupt(format_args!("bytes were expected, not {other:?}"))),
        }
    }

    /// The next value, an id.
    pub fn id(&mut self) -> Result<Id, StoreError> {
        self.int().map(Id)
    }

    /// The next value, a time.
    pub fn time(&mut self) -> Result<Time, StoreError> {
        self.int().map(Time)
    }

    /// The next value, a time or nothing.
    pub fn time_or_null(&mut self) -> Result<Option<Time>, StoreError> {
        Ok(self.int_or_null()?.map(Time))
    }

    /// The next value, a quantity.
    pub fn quantity(&mut self) -> Result<Quantity, StoreError> {
        self.int().map(Quantity)
    }

    /// The next value, JSON of a type of ours.
    pub fn json<T: serde::de::DeserializeOwned>(&mut self) -> Result<T, StoreError> {
        let text = self.text()?;
        serde_json::from_str(&text).map_err(|error| self.corrupt(error))
    }

    /// The next value, a code of one of our lists.
    pub fn code<T>(&mut self, from_code: fn(i64) -> Option<T>) -> Result<T, StoreError> {
        let code = self.int()?;
        from_code(code).ok_or_else(|| self.corrupt(format_args!("{code} is no known code")))
    }
}

macro_rules! value_from {
    ($($type:ty => |$x:ident| $value:expr;)*) => {$(
        impl From<$type> for Value { fn from($x: $type) -> Self { $value } }
    )*};
}
value_from! {
    i64 => |x| Self::Int(x);
    u32 => |x| Self::Int(i64::from(x));
    u16 => |x| Self::Int(i64::from(x));
    u8 => |x| Self::Int(i64::from(x));
    Id => |x| Self::Int(x.0);
    Time => |x| Self::Int(x.0);
    Quantity => |x| Self::Int(x.0);
    String => |x| Self::Text(x);
    &str => |x| Self::Text(x.to_owned());
    &String => |x| Self::Text(x.clone());
    Vec<u8> => |x| Self::Blob(x);
    [u8; 32] => |x| Self::Blob(x.to_vec());
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// JSON of a type of ours as a value.
pub fn json<T: serde::Serialize>(value: &T) -> Value {
    Value::Text(
        serde_json::to_string(value).expect("our own types have string keys and no failing parts"),
    )
}
