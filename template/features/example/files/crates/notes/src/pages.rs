use askama::Template;
use axum::{
    Form, Router,
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use kernel::{AppState, Error, Result, error::FieldErrors};
use listing::{List, ListQuery};
use rest::Path;
use ui::Page;

use crate::note::{self, Draft, NewNote, Note};

pub fn routes() -> Router<AppState> {
    Router::new().route("/notes", get(show).post(create)).route("/notes/{id}/delete", post(delete))
}

#[derive(Template)]
#[template(path = "notes.html")]
struct NotesPage {
    page: Page,
    notes: List<Note>,
    draft: Draft,
    errors: FieldErrors,
}

async fn show(State(state): State<AppState>, page: Page, query: ListQuery<Note>) -> Result<Html<String>> {
    render(&state, page, query, Draft::default(), FieldErrors::new()).await
}

async fn create(
    State(state): State<AppState>,
    page: Page,
    query: ListQuery<Note>,
    Form(draft): Form<Draft>,
) -> Result<Response> {
    match NewNote::parse(&draft) {
        Ok(note) => {
            note::create(&state.db, &note).await?;
            Ok(Redirect::to("/notes").into_response())
        }
        Err(errors) => {
            // The form comes back with what was typed, and a message at each field.
            let page = render(&state, page, query, draft, errors).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

async fn delete(State(state): State<AppState>, Path(id): Path<i64>) -> Result<Redirect> {
    if note::delete(&state.db, id, None).await? { Ok(Redirect::to("/notes")) } else { Err(Error::NotFound) }
}

async fn render(
    state: &AppState,
    page: Page,
    query: ListQuery<Note>,
    draft: Draft,
    errors: FieldErrors,
) -> Result<Html<String>> {
    let notes = NotesPage { page, notes: query.fetch(&state.db).await?, draft, errors };
    Ok(Html(notes.render()?))
}
