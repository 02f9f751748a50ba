use askama::Template;
use axum::{
    Form, Router,
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use kernel::{AppState, Error, Result, error::FieldErrors};
use listing::{List, ListQuery};
use rest::Path;
use serde::Deserialize;
use ui::{Page, components::flash};

use crate::note::{self, Draft, NewNote, Note};

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/notes", get(list).post(create))
        .route("/notes/new", get(new))
        .route("/notes/{id}", get(edit).post(update))
        .route("/notes/{id}/delete", post(delete))
}

#[derive(Template)]
#[template(path = "notes.html")]
struct ListPage {
    page: Page,
    notes: List<Note>,
}

async fn list(State(state): State<AppState>, page: Page, query: ListQuery<Note>) -> Result<Html<String>> {
    let notes = query.fetch(&state.db).await?;
    Ok(Html(ListPage { page, notes }.render()?))
}

#[derive(Template)]
#[template(path = "note.html")]
struct FormPage {
    page: Page,
    draft: Draft,
    /// The note that is edited, in the version that the visitor saw.
    edited: Option<(i64, i64)>,
    errors: FieldErrors,
    /// Whether the note has been changed since.
    outdated: bool,
}

impl FormPage {
    const fn new(page: Page, draft: Draft, edited: Option<(i64, i64)>) -> Self {
        Self { page, draft, edited, errors: FieldErrors::new(), outdated: false }
    }

    const fn heading(&self) -> &'static str {
        if self.edited.is_some() { "Edit note" } else { "New note" }
    }

    /// The form comes back with what was typed, and says why.
    fn refuse(self, status: StatusCode) -> Result<Response> {
        Ok((status, Html(self.render()?)).into_response())
    }
}

async fn new(page: Page) -> Result<Html<String>> {
    Ok(Html(FormPage::new(page, Draft::default(), None).render()?))
}

async fn create(State(state): State<AppState>, page: Page, Form(draft): Form<Draft>) -> Result<Response> {
    match NewNote::parse(&draft) {
        Ok(note) => Ok(saved(&note::create(&state.db, &note).await?)),
        Err(errors) => FormPage { errors, ..FormPage::new(page, draft, None) }.refuse(StatusCode::UNPROCESSABLE_ENTITY),
    }
}

async fn edit(State(state): State<AppState>, page: Page, Path(id): Path<i64>) -> Result<Html<String>> {
    let Note { title, body, version, .. } = note::find(&state.db, id).await?;
    Ok(Html(FormPage::new(page, Draft { title, body }, Some((id, version))).render()?))
}

/// What the form for an edited note sends.
#[derive(Deserialize)]
struct Edit {
    version: i64,
    title: String,
    body: String,
}

async fn update(
    State(state): State<AppState>,
    page: Page,
    Path(id): Path<i64>,
    Form(Edit { version, title, body }): Form<Edit>,
) -> Result<Response> {
    let mut form = FormPage::new(page, Draft { title, body }, Some((id, version)));
    let note = match NewNote::parse(&form.draft) {
        Ok(note) => note,
        Err(errors) => {
            form.errors = errors;
            return form.refuse(StatusCode::UNPROCESSABLE_ENTITY);
        }
    };
    if let Some(note) = note::update(&state.db, id, version, &note).await? {
        return Ok(saved(&note));
    }
    let newest = note::find(&state.db, id).await?;
    form.edited = Some((id, newest.version));
    form.outdated = true;
    form.refuse(StatusCode::CONFLICT)
}

fn saved(note: &Note) -> Response {
    flash::success(format!("“{}” was saved.", note.title)).redirect("/notes")
}

async fn delete(State(state): State<AppState>, Path(id): Path<i64>) -> Result<Response> {
    if note::delete(&state.db, id, None).await? {
        Ok(flash::success("The note was deleted.").redirect("/notes"))
    } else {
        Err(Error::NotFound)
    }
}
