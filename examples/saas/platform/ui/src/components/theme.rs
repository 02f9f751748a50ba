//! Which theme the pages have: that of the system, unless a visitor chose light or dark with the buttons in the footer.

use askama::Template;
use axum::{
    Form,
    extract::State,
    http::{HeaderMap, Uri, header, request::Parts},
    response::{IntoResponse, Redirect},
    routing::post,
};
use cookie::time::Duration;
use kernel::{AppState, Routes};
use serde::Deserialize;

use super::{read_cookie, write_cookie};

const COOKIE: &str = "theme";

#[derive(Deserialize)]
struct Choice {
    theme: String,
}

pub fn routes() -> Routes {
    Routes::new().route("/theme", post(choose))
}

/// The buttons that choose a theme.
#[derive(Template)]
#[template(path = "theme.html")]
struct Buttons {
    chosen: &'static str,
}

pub fn buttons(_: &AppState, request: &Parts) -> Option<String> {
    Buttons { chosen: chosen(&request.headers) }.render().ok()
}

/// Tells the browser of a theme that is not the system's.
pub fn scheme(_: &AppState, request: &Parts) -> Option<String> {
    let chosen = chosen(&request.headers);
    (chosen != "system").then(|| format!("<meta name=\"color-scheme\" content=\"{chosen}\">"))
}

fn chosen(headers: &HeaderMap) -> &'static str {
    read_cookie(headers, COOKIE).map_or("system", |cookie| known(&cookie))
}

fn known(theme: &str) -> &'static str {
    match theme {
        "light" => "light",
        "dark" => "dark",
        _ => "system",
    }
}

async fn choose(State(state): State<AppState>, headers: HeaderMap, Form(choice): Form<Choice>) -> impl IntoResponse {
    let theme = known(&choice.theme);
    let age = if theme == "system" { Duration::ZERO } else { Duration::days(365) };
    ([(header::SET_COOKIE, write_cookie(&state, COOKIE, theme, age))], Redirect::to(&page_before(&headers)))
}

/// The path of the page that sent the form. Never another site: a path that began with two slashes would be one.
fn page_before(headers: &HeaderMap) -> String {
    let referer = headers.get(header::REFERER).and_then(|value| Uri::try_from(value.as_bytes()).ok());
    let path = referer.as_ref().and_then(Uri::path_and_query).map_or("", |path| path.as_str());
    format!("/{}", path.trim_start_matches(['/', '\\']))
}
