//! Notes: a small module that shows how modules are made.

mod api;
mod attachments;
mod jobs;
mod note;
mod owner;
mod pages;
mod people;

use kernel::{Link, Module, Place, Policy, database::Migration};

pub use note::NoteDeleted;

const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "create notes", sql: include_str!("../migrations/0001_create_notes.sql") },
    Migration { version: 2, name: "give notes owners", sql: include_str!("../migrations/0002_give_notes_owners.sql") },
];

/// What this crate brings to the application.
pub fn module() -> Module {
    Module::new("notes")
        .migrations(MIGRATIONS)
        .api(Policy::PERSONAL, api::routes())
        .pages(Policy::PERSONAL, pages::routes())
        .job::<jobs::CountWords>()
        .on::<auth::Adoption>(people::adopt)
        .on::<auth::Export>(people::export)
        .on::<auth::UserDeleted>(people::delete)
        .add(kernel::Inspect(people::inspect))
        .add(attachments::FILES)
        .on::<NoteDeleted>(attachments::delete_all)
        .pages(uploads::LARGE, attachments::routes())
        .link(Link::new(Place::Main, "Notes", "/notes").about("Write something down, and find it again."))
}
