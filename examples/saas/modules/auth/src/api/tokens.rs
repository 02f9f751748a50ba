use axum::{Json as JsonBody, extract::State, http::StatusCode, response::IntoResponse};
use kernel::{AppState, Error, Result};
use rest::{Errors, Json, Path};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Owned;
use crate::{
    client::Client,
    sessions::{Confirmed, Session},
    tokens::{self, Token, Wanted},
};

/// List the own API tokens
#[utoipa::path(
    get,
    path = "/account/tokens",
    operation_id = "list_tokens",
    tag = "account",
    responses((status = OK, description = "The newest first", body = Vec<Token>), Errors<Owned>),
)]
pub async fn list(State(state): State<AppState>, session: Session) -> Result<JsonBody<Vec<Token>>> {
    Ok(JsonBody(tokens::all(&state.db, session.user).await?))
}

/// A token that was just made.
#[derive(Serialize, ToSchema)]
pub struct Made {
    #[serde(flatten)]
    about: Token,
    /// For the header `Authorization: Bearer …`. It is not shown again.
    token: String,
}

/// Make an API token
///
/// It asks for a confirmation (`/auth/confirm`).
#[utoipa::path(
    post,
    path = "/account/tokens",
    operation_id = "create_token",
    tag = "account",
    request_body = Wanted,
    responses((status = CREATED, description = "The token, this once", body = Made), Errors<(Json<Wanted>, Owned)>),
)]
pub async fn create(
    State(state): State<AppState>,
    client: Client,
    session: Confirmed,
    Json(wanted): Json<Wanted>,
) -> Result<impl IntoResponse> {
    let (about, token) = tokens::create(&state, session.0.user, &wanted, Some(&client)).await?;
    Ok((StatusCode::CREATED, JsonBody(Made { about, token })))
}

/// Revoke an API token
///
/// It asks for a confirmation (`/auth/confirm`).
#[utoipa::path(
    delete,
    path = "/account/tokens/{id}",
    operation_id = "revoke_token",
    tag = "account",
    params(("id" = Uuid, Path, description = "The `id` of the token")),
    responses((status = NO_CONTENT, description = "It is worth nothing any more"), Errors<Path<Uuid>>),
)]
pub async fn revoke(
    State(state): State<AppState>,
    client: Client,
    session: Confirmed,
    Path(id): Path<Uuid>,
) -> Result<StatusCode> {
    if tokens::revoke(&state, session.0.user, id, Some(&client)).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Error::NotFound)
    }
}
