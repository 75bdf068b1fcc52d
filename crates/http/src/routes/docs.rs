//! x
use crate::center::Center;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::Value;

pub async fn openapi(State(center): State<Center>) -> Response {
    ([(CONTENT_TYPE, "application/json")], center.openapi.clone()).into_response()
}
pub async fn read(State(center): State<Center>) -> Response {
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], center.docs.clone()).into_response()
}
pub async fn root() -> Redirect {
    Redirect::temporary("/docs")
}
pub fn page(_: &Value) -> String {
    String::new()
}
