//! The books that we sell.

use askama::Template;
use axum::{
    response::{Html, Response},
    routing::get,
};
use kernel::{Module, Policy, Result, Routes};
use ui::{Page, components::flash};

/// What this crate brings to the application.
pub fn module() -> Module {
    let pages = Routes::new().route("/books", get(list).post(order));
    Module::new("books").pages(Policy::PUBLIC, pages)
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
