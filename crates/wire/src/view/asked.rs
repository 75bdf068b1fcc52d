//! How much of a freight a refund was asked for, as a refund shows it.

use docket_domain::tree::FreightAsked;
use serde::Serialize;
use std::borrow::Cow;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{
    KnownFormat, ObjectBuilder, OneOfBuilder, Schema, SchemaFormat, Type,
};
use utoipa::{PartialSchema, ToSchema};

/// How much of the freight was asked for: `false`, `true` or the amount.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(transparent)]
pub struct AskedView(pub(super) FreightAsked);

impl AskedView {
    #[allow(clippy::trivially_copy_pass_by_ref)] // the shape serde asks for
    pub(super) fn is_not(&self) -> bool {
        self.0 == FreightAsked::No
    }
}

impl PartialSchema for AskedView {
    fn schema() -> RefOr<Schema> {
        let amount = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
        let format = SchemaFormat::KnownFormat(KnownFormat::Int64);
        let whether = ObjectBuilder::new().schema_type(Type::Boolean);
        let either = OneOfBuilder::new().item(whether).item(amount.format(Some(format)));
        Schema::OneOf(either.build()).into()
    }
}

impl ToSchema for AskedView {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("FreightAsked")
    }
}
