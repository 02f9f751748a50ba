use askama::Template;
use axum::{
    Form, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use kernel::{AppState, Result, error::FieldErrors};
use listing::{List, ListQuery};
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

#[derive(Template)]
#[template(path = "note.html")]
struct FormPage {
    page: Page,
    /// Of the note that is edited; a new one has none yet.
    id: Option<i64>,
    draft: Draft,
    errors: FieldErrors,
}

impl FormPage {
    const fn heading(&self) -> &'static str {
        if self.id.is_some() { "Edit note" } else { "New note" }
    }

    fn action(&self) -> String {
        self.id.map_or_else(|| "/notes".to_owned(), |id| format!("/notes/{id}"))
    }

    /// The form comes back with what was typed, and a message at each field that was refused.
    fn refuse(page: Page, id: Option<i64>, draft: Draft, errors: FieldErrors) -> Result<Response> {
        let page = Self { page, id, draft, errors }.render()?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
    }
}

async fn list(State(state): State<AppState>, page: Page, query: ListQuery<Note>) -> Result<Html<String>> {
    let notes = query.fetch(&state.db).await?;
    Ok(Html(ListPage { page, notes }.render()?))
}

async fn new(page: Page) -> Result<Html<String>> {
    let form = FormPage { page, id: None, draft: Draft::default(), errors: FieldErrors::new() };
    Ok(Html(form.render()?))
}

async fn create(State(state): State<AppState>, page: Page, Form(draft): Form<Draft>) -> Result<Response> {
    match NewNote::parse(&draft) {
        Ok(note) => {
            let note = note::create(&state.db, &note).await?;
            Ok(flash::success(format!("“{}” was saved.", note.title)).redirect("/notes"))
        }
        Err(errors) => FormPage::refuse(page, None, draft, errors),
    }
}

async fn edit(State(state): State<AppState>, page: Page, Path(id): Path<i64>) -> Result<Html<String>> {
    let Note { title, body, .. } = note::find(&state.db, id).await?;
    let form = FormPage { page, id: Some(id), draft: Draft { title, body }, errors: FieldErrors::new() };
    Ok(Html(form.render()?))
}

async fn update(
    State(state): State<AppState>,
    page: Page,
    Path(id): Path<i64>,
    Form(draft): Form<Draft>,
) -> Result<Response> {
    match NewNote::parse(&draft) {
        Ok(note) => {
            let note = note::update(&state.db, id, &note).await?;
            Ok(flash::success(format!("“{}” was saved.", note.title)).redirect("/notes"))
        }
        Err(errors) => FormPage::refuse(page, Some(id), draft, errors),
    }
}

async fn delete(State(state): State<AppState>, Path(id): Path<i64>) -> Result<Response> {
    note::delete(&state.db, id).await?;
    Ok(flash::success("The note was deleted.").redirect("/notes"))
}
