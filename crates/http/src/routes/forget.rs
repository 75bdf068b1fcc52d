//! Forgetting a buyer.

use crate::answer;
use crate::auth::Sent;
use crate::body::read;
use crate::center::Center;
use crate::failure::Failure;
use crate::openapi::bodies::ForgetBody;
use crate::openapi::words::{FilesWord, FreeField};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use docket_app::Files;
use docket_wire::kinds;
use docket_wire::reader::Source;
use docket_wire::view::Number;
use serde::Serialize;
use utoipa::ToSchema;

/// Orders that are named in one answer.
const NAMED_MAX: usize = 1_000;

/// A buyer that was forgotten.
#[derive(Serialize, ToSchema)]
pub struct Forgotten {
    /// The buyer.
    pub buyer_id: String,
    /// Orders of the buyer, those in the archive too; 0 where nobody of this number ever ordered.
    pub found: usize,
    /// Those of them of which something was taken out now: data of people, or what the buyer wrote.
    pub orders: usize,
    /// Placements of the buyer that waited to be decided, and were rejected.
    pub placements: usize,
    /// What only a person can judge: orders whose free fields may say more about the buyer; at most 1,000.
    #[schema(max_items = 1000)]
    pub left_to_judge: Vec<LeftToJudge>,
    /// How many such orders there are.
    pub left_orders: usize,
    /// Orders of which a part lies in the archive, which could not be reached: what the buyer wrote is still there.
    /// Ask again when it can be reached.
    pub unreached: Vec<Number>,
    /// Orders of which a part lies in the archive in an object that is damaged or lost: what the buyer wrote is still
    /// there. `docket archive verify` names the object; ask again when it is back.
    pub damaged: Vec<Number>,
    /// What the files of the database hold of it now, backups and the archive aside: `clean`, nothing; `large`, pieces
    /// may stand in pages of a SQLite file that is too large to be written anew while others wait; `server`, what a
    /// database server keeps in its logs and free pages; `unknown`, they could not be cleaned.
    #[schema(value_type = FilesWord)]
    pub files: &'static str,
}

/// Fields of an order that may say more about its buyer.
#[derive(Serialize, ToSchema)]
pub struct LeftToJudge {
    /// The order.
    pub order_id: Number,
    /// Those of `extra`, `source`, `client_token`, `seller_comment`, `promotions`, `tags`, `attributes`, `title` and
    /// `image` that are set, and `notes` for what staff wrote in the log.
    #[schema(value_type = Vec<FreeField>)]
    pub fields: Vec<&'static str>,
}

/// Forget a buyer
///
/// Takes names, telephones, addresses and all other data of people out of every order of a buyer, for good, and
/// what the buyer wrote: comments, reasons, remarks, ratings, in orders, their logs, agreed trees and the archive;
/// `forgotten` stands in their place. Orders, money and the log stay and name nobody. Backups that were made before
/// still hold all of it. The file of a SQLite database is written anew. May be asked again at any time.
#[utoipa::path(
    post, path = "/api/forget", tag = "people", operation_id = "forget_buyer",
    request_body(content = ForgetBody, example = json!({"buyer_id": "1001"})),
    responses((status = 200, description = "What was taken out, and what only a person can judge", body = Forgotten))
)]
pub async fn forget(State(center): State<Center>, sent: Sent) -> Result<Response, Failure> {
    let buyer_id =
        read(&sent.body, Source::Request, |fields| fields.required("buyer_id", kinds::identifier))?;
    let done = center.app.forget_buyer(&sent.who, &buyer_id).await?;
    let left_orders = done.left.len();
    let left = done.left.into_iter().take(NAMED_MAX).map(|(order, fields)| LeftToJudge {
        order_id: Number(order),
        fields: fields.into_iter().collect(),
    });
    let forgotten = Forgotten {
        buyer_id,
        found: done.found,
        orders: done.orders,
        placements: done.placements,
        left_to_judge: left.collect(),
        left_orders,
        files: match done.files {
            Some(Files::Clean) => "clean",
            Some(Files::Large) => "large",
            Some(Files::Server) => "server",
            None => "unknown",
        },
        unreached: done.unreached.into_iter().map(Number).collect(),
        damaged: done.damaged.into_iter().map(Number).collect(),
    };
    Ok(answer::json(StatusCode::OK, &forgotten))
}
