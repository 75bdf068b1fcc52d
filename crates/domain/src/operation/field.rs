//! Fields of operations: what each is called at the API, what it may be, whether it must be there and what it means.
//! The reader of requests and the document of the API go over the same ones.
//!
//! Here stand the kinds, and the fields that several families share. The fields that every operation has (`type`,
//! `actor`, `expected_version`, remarks) are no part of what is asked.

/// A field of an operation.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// As the API names it.
    pub name: &'static str,
    /// What it may be.
    pub kind: FieldKind,
    /// Whether it must be there.
    pub need: Need,
    /// What it means, for the document of the API.
    pub meaning: &'static str,
    /// A value it may have, as JSON.
    pub example: &'static str,
}

/// Whether a field must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It must.
    Required,
    /// It may be left out, and `null` is the same.
    Optional,
    /// It may be left out; `null` would mean that it is unknown, which nothing that is asked for may be.
    KnownOrLeftOut,
}

/// What a field may be; the bounds of each kind are those of the API everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A name or number of the caller's, kept exactly as given.
    Identifier,
    /// A name or title.
    Title,
    /// Words of people.
    Words,
    /// Words that are the remark of the request itself: they may be missing where it has one.
    Remark,
    /// Minor units.
    Amount,
    /// A number that Docket gave.
    Id,
    /// A moment.
    Time,
    /// A version, from 1.
    Version,
    /// A whole number, from the first to the second.
    Whole(i64, i64),
    /// Yes or no.
    YesNo,
    /// How much of a freight goes back: none, all that is left, or so many minor units.
    Freight,
    /// Lines and how much of each.
    Lines(HowMuch),
    /// Lines and the tax of each.
    Taxes,
    /// Labels.
    Labels,
    /// Where goods go; it is sealed beside the order and no part of what is decided.
    ShipTo,
}

/// Whether a line must say how much of it is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HowMuch {
    /// It must.
    Said,
    /// Left out means all that is left.
    OrAll,
    /// The same, and a list of none is meant: money alone goes back.
    OrNone,
}

impl Field {
    pub(super) const fn required(
        name: &'static str,
        kind: FieldKind,
        meaning: &'static str,
        example: &'static str,
    ) -> Self {
        Self { name, kind, need: Need::Required, meaning, example }
    }

    pub(super) const fn optional(
        name: &'static str,
        kind: FieldKind,
        meaning: &'static str,
        example: &'static str,
    ) -> Self {
        Self { name, kind, need: Need::Optional, meaning, example }
    }

    /// An amount that may be left out, and is known where it is not.
    pub(super) const fn amount(
        name: &'static str,
        meaning: &'static str,
        example: &'static str,
    ) -> Self {
        Self { name, kind: FieldKind::Amount, need: Need::KnownOrLeftOut, meaning, example }
    }
}

/// Why, where somebody says so.
pub(super) const REASON: Field =
    Field::optional("reason", FieldKind::Words, "In the asker's words", r#""changed my mind""#);

/// Which lines, where some may be meant.
pub(super) const LINES: Field = Field::optional(
    "lines",
    FieldKind::Lines(HowMuch::OrAll),
    "Which lines, and how much of each; all that is left where left out",
    SOME_LINES,
);

/// An example of lines.
pub(super) const SOME_LINES: &str = r#"[{"order_id": "4311810304", "quantity": "1"}]"#;

/// What only one open refund can mean.
pub(super) const REFUND_ID: Field = Field::optional(
    "refund_id",
    FieldKind::Id,
    "Which refund; the one that is open where left out",
    r#""4311810306""#,
);
