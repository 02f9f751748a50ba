use axum::{Json, extract::State};
use kernel::{AppState, Error, Result, Visitor};

use crate::users::{self, User};

/// Read the own account
#[utoipa::path(
    get,
    path = "/account",
    operation_id = "read_account",
    tag = "account",
    responses((status = OK, description = "Whoever has signed in", body = User), (status = NOT_FOUND, description = "Gone")),
)]
pub async fn read(State(state): State<AppState>, visitor: Visitor) -> Result<Json<User>> {
    Ok(Json(users::find(&state.db, visitor.id).await?.ok_or(Error::NotFound)?))
}
