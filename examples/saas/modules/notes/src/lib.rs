//! Notes: a small module that shows how modules are made.

mod api;
mod jobs;
mod note;
mod pages;

use kernel::{Link, Module, Place, Policy, database::Migration};

const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "create notes", sql: include_str!("../migrations/0001_create_notes.sql") }];

/// What this crate brings to the application.
pub fn module() -> Module {
    Module::new("notes")
        .migrations(MIGRATIONS)
        .api(Policy::PUBLIC, api::routes())
        .pages(Policy::PUBLIC, pages::routes())
        .job::<jobs::CountWords>()
        .link(Link::new(Place::Main, "Notes", "/notes").about("Write something down, and find it again."))
}
