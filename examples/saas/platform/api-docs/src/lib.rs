//! `/api/docs`: the API document as a page, with a form to try each operation. The page is complete without its script,
//! which only sends the forms.

mod document;

use askama::Template;
use axum::{
    extract::State,
    http::header,
    response::{Html, IntoResponse},
    routing::get,
};
use kernel::{AppState, Link, Module, Place, Policy, Result, Routes};
use ui::Page;

use document::{Document, Tag, Type};

const STYLES: &str = include_str!("../assets/docs.css");

const SCRIPT: &str = include_str!("../assets/try.js");

/// The page, its styles and its script.
pub fn module() -> Module {
    let pages = Routes::new()
        .route("/api/docs", get(show))
        .route("/api/docs/docs.css", get(async || file("text/css", STYLES)))
        .route("/api/docs/try.js", get(async || file("text/javascript", SCRIPT)));
    let link = Link::new(Place::Main, "API docs", "/api/docs").about("Read what the API can do, and try it.");
    Module::new("api_docs").pages(Policy::PUBLIC, pages).link(link)
}

fn file(content_type: &'static str, content: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, content_type)], content)
}

#[derive(Template)]
#[template(path = "docs.html")]
struct Docs<'a> {
    page: Page,
    version: &'a str,
    description: &'a str,
    tags: Vec<Tag<'a>>,
    types: Vec<Type<'a>>,
}

async fn show(State(state): State<AppState>, page: Page) -> Result<Html<String>> {
    let document = Document::new(&state.openapi);
    let docs = Docs {
        page,
        version: document.version(),
        description: document.description(),
        tags: document.tags(),
        types: document.types(),
    };
    Ok(Html(docs.render()?))
}
