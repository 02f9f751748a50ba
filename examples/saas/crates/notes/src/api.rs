use axum::{
    Json as JsonBody,
    extract::{Path, State},
    http::StatusCode,
};
use kernel::{AppState, Error, Problem, Result, http::Json};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::note::{self, Draft, NewNote, Note};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(delete))
}

/// List the latest notes
#[utoipa::path(get, path = "/notes", tag = "notes", responses((status = OK, body = [Note])))]
async fn list(State(state): State<AppState>) -> Result<JsonBody<Vec<Note>>> {
    Ok(JsonBody(note::list(&state.db).await?))
}

/// Write a note
#[utoipa::path(
    post,
    path = "/notes",
    tag = "notes",
    request_body = Draft,
    responses(
        (status = CREATED, body = Note),
        (status = UNPROCESSABLE_ENTITY, body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn create(State(state): State<AppState>, Json(draft): Json<Draft>) -> Result<(StatusCode, JsonBody<Note>)> {
    let note = NewNote::parse(&draft).map_err(Error::Invalid)?;
    let note = note::create(&state.db, &note).await?;
    Ok((StatusCode::CREATED, JsonBody(note)))
}

/// Delete a note
#[utoipa::path(
    delete,
    path = "/notes/{id}",
    tag = "notes",
    params(("id" = i64, Path)),
    responses(
        (status = NO_CONTENT),
        (status = NOT_FOUND, body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn delete(State(state): State<AppState>, Path(id): Path<i64>) -> Result<StatusCode> {
    note::delete(&state.db, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
