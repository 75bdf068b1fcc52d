//! An order as the API shows it: tree and standing rendered, at all three levels.
//!
//! The views borrow from the tree and are made per answer. Statuses come from the [`Standing`]; nothing is
//! decided or computed here but what is "shown only". The `OpenAPI` schemas come from these structs.

mod asked;
mod coupon;
mod item;
mod payment;
mod refund;
mod shop;

pub use crate::word::Codes;
pub use asked::AskedView;
pub use coupon::CouponView;
pub use item::{ItemView, RateView, SharesView};
pub use payment::{
    AnomalyView, AttemptView, PaymentFactView, PaymentView, RefundDueView, RevokeView,
};
pub use refund::{LineView, RefundLineView, RefundPartView, RefundView};
pub use shop::{DeliveryStepView, FreightSharesView, ReportedView, ShipmentView, ShopView};

use crate::market::Markets;
use crate::moment::Moment;
use crate::person::{Person, PersonState};
use crate::word::{DeadlineWord, Shown};
use docket_domain::deadline::RATE_AGAIN;
use docket_domain::status::{Standing, Times};
use docket_domain::time::Millis;
use docket_domain::tree::Deadline;
use docket_domain::words::DeadlineKind;
use docket_domain::{Id, Time, Tree};
use serde::{Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// How an order is to be shown, and to whom.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// The names of markets.
    pub markets: &'a Markets,
    /// Now: what may be done until some day (rate) depends on it.
    pub now: Time,
    /// How long after receipt a line may be rated.
    pub rate_again: Millis,
    /// The whole tree or a row of a list.
    pub shape: Shape,
    /// What the caller may see.
    pub access: Access<'a>,
    /// Whether numbers of ours are given.
    pub ids: Ids,
    /// Words or stored numbers.
    pub codes: Codes,
}

impl<'a> Look<'a> {
    /// The whole tree in words, for someone who may see all of it, with the lengths of the defaults.
    pub const fn whole(markets: &'a Markets, now: Time) -> Self {
        Self {
            markets,
            now,
            rate_again: RATE_AGAIN,
            shape: Shape::Tree,
            access: Access::Whole,
            ids: Ids::Shown,
            codes: Codes::Words,
        }
    }
}

/// How much of the tree is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// All levels.
    Tree,
    /// L1 alone, for lists.
    Row,
}

/// What the caller's key may see.
#[derive(Debug, Clone, Copy)]
pub enum Access<'a> {
    /// Everything.
    Whole,
    /// Only these shop orders, and of L1 neither payments nor coins.
    Only(&'a [Id]),
}

impl Access<'_> {
    fn shows(self, shop: Id) -> bool {
        match self {
            Self::Whole => true,
            Self::Only(own) => own.contains(&shop),
        }
    }
}

/// Whether numbers of ours are given: a quote has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ids {
    /// They are.
    Shown,
    /// They are not.
    LeftOut,
}

/// How people's data is shown.
#[derive(Debug, Clone, Copy)]
pub enum Face<'a> {
    /// Not at all: it was not loaded, was forgotten, or there is none.
    None,
    /// With names, telephones and addresses hidden.
    Masked(&'a Person),
    /// In full, to who may read it.
    Revealed(&'a Person),
    /// There is something, and it cannot be opened here.
    Closed(PersonState),
}

/// Renders an order.
pub fn view<'a>(
    tree: &'a Tree,
    standing: &'a Standing,
    face: Face<'a>,
    look: &Look<'a>,
) -> PaymentView<'a> {
    PaymentView::of(tree, standing, face, look)
}

/// The JSON text of a view. Most trees fit the room it starts with, so it need not grow.
pub fn json<T: Serialize>(view: &T) -> Vec<u8> {
    let mut text = Vec::with_capacity(8192);
    serde_json::to_writer(&mut text, view)
        .expect("a view has text keys, and a Vec takes every write");
    text
}

/// A number of ours in an answer: a text of digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number(pub Id);

