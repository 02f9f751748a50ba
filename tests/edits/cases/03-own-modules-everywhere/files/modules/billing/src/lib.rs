//! Who owes what.

use axum::routing::get;
use kernel::{Link, Module, Place, Policy, Routes};

/// What this crate brings to the application.
pub fn module() -> Module {
    let pages = Routes::new().route("/billing", get(async || "3 bills"));
    Module::new("billing")
        .pages(Policy::PUBLIC, pages)
        .link(Link::new(Place::Main, "Billing", "/billing").about("Who owes what."))
}
