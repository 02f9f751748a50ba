use axum::{
    Json as JsonBody,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use kernel::{AppState, Error, Result};
use listing::{List, ListQuery};
use rest::{ETag, Errors, IfMatch, Json, Path};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    note::{self, Draft, NewNote, Note},
    owner::Owner,
};

#[derive(OpenApi)]
#[openapi(tags((name = "notes", description = "Texts with a title")))]
struct Api;

pub fn routes() -> OpenApiRouter<AppState> {
    let notes = routes!(list, create);
    let note = routes!(read, update, delete);
    OpenApiRouter::with_openapi(Api::openapi()).routes(notes).routes(note)
}

/// List notes
#[utoipa::path(
    get,
    path = "/notes",
    operation_id = "list_notes",
    tag = "notes",
    params(ListQuery<Note>),
    responses(
        (
            status = OK,
            description = "One page of the list",
            body = List<Note>,
            headers(("Link" = String, description = "The first page, the next and the one before (RFC 8288)")),
        ),
        Errors<ListQuery<Note>>,
    ),
)]
async fn list(State(state): State<AppState>, owner: Owner, query: ListQuery<Note>) -> Result<List<Note>> {
    note::list(&state.db, owner, query).await
}

/// Write a note
#[utoipa::path(
    post,
    path = "/notes",
    operation_id = "create_note",
    tag = "notes",
    request_body = Draft,
    responses(
        (
            status = CREATED,
            description = "The new note",
            body = Note,
            headers(("Location" = String, description = "The path of the note"), ("ETag" = String)),
        ),
        Errors<Json<Draft>>,
    ),
)]
async fn create(State(state): State<AppState>, owner: Owner, Json(draft): Json<Draft>) -> Result<Response> {
    let note = NewNote::parse(&draft).map_err(Error::Invalid)?;
    let note = note::create(&state, owner, &note).await?;
    let location = [(header::LOCATION, format!("/api/v1/notes/{}", note.id))];
    Ok((StatusCode::CREATED, location, tagged(note)).into_response())
}

/// Read a note
#[utoipa::path(
    get,
    path = "/notes/{id}",
    operation_id = "read_note",
    tag = "notes",
    params(("id" = Uuid, Path, description = "The `id` of the note")),
    responses((status = OK, description = "The note", body = Note), Errors<Path<Uuid>>),
)]
async fn read(State(state): State<AppState>, owner: Owner, Path(id): Path<Uuid>) -> Result<(ETag, JsonBody<Note>)> {
    Ok(tagged(note::find(&state.db, owner, id).await?))
}

/// Replace a note
///
/// The header `If-Match` is required, so that no change of somebody else is lost.
#[utoipa::path(
    put,
    path = "/notes/{id}",
    operation_id = "update_note",
    tag = "notes",
    params(
        ("id" = Uuid, Path, description = "The `id` of the note"),
        ("If-Match" = String, Header, description = "The `ETag` of the note as you know it", example = "\"1\""),
    ),
    request_body = Draft,
    responses(
        (status = OK, description = "The note as it is now", body = Note, headers(("ETag" = String))),
        Errors<(Path<Uuid>, IfMatch, Json<Draft>)>,
    ),
)]
async fn update(
    State(state): State<AppState>,
    owner: Owner,
    Path(id): Path<Uuid>,
    condition: IfMatch,
    Json(draft): Json<Draft>,
) -> Result<(ETag, JsonBody<Note>)> {
    let new = NewNote::parse(&draft).map_err(Error::Invalid)?;
    let old = note::find(&state.db, owner, id).await?;
    let version = condition.check(old.version, &tags(&old))?;
    let note = note::update(&state.db, owner, id, version, &new).await?;
    note.map(tagged).ok_or_else(|| rest::changed(version))
}

/// Delete a note
#[utoipa::path(
    delete,
    path = "/notes/{id}",
    operation_id = "delete_note",
    tag = "notes",
    params(
        ("id" = Uuid, Path, description = "The `id` of the note"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the note as you know it"),
    ),
    responses(
        (status = NO_CONTENT, description = "The note is gone"),
        Errors<(Path<Uuid>, Option<IfMatch>)>,
    ),
)]
async fn delete(
    State(state): State<AppState>,
    owner: Owner,
    Path(id): Path<Uuid>,
    condition: Option<IfMatch>,
) -> Result<StatusCode> {
    let note = note::find(&state.db, owner, id).await?;
    let version = condition.map(|condition| condition.check(note.version, &tags(&note))).transpose()?.flatten();
    let deleted = note::delete(&state, owner, id, version).await?;
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(rest::changed(version)) }
}

fn tagged(note: Note) -> (ETag, JsonBody<Note>) {
    let [fresh, counted] = tags(&note);
    (if note.words.is_some() { counted } else { fresh }, JsonBody(note))
}

/// What a version of the note is called before its words are counted, and after. The job changes what is read, and nothing
/// that somebody has written: whoever has read either may change the note.
fn tags(note: &Note) -> [ETag; 2] {
    [ETag::of_version(note.version), ETag::of_version(format_args!("{}-counted", note.version))]
}
