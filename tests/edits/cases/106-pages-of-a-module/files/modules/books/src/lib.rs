//! The books that we sell.

use askama::Template;
use axum::{
    Router,
    response::{Html, Response},
    routing::get,
};
use kernel::{AppState, Module, Result};
use ui::{Page, components::flash};

/// What this crate brings to the application.
pub fn module() -> Module {
    let pages: Router<AppState> = Router::new().route("/books", get(list).post(order));
    Module::new("books").pages(pages)
}

#[derive(Template)]
#[template(path = "books.html")]
struct Books {
    page: Page,
}

async fn list(page: Page) -> Result<Html<String>> {
    Ok(Html(Books { page }.render()?))
}

async fn order() -> Response {
    flash::success("The book is on its way.").redirect("/books")
}
