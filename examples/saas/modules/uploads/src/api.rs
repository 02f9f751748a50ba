use std::time::Duration;

use axum::{
    Json as JsonBody,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use kernel::{AppState, Error, Problem, Result};
use listing::{List, ListQuery};
use rest::{Errors, Json, Path, Query};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{OpenApi, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    FILES, Purpose,
    file::{self, File},
    links,
    owner::Owner,
    receive::{self, Upload},
};

/// How long a link lives unless its maker wants another time, and at most.
const MINUTES: u32 = 15;
const MOST_MINUTES: u32 = 7 * 24 * 60;

#[derive(OpenApi)]
#[openapi(tags((name = "files", description = "Files that people have uploaded")))]
struct Api;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Api::openapi()).routes(routes!(read, delete)).routes(routes!(link))
}

/// What takes large bodies. A path has one policy: the list shares it.
pub fn large() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, create))
}

/// List files
#[utoipa::path(
    get,
    path = "/files",
    operation_id = "list_files",
    tag = "files",
    params(ListQuery<File>),
    responses(
        (
            status = OK,
            description = "One page of the list",
            body = List<File>,
            headers(("Link" = String, description = "The first page, the next and the one before (RFC 8288)")),
        ),
        Errors<ListQuery<File>>,
    ),
)]
async fn list(State(state): State<AppState>, owner: Owner, query: ListQuery<File>) -> Result<List<File>> {
    crate::list(&state, owner, query).await
}

/// What a file is called, and what it is for.
#[derive(Debug, Deserialize)]
struct Wanted {
    name: String,
    purpose: Option<String>,
}

/// Upload a file
///
/// The body is the content of the file, whatever its `Content-Type` says. Its length is needed to find out early that the file
/// is too large; without one, as much room must be left as a file may have at most.
#[utoipa::path(
    post,
    path = "/files",
    operation_id = "create_file",
    tag = "files",
    params(
        ("name" = String, Query, description = "What the file is called; its end says what it is", example = "photo.jpg"),
        (
            "purpose" = Option<String>, Query,
            description = "What the file is for; `uploads.files` unless it is given",
            example = "uploads.files",
        ),
        (
            "Content-Digest" = Option<String>, Header,
            description = "The SHA-256 hash of the content (RFC 9530): a file with another one is refused",
            example = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:",
        ),
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (
            status = CREATED,
            description = "The new file",
            body = File,
            headers(("Location" = String, description = "The path of the file")),
        ),
        Errors<(Query<Wanted>, Json<Wanted>)>,
    ),
)]
async fn create(
    State(state): State<AppState>,
    owner: Owner,
    Query(Wanted { name, purpose }): Query<Wanted>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response> {
    let unknown = || Error::Invalid([("purpose", "There is no such purpose.".to_owned())].into());
    let wanted = purpose.as_deref().unwrap_or(FILES.name);
    let purpose = *state.all().iter().find(|purpose: &&Purpose| purpose.name == wanted).ok_or_else(unknown)?;
    let digest = headers.get("content-digest").map(|value| value.to_str().unwrap_or_default());
    let sha256 = digest.map(receive::read_digest).transpose()?;
    let upload = Upload { purpose, name, announced: receive::length(&headers), sha256 };
    let file = receive::receive(&state, owner, upload, receive::pieces(body)).await?;
    let location = [(header::LOCATION, format!("/api/v1/files/{}", file.id))];
    Ok((StatusCode::CREATED, location, JsonBody(file)).into_response())
}

/// Read what is known about a file
///
/// Its content is at `/files/{id}/{name}`, for whoever has a link.
#[utoipa::path(
    get,
    path = "/files/{id}",
    operation_id = "read_file",
    tag = "files",
    params(("id" = Uuid, Path, description = "The `id` of the file")),
    responses((status = OK, description = "The file", body = File), Errors<Path<Uuid>>),
)]
async fn read(State(state): State<AppState>, owner: Owner, Path(id): Path<Uuid>) -> Result<JsonBody<File>> {
    Ok(JsonBody(file::find(&state.db, owner, id).await?))
}

/// Delete a file
#[utoipa::path(
    delete,
    path = "/files/{id}",
    operation_id = "delete_file",
    tag = "files",
    params(("id" = Uuid, Path, description = "The `id` of the file")),
    responses((status = NO_CONTENT, description = "The file is gone"), Errors<Path<Uuid>>),
)]
async fn delete(State(state): State<AppState>, owner: Owner, Path(id): Path<Uuid>) -> Result<StatusCode> {
    file::delete(&state, owner, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How long a link lives.
#[derive(Debug, Deserialize)]
struct Life {
    minutes: Option<u32>,
}

/// A link to the content of a file, for whoever has it.
#[derive(Debug, Serialize, ToSchema)]
struct LinkOut {
    url: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    expires_at: OffsetDateTime,
}

/// Make a link to the content of a file
#[utoipa::path(
    post,
    path = "/files/{id}/links",
    operation_id = "link_file",
    tag = "files",
    params(
        ("id" = Uuid, Path, description = "The `id` of the file"),
        ("minutes" = Option<u32>, Query, description = "How long it lives: 15 minutes by default, a week at most", example = 60),
    ),
    responses((status = CREATED, description = "The link", body = LinkOut), Errors<(Path<Uuid>, Query<Life>)>),
)]
async fn link(
    State(state): State<AppState>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Query(Life { minutes }): Query<Life>,
) -> Result<(StatusCode, JsonBody<LinkOut>)> {
    let minutes = minutes.unwrap_or(MINUTES);
    if !(1..=MOST_MINUTES).contains(&minutes) {
        let errors = [("minutes".to_owned(), format!("Use a number from 1 to {MOST_MINUTES}."))].into();
        return Err(Error::Problem(Problem { errors, ..StatusCode::BAD_REQUEST.into() }));
    }
    let file = file::find(&state.db, owner, id).await?;
    let links::Link { url, expires_at } = links::link(&state, &file, Duration::from_mins(minutes.into()));
    Ok((StatusCode::CREATED, JsonBody(LinkOut { url, expires_at })))
}
