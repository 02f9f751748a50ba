//! `/dev/ui` shows every component in every state. Only development has it.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{Html, Response},
    routing::get,
};
use kernel::{AppState, Error, Result, Routes, config::Environment, error::FieldErrors};

use super::flash;
use crate::Page;

#[derive(Template)]
#[template(path = "gallery.html")]
struct Gallery {
    page: Page,
    refused: FieldErrors,
}

pub fn routes() -> Routes {
    Routes::new().route("/dev/ui", get(show).post(save)).route("/dev/ui/errors/{status}", get(fail))
}

async fn show(State(state): State<AppState>, page: Page) -> Result<Html<String>> {
    only_in_development(&state)?;
    let refused = [
        ("refused-name", "Give your name."),
        ("refused-size", "Choose a size."),
        ("refused-text", "Use at most 200 characters."),
        ("refused-plan", "Choose a plan."),
        ("refused-terms", "The terms must be read first."),
        ("refused-colour", "Choose a lighter colour."),
    ];
    let refused = refused.map(|(field, message)| (field, message.to_owned())).into();
    Ok(Html(Gallery { page, refused }.render()?))
}

async fn save(State(state): State<AppState>) -> Result<Response> {
    only_in_development(&state)?;
    Ok(flash::success("Saved. This message is gone on the next page.").redirect("/dev/ui"))
}

/// Answers with the error page for any status.
async fn fail(State(state): State<AppState>, Path(status): Path<u16>) -> Result<StatusCode> {
    only_in_development(&state)?;
    StatusCode::from_u16(status).map_err(|_| Error::NotFound)
}

fn only_in_development(state: &AppState) -> Result<()> {
    match state.config.environment {
        Environment::Development => Ok(()),
        Environment::Production => Err(Error::NotFound),
    }
}
