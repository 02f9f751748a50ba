//! Who owes what.

use axum::{Router, routing::get};
use kernel::{AppState, Link, Module};

/// What this crate brings to the application.
pub fn module() -> Module {
    let pages: Router<AppState> = Router::new().route("/billing", get(async || "3 bills"));
    Module::new("billing").pages(pages).link(Link { label: "Billing", path: "/billing", about: "Who owes what." })
}
