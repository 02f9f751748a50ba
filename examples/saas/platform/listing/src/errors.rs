use axum::http::StatusCode;
use rest::Refuses;

use crate::ListQuery;

/// `Errors<ListQuery<Note>>` describes what a list refuses.
impl<T> Refuses for ListQuery<T> {
    fn statuses() -> Vec<StatusCode> {
        vec![StatusCode::BAD_REQUEST]
    }
}
