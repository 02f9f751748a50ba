//! How pages look: the layout that all of them share, the stylesheet, the home page and the page for errors.
//!
//! A page of another crate extends `layout.html` and has a field `page:` [`Page`]; its `askama.toml` lists this crate's
//! `templates` folder.

mod assets;
mod page;

use askama::Template;
use axum::{
    http::{StatusCode, request::Parts},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use kernel::{APP_DESCRIPTION, AppState, Module, Policy, Problem, Result, Routes};

pub use page::{Fragment, Page, Region};

/// The home page, the error page and the assets.
pub fn module() -> Module {
    let pages = Routes::new().route("/", get(home)).merge(assets::routes());
    Module::new("ui").pages(Policy::PUBLIC, pages).add(kernel::ErrorPage(error_page))
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    page: Page,
    description: &'static str,
}

async fn home(page: Page) -> Result<Html<String>> {
    let home = Home { page, description: APP_DESCRIPTION };
    Ok(Html(home.render()?))
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    page: Page,
    problem: &'a Problem,
}

/// The page that tells people what went wrong.
pub fn error_page(state: &AppState, problem: &Problem, request: &Parts) -> Response {
    let page = ErrorPage { page: Page::new(state, request), problem };
    let page = page.render().unwrap_or_else(|_| problem.title.clone());
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, Html(page)).into_response()
}
