//! The domain's words at the API: read from a word, shown as a word or, for exports, as the stored number,
//! and described in the `OpenAPI` document.

use docket_domain::ActorKind;
use docket_domain::channel::RunMode;
use docket_domain::operation::OperationKind;
use docket_domain::words::{
    AnomalyKind, AttemptStatus, CancelKind, DeadlineKind, DeliveryStatus, DueCause, Fulfilment,
    Level, OrderType, ParcelState, PaymentStatus, Platform, ReceiveType, RefundAxis, RefundKind,
    RefundStatus, RevokeStatus, Settlement, Status, StoreStatus, TillStatus, Visible,
};
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// A closed list of words, each with a stored number.
pub trait Word: Copy + 'static {
    /// What the list is called in the `OpenAPI` document.
    const NAME: &'static str;
    /// Every value.
    const ALL: &'static [Self];
    /// The word at the API.
    fn word(self) -> &'static str;
    /// The number that is stored.
    fn code(self) -> i64;
}

macro_rules! words {
    ($($name:ident),*) => {$(
        impl Word for $name {
            const NAME: &'static str = stringify!($name);
            const ALL: &'static [Self] = $name::ALL;
            fn word(self) -> &'static str {
                $name::word(self)
            }
            fn code(self) -> i64 {
                $name::code(self)
            }
        }
    )*};
}

words!(
    ActorKind,
    AnomalyKind,
    AttemptStatus,
    CancelKind,
    DeadlineKind,
    DeliveryStatus,
    DueCause,
    Fulfilment,
    Level,
    OperationKind,
    OrderType,
    ParcelState,
    PaymentStatus,
    Platform,
    ReceiveType,
    RefundAxis,
    RefundKind,
    RefundStatus,
    RevokeStatus,
    RunMode,
    Settlement,
    Status,
    StoreStatus,
    TillStatus,
    Visible
);

/// The value of `word`, if it is one of the list.
pub fn of_word<W: Word>(word: &str) -> Option<W> {
    W::ALL.iter().copied().find(|value| value.word() == word)
}

/// The value of a stored number.
pub fn of_code<W: Word>(code: i64) -> Option<W> {
    W::ALL.iter().copied().find(|value| value.code() == code)
}

/// Every word of the list but those of `left_out`, for messages.
pub fn listed<W: Word>(left_out: &[&str]) -> String {
    let words = W::ALL.iter().map(|value| value.word());
    words.filter(|word| !left_out.contains(word)).collect::<Vec<_>>().join(", ")
}

/// Whether words or the stored numbers are written (`docket export --codes`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Codes {
    /// Words, as the API speaks.
    #[default]
    Words,
    /// Stored numbers, for the fields that the source documents give numbers to.
    Numbers,
}

/// A word in an answer.
#[derive(Debug, Clone, Copy)]
pub struct Shown<W> {
    value: W,
    codes: Codes,
}

impl<W: Word> Shown<W> {
    /// `value` as a word, whatever is asked for: the list has numbers of ours only.
    pub const fn word(value: W) -> Self {
        Self { value, codes: Codes::Words }
    }

    /// `value` as `codes` asks.
    pub const fn coded(value: W, codes: Codes) -> Self {
        Self { value, codes }
    }
}

impl<W: Word> Serialize for Shown<W> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.codes {
            Codes::Words => serializer.serialize_str(self.value.word()),
            Codes::Numbers => serializer.serialize_i64(self.value.code()),
        }
    }
}

impl<W: Word> PartialSchema for Shown<W> {
    fn schema() -> RefOr<Schema> {
        let words = W::ALL.iter().map(|value| value.word());
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
    }
}

impl<W: Word> ToSchema for Shown<W> {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed(W::NAME)
    }
}

// The `OpenAPI` derive writes a generic type's parameters into its name; an alias hides them.
macro_rules! aliases {
    ($($(#[$doc:meta])* $alias:ident = $word:ident;)*) => {$(
        $(#[$doc])*
        pub type $alias = Shown<$word>;
    )*};
}

aliases! {
    /// A kind of actor in an answer.
    ActorWord = ActorKind;
    /// A kind of anomaly in an answer.
    AnomalyWord = AnomalyKind;
    /// The status of an attempt in an answer.
    AttemptWord = AttemptStatus;
    /// A kind of deadline in an answer.
    DeadlineWord = DeadlineKind;
    /// The delivery axis in an answer.
    DeliveryWord = DeliveryStatus;
    /// Why money is due back, in an answer.
    CauseWord = DueCause;
    /// A kind of fulfilment in an answer.
    FulfilmentWord = Fulfilment;
    /// A level in an answer.
    LevelWord = Level;
    /// The name of an operation in an answer.
    OperationWord = OperationKind;
    /// What is sold, in an answer.
    TypeWord = OrderType;
    /// Whether a parcel has left, in an answer.
    ParcelWord = ParcelState;
    /// The payment axis in an answer.
    PaymentWord = PaymentStatus;
    /// A platform in an answer.
    PlatformWord = Platform;
    /// Who received, in an answer.
    ReceiveWord = ReceiveType;
    /// The refund axis in an answer.
    RefundAxisWord = RefundAxis;
    /// A kind of refund in an answer.
    RefundKindWord = RefundKind;
    /// The status of a refund in an answer.
    RefundWord = RefundStatus;
    /// The revoke axis in an answer.
    RevokeWord = RevokeStatus;
    /// The settlement axis in an answer.
    SettlementWord = Settlement;
    /// The main status in an answer.
    StatusWord = Status;
    /// The store status in an answer.
    StoreWord = StoreStatus;
    /// The till status in an answer.
    TillWord = TillStatus;
    /// Who sees the order, in an answer.
    VisibleWord = Visible;
}

/// How a shop order was brought to its end, in an answer; `none` (code 0) until then.
#[derive(Debug, Clone, Copy)]
pub struct CancelWord {
    /// None until revoked or given back whole.
    pub kind: Option<CancelKind>,
    /// Word or number.
    pub codes: Codes,
}

impl Serialize for CancelWord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.codes {
            Codes::Words => serializer.serialize_str(self.kind.map_or("none", CancelKind::word)),
            Codes::Numbers => serializer.serialize_i64(self.kind.map_or(0, CancelKind::code)),
        }
    }
}

impl PartialSchema for CancelWord {
    fn schema() -> RefOr<Schema> {
        let words = ["none"].into_iter().chain(CancelKind::ALL.iter().map(|kind| kind.word()));
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
    }
}

impl ToSchema for CancelWord {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed(CancelKind::NAME)
    }
}
