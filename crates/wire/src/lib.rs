//! The JSON of the contract: requests read with every wrong field named, trees rendered.
//!
//! Pure: no clock, no IO, no async. What is read becomes the domain's own types or a list of
//! [`docket_domain::FieldError`]; what is rendered borrows from the tree. HTTP status codes, keys and
//! headers belong to the layer above; what a field *means* belongs to the domain.

pub mod carried;
pub mod chinese;
mod country;
pub mod coupon;
pub mod described;
pub mod document;
pub mod kinds;
pub mod log;
pub mod market;
pub mod moment;
pub mod operation;
pub mod person;
pub mod placement;
pub mod problem;
pub mod reader;
pub mod record;
pub mod stored;
pub mod telephone;
pub mod view;
pub mod word;

pub use document::Node;
pub use log::{Activity, LogView};
pub use market::Markets;
pub use operation::Posted;
pub use person::{Contact, Person, PersonState, ShipTo};
pub use placement::Placed;
pub use problem::Problem;
pub use reader::Unreadable;
pub use record::Recorded;
pub use telephone::Telephone;
pub use view::{Access, Codes, Face, Ids, Look, PaymentView, Shape};
