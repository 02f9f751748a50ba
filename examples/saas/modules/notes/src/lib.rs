//! Notes: a small module that shows how modules are made.

mod api;
mod jobs;
mod note;
mod pages;

use kernel::{Link, Module, database::Migration};

const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "create notes", sql: include_str!("../migrations/0001_create_notes.sql") }];

/// What this crate brings to the application.
pub fn module() -> Module {
    Module::new("notes")
        .migrations(MIGRATIONS)
        .api(api::routes())
        .pages(pages::routes())
        .job::<jobs::CountWords>()
        .link(Link { label: "Notes", path: "/notes", about: "Write something down, and find it again." })
}