impl Number {
    fn unless_left_out(id: Id, ids: Ids) -> Option<Self> {
        (ids == Ids::Shown).then_some(Self(id))
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // By hand: every id of every answer passes here, and `collect_str` goes through the formatter.
        let mut digits = [b'0'; 19];
        let mut rest = self.0.0.unsigned_abs();
        let mut start = digits.len();
        while start == digits.len() || rest > 0 {
            start -= 1;
            digits[start] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        serializer
            .serialize_str(std::str::from_utf8(&digits[start..]).expect("only digits were put"))
    }
}

impl PartialSchema for Number {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[0-9]{1,19}$"))
            .description(Some("A number of ours, written as a text"))
            .into()
    }
}

impl ToSchema for Number {}

/// A quantity in an answer: a decimal text with up to three places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HowMuch(pub docket_domain::Quantity);

impl Serialize for HowMuch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl PartialSchema for HowMuch {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(r"^-?[0-9]{1,15}(\.[0-9]{1,3})?$"))
            .description(Some("A quantity: a decimal number with up to three places, as a text"))
            .into()
    }
}

impl ToSchema for HowMuch {
    fn name() -> std::borrow::Cow<'static, str> {
        std::borrow::Cow::Borrowed("Quantity")
    }
}

/// The one deadline of a node.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = Deadline)]
pub struct DeadlineView {
    /// What happens then.
    pub kind: DeadlineWord,
    /// When; of a stopped deadline, when it would have been.
    pub at: Moment,
    /// `true` while an open refund stops it; left out otherwise.
    #[serde(skip_serializing_if = "is_running")]
    pub stopped: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the shape serde asks for
const fn is_running(stopped: &bool) -> bool {
    !*stopped
}

impl DeadlineView {
    fn of(deadline: Deadline) -> Self {
        Self {
            kind: Shown::word(deadline.kind),
            at: deadline.at.into(),
            stopped: deadline.stopped_with.is_some(),
        }
    }
}

/// When a node reached what; null until then.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = Times)]
pub struct TimesView {
    /// When it was placed.
    pub created_at: Moment,
    /// When it last changed.
    pub updated_at: Moment,
    /// When the payable was covered.
    pub paid_at: Option<Moment>,
    /// When nothing was left to ship.
    pub shipped_at: Option<Moment>,
    /// When the buyer had it.
    pub received_at: Option<Moment>,
    /// Until when it may be received before the timer does; kept when it was received.
    pub receive_by: Option<Moment>,
    /// By how many days that was put off; null where never.
    pub extended_by: Option<u32>,
    /// When it ended without being paid.
    pub cancelled_at: Option<Moment>,
    /// When all was given back.
    pub refunded_at: Option<Moment>,
    /// When it was settled.
    pub settled_at: Option<Moment>,
}

/// The receive-by of a shop order and by how many days it was put off.
#[derive(Debug, Clone, Copy, Default)]
struct ReceiveBy {
    at: Option<Time>,
    extended_by: Option<u32>,
}

impl ReceiveBy {
    fn of(shop: &docket_domain::ShopOrder) -> Self {
        let deadline = shop.deadline.filter(|deadline| deadline.kind == DeadlineKind::ReceiveBy);
        Self {
            at: deadline.map(|deadline| deadline.at).or(shop.receive_by),
            extended_by: (shop.extended_by > 0).then_some(shop.extended_by),
        }
    }

    /// Of a tree: the last of its shop orders'.
    fn last(tree: &Tree) -> Self {
        tree.shops.iter().map(Self::of).fold(Self::default(), |last, shop| Self {
            at: last.at.max(shop.at),
            extended_by: last.extended_by.max(shop.extended_by),
        })
    }
}

impl TimesView {
    fn of(times: &Times, created_at: Time, updated_at: Time, receive: ReceiveBy) -> Self {
        let moment = |time: Option<Time>| time.map(Moment);
        Self {
            created_at: created_at.into(),
            updated_at: updated_at.into(),
            paid_at: moment(times.paid_at),
            shipped_at: moment(times.shipped_at),
            received_at: moment(times.received_at),
            receive_by: moment(receive.at),
            extended_by: receive.extended_by,
            cancelled_at: moment(times.cancelled_at),
            refunded_at: moment(times.refunded_at),
            settled_at: moment(times.settled_at),
        }
    }
}
