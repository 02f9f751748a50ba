//! Books, and what they cost.

use axum::routing::get;
use kernel::{Link, Module, Place, Policy, Routes};

/// What this crate brings to the application.
pub fn module() -> Module {
    let pages = Routes::new().route("/shop", get(async || "42 books"));
    Module::new("shop")
        .pages(Policy::PUBLIC, pages)
        .link(Link::new(Place::Main, "Shop", "/shop").about("Books, and what they cost."))
}
