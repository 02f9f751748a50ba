//! When the shop is open.

use std::str::FromStr as _;

use axum::routing::get;
use chrono::{DateTime, Utc};
use croner::Cron;
use kernel::{Link, Module, Place, Policy, Routes};

/// What this crate brings to the application.
pub fn module() -> Module {
    let pages = Routes::new().route("/shop", get(hours));
    Module::new("shop")
        .pages(Policy::PUBLIC, pages)
        .link(Link::new(Place::Main, "Shop", "/shop").about("When we are open."))
}

async fn hours() -> String {
    let opening = Cron::from_str("0 9 * * MON-SAT").ok();
    let next = opening.and_then(|opening| opening.find_next_occurrence(&DateTime::<Utc>::UNIX_EPOCH, false).ok());
    next.map_or_else(|| "closed".to_owned(), |next| next.to_string())
}
