//! Books, and what they cost.

use axum::{Router, routing::get};
use kernel::{AppState, Link, Module};

/// What this crate brings to the application.
pub fn module() -> Module {
    let pages: Router<AppState> = Router::new().route("/shop", get(async || "42 books"));
    Module::new("shop").pages(pages).link(Link { label: "Shop", path: "/shop", about: "Books, and what they cost." })
}
