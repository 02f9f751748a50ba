use std::time::Duration;

use askama::Template;
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use kernel::{AppState, Error, Result, Routes, error::FieldErrors};
use listing::{List, ListQuery};
use rest::Path;
use ui::{
    Page,
    components::{Next, flash},
};
use uuid::Uuid;

use crate::{
    FILES,
    file::{self, File, readable},
    links::{self, Link},
    owner::Owner,
    receive, serve,
    settings::UploadSettings,
};

const LIST: &str = "/files";

/// How long a link lives that a page shows.
const SHOWN: Duration = Duration::from_hours(24);

pub fn routes() -> Routes {
    Routes::new()
        .route(LIST, get(list))
        .route("/files/{id}", get(show))
        .route("/files/{id}/delete", get(ask).post(delete))
}

/// What takes large bodies.
pub fn large() -> Routes {
    Routes::new().route("/files/upload", post(upload))
}

/// What everybody may ask for who has a link.
pub fn content() -> Routes {
    Routes::new().route("/files/{id}/{name}", get(serve::serve))
}

#[derive(Template)]
#[template(path = "files.html")]
struct ListPage {
    page: Page,
    next: Next,
    files: List<File>,
    used: String,
    quota: String,
    accept: String,
    limit: String,
    errors: FieldErrors,
}

impl ListPage {
    async fn new(state: &AppState, page: Page, next: Next, owner: Owner, query: ListQuery<File>) -> Result<Self> {
        let settings: &UploadSettings = state.config.settings();
        Ok(Self {
            page,
            next,
            files: crate::list(state, owner, query).await?,
            used: readable(file::usage(&state.db, owner.id()).await?.bytes),
            quota: readable(i64::try_from(settings.quota_bytes)?),
            accept: FILES.accept(),
            limit: readable(i64::try_from(settings.max_bytes)?),
            errors: FieldErrors::new(),
        })
    }
}

async fn list(State(state): State<AppState>, page: Page, owner: Owner, query: ListQuery<File>) -> Result<Html<String>> {
    let next = Next::to(query.this_url(), LIST);
    Ok(Html(ListPage::new(&state, page, next, owner, query).await?.render()?))
}

async fn upload(
    State(state): State<AppState>,
    page: Page,
    next: Next,
    owner: Owner,
    headers: HeaderMap,
    body: Body,
) -> Result<Response> {
    let (status, message) = match receive::receive_form(&state, owner, FILES, &headers, body).await {
        Ok(file) => return Ok(flash::success(format!("“{}” was uploaded.", file.name)).redirect(next.or(LIST))),
        Err(Error::Refused(status, message)) => (status, message),
        Err(Error::Invalid(mut errors)) => {
            (StatusCode::UNPROCESSABLE_ENTITY, errors.remove("file").unwrap_or_default())
        }
        Err(error) => return Err(error),
    };
    let form = ListPage::new(&state, page, next, owner, ListQuery::parse(LIST, "")?).await?;
    let form = ListPage { errors: [("file", message)].into(), ..form };
    Ok((status, Html(form.render()?)).into_response())
}

#[derive(Template)]
#[template(path = "file.html")]
struct FilePage {
    page: Page,
    next: Next,
    file: File,
    link: Link,
}

async fn show(
    State(state): State<AppState>,
    page: Page,
    next: Next,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> Result<Html<String>> {
    let file = file::find(&state.db, owner, id).await?;
    let link = links::link(&state, &file, SHOWN);
    Ok(Html(FilePage { page, next, file, link }.render()?))
}

#[derive(Template)]
#[template(path = "delete-file.html")]
struct DeletePage {
    page: Page,
    next: Next,
    file: File,
}

async fn ask(
    State(state): State<AppState>,
    page: Page,
    next: Next,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> Result<Html<String>> {
    let file = file::find(&state.db, owner, id).await?;
    Ok(Html(DeletePage { page, next, file }.render()?))
}

async fn delete(State(state): State<AppState>, next: Next, owner: Owner, Path(id): Path<Uuid>) -> Result<Response> {
    file::delete(&state, owner, id).await?;
    Ok(flash::success("The file was deleted.").redirect(next.or(LIST)))
}
