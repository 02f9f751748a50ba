use askama::Template;
use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use kernel::{AppState, Error, Result, Routes, error::FieldErrors};
use listing::{List, ListQuery};
use rest::Path;
use serde::Deserialize;
use ui::{
    Page,
    components::{Next, flash},
};
use uuid::Uuid;

use crate::{
    attachments,
    note::{self, BODY, Draft, NewNote, Note, TITLE},
    owner::Owner,
};

const LIST: &str = "/notes";

pub fn routes() -> Routes {
    Routes::new()
        .route(LIST, get(list).post(create))
        .route("/notes/new", get(new))
        .route("/notes/{id}", get(edit).post(update))
        .route("/notes/{id}/delete", get(ask).post(delete))
}

#[derive(Template)]
#[template(path = "notes.html")]
struct ListPage {
    page: Page,
    /// The way back to the list as it is here.
    next: Next,
    notes: List<Note>,
}

async fn list(State(state): State<AppState>, page: Page, owner: Owner, query: ListQuery<Note>) -> Result<Html<String>> {
    let next = Next::to(query.this_url(), LIST);
    let notes = note::list(&state.db, owner, query).await?;
    Ok(Html(ListPage { page, next, notes }.render()?))
}

#[derive(Template)]
#[template(path = "note.html")]
struct FormPage {
    page: Page,
    next: Next,
    draft: Draft,
    /// The note that is edited.
    note: Option<Note>,
    /// The version of it that the visitor has seen.
    version: i64,
    errors: FieldErrors,
    /// Whether the note has been changed since.
    outdated: bool,
    files: Vec<uploads::File>,
}

impl FormPage {
    fn new(page: Page, next: Next, draft: Draft, note: Option<Note>) -> Self {
        let version = note.as_ref().map_or(0, |note| note.version);
        Self {
            page,
            next,
            draft,
            note,
            version,
            // Nothing is refused yet.
            errors: FieldErrors::new(),
            outdated: false,
            files: Vec::new(),
        }
    }

    const fn heading(&self) -> &'static str {
        if self.note.is_some() { "Edit note" } else { "New note" }
    }

    /// The form comes back with what was typed, and says why.
    fn refuse(self, status: StatusCode) -> Result<Response> {
        Ok((status, Html(self.render()?)).into_response())
    }
}

async fn new(page: Page, next: Next) -> Result<Html<String>> {
    Ok(Html(FormPage::new(page, next, Draft::default(), None).render()?))
}

async fn create(
    State(state): State<AppState>,
    page: Page,
    next: Next,
    owner: Owner,
    Form(draft): Form<Draft>,
) -> Result<Response> {
    match NewNote::parse(&draft) {
        Ok(note) => Ok(saved(&note::create(&state, owner, &note).await?, &next)),
        Err(errors) => {
            let form = FormPage::new(page, next, draft, None);
            FormPage { errors, ..form }.refuse(StatusCode::UNPROCESSABLE_ENTITY)
        }
    }
}

async fn edit(
    State(state): State<AppState>,
    page: Page,
    next: Next,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> Result<Html<String>> {
    let note = note::find(&state.db, owner, id).await?;
    let draft = Draft { title: note.title.clone(), body: note.body.clone() };
    let form = FormPage::new(page, next, draft, Some(note));
    let form = FormPage { files: attachments::of(&state, id).await?, ..form };
    Ok(Html(form.render()?))
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
    next: Next,
    owner: Owner,
    Path(id): Path<Uuid>,
    Form(Edit { version, title, body }): Form<Edit>,
) -> Result<Response> {
    let note = note::find(&state.db, owner, id).await?;
    let form = FormPage { version, ..FormPage::new(page, next, Draft { title, body }, Some(note)) };
    let form = FormPage { files: attachments::of(&state, id).await?, ..form };
    let note = match NewNote::parse(&form.draft) {
        Ok(note) => note,
        Err(errors) => return FormPage { errors, ..form }.refuse(StatusCode::UNPROCESSABLE_ENTITY),
    };
    if let Some(note) = note::update(&state.db, owner, id, Some(version), &note).await? {
        return Ok(saved(&note, &form.next));
    }
    let newest = note::find(&state.db, owner, id).await?;
    let form = FormPage { version: newest.version, note: Some(newest), outdated: true, ..form };
    form.refuse(StatusCode::CONFLICT)
}

fn saved(note: &Note, next: &Next) -> Response {
    flash::success(format!("“{}” was saved.", note.title)).redirect(next.or(LIST))
}

#[derive(Template)]
#[template(path = "delete.html")]
struct DeletePage {
    page: Page,
    next: Next,
    note: Note,
}

async fn ask(
    State(state): State<AppState>,
    page: Page,
    next: Next,
    owner: Owner,
    Path(id): Path<Uuid>,
) -> Result<Html<String>> {
    let note = note::find(&state.db, owner, id).await?;
    Ok(Html(DeletePage { page, next, note }.render()?))
}

async fn delete(State(state): State<AppState>, next: Next, owner: Owner, Path(id): Path<Uuid>) -> Result<Response> {
    if note::delete(&state, owner, id, None).await? {
        Ok(flash::success("The note was deleted.").redirect(next.or(LIST)))
    } else {
        Err(Error::NotFound)
    }
}
